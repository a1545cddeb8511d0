//! What the stand-in keeps: clusters, task definitions, services, deployments, tasks. Times are simulated seconds
//! since the Unix epoch.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::behaviour::{Behaviour, Timing};
use super::hooks::{Hook, HookAnswer};
use super::ids::Ids;
use super::stages::Stage;
use super::task::Task;

/// The account's ECS.
#[derive(Clone, Debug)]
pub struct State {
    pub account: String,
    pub region: String,
    pub now: f64,
    pub ids: Ids,
    pub timing: Timing,
    pub clusters: BTreeMap<String, Cluster>,
    /// Revisions of each family; revision 1 first.
    pub definitions: BTreeMap<String, Vec<Definition>>,
    pub services: Vec<Service>,
    pub tasks: Vec<Task>,
    /// Patterns and behaviours; the last that applies counts.
    pub behaviours: Vec<(String, Behaviour)>,
    /// CloudWatch alarms that are in the state `ALARM`.
    pub alarms: BTreeSet<String>,
    /// What hooks of Lambda answer; `SUCCEEDED` unless told otherwise.
    pub hooks: BTreeMap<String, HookAnswer>,
    /// Addresses given out so far.
    pub addresses: u16,
}

#[derive(Clone, Debug)]
pub struct Cluster {
    pub arn: String,
    pub name: String,
    pub tags: Value,
}

/// A task definition as it was registered, with the fields that AWS adds.
#[derive(Clone, Debug)]
pub struct Definition {
    pub arn: String,
    pub active: bool,
    /// The object that describe calls answer. Fields that this model does not know are kept.
    pub raw: Map<String, Value>,
    pub tags: Value,
}

impl Definition {
    pub fn containers(&self) -> impl Iterator<Item = &Value> {
        self.raw
            .get("containerDefinitions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    pub fn images(&self) -> Vec<&str> {
        self.containers()
            .filter_map(|container| container["image"].as_str())
            .collect()
    }

    pub fn checks_health(&self) -> bool {
        self.containers()
            .any(|container| container.get("healthCheck").is_some())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceStatus {
    Active,
    Draining,
    Inactive,
}

#[derive(Clone, Debug)]
pub struct Service {
    pub cluster: String,
    pub name: String,
    pub arn: String,
    /// Fields of CreateService and UpdateService that describe calls give back as they came.
    pub given: Map<String, Value>,
    pub status: ServiceStatus,
    pub desired: usize,
    /// ARN of the task definition of the primary deployment.
    pub definition: String,
    /// The primary one first.
    pub deployments: Vec<Deployment>,
    /// Service deployments, oldest first.
    pub rollouts: Vec<Rollout>,
    pub revisions: Vec<Revision>,
    /// Number of the deployment that completed last.
    pub completed: Option<String>,
    /// Newest first, at most 100.
    pub events: VecDeque<Event>,
    pub created_at: f64,
    pub created_by: String,
    /// When the scheduler looks at this service next.
    pub wake: Option<f64>,
    pub steady: bool,
}

impl Service {
    pub fn text(&self, field: &str) -> Option<&str> {
        self.given.get(field).and_then(Value::as_str)
    }

    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub fn controller(&self) -> &str {
        self.given
            .get("deploymentController")
            .and_then(|controller| controller["type"].as_str())
            .unwrap_or("ECS")
    }

    pub fn configuration(&self) -> &Value {
        self.given
            .get("deploymentConfiguration")
            .unwrap_or(&Value::Null)
    }

    /// `ROLLING`, `BLUE_GREEN`, `LINEAR` or `CANARY`.
    pub fn strategy(&self) -> &str {
        self.configuration()["strategy"]
            .as_str()
            .unwrap_or("ROLLING")
    }

    pub fn target_group(&self) -> Option<&str> {
        self.balancer()?["targetGroupArn"].as_str()
    }

    pub fn port(&self) -> u64 {
        self.balancer()
            .and_then(|balancer| balancer["containerPort"].as_u64())
            .unwrap_or(80)
    }

    fn balancer(&self) -> Option<&Value> {
        self.given.get("loadBalancers")?.as_array()?.first()
    }

    pub fn deployment(&self, number: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|one| one.number == number)
    }

    pub fn deployment_mut(&mut self, number: &str) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|one| one.number == number)
    }

    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.first()
    }

    /// The service deployment that has not ended, if there is one: it is the newest.
    pub fn rollout(&self) -> Option<&Rollout> {
        self.rollouts.last().filter(|rollout| rollout.is_open())
    }

    pub fn rollout_mut(&mut self) -> Option<&mut Rollout> {
        self.rollouts.last_mut().filter(|rollout| rollout.is_open())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutState {
    InProgress,
    Completed,
    Failed,
}

impl RolloutState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

/// What `DescribeServices` calls a deployment: the tasks of one revision of a service.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// `N` of `ecs-svc/N`.
    pub number: String,
    pub definition: String,
    pub state: RolloutState,
    pub reason: String,
    /// As the API tells it: consecutive, and zero for good once a task ran.
    pub failed_tasks: usize,
    pub ran: bool,
    /// Failures since the last healthy task, for the pace of the scheduler.
    pub failures: usize,
    pub launched: usize,
    pub retry_at: f64,
    pub created_at: f64,
    pub updated_at: f64,
}

