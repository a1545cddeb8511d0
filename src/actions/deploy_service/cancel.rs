//! A cancelled run: answered within two seconds, since the runner kills after ten.

use std::time::{Duration, Instant};

use super::args::Reaction;
use super::session::Session;
use crate::domain::rollout::{DeploymentId, End, Pin, Verdict};

/// Real time that the answer to a cancellation may take.
const LIMIT: Duration = Duration::from_millis(1600);
/// Real time in which a deployment that was just started has to show, so that there is time left to stop it.
const SHOWS: Duration = Duration::from_millis(900);
const PAUSE: Duration = Duration::from_millis(200);

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
        let named = match &self.request.pin {
            Pin::Deployment(id) => Some(id.clone()),
            _ => None,
        };
        let id = if unanswered {
            self.unreported().await
        } else {
            self.ours().or(named)
        };
        let Some(id) = id else {
            return if unanswered {
                Verdict::new(
                    End::Cancelled,
                    "cancelled while an update was on its way: it may still start a deployment",
                    "Look with `operation: status`, and stop it with `operation: rollback` if it is not wanted.",
                )
            } else {
                Verdict::new(End::Cancelled, "cancelled before anything was changed", "")
            };
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

    /// A deployment that an unanswered update of ours has started, if it shows in time.
    async fn unreported(&self) -> Option<DeploymentId> {
        let before = self.known.borrow().updating.clone()?;
        let until = Instant::now() + SHOWS;
        loop {
            if self.look_at_service().await.is_ok()
                && let Some(primary) = self.service().primary()
                && !before.contains(&primary.id)
            {
                self.begin(primary.id.clone());
                return Some(primary.id.clone());
            }
            if Instant::now() + PAUSE >= until {
                return None;
            }
            tokio::time::sleep(PAUSE).await;
        }
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
