//! The state machine: look after look, until something is certain.

use std::collections::BTreeSet;
use std::time::Duration;

use super::cause::Weight;
use super::ends;
use super::events::{self, Topic, topic};
use super::notes::{Note, Notes};
use super::phase::{self, Past, Phase, Span};
use super::stall;
use super::verdict::{End, Verdict, left_alone};
use super::view::{DeploymentId, Epoch, RolloutState, ServiceDeployment, Slot, Status, View};
use super::words;

/// When a rollout counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// Every task of the new revision is healthy.
    Live,
    /// ECS says so: the old tasks are gone too, and the bake time is over.
    #[default]
    Deployed,
    /// The rollback that was asked for has ended.
    RolledBack,
}

/// What the caller wants.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    pub until: Until,
    /// Whether to judge by stopped tasks before ECS does.
    pub fail_fast: bool,
    pub timeout: Duration,
}

/// How long a sign that may be an old state must last before it counts.
const SETTLE: Duration = Duration::from_secs(15);
/// How long a deployment without room to move is given.
const STALLED: Duration = Duration::from_secs(60);

/// What one look led to.
#[derive(Clone, Debug)]
pub struct Step {
    pub phase: Phase,
    /// The state on one line.
    pub line: String,
    /// Remarks that were not made before.
    pub notes: Vec<Note>,
    pub verdict: Option<Verdict>,
}

/// The wait for one deployment. Time is `now`, measured from the start of the wait.
#[derive(Debug)]
pub struct Rollout {
    id: DeploymentId,
    policy: Policy,
    spans: Vec<Span>,
    notes: Notes,
    /// Deployments that were there before ours.
    before: BTreeSet<DeploymentId>,
    was_primary: bool,
    was_in_flight: bool,
    past: Past,
    /// Since when a sign that may be an old state has lasted.
    doubt: Option<Duration>,
}

