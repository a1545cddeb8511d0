//! How a service deployment ends: completed, rolled back, superseded, and what remains of it.
//!
//! From documentation (API reference, `ServiceDeployment`; "Early success criteria", November 2026). Not known: how long
//! a replaced deployment stays listed; here, until its tasks have drained and, where it failed, its rollback has ended.

use std::collections::BTreeMap;

use super::events;
use super::model::{Monitor, Rollout, RolloutState, State, Status};

impl Rollout {
    fn end(&mut self, status: Status, now: f64, counted: BTreeMap<String, [usize; 3]>) {
        self.status = status;
        self.updated_at = now;
        self.finished_at = Some(now);
        if status == Status::Stopped {
            self.stopped_at = Some(now);
        }
        for monitor in [&mut self.breaker, &mut self.alarms] {
            if *monitor == Monitor::Monitoring {
                *monitor = Monitor::Complete;
            }
        }
        self.counted = counted;
    }
}

impl State {
    /// A new deployment makes an unfinished one stop.
    pub fn supersede(&mut self, service: usize) {
        let now = self.now;
        if let Some(rollout) = self.services[service].rollout_mut() {
            rollout.status = Status::StopRequested;
            rollout.updated_at = now;
        }
    }

    /// Service deployments that a newer one made stop have stopped.
    pub fn end_superseded(&mut self, service: usize) {
        let now = self.now;
        let counted = self.count_revisions(service);
        let Some((_, older)) = self.services[service].rollouts.split_last_mut() else {
            return;
        };
        for rollout in older {
            if rollout.status == Status::StopRequested && now > rollout.updated_at {
                rollout.end(Status::Stopped, now, counted.clone());
            }
        }
    }

    pub fn end_rollout(&mut self, service: usize, status: Status) {
        let now = self.now;
        let counted = self.count_revisions(service);
        let Some(rollout) = self.services[service].rollout_mut() else {
            return;
        };
        rollout.end(status, now, counted);
    }

    /// Requested, running and pending tasks of each deployment.
    pub fn count_revisions(&self, service: usize) -> BTreeMap<String, [usize; 3]> {
        let owner = &self.services[service];
        let mut counts = BTreeMap::new();
        for (place, deployment) in owner.deployments.iter().enumerate() {
            let (mut live, mut running, mut pending) = (0, 0, 0);
            for index in self.tasks_of(service) {
                let task = &self.tasks[index];
                if task.deployment == deployment.number {
                    live += usize::from(task.is_live());
                    running += usize::from(task.is_running());
                    pending += usize::from(task.is_pending());
                }
            }
            let failed = deployment.state == RolloutState::Failed;
            let requested = if place == 0 && !failed {
                owner.desired
            } else {
                live
            };
            counts.insert(deployment.number.clone(), [requested, running, pending]);
        }
        counts
    }

    /// Removes deployments that are replaced and whose tasks have drained.
    pub fn forget_drained(&mut self, service: usize) {
        let mut left: Vec<String> = Vec::new();
        for index in self.tasks_of(service) {
            let task = &self.tasks[index];
            if task.is_running() || task.is_pending() {
                left.push(task.deployment.clone());
            }
        }
        let owner = &mut self.services[service];
        if let Some(rollout) = owner.rollout().filter(|one| one.rollback.is_some()) {
            left.push(rollout.target.clone());
        }
        let mut place = 0;
        owner.deployments.retain(|deployment| {
            place += 1;
            place == 1 || left.contains(&deployment.number)
        });
    }

    /// Ends a deployment, or a rollback, that has done what it should.
    pub fn settle(&mut self, service: usize) {
        let now = self.now;
        let crowd = self.crowd(service);
        let healthy = self.healthy(&crowd.primary);
        let owner = &self.services[service];
        let Some(primary) = owner.primary() else {
            return;
        };
        let number = primary.number.clone();
        let unfinished = primary.state == RolloutState::InProgress;
        let desired = owner.desired;
        let ready = crowd.primary.len() == desired && healthy == desired;
        let drained = crowd.leaving == 0;
        let Some(rollout) = owner.rollout() else {
            if unfinished && ready && drained {
                self.complete(service, &number);
            }
            return;
        };
        match rollout.status {
            Status::InProgress if rollout.started_at == Some(now) => {}
            Status::InProgress if owner.strategy() == "ROLLING" => {
                if !self.rolling_done(service, healthy, ready, crowd.others.is_empty()) {
                    return;
                }
                let waits = self.timing.successful_after_drain;
                if drained {
                    self.complete(service, &number);
                }
                if drained || !waits || self.is_deferred(service) {
                    self.end_rollout(service, Status::Successful);
                }
            }
            Status::InProgress if self.walked(service) && ready && drained => {
                self.complete(service, &number);
                self.end_rollout(service, Status::Successful);
            }
            Status::RollbackInProgress
                if ready && drained && now >= rollout.updated_at + self.timing.rollback =>
            {
                self.complete(service, &number);
                self.end_rollout(service, Status::RollbackSuccessful);
            }
            _ => {}
        }
    }

    fn complete(&mut self, service: usize, number: &str) {
        let now = self.now;
        let owner = &mut self.services[service];
        if let Some(deployment) = owner.deployment_mut(number) {
            deployment.state = RolloutState::Completed;
            deployment.reason = format!("ECS deployment ecs-svc/{number} completed.");
            deployment.updated_at = now;
        }
        owner.completed = Some(number.to_owned());
        owner.tell(&mut self.ids, now, &events::completed(number));
    }
}
