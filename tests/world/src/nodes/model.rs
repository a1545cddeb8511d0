//! Clusters of nodes, and how they change.

use std::collections::BTreeSet;

use super::channel::{Meeting, Surroundings};
use super::{Conditions, Happened, Removes, Task};
use crate::iam::Iam;
use crate::s3::S3;

/// Seconds until a node that is refused has ended. Measured: about 30.
const FAIL_AFTER: f64 = 30.0;
/// Seconds in which MERGE3 brings clusters together that reach each other. Measured: 47.
const MERGE_AFTER: f64 = 47.0;
/// Seconds until MERGE3 writes a list where there is none. Its pauses are 10 to 30 seconds in Keycloak's stack.
const REWRITE_AFTER: f64 = 30.0;

const CLUSTER: &str = "INFO  [org.infinispan.CLUSTER]";

/// A node that is in a cluster.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) task: Task,
    pub(super) place: Meeting,
    pub(super) uuid: String,
    /// Logical name: the first part of the host name, and a random number.
    pub(super) name: String,
    pub(super) announced: String,
}

/// A cluster: its coordinator is its first member.
#[derive(Debug)]
struct Cluster {
    members: Vec<Node>,
    view: u64,
    /// Since when it has had no list.
    unlisted: Option<f64>,
    /// Since when it and another cluster reach each other.
    in_reach: Option<f64>,
}

/// Why there is a new view.
enum Change<'a> {
    Joined,
    Left,
    /// The coordinator left; the node that was it.
    Coordinator(&'a Node),
    Merged,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) conditions: Conditions,
    pub(super) killed: BTreeSet<String>,
    clusters: Vec<Cluster>,
    /// Tasks that have looked for others, or failed to.
    started: BTreeSet<String>,
    /// Nodes that are to end, and when.
    ending: Vec<(Node, f64)>,
}

impl Model {
    pub(super) fn clusters(&self) -> Vec<Vec<String>> {
        self.clusters
            .iter()
            .map(|cluster| {
                let members = cluster.members.iter();
                members.map(|node| node.task.id.clone()).collect()
            })
            .collect()
    }

    pub(super) fn step(&mut self, s3: &S3, iam: &Iam, now: f64, tasks: &[Task]) -> Happened {
        let running: BTreeSet<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        let mut around = Surroundings {
            s3,
            iam,
            happened: Happened::default(),
        };
        let mut joining: Vec<(f64, &Task)> = tasks
            .iter()
            .filter(|task| !self.started.contains(&task.id) && !self.killed.contains(&task.id))
            .map(|task| (task.started + self.conditions.join_after, task))
            .filter(|(at, _)| *at <= now)
            .collect();
        joining.sort_by(|left, right| left.0.total_cmp(&right.0));
        for (at, task) in joining {
            self.started.insert(task.id.clone());
            self.start(&mut around, task, at);
        }
        self.leave(&mut around, now, &running);
        self.merge(&mut around, now);
        self.write_again(&mut around, now);
        around.happened
    }

    fn start(&mut self, around: &mut Surroundings<'_>, task: &Task, at: f64) {
        let Some(place) = Meeting::of(task) else {
            return;
        };
        let uuid = uuid::Uuid::new_v4();
        let node = Node {
            name: format!(
                "ip-{}-{}",
                task.address.replace('.', "-"),
                uuid.as_u64_pair().1 % 65_536
            ),
            uuid: uuid.to_string(),
            announced: self
                .conditions
                .announced
                .clone()
                .unwrap_or_else(|| task.address.clone()),
            task: task.clone(),
            place,
        };
        if !around.start(&node, at) {
            self.ending.push((node, at + FAIL_AFTER));
            return;
        }
        around.log(
            &node,
            at,
            CLUSTER,
            "ISPN000078: Starting JGroups channel `ISPN` with stack `s3`",
        );
        let lists = around.discover(&node, at);
        // An address that only its own host can reach is never answered.
        let reachable = self.conditions.reachable && self.conditions.announced.is_none();
        let found = self.clusters.iter().position(|cluster| {
            let members = cluster
                .members
                .iter()
                .filter(|member| member.place == node.place);
            let mut uuids = members.map(|member| &member.uuid);
            reachable && uuids.any(|uuid| lists.iter().flatten().any(|listed| listed == uuid))
        });
        match found {
            Some(at_cluster) => {
                self.clusters[at_cluster].members.push(node.clone());
                self.install(around, at_cluster, at, &Change::Joined);
            }
            None => {
                around.log(
                    &node,
                    at,
                    "INFO  [org.jgroups.protocols.pbcast.GMS]",
                    &format!(
                        "{}: no members discovered after 503 ms: creating cluster as coordinator",
                        node.name
                    ),
                );
                self.clusters.push(Cluster {
                    members: vec![node.clone()],
                    view: 0,
                    unlisted: None,
                    in_reach: None,
                });
                if self.conditions.removes == Removes::Everything {
                    around.remove_all(&node);
                }
                self.install(around, self.clusters.len() - 1, at, &Change::Joined);
            }
        }
        around.log(
            &node,
            at,
            CLUSTER,
            &format!(
                "ISPN000079: Channel `ISPN` local address is `{}`, physical addresses are `[{}:7800]`",
                node.name, node.announced
            ),
        );
    }

