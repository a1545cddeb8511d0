//! Lifecycle stages: blue/green, linear and canary deployments, and rolling ones that have hooks.
//!
//! From documentation (API reference, `ServiceDeployment.lifecycleStage`, `LinearConfiguration`, `CanaryConfiguration`,
//! November 2026). How long a stage takes is an estimate.

use serde_json::Value;

use super::model::{State, Status};
use super::rollout::is_before_tasks;

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
    pub fn as_str(self) -> &'static str {
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

    fn next(self) -> Self {
        match self {
            Self::ReconcileService => Self::PreScaleUp,
            Self::PreScaleUp => Self::ScaleUp,
            Self::ScaleUp => Self::PostScaleUp,
            Self::PostScaleUp => Self::TestTrafficShift,
            Self::TestTrafficShift => Self::PostTestTrafficShift,
            Self::PostTestTrafficShift => Self::PreProductionTrafficShift,
            Self::PreProductionTrafficShift => Self::ProductionTrafficShift,
            Self::ProductionTrafficShift => Self::PostProductionTrafficShift,
            Self::PostProductionTrafficShift => Self::BakeTime,
            Self::BakeTime | Self::CleanUp => Self::CleanUp,
        }
    }
}

impl State {
    /// Whether a rolling deployment may start and stop tasks: its hooks before that are through.
    pub fn rolling_stage(&mut self, service: usize) -> bool {
        let owner = &self.services[service];
        let hooked = owner.configuration()["lifecycleHooks"]
            .as_array()
            .is_some_and(|hooks| !hooks.is_empty());
        let stage = owner.rollout().and_then(|rollout| rollout.stage);
        if owner.strategy() != "ROLLING" || !hooked || !is_before_tasks(stage) {
            return true;
        }
        if stage.is_none() {
            self.enter(service, Stage::PreScaleUp);
        }
        if !self.hooks_passed(service) {
            return false;
        }
        self.enter(service, Stage::ScaleUp);
        true
    }

    /// Whether a rolling deployment has done all but the draining: healthy, hooks through, baked.
    pub fn rolling_done(
        &mut self,
        service: usize,
        healthy: usize,
        ready: bool,
        alone: bool,
    ) -> bool {
        let now = self.now;
        let owner = &self.services[service];
        let early = &owner.configuration()["earlySuccessCriteria"];
        let percent = early["healthyPercent"].as_u64().unwrap_or(100);
        let enough = owner.desired * usize::try_from(percent).unwrap_or(100);
        let early = early["enable"] == true && healthy > 0 && healthy * 100 >= enough;
        let early = early && (alone || self.is_deferred(service));
        if !(ready && alone || early) {
            return false;
        }
        let stage = self.services[service].rollout().and_then(|one| one.stage);
        if stage == Some(Stage::ScaleUp) {
            self.enter(service, Stage::PostScaleUp);
        }
        if stage.is_some() && !self.hooks_passed(service) {
            return false;
        }
        let bake = self.bake(service);
        let Some(rollout) = self.services[service].rollout_mut() else {
            return false;
        };
        if rollout.stage.is_some() && rollout.bake_until.is_none() && bake > 0.0 {
            rollout.stage = Some(Stage::BakeTime);
        }
        let until = *rollout.bake_until.get_or_insert(now + bake);
        if now < until {
            return false;
        }
        if rollout.stage.is_some() {
            rollout.stage = Some(Stage::CleanUp);
        }
        true
    }

    /// Whether the clean-up of old tasks does not hold up success.
    pub fn is_deferred(&self, service: usize) -> bool {
        let early = &self.services[service].configuration()["earlySuccessCriteria"];
        early["enable"] == true && early["sourceServiceRevisionCleanup"] == "DEFERRED"
    }

    fn bake(&self, service: usize) -> f64 {
        let minutes = self.services[service].configuration()["bakeTimeInMinutes"]
            .as_f64()
            .unwrap_or(0.0);
        if minutes > 0.0 {
            minutes * 60.0
        } else if self.watched_alarms(service).is_empty() {
            0.0
        } else {
            self.timing.alarm_bake
        }
    }

