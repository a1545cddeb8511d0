//! Keycloak's nodes, as far as they are a cluster: the model that keeps the list of peers in S3 and logs views.
//!
//! A task whose environment has `JGROUPS_AWS_S3_BUCKET_NAME` is a node. It finds the others through the bucket with
//! the rights of its task role, joins the one that coordinates, or becomes the coordinator of a cluster of its own. The
//! model moves on when S3, ECS or CloudWatch Logs are asked: it looks at the tasks that run, and does what their nodes
//! would have done since.
//!
//! Ran, November 2026: Keycloak 26.7.3 and 26.7.5; JGroups 5.5.5 with jgroups-aws 4.0.0 against this world's S3.

mod channel;
mod list;
mod model;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::World;
use crate::ecs::RunningTask;
use crate::iam::Iam;
use crate::s3::S3;
use model::Model;

/// A task, as its node knows it.
#[derive(Clone, Debug)]
pub struct Task {
    pub id: String,
    /// Private address.
    pub address: String,
    pub environment: BTreeMap<String, String>,
    /// Name of the task role.
    pub role: String,
    /// Simulated seconds since the Unix epoch.
    pub started: f64,
}

impl Task {
    fn of(task: &RunningTask) -> Self {
        let role = task.task_role_arn.as_deref().unwrap_or_default();
        Self {
            id: task.task_id.clone(),
            address: task.private_ip.clone(),
            environment: task.environment.clone(),
            role: role.rsplit('/').next().unwrap_or_default().to_owned(),
            started: task.started_at,
        }
    }
}

/// What a node does with lists that others left. Attributes of `aws.S3_PING` in the cache configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removes {
    /// Neither attribute: the list of a killed coordinator stays for ever.
    Nothing,
    /// `remove_old_coords_on_view_change`: a new coordinator removes the list of the one before it.
    OldCoordinator,
    /// `remove_all_data_on_view_change`: whoever becomes coordinator removes every list, those of clusters that it
    /// cannot reach too.
    Everything,
}

/// The world that the nodes are in.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// Seconds from `RUNNING` until a node looks for the others.
    pub join_after: f64,
    /// Whether the nodes reach each other: TCP 7800 and 57800 are open, mTLS is the same on all.
    pub reachable: bool,
    /// Another address than the task's that every node announces, such as 169.254.172.2.
    pub announced: Option<String>,
    pub removes: Removes,
}

impl Default for Conditions {
    /// What the shipped cache configuration does, in a network that works.
    fn default() -> Self {
        Self {
            join_after: 20.0,
            reachable: true,
            announced: None,
            removes: Removes::Everything,
        }
    }
}

/// What happened to nodes in one step.
#[derive(Debug, Default)]
pub struct Happened {
    /// Nodes whose process ended, with its exit code.
    pub exits: Vec<(String, i64)>,
    pub lines: Vec<Line>,
}

/// A line of a node's log.
#[derive(Debug)]
pub struct Line {
    pub task: String,
    /// Simulated seconds since the Unix epoch.
    pub at: f64,
    pub text: String,
}

/// All nodes of the account.
#[derive(Debug, Default)]
pub struct Nodes {
    model: Mutex<Model>,
}

impl Nodes {
    /// Changes the conditions, from now on.
    pub fn conditions(&self, change: impl FnOnce(&mut Conditions)) {
        self.with(|model| change(&mut model.conditions));
    }

    /// Kills the node of a task: no graceful leave, its list stays until another coordinator removes it.
    pub fn kill(&self, task: &str) {
        self.with(|model| model.killed.insert(task.to_owned()));
    }

    /// The members of each cluster by task id, the coordinator first.
    pub fn clusters(&self) -> Vec<Vec<String>> {
        self.with(|model| model.clusters())
    }

    /// Lets the nodes of `tasks`, which are all that run, do what they do until `now`.
    pub fn step(&self, s3: &S3, iam: &Iam, now: f64, tasks: &[Task]) -> Happened {
        self.with(|model| model.step(s3, iam, now, tasks))
    }

    /// Lets the nodes of the world's ECS do what they do until now: their processes end, their logs grow.
    pub fn catch_up(&self, world: &World) {
        let running = world.ecs.running_tasks();
        let tasks: Vec<Task> = running.iter().map(Task::of).collect();
        let happened = self.step(&world.s3, &world.iam, world.clock.unix(), &tasks);
        for line in happened.lines {
            let task = running.iter().find(|task| task.task_id == line.task);
            let place = task.and_then(|task| {
                let prefix = task.log_stream_prefix.as_ref()?;
                let stream = format!("{prefix}/{}/{}", task.container_name, task.task_id);
                Some((task.log_group.as_ref()?, stream))
            });
            if let Some((group, stream)) = place {
                world.logs.put_at(group, &stream, line.at, &[line.text]);
            }
        }
        for (task, code) in happened.exits {
            world.ecs.exit(&task, code);
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Model) -> T) -> T {
        act(&mut self.model.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
