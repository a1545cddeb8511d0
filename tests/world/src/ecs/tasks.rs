//! The life of a task: `PROVISIONING` → `PENDING` → `ACTIVATING` → `RUNNING` → `DEACTIVATING` → `STOPPING` →
//! `DEPROVISIONING` → `STOPPED`.
//!
//! From documentation: the order of the states ("Amazon ECS task lifecycle"), which stop code goes with what (API
//! reference, `Task.stopCode`). From captures: the stopped reasons, that an unhealthy target gives
//! `ServiceSchedulerInitiated`.

use super::behaviour::{Behaviour, Fate, applies, not_found};
use super::deploy::with_digest;
use super::engine::{Image, Outside};
use super::events;
use super::model::{Definition, State};
use super::task::{Health, Step, Task, TaskStatus};

/// Exit code of a process that ends by `SIGTERM`.
const TERMINATED: i64 = 143;

impl State {
    fn behaviour(&self, definition: &str, launched: usize) -> Option<&Behaviour> {
        let images = self
            .find_definition(definition)
            .map(Definition::images)
            .unwrap_or_default();
        self.behaviours
            .iter()
            .rev()
            .find(|(pattern, _)| applies(pattern, definition, &images))
            .map(|(_, behaviour)| behaviour)
            .filter(|behaviour| behaviour.first.is_none_or(|first| launched < first))
    }

    /// Seconds after its start in which a deployment finds no capacity.
    pub fn without_capacity(&self, definition: &str) -> f64 {
        self.behaviour(definition, 0)
            .map_or(0.0, |behaviour| behaviour.no_capacity)
    }

    /// Starts a task of a deployment; its id.
    pub fn launch(&mut self, service: usize, number: &str) -> String {
        let owner = &self.services[service];
        let (cluster, name) = (owner.cluster.clone(), owner.name.clone());
        let (definition, launched) = owner
            .deployment(number)
            .map(|one| (one.definition.clone(), one.launched))
            .unwrap_or_default();
        let spot = owner
            .given
            .get("capacityProviderStrategy")
            .is_some_and(|strategy| strategy.to_string().contains("FARGATE_SPOT"));
        let behaviour = self.behaviour(&definition, launched).cloned();
        let behaviour = behaviour.unwrap_or_else(Behaviour::healthy);
        let containers = self
            .find_definition(&definition)
            .map_or(1, |found| found.containers().count());
        let now = self.now;
        let provisioned = now + self.timing.provisioning;
        let mut steps = vec![(provisioned, Step::Pull)];
        match &behaviour.fate {
            Fate::CannotStart {
                reason,
                container_reason,
                code,
                after,
            } => steps.push((
                provisioned + after,
                Step::FailToStart(reason.clone(), container_reason.clone(), *code),
            )),
            _ => steps.push((provisioned + self.timing.pull, Step::Activate)),
        }
        let id = self.ids.hex();
        let place = self.addresses;
        self.addresses += 1;
        let task = Task {
            arn: self.arn(&format!("task/{cluster}/{id}")),
            id: id.clone(),
            cluster,
            service: name,
            deployment: number.to_owned(),
            definition,
            status: TaskStatus::Provisioning,
            stopping: false,
            health: Health::Unknown,
            was_healthy: false,
            fate: behaviour.fate,
            log: behaviour.log,
            steps,
            created_at: now,
            pull_started_at: None,
            pull_stopped_at: None,
            started_at: None,
            stopping_at: None,
            execution_stopped_at: None,
            stopped_at: None,
            stop_code: None,
            stopped_reason: None,
            exit_code: None,
            container_reason: None,
            digests: vec![None; containers],
            address: format!("10.0.{}.{}", place / 240 % 250, place % 240 + 10),
            zone: format!("{}{}", self.region, ["a", "b"][usize::from(place % 2)]),
            interface: self.ids.interface(),
            attachment: self.ids.uuid(),
            containers: (0..containers).map(|_| self.ids.uuid()).collect(),
            spot,
            version: 1,
        };
        self.tasks.push(task);
        if let Some(deployment) = self.services[service].deployment_mut(number) {
            deployment.launched += 1;
            deployment.updated_at = now;
        }
        id
    }

