//! Tasks.

use serde_json::{Value, json};

use super::{Answer, Request, client, invalid, last, missing};
use crate::aws::ApiError;
use crate::ecs::engine::Outside;
use crate::ecs::model::State;
use crate::ecs::task::Task;

pub fn list(state: &State, request: &Request<'_>) -> Answer {
    let name = request.cluster_name(state)?;
    let cluster_arn = state.arn(&format!("cluster/{name}"));
    // A policy may name the container instances of the cluster; a denial names `*` all the same.
    let instances = state.arn(&format!("container-instance/{name}/*"));
    let allowed = request.allow("ListTasks", &instances, &cluster_arn);
    allowed.or_else(|_| request.allow("ListTasks", "*", &cluster_arn))?;
    let cluster = request.cluster(state)?;
    let others = ["serviceName", "family", "containerInstance", "launchType"];
    let several = others.iter().any(|field| request.text(field).is_some());
    if request.text("startedBy").is_some() && several {
        return Err(invalid(
            "The startedBy parameter cannot be combined with other filters.",
        ));
    }
    if let Some(service) = request.text("serviceName") {
        let found = state.find_service(&cluster.name, last(service));
        found
            .ok_or_else(|| ApiError::new(400, "ServiceNotFoundException", "Service not found."))?;
    }
    let wanted = |task: &&Task| {
        let same =
            |field: &str, found: &str| request.text(field).is_none_or(|text| last(text) == found);
        let stopped = match request.text("desiredStatus") {
            None | Some("RUNNING") => !task.stopping,
            Some("STOPPED") => task.stopping,
            Some(_) => false,
        };
        let family = last(&task.definition).split(':').next().unwrap_or_default();
        task.cluster == cluster.name
            && stopped
            && same("serviceName", &task.service)
            && same("family", family)
            && same("launchType", "FARGATE")
            && request
                .text("startedBy")
                .is_none_or(|text| text == format!("ecs-svc/{}", task.deployment))
    };
    let tasks = state.tasks.iter().filter(wanted);
    let arns: Vec<Value> = tasks.map(|task| json!(task.arn)).collect();
    request.page(&arns, "taskArns", 100)
}

fn arn_of(state: &State, cluster: &str, name: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    state.arn(&format!("task/{cluster}/{}", last(name)))
}

pub fn describe(state: &State, request: &Request<'_>) -> Answer {
    let cluster = request.cluster_name(state)?;
    let cluster_arn = state.arn(&format!("cluster/{cluster}"));
    let names = request.texts("tasks");
    if names.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    if names.len() > 100 {
        return Err(invalid("Tasks cannot have more than 100 elements."));
    }
    let arns: Vec<String> = names
        .iter()
        .map(|name| arn_of(state, &cluster, name))
        .collect();
    for arn in &arns {
        request.allow("DescribeTasks", arn, &cluster_arn)?;
    }
    request.cluster(state)?;
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        match state.tasks.iter().find(|task| task.arn == arn) {
            Some(task) => tasks.push(state.task_json(task)),
            None => failures.push(missing(&arn)),
        }
    }
    Ok(json!({"tasks": tasks, "failures": failures}))
}

pub fn stop(state: &mut State, request: &Request<'_>, _: &dyn Outside) -> Answer {
    let cluster = request.cluster_name(state)?;
    let arn = arn_of(state, &cluster, request.text("task").unwrap_or_default());
    let cluster_arn = state.arn(&format!("cluster/{cluster}"));
    request.allow("StopTask", &arn, &cluster_arn)?;
    request.cluster(state)?;
    let place = state.tasks.iter().position(|task| task.arn == arn);
    let place = place.ok_or_else(|| invalid("The referenced task was not found."))?;
    if state.tasks[place].stopped_at.is_some() {
        return Err(client("The task is already stopped."));
    }
    let reason = request.text("reason").unwrap_or("Task stopped by user");
    state.stop(place, "UserInitiated", reason);
    let (cluster, service) = (
        state.tasks[place].cluster.clone(),
        state.tasks[place].service.clone(),
    );
    state.wake(&cluster, &service);
    Ok(json!({"task": state.task_json(&state.tasks[place])}))
}
