//! The operation `status`: one screen, nothing changed.

use super::session::Session;
use crate::domain::rollout::{
    DeploymentId, End, Policy, Rollout, RolloutState, Until, Verdict, View, serving, short,
};
use crate::error::Result;

/// Events that the picture shows.
const EVENTS: usize = 5;

impl Session<'_> {
    /// Shows the service; answers the newest deployment, or the one asked for, and its verdict if it is over.
    pub(super) async fn status(&self, id: &DeploymentId) -> Result<Option<Verdict>> {
        self.look_at_ours(id).await?;
        let view = self.known.borrow().view.clone();
        for line in picture(&view) {
            self.line(line);
        }
        let policy = Policy {
            until: Until::Deployed,
            // What is shown is what ECS says.
            fail_fast: false,
            ..self.request.policy
        };
        let mut rollout = Rollout::new(id.clone(), policy);
        let now = std::time::Duration::ZERO;
        let step = rollout.observe(&view, now);
        self.line(format!("{id}: {}", step.line));
        let mut known = self.known.borrow_mut();
        known.line = step.line;
        known.rollout = Some(rollout);
        Ok(step.verdict.filter(|verdict| verdict.end != End::TimedOut))
    }
}

/// The service on one screen.
fn picture(view: &View) -> Vec<String> {
    let service = &view.service;
    let mut lines = vec![
        format!(
            "{} · {} · {:?} {}/{} %",
            service.name,
            service.status,
            service.strategy,
            service.minimum_percent,
            service.maximum_percent
        ),
        format!(
            "tasks: {} desired, {} running, {} pending",
            service.desired, service.running, service.pending
        ),
        format!("serves: {}", serving(view)),
    ];
    for slot in &service.slots {
        let state = match slot.rollout {
            Some(RolloutState::InProgress) => "in progress",
            Some(RolloutState::Completed) => "completed",
            Some(RolloutState::Failed) => "failed",
            None => "unknown",
        };
        lines.push(format!(
            "{:?} {} · {} · {state} · {}/{} running, {} pending, {} failed{}",
            slot.role,
            slot.id,
            short(&slot.task_definition),
            slot.running,
            slot.desired,
            slot.pending,
            slot.failed,
            slot.reason
                .as_ref()
                .map_or_else(String::new, |reason| format!(" · {reason}")),
        ));
    }
    lines.extend(
        service
            .events
            .iter()
            .take(EVENTS)
            .map(|event| format!("event: {}", event.message)),
    );
    lines
}
