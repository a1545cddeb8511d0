//! Tasks whose containers run, for what stands in for the processes inside.

use std::collections::BTreeMap;

use serde_json::Value;

use super::model::State;
use super::task::{Task, TaskStatus};

/// A task whose containers run.
#[derive(Clone, Debug)]
pub struct RunningTask {
    pub task_arn: String,
    pub task_id: String,
    pub cluster: String,
    pub service: String,
    /// `service:<name>`.
    pub group: String,
    pub private_ip: String,
    /// Environment of the first container.
    pub environment: BTreeMap<String, String>,
    pub task_role_arn: Option<String>,
    /// Simulated seconds since the Unix epoch.
    pub started_at: f64,
    /// Whether it is to stop: it drains, and gets its `SIGTERM` soon.
    pub stopping: bool,
    pub task_definition_arn: String,
    pub container_name: String,
    pub log_group: Option<String>,
    pub log_stream_prefix: Option<String>,
}

impl RunningTask {
    pub(super) fn new(state: &State, task: &Task) -> Self {
        let definition = state.find_definition(&task.definition);
        let container = definition.and_then(|one| one.containers().next());
        let container = container.unwrap_or(&Value::Null);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let environment = container["environment"].as_array().into_iter().flatten();
        let options = &container["logConfiguration"]["options"];
        Self {
            task_arn: task.arn.clone(),
            task_id: task.id.clone(),
            cluster: task.cluster.clone(),
            service: task.service.clone(),
            group: format!("service:{}", task.service),
            private_ip: task.address.clone(),
            environment: environment
                .filter_map(|pair| Some((text(&pair["name"])?, text(&pair["value"])?)))
                .collect(),
            task_role_arn: definition.and_then(|one| text(one.raw.get("taskRoleArn")?)),
            started_at: task.started_at.unwrap_or_default(),
            stopping: task.stopping || task.status == TaskStatus::Deactivating,
            task_definition_arn: task.definition.clone(),
            container_name: text(&container["name"]).unwrap_or_default(),
            log_group: text(&options["awslogs-group"]),
            log_stream_prefix: text(&options["awslogs-stream-prefix"]),
        }
    }
}
