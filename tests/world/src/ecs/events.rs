//! Service events, with the texts of AWS.
//!
//! From captures: all texts but those of `cannot_place` and `stalled`, which are in "Amazon ECS service event
//! messages" (November 2026) and, without the sentence on troubleshooting, in captures too. A capture of a rolling
//! deployment behind a load balancer (October 2026), oldest first, gives the order and the pace: started; 40 s later
//! registered; 50 s later stopped; 10 s later deregistered and draining; 52 s later completed and steady.

use super::ids::Ids;
use super::model::{Event, Service};

/// Events that ECS keeps.
const KEPT: usize = 100;
/// Seconds in which ECS does not repeat an event that repeats itself.
const SUPPRESSED: f64 = 6.0 * 3600.0;

impl Service {
    /// Adds `(service S) …`.
    pub fn tell(&mut self, ids: &mut Ids, at: f64, what: &str) {
        let message = format!("(service {}) {what}", self.name);
        self.add_event(ids, at, message);
    }

    /// Adds an event unless the same one is less than six hours old.
    pub fn tell_once(&mut self, ids: &mut Ids, at: f64, what: &str) {
        let message = format!("(service {}) {what}", self.name);
        let repeated = self
            .events
            .iter()
            .any(|event| event.message == message && event.at > at - SUPPRESSED);
        if !repeated {
            self.add_event(ids, at, message);
        }
    }

    pub fn add_event(&mut self, ids: &mut Ids, at: f64, message: String) {
        self.events.push_front(Event {
            id: ids.uuid(),
            at,
            message,
        });
        self.events.truncate(KEPT);
    }
}

/// `(task A) (task B)`.
fn names(tasks: &[String]) -> String {
    tasks
        .iter()
        .map(|task| format!("(task {task})"))
        .collect::<Vec<_>>()
        .join(" ")
}

pub fn started(tasks: &[String], replaced: usize) -> String {
    let mut text = format!("has started {} tasks: {}.", tasks.len(), names(tasks));
    if replaced > 0 {
        text += &format!(" Amazon ECS replaced {replaced} tasks due to an unhealthy status.");
    }
    text
}

pub fn stopped_running(tasks: &[String]) -> String {
    format!(
        "has stopped {} running tasks: {}.",
        tasks.len(),
        names(tasks)
    )
}

pub fn stopped_pending(count: usize) -> String {
    format!("stopped {count} pending tasks.")
}

pub fn registered(group: &str) -> String {
    format!("registered 1 targets in (target-group {group})")
}

pub fn deregistered(group: &str) -> String {
    format!("deregistered 1 targets in (target-group {group})")
}

/// The one text that names the deployment inside the first pair of brackets.
pub fn draining(service: &str, deployment: &str) -> String {
    format!(
        "(service {service}, taskSet ecs-svc/{deployment}) has begun draining connections on 1 tasks."
    )
}

pub fn unhealthy_target(task: &str, port: u64, group: &str, why: &str) -> String {
    format!(
        "(task {task}) (port {port}) is unhealthy in (target-group {group}) due to (reason {why})."
    )
}

pub fn unhealthy_container(task: &str) -> String {
    format!("(task {task}) failed container health checks.")
}

pub fn completed(deployment: &str) -> String {
    format!("(deployment ecs-svc/{deployment}) deployment completed.")
}

pub fn failed(deployment: &str, why: &str) -> String {
    format!("(deployment ecs-svc/{deployment}) deployment failed: {why}")
}

pub fn rolling_back(to: &str) -> String {
    format!("rolling back to deployment ecs-svc/{to}.")
}

pub const STEADY: &str = "has reached a steady state.";

pub const INCONSISTENT: &str = "is unable to consistently start tasks successfully.";

pub const CANNOT_PLACE: &str = "was unable to place a task. Reason: Capacity is unavailable at this time. Please try \
                                again later or in a different availability zone. For more information, see the \
                                Troubleshooting section of the Amazon ECS Developer Guide.";

pub const STALLED: &str = "was unable to stop or start tasks during a deployment because of the service deployment \
                           configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";
