//! From evidence to a verdict.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Cause, Evidence, Finding, JOIN_SECONDS, List, MERGE_SECONDS, Task, Verdict};
use crate::domain::peers::Peer;

/// What the lists say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listed {
    /// One list, and it is the cluster.
    Whole,
    /// One list is the cluster; beside it there are lists of nobody who runs.
    WholeAndLeftovers,
    /// Several live coordinators.
    Parts,
    /// Anything less.
    Partial,
}

/// What the logged views say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Viewed {
    /// Every task has the same view, and it has as many members as there are tasks.
    Whole,
    /// The tasks have different views. Whether one that is alone was refused by S3.
    Apart { refused: bool },
    /// Every task has the same view, of more members.
    Larger,
    /// Not known for every task.
    Unknown,
}

/// Judges the evidence of one moment.
pub fn judge(evidence: &Evidence) -> Finding {
    let facts = Facts::of(evidence);
    let complete = evidence.tasks.len() == evidence.expected && facts.addresses_known;
    let settled = complete && evidence.leaving.is_empty() && is_settled(evidence);
    let late = |verdict| if settled { verdict } else { Verdict::Forming };
    let verdict = match (facts.listed, facts.viewed) {
        _ if !complete => Verdict::Forming,
        (Some(Listed::Whole), Viewed::Whole | Viewed::Unknown) | (None, Viewed::Whole) => {
            Verdict::Whole
        }
        (_, Viewed::Whole) | (Some(Listed::WholeAndLeftovers), Viewed::Unknown) => {
            late(Verdict::Stale)
        }
        (_, Viewed::Larger) => late(Verdict::NoEvidence),
        (Some(Listed::Parts), _)
        | (None | Some(Listed::Whole | Listed::WholeAndLeftovers), Viewed::Apart { .. }) => {
            late(Verdict::Split)
        }
        (Some(Listed::Partial), Viewed::Apart { refused: false }) => late(Verdict::Split),
        (Some(Listed::Partial), Viewed::Apart { refused: true }) => late(Verdict::Alone),
        // The list, and an address that no other node can reach: two kinds of evidence.
        (Some(Listed::Partial), Viewed::Unknown) if facts.link_local_coordinator => {
            late(Verdict::Alone)
        }
        // Without a log that can be read, no time makes up for it.
        (None, Viewed::Unknown) if evidence.views.is_none() => Verdict::NoEvidence,
        (Some(Listed::Partial) | None, Viewed::Unknown) => late(Verdict::NoEvidence),
    };
    facts.finding(evidence, verdict)
}

/// Whether everything that could still happen by itself has had its time.
fn is_settled(evidence: &Evidence) -> bool {
    let old = |since: i64, seconds: i64| evidence.now - since >= seconds;
    evidence
        .tasks
        .iter()
        .all(|task| old(task.started, JOIN_SECONDS))
        && lists(evidence).all(|list| old(list.modified, MERGE_SECONDS))
        && evidence
            .views
            .iter()
            .flat_map(|views| views.values())
            .all(|logged| old(logged.at, MERGE_SECONDS))
}

fn lists(evidence: &Evidence) -> impl Iterator<Item = &List> {
    evidence.lists.iter().flatten()
}

/// Who a peer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// The node of a running task.
    Task(usize),
    /// A node of a task that is being stopped.
    Leaving,
    /// A node, present or past, whose address tells nothing.
    LinkLocal,
    /// A node that had the address of a running task before it.
    Gone,
    Stranger,
}