    /// Whether a deployment that walks through stages is at its last one.
    pub fn walked(&self, service: usize) -> bool {
        self.services[service]
            .rollout()
            .is_some_and(|rollout| rollout.stage == Some(Stage::CleanUp))
    }

    /// One look at a blue/green, linear or canary deployment in progress.
    pub fn walk(&mut self, service: usize) {
        let now = self.now;
        let owner = &self.services[service];
        let Some(rollout) = owner.rollout() else {
            return;
        };
        let number = rollout.target.clone();
        let desired = owner.desired;
        let Some(stage) = rollout.stage else {
            let several = rollout.sources.len() > 1;
            let first = if several {
                Stage::ReconcileService
            } else {
                Stage::PreScaleUp
            };
            self.enter(service, first);
            return;
        };
        if stage > Stage::PreScaleUp {
            self.replace_unhealthy(service, usize::MAX, false);
            let crowd = self.crowd(service);
            let wanted = desired.saturating_sub(crowd.primary.len());
            self.launch_some(service, &number, wanted);
        }
        if !self.hooks_passed(service) {
            return;
        }
        let crowd = self.crowd(service);
        let ready = self.healthy(&crowd.primary) >= desired;
        let bake = self.bake(service);
        let took = self.timing.stage;
        // There is nothing to shift from in a first deployment.
        let first = self.services[service].completed.is_none();
        let strategy = if first {
            "BLUE_GREEN"
        } else {
            self.services[service].strategy()
        }
        .to_owned();
        let configuration = self.services[service].configuration().clone();
        let Some(rollout) = self.services[service].rollout_mut() else {
            return;
        };
        if rollout.status != Status::InProgress {
            return;
        }
        let passed = now - rollout.stage_since;
        let next = match stage {
            Stage::ScaleUp if !ready => return,
            Stage::TestTrafficShift | Stage::ProductionTrafficShift if passed < took => return,
            Stage::TestTrafficShift => {
                rollout.test = 100.0;
                stage.next()
            }
            Stage::ProductionTrafficShift => {
                let (step, pause) = shift(&strategy, &configuration, rollout.production);
                if rollout.bake_until.is_none() {
                    rollout.production = step;
                    rollout.updated_at = now;
                    rollout.bake_until = Some(now + pause);
                }
                if rollout.bake_until.is_some_and(|until| now < until) {
                    return;
                }
                rollout.bake_until = None;
                if rollout.production < 100.0 {
                    Stage::PreProductionTrafficShift
                } else {
                    stage.next()
                }
            }
            Stage::BakeTime if passed < bake => return,
            Stage::CleanUp => {
                self.clean_up(service);
                return;
            }
            _ => stage.next(),
        };
        self.enter(service, next);
    }

    /// Stops the tasks of the old revision.
    fn clean_up(&mut self, service: usize) {
        let crowd = self.crowd(service);
        let mut running = Vec::new();
        let mut pending = 0;
        for index in crowd.others {
            let task = &self.tasks[index];
            if task.is_pending() {
                pending += 1;
            } else {
                running.push(task.id.clone());
            }
            let reason = format!(
                "Scaling activity initiated by (deployment ecs-svc/{})",
                task.deployment
            );
            self.stop(index, "ServiceSchedulerInitiated", &reason);
        }
        self.tell_stopped(service, pending, &running);
    }
}

/// Where the next shift of production traffic leads, in percent, and how many seconds it stays there.
fn shift(strategy: &str, configuration: &Value, now: f64) -> (f64, f64) {
    let number =
        |of: &str, field: &str, usual: f64| configuration[of][field].as_f64().unwrap_or(usual);
    let (step, minutes) = match strategy {
        "CANARY" if now == 0.0 => (
            number("canaryConfiguration", "canaryPercent", 5.0),
            number("canaryConfiguration", "canaryBakeTimeInMinutes", 10.0),
        ),
        "LINEAR" => (
            number("linearConfiguration", "stepPercent", 10.0),
            number("linearConfiguration", "stepBakeTimeInMinutes", 6.0),
        ),
        _ => (100.0, 0.0),
    };
    let reached = (now + step).min(100.0);
    if reached >= 100.0 {
        return (100.0, 0.0);
    }
    (reached, minutes * 60.0)
}
