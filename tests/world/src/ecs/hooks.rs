//! Lifecycle hooks: Lambda functions, and pauses that somebody ends.
//!
//! From documentation (API reference, `DeploymentLifecycleHook`, `ContinueServiceDeployment`, November 2026), but for the
//! reason of a failed hook, which is from a capture (see `cause`).

use serde_json::Value;

use super::cause::Cause;
use super::model::State;
use super::stages::Stage;

/// Seconds that a hook may take when its configuration names none: 24 hours.
const HOOK_TIMEOUT: f64 = 24.0 * 3600.0;

/// What a hook of Lambda answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookAnswer {
    Succeeded,
    Failed,
    /// It goes on answering `IN_PROGRESS`.
    Hangs,
}

/// A hook of the stage that a deployment is in.
#[derive(Clone, Debug)]
pub struct Hook {
    pub id: String,
    /// The ARN of the Lambda function; `None` for a pause.
    pub target: Option<String>,
    pub status: &'static str,
    pub expires_at: f64,
    /// `CONTINUE` or `ROLLBACK`.
    pub timeout_action: String,
}

impl Hook {
    fn is_open(&self) -> bool {
        matches!(self.status, "AWAITING_ACTION" | "IN_PROGRESS")
    }
}

impl State {
    pub fn enter(&mut self, service: usize, stage: Stage) {
        let now = self.now;
        let configured = self.services[service].configuration()["lifecycleHooks"].clone();
        let of_stage = |hook: &&Value| {
            let stages = hook["lifecycleStages"].as_array().into_iter().flatten();
            stages
                .filter_map(Value::as_str)
                .any(|name| name == stage.as_str())
        };
        let configured: Vec<Value> = configured
            .as_array()
            .into_iter()
            .flatten()
            .filter(of_stage)
            .cloned()
            .collect();
        let hooks = configured
            .into_iter()
            .map(|hook| {
                let timeout = &hook["timeoutConfiguration"];
                let minutes = timeout["timeoutInMinutes"].as_f64();
                let pauses = hook["targetType"] == "PAUSE";
                Hook {
                    id: self.ids.uuid(),
                    target: hook["hookTargetArn"].as_str().map(str::to_owned),
                    status: if pauses {
                        "AWAITING_ACTION"
                    } else {
                        "IN_PROGRESS"
                    },
                    expires_at: now + minutes.map_or(HOOK_TIMEOUT, |minutes| minutes * 60.0),
                    timeout_action: timeout["action"].as_str().unwrap_or("ROLLBACK").to_owned(),
                }
            })
            .collect();
        if let Some(rollout) = self.services[service].rollout_mut() {
            rollout.stage = Some(stage);
            rollout.stage_since = now;
            rollout.updated_at = now;
            rollout.hooks = hooks;
        }
    }

    /// Whether the hooks of the present stage are through; a failed one fails the deployment.
    pub fn hooks_passed(&mut self, service: usize) -> bool {
        let now = self.now;
        let took = self.timing.stage;
        let answers = self.hooks.clone();
        let Some(rollout) = self.services[service].rollout_mut() else {
            return false;
        };
        let stage = rollout.stage.unwrap_or(Stage::PreScaleUp);
        let mut failed = None;
        for hook in rollout.hooks.iter_mut().filter(|hook| hook.is_open()) {
            if let Some(target) = &hook.target
                && now >= rollout.stage_since + took
            {
                match answers.get(target) {
                    Some(HookAnswer::Failed) => {
                        hook.status = "FAILED";
                        failed = Some(Some(target.clone()));
                    }
                    Some(HookAnswer::Hangs) => {}
                    Some(HookAnswer::Succeeded) | None => hook.status = "SUCCEEDED",
                }
            }
            if hook.is_open() && now >= hook.expires_at {
                hook.status = "TIMED_OUT";
                if hook.timeout_action != "CONTINUE" {
                    failed = Some(None);
                }
            }
        }
        let open = rollout.hooks.iter().any(Hook::is_open);
        if let Some(target) = failed {
            self.fail(service, &Cause::Hook(stage, target));
            return false;
        }
        !open
    }

    /// Answers a pause. `false` if no such hook waits.
    pub fn answer_hook(&mut self, service: usize, hook: &str, action: &str) -> bool {
        let now = self.now;
        let owner = &mut self.services[service];
        let Some(found) = owner.rollout_mut().and_then(|rollout| {
            let mut hooks = rollout.hooks.iter_mut();
            hooks.find(|one| one.id == hook && one.status == "AWAITING_ACTION")
        }) else {
            return false;
        };
        found.status = "SUCCEEDED";
        owner.wake = Some(now);
        if action == "ROLLBACK" {
            self.fail(service, &Cause::User);
        }
        true
    }
}
