//! Why a deployment failed, in the words of AWS.
//!
//! From captures: `circuit breaker threshold was exceeded`, `one or more active alarms`, `lifecycle hook(s) failed …
//! returned FAILED status`, the events `deployment failed: tasks failed to start.` and `alarm detected.`, and the
//! rollout state's reason for the circuit breaker. Not known, so worded here after the known ones: the rollout state's
//! reason after an alarm, a hook or a person, and the reason of a deployment that stops without a rollback.

use super::stages::Stage;

/// Why a deployment failed.
#[derive(Clone, Debug)]
pub enum Cause {
    Breaker,
    Alarms,
    /// The stage and the ARN of the hook's target, or `None` for a hook that timed out.
    Hook(Stage, Option<String>),
    /// Somebody called StopServiceDeployment or let a hook roll back.
    User,
}

impl Cause {
    /// `statusReason` of the service deployment.
    pub fn reason(&self) -> String {
        match self {
            Self::Breaker => {
                "Service deployment rolled back because the circuit breaker threshold was exceeded."
                    .to_owned()
            }
            Self::Alarms => {
                "Service deployment rolled back because of one or more active alarms.".to_owned()
            }
            Self::Hook(stage, target) => {
                let what = match target {
                    Some(target) => {
                        format!("Lifecycle hook target {target} returned FAILED status.")
                    }
                    None => "Lifecycle hook timed out.".to_owned(),
                };
                let stage = stage.as_str();
                format!(
                    "Service deployment rolled back because {stage} lifecycle hook(s) failed. {what}"
                )
            }
            Self::User => "Service deployment rolled back by user.".to_owned(),
        }
    }

    /// What the event says after `deployment failed:`.
    pub fn event(&self) -> Option<String> {
        match self {
            Self::Breaker => Some("tasks failed to start.".to_owned()),
            Self::Alarms => Some("alarm detected.".to_owned()),
            Self::Hook(..) => Some(self.reason()),
            Self::User => None,
        }
    }

    /// `rolloutStateReason` of the deployment.
    pub fn rollout(&self) -> String {
        match self {
            Self::Breaker => "ECS deployment circuit breaker: tasks failed to start.".to_owned(),
            Self::Alarms => "ECS deployment failed: alarm detected.".to_owned(),
            Self::Hook(..) => "ECS deployment failed: lifecycle hook failed.".to_owned(),
            Self::User => "ECS deployment stopped by user.".to_owned(),
        }
    }
}
