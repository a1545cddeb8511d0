//! How far a rollout is.

use std::time::Duration;

use super::view::{
    Counts, DeploymentId, HookStatus, Monitor, Role, RolloutState, Service, Stage, Status,
    Strategy, View,
};

/// A phase of a rollout, as a person would call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No task of the new revision yet.
    Pending,
    /// Tasks of the new revision are starting.
    Starting,
    /// All of them run; their health is not established.
    Checking,
    /// Traffic moves to the new revision.
    Shifting,
    /// The new revision serves, and ECS watches it for the bake time.
    Baking,
    /// The new revision serves; tasks of the old one are leaving.
    Draining,
    /// The old tasks are gone; ECS has not said so yet.
    Completing,
    /// A hook waits for a person.
    Paused,
    /// ECS returns to the revision before.
    RollingBack,
    /// ECS has ended the deployment.
    Over,
}

impl Phase {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Starting => "starting",
            Self::Checking => "checking health",
            Self::Shifting => "shifting traffic",
            Self::Baking => "baking",
            Self::Draining => "draining",
            Self::Completing => "completing",
            Self::Paused => "paused",
            Self::RollingBack => "rolling back",
            Self::Over => "ended",
        }
    }
}

/// A phase and when it was seen, on the clock of the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub phase: Phase,
    pub from: Duration,
    pub to: Duration,
}

/// Tasks of the new revision, from the service deployment, else from the service.
pub(super) fn target(view: &View, id: &DeploymentId) -> Counts {
    if let Some(ours) = &view.ours {
        return ours.target;
    }
    view.service
        .slot(id)
        .map_or_else(Counts::default, |slot| Counts {
            requested: slot.desired,
            running: slot.running,
            pending: slot.pending,
            traffic: None,
        })
}

/// Tasks of the revisions that are being replaced; none where there is nothing to replace.
pub(super) fn sources(view: &View, id: &DeploymentId) -> Option<Counts> {
    if let Some(ours) = &view.ours {
        return ours.sources;
    }
    older(&view.service, id)
}

fn older(service: &Service, id: &DeploymentId) -> Option<Counts> {
    let mut others = service
        .slots
        .iter()
        .filter(|slot| slot.id != *id && slot.role != Role::Inactive)
        .peekable();
    others.peek()?;
    Some(others.fold(Counts::default(), |sum, slot| Counts {
        requested: sum.requested + slot.desired,
        running: sum.running + slot.running,
        pending: sum.pending + slot.pending,
        traffic: None,
    }))
}

/// What earlier looks have shown, and one look cannot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Past {
    /// ECS asked for tasks of the old revision: only then is it a sign when it asks for none.
    pub(super) replaces: bool,
    /// A task of the new revision was missing after all had been healthy: those that run may be new, and not healthy yet.
    pub(super) shaken: bool,
}

impl Past {
    /// Adds a look to it.
    pub(super) fn look(&mut self, view: &View, id: &DeploymentId) {
        self.replaces |= sources(view, id).is_some_and(|sources| sources.requested > 0);
        self.shaken |= were_healthy(view, id, *self) && !all_run(view, id);
    }
}

/// Whether every task of the new revision is healthy and serves.
///
/// A running task need not be healthy yet. ECS itself says that all are when a stage after the traffic shift is reached,
/// or, where no task may be missing (`minimumHealthyPercent` ≥ 100), when it asks for no task of the old revision any
/// more after it did. Elsewhere nothing but the end of the deployment proves it. Tasks that scaling adds
/// meanwhile are not looked at: they are not the deployment's.
pub(super) fn live(view: &View, id: &DeploymentId, past: Past) -> bool {
    let serves = all_run(view, id) && paused(view).is_none();
    serves && !past.shaken && were_healthy(view, id, past)
}

fn all_run(view: &View, id: &DeploymentId) -> bool {
    let target = target(view, id);
    target.requested > 0 && target.running >= target.requested && target.pending == 0
}

