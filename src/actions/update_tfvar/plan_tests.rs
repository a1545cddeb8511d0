//! Runs at the same time, step by step in every order that proptest comes up with, against a small model of GitHub that
//! refuses what GitHub refuses.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::body::{self, Mark};
use super::plan::{Plan, Step, decide};
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
        base: None,
        branch: branch.to_owned(),
        title: None,
        body: None,
        labels: Vec::new(),
        reviewers: Vec::new(),
        team_reviewers: Vec::new(),
        assignees: Vec::new(),
        milestone: None,
        draft: false,
        auto_merge: false,
        allow_downgrade: false,
        tag_prefix: "keycloak-".to_owned(),
        run: None,
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
                merged: false,
            }),
            open,
            past,
            ..State::default()
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
                pull.state = "CLOSED".to_owned();
                pull.head_ref_oid = head;
                pull.body.clone_from(body);
            }
            Step::MoveBranch { .. } | Step::AutoMerge { .. } => unreachable!("{step:?}"),
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
        let mut at = self.branches.get(branch).map(String::as_str);
        let mut history = Vec::new();
        while let Some(oid) = at {
            history.push(oid);
            at = self.commits[oid].0.as_deref();
        }
        history
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
    ended: bool,
}

impl Run {
    fn new(request: Request) -> Self {
        Self {
            request,
            pending: None,
            ended: false,
        }
    }

    /// One read, or one write.
    fn tick(&mut self, model: &mut Model) {
        if self.ended {
            return;
        }
        let Some((plan, at, tip)) = &mut self.pending else {
            let plan = decide(&self.request, &model.state(&self.request.branch)).unwrap();
            self.ended = plan.steps.is_empty();
            self.pending = (!self.ended).then_some((plan, 0, None));
            return;
        };
        let step = plan.steps[*at].clone();
        let refused = model.step(&self.request, plan, &step, tip).is_err();
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
    #![proptest_config(ProptestConfig::with_cases(400))]

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
}
