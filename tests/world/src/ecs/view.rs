//! The answers about services, deployments and revisions: JSON as the API reference and captured answers have it.

use serde_json::{Map, Value, json};

use super::model::{Deployment, Revision, Rollout, Service, ServiceStatus, State};

/// Fields of a service that come back as they were given.
const SERVICE_FIELDS: [&str; 16] = [
    "loadBalancers",
    "serviceRegistries",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "placementConstraints",
    "placementStrategy",
    "networkConfiguration",
    "healthCheckGracePeriodSeconds",
    "schedulingStrategy",
    "deploymentController",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
];

/// Fields of a service that deployments and revisions repeat.
const SHARED_FIELDS: [&str; 6] = [
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
];

/// A time as the JSON protocol writes it: seconds, with milliseconds.
pub fn stamp(at: f64) -> Value {
    json!((at * 1000.0).round() / 1000.0)
}

/// Copies the fields that deployments and revisions repeat; `LATEST` is a version there.
fn copy_shared(from: &Map<String, Value>, fields: &[&str], to: &mut Map<String, Value>) {
    copy(from, fields, to);
    if to.get("platformVersion") == Some(&json!("LATEST")) {
        to.insert("platformVersion".to_owned(), json!("1.4.0"));
    }
}

fn copy(from: &Map<String, Value>, fields: &[&str], to: &mut Map<String, Value>) {
    for field in fields {
        if let Some(value) = from.get(*field) {
            to.insert((*field).to_owned(), value.clone());
        }
    }
}

pub fn insert_time(object: &mut Map<String, Value>, field: &str, at: Option<f64>) {
    if let Some(at) = at {
        object.insert(field.to_owned(), stamp(at));
    }
}

pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

impl State {
    pub fn service_json(&self, place: usize, with_tags: bool) -> Value {
        let service = &self.services[place];
        let counts = self.count_revisions(place);
        let sum = |which: usize| counts.values().map(|count| count[which]).sum::<usize>();
        let status = match service.status {
            ServiceStatus::Active => "ACTIVE",
            ServiceStatus::Draining => "DRAINING",
            ServiceStatus::Inactive => "INACTIVE",
        };
        let own = service.controller() == "ECS";
        let deployments: Vec<Value> = service
            .deployments
            .iter()
            .enumerate()
            .map(|(rank, deployment)| self.deployment_json(service, rank, deployment, &counts))
            .collect();
        let events: Vec<Value> = service
            .events
            .iter()
            .map(|event| json!({"id": event.id, "createdAt": stamp(event.at), "message": event.message}))
            .collect();
        let mut answer = object(json!({
            "serviceArn": service.arn,
            "serviceName": service.name,
            "clusterArn": self.arn(&format!("cluster/{}", service.cluster)),
            "status": status,
            "desiredCount": service.desired,
            "runningCount": sum(1),
            "pendingCount": sum(2),
            "taskDefinition": service.definition,
            "deployments": if own { deployments } else { Vec::new() },
            "events": events,
            "createdAt": stamp(service.created_at),
            "createdBy": service.created_by,
            "roleArn": format!("arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", self.account),
        }));
        copy(&service.given, &SERVICE_FIELDS, &mut answer);
        if !own {
            let sets: Vec<Value> = service
                .deployments
                .iter()
                .map(|deployment| self.task_set_json(service, deployment, &counts))
                .collect();
            answer.insert("taskSets".to_owned(), json!(sets));
        }
        if let (true, Some(rollout)) = (own, service.rollouts.last()) {
            answer.insert("currentServiceDeployment".to_owned(), json!(rollout.arn));
            let revisions: Vec<Value> = service
                .deployments
                .iter()
                .map(|one| self.count_json(service, &one.number, counts.get(&one.number)))
                .collect();
            answer.insert("currentServiceRevisions".to_owned(), json!(revisions));
        }
        if with_tags {
            let tags = service.given.get("tags").cloned().unwrap_or(json!([]));
            answer.insert("tags".to_owned(), tags);
        }
        Value::Object(answer)
    }

