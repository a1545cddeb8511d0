//! The decision: what is to be done so that one pull request proposes the newest of what was ever wanted.
//!
//! It is made again after each round of writes, from what GitHub then has, until nothing is left to do. Two runs at the
//! same time therefore end with the same pull request, whichever of them wrote last.

use std::collections::BTreeMap;

use super::body::{self, Mark};
use super::overtaken;
use super::request::Request;
use super::state::{Branch, Pull, State};
use crate::domain::diff;
use crate::domain::tfvar::{
    Assignment, Beside, Change, Course, Edited, check_overrides, course, edit, is_downgrade, read,
};
use crate::error::{Error, Result};

/// Login of the job's own token.
const JOB: &str = "github-actions[bot]";

/// Values by address.
pub(super) type Values = BTreeMap<String, String>;

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The branch, where the base is.
    CreateBranch { at: String },
    /// The branch, from where an earlier pull request ended to where the base is.
    MoveBranch { from: String, to: String },
    /// The values on the branch. `head` is `None` right behind a step that makes the branch.
    Commit { head: Option<String> },
    /// A pull request.
    Open,
    /// Title (if nobody changed it) and our part of the description.
    Describe {
        number: u64,
        title: Option<String>,
        body: String,
    },
    /// A pull request that another one or the base has overtaken.
    Close {
        number: u64,
        body: String,
        reason: String,
    },
    /// GitHub is to merge it.
    AutoMerge { id: String, number: u64 },
}

/// What is to be done.
pub(super) struct Plan {
    /// From the base to what the pull request proposes.
    pub changes: Vec<Change>,
    /// The same as a unified diff; empty if the base has it all.
    pub diff: String,
    pub steps: Vec<Step>,
    /// Why there is no pull request, or not one with what was asked for.
    pub note: Option<String>,
    /// The pull request that there is already.
    pub pull: Option<Pull>,
    /// Title for a new pull request and headline of a commit.
    pub title: String,
}

impl Plan {
    pub(super) fn idle(
        edited: &Edited,
        title: String,
        pull: Option<Pull>,
        note: Option<String>,
    ) -> Self {
        Self {
            changes: edited.changes.clone(),
            diff: String::new(),
            steps: Vec::new(),
            note,
            pull,
            title,
        }
    }

    /// What the branch is to hold.
    pub(super) fn target(&self) -> Vec<Assignment> {
        let assignment = |change: &Change| Assignment {
            address: change.address.clone(),
            value: change.new.clone(),
        };
        self.changes.iter().map(assignment).collect()
    }
}

/// The edit of the file as it is at the base or on disk; refused if it would be of no effect, or a step back.
pub(super) fn edit_base(
    request: &Request,
    bytes: &[u8],
    beside: &[(String, Vec<u8>)],
) -> Result<Edited> {
    let file = &request.file;
    let edited = edit(file, bytes, &request.wanted)?;
    let beside: Vec<Beside<'_>> = beside
        .iter()
        .map(|(name, bytes)| Beside { name, bytes })
        .collect();
    check_overrides(file, &beside, &request.wanted)?;
    let lower = edited
        .changes
        .iter()
        .find(|change| is_downgrade(&change.old, &change.new));
    match lower {
        Some(change) if !request.allow_downgrade => Err(Error::usage(format!(
            "{} is {} and would become {}, a lower version",
            change.address, change.old, change.new
        ))
        .at(file, Some(change.line))
        .hint("Set `allow-downgrade` if that is what you want.")),
        _ => Ok(edited),
    }
}

/// A unified diff of the file.
pub(super) fn difference(file: &str, old: &[u8], new: &[u8]) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    diff::unified(file, &text(old), &text(new))
}

