//! Runs at the same time, step by step in every order that proptest comes up with, against a small model of GitHub that
//! refuses what GitHub refuses.

mod model;

use proptest::collection::vec;
use proptest::prelude::*;

use self::model::{BRANCH, Model, request};
use super::body::Mark;
use super::overtaken::settle;
use super::plan::{Plan, Step, decide};
use super::request::Request;

/// One run: what it wants, and where in its plan it is.
struct Run {
    request: Request,
    pending: Option<(Plan, usize, Option<String>)>,
    wrote: bool,
    opened: bool,
    ended: bool,
}

impl Run {
    fn new(request: Request) -> Self {
        Self {
            request,
            pending: None,
            wrote: false,
            opened: false,
            ended: false,
        }
    }

    /// One read, or one write.
    fn tick(&mut self, model: &mut Model) {
        if self.ended {
            return;
        }
        let Some((plan, at, tip)) = &mut self.pending else {
            let state = model.state(&self.request.branch);
            // Only a base with a newer value makes it an error.
            let plan = decide(&self.request, &state).ok().or_else(|| {
                let left = settle(&self.request, &state, self.opened).unwrap();
                left.filter(|_| self.wrote)
            });
            let Some(plan) = plan else {
                self.ended = true;
                return;
            };
            self.ended = plan.steps.is_empty();
            self.pending = (!self.ended).then_some((plan, 0, None));
            return;
        };
        let step = plan.steps[*at].clone();
        let refused = model.step(&self.request, plan, &step, tip).is_err();
        self.wrote |= !refused;
        self.opened |= !refused && step == Step::Open;
        *at += 1;
        if refused || *at == plan.steps.len() {
            self.pending = None;
        }
    }
}

/// Plays the runs in an order, then in turns until all have ended.
fn play(
    model: &mut Model,
    runs: &mut [Run],
    order: &[usize],
    mut between: impl FnMut(&mut Model, usize),
) {
    let turns = order.iter().copied().chain((0..runs.len()).cycle());
    for (tick, turn) in turns.enumerate() {
        if runs.iter().all(|run| run.ended) {
            return;
        }
        assert!(tick < 5_000, "the runs never end");
        let count = runs.len();
        runs[turn % count].tick(model);
        between(model, turn);
    }
}

fn on_one_branch(tags: &[u32]) -> Vec<Run> {
    tags.iter()
        .map(|tag| Run::new(request(&format!("1.1.{tag}"), BRANCH)))
        .collect()
}

/// The one that is open, if any, says what its branch holds.
fn what_is_open_is_true(model: &Model) {
    let open = model.open();
    assert!(open.len() <= 1);
    if let Some(pull) = open.first() {
        assert_eq!(Mark::of(&pull.body).unwrap().to["tag"], model.tag(BRANCH));
    }
}

#[test]
fn opened_late_for_a_value_that_the_base_has_it_says_what_the_branch_got_meanwhile() {
    let mut model = Model::new();
    let mut runs = on_one_branch(&[1, 14, 1]);
    let order = [2, 1, 2, 1, 2, 1, 0, 0, 1, 1];
    play(&mut model, &mut runs, &order, |model, _| {
        match model.pulls.as_slice() {
            [first] if first.state == "OPEN" => model.end(BRANCH, true),
            [_, second] if second.state == "OPEN" => model.end(BRANCH, false),
            _ => {}
        }
    });
    what_is_open_is_true(&model);
}

#[test]
fn a_person_who_closes_it_between_commit_and_description_leaves_no_other_one_untold() {
    let mut model = Model::new();
    let mut runs = on_one_branch(&[18, 10, 1, 1]);
    let order = [
        53, 43, 22, 54, 53, 57, 3, 12, 45, 19, 31, 20, 28, 2, 30, 45, 39, 45, 6, 9, 0,
    ];
    let mut closed = false;
    play(&mut model, &mut runs, &order, |model, turn| {
        if turn == 30 && !closed {
            model.end(BRANCH, false);
            closed = true;
        }
    });
    assert_eq!(model.tag(BRANCH), "1.1.18");
    what_is_open_is_true(&model);
}

proptest! {
    #![proptest_config(crate::domain::tries(300))]

    #[test]
    fn in_every_order_one_pull_request_with_the_newest_value_remains(
        tags in vec(1_u32..30, 1..6),
        order in vec(0_usize..60, 0..120),
    ) {
        let mut model = Model::new();
        let mut runs = on_one_branch(&tags);
        let mut people = Vec::new();
        // A person commits something else to the branch now and then.
        play(&mut model, &mut runs, &order, |model, turn| {
            if turn % 7 == 0 && people.len() < 5 && let Some(head) = model.branches.get(BRANCH).cloned() {
                let file = model.commits[&head].1.clone();
                people.push(model.commit(BRANCH, &head, file).unwrap());
            }
        });
        let newest = format!("1.1.{}", tags.iter().max().unwrap());
        let open = model.open();
        prop_assert_eq!(open.len(), 1);
        prop_assert_eq!(model.tag(BRANCH), newest.clone());
        prop_assert_eq!(&Mark::of(&open[0].body).unwrap().to["tag"], &newest);
        let title = format!("production: set tag to {newest}");
        prop_assert_eq!(&open[0].title, &title);
        let history = model.history(BRANCH);
        prop_assert!(people.iter().all(|oid| history.contains(&oid.as_str())));
    }

    #[test]
    fn on_branches_of_their_own_the_newest_alone_stays_open(
        tags in proptest::collection::btree_set(1_u32..30, 1..6),
        order in vec(0_usize..60, 0..120),
    ) {
        let mut model = Model::new();
        let mut runs: Vec<Run> = tags
            .iter()
            .map(|tag| Run::new(request(&format!("1.1.{tag}"), &format!("bump-{tag}"))))
            .collect();
        play(&mut model, &mut runs, &order, |_, _| {});
        let heads: Vec<&str> = model.open().iter().map(|pull| pull.head.as_str()).collect();
        prop_assert_eq!(heads, [format!("bump-{}", tags.last().unwrap())]);
    }

    #[test]
    fn whatever_people_merge_or_close_meanwhile_no_commit_of_theirs_is_lost(
        tags in vec(1_u32..30, 1..6),
        order in vec(0_usize..60, 0..120),
    ) {
        let mut model = Model::new();
        let mut runs = on_one_branch(&tags);
        let mut people = Vec::new();
        let mut ends = 0;
        play(&mut model, &mut runs, &order, |model, turn| {
            let proposed = model.open().iter().any(|pull| pull.head == BRANCH);
            match turn % 11 {
                3 if proposed && people.len() < 5 => {
                    let head = model.branches[BRANCH].clone();
                    let file = model.commits[&head].1.clone();
                    people.push(model.commit(BRANCH, &head, file).unwrap());
                }
                5 | 8 if proposed && ends < 3 => {
                    model.end(BRANCH, turn % 11 == 5);
                    ends += 1;
                }
                _ => {}
            }
        });
        what_is_open_is_true(&model);
        let kept: Vec<&str> = model
            .pulls
            .iter()
            .map(|pull| pull.head_ref_oid.as_str())
            .filter(|oid| !oid.is_empty())
            .chain([model.base.as_str(), model.branches[BRANCH].as_str()])
            .flat_map(|tip| model.ancestors(tip))
            .collect();
        prop_assert!(people.iter().all(|oid| kept.contains(&oid.as_str())));
    }
}
