//! Runs at the same time, step by step in every order that proptest comes up with, against a small model of GitHub that
//! refuses what GitHub refuses.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::body::{self, Mark};
use super::plan::{Plan, Step, decide, settle};
use super::request::Request;
use super::state::{Branch, Pull, State};
use crate::domain::tfvar::{Assignments, edit, read};

const FILE: &str = "env/production/image.auto.tfvars";
const BRANCH: &str = "update-tfvar/x";

fn request(tag: &str, branch: &str) -> Request {
    let wanted: Assignments = format!("tag={tag}").parse().unwrap();
    Request {
        file: FILE.to_owned(),
        wanted: wanted.0,
        branch: branch.to_owned(),
        ..Request::default()
    }
}

/// A commit: its parent, and the file as it has it.
type Commit = (Option<String>, Vec<u8>);

struct Model {
    commits: BTreeMap<String, Commit>,
    base: String,
    branches: BTreeMap<String, String>,
    pulls: Vec<Pull>,
}

impl Model {
    fn new() -> Self {
        let base = "c0".to_owned();
        let file = b"tag = \"1.0.0\"\n".to_vec();
        Self {
            commits: BTreeMap::from([(base.clone(), (None, file))]),
            base,
            branches: BTreeMap::new(),
            pulls: Vec::new(),
        }
    }

    fn state(&self, branch: &str) -> State {
        let tip = self.branches.get(branch);
        let (open, past) = self
            .pulls
            .iter()
            .map(|pull| {
                let mut pull = pull.clone();
                if pull.state == "OPEN" {
                    pull.head_ref_oid.clone_from(&self.branches[&pull.head]);
                }
                pull
            })
            .partition(|pull| pull.state == "OPEN");
        State {
            base: "main".to_owned(),
            base_oid: self.base.clone(),
            file: self.commits[&self.base].1.clone(),
            branch: tip.map(|oid| Branch {
                oid: oid.clone(),
                file: Some(self.commits[oid].1.clone()),
                merged: self.is_spent(branch, oid),
            }),
            open,
            past,
            ..State::default()
        }
    }

    /// As `state::read` has it: no pull request is open, and nothing would be lost.
    fn is_spent(&self, branch: &str, tip: &str) -> bool {
        let mut pulls = self.pulls.iter().filter(|pull| pull.head == branch);
        !pulls.clone().any(|pull| pull.state == "OPEN")
            && tip != self.base
            && (pulls.any(|pull| pull.head_ref_oid == tip)
                || self.ancestors(&self.base).contains(&tip))
    }

    /// A person merges or closes the open pull request; the branch stays.
    fn end(&mut self, branch: &str, merge: bool) {
        let tip = self.branches.get(branch).cloned();
        let mut pulls = self.pulls.iter_mut();
        let open = pulls.find(|pull| pull.state == "OPEN" && pull.head == branch);
        let (Some(pull), Some(tip)) = (open, tip) else {
            return;
        };
        pull.head_ref_oid.clone_from(&tip);
        pull.state = if merge { "MERGED" } else { "CLOSED" }.to_owned();
        if merge {
            let file = self.commits[&tip].1.clone();
            self.base = format!("c{}", self.commits.len());
            self.commits.insert(self.base.clone(), (Some(tip), file));
        }
    }

    /// A commit on `head`, refused if the branch is elsewhere.
    fn commit(&mut self, branch: &str, head: &str, file: Vec<u8>) -> Result<String, ()> {
        if self.branches.get(branch).map(String::as_str) != Some(head) {
            return Err(());
        }
        let oid = format!("c{}", self.commits.len());
        self.commits
            .insert(oid.clone(), (Some(head.to_owned()), file));
        self.branches.insert(branch.to_owned(), oid.clone());
        Ok(oid)
    }