/// Decides on what GitHub has now.
pub(super) fn decide(request: &Request, state: &State) -> Result<Plan> {
    check_auto_merge(request, state)?;
    let edited = edit_base(request, &state.file, &state.beside)?;
    let title = body::title(request, &edited.changes);
    let wanted = values(&edited.changes, |change| &change.new);
    let own = state.open.iter().find(|pull| pull.head == request.branch);
    let rivals: Vec<(&Pull, Mark)> = state
        .open
        .iter()
        .filter(|pull| pull.head != request.branch)
        .filter_map(|pull| Some((pull, Mark::of(&pull.body)?)))
        .filter(|(_, mark)| {
            mark.file == request.file && mark.to.keys().any(|name| wanted.contains_key(name))
        })
        .collect();

    if !edited.is_change() {
        return overtaken::by_base(request, state, &edited, own, &rivals);
    }
    // On another branch, such as one that a name or a `base` of the default branch's led to.
    if own.is_none()
        && let Some((rival, _)) = rivals.iter().find(|(_, mark)| mark.to == wanted)
    {
        let note = format!("#{} proposes it already", rival.number);
        return Ok(Plan::idle(
            &edited,
            title,
            Some((*rival).clone()),
            Some(note),
        ));
    }
    if let Some((rival, _)) = rivals
        .iter()
        .find(|(_, mark)| yields(request, &wanted, &mark.to))
    {
        let note = format!("#{} proposes a newer value", rival.number);
        let steps = own.map(|own| close(own, &format!("Superseded by #{}.", rival.number)));
        return Ok(Plan {
            steps: steps.into_iter().collect(),
            ..Plan::idle(&edited, title, Some((*rival).clone()), Some(note))
        });
    }
    let says = own.is_some_and(|own| Mark::of(&own.body).is_some_and(|mark| mark.to == wanted));
    // Its branch may have got the value just before a person closed the one that was to say so.
    let holds = own.is_some()
        && overtaken::proposed(request, state).unwrap_or_default() == Some(wanted.clone());
    if !says
        && !holds
        && let Some(declined) = declined(request, state, &edited, &wanted)
    {
        let note = format!(
            "#{} proposed the same and was closed by a person; to propose it again, take this action's part out of its description",
            declined.number
        );
        return Ok(Plan::idle(
            &edited,
            title,
            Some(declined.clone()),
            Some(note),
        ));
    }
    propose(request, state, own, &rivals, &wanted)
}

fn check_auto_merge(request: &Request, state: &State) -> Result<()> {
    if !request.auto_merge {
        return Ok(());
    }
    if state.viewer == JOB {
        return Err(Error::usage(
            "`auto-merge` with the job's own token: GitHub starts no workflow for a merge that it makes, so nothing would be deployed",
        )
        .hint(
            "Either give the token of a GitHub App as `token` (actions/create-github-app-token makes one), or leave \
             `auto-merge` out and let a person merge.",
        ));
    }
    if !state.auto_merge_allowed {
        return Err(
            Error::usage("`auto-merge` is true, but this repository does not allow it")
                .hint("Turn on \"Allow auto-merge\" under Settings, General, Pull Requests."),
        );
    }
    Ok(())
}

/// Whether what is proposed is to stay, because it is newer than what is wanted now.
fn yields(request: &Request, wanted: &Values, proposed: &Values) -> bool {
    !request.allow_downgrade && course(wanted, proposed) == Course::Newer
}

/// A pull request for the same values that a person closed. A way back is proposed again once the base has changed.
fn declined<'a>(
    request: &Request,
    state: &'a State,
    edited: &Edited,
    wanted: &Values,
) -> Option<&'a Pull> {
    let from = values(&edited.changes, |change| &change.old);
    let back = course(&from, wanted) == Course::Older;
    state.past.iter().rev().find(|pull| {
        pull.state == "CLOSED"
            && Mark::of(&pull.body).is_some_and(|mark| {
                mark.closed.is_none()
                    && mark.file == request.file
                    && mark.to == *wanted
                    && (!back || mark.from == from)
            })
    })
}

