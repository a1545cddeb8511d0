//! What service events say. They are newest first, at most 100, and the same text is not repeated for 6 hours, so that
//! one that is missing proves nothing.

use super::view::{DeploymentId, Epoch, Event, RolloutState};

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// The scheduler went on as it should: worth a line in the log.
    Course,
    /// A task failed or could not be placed; it may yet come right.
    Trouble,
    /// The percents leave no room to start or stop a task.
    Stall,
    /// Tasks under protection are not stopped.
    Protected,
    /// It says nothing: "has reached a steady state" is repeated every few hours.
    Noise,
}

/// The topic of an event, from its message.
///
/// Texts: "Amazon ECS service event messages" in the developer guide, November 2026, and public captures.
pub(super) fn topic(message: &str) -> Topic {
    let says = |text: &str| message.contains(text);
    if says("because of the service deployment configuration") {
        Topic::Stall
    } else if says("under protection") {
        Topic::Protected
    } else if says("is unhealthy in")
        || says("due to an unhealthy status")
        || says("failed container health checks")
        || says("was unable to place")
        || says("is unable to consistently start tasks")
        || says("operations are being throttled")
        || says("deployment failed")
        || says("rolling back to deployment")
    {
        Topic::Trouble
    } else if says("has reached a steady state") {
        Topic::Noise
    } else {
        Topic::Course
    }
}

/// Whether an event belongs to a deployment that was created at `since`, by AWS's own clock.
pub(super) fn since(event: &Event, since: Option<Epoch>) -> bool {
    since.is_none_or(|since| event.at >= since)
}

/// The deployment that an event says is rolled back to.
pub(super) fn rollback_target(message: &str) -> Option<DeploymentId> {
    let (_, rest) = message.split_once("rolling back to deployment ")?;
    let id = rest.split([' ', ')', ',']).next()?;
    DeploymentId::parse(id.trim_end_matches('.'))
}

/// The deployment that an event says has failed.
pub(super) fn failed(message: &str) -> Option<DeploymentId> {
    ended(message, ") deployment failed")
}

/// The deployment that an event says has completed.
fn completed(message: &str) -> Option<DeploymentId> {
    ended(message, ") deployment completed")
}

/// What the newest event since `created` that ends a deployment says of it.
pub(super) fn state_of(
    events: &[Event],
    id: &DeploymentId,
    created: Epoch,
) -> Option<RolloutState> {
    let mut ours = events.iter().filter(|event| event.at >= created);
    ours.find_map(|event| {
        if failed(&event.message).as_ref() == Some(id) {
            return Some(RolloutState::Failed);
        }
        let done = completed(&event.message).as_ref() == Some(id);
        done.then_some(RolloutState::Completed)
    })
}

fn ended(message: &str, how: &str) -> Option<DeploymentId> {
    let (before, _) = message.split_once(how)?;
    let (_, id) = before.rsplit_once("(deployment ")?;
    DeploymentId::parse(id)
}

/// What the load balancer's health check of a task answered: `503`, or the text where there is no code.
pub(super) fn health_code(events: &[Event], task: &str) -> Option<String> {
    let message = events
        .iter()
        .map(|event| event.message.as_str())
        .find(|message| message.contains("is unhealthy in") && names(message, task))?;
    let (_, reason) = message.split_once("due to (reason ")?;
    if let Some((_, codes)) = reason.split_once('[') {
        return codes.split(']').next().map(str::to_owned);
    }
    reason.split(')').next().map(str::to_owned)
}

/// Whether a message names the task with this id: alone, or at the end of an ARN.
fn names(message: &str, task: &str) -> bool {
    message
        .split(['(', ')', ' '])
        .any(|word| word == task || word.ends_with(&format!("/{task}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(message: &str) -> Event {
        Event {
            id: message.to_owned(),
            at: 1.0,
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_health_code_is_found_for_its_task_alone() {
        let events = [
            event(
                "(service kc) (task b) (port 8080) is unhealthy in (target-group arn:tg) due to (reason Request timed out).",
            ),
            event(
                "(service kc) (task a) (port 8080) is unhealthy in (target-group arn:tg) due to (reason Health checks failed with these codes: [503]).",
            ),
        ];
        assert_eq!(health_code(&events, "a").as_deref(), Some("503"));
        assert_eq!(
            health_code(&events, "b").as_deref(),
            Some("Request timed out")
        );
        assert_eq!(health_code(&events, "c"), None);
    }

    #[test]
    fn a_rollback_names_where_it_goes() {
        let id = rollback_target("(service kc) rolling back to deployment ecs-svc/7.").unwrap();
        assert_eq!(id.as_str(), "ecs-svc/7");
        assert_eq!(
            rollback_target("(service kc) has reached a steady state."),
            None
        );
    }

    #[test]
    fn topics_are_told_by_their_text() {
        for (message, wanted) in [
            ("(service kc) has started 2 tasks: (task a).", Topic::Course),
            ("(service kc) has reached a steady state.", Topic::Noise),
            (
                "(service kc) was unable to place a task. Reason: Capacity is unavailable at this time.",
                Topic::Trouble,
            ),
            (
                "(service kc) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.",
                Topic::Stall,
            ),
        ] {
            assert_eq!(topic(message), wanted, "{message}");
        }
    }
}
