//! What the API shows at one moment.

use std::fmt;

/// Seconds since the Unix epoch by the clock of AWS. It is only ever compared with another time of AWS.
pub type Epoch = f64;

/// The id of a deployment, `ecs-svc/1234567890123456789`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeploymentId(String);

impl DeploymentId {
    const PREFIX: &'static str = "ecs-svc/";

    /// Reads `ecs-svc/N`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.strip_prefix(Self::PREFIX)?;
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| Self(text.to_owned()))
    }

    /// The deployment that a service revision belongs to: the number at the end of its ARN.
    pub fn of_revision(arn: &str) -> Option<Self> {
        let (_, number) = arn.rsplit_once('/')?;
        Self::parse(&format!("{}{number}", Self::PREFIX))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything that is known at one moment.
#[derive(Clone, Debug, Default)]
pub struct View {
    pub service: Service,
    /// Our service deployment; none while the API does not show it yet, or may not be asked.
    pub ours: Option<ServiceDeployment>,
    /// Whether service deployments can be read at all. Otherwise the service alone has to tell.
    pub history: bool,
    /// Stopped tasks of our deployment, oldest first.
    pub stopped: Vec<StoppedTask>,
    /// Whether other deployments are listed, and none of them led to a good end.
    pub never_good: bool,
}

impl View {
    /// Whether ECS finds no revision to return to: there was none before, or none of those before was ever good.
    pub fn nowhere_to_return(&self) -> bool {
        let sources = self.ours.as_ref().map(|ours| ours.sources);
        match sources {
            Some(None) => true,
            Some(Some(sources)) => self.never_good && sources.running == 0,
            None => false,
        }
    }
}

/// `DescribeServices`, as far as it matters.
#[derive(Clone, Debug, Default)]
pub struct Service {
    pub arn: String,
    pub name: String,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: String,
    /// `REPLICA` or `DAEMON`.
    pub scheduling: String,
    pub strategy: Strategy,
    pub task_definition: String,
    pub desired: i32,
    pub running: i32,
    pub pending: i32,
    pub minimum_percent: i32,
    pub maximum_percent: i32,
    pub breaker: BreakerPolicy,
    /// Alarms whose state is watched during a deployment.
    pub alarms: Vec<String>,
    pub load_balanced: bool,
    pub grace_seconds: Option<i32>,
    pub slots: Vec<Slot>,
    /// Newest first, as the API has them.
    pub events: Vec<Event>,
}

impl Service {
    /// The newest deployment.
    pub fn primary(&self) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.role == Role::Primary)
    }

    pub fn slot(&self, id: &DeploymentId) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.id == *id)
    }
}

/// How a service moves from one revision to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    #[default]
    Rolling,
    BlueGreen,
    Linear,
    Canary,
}

/// The circuit breaker as the service has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BreakerPolicy {
    pub enabled: bool,
    pub rollback: bool,
}

/// One entry of a service's `deployments`.
#[derive(Clone, Debug)]
pub struct Slot {
    pub id: DeploymentId,
    pub role: Role,
    pub task_definition: String,
    /// Absent behind a Classic Load Balancer; then nothing is known, least of all that it is done.
    pub rollout: Option<RolloutState>,
    pub reason: Option<String>,
    pub desired: i32,
    pub running: i32,
    pub pending: i32,
    /// Consecutive failures; it falls back to 0 once a task runs, so it never proves that all is well.
    pub failed: i32,
    pub created: Option<Epoch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The newest.
    Primary,
    /// Being replaced.
    Active,
    Inactive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutState {
    InProgress,
    Completed,
    Failed,
}

/// A service event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: String,
    pub at: Epoch,
    pub message: String,
}

/// An entry of `ListServiceDeployments`.
#[derive(Clone, Debug)]
pub struct Brief {
    /// ARN of the service deployment.
    pub arn: String,
    pub id: DeploymentId,
    /// ARN of its service revision.
    pub revision: String,
    pub status: Status,
    pub created: Option<Epoch>,
}