/// Brings branch and pull request to what is wanted, or to the newer value that the branch has.
fn propose(
    request: &Request,
    state: &State,
    own: Option<&Pull>,
    rivals: &[(&Pull, Mark)],
    wanted: &Values,
) -> Result<Plan> {
    let mut steps = Vec::new();
    let mut note = None;
    let mut newer = None;
    match &state.branch {
        None => {
            let at = state.base_oid.clone();
            steps.extend([Step::CreateBranch { at }, Step::Commit { head: None }]);
        }
        Some(branch) if branch.merged => {
            let (from, to) = (branch.oid.clone(), state.base_oid.clone());
            steps.extend([Step::MoveBranch { from, to }, Step::Commit { head: None }]);
        }
        Some(branch) => match on_branch(request, branch)? {
            Some(values) if values == *wanted => {}
            Some(values) if yields(request, wanted, &values) => {
                note = Some("its branch has a newer value, which stays".to_owned());
                newer = Some(values);
            }
            Some(_) => steps.push(Step::Commit {
                head: Some(branch.oid.clone()),
            }),
            None => {
                return Err(Error::usage(format!(
                    "the branch {} has no {}",
                    request.branch, request.file
                ))
                .hint("Delete that branch, or bring the file back on it."));
            }
        },
    }
    let target: Vec<Assignment> = request
        .wanted
        .iter()
        .map(|one| Assignment {
            address: one.address.clone(),
            value: newer
                .as_ref()
                .and_then(|newer| newer.get(&one.address.to_string()))
                .unwrap_or(&one.value)
                .clone(),
        })
        .collect();
    let edited = edit(&request.file, &state.file, &target)?;
    let title = body::title(request, &edited.changes);
    match own {
        None => steps.push(Step::Open),
        Some(pull) => {
            steps.extend(describe(request, pull, &edited.changes));
            if request.auto_merge && !pull.merges_itself() {
                let (id, number) = (pull.id.clone(), pull.number);
                steps.push(Step::AutoMerge { id, number });
            }
        }
    }
    // A new pull request has no number yet: what it supersedes is closed in the next round.
    if let Some(own) = own {
        steps.extend(rivals.iter().map(|(pull, mark)| {
            let others: Vec<&str> = mark
                .to
                .keys()
                .filter(|name| !wanted.contains_key(*name))
                .map(String::as_str)
                .collect();
            let lost = match others[..] {
                [] => String::new(),
                _ => format!(
                    " It also set {}, which that one does not: propose it again if it is still wanted.",
                    others.join(", ")
                ),
            };
            close(pull, &format!("Superseded by #{}.{lost}", own.number))
        }));
    }
    Ok(Plan {
        diff: difference(&request.file, &state.file, &edited.bytes),
        changes: edited.changes,
        steps,
        note,
        pull: own.cloned(),
        title,
    })
}

/// The step that makes a pull request say what its branch holds. The title stays if a person changed it.
pub(super) fn describe(request: &Request, pull: &Pull, changes: &[Change]) -> Option<Step> {
    let mark = Mark::new(request, changes);
    let known = Mark::of(&pull.body);
    let same = |known: &Mark| {
        known.closed.is_none()
            && known.file == mark.file
            && known.to == mark.to
            && known.from == mark.from
    };
    if known.as_ref().is_some_and(same) {
        return None;
    }
    let ours = known.is_some_and(|known| known.title == pull.title);
    Some(Step::Describe {
        number: pull.number,
        title: (ours && mark.title != pull.title).then_some(mark.title),
        body: pull.body.clone(),
    })
}

pub(super) fn close(pull: &Pull, reason: &str) -> Step {
    Step::Close {
        number: pull.number,
        body: body::closed(&pull.body, reason),
        reason: reason.to_owned(),
    }
}

/// The values on the branch; `None` if it has no such file.
pub(super) fn on_branch(request: &Request, branch: &Branch) -> Result<Option<Values>> {
    let Some(file) = &branch.file else {
        return Ok(None);
    };
    let addresses = request.addresses();
    let found = read(&request.file, file, &addresses).map_err(|error| {
        Error::usage(format!(
            "on the branch {}: {}",
            request.branch,
            error.message()
        ))
        .hint("Put it right on that branch, or close its pull request and delete the branch.")
    })?;
    let names = addresses.iter().map(ToString::to_string);
    Ok(Some(names.zip(found).collect()))
}

pub(super) fn values(changes: &[Change], value: fn(&Change) -> &String) -> Values {
    changes
        .iter()
        .map(|change| (change.address.to_string(), value(change).clone()))
        .collect()
}
