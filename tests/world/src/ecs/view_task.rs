//! The answer about a task: JSON as the API reference and captured answers have it.

use serde_json::{Value, json};

use super::model::{Definition, State};
use super::task::{Health, Task, TaskStatus};
use super::view::{insert_time, object, stamp};

impl State {
    pub fn task_json(&self, task: &Task) -> Value {
        let definition = self.find_definition(&task.definition);
        let raw = |field: &str| definition.and_then(|one| one.raw.get(field)).cloned();
        let health = match &task.health {
            _ if !definition.is_some_and(Definition::checks_health) => "UNKNOWN",
            Health::Unknown => "UNKNOWN",
            Health::Healthy => "HEALTHY",
            Health::Unhealthy(_) => "UNHEALTHY",
        };
        let containers: Vec<Value> = definition
            .into_iter()
            .flat_map(Definition::containers)
            .enumerate()
            .map(|(place, container)| self.container_json(task, place, container, health))
            .collect();
        let arm = raw("runtimePlatform").is_some_and(|one| one["cpuArchitecture"] == "ARM64");
        let architecture = if arm { "arm64" } else { "x86_64" };
        let attached = match task.status {
            TaskStatus::Provisioning => "ATTACHING",
            status if status >= TaskStatus::Deprovisioning => "DELETED",
            _ => "ATTACHED",
        };
        let mut answer = object(json!({
            "taskArn": task.arn,
            "clusterArn": self.arn(&format!("cluster/{}", task.cluster)),
            "taskDefinitionArn": task.definition,
            "group": format!("service:{}", task.service),
            "startedBy": format!("ecs-svc/{}", task.deployment),
            "lastStatus": task.status.as_str(),
            "desiredStatus": if task.stopping { "STOPPED" } else { "RUNNING" },
            "healthStatus": health,
            "availabilityZone": task.zone,
            "connectivity": "CONNECTED",
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "cpu": raw("cpu").unwrap_or(json!("256")),
            "memory": raw("memory").unwrap_or(json!("512")),
            "attachments": [{
                "id": task.attachment,
                "type": "ElasticNetworkInterface",
                "status": attached,
                "details": [
                    {"name": "subnetId", "value": "subnet-0a0a0a0a0a0a0a0a0"},
                    {"name": "networkInterfaceId", "value": task.interface},
                    {"name": "macAddress", "value": "0e:89:76:28:07:b3"},
                    {"name": "privateDnsName", "value": format!("ip-{}.{}.compute.internal", task.address.replace('.', "-"), self.region)},
                    {"name": "privateIPv4Address", "value": task.address},
                ],
            }],
            "attributes": [{"name": "ecs.cpu-architecture", "value": architecture}],
            "containers": containers,
            "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []},
            "tags": [],
            "version": task.version,
            "createdAt": stamp(task.created_at),
        }));
        if task.spot {
            answer.insert("capacityProviderName".to_owned(), json!("FARGATE_SPOT"));
        }
        for (field, at) in [
            ("pullStartedAt", task.pull_started_at),
            ("pullStoppedAt", task.pull_stopped_at),
            ("startedAt", task.started_at),
            ("stoppingAt", task.stopping_at),
            ("executionStoppedAt", task.execution_stopped_at),
            ("stoppedAt", task.stopped_at),
        ] {
            insert_time(&mut answer, field, at);
        }
        if let (Some(code), Some(reason)) = (task.stop_code, &task.stopped_reason) {
            answer.insert("stopCode".to_owned(), json!(code));
            answer.insert("stoppedReason".to_owned(), json!(reason));
        }
        Value::Object(answer)
    }

    fn container_json(&self, task: &Task, place: usize, container: &Value, health: &str) -> Value {
        let id = task.containers.get(place).map_or("", String::as_str);
        let status = match task.status {
            TaskStatus::Running | TaskStatus::Deactivating | TaskStatus::Stopping => "RUNNING",
            status if status < TaskStatus::Running => "PENDING",
            _ => "STOPPED",
        };
        let mut answer = object(json!({
            "containerArn": self.arn(&format!("container/{}/{}/{id}", task.cluster, task.id)),
            "taskArn": task.arn,
            "name": container["name"],
            "image": container["image"],
            "runtimeId": format!("{}-{place}", task.id),
            "lastStatus": status,
            "networkBindings": [],
            "networkInterfaces": [
                {"attachmentId": task.attachment, "privateIpv4Address": task.address},
            ],
            "healthStatus": health,
            "cpu": container["cpu"].as_u64().unwrap_or(0).to_string(),
        }));
        if let Some(Some(digest)) = task.digests.get(place) {
            answer.insert("imageDigest".to_owned(), json!(digest));
        }
        if let Some(code) = task.exit_code {
            let code = if place == 0 { code } else { 143 };
            answer.insert("exitCode".to_owned(), json!(code));
        }
        if let (0, Some(reason)) = (place, &task.container_reason) {
            answer.insert("reason".to_owned(), json!(reason));
        }
        Value::Object(answer)
    }
}