    fn deployment_json(
        &self,
        service: &Service,
        rank: usize,
        deployment: &Deployment,
        counts: &std::collections::BTreeMap<String, [usize; 3]>,
    ) -> Value {
        let [requested, running, pending] =
            counts.get(&deployment.number).copied().unwrap_or_default();
        let desired = if rank == 0 {
            service.desired
        } else {
            requested
        };
        let mut answer = object(json!({
            "id": deployment.id(),
            "status": if rank == 0 { "PRIMARY" } else { "ACTIVE" },
            "taskDefinition": deployment.definition,
            "desiredCount": desired,
            "pendingCount": pending,
            "runningCount": running,
            "failedTasks": deployment.failed_tasks,
            "createdAt": stamp(deployment.created_at),
            "updatedAt": stamp(deployment.updated_at),
            "platformFamily": "Linux",
        }));
        if service.strategy() == "ROLLING" {
            answer.insert("rolloutState".to_owned(), json!(deployment.state.as_str()));
            answer.insert("rolloutStateReason".to_owned(), json!(deployment.reason));
        }
        copy_shared(&service.given, &SHARED_FIELDS[..4], &mut answer);
        Value::Object(answer)
    }

    fn task_set_json(
        &self,
        service: &Service,
        deployment: &Deployment,
        counts: &std::collections::BTreeMap<String, [usize; 3]>,
    ) -> Value {
        let [requested, running, pending] =
            counts.get(&deployment.number).copied().unwrap_or_default();
        let path = format!("{}/{}", service.cluster, service.name);
        json!({
            "id": deployment.id(),
            "taskSetArn": self.arn(&format!("task-set/{path}/ecs-svc/{}", deployment.number)),
            "serviceArn": service.arn,
            "clusterArn": self.arn(&format!("cluster/{}", service.cluster)),
            "status": "PRIMARY",
            "taskDefinition": deployment.definition,
            "computedDesiredCount": requested,
            "runningCount": running,
            "pendingCount": pending,
            "stabilityStatus": if running == requested { "STEADY_STATE" } else { "STABILIZING" },
            "createdAt": stamp(deployment.created_at),
            "updatedAt": stamp(deployment.updated_at),
        })
    }

    fn revision_arn(&self, service: &Service, number: &str) -> String {
        let path = format!("{}/{}", service.cluster, service.name);
        self.arn(&format!("service-revision/{path}/{number}"))
    }

    fn count_json(&self, service: &Service, number: &str, count: Option<&[usize; 3]>) -> Value {
        let [requested, running, pending] = count.copied().unwrap_or_default();
        json!({
            "arn": self.revision_arn(service, number),
            "requestedTaskCount": requested,
            "runningTaskCount": running,
            "pendingTaskCount": pending,
        })
    }

    pub fn rollout_brief(&self, service: &Service, rollout: &Rollout) -> Value {
        let mut answer = object(json!({
            "serviceDeploymentArn": rollout.arn,
            "serviceArn": service.arn,
            "clusterArn": self.arn(&format!("cluster/{}", service.cluster)),
            "createdAt": stamp(rollout.created_at),
            "targetServiceRevisionArn": self.revision_arn(service, &rollout.target),
            "status": rollout.status.as_str(),
        }));
        insert_time(&mut answer, "startedAt", rollout.started_at);
        insert_time(&mut answer, "finishedAt", rollout.finished_at);
        if let Some(reason) = &rollout.reason {
            answer.insert("statusReason".to_owned(), json!(reason));
        }
        Value::Object(answer)
    }

