//! The words of a verdict.

use super::ends::worst;
use super::notes::go_on;
use super::phase::{self, paused};
use super::verdict::{End, Verdict, short};
use super::view::{DeploymentId, HookStatus, ServiceDeployment, Slot, Status, View};

pub(super) fn deployed(id: &DeploymentId, view: &View) -> Verdict {
    let what = match view.service.desired {
        0 => format!("{id} is deployed, with 0 desired tasks: nothing was proven"),
        _ => format!("{id} is deployed"),
    };
    Verdict::new(End::Deployed, what, "")
}

pub(super) fn live(id: &DeploymentId) -> Verdict {
    Verdict::new(
        End::Deployed,
        format!("{id} is live: every task of the new revision is healthy"),
        "",
    )
}

pub(super) fn superseded(id: &DeploymentId, by: &Slot) -> Verdict {
    Verdict::new(
        End::Superseded,
        format!(
            "{id} was superseded by {} ({})",
            by.id,
            short(&by.task_definition)
        ),
        "Nothing was rolled back: the newer deployment decides what serves. Wait for that one.",
    )
}

pub(super) fn deleted(view: &View) -> Verdict {
    Verdict::new(
        End::Failed,
        format!(
            "the service is {}: somebody deletes it",
            view.service.status
        ),
        "Create the service again before the next deployment.",
    )
}

/// ECS rolls back, or has rolled back.
pub(super) fn rolled_back(id: &DeploymentId, view: &View, to: Option<&DeploymentId>) -> Verdict {
    let ours = view.ours.as_ref();
    let reason = ours
        .and_then(|ours| ours.rollback_reason.as_ref().or(ours.reason.as_ref()))
        .or_else(|| view.service.slot(id)?.reason.as_ref())
        .map_or("no reason given", |reason| reason.trim_end_matches('.'));
    let verb = match ours.map(|ours| ours.status) {
        Some(Status::RollbackSuccessful) => "has rolled",
        _ => "is rolling",
    };
    let target = to.map_or_else(String::new, |to| format!(" to {to}"));
    let blamed = ours.map_or_else(String::new, blamed);
    let by_user = reason.to_lowercase().contains("by user");
    let next = if by_user {
        "Somebody stopped the deployment: ask before deploying again."
    } else {
        "Mend the cause, then deploy again."
    };
    let cause = if by_user { None } else { worst(view) };
    Verdict::new(
        End::RolledBack,
        format!("ECS {verb} {id} back{target}: {reason}{blamed}"),
        next,
    )
    .because(cause)
}

/// Alarms and hooks that made ECS roll back.
fn blamed(ours: &ServiceDeployment) -> String {
    let mut text = String::new();
    if !ours.triggered_alarms.is_empty() {
        text.push_str(&format!(" (alarms: {})", ours.triggered_alarms.join(", ")));
    }
    let failed = |status| matches!(status, HookStatus::Failed | HookStatus::TimedOut);
    for hook in ours.hooks.iter().filter(|hook| failed(hook.status)) {
        text.push_str(&format!(
            " (hook: {})",
            hook.target.as_ref().unwrap_or(&hook.id)
        ));
    }
    text
}

pub(super) fn rollback_failed(id: &DeploymentId, view: &View, ours: &ServiceDeployment) -> Verdict {
    Verdict::new(
        End::Failed,
        format!(
            "ECS COULD NOT ROLL BACK {id}: {}{}",
            ours.reason.as_deref().unwrap_or("no reason given"),
            blamed(ours)
        ),
        "Look at the service at once: neither revision may be whole.",
    )
    .because(worst(view))
}

/// ECS wants to roll the first deployment of a service back.
pub(super) fn nowhere_to_go(id: &DeploymentId, view: &View) -> Verdict {
    Verdict::new(
        End::Failed,
        format!("{id} has failed, and there is no revision to roll back to"),
        "Mend the cause, then deploy again.",
    )
    .because(worst(view))
}

pub(super) fn stopped(id: &DeploymentId, view: &View, ours: &ServiceDeployment) -> Verdict {
    let reason = ours.reason.as_deref().unwrap_or("no reason given");
    Verdict::new(
        End::Failed,
        format!("{id} was stopped: {reason}"),
        "Mend the cause and deploy again, or return with `operation: rollback`.",
    )
    .because(worst(view))
}

/// ECS gave up, and does not roll back.
pub(super) fn gave_up(id: &DeploymentId, view: &View, slot: &Slot) -> Verdict {
    let reason = slot.reason.as_deref().unwrap_or("no reason given");
    Verdict::new(
        End::Failed,
        format!("ECS gave {id} up: {}", reason.trim_end_matches('.')),
        "Mend the cause and deploy again, or return with `operation: rollback`.",
    )
    .because(worst(view))
}

/// Out of time, and the new revision serves.
pub(super) fn late_but_live(id: &DeploymentId, view: &View, seconds: u64) -> Verdict {
    Verdict::new(
        End::TimedOutLive,
        format!(
            "after {seconds} s the new revision is live, and {id} is not over: {}",
            phase::line(view, id)
        ),
        "Give it more `timeout-seconds`, shorten the target group's deregistration delay, or wait `until: live`.",
    )
}

/// Out of time, and nothing is certain.
pub(super) fn late(id: &DeploymentId, view: &View, seconds: u64) -> Verdict {
    let (what, next) = match paused(view) {
        Some(hook) => (
            format!("{id} has been paused at the hook {hook}, and still is after {seconds} s"),
            go_on(view, hook),
        ),
        None => (
            format!(
                "nothing is certain about {id} after {seconds} s: {}",
                phase::line(view, id)
            ),
            "The deployment goes on: look with `operation: status`, or wait with more `timeout-seconds`."
                .to_owned(),
        ),
    };
    Verdict::new(End::TimedOut, what, next).because(worst(view))
}