/// Whether all tasks of the new revision have been healthy at some instant.
fn were_healthy(view: &View, id: &DeploymentId, past: Past) -> bool {
    let stage = view.ours.as_ref().and_then(|ours| ours.stage);
    if view.service.strategy != Strategy::Rolling {
        let traffic = target(view, id).traffic;
        return traffic.is_none_or(|percent| percent >= 100.0)
            && stage >= Some(Stage::PostProductionTrafficShift);
    }
    let replaced = past.replaces
        && view.service.minimum_percent >= 100
        && sources(view, id).is_some_and(|sources| sources.requested == 0);
    stage >= Some(Stage::BakeTime) || replaced
}

/// The hook that waits for a person.
pub(super) fn paused(view: &View) -> Option<&str> {
    view.ours
        .as_ref()?
        .hooks
        .iter()
        .find(|hook| hook.status == HookStatus::AwaitingAction)
        .map(|hook| hook.id.as_str())
}

/// The phase that a view shows.
pub(super) fn phase(view: &View, id: &DeploymentId, past: Past) -> Phase {
    let ours = view.ours.as_ref();
    match ours.map(|ours| ours.status) {
        Some(Status::RollbackRequested | Status::RollbackInProgress | Status::StopRequested) => {
            return Phase::RollingBack;
        }
        Some(status) if status.over() => return Phase::Over,
        Some(_) => {}
        None => {
            let slot = view.service.slot(id);
            if slot.is_some_and(|slot| slot.rollout == Some(RolloutState::Completed)) {
                return Phase::Over;
            }
        }
    }
    if paused(view).is_some() {
        return Phase::Paused;
    }
    let target = target(view, id);
    if target.running + target.pending == 0 {
        return Phase::Pending;
    }
    if target.running < target.requested {
        return Phase::Starting;
    }
    let stage = ours.and_then(|ours| ours.stage);
    if view.service.strategy != Strategy::Rolling
        && stage >= Some(Stage::TestTrafficShift)
        && stage <= Some(Stage::PostProductionTrafficShift)
    {
        return Phase::Shifting;
    }
    if stage == Some(Stage::BakeTime) {
        return Phase::Baking;
    }
    if !live(view, id, past) {
        return Phase::Checking;
    }
    if sources(view, id).is_some_and(|sources| sources.running > 0) {
        return Phase::Draining;
    }
    let watched = ours.is_some_and(|ours| ours.alarms == Monitor::Monitoring);
    if watched {
        Phase::Baking
    } else {
        Phase::Completing
    }
}

/// The state on one line: new and old tasks, failures.
pub(super) fn line(view: &View, id: &DeploymentId) -> String {
    let target = target(view, id);
    let mut parts = vec![match target.pending {
        0 => format!("new {}/{}", target.running, target.requested),
        pending => format!(
            "new {}/{} (+{pending} starting)",
            target.running, target.requested
        ),
    }];
    if let Some(old) = sources(view, id) {
        parts.push(format!("old {}", old.running));
    }
    if let Some(ours) = &view.ours {
        if view.service.strategy != Strategy::Rolling {
            parts.extend(ours.stage.map(|stage| stage.name().to_owned()));
            parts.extend(
                target
                    .traffic
                    .map(|percent| format!("traffic {percent:.0} %")),
            );
        }
        if ours.breaker.failures > 0 {
            let breaker = ours.breaker;
            parts.push(format!(
                "{} of {} failures",
                breaker.failures, breaker.threshold
            ));
        }
    }
    parts.join(" · ")
}

/// Adds what was seen at `now` to the spans.
pub(super) fn record(spans: &mut Vec<Span>, phase: Phase, now: Duration) {
    if let Some(last) = spans.last_mut() {
        last.to = now;
        if last.phase == phase {
            return;
        }
    }
    spans.push(Span {
        phase,
        from: now,
        to: now,
    });
}
