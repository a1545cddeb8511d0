//! A small model of GitHub that refuses what GitHub refuses.

use std::collections::BTreeMap;

use crate::actions::update_tfvar::body;
use crate::actions::update_tfvar::plan::{Plan, Step};
use crate::actions::update_tfvar::request::Request;
use crate::actions::update_tfvar::state::{Branch, Pull, State};
use crate::domain::tfvar::{Assignments, edit, read};

const FILE: &str = "env/production/image.auto.tfvars";
pub(super) const BRANCH: &str = "update-tfvar/x";

pub(super) fn request(tag: &str, branch: &str) -> Request {
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

pub(super) struct Model {
    pub(super) commits: BTreeMap<String, Commit>,
    pub(super) base: String,
    pub(super) branches: BTreeMap<String, String>,
    pub(super) pulls: Vec<Pull>,
}

impl Model {
    pub(super) fn new() -> Self {
        let base = "c0".to_owned();
        let file = b"tag = \"1.0.0\"\n".to_vec();
        Self {
            commits: BTreeMap::from([(base.clone(), (None, file))]),
            base,
            branches: BTreeMap::new(),
            pulls: Vec::new(),
        }
    }

    pub(super) fn state(&self, branch: &str) -> State {
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
                people: false,
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
    pub(super) fn end(&mut self, branch: &str, merge: bool) {
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
    pub(super) fn commit(&mut self, branch: &str, head: &str, file: Vec<u8>) -> Result<String, ()> {
        if self.branches.get(branch).map(String::as_str) != Some(head) {
            return Err(());
        }
        let oid = format!("c{}", self.commits.len());
        self.commits
            .insert(oid.clone(), (Some(head.to_owned()), file));
        self.branches.insert(branch.to_owned(), oid.clone());
        Ok(oid)
    }

    pub(super) fn step(
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
                let tip = self.branches[branch].as_str();
                if self.pulls.iter().any(taken) || self.ancestors(&self.base).contains(&tip) {
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

    pub(super) fn open(&self) -> Vec<&Pull> {
        self.pulls
            .iter()
            .filter(|pull| pull.state == "OPEN")
            .collect()
    }

    pub(super) fn history(&self, branch: &str) -> Vec<&str> {
        self.branches
            .get(branch)
            .map_or_else(Vec::new, |tip| self.ancestors(tip))
    }

    /// A commit and all before it.
    pub(super) fn ancestors<'a>(&'a self, of: &'a str) -> Vec<&'a str> {
        let parent = |oid: &&'a str| self.commits[*oid].0.as_deref();
        std::iter::successors(Some(of), parent).collect()
    }

    pub(super) fn tag(&self, branch: &str) -> String {
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