    /// A task takes one of its steps.
    pub fn take(&mut self, index: usize, step: Step, outside: &dyn Outside) {
        let now = self.now;
        self.tasks[index].version += 1;
        match step {
            Step::Pull => {
                self.tasks[index].status = TaskStatus::Pending;
                self.tasks[index].pull_started_at = Some(now);
            }
            Step::Activate => self.activate(index, outside),
            Step::Run => self.run(index),
            Step::BecomeHealthy => self.become_healthy(index, outside),
            Step::BecomeUnhealthy(why) => self.tasks[index].health = Health::Unhealthy(why),
            Step::Exit(code, reason) => {
                self.write_log(index, outside);
                self.tasks[index].exit_code = Some(code);
                self.tasks[index].container_reason = reason;
                let reason = "Essential container in task exited";
                self.end_by_itself(index, "EssentialContainerExited", reason);
            }
            Step::FailToStart(reason, container_reason, code) => {
                self.write_log(index, outside);
                self.tasks[index].exit_code = code;
                self.tasks[index].container_reason =
                    container_reason.or_else(|| Some(reason.clone()));
                self.end_by_itself(index, "TaskFailedToStart", &reason);
            }
            Step::BeReclaimed => {
                let reason = "Your Spot Task was interrupted.";
                self.stop(index, "SpotInterruption", reason);
            }
            Step::Deregister => self.deregister(index),
            Step::Terminate => {
                self.tasks[index].status = TaskStatus::Stopping;
                let end = now + self.timing.terminate;
                self.tasks[index].steps.push((end, Step::End));
            }
            Step::End => {
                let deprovisioned = now + self.timing.deprovisioning;
                let task = &mut self.tasks[index];
                task.status = TaskStatus::Deprovisioning;
                task.exit_code = task.exit_code.or(Some(TERMINATED));
                task.execution_stopped_at = Some(now);
                task.steps.push((deprovisioned, Step::Disappear));
            }
            Step::Disappear => {
                let task = &mut self.tasks[index];
                task.status = TaskStatus::Stopped;
                task.stopped_at = Some(now);
            }
        }
        let (cluster, service) = (
            self.tasks[index].cluster.clone(),
            self.tasks[index].service.clone(),
        );
        self.wake(&cluster, &service);
    }

    /// The image is pulled, if it is there.
    fn activate(&mut self, index: usize, outside: &dyn Outside) {
        let now = self.now;
        let task = &self.tasks[index];
        let resolved: Vec<(String, Option<String>)> = self
            .find_service(&task.cluster, &task.service)
            .and_then(|service| {
                service
                    .revisions
                    .iter()
                    .find(|one| one.number == task.deployment)
            })
            .map(|revision| {
                revision
                    .images
                    .iter()
                    .map(|(_, image, digest)| (image.clone(), digest.clone()))
                    .collect()
            })
            .unwrap_or_default();
        let mut missing = None;
        let wanted_architecture = self.architecture(&self.tasks[index].definition);
        for (place, (image, digest)) in resolved.iter().enumerate() {
            let wanted = match digest {
                Some(digest) => with_digest(image, digest),
                None => image.clone(),
            };
            match outside.image(&wanted) {
                Image::Missing => missing = Some(image.clone()),
                Image::Found(found, architecture) => {
                    let task = &mut self.tasks[index];
                    task.digests[place] = Some(found);
                    if !architecture.is_empty() && architecture != wanted_architecture {
                        let foreign = Behaviour::exec_format_error();
                        (task.fate, task.log) = (foreign.fate, foreign.log);
                    }
                }
                Image::Foreign => self.tasks[index].digests[place] = digest.clone(),
            }
        }
        let activating = self.timing.activating;
        let task = &mut self.tasks[index];
        if let Some(image) = missing {
            let step = Step::FailToStart(not_found(&image), None, None);
            task.steps.push((now + activating, step));
            return;
        }
        task.status = TaskStatus::Activating;
        task.pull_stopped_at = Some(now);
        task.steps.push((now + activating, Step::Run));
    }

    fn run(&mut self, index: usize) {
        let now = self.now;
        let task = &self.tasks[index];
        let (cluster, name) = (task.cluster.clone(), task.service.clone());
        let (number, fate) = (task.deployment.clone(), task.fate.clone());
        let checks = self
            .find_definition(&task.definition)
            .is_some_and(Definition::checks_health);
        let timing = self.timing.clone();
        let mut ids = self.ids.clone();
        let mut checked = checks;
        let mut grace = 0.0;
        if let Some(service) = self.find_service_mut(&cluster, &name) {
            if let Some(group) = service.target_group().map(str::to_owned) {
                checked = true;
                service.tell(&mut ids, now, &events::registered(&group));
            }
            grace = service
                .given
                .get("healthCheckGracePeriodSeconds")
                .and_then(serde_json::Value::as_f64)
                .unwrap_or(0.0);
            if let Some(deployment) = service.deployment_mut(&number) {
                deployment.ran = true;
                deployment.failed_tasks = 0;
                deployment.updated_at = now;
            }
        }
        self.ids = ids;
        let task = &mut self.tasks[index];
        task.status = TaskStatus::Running;
        task.started_at = Some(now);
        let usual = if checked {
            timing.healthy
        } else {
            timing.unchecked
        };
        let patience = timing.unhealthy.max(grace);
        let mut healthy_after = |after: f64| {
            // An application that starts more slowly than its checks wait is never called healthy.
            let step = if checked && after > patience {
                (
                    patience,
                    Step::BecomeUnhealthy("Request timed out".to_owned()),
                )
            } else {
                (after, Step::BecomeHealthy)
            };
            task.steps.push((now + step.0, step.1));
        };
        match fate {
            Fate::Healthy { after } => healthy_after(after.unwrap_or(usual)),
            Fate::Exits {
                code,
                after,
                reason,
            } => {
                if after > usual {
                    healthy_after(usual);
                }
                task.steps.push((now + after, Step::Exit(code, reason)));
            }
            Fate::Unhealthy { why } if checked => {
                task.steps
                    .push((now + patience, Step::BecomeUnhealthy(why)));
            }
            Fate::Unhealthy { .. } | Fate::CannotStart { .. } => healthy_after(usual),
            Fate::Reclaimed { after } => {
                if after > usual {
                    healthy_after(usual);
                }
                task.steps.push((now + after, Step::BeReclaimed));
            }
        }
    }

