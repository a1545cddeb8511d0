//! Clusters, task definitions and services as they are made and changed.
//!
//! From documentation (API reference, `UpdateService`, November 2026): which changes start a deployment. From captures:
//! the messages of refusals, `Creation of service was not idempotent.` among them.

use serde_json::{Map, Value, json};

use super::engine::Outside;
use super::model::{Cluster, Definition, Service, ServiceStatus, State};
use crate::aws::ApiError;

/// Changes of these fields start a deployment.
const DEPLOYED: [&str; 7] = [
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "platformVersion",
    "capacityProviderStrategy",
    "serviceConnectConfiguration",
    "volumeConfigurations",
];

/// Age in seconds of a service that is made as a running one.
const SINCE: f64 = 7200.0;

/// Fields of a container that answers have even if nobody gave them.
const CONTAINER_LISTS: [&str; 5] = [
    "portMappings",
    "environment",
    "mountPoints",
    "volumesFrom",
    "systemControls",
];

impl State {
    /// Makes a cluster, if it is not there.
    pub fn create_cluster(&mut self, name: &str, tags: Value) -> &Cluster {
        let arn = self.arn(&format!("cluster/{name}"));
        self.clusters
            .entry(name.to_owned())
            .or_insert_with(|| Cluster {
                arn,
                name: name.to_owned(),
                tags,
            })
    }

