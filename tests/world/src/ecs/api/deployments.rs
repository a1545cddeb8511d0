//! Service deployments and service revisions.

use serde_json::{Value, json};

use super::{Answer, Request, invalid, last, missing};
use crate::aws::ApiError;
use crate::ecs::cause::Cause;
use crate::ecs::engine::Outside;
use crate::ecs::model::{State, Status};

/// Seconds that service deployments can be listed for: 90 days.
const OLDEST: f64 = 90.0 * 86_400.0;

fn not_found() -> ApiError {
    ApiError::new(
        400,
        "ServiceDeploymentNotFoundException",
        "Service deployment not found.",
    )
}

/// Cluster ARN of `arn:…:<kind>/<cluster>/<service>/<id>`.
fn cluster_of(state: &State, arn: &str) -> String {
    let cluster = arn.split('/').nth(1).unwrap_or_default();
    state.arn(&format!("cluster/{cluster}"))
}

pub fn list(state: &State, request: &Request<'_>) -> Answer {
    let given = request.text("service").unwrap_or_default();
    let (cluster, name) = match given.split_once(":service/").map(|(_, path)| path) {
        Some(path) => {
            let (cluster, name) = path.split_once('/').unwrap_or(("default", path));
            (cluster.to_owned(), name)
        }
        None => (request.cluster_name(state)?, given),
    };
    let arn = state.arn(&format!("service/{cluster}/{name}"));
    let cluster_arn = state.arn(&format!("cluster/{cluster}"));
    request.allow("ListServiceDeployments", &arn, &cluster_arn)?;
    if !state.clusters.contains_key(&cluster) {
        return Err(ApiError::new(
            400,
            "ClusterNotFoundException",
            "Cluster not found.",
        ));
    }
    let service = state
        .find_service(&cluster, name)
        .ok_or_else(|| ApiError::new(400, "ServiceNotFoundException", "Service not found."))?;
    let statuses = request.texts("status");
    let limit = |field: &str| request.input["createdAt"][field].as_f64();
    let (after, before) = (limit("after"), limit("before"));
    // The limit is documented by hashicorp/terraform-provider-aws#43502, the words are not.
    if after.is_some_and(|after| after < state.now - OLDEST) {
        return Err(invalid("createdAt must be within the last 90 days."));
    }
    let found: Vec<Value> = service
        .rollouts
        .iter()
        .rev()
        .filter(|one| statuses.is_empty() || statuses.contains(&one.status.as_str()))
        .filter(|one| after.is_none_or(|after| one.created_at >= after))
        .filter(|one| before.is_none_or(|before| one.created_at <= before))
        .map(|one| state.rollout_brief(service, one))
        .collect();
    request.page(&found, "serviceDeployments", 100)
}

pub fn describe(state: &State, request: &Request<'_>) -> Answer {
    let arns = request.texts("serviceDeploymentArns");
    check_arns(&arns)?;
    for arn in &arns {
        request.allow("DescribeServiceDeployments", arn, &cluster_of(state, arn))?;
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        match find(state, arn) {
            Some((place, rollout)) => {
                let rollout = &state.services[place].rollouts[rollout];
                found.push(state.rollout_json(place, rollout));
            }
            None => failures.push(missing(arn)),
        }
    }
    Ok(json!({"serviceDeployments": found, "failures": failures}))
}

pub fn describe_revisions(state: &State, request: &Request<'_>) -> Answer {
    let arns = request.texts("serviceRevisionArns");
    check_arns(&arns)?;
    for arn in &arns {
        request.allow("DescribeServiceRevisions", arn, &cluster_of(state, arn))?;
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        let path = |service: &crate::ecs::model::Service| {
            state.arn(&format!(
                "service-revision/{}/{}/{}",
                service.cluster,
                service.name,
                last(arn)
            ))
        };
        let revision = state.services.iter().rev().find_map(|service| {
            let mut revisions = service.revisions.iter();
            let revision = revisions.find(|one| one.number == last(arn) && path(service) == arn)?;
            Some(state.revision_json(service, revision))
        });
        match revision {
            Some(revision) => found.push(revision),
            None => failures.push(missing(arn)),
        }
    }
    Ok(json!({"serviceRevisions": found, "failures": failures}))
}

fn check_arns(arns: &[&str]) -> Result<(), ApiError> {
    if arns.is_empty() || arns.len() > 20 {
        return Err(invalid("The number of ARNs must be between 1 and 20."));
    }
    Ok(())
}

fn find(state: &State, arn: &str) -> Option<(usize, usize)> {
    state
        .services
        .iter()
        .enumerate()
        .rev()
        .find_map(|(place, service)| {
            let mut rollouts = service.rollouts.iter();
            rollouts
                .position(|one| one.arn == arn)
                .map(|one| (place, one))
        })
}

pub fn stop(state: &mut State, request: &Request<'_>, _: &dyn Outside) -> Answer {
    let arn = request.text("serviceDeploymentArn").unwrap_or_default();
    let cluster = cluster_of(state, arn);
    request.allow("StopServiceDeployment", arn, &cluster)?;
    if request
        .text("stopType")
        .is_some_and(|kind| kind != "ROLLBACK")
    {
        return Err(invalid(
            "The only stop type that this stand-in knows is ROLLBACK.",
        ));
    }
    let (place, rollout) = find(state, arn).ok_or_else(not_found)?;
    let status = state.services[place].rollouts[rollout].status;
    match status {
        Status::Pending | Status::InProgress => state.fail(place, &Cause::User),
        Status::StopRequested | Status::RollbackRequested | Status::RollbackInProgress => {}
        _ => {
            let message = format!(
                "The service deployment cannot be stopped because it is in the {} state.",
                status.as_str()
            );
            return Err(ApiError::new(400, "ConflictException", message));
        }
    }
    Ok(json!({"serviceDeploymentArn": arn}))
}

pub fn resume(state: &mut State, request: &Request<'_>, _: &dyn Outside) -> Answer {
    let arn = request.text("serviceDeploymentArn").unwrap_or_default();
    let cluster = cluster_of(state, arn);
    request.allow("ContinueServiceDeployment", arn, &cluster)?;
    let (place, rollout) = find(state, arn).ok_or_else(not_found)?;
    let current = rollout + 1 == state.services[place].rollouts.len();
    let hook = request.text("hookId").unwrap_or_default();
    let action = request.text("action").unwrap_or("CONTINUE");
    if !current || !state.answer_hook(place, hook, action) {
        return Err(invalid(
            "No lifecycle hook with this ID is awaiting action.",
        ));
    }
    Ok(json!({"serviceDeploymentArn": arn}))
}
