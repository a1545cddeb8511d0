//! The scheduler: it brings the tasks of a service to what its deployments want.
//!
//! From documentation (API reference, `DeploymentConfiguration`, November 2026): `maximumPercent` rounds down,
//! `minimumHealthyPercent` rounds up; a task without any health check counts after 40 seconds; unhealthy tasks are
//! replaced first and stopped then. From captures: an old task is stopped as soon as a new one is healthy.

use super::events;
use super::model::{RolloutState, ServiceStatus, State, Status};
use super::stages::Stage;
use super::task::Health;

/// Seconds until a service that wants nothing is looked at again; it repeats then that it is steady.
const REST: f64 = 6.0 * 3600.0;
/// Seconds between two looks at a service that is not steady.
const LOOK: f64 = 1.0;
/// Failures in a row after which ECS says that a service cannot start its tasks.
const INCONSISTENT_AFTER: usize = 5;

/// The tasks of a service, by what the scheduler makes of them (indexes).
pub struct Crowd {
    pub primary: Vec<usize>,
    pub others: Vec<usize>,
    /// Tasks of other deployments that still run or start, draining ones too.
    pub leaving: usize,
}

impl State {
    /// One look of the scheduler; seconds until the next.
    pub fn look(&mut self, service: usize) -> f64 {
        if self.services[service].status != ServiceStatus::Active {
            return self.wind_down(service);
        }
        self.progress(service);
        self.judge(service);
        let walks = {
            let owner = &self.services[service];
            owner.strategy() != "ROLLING"
                && owner
                    .rollout()
                    .is_some_and(|rollout| rollout.status == Status::InProgress)
        };
        if walks {
            self.walk(service);
        } else if self.may_roll(service) {
            self.roll(service);
        }
        self.forget_drained(service);
        self.settle(service);
        self.forget_drained(service);
        if self.rests(service) { REST } else { LOOK }
    }

    /// Steps of a service deployment that only take time.
    fn progress(&mut self, service: usize) {
        let now = self.now;
        let start = self.timing.start;
        self.end_superseded(service);
        let Some(rollout) = self.services[service].rollout_mut() else {
            return;
        };
        match rollout.status {
            Status::Pending if now >= rollout.created_at + start => {
                rollout.status = Status::InProgress;
                rollout.started_at = Some(now);
                rollout.updated_at = now;
            }
            Status::StopRequested if now > rollout.updated_at => {
                self.end_rollout(service, Status::Stopped);
            }
            Status::RollbackRequested if now > rollout.updated_at => self.roll_back(service),
            _ => {}
        }
    }

    /// Whether tasks may start and stop: not before a deployment has started, not before its hooks let it.
    fn may_roll(&mut self, service: usize) -> bool {
        let status = self.services[service]
            .rollout()
            .map(|rollout| rollout.status);
        match status {
            Some(Status::Pending) => false,
            Some(Status::InProgress) => self.rolling_stage(service),
            _ => true,
        }
    }

    pub fn crowd(&self, service: usize) -> Crowd {
        let number = self.services[service]
            .primary()
            .map(|one| one.number.clone())
            .unwrap_or_default();
        let (primary, others): (Vec<usize>, Vec<usize>) = self
            .tasks_of(service)
            .into_iter()
            .partition(|index| self.tasks[*index].deployment == number);
        let there = |index: &&usize| {
            let task = &self.tasks[**index];
            task.is_running() || task.is_live()
        };
        let leaving = others.iter().filter(there).count();
        let live = |indexes: Vec<usize>| {
            let live = indexes.into_iter();
            live.filter(|index| self.tasks[*index].is_live()).collect()
        };
        Crowd {
            primary: live(primary),
            others: live(others),
            leaving,
        }
    }

    pub fn healthy(&self, tasks: &[usize]) -> usize {
        tasks
            .iter()
            .filter(|index| self.tasks[**index].is_healthy())
            .count()
    }