impl Deployment {
    pub fn id(&self) -> String {
        format!("ecs-svc/{}", self.number)
    }
}

/// A service revision: what a deployment deploys, with the digests that its tags had as it started.
#[derive(Clone, Debug)]
pub struct Revision {
    pub number: String,
    pub definition: String,
    /// Container, image, digest.
    pub images: Vec<(String, String, Option<String>)>,
    pub given: Map<String, Value>,
    pub created_at: f64,
}

/// Status of a service deployment. There is no `FAILED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Pending,
    InProgress,
    Successful,
    StopRequested,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Successful => "SUCCESSFUL",
            Self::StopRequested => "STOP_REQUESTED",
            Self::Stopped => "STOPPED",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }
}

/// State of a failure detector: circuit breaker or alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monitor {
    Disabled,
    Monitoring,
    Complete,
    Triggered,
}

impl Monitor {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "DISABLED",
            Self::Monitoring => "MONITORING",
            Self::Complete => "MONITORING_COMPLETE",
            Self::Triggered => "TRIGGERED",
        }
    }
}

/// A service deployment.
#[derive(Clone, Debug)]
pub struct Rollout {
    pub arn: String,
    /// Number of the target revision.
    pub target: String,
    /// Numbers of the revisions that were there before.
    pub sources: Vec<String>,
    pub status: Status,
    pub reason: Option<String>,
    pub created_at: f64,
    pub started_at: Option<f64>,
    pub finished_at: Option<f64>,
    pub stopped_at: Option<f64>,
    pub updated_at: f64,
    pub breaker: Monitor,
    pub failures: usize,
    pub alarms: Monitor,
    /// Alarms that were in `ALARM` as the deployment started: they do not count.
    pub ignored: BTreeSet<String>,
    pub triggered: Vec<String>,
    pub rollback: Option<Rollback>,
    pub stage: Option<Stage>,
    pub stage_since: f64,
    pub hooks: Vec<Hook>,
    pub bake_until: Option<f64>,
    /// Percent of the production and of the test traffic that the target gets.
    pub production: f64,
    pub test: f64,
    /// Counts of target and sources at the end: requested, running, pending.
    pub counted: BTreeMap<String, [usize; 3]>,
}

impl Rollout {
    /// Whether it has not ended yet.
    pub fn is_open(&self) -> bool {
        self.finished_at.is_none()
    }
}

#[derive(Clone, Debug)]
pub struct Rollback {
    pub reason: String,
    pub started_at: Option<f64>,
    /// Number of the revision that is gone back to.
    pub revision: String,
    pub failures: usize,
}

#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub at: f64,
    pub message: String,
}
