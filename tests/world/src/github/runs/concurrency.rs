//! Concurrency groups: of one group one run or job is in progress and one waits; a newer one takes the place of the one
//! that waits.
//!
//! Source: "Control the concurrency of workflows and jobs", GitHub's documentation, November 2026. Not here: `queue: max`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_yaml::Value;
use tokio::sync::oneshot;

use super::cancel::Cancel;
use crate::World;
use crate::github::expression::{self, Scope};

/// What a `concurrency` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub name: String,
    pub cancel_in_progress: bool,
}

impl Group {
    /// The group of a workflow or a job, if it has one.
    pub(super) fn of(document: &Value, scope: Scope<'_>) -> Result<Option<Self>, String> {
        let Some(concurrency) = document.get("concurrency") else {
            return Ok(None);
        };
        let name = concurrency.get("group").unwrap_or(concurrency);
        let name = name.as_str().ok_or("`concurrency` has no group")?;
        let cancel = match concurrency.get("cancel-in-progress") {
            None => false,
            Some(value) => expression::yaml(value, scope)? == true,
        };
        Ok(Some(Self {
            name: expression::interpolate(name, scope)?,
            cancel_in_progress: cancel,
        }))
    }
}

/// The groups of all repositories. Names are not case-sensitive.
#[derive(Debug, Default)]
pub(in crate::github) struct Groups {
    slots: BTreeMap<Key, Slot>,
    last: u64,
}

type Key = (String, String);

#[derive(Debug, Default)]
struct Slot {
    holder: Option<(u64, Cancel)>,
    waiting: Option<(u64, Cancel, oneshot::Sender<()>)>,
}

/// A place in a group, given up when it is dropped.
pub(super) struct Place {
    world: Arc<World>,
    key: Key,
    ticket: u64,
    admitted: oneshot::Receiver<()>,
}

/// Queues up. `groups` belongs to `world`.
pub(super) fn enter(
    world: &Arc<World>,
    groups: &mut Groups,
    repository: &str,
    group: &Group,
    cancel: &Cancel,
) -> Place {
    groups.last += 1;
    let ticket = groups.last;
    let key = (repository.to_owned(), group.name.to_lowercase());
    let slot = groups.slots.entry(key.clone()).or_default();
    let (admit, admitted) = oneshot::channel();
    let why = format!(
        "Canceling since a higher priority waiting request for {} exists",
        group.name
    );
    if let Some((_, older, _)) = slot.waiting.take() {
        older.cancel(&why);
    }
    match &slot.holder {
        None => {
            slot.holder = Some((ticket, cancel.clone()));
            // The receiver is in this function still.
            let _ = admit.send(());
        }
        Some((_, holder)) => {
            if group.cancel_in_progress {
                holder.cancel(&why);
            }
            slot.waiting = Some((ticket, cancel.clone(), admit));
        }
    }
    Place {
        world: world.clone(),
        key,
        ticket,
        admitted,
    }
}

impl Place {
    /// Waits for its turn; the reason if it was cancelled first.
    pub(super) async fn turn(&mut self, cancel: &Cancel) -> Result<(), String> {
        tokio::select! {
            biased;
            reason = cancel.cancelled() => Err(reason),
            _ = &mut self.admitted => Ok(()),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.world.github.state();
        let Some(slot) = state.groups.slots.get_mut(&self.key) else {
            return;
        };
        if slot
            .waiting
            .as_ref()
            .is_some_and(|(ticket, ..)| *ticket == self.ticket)
        {
            slot.waiting = None;
        }
        if slot
            .holder
            .as_ref()
            .is_some_and(|(ticket, _)| *ticket == self.ticket)
        {
            slot.holder = None;
            if let Some((ticket, cancel, admit)) = slot.waiting.take() {
                slot.holder = Some((ticket, cancel));
                // Whoever waited may just have given up: then dropping its place makes way.
                let _ = admit.send(());
            }
        }
    }
}