    /// Replaces the tasks of old deployments within the limits of the configuration.
    pub fn roll(&mut self, service: usize) {
        let owner = &self.services[service];
        let Some(primary) = owner.primary() else {
            return;
        };
        let (number, failed) = (
            primary.number.clone(),
            primary.state == RolloutState::Failed,
        );
        let desired = owner.desired;
        let percent = |field: &str, usual: usize| {
            let value = owner.configuration()[field].as_u64();
            value
                .and_then(|value| usize::try_from(value).ok())
                .unwrap_or(usual)
        };
        let most = desired * percent("maximumPercent", 200) / 100;
        let least = (desired * percent("minimumHealthyPercent", 100)).div_ceil(100);
        self.replace_unhealthy(service, most, failed);
        if failed {
            return;
        }
        let crowd = self.crowd(service);
        let live = crowd.primary.len() + crowd.others.len();
        let wanted = desired.saturating_sub(crowd.primary.len());
        let room = most.saturating_sub(live);
        self.launch_some(service, &number, wanted.min(room));
        let mut healthy = self.healthy(&crowd.primary) + self.healthy(&crowd.others);
        let replaced = self.healthy(&crowd.primary);
        let (mut pending, mut running) = (0, Vec::new());
        let mut remaining = crowd.others.len();
        let blocked = wanted > 0 && room == 0;
        for index in crowd.others.iter().copied() {
            let task = &self.tasks[index];
            if task.is_healthy() {
                let surplus = replaced + remaining > desired;
                if healthy <= least || !(surplus || blocked) {
                    continue;
                }
                healthy -= 1;
            }
            remaining -= 1;
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
        let excess = crowd.primary.len().saturating_sub(desired);
        for index in crowd.primary.iter().rev().take(excess).copied() {
            let task = &self.tasks[index];
            if task.is_pending() {
                pending += 1;
            } else {
                running.push(task.id.clone());
            }
            let reason = format!("Scaling activity initiated by (deployment ecs-svc/{number})");
            self.stop(index, "ServiceSchedulerInitiated", &reason);
        }
        self.tell_stopped(service, pending, &running);
        let starting = crowd.primary.len() > replaced;
        let still =
            pending == 0 && running.is_empty() && !starting && crowd.leaving == crowd.others.len();
        if blocked && still && !crowd.others.is_empty() {
            let now = self.now;
            self.services[service].tell_once(&mut self.ids, now, events::STALLED);
        }
    }

    /// Starts up to `count` tasks of a deployment, unless it has to wait.
    pub fn launch_some(&mut self, service: usize, number: &str, count: usize) -> usize {
        let now = self.now;
        let Some(deployment) = self.services[service].deployment(number) else {
            return 0;
        };
        if count == 0 || now < deployment.retry_at {
            return 0;
        }
        let (created, definition) = (deployment.created_at, deployment.definition.clone());
        if now < created + self.without_capacity(&definition) {
            self.services[service].tell_once(&mut self.ids, now, events::CANNOT_PLACE);
            return 0;
        }
        let started: Vec<String> = (0..count).map(|_| self.launch(service, number)).collect();
        self.services[service].tell(&mut self.ids, now, &events::started(&started, 0));
        count
    }

    /// Replaces tasks whose checks fail: the replacement first where `most` allows it.
    pub fn replace_unhealthy(&mut self, service: usize, most: usize, failed: bool) {
        let now = self.now;
        let crowd = self.crowd(service);
        let mut live = crowd.primary.len() + crowd.others.len();
        let tasks: Vec<usize> = crowd.primary.into_iter().chain(crowd.others).collect();
        for index in tasks {
            let task = &self.tasks[index];
            let Health::Unhealthy(why) = task.health.clone() else {
                continue;
            };
            let (id, number) = (task.id.clone(), task.deployment.clone());
            let owner = &self.services[service];
            let primary = owner.primary().is_some_and(|one| one.number == number);
            if primary && !failed && live < most {
                let started = self.launch(service, &number);
                let text = events::started(&[started], 1);
                self.services[service].tell(&mut self.ids, now, &text);
                live += 1;
            }
            let owner = &mut self.services[service];
            let group = owner.target_group().map(str::to_owned);
            let (text, reason) = match group {
                Some(group) => (
                    events::unhealthy_target(&id, owner.port(), &group, &why),
                    format!("Task failed ELB health checks in (target-group {group})"),
                ),
                None => (
                    events::unhealthy_container(&id),
                    "Task failed container health checks".to_owned(),
                ),
            };
            owner.tell(&mut self.ids, now, &text);
            self.stop(index, "ServiceSchedulerInitiated", &reason);
            self.count_failure(index);
            self.tell_stopped(service, 0, &[id]);
            live -= 1;
        }
    }

    pub fn tell_stopped(&mut self, service: usize, pending: usize, running: &[String]) {
        let now = self.now;
        if !running.is_empty() {
            let text = events::stopped_running(running);
            self.services[service].tell(&mut self.ids, now, &text);
        }
        if pending > 0 {
            let text = events::stopped_pending(pending);
            self.services[service].tell(&mut self.ids, now, &text);
        }
    }

    /// A task of a deployment failed: the next one waits the longer, the more failed before it.
    pub fn slow_down(&mut self, service: usize, number: &str) {
        let now = self.now;
        let Some(deployment) = self.services[service].deployment_mut(number) else {
            return;
        };
        deployment.failures += 1;
        let beyond = deployment.failures.saturating_sub(2).min(8);
        #[expect(clippy::cast_precision_loss, reason = "at most 8")]
        let pause = beyond as f64 * 15.0;
        deployment.retry_at = now + pause;
        if deployment.failures == INCONSISTENT_AFTER {
            self.services[service].tell_once(&mut self.ids, now, events::INCONSISTENT);
        }
    }

    /// Stops everything of a service that is being deleted.
    fn wind_down(&mut self, service: usize) -> f64 {
        let crowd = self.crowd(service);
        for index in crowd.primary.into_iter().chain(crowd.others) {
            let reason = "Task stopped by (service deletion)";
            self.stop(index, "ServiceSchedulerInitiated", reason);
        }
        let there = self.tasks_of(service).into_iter().any(|index| {
            let task = &self.tasks[index];
            task.is_running() || task.is_pending()
        });
        if there {
            return LOOK;
        }
        let owner = &mut self.services[service];
        owner.status = ServiceStatus::Inactive;
        owner.deployments.clear();
        REST
    }

    /// Whether nothing is left to do; says once that the service is steady.
    fn rests(&mut self, service: usize) -> bool {
        let now = self.now;
        let crowd = self.crowd(service);
        let owner = &self.services[service];
        let completed = owner
            .primary()
            .is_none_or(|one| one.state == RolloutState::Completed);
        let steady = owner.rollout().is_none()
            && completed
            && crowd.leaving == 0
            && crowd.primary.len() == owner.desired
            && self.healthy(&crowd.primary) == owner.desired;
        let owner = &mut self.services[service];
        if steady && !owner.steady {
            owner.tell(&mut self.ids, now, events::STEADY);
        } else if steady {
            owner.tell_once(&mut self.ids, now, events::STEADY);
        }
        owner.steady = steady;
        steady
    }
}

/// What the stages ask of a rolling deployment.
pub fn is_before_tasks(stage: Option<Stage>) -> bool {
    matches!(
        stage,
        None | Some(Stage::ReconcileService | Stage::PreScaleUp)
    )
}