    pub fn rollout_json(&self, place: usize, rollout: &Rollout) -> Value {
        let service = &self.services[place];
        let live = self.count_revisions(place);
        let counts = if rollout.is_open() {
            &live
        } else {
            &rollout.counted
        };
        let walks = service.strategy() != "ROLLING";
        let summary = |number: &str, share: f64, test: f64| {
            let mut answer = object(self.count_json(service, number, counts.get(number)));
            if walks {
                answer.insert("requestedProductionTrafficWeight".to_owned(), json!(share));
                answer.insert("requestedTestTrafficWeight".to_owned(), json!(test));
            }
            Value::Object(answer)
        };
        let sources: Vec<Value> = rollout
            .sources
            .iter()
            .map(|number| summary(number, 100.0 - rollout.production, 0.0))
            .collect();
        let mut answer = object(self.rollout_brief(service, rollout));
        answer.remove("targetServiceRevisionArn");
        answer.insert("updatedAt".to_owned(), stamp(rollout.updated_at));
        insert_time(&mut answer, "stoppedAt", rollout.stopped_at);
        answer.insert("sourceServiceRevisions".to_owned(), json!(sources));
        answer.insert(
            "targetServiceRevision".to_owned(),
            summary(&rollout.target, rollout.production, rollout.test),
        );
        answer.insert(
            "deploymentConfiguration".to_owned(),
            service.configuration().clone(),
        );
        let breaks = rollout.breaker != super::model::Monitor::Disabled;
        answer.insert(
            "deploymentCircuitBreaker".to_owned(),
            json!({
                "status": rollout.breaker.as_str(),
                "failureCount": rollout.failures,
                "threshold": if breaks { self.threshold(place) } else { 0 },
            }),
        );
        let mut alarms = object(json!({"status": rollout.alarms.as_str()}));
        let watched = self.watched_alarms(place);
        if !watched.is_empty() {
            alarms.insert("alarmNames".to_owned(), json!(watched));
            alarms.insert("triggeredAlarmNames".to_owned(), json!(rollout.triggered));
        }
        answer.insert("alarms".to_owned(), Value::Object(alarms));
        if let Some(rollback) = rollout
            .rollback
            .as_ref()
            .filter(|one| one.started_at.is_some())
        {
            let mut told = object(json!({
                "reason": rollback.reason,
                "serviceRevisionArn": self.revision_arn(service, &rollback.revision),
            }));
            insert_time(&mut told, "startedAt", rollback.started_at);
            answer.insert("rollback".to_owned(), Value::Object(told));
        }
        if let Some(stage) = rollout.stage {
            answer.insert("lifecycleStage".to_owned(), json!(stage.as_str()));
        }
        if !rollout.hooks.is_empty() {
            let hooks: Vec<Value> = rollout.hooks.iter().map(hook_json).collect();
            answer.insert("lifecycleHookDetails".to_owned(), json!(hooks));
        }
        Value::Object(answer)
    }

    pub fn revision_json(&self, service: &Service, revision: &Revision) -> Value {
        let images: Vec<Value> = revision
            .images
            .iter()
            .map(|(container, image, digest)| {
                let mut told = object(json!({"containerName": container, "image": image}));
                if let Some(digest) = digest {
                    told.insert("imageDigest".to_owned(), json!(digest));
                }
                Value::Object(told)
            })
            .collect();
        let mut answer = object(json!({
            "serviceRevisionArn": self.revision_arn(service, &revision.number),
            "serviceArn": service.arn,
            "clusterArn": self.arn(&format!("cluster/{}", service.cluster)),
            "taskDefinition": revision.definition,
            "platformFamily": "Linux",
            "containerImages": images,
            "guardDutyEnabled": false,
            "createdAt": stamp(revision.created_at),
        }));
        copy_shared(&revision.given, &SHARED_FIELDS, &mut answer);
        Value::Object(answer)
    }
}

fn hook_json(hook: &super::hooks::Hook) -> Value {
    let mut answer = object(json!({
        "hookId": hook.id,
        "targetType": if hook.target.is_some() { "AWS_LAMBDA" } else { "PAUSE" },
        "status": hook.status,
        "expiresAt": stamp(hook.expires_at),
        "timeoutAction": hook.timeout_action,
    }));
    if let Some(target) = &hook.target {
        answer.insert("targetArn".to_owned(), json!(target));
    }
    Value::Object(answer)
}
