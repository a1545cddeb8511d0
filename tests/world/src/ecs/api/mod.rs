//! The API: `AmazonEC2ContainerServiceV20141113`, JSON 1.1.
//!
//! From documentation (API reference, "Actions, resources, and condition keys for Amazon ECS", November 2026): the
//! operations, their errors, the resource that each permission is checked on. From captures: the messages of access
//! denials, that those of `ListTasks` and `RegisterTaskDefinition` name `*`.

mod clusters;
mod definitions;
mod deployments;
mod services;
mod services_write;
mod tasks;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::engine::Outside;
use super::faults::Fault;
use super::model::{Cluster, State};
use crate::World;
use crate::aws::ApiError;
use crate::iam::{Context, Denial, Principal};

/// One request: who asks what.
pub struct Request<'a> {
    world: &'a World,
    pub caller: &'a Principal,
    pub input: &'a Value,
}

pub type Answer = Result<Value, ApiError>;

pub async fn handle(
    world: &Arc<World>,
    operation: &str,
    input: &Value,
    caller: &Principal,
) -> Answer {
    let request = Request {
        world,
        caller,
        input,
    };
    let fault = world.ecs.fault_of(operation);
    if let Some(fault @ Fault::Error(..)) = fault {
        return Err(fault.into());
    }
    let answer = dispatch(world, operation, &request);
    match fault {
        Some(Fault::Lost) => Err(Fault::Lost.into()),
        Some(Fault::Slow(seconds)) => {
            let simulated = std::time::Duration::from_secs_f64(seconds);
            world.clock.sleep(simulated).await;
            answer
        }
        _ => answer,
    }
}

fn dispatch(world: &World, operation: &str, request: &Request<'_>) -> Answer {
    type Read = fn(&State, &Request<'_>) -> Answer;
    type Write = fn(&mut State, &Request<'_>, &dyn Outside) -> Answer;
    let read: Option<Read> = match operation {
        "DescribeClusters" => Some(clusters::describe),
        "ListClusters" => Some(clusters::list),
        "DescribeTaskDefinition" => Some(definitions::describe),
        "ListTaskDefinitions" => Some(definitions::list),
        "DescribeServices" => Some(services::describe),
        "ListServices" => Some(services::list),
        "ListTasks" => Some(tasks::list),
        "DescribeTasks" => Some(tasks::describe),
        "ListServiceDeployments" => Some(deployments::list),
        "DescribeServiceDeployments" => Some(deployments::describe),
        "DescribeServiceRevisions" => Some(deployments::describe_revisions),
        _ => None,
    };
    if let Some(read) = read {
        let mut answer = world.ecs.read(operation, |state| read(state, request))?;
        if operation == "DescribeServices" {
            let older = world
                .ecs
                .read("currentServiceDeployment", |state| read(state, request))?;
            services::copy_current(&older, &mut answer);
        }
        world.ecs.skew(&mut answer);
        return Ok(answer);
    }
    let write: Write = match operation {
        "CreateCluster" => clusters::create,
        "RegisterTaskDefinition" => definitions::register,
        "DeregisterTaskDefinition" => definitions::deregister,
        "CreateService" => services_write::create,
        "UpdateService" => services_write::update,
        "DeleteService" => services_write::delete,
        "StopTask" => tasks::stop,
        "StopServiceDeployment" => deployments::stop,
        "ContinueServiceDeployment" => deployments::resume,
        _ => {
            return Err(ApiError::new(400, "UnknownOperationException", operation));
        }
    };
    let mut answer = world
        .ecs
        .write(|state, outside| write(state, request, outside))?;
    world.ecs.skew(&mut answer);
    Ok(answer)
}

impl Request<'_> {
    pub fn text(&self, field: &str) -> Option<&str> {
        self.input.get(field).and_then(Value::as_str)
    }

    pub fn texts(&self, field: &str) -> Vec<&str> {
        let items = self.input.get(field).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    pub fn includes_tags(&self) -> bool {
        self.texts("include").contains(&"TAGS")
    }

    /// Checks that the caller may do `ecs:<action>` on a resource of a cluster.
    pub fn allow(&self, action: &str, resource: &str, cluster: &str) -> Result<(), ApiError> {
        let context = Context::from([("ecs:cluster".to_owned(), cluster.to_owned())]);
        self.allow_in(&format!("ecs:{action}"), resource, &context)
    }

    pub fn allow_in(
        &self,
        action: &str,
        resource: &str,
        context: &Context,
    ) -> Result<(), ApiError> {
        let iam = &self.world.iam;
        let denied = |why: &str| {
            ApiError::new(
                400,
                "AccessDeniedException",
                format!(
                    "User: {} is not authorized to perform: {action} on resource: {resource} {why}",
                    self.caller.arn
                ),
            )
        };
        match iam.judge(self.caller, action, resource, None, context) {
            Ok(()) => Ok(()),
            Err(Denial::Unallowed) => Err(denied(&format!(
                "because no identity-based policy allows the {action} action"
            ))),
            Err(_) => Err(denied("with an explicit deny in an identity-based policy")),
        }
    }

    /// The name of the cluster that a request names, be it there or not.
    pub fn cluster_name(&self, state: &State) -> Result<String, ApiError> {
        let given = self.text("cluster").unwrap_or("default");
        let Some(name) = given.strip_prefix(state.arn("cluster/").as_str()) else {
            if given.starts_with("arn:") {
                return Err(ApiError::new(
                    400,
                    "ClusterNotFoundException",
                    "Cluster not found.",
                ));
            }
            return Ok(given.to_owned());
        };
        Ok(name.to_owned())
    }

    /// The cluster that a request names, which must be there.
    pub fn cluster<'a>(&self, state: &'a State) -> Result<&'a Cluster, ApiError> {
        let name = self.cluster_name(state)?;
        state
            .clusters
            .get(&name)
            .ok_or_else(|| ApiError::new(400, "ClusterNotFoundException", "Cluster not found."))
    }

    /// One page of a listing.
    pub fn page(&self, items: &[Value], field: &str, most: usize) -> Answer {
        let size = self.input.get("maxResults").and_then(Value::as_u64);
        let size = size
            .and_then(|size| usize::try_from(size).ok())
            .map_or(most, |size| size.min(most));
        let invalid = || invalid("Invalid token.");
        let start = match self.text("nextToken") {
            None => 0,
            Some(token) => {
                let bytes = STANDARD.decode(token).map_err(|_| invalid())?;
                let text = String::from_utf8(bytes).map_err(|_| invalid())?;
                text.parse::<usize>().map_err(|_| invalid())?
            }
        };
        let end = items.len().min(start + size.max(1));
        let mut answer = json!({field: items.get(start..end).unwrap_or_default()});
        if end < items.len() {
            answer["nextToken"] = json!(STANDARD.encode(end.to_string()));
        }
        Ok(answer)
    }
}

pub fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "InvalidParameterException", message)
}

pub fn client(message: &str) -> ApiError {
    ApiError::new(400, "ClientException", message)
}

/// The part of an ARN, or of a name, after the last slash.
pub fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// `{"arn": …, "reason": "MISSING"}`.
pub fn missing(arn: &str) -> Value {
    json!({"arn": arn, "reason": "MISSING"})
}
