//! Failure: what counts as one, when a deployment has failed, and the way back.
//!
//! From documentation: the statuses and their order ("Amazon ECS service deployments", "Stopping service deployments"),
//! thresholds, what counts as a failure. From captures: that the deployment which is gone back to keeps its id, and
//! the texts, whose sources `cause` names.

use serde_json::Value;

use super::cause::Cause;
use super::events;
use super::model::{Deployment, Monitor, Rollback, RolloutState, State, Status};

impl State {
    /// A task of a deployment failed: it could not start, it exited, or its checks failed.
    pub fn count_failure(&mut self, task: usize) {
        let task = &self.tasks[task];
        let (number, was_healthy) = (task.deployment.clone(), task.was_healthy);
        let (cluster, name) = (task.cluster.clone(), task.service.clone());
        let Some(service) = self.index_of(&cluster, &name) else {
            return;
        };
        self.slow_down(service, &number);
        let owner = &mut self.services[service];
        if let Some(deployment) = owner.deployment_mut(&number)
            && !deployment.ran
        {
            deployment.failed_tasks += 1;
        }
        let Some(rollout) = owner.rollout_mut() else {
            return;
        };
        if rollout.target == number && rollout.breaker == Monitor::Monitoring && !was_healthy {
            rollout.failures += 1;
        }
        if let Some(rollback) = &mut rollout.rollback
            && rollback.revision == number
            && !was_healthy
        {
            rollback.failures += 1;
        }
    }

    /// A task became healthy: the circuit breaker starts to count anew, unless it is told not to.
    pub fn forget_failures(&mut self, task: usize) {
        let task = &self.tasks[task];
        let number = task.deployment.clone();
        let (cluster, name) = (task.cluster.clone(), task.service.clone());
        let Some(service) = self.find_service_mut(&cluster, &name) else {
            return;
        };
        let breaker = &service.configuration()["deploymentCircuitBreaker"];
        let resets = breaker["resetOnHealthyTask"].as_bool() != Some(false);
        if let Some(deployment) = service.deployment_mut(&number) {
            deployment.failures = 0;
        }
        if let Some(rollout) = service.rollout_mut()
            && rollout.target == number
            && resets
        {
            rollout.failures = 0;
        }
    }

    /// Failures that trip the circuit breaker.
    pub fn threshold(&self, service: usize) -> usize {
        let owner = &self.services[service];
        let breaker = &owner.configuration()["deploymentCircuitBreaker"];
        let threshold = &breaker["thresholdConfiguration"];
        let value = threshold["value"].as_u64().unwrap_or(50);
        let value = usize::try_from(value).unwrap_or(usize::MAX);
        let share = owner.desired.saturating_mul(value).div_ceil(100);
        match threshold["type"].as_str() {
            Some("COUNT") => value,
            Some("UNBOUNDED_PERCENT") => share.max(1),
            _ => share.clamp(3, 200),
        }
    }

