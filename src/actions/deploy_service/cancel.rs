//! A cancelled run: answered within two seconds, since the runner kills after ten.

use std::time::Duration;

use super::args::Reaction;
use super::session::Session;
use crate::domain::rollout::{DeploymentId, End, Verdict};

/// Real time that the answer to a cancellation may take.
const LIMIT: Duration = Duration::from_millis(1600);

impl Session<'_> {
    /// What a signal leaves behind.
    pub(super) async fn cancelled(&self) -> Verdict {
        match tokio::time::timeout(LIMIT, self.let_go()).await {
            Ok(verdict) => verdict,
            Err(_) => Verdict::new(
                End::Cancelled,
                format!(
                    "cancelled; AWS did not answer in time: {}",
                    self.last_seen()
                ),
                "Look with `operation: status` what the service does.",
            ),
        }
    }

    async fn let_go(&self) -> Verdict {
        let unanswered = self.known.borrow().updating.is_some() && self.ours().is_none();
        let id = if unanswered {
            self.unreported().await
        } else {
            self.ours()
        };
        let Some(id) = id else {
            return Verdict::new(End::Cancelled, "cancelled before anything was changed", "");
        };
        if self.request.on_cancel == Reaction::Leave {
            return Verdict::new(
                End::Cancelled,
                format!("cancelled; {id} goes on by itself: {}", self.last_seen()),
                "Look with `operation: status`, or stop it with `operation: rollback`.",
            );
        }
        match self.stop_now(&id).await {
            Ok(()) => Verdict::new(
                End::Cancelled,
                format!("cancelled; {id} was stopped, ECS returns to the revision before"),
                "Look with `operation: status` how the rollback ends.",
            ),
            Err(why) => Verdict::new(
                End::Cancelled,
                format!("cancelled; {id} could not be stopped and goes on: {why}"),
                "Stop it with `operation: rollback`.",
            ),
        }
    }

    /// A deployment that an unanswered update of ours has started.
    async fn unreported(&self) -> Option<DeploymentId> {
        let before = self.known.borrow().updating.clone()?;
        self.look_at_service().await.ok()?;
        let service = self.service();
        let primary = service.primary()?;
        if before.contains(&primary.id) {
            return None;
        }
        self.begin(primary.id.clone());
        Some(primary.id.clone())
    }

    async fn stop_now(&self, id: &DeploymentId) -> Result<(), String> {
        if self.arn_of(id).is_none() {
            let list = self.reader.ecs.deployments(&self.request.service).await;
            self.remember(id, &list.map_err(|error| error.message())?);
        }
        let arn = self.arn_of(id).ok_or("ECS does not list it yet")?;
        self.reader
            .ecs
            .roll_back(&arn)
            .await
            .map_err(|error| error.message())
    }

    fn last_seen(&self) -> String {
        let known = self.known.borrow();
        if known.line.is_empty() {
            "nothing was seen of it yet".to_owned()
        } else {
            known.line.clone()
        }
    }
}