    /// Registers a task definition; its ARN. The input is kept whole, but for the tags.
    pub fn register(&mut self, input: Value, by: &str) -> String {
        let mut raw = super::view::object(input);
        let tags = raw.remove("tags").unwrap_or(json!([]));
        let family = raw
            .get("family")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let revision = self.definitions.get(&family).map_or(0, Vec::len) + 1;
        let arn = self.arn(&format!("task-definition/{family}:{revision}"));
        let containers = raw.get_mut("containerDefinitions");
        for container in containers
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let Some(container) = container.as_object_mut() else {
                continue;
            };
            for field in CONTAINER_LISTS {
                container.entry(field).or_insert(json!([]));
            }
            container.entry("cpu").or_insert(json!(0));
            container.entry("essential").or_insert(json!(true));
        }
        for field in ["volumes", "placementConstraints", "requiresAttributes"] {
            raw.entry(field).or_insert(json!([]));
        }
        raw.insert("taskDefinitionArn".to_owned(), json!(arn));
        raw.insert("revision".to_owned(), json!(revision));
        raw.insert("status".to_owned(), json!("ACTIVE"));
        raw.insert("compatibilities".to_owned(), json!(["EC2", "FARGATE"]));
        raw.insert("registeredAt".to_owned(), super::view::stamp(self.now));
        raw.insert("registeredBy".to_owned(), json!(by));
        self.definitions
            .entry(family)
            .or_default()
            .push(Definition {
                arn: arn.clone(),
                active: true,
                raw,
                tags,
            });
        arn
    }

    /// Makes a service and starts its first deployment.
    pub fn create_service(
        &mut self,
        cluster: &str,
        input: &Value,
        by: &str,
        outside: &dyn Outside,
    ) -> Result<usize, ApiError> {
        let name = input["serviceName"].as_str().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(invalid("Service name cannot be empty."));
        }
        if let Some(present) = self.find_service(cluster, &name)
            && present.status != ServiceStatus::Inactive
        {
            return Err(invalid("Creation of service was not idempotent."));
        }
        let definition = self.deployable(&input["taskDefinition"])?;
        let mut given = super::view::object(input.clone());
        let daemon = input["schedulingStrategy"] == "DAEMON";
        let desired = match input["desiredCount"].as_u64() {
            _ if daemon => 1,
            Some(count) => usize::try_from(count).unwrap_or(usize::MAX),
            None => {
                return Err(invalid(
                    "desiredCount is required when the scheduling strategy is REPLICA.",
                ));
            }
        };
        given
            .entry("schedulingStrategy")
            .or_insert(json!("REPLICA"));
        given
            .entry("deploymentController")
            .or_insert(json!({"type": "ECS"}));
        given.entry("enableECSManagedTags").or_insert(json!(false));
        given.entry("enableExecuteCommand").or_insert(json!(false));
        given.entry("propagateTags").or_insert(json!("NONE"));
        for field in [
            "loadBalancers",
            "serviceRegistries",
            "placementConstraints",
            "placementStrategy",
        ] {
            given.entry(field).or_insert(json!([]));
        }
        if !given.contains_key("capacityProviderStrategy") {
            given.entry("launchType").or_insert(json!("FARGATE"));
            given.entry("platformVersion").or_insert(json!("LATEST"));
        }
        let changes = given.remove("deploymentConfiguration").unwrap_or(json!({}));
        let usual = json!({
            "deploymentCircuitBreaker": {"enable": false, "rollback": false},
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "strategy": "ROLLING",
            "bakeTimeInMinutes": 0,
        });
        given.insert(
            "deploymentConfiguration".to_owned(),
            merged(&usual, &changes),
        );
        for field in ["cluster", "serviceName", "taskDefinition", "desiredCount"] {
            given.remove(field);
        }
        let service = Service {
            arn: self.arn(&format!("service/{cluster}/{name}")),
            cluster: cluster.to_owned(),
            name,
            given,
            status: ServiceStatus::Active,
            desired,
            definition: definition.clone(),
            deployments: Vec::new(),
            rollouts: Vec::new(),
            revisions: Vec::new(),
            completed: None,
            events: std::collections::VecDeque::new(),
            created_at: self.now,
            created_by: by.to_owned(),
            wake: Some(self.now),
            steady: false,
        };
        self.services.push(service);
        let place = self.services.len() - 1;
        self.deploy(place, &definition, outside);
        Ok(place)
    }

    /// Makes a service as if that had been two hours ago.
    pub fn create_running_service(
        &mut self,
        cluster: &str,
        input: &Value,
        by: &str,
        outside: &dyn Outside,
    ) -> Result<usize, ApiError> {
        let mut before = Self {
            now: self.now - SINCE,
            tasks: Vec::new(),
            ..self.clone()
        };
        for service in &mut before.services {
            service.wake = None;
        }
        let place = before.create_service(cluster, input, by, outside)?;
        before.advance(self.now, outside, |_| {});
        self.services.extend(before.services.pop());
        self.tasks.append(&mut before.tasks);
        self.ids = before.ids;
        self.addresses = before.addresses;
        Ok(place)
    }

    /// Changes a service; starts a deployment where the change needs one.
    pub fn update_service(
        &mut self,
        cluster: &str,
        name: &str,
        input: &Value,
        outside: &dyn Outside,
    ) -> Result<usize, ApiError> {
        let place = self
            .services
            .iter()
            .rposition(|one| one.cluster == cluster && one.name == name)
            .ok_or_else(|| ApiError::new(400, "ServiceNotFoundException", "Service not found."))?;
        if self.services[place].status != ServiceStatus::Active {
            let message = "Service was not ACTIVE.";
            return Err(ApiError::new(400, "ServiceNotActiveException", message));
        }
        let current = self.services[place].definition.clone();
        let definition = match input.get("taskDefinition") {
            Some(wanted) => self.deployable(wanted)?,
            None => current.clone(),
        };
        let controller = self.services[place].controller().to_owned();
        let forced = input["forceNewDeployment"] == true;
        if controller != "ECS" && (definition != current || forced) {
            let what = if forced {
                "force a new deployment"
            } else {
                "update task definition"
            };
            return Err(invalid(&format!(
                "Unable to {what} on services with a {controller} deployment controller. Use {} to trigger a new \
                 deployment.",
                if controller == "CODE_DEPLOY" {
                    "AWS CodeDeploy"
                } else {
                    "CreateTaskSet"
                }
            )));
        }
        let mut deploys = forced || definition != current;
        let service = &mut self.services[place];
        for (field, value) in input.as_object().into_iter().flatten() {
            match field.as_str() {
                "cluster" | "service" | "taskDefinition" | "forceNewDeployment"
                | "desiredCount" => {}
                "deploymentConfiguration" => {
                    let new = merged(service.configuration(), value);
                    service.given.insert(field.clone(), new);
                }
                _ => {
                    let changed = service.given.get(field) != Some(value);
                    deploys |= changed && DEPLOYED.contains(&field.as_str());
                    service.given.insert(field.clone(), value.clone());
                }
            }
        }
        if let Some(count) = input["desiredCount"].as_u64() {
            service.desired = usize::try_from(count).unwrap_or(usize::MAX);
        }
        service.wake = Some(self.now);
        if deploys {
            self.deploy(place, &definition, outside);
        }
        Ok(place)
    }

    fn deployable(&self, name: &Value) -> Result<String, ApiError> {
        let client = |message: &str| ApiError::new(400, "ClientException", message);
        let Some(name) = name.as_str() else {
            return Err(invalid("TaskDefinition can not be blank."));
        };
        let found = self
            .find_definition(name)
            .ok_or_else(|| client("TaskDefinition not found."))?;
        if !found.active {
            return Err(client("TaskDefinition is inactive"));
        }
        Ok(found.arn.clone())
    }
}

fn invalid(message: &str) -> ApiError {
    ApiError::new(400, "InvalidParameterException", message)
}

/// `old` with the fields of `new`.
fn merged(old: &Value, new: &Value) -> Value {
    let mut all: Map<String, Value> = super::view::object(old.clone());
    all.extend(super::view::object(new.clone()));
    Value::Object(all)
}
