//! A task, and the steps that it takes.

use super::behaviour::Fate;

/// `lastStatus` of a task, in the order in which a task goes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskStatus {
    Provisioning,
    Pending,
    Activating,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl TaskStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Activating => "ACTIVATING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// What the load balancer, or the check of the container, says of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Health {
    Unknown,
    Healthy,
    /// With the reason of the check.
    Unhealthy(String),
}

/// A step that a task takes by itself at a time that is known beforehand.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Pull,
    Activate,
    Run,
    BecomeHealthy,
    BecomeUnhealthy(String),
    /// Exit code and reason of the container.
    Exit(i64, Option<String>),
    /// The reason of the task, the reason of the container, its exit code.
    FailToStart(String, Option<String>, Option<i64>),
    BeReclaimed,
    Deregister,
    Terminate,
    End,
    Disappear,
}

#[derive(Clone, Debug)]
pub struct Task {
    pub id: String,
    pub arn: String,
    pub cluster: String,
    pub service: String,
    /// Number of the deployment that started it.
    pub deployment: String,
    pub definition: String,
    pub status: TaskStatus,
    /// Whether the scheduler wants it stopped.
    pub stopping: bool,
    pub health: Health,
    pub was_healthy: bool,
    pub fate: Fate,
    pub log: Vec<String>,
    pub steps: Vec<(f64, Step)>,
    pub created_at: f64,
    pub pull_started_at: Option<f64>,
    pub pull_stopped_at: Option<f64>,
    pub started_at: Option<f64>,
    pub stopping_at: Option<f64>,
    pub execution_stopped_at: Option<f64>,
    pub stopped_at: Option<f64>,
    pub stop_code: Option<&'static str>,
    pub stopped_reason: Option<String>,
    pub exit_code: Option<i64>,
    pub container_reason: Option<String>,
    /// Digest of each container's image, in the order of the task definition.
    pub digests: Vec<Option<String>>,
    pub address: String,
    pub zone: String,
    pub interface: String,
    pub attachment: String,
    pub containers: Vec<String>,
    pub spot: bool,
    pub version: u64,
}

impl Task {
    /// Whether it counts for the scheduler: it is there, and nobody wants it stopped.
    pub fn is_live(&self) -> bool {
        !self.stopping && self.status <= TaskStatus::Running
    }

    pub fn is_healthy(&self) -> bool {
        self.is_live() && self.status == TaskStatus::Running && self.health == Health::Healthy
    }

    /// Whether its containers run, be it that they drain.
    pub fn is_running(&self) -> bool {
        matches!(self.status, TaskStatus::Running | TaskStatus::Deactivating)
    }

    pub fn is_pending(&self) -> bool {
        self.status < TaskStatus::Running
    }

    pub fn next_step(&self) -> Option<f64> {
        self.steps.iter().map(|(at, _)| *at).reduce(f64::min)
    }
}