/// `DescribeServiceDeployments` of ours.
#[derive(Clone, Debug)]
pub struct ServiceDeployment {
    pub arn: String,
    pub id: DeploymentId,
    /// ARN of its service revision.
    pub revision: String,
    pub status: Status,
    pub reason: Option<String>,
    pub stage: Option<Stage>,
    pub hooks: Vec<Hook>,
    /// The new revision alone.
    pub target: Counts,
    /// The revisions that it replaces, added up; none for the first deployment of a service.
    pub sources: Option<Counts>,
    pub breaker: Breaker,
    pub triggered_alarms: Vec<String>,
    pub alarms: Monitor,
    pub rollback_reason: Option<String>,
    /// The deployment whose revision a rollback returns to.
    pub rollback_to: Option<DeploymentId>,
    pub created: Option<Epoch>,
}

/// The state of a service deployment. There is no "failed".
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
    /// Whether it has not ended one way or the other.
    pub fn in_flight(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress)
    }

    /// Whether nothing more will happen to it.
    pub fn over(self) -> bool {
        matches!(
            self,
            Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed
        )
    }
}

/// Where a deployment stands on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    ReconcileService,
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    TestTrafficShift,
    PostTestTrafficShift,
    PreProductionTrafficShift,
    ProductionTrafficShift,
    PostProductionTrafficShift,
    BakeTime,
    CleanUp,
}

impl Stage {
    /// The name that the API gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReconcileService => "RECONCILE_SERVICE",
            Self::PreScaleUp => "PRE_SCALE_UP",
            Self::ScaleUp => "SCALE_UP",
            Self::PostScaleUp => "POST_SCALE_UP",
            Self::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
            Self::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
            Self::PreProductionTrafficShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
            Self::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
            Self::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Self::BakeTime => "BAKE_TIME",
            Self::CleanUp => "CLEAN_UP",
        }
    }

    /// The stage with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::ReconcileService,
            Self::PreScaleUp,
            Self::ScaleUp,
            Self::PostScaleUp,
            Self::TestTrafficShift,
            Self::PostTestTrafficShift,
            Self::PreProductionTrafficShift,
            Self::ProductionTrafficShift,
            Self::PostProductionTrafficShift,
            Self::BakeTime,
            Self::CleanUp,
        ]
        .into_iter()
        .find(|stage| stage.name() == name)
    }
}

/// A lifecycle hook of the deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    pub id: String,
    /// ARN of the function; none for a pause.
    pub target: Option<String>,
    pub status: HookStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookStatus {
    InProgress,
    Succeeded,
    Failed,
    TimedOut,
    /// Paused: `ContinueServiceDeployment` takes it on.
    AwaitingAction,
}

/// Tasks of a revision, and the share of traffic that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    pub requested: i32,
    pub running: i32,
    pub pending: i32,
    /// Percent of the production traffic, where ECS shifts it.
    pub traffic: Option<f64>,
}

/// What a watcher of the deployment (breaker, alarms) does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Monitor {
    #[default]
    Disabled,
    Monitoring,
    Complete,
    Triggered,
}

/// The circuit breaker of our deployment. The threshold is configurable since July 2026: it is read, never assumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    pub status: Monitor,
    pub failures: i32,
    pub threshold: i32,
}

/// A stopped task.
#[derive(Clone, Debug, Default)]
pub struct StoppedTask {
    /// The last part of its ARN.
    pub id: String,
    /// `TaskFailedToStart`, `EssentialContainerExited`, `ServiceSchedulerInitiated`, `SpotInterruption`, …
    pub stop_code: String,
    pub reason: String,
    pub created: Option<Epoch>,
    /// When it was told to stop, or began to by itself.
    pub stopping: Option<Epoch>,
    pub stopped: Option<Epoch>,
    pub containers: Vec<TaskContainer>,
    /// The last lines that the failing container wrote, where they were fetched.
    pub log: Vec<String>,
}

/// A container of a stopped task.
#[derive(Clone, Debug, Default)]
pub struct TaskContainer {
    pub name: String,
    pub image: String,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
}