    pub fn watched_alarms(&self, service: usize) -> Vec<String> {
        let alarms = &self.services[service].configuration()["alarms"];
        if alarms["enable"].as_bool() != Some(true) {
            return Vec::new();
        }
        let names = alarms["alarmNames"].as_array().into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The detectors look at the deployment.
    pub fn judge(&mut self, service: usize) {
        let threshold = self.threshold(service);
        let watched = self.watched_alarms(service);
        let Some(rollout) = self.services[service].rollout() else {
            return;
        };
        if rollout.status == Status::RollbackInProgress {
            let failures = rollout.rollback.as_ref().map_or(0, |one| one.failures);
            if failures >= threshold {
                self.fail_rollback(
                    service,
                    "Service deployment rollback failed because tasks failed to start.",
                );
            }
            return;
        }
        if rollout.status != Status::InProgress {
            return;
        }
        let triggered: Vec<String> = watched
            .into_iter()
            .filter(|name| self.alarms.contains(name) && !rollout.ignored.contains(name))
            .collect();
        if rollout.alarms == Monitor::Monitoring && !triggered.is_empty() {
            if let Some(rollout) = self.services[service].rollout_mut() {
                rollout.alarms = Monitor::Triggered;
                rollout.triggered = triggered;
            }
            self.fail(service, &Cause::Alarms);
        } else if rollout.breaker == Monitor::Monitoring && rollout.failures >= threshold {
            if let Some(rollout) = self.services[service].rollout_mut() {
                rollout.breaker = Monitor::Triggered;
            }
            self.fail(service, &Cause::Breaker);
        }
    }

    /// A deployment fails: it rolls back where that is wanted, and stops otherwise.
    pub fn fail(&mut self, service: usize, cause: &Cause) {
        let now = self.now;
        let owner = &self.services[service];
        let Some(rollout) = owner.rollout() else {
            return;
        };
        let target = rollout.target.clone();
        let configured = |detector: &str| owner.configuration()[detector]["rollback"] == true;
        let rolls_back = match cause {
            Cause::Breaker => configured("deploymentCircuitBreaker"),
            Cause::Alarms => configured("alarms"),
            Cause::Hook(..) | Cause::User => true,
        };
        let candidate = owner.completed.clone().filter(|number| *number != target);
        let owner = &mut self.services[service];
        if let Some(deployment) = owner.deployment_mut(&target) {
            deployment.state = RolloutState::Failed;
            deployment.reason = cause.rollout();
            deployment.updated_at = now;
        }
        if let Some(event) = cause.event() {
            owner.tell(&mut self.ids, now, &events::failed(&target, &event));
        }
        if let Some(rollout) = owner.rollout_mut() {
            rollout.updated_at = now;
            rollout.bake_until = None;
            if rolls_back {
                rollout.status = Status::RollbackRequested;
                rollout.rollback = Some(Rollback {
                    reason: cause.reason(),
                    started_at: None,
                    revision: candidate.unwrap_or_default(),
                    failures: 0,
                });
            } else {
                rollout.status = Status::StopRequested;
                rollout.reason = Some(cause.reason().replace("rolled back", "stopped"));
            }
        }
        owner.wake = Some(now);
    }

    /// The rollback starts: the deployment that completed last becomes the primary one again.
    pub fn roll_back(&mut self, service: usize) {
        let now = self.now;
        let owner = &mut self.services[service];
        let Some(rollback) = owner.rollout().and_then(|one| one.rollback.clone()) else {
            return;
        };
        let revision = owner
            .revisions
            .iter()
            .find(|one| one.number == rollback.revision)
            .cloned();
        let Some(revision) = revision else {
            self.fail_rollback(
                service,
                "No rollback candidate was found to run the rollback.",
            );
            return;
        };
        let by_breaker = owner
            .rollout()
            .is_some_and(|one| one.breaker == Monitor::Triggered);
        let prefix = if by_breaker { " circuit breaker" } else { "" };
        let reason = format!(
            "ECS deployment{prefix}: rolling back to deploymentId ecs-svc/{}.",
            revision.number
        );
        let place = owner
            .deployments
            .iter()
            .position(|one| one.number == revision.number);
        let mut deployment = match place {
            Some(place) => owner.deployments.remove(place),
            None => Deployment {
                number: revision.number.clone(),
                definition: revision.definition.clone(),
                state: RolloutState::InProgress,
                reason: String::new(),
                failed_tasks: 0,
                ran: false,
                failures: 0,
                launched: 0,
                retry_at: now,
                created_at: revision.created_at,
                updated_at: now,
            },
        };
        deployment.state = RolloutState::InProgress;
        deployment.reason = reason;
        deployment.updated_at = now;
        owner.deployments.insert(0, deployment);
        owner.definition = revision.definition;
        owner.steady = false;
        owner.tell(&mut self.ids, now, &events::rolling_back(&revision.number));
        if let Some(rollout) = owner.rollout_mut() {
            rollout.status = Status::RollbackInProgress;
            rollout.reason = Some(rollback.reason);
            rollout.updated_at = now;
            rollout.production = 0.0;
            rollout.test = 0.0;
            rollout.stage = None;
            if let Some(rollback) = &mut rollout.rollback {
                rollback.started_at = Some(now);
            }
        }
    }

    fn fail_rollback(&mut self, service: usize, reason: &str) {
        let owner = &mut self.services[service];
        if let Some(rollout) = owner.rollout_mut() {
            rollout.reason = Some(reason.to_owned());
        }
        if let Some(primary) = owner.deployments.first_mut() {
            primary.state = RolloutState::Failed;
        }
        self.end_rollout(service, Status::RollbackFailed);
    }

    fn index_of(&self, cluster: &str, name: &str) -> Option<usize> {
        self.services
            .iter()
            .rposition(|one| one.cluster == cluster && one.name == name)
    }
}
