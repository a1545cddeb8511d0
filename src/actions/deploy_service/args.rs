use crate::runner::inputs::boolean;

/// What the action does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Operation {
    /// Wait for a deployment that somebody else started.
    #[default]
    Wait,
    /// Deploy another image or another task definition.
    Deploy,
    /// The same task definition with new tasks.
    Restart,
    /// Back to the revision before.
    Rollback,
    /// Show the service, and change nothing.
    Status,
}

impl Operation {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Deploy => "deploy",
            Self::Restart => "restart",
            Self::Rollback => "rollback",
            Self::Status => "status",
        }
    }
}

/// When a deployment counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Until {
    /// ECS says so: the old tasks are gone too.
    #[default]
    Deployed,
    /// Every task of the new revision is healthy.
    Live,
}

/// What to do with a deployment that fails or is abandoned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Reaction {
    /// Leave it to ECS.
    #[default]
    Leave,
    /// Stop it, and have ECS return to the revision before.
    Rollback,
}

/// Inputs of `deploy-service`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do: `wait`, `deploy`, `restart`, `rollback` or `status`
    #[arg(long, value_enum, default_value_t)]
    pub operation: Operation,
    /// Cluster of the service: its name or ARN
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: String,
    /// Service: its name or ARN
    #[arg(long, value_name = "SERVICE")]
    pub service: String,
    /// Deployment to wait for, roll back or show: `ecs-svc/1234567890123456789`, or the ARN of a service deployment; by default the one in flight, else the newest
    #[arg(long, value_name = "ID")]
    pub deployment_id: Option<String>,
    /// Task definition whose deployment to wait for, or that `deploy` deploys: ARN or `family:revision`; for `deploy` also the path of a JSON file
    #[arg(long, value_name = "NAME")]
    pub task_definition: Option<String>,
    /// Image that `deploy` puts into the task definition, for example `123456789012.dkr.ecr.eu-central-1.amazonaws.com/keycloak:1.2.3`
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Container that gets `image`; needed where several could be meant
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    /// When the wait is over: `deployed` (ECS says so, the old tasks are gone) or `live` (every new task is healthy)
    #[arg(long, value_enum, default_value_t)]
    pub until: Until,
    /// Seconds that the wait may take, 1 to 1209600
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, value_parser = clap::value_parser!(u64).range(1..=1_209_600))]
    pub timeout_seconds: u64,
    /// Whether stopped tasks that leave no hope end the wait before ECS gives up: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "true", value_parser = boolean)]
    pub fail_fast: bool,
    /// What to do when the deployment fails: `leave` it to ECS, or `rollback` at once
    #[arg(long, value_enum, default_value_t)]
    pub on_failure: Reaction,
    /// What to do when the job is cancelled: `leave` the deployment running, or `rollback`
    #[arg(long, value_enum, default_value_t)]
    pub on_cancel: Reaction,
    /// AWS region, for example `eu-central-1`; by default `AWS_REGION`
    #[arg(long, value_name = "REGION")]
    pub aws_region: Option<String>,
}