    /// All members log the view, and the coordinator writes the list.
    fn install(
        &mut self,
        around: &mut Surroundings<'_>,
        at_cluster: usize,
        at: f64,
        change: &Change<'_>,
    ) {
        let removes = self.conditions.removes;
        let cluster = &mut self.clusters[at_cluster];
        let Some(coordinator) = cluster.members.first().cloned() else {
            return;
        };
        let names: Vec<&str> = cluster
            .members
            .iter()
            .map(|node| node.name.as_str())
            .collect();
        let view = format!(
            "[{}|{}] ({}) [{}]",
            coordinator.name,
            cluster.view,
            names.len(),
            names.join(", ")
        );
        cluster.view += 1;
        for node in &cluster.members {
            let text = match change {
                Change::Merged => format!(
                    "ISPN000093: Received new, MERGED cluster view for channel ISPN: MergeView::{view}, 2 subgroups"
                ),
                _ => format!("ISPN000094: Received new cluster view for channel ISPN: {view}"),
            };
            around.log(node, at, CLUSTER, &text);
        }
        match (change, removes) {
            (Change::Coordinator(_), Removes::Everything) => around.remove_all(&coordinator),
            (Change::Coordinator(before), Removes::OldCoordinator) => {
                around.remove(&coordinator, before);
            }
            _ => {}
        }
        around.write(&cluster.members, at);
    }

    /// Nodes whose task runs no more leave, and those that were killed vanish.
    fn leave(&mut self, around: &mut Surroundings<'_>, now: f64, running: &BTreeSet<&str>) {
        let (ended, ending): (Vec<_>, Vec<_>) =
            self.ending.drain(..).partition(|(_, at)| *at <= now);
        self.ending = ending;
        for (node, _) in ended {
            if running.contains(node.task.id.as_str()) {
                around.happened.exits.push((node.task.id, 1));
            }
        }
        for at_cluster in 0..self.clusters.len() {
            let members = &self.clusters[at_cluster].members;
            let (stay, gone): (Vec<Node>, Vec<Node>) = members.iter().cloned().partition(|node| {
                running.contains(node.task.id.as_str()) && !self.killed.contains(&node.task.id)
            });
            if gone.is_empty() {
                continue;
            }
            let before = members.first().cloned();
            let coordinator_left = before
                .as_ref()
                .is_some_and(|before| gone.iter().any(|node| node.uuid == before.uuid));
            for node in &gone {
                if coordinator_left && !self.killed.contains(&node.task.id) {
                    // A graceful leave removes the own list.
                    around.remove(node, node);
                }
            }
            self.clusters[at_cluster].members = stay;
            let change = match &before {
                Some(before) if coordinator_left => Change::Coordinator(before),
                _ => Change::Left,
            };
            self.install(around, at_cluster, now, &change);
        }
        self.clusters.retain(|cluster| !cluster.members.is_empty());
    }

    /// Clusters that read each other's list and reach each other become one.
    fn merge(&mut self, around: &mut Surroundings<'_>, now: f64) {
        let reachable = self.conditions.reachable && self.conditions.announced.is_none();
        let mut first = 0;
        while first < self.clusters.len() {
            let Some(node) = self.clusters[first].members.first().cloned() else {
                first += 1;
                continue;
            };
            let second = (first + 1..self.clusters.len())
                .find(|second| around.meet(&node, &self.clusters[*second].members[0]));
            let Some(second) = second.filter(|_| reachable) else {
                self.clusters[first].in_reach = None;
                first += 1;
                continue;
            };
            let since = *self.clusters[first].in_reach.get_or_insert(now);
            if now - since < MERGE_AFTER {
                first += 1;
                continue;
            }
            let mut other = self.clusters.remove(second);
            let old = other.members[0].clone();
            around.remove(&old, &old);
            let cluster = &mut self.clusters[first];
            cluster.in_reach = None;
            cluster.view = cluster.view.max(other.view) + 1;
            cluster.members.append(&mut other.members);
            self.install(around, first, now, &Change::Merged);
        }
    }

    /// MERGE3 looks from time to time, and writes a list of its writer alone where the folder is empty.
    fn write_again(&mut self, around: &mut Surroundings<'_>, now: f64) {
        for cluster in &mut self.clusters {
            let Some(coordinator) = cluster.members.first() else {
                continue;
            };
            let place = &coordinator.place;
            if !around.s3.list(&place.bucket, &place.folder).is_empty() {
                cluster.unlisted = None;
                continue;
            }
            let since = *cluster.unlisted.get_or_insert(now);
            if now - since >= REWRITE_AFTER {
                around.write(&cluster.members[..1], now);
                cluster.unlisted = None;
            }
        }
    }
}
