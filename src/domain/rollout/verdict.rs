//! How a wait ends.

use super::cause::Cause;
use super::view::{Role, Slot, View};
use crate::error::Kind;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Deployed,
    /// Nothing was in flight, and what was asked for serves already.
    NoOp,
    Failed,
    RolledBack,
    Superseded,
    TimedOut,
    /// Out of time, but the new revision serves.
    TimedOutLive,
    Cancelled,
    CredentialsLost,
}

impl End {
    /// Every end.
    pub const ALL: [Self; 9] = [
        Self::Deployed,
        Self::NoOp,
        Self::Failed,
        Self::RolledBack,
        Self::Superseded,
        Self::TimedOut,
        Self::TimedOutLive,
        Self::Cancelled,
        Self::CredentialsLost,
    ];

    /// The value of the output `outcome`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::NoOp => "no-op",
            Self::Failed => "failed",
            Self::RolledBack => "rolled-back",
            Self::Superseded => "superseded",
            Self::TimedOut => "timed-out",
            Self::TimedOutLive => "timed-out-live",
            Self::Cancelled => "cancelled",
            Self::CredentialsLost => "credentials-lost",
        }
    }

    /// The kind of error that it is, if it is one.
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Self::Deployed | Self::NoOp => None,
            Self::Failed => Some(Kind::DeploymentFailed),
            Self::RolledBack => Some(Kind::RolledBack),
            Self::Superseded => Some(Kind::Superseded),
            Self::TimedOut => Some(Kind::TimedOut),
            Self::TimedOutLive => Some(Kind::TimedOutLive),
            Self::Cancelled => Some(Kind::Cancelled),
            Self::CredentialsLost => Some(Kind::CredentialsLost),
        }
    }
}

/// What is certain, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub end: End,
    /// One lowercase line.
    pub what: String,
    /// The end of a task that explains it.
    pub cause: Option<Cause>,
    /// What to do next, in sentences.
    pub next: String,
}

impl Verdict {
    /// A verdict without a cause.
    pub fn new(end: End, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            end,
            what: what.into(),
            cause: None,
            next: next.into(),
        }
    }

    #[must_use]
    pub(crate) fn because(mut self, cause: Option<Cause>) -> Self {
        if let Some(cause) = &cause
            && !cause.remedy.is_empty()
        {
            self.next = format!("{} {}", cause.remedy, self.next)
                .trim_end()
                .to_owned();
        }
        self.cause = cause;
        self
    }
}

/// Which deployments have running tasks, on one line, and which of them get no traffic where ECS shifts it.
pub fn serving(view: &View) -> String {
    let service = &view.service;
    let ours = view.ours.as_ref();
    let target = ours.and_then(|ours| Some((&ours.id, ours.target.traffic?)));
    let idle = |slot: &Slot| match target {
        Some((id, percent)) if *id == slot.id => percent <= 0.0,
        Some((_, percent)) => percent >= 100.0,
        None => false,
    };
    let mut slots: Vec<_> = service
        .slots
        .iter()
        .filter(|slot| slot.running > 0)
        .collect();
    if slots.is_empty() {
        return format!("no task runs ({} desired)", service.desired);
    }
    slots.sort_by_key(|slot| slot.role != Role::Primary);
    let described: Vec<String> = slots
        .iter()
        .map(|slot| {
            let plural = if slot.running == 1 { "task" } else { "tasks" };
            format!(
                "{} {plural} of {} ({}){}",
                slot.running,
                short(&slot.task_definition),
                slot.id,
                if idle(slot) { " without traffic" } else { "" }
            )
        })
        .collect();
    format!("{}, {} desired", described.join(" and "), service.desired)
}

/// `family:revision` of a task definition's ARN.
pub fn short(task_definition: &str) -> &str {
    task_definition
        .rsplit_once('/')
        .map_or(task_definition, |(_, name)| name)
}

/// What ECS itself will do about a deployment that cannot succeed.
pub(super) fn left_alone(view: &View) -> String {
    let breaker = view.service.breaker;
    if view.nowhere_to_return() {
        return "ECS has no revision to roll back to: mend the cause, and deploy again.".to_owned();
    }
    match (breaker.enabled, breaker.rollback) {
        (true, true) => {
            let count = view.ours.as_ref().map(|ours| ours.breaker);
            let count = count.filter(|breaker| breaker.threshold > 0).map_or_else(
                String::new,
                |breaker| format!(" ({} of {} failures)", breaker.failures, breaker.threshold),
            );
            format!("ECS rolls back by itself when its circuit breaker trips{count}.")
        }
        (true, false) => {
            "ECS stops starting tasks when its circuit breaker trips, and does not roll back."
                .to_owned()
        }
        (false, _) => {
            "ECS goes on starting tasks for ever: the circuit breaker is off. `operation: rollback` returns to the \
             revision before."
                .to_owned()
        }
    }
}