fn who(evidence: &Evidence, list: &List, peer: &Peer) -> Who {
    let at = |tasks: &[Task]| {
        tasks
            .iter()
            .position(|task| task.address == Some(peer.address))
    };
    if let Some(task) = at(&evidence.tasks) {
        // Addresses are used again: a list from before the task's start, or an older list with another node at the
        // address, speaks of a node that is gone.
        let before = list.modified < evidence.tasks[task].started;
        let replaced = lists(evidence)
            .filter(|other| other.modified > list.modified)
            .flat_map(|other| other.peers.iter().flatten())
            .any(|other| other.address == peer.address && other.uuid != peer.uuid);
        return if before || replaced {
            Who::Gone
        } else {
            Who::Task(task)
        };
    }
    if at(&evidence.leaving).is_some() {
        return Who::Leaving;
    }
    if is_link_local(peer.address) {
        let oldest = evidence.tasks.iter().map(|task| task.started).min();
        let past = oldest.is_none_or(|oldest| list.modified < oldest);
        return if past { Who::Gone } else { Who::LinkLocal };
    }
    Who::Stranger
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// What follows from the evidence, before anything is judged.
struct Facts {
    addresses_known: bool,
    listed: Option<Listed>,
    viewed: Viewed,
    /// Name of each live coordinator in the lists, by uuid.
    coordinators: Vec<(String, String)>,
    link_local_coordinator: bool,
    /// Most live members of one list.
    largest: usize,
    causes: Vec<Cause>,
}

impl Facts {
    fn of(evidence: &Evidence) -> Self {
        let mut facts = Self {
            addresses_known: true,
            listed: None,
            viewed: viewed(evidence),
            coordinators: Vec::new(),
            link_local_coordinator: false,
            largest: 0,
            causes: Vec::new(),
        };
        facts.look_at_tasks(evidence);
        if evidence.lists.is_some() {
            facts.listed = Some(facts.look_at_lists(evidence));
        }
        facts.look_at_views(evidence);
        facts
    }

    fn look_at_tasks(&mut self, evidence: &Evidence) {
        let running = evidence.tasks.len();
        if running != evidence.expected {
            self.causes.push(Cause::Count {
                running,
                expected: evidence.expected,
            });
        }
        for task in evidence.tasks.iter().filter(|task| task.address.is_none()) {
            self.addresses_known = false;
            self.causes.push(Cause::NoAddress {
                task: task.id.clone(),
            });
        }
        let tasks = evidence.tasks.iter().map(|task| &task.id);
        let refused: Vec<String> = tasks
            .filter(|task| evidence.refused.contains(*task))
            .cloned()
            .collect();
        if !refused.is_empty() {
            self.causes.push(Cause::Refused { tasks: refused });
        }
        for task in &evidence.leaving {
            self.causes.push(Cause::Leaving {
                task: task.id.clone(),
            });
        }
    }

    fn look_at_lists(&mut self, evidence: &Evidence) -> Listed {
        let mut named = BTreeSet::new();
        let (mut wholes, mut leftovers) = (0, 0);
        for list in lists(evidence) {
            let peers = match &list.peers {
                Ok(peers) => peers,
                Err(malformed) => {
                    self.causes.push(Cause::Unreadable {
                        key: list.key.clone(),
                        problem: malformed.to_string(),
                    });
                    continue;
                }
            };
            let places: Vec<Who> = peers.iter().map(|peer| who(evidence, list, peer)).collect();
            let tasks: BTreeSet<usize> = places
                .iter()
                .filter_map(|place| match place {
                    Who::Task(task) => Some(*task),
                    _ => None,
                })
                .collect();
            named.extend(tasks.iter().copied());
            self.largest = self.largest.max(tasks.len());
            if places
                .iter()
                .all(|place| *place == Who::Gone || *place == Who::Stranger)
            {
                leftovers += 1;
                self.causes.push(Cause::Leftover {
                    key: list.key.clone(),
                });
                continue;
            }
            let mut live_coordinators = 0;
            for (peer, place) in peers.iter().zip(&places) {
                self.look_at_peer(peer, *place);
                let live = matches!(place, Who::Task(_) | Who::LinkLocal);
                if peer.coordinator && live {
                    live_coordinators += 1;
                    self.link_local_coordinator |= *place == Who::LinkLocal;
                    if !self.coordinators.iter().any(|(uuid, _)| *uuid == peer.uuid) {
                        self.coordinators
                            .push((peer.uuid.clone(), peer.name.clone()));
                    }
                }
            }
            let everybody = tasks.len() == evidence.tasks.len() && tasks.len() == peers.len();
            let marked = peers.iter().filter(|peer| peer.coordinator).count();
            if everybody && live_coordinators == 1 && marked == 1 {
                wholes += 1;
            }
        }
        let unlisted: Vec<String> = evidence
            .tasks
            .iter()
            .enumerate()
            .filter(|(at, _)| !named.contains(at))
            .map(|(_, task)| task.id.clone())
            .collect();
        let total = lists(evidence).count();
        if total == 0 {
            self.causes.push(Cause::NoList);
        } else if !unlisted.is_empty() {
            self.causes.push(Cause::Unlisted { tasks: unlisted });
        }
        match self.coordinators.len() {
            0 if total > 0 => self.causes.push(Cause::NoCoordinator),
            0 | 1 => {}
            _ => {
                let names = self.coordinators.iter().map(|(_, name)| name.clone());
                self.causes.push(Cause::Coordinators {
                    names: names.collect(),
                });
            }
        }
        match (self.coordinators.len(), wholes) {
            (1, 1) if total == 1 => Listed::Whole,
            (1, 1) if total == 1 + leftovers => Listed::WholeAndLeftovers,
            (0 | 1, _) => Listed::Partial,
            _ => Listed::Parts,
        }
    }

    fn look_at_peer(&mut self, peer: &Peer, place: Who) {
        let (name, address) = (peer.name.clone(), peer.address);
        match place {
            Who::LinkLocal => self.causes.push(Cause::LinkLocal { name, address }),
            Who::Stranger | Who::Gone => self.causes.push(Cause::Stranger { name, address }),
            Who::Task(_) | Who::Leaving => {}
        }
    }

    fn look_at_views(&mut self, evidence: &Evidence) {
        let Some(views) = &evidence.views else {
            return;
        };
        let seen = || evidence.tasks.iter().filter_map(|task| views.get(&task.id));
        match self.viewed {
            Viewed::Whole => {}
            Viewed::Apart { .. } => {
                let texts: BTreeSet<String> = seen().map(|logged| logged.view.text()).collect();
                self.causes.push(Cause::Views {
                    views: texts.into_iter().collect(),
                });
            }
            Viewed::Larger => {
                let view = seen().next().map(|logged| logged.view.text());
                self.causes.push(Cause::LargerView {
                    view: view.unwrap_or_default(),
                    tasks: evidence.tasks.len(),
                });
            }
            Viewed::Unknown => {
                let missing = evidence
                    .tasks
                    .iter()
                    .filter(|task| !views.contains_key(&task.id))
                    .map(|task| task.id.clone())
                    .collect::<Vec<_>>();
                if !missing.is_empty() {
                    self.causes.push(Cause::NoView { tasks: missing });
                }
            }
        }
    }

    fn finding(mut self, evidence: &Evidence, verdict: Verdict) -> Finding {
        let mut names: Vec<String> = self.coordinators.drain(..).map(|(_, name)| name).collect();
        let views = || {
            let tasks = evidence.tasks.iter();
            tasks.filter_map(|task| evidence.views.as_ref()?.get(&task.id))
        };
        if names.is_empty() && self.viewed != Viewed::Unknown {
            names = views()
                .map(|logged| logged.view.coordinator.clone())
                .collect();
        }
        names.sort();
        names.dedup();
        let viewed = match self.viewed {
            Viewed::Unknown => 0,
            _ => views().map(|logged| logged.view.size).max().unwrap_or(0),
        };
        if verdict == Verdict::Whole {
            self.causes.clear();
        }
        Finding {
            verdict,
            members: self.largest.max(viewed),
            coordinators: names,
            causes: self.causes,
        }
    }
}

fn viewed(evidence: &Evidence) -> Viewed {
    let Some(views) = &evidence.views else {
        return Viewed::Unknown;
    };
    let seen: Option<Vec<_>> = evidence
        .tasks
        .iter()
        .map(|task| Some((&task.id, &views.get(&task.id)?.view)))
        .collect();
    let Some(seen) = seen else {
        return Viewed::Unknown;
    };
    let Some((_, first)) = seen.first() else {
        return Viewed::Unknown;
    };
    if seen.iter().any(|(_, view)| view != first) {
        return Viewed::Apart {
            refused: seen
                .iter()
                .any(|(task, view)| view.size == 1 && evidence.refused.contains(*task)),
        };
    }
    match first.size.cmp(&seen.len()) {
        std::cmp::Ordering::Equal => Viewed::Whole,
        std::cmp::Ordering::Greater => Viewed::Larger,
        std::cmp::Ordering::Less => Viewed::Unknown,
    }
}
