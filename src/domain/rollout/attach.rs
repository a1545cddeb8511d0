//! Which deployment a wait is about.

use super::events;
use super::view::{Brief, DeploymentId, RolloutState, Service, Status};

/// What the caller named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// `ecs-svc/N`.
    Deployment(DeploymentId),
    /// ARN of a service deployment.
    ServiceDeployment(String),
    /// ARN of a task definition, or `family:revision`.
    TaskDefinition(String),
    /// The deployment in flight, else the newest.
    Newest,
}

/// What one look says about the deployment to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attach {
    /// This one, for certain.
    Found(DeploymentId),
    /// This one, unless the look was at an old state: an update takes some seconds to be seen everywhere.
    Perhaps(DeploymentId),
    /// Not there.
    NotYet,
}

/// Finds the deployment to wait for.
///
/// `history` holds the service deployments, in any order; none where they may not be listed. `revisions` tells the
/// task definition of deployments that the service does not show any more.
pub fn attach(
    pin: &Pin,
    service: &Service,
    history: Option<&[Brief]>,
    revisions: &[(DeploymentId, String)],
) -> Attach {
    let listed = history.unwrap_or_default();
    match pin {
        Pin::Deployment(id) => {
            let known = service.slot(id).is_some() || listed.iter().any(|brief| brief.id == *id);
            if known {
                Attach::Found(id.clone())
            } else {
                Attach::NotYet
            }
        }
        Pin::ServiceDeployment(arn) => listed
            .iter()
            .find(|brief| brief.arn == *arn)
            .map_or(Attach::NotYet, |brief| Attach::Found(brief.id.clone())),
        Pin::TaskDefinition(wanted) => by_task_definition(wanted, service, listed, revisions),
        Pin::Newest => newest(service, history),
    }
}

fn by_task_definition(
    wanted: &str,
    service: &Service,
    listed: &[Brief],
    revisions: &[(DeploymentId, String)],
) -> Attach {
    if let Some(primary) = service.primary()
        && same_task_definition(&primary.task_definition, wanted)
    {
        return if primary.rollout == Some(RolloutState::Completed) {
            Attach::Perhaps(primary.id.clone())
        } else {
            Attach::Found(primary.id.clone())
        };
    }
    let shown = service
        .slots
        .iter()
        .filter(|slot| same_task_definition(&slot.task_definition, wanted))
        .map(|slot| (slot.created, &slot.id));
    let remembered = listed.iter().filter_map(|brief| {
        revisions
            .iter()
            .any(|(id, name)| *id == brief.id && same_task_definition(name, wanted))
            .then_some((brief.created, &brief.id))
    });
    shown
        .chain(remembered)
        .max_by(|one, other| one.0.unwrap_or(0.0).total_cmp(&other.0.unwrap_or(0.0)))
        .map_or(Attach::NotYet, |(_, id)| Attach::Perhaps(id.clone()))
}

fn newest(service: &Service, history: Option<&[Brief]>) -> Attach {
    let primary = service.primary();
    let newest = history.unwrap_or_default().iter().max_by(|one, other| {
        one.created
            .unwrap_or(0.0)
            .total_cmp(&other.created.unwrap_or(0.0))
    });
    match (newest, primary) {
        (Some(newest), _) if newest.status.in_flight() => Attach::Found(newest.id.clone()),
        (Some(newest), Some(primary))
            if newest.id != primary.id && newest.status == Status::Successful =>
        {
            // The list lags behind the service, which shows a newer deployment.
            Attach::Perhaps(primary.id.clone())
        }
        (Some(newest), _) => Attach::Perhaps(newest.id.clone()),
        (None, Some(primary)) if primary.rollout == Some(RolloutState::InProgress) => {
            Attach::Found(primary.id.clone())
        }
        (None, Some(primary)) => {
            Attach::Perhaps(rolled_back(service, &primary.id).unwrap_or_else(|| primary.id.clone()))
        }
        (None, None) => Attach::NotYet,
    }
}

/// The deployment whose rollback made `primary` the newest again, as far as the events still tell.
fn rolled_back(service: &Service, primary: &DeploymentId) -> Option<DeploymentId> {
    let returned = service
        .events
        .iter()
        .any(|event| events::rollback_target(&event.message).as_ref() == Some(primary));
    service
        .events
        .iter()
        .find_map(|event| events::failed(&event.message))
        .filter(|failed| returned && failed != primary)
}

/// Whether two names mean one task definition; each is an ARN or `family:revision`.
pub fn same_task_definition(one: &str, other: &str) -> bool {
    if one.starts_with("arn:") && other.starts_with("arn:") {
        return one == other;
    }
    super::verdict::short(one) == super::verdict::short(other)
}
