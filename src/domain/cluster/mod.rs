//! Whether the nodes of a service are one cluster: what ECS, the list of peers and the log say together. Pure.
//!
//! No age tells a live list from a dead one: JGroups writes it at view changes and at most twice after, so a quiet
//! cluster's list grows old and stays true (`FILE_PING`, `info_writer_max_writes_after_view`). And one list of one
//! member says little. Ran with JGroups 5.5.5 in November 2026: after the list of a whole cluster was deleted,
//! `MERGE3` wrote one with its writer alone, and it stayed so; when two nodes could not reach each other and had
//! `remove_all_data_on_view_change`, the second one removed the list of the first, which never wrote it again. A list
//! that holds fewer members than there are tasks therefore proves nothing alone.

mod cause;
mod judge;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::peers::{Malformed, Peer};
use super::views::View;

pub use cause::Cause;
pub use judge::judge;

/// Seconds that a task may take until its node has found the others. Measured: 29 to 118 s from start to ready,
/// Keycloak 26.7.3 on two loaded cores, the longest with the creation of the database schema.
pub const JOIN_SECONDS: i64 = 180;
/// Seconds in which `MERGE3` brings together what can be. Measured: 47 s.
pub const MERGE_SECONDS: i64 = 60;

/// A task that ECS runs, or is about to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The last part of its ARN.
    pub id: String,
    /// Private address of its network interface.
    pub address: Option<IpAddr>,
    /// Start, in seconds since the Unix epoch.
    pub started: i64,
}

/// One object of the list of peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Where it is, as messages show it.
    pub key: String,
    /// Last modification, in seconds since the Unix epoch.
    pub modified: i64,
    pub peers: Result<Vec<Peer>, Malformed>,
}

/// The last view that a node logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Seconds since the Unix epoch.
    pub at: i64,
    pub view: View,
}

/// All that is known at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// AWS's time, in seconds since the Unix epoch.
    pub now: i64,
    /// Number of nodes that there should be.
    pub expected: usize,
    /// Tasks that run.
    pub tasks: Vec<Task>,
    /// Tasks that are being stopped: their nodes may still be members.
    pub leaving: Vec<Task>,
    /// The lists; `None` if the nodes keep none (`jdbc-ping`).
    pub lists: Option<Vec<List>>,
    /// The last view of each task, by task id; `None` if the log could not be read.
    pub views: Option<BTreeMap<String, Logged>>,
    /// Tasks whose log says that S3 refused them.
    pub refused: BTreeSet<String>,
}

/// What the nodes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// One cluster: exactly one coordinator, and its members are the running tasks.
    Whole,
    /// Not one cluster yet, and it is too early to say that it will not be.
    Forming,
    /// Several clusters, each with a coordinator of its own.
    Split,
    /// A node is a cluster of one because it cannot take part in the list: S3 refuses it, or it announces an address
    /// that nobody can reach.
    Alone,
    /// One cluster, but its list of peers is not what it should be.
    Stale,
    /// Neither proved nor disproved.
    #[default]
    NoEvidence,
}

impl Verdict {
    pub const ALL: [Self; 6] = [
        Self::Whole,
        Self::Forming,
        Self::Split,
        Self::Alone,
        Self::Stale,
        Self::NoEvidence,
    ];

    /// The word of the output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Forming => "forming",
            Self::Split => "split",
            Self::Alone => "alone",
            Self::Stale => "stale",
            Self::NoEvidence => "no-evidence",
        }
    }

    /// What it means, as a lowercase fragment.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Whole => {
                "the nodes are one cluster: one coordinator, and its members are the running tasks"
            }
            Self::Forming => "the nodes are not one cluster yet",
            Self::Split => "the nodes are several clusters, each with a coordinator of its own",
            Self::Alone => {
                "a node is a cluster of one, since it cannot take part in the list of peers"
            }
            Self::Stale => "the nodes are one cluster, but its list of peers is out of date",
            Self::NoEvidence => {
                "whether the nodes are one cluster can be neither proved nor disproved"
            }
        }
    }
}

/// A verdict, with what it rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    pub verdict: Verdict,
    /// Members of the cluster, or of the largest one.
    pub members: usize,
    /// Logical names of the coordinators.
    pub coordinators: Vec<String>,
    /// Everything that is not as it should be.
    pub causes: Vec<Cause>,
}

impl Finding {
    /// What to do next: full sentences, one for each kind of cause, those first that may explain others.
    pub fn next_steps(&self) -> Vec<String> {
        let mut steps: Vec<String> = Vec::new();
        let mut causes: Vec<&Cause> = self.causes.iter().collect();
        // Nodes that do not reach each other remove each other from the list as well.
        causes.sort_by_key(|cause| match cause {
            Cause::Refused { .. } => 0,
            Cause::Coordinators { .. } | Cause::Views { .. } => 1,
            _ => 2,
        });
        for cause in causes {
            if let Some(step) = cause.next_step()
                && !steps.contains(&step)
            {
                steps.push(step);
            }
        }
        steps
    }
}

#[cfg(test)]
mod order {
    use super::*;

    #[test]
    fn the_way_between_the_nodes_comes_before_the_list_that_suffers_from_it() {
        let finding = Finding {
            verdict: Verdict::Split,
            members: 1,
            coordinators: Vec::new(),
            causes: vec![
                Cause::Unlisted {
                    tasks: vec!["a".to_owned()],
                },
                Cause::Views { views: Vec::new() },
            ],
        };
        let steps = finding.next_steps();
        assert!(steps[0].contains("reach each other"), "{steps:?}");
        assert!(steps[1].contains("JGROUPS_AWS_S3_"), "{steps:?}");
    }
}