    fn step(
        &mut self,
        request: &Request,
        plan: &Plan,
        step: &Step,
        tip: &mut Option<String>,
    ) -> Result<(), ()> {
        let branch = &request.branch;
        match step {
            Step::CreateBranch { at } => {
                if self.branches.contains_key(branch) {
                    return Err(());
                }
                self.branches.insert(branch.clone(), at.clone());
                *tip = Some(at.clone());
            }
            Step::Commit { head } => {
                let head = head.clone().or(tip.clone()).unwrap();
                let edited = edit(FILE, &self.commits[&head].1, &plan.target()).unwrap();
                if edited.is_change() {
                    self.commit(branch, &head, edited.bytes)?;
                }
            }
            Step::Open => {
                let taken = |pull: &Pull| pull.state == "OPEN" && pull.head == *branch;
                if self.pulls.iter().any(taken) || self.branches[branch] == self.base {
                    return Err(());
                }
                let number = self.pulls.len() as u64 + 1;
                self.pulls.push(Pull {
                    id: number.to_string(),
                    number,
                    url: String::new(),
                    title: plan.title.clone(),
                    body: body::part(request, &plan.changes, &[]),
                    state: "OPEN".to_owned(),
                    mergeable: String::new(),
                    is_cross_repository: false,
                    head: branch.clone(),
                    head_ref_oid: String::new(),
                    base: "main".to_owned(),
                    auto_merge_request: None,
                    is_in_merge_queue: false,
                });
            }
            Step::Describe {
                number,
                title,
                body,
            } => {
                let part = body::part(request, &plan.changes, &[]);
                let pull = self.pull(*number);
                pull.body = body::replace(body, &part);
                if let Some(title) = title {
                    pull.title.clone_from(title);
                }
            }
            Step::Close { number, body, .. } => {
                let branch = self.pull(*number).head.clone();
                let head = self.branches[&branch].clone();
                let pull = self.pull(*number);
                if pull.state == "OPEN" {
                    pull.state = "CLOSED".to_owned();
                    pull.head_ref_oid = head;
                }
                pull.body.clone_from(body);
            }
            Step::MoveBranch { from, to } => {
                if self.branches.get(branch) != Some(from) {
                    return Err(());
                }
                self.branches.insert(branch.clone(), to.clone());
                *tip = Some(to.clone());
            }
            Step::AutoMerge { .. } => unreachable!("{step:?}"),
        }
        Ok(())
    }

    fn pull(&mut self, number: u64) -> &mut Pull {
        let mut pulls = self.pulls.iter_mut();
        pulls.find(|pull| pull.number == number).unwrap()
    }

    fn open(&self) -> Vec<&Pull> {
        self.pulls
            .iter()
            .filter(|pull| pull.state == "OPEN")
            .collect()
    }

    fn history(&self, branch: &str) -> Vec<&str> {
        self.branches
            .get(branch)
            .map_or_else(Vec::new, |tip| self.ancestors(tip))
    }

    /// A commit and all before it.
    fn ancestors<'a>(&'a self, of: &'a str) -> Vec<&'a str> {
        let parent = |oid: &&'a str| self.commits[*oid].0.as_deref();
        std::iter::successors(Some(of), parent).collect()
    }

    fn tag(&self, branch: &str) -> String {
        let file = &self.commits[&self.branches[branch]].1;
        read(
            FILE,
            file,
            &["tag=x".parse::<Assignments>().unwrap().0[0].address.clone()],
        )
        .unwrap()
        .remove(0)
    }
}

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn in_every_order_one_pull_request_with_the_newest_value_remains(
        tags in vec(1_u32..30, 1..6),
        order in vec(0_usize..60, 0..120),
    ) {
        let mut model = Model::new();
        let mut runs: Vec<Run> = tags
            .iter()
            .map(|tag| Run::new(request(&format!("1.1.{tag}"), BRANCH)))
            .collect();
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
        let mut runs: Vec<Run> = tags
            .iter()
            .map(|tag| Run::new(request(&format!("1.1.{tag}"), BRANCH)))
            .collect();
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
        let open = model.open();
        prop_assert!(open.len() <= 1);
        if let Some(pull) = open.first() {
            prop_assert_eq!(&Mark::of(&pull.body).unwrap().to["tag"], &model.tag(BRANCH));
        }
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
