//! Services, read.

use serde_json::{Value, json};

use super::{Answer, Request, invalid, last, missing};
use crate::ecs::model::{ServiceStatus, State};

pub fn describe(state: &State, request: &Request<'_>) -> Answer {
    let cluster = request.cluster_name(state)?;
    let names = request.texts("services");
    if names.is_empty() {
        return Err(invalid("Services cannot be empty."));
    }
    if names.len() > 10 {
        return Err(invalid("Services cannot have more than 10 elements."));
    }
    let path = |name: &str| state.arn(&format!("service/{cluster}/{}", last(name)));
    let cluster_arn = state.arn(&format!("cluster/{cluster}"));
    for name in &names {
        let arn = if name.starts_with("arn:") {
            (*name).to_owned()
        } else {
            path(name)
        };
        request.allow("DescribeServices", &arn, &cluster_arn)?;
    }
    request.cluster(state)?;
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        let arn = if name.starts_with("arn:") {
            name.to_owned()
        } else {
            path(name)
        };
        let place = state.services.iter().rposition(|one| one.arn == arn);
        match place {
            Some(place) => services.push(state.service_json(place, request.includes_tags())),
            None => failures.push(missing(&arn)),
        }
    }
    Ok(json!({"services": services, "failures": failures}))
}

/// Takes `currentServiceDeployment` from an older answer, where reads of it are stale.
pub fn copy_current(older: &Value, answer: &mut Value) {
    let older = older["services"].as_array().cloned().unwrap_or_default();
    let services = answer["services"].as_array_mut();
    for service in services.into_iter().flatten() {
        let before = older
            .iter()
            .find(|one| one["serviceArn"] == service["serviceArn"])
            .and_then(|one| one.get("currentServiceDeployment"));
        if let Some(before) = before {
            service["currentServiceDeployment"] = before.clone();
        }
    }
}

pub fn list(state: &State, request: &Request<'_>) -> Answer {
    let cluster_arn = state.arn(&format!("cluster/{}", request.cluster_name(state)?));
    request.allow("ListServices", "*", &cluster_arn)?;
    let cluster = request.cluster(state)?;
    let matches = |field: &str, usual: &str, found: Option<&str>| {
        request
            .text(field)
            .is_none_or(|wanted| wanted == found.unwrap_or(usual))
    };
    let arns: Vec<Value> = state
        .services
        .iter()
        .filter(|one| one.cluster == cluster.name && one.status == ServiceStatus::Active)
        .filter(|one| matches("launchType", "FARGATE", one.text("launchType")))
        .filter(|one| {
            matches(
                "schedulingStrategy",
                "REPLICA",
                one.text("schedulingStrategy"),
            )
        })
        .map(|one| json!(one.arn))
        .collect();
    let most = if request.input.get("maxResults").is_some() {
        100
    } else {
        10
    };
    request.page(&arns, "serviceArns", most)
}
