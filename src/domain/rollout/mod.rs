//! The rollout of one ECS deployment: what one look shows, and what it proves.
//!
//! [`View`] is what the API shows at one moment; [`Rollout::observe`] judges it. A number ties everything together:
//! `ecs-svc/N` is the id of a deployment, the `startedBy` of its tasks, and `N` ends the ARN of its service revision.
//! So a wait is about *our* deployment, and nobody else's state can be mistaken for it.
//!
//! Sources, read in November 2026: Amazon ECS API reference (`Service`, `Deployment`, `ServiceDeployment`, `Task`);
//! Amazon ECS developer guide ("Service event messages", "Stopped tasks error codes", "How the deployment circuit
//! breaker detects failures", "Deployment lifecycle stages"). None of it was run against AWS.

mod attach;
mod cause;
mod ends;
mod events;
mod judge;
mod looks;
mod notes;
mod phase;
mod preflight;
mod stall;
mod verdict;
mod view;
mod words;

pub use attach::{Attach, Pin, attach, same_task_definition};
pub use cause::{Cause, Weight, classify};
pub use judge::{Policy, Rollout, Step, Until};
pub use looks::Looks;
pub use notes::Note;
pub use phase::{Phase, Span};
pub use preflight::{TaskFacts, hindsight, remarks};
pub use verdict::{End, Verdict, serving, short};
pub use view::{
    Breaker, BreakerPolicy, Brief, Counts, DeploymentId, Epoch, Event, Hook, HookStatus, Monitor,
    Role, RolloutState, Service, ServiceDeployment, Slot, Stage, Status, StoppedTask, Strategy,
    TaskContainer, View,
};

#[cfg(test)]
mod tests;