    fn become_healthy(&mut self, index: usize, outside: &dyn Outside) {
        self.tasks[index].health = Health::Healthy;
        self.tasks[index].was_healthy = true;
        if matches!(self.tasks[index].fate, Fate::Healthy { .. }) {
            self.write_log(index, outside);
        }
        self.forget_failures(index);
    }

    /// The scheduler, or somebody, wants a task to stop.
    pub fn stop(&mut self, index: usize, code: &'static str, reason: &str) {
        let now = self.now;
        let task = &self.tasks[index];
        let balanced = self
            .find_service(&task.cluster, &task.service)
            .is_some_and(|service| service.target_group().is_some());
        let timing = self.timing.clone();
        let task = &mut self.tasks[index];
        if task.stopping {
            return;
        }
        task.stopping = true;
        task.version += 1;
        task.stop_code = Some(code);
        task.stopped_reason = Some(reason.to_owned());
        task.stopping_at = Some(now);
        task.steps.clear();
        match task.status {
            TaskStatus::Running if balanced => {
                task.status = TaskStatus::Deactivating;
                let deregistered = now + timing.deregistering;
                let drained = deregistered + timing.deregistration_delay;
                task.steps.push((deregistered, Step::Deregister));
                task.steps.push((drained, Step::Terminate));
            }
            TaskStatus::Running => {
                task.status = TaskStatus::Stopping;
                task.steps.push((now + timing.terminate, Step::End));
            }
            _ => {
                task.status = TaskStatus::Deprovisioning;
                task.steps
                    .push((now + timing.deprovisioning, Step::Disappear));
            }
        }
    }

    /// A task ends without being asked to.
    fn end_by_itself(&mut self, index: usize, code: &'static str, reason: &str) {
        let now = self.now;
        let deprovisioning = self.timing.deprovisioning;
        if !self.tasks[index].stopping && self.tasks[index].started_at.is_some() {
            self.deregister(index);
        }
        let task = &mut self.tasks[index];
        task.stopping = true;
        task.status = TaskStatus::Deprovisioning;
        task.stop_code = Some(code);
        task.stopped_reason = Some(reason.to_owned());
        task.stopping_at = Some(now);
        task.execution_stopped_at = Some(now);
        task.steps.clear();
        task.steps.push((now + deprovisioning, Step::Disappear));
        self.count_failure(index);
    }

    fn deregister(&mut self, index: usize) {
        let now = self.now;
        let task = &self.tasks[index];
        let (cluster, name) = (task.cluster.clone(), task.service.clone());
        let number = task.deployment.clone();
        let mut ids = self.ids.clone();
        if let Some(service) = self.find_service_mut(&cluster, &name)
            && let Some(group) = service.target_group().map(str::to_owned)
        {
            service.tell(&mut ids, now, &events::deregistered(&group));
            service.add_event(&mut ids, now, events::draining(&name, &number));
        }
        self.ids = ids;
    }

    fn write_log(&self, index: usize, outside: &dyn Outside) {
        let task = &self.tasks[index];
        let Some(definition) = self.find_definition(&task.definition) else {
            return;
        };
        let Some(container) = definition.containers().next() else {
            return;
        };
        let options = &container["logConfiguration"]["options"];
        if let (Some(group), Some(prefix), Some(name)) = (
            options["awslogs-group"].as_str(),
            options["awslogs-stream-prefix"].as_str(),
            container["name"].as_str(),
        ) {
            let stream = format!("{prefix}/{name}/{}", task.id);
            outside.log(group, &stream, self.now, &task.log);
        }
    }
}