/// Where our deployment stands in the service.
enum Place<'a> {
    Primary(&'a Slot),
    /// ECS returns to this one.
    Returning(&'a Slot),
    /// This newer one took its place.
    Superseded(&'a Slot),
    Unknown,
}

impl Rollout {
    pub fn new(id: DeploymentId, policy: Policy) -> Self {
        Self {
            id,
            policy,
            spans: Vec::new(),
            notes: Notes::default(),
            before: BTreeSet::new(),
            was_primary: false,
            was_in_flight: false,
            past: Past::default(),
            doubt: None,
        }
    }

    pub fn id(&self) -> &DeploymentId {
        &self.id
    }

    /// The phases seen so far.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// From now on, waits for the end of the rollback that the caller has asked ECS for.
    pub fn await_rollback(&mut self, timeout: Duration) {
        self.policy.until = Until::RolledBack;
        self.policy.timeout = timeout;
        self.doubt = None;
    }

    /// Whether every task of the new revision is healthy and serves.
    pub fn live(&self, view: &View) -> bool {
        phase::live(view, &self.id, self.past)
    }

    /// The verdict of the clock alone, where there was no look.
    pub fn overdue(&self, view: &View, now: Duration) -> Option<Verdict> {
        self.out_of_time(view, now)
    }

    /// Whether the deployment was over before anybody looked.
    pub fn was_over(&self) -> bool {
        !self.was_in_flight && matches!(self.spans.as_slice(), [only] if only.phase == Phase::Over)
    }

    /// Judges one look at `now`.
    pub fn observe(&mut self, view: &View, now: Duration) -> Step {
        if view.ours.as_ref().is_some_and(|ours| ours.id != self.id) {
            let mut view = view.clone();
            view.ours = None;
            return self.observe(&view, now);
        }
        self.remember(view);
        let phase = phase::phase(view, &self.id, self.past);
        phase::record(&mut self.spans, phase, now);
        let verdict = match self.policy.until {
            Until::RolledBack => self.judge_rollback(view, now),
            Until::Live | Until::Deployed => self.judge(view, now),
        };
        Step {
            phase,
            line: format!("{}: {}", phase.name(), phase::line(view, &self.id)),
            notes: self.notes.of(view, self.created(view), verdict.as_ref()),
            verdict,
        }
    }

    /// Takes note of a look without judging it, such as the one that found the deployment: a newer one may be there at
    /// the next.
    pub fn remember(&mut self, view: &View) {
        self.past.look(view, &self.id);
        let slot = view.service.slot(&self.id);
        self.was_in_flight |= slot
            .is_some_and(|slot| slot.rollout == Some(RolloutState::InProgress))
            || view
                .ours
                .as_ref()
                .is_some_and(|ours| ours.status.in_flight());
        let Some(primary) = view.service.primary() else {
            return;
        };
        self.was_primary |= primary.id == self.id;
        let ours = self.created(view);
        for slot in view.service.slots.iter().filter(|slot| slot.id != self.id) {
            let older = match (slot.created, ours) {
                (Some(slot), Some(ours)) => slot <= ours,
                // Without dates only what is there beside ours, while ours is the newest, is certainly older.
                _ => primary.id == self.id,
            };
            if older {
                self.before.insert(slot.id.clone());
            }
        }
    }

    fn created(&self, view: &View) -> Option<Epoch> {
        let shown = view.ours.as_ref().and_then(|ours| ours.created);
        shown.or_else(|| view.service.slot(&self.id)?.created)
    }

    fn judge(&mut self, view: &View, now: Duration) -> Option<Verdict> {
        if !["ACTIVE", ""].contains(&view.service.status.as_str()) {
            return Some(words::deleted(view));
        }
        let certain = match view.ours.as_ref() {
            Some(ours) if !ours.status.in_flight() => self.ended(view, ours, now),
            _ => self
                .by_service(view, now)
                .or_else(|| self.stalled(view, now))
                .or_else(|| self.hopeless(view))
                .or_else(|| self.lives(view)),
        };
        certain.or_else(|| self.out_of_time(view, now))
    }

    /// ECS has decided, or is about to carry out what it decided.
    fn ended(&mut self, view: &View, ours: &ServiceDeployment, now: Duration) -> Option<Verdict> {
        match ours.status {
            Status::RollbackRequested | Status::RollbackInProgress if view.nowhere_to_return() => {
                Some(words::nowhere_to_go(&self.id, view))
            }
            Status::RollbackRequested | Status::RollbackInProgress | Status::RollbackSuccessful => {
                Some(words::rolled_back(
                    &self.id,
                    view,
                    ours.rollback_to.as_ref(),
                ))
            }
            Status::RollbackFailed if view.nowhere_to_return() => {
                Some(words::nowhere_to_go(&self.id, view))
            }
            Status::RollbackFailed => Some(words::rollback_failed(&self.id, view, ours)),
            // ECS's own word is not enough: a newer deployment may serve by now.
            Status::Successful => match self.place(view) {
                Place::Primary(_) => Some(words::deployed(&self.id, view)),
                Place::Superseded(by) => Some(words::superseded(&self.id, by)),
                Place::Returning(_) | Place::Unknown => None,
            },
            Status::StopRequested | Status::Stopped | Status::Pending | Status::InProgress => {
                match self.place(view) {
                    Place::Superseded(by) => Some(words::superseded(&self.id, by)),
                    Place::Primary(slot) if slot.rollout == Some(RolloutState::Failed) => {
                        Some(words::gave_up(&self.id, view, slot))
                    }
                    // Another look may show who took its place.
                    _ => self
                        .lasts(now)
                        .then(|| words::stopped(&self.id, view, ours)),
                }
            }
        }
    }

    /// What the service makes certain while the service deployment says nothing, or nothing final.
    fn by_service(&mut self, view: &View, now: Duration) -> Option<Verdict> {
        match self.place(view) {
            Place::Superseded(by) => Some(words::superseded(&self.id, by)),
            Place::Returning(to) => Some(words::rolled_back(&self.id, view, Some(&to.id))),
            Place::Primary(slot) => match self.rollout_state(view, slot) {
                Some(RolloutState::Completed) if view.ours.is_none() => {
                    Some(words::deployed(&self.id, view))
                }
                Some(RolloutState::Failed) => {
                    // With a rollback configured, ECS begins it in a moment, and then says so.
                    let service = &view.service;
                    let configured = service.breaker.rollback
                        || !service.alarms.is_empty()
                        // A hook that fails needs no configuration to roll back.
                        || slot.rollout.is_none();
                    // In the bake time the old tasks are gone, and ECS makes them anew.
                    let returns = configured && (self.past.replaces || service.slots.len() > 1);
                    (!returns || self.lasts(now)).then(|| words::gave_up(&self.id, view, slot))
                }
                _ => {
                    self.doubt = None;
                    None
                }
            },
            // Ours was the newest, and without the history nothing but its absence tells.
            Place::Unknown if self.was_primary && !view.history => self
                .lasts(now)
                .then(|| words::rolled_back(&self.id, view, None)),
            Place::Unknown => None,
        }
    }

    /// The state of our deployment. Only rolling deployments show one; of others the events tell, where the service
    /// deployment, which knows better, does not.
    fn rollout_state(&self, view: &View, slot: &Slot) -> Option<RolloutState> {
        if view.ours.is_some() {
            return slot.rollout;
        }
        let told = || events::state_of(&view.service.events, &self.id, slot.created?);
        slot.rollout.or_else(told)
    }

    /// The end of a rollback that we asked for.
    fn judge_rollback(&mut self, view: &View, now: Duration) -> Option<Verdict> {
        let ended = match view.ours.as_ref().map(|ours| (ours.status, ours)) {
            Some((Status::RollbackFailed, ours)) => {
                Some(words::rollback_failed(&self.id, view, ours))
            }
            Some((Status::RollbackSuccessful, ours)) => Some(words::rolled_back(
                &self.id,
                view,
                ours.rollback_to.as_ref(),
            )),
            // It was done before the request came.
            Some((Status::Successful, _)) => self.ended(view, view.ours.as_ref()?, now),
            Some((Status::Stopped, ours)) => self
                .lasts(now)
                .then(|| words::stopped(&self.id, view, ours)),
            Some(_) => None,
            None => view.service.primary().and_then(|primary| {
                let returned =
                    primary.id != self.id && primary.rollout == Some(RolloutState::Completed);
                returned.then(|| words::rolled_back(&self.id, view, Some(&primary.id)))
            }),
        };
        ended.or_else(|| {
            let seconds = self.policy.timeout.as_secs();
            (now >= self.policy.timeout).then(|| words::late(&self.id, view, seconds))
        })
    }

    /// Whether a sign that may be an old state has lasted long enough.
    fn lasts(&mut self, now: Duration) -> bool {
        let since = *self.doubt.get_or_insert(now);
        now.saturating_sub(since) >= SETTLE
    }

    fn place<'a>(&self, view: &'a View) -> Place<'a> {
        let Some(primary) = view.service.primary() else {
            return Place::Unknown;
        };
        if primary.id == self.id {
            return Place::Primary(primary);
        }
        let created = self.created(view);
        let failed = view
            .service
            .slot(&self.id)
            .is_some_and(|slot| slot.rollout == Some(RolloutState::Failed));
        let announced = view
            .service
            .events
            .iter()
            .filter(|event| events::since(event, created))
            .any(|event| events::rollback_target(&event.message).as_ref() == Some(&primary.id));
        if failed || announced {
            return Place::Returning(primary);
        }
        let newer = !self.before.contains(&primary.id)
            && match (primary.created, created) {
                (Some(primary), Some(ours)) => primary > ours,
                _ => self.was_primary,
            };
        if newer {
            Place::Superseded(primary)
        } else {
            Place::Unknown
        }
    }

    /// A rolling deployment without room to start or stop a task.
    fn stalled(&self, view: &View, now: Duration) -> Option<Verdict> {
        let target = phase::target(view, &self.id);
        let untouched = target.running + target.pending == 0;
        let replaces = phase::sources(view, &self.id).is_some_and(|sources| sources.running > 0);
        if !self.policy.fail_fast || !self.was_primary || !untouched || !replaces {
            return None;
        }
        let why = stall::stall(&view.service)?;
        let created = self.created(view);
        let announced = view
            .service
            .events
            .iter()
            .filter(|event| created.is_some() && events::since(event, created))
            .any(|event| topic(&event.message) == Topic::Stall);
        let started = self.spans.first().map_or(now, |first| first.from);
        (announced || now.saturating_sub(started) >= STALLED).then(|| {
            Verdict::new(
                End::Failed,
                format!("{} cannot begin: {why}", self.id),
                stall::remedy(&view.service),
            )
        })
    }

    /// Stopped tasks that leave no hope.
    fn hopeless(&self, view: &View) -> Option<Verdict> {
        if !self.policy.fail_fast || self.live(view) {
            return None;
        }
        let cause = ends::hopeless(view)?;
        let what = match cause.weight {
            Weight::Fatal => format!("{} can never start", self.id),
            _ => format!("{} is in a crash loop", self.id),
        };
        Some(Verdict::new(End::Failed, what, left_alone(view)).because(Some(cause)))
    }

    fn lives(&self, view: &View) -> Option<Verdict> {
        let wanted = self.policy.until == Until::Live && self.live(view);
        let serves = matches!(self.place(view), Place::Primary(_));
        (wanted && serves).then(|| words::live(&self.id))
    }

    fn out_of_time(&self, view: &View, now: Duration) -> Option<Verdict> {
        let seconds = self.policy.timeout.as_secs();
        (now >= self.policy.timeout).then(|| {
            if self.live(view) {
                words::late_but_live(&self.id, view, seconds)
            } else {
                words::late(&self.id, view, seconds)
            }
        })
    }
}
