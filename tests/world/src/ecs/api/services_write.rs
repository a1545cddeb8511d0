//! Services, written.

use serde_json::json;

use super::{Answer, Request, client, invalid, last};
use crate::aws::ApiError;
use crate::ecs::engine::Outside;
use crate::ecs::model::{ServiceStatus, State};

fn names(state: &State, request: &Request<'_>, field: &str) -> Result<(String, String), ApiError> {
    let name = last(request.text(field).unwrap_or_default());
    Ok((request.cluster_name(state)?, name.to_owned()))
}

fn allow(
    state: &State,
    request: &Request<'_>,
    action: &str,
    cluster: &str,
    name: &str,
) -> Result<(), ApiError> {
    let arn = state.arn(&format!("service/{cluster}/{name}"));
    let cluster = state.arn(&format!("cluster/{cluster}"));
    request.allow(action, &arn, &cluster)
}

pub fn create(state: &mut State, request: &Request<'_>, outside: &dyn Outside) -> Answer {
    let (cluster, name) = names(state, request, "serviceName")?;
    allow(state, request, "CreateService", &cluster, &name)?;
    request.cluster(state)?;
    let place = state.create_service(&cluster, request.input, &request.caller.arn, outside)?;
    Ok(json!({"service": state.service_json(place, true)}))
}

pub fn update(state: &mut State, request: &Request<'_>, outside: &dyn Outside) -> Answer {
    let (cluster, name) = names(state, request, "service")?;
    allow(state, request, "UpdateService", &cluster, &name)?;
    request.cluster(state)?;
    let place = state.update_service(&cluster, &name, request.input, outside)?;
    Ok(json!({"service": state.service_json(place, true)}))
}

pub fn delete(state: &mut State, request: &Request<'_>, _: &dyn Outside) -> Answer {
    let (cluster, name) = names(state, request, "service")?;
    allow(state, request, "DeleteService", &cluster, &name)?;
    request.cluster(state)?;
    let place = state
        .services
        .iter()
        .rposition(|one| one.cluster == cluster && one.name == name)
        .ok_or_else(|| ApiError::new(400, "ServiceNotFoundException", "Service not found."))?;
    let now = state.now;
    let service = &mut state.services[place];
    if service.status == ServiceStatus::Inactive {
        return Err(client("Service is INACTIVE."));
    }
    if service.desired > 0 && request.input["force"] != true {
        return Err(invalid(
            "The service cannot be stopped while it is scaled above 0.",
        ));
    }
    service.desired = 0;
    service.status = ServiceStatus::Draining;
    service.wake = Some(now);
    Ok(json!({"service": state.service_json(place, true)}))
}
