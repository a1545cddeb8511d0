//! What is true in the model, and what a wait made of it.

use keycloak_ecs_actions::domain::rollout::Verdict;
use world::ecs::model::Status;

/// What is true of our deployment at one instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Truth {
    pub(super) at: f64,
    pub(super) status: Status,
    pub(super) primary: bool,
    pub(super) completed: bool,
    pub(super) failed: bool,
    /// As many tasks of ours are healthy as the service has wanted at every instant: what scaling adds meanwhile is not
    /// the deployment's.
    pub(super) whole: bool,
    /// Every task that the service wants now is one of ours, and healthy.
    pub(super) serves: bool,
    /// Tasks of ours that have ended.
    pub(super) stops: usize,
    /// A newer deployment was asked for.
    pub(super) superseded: bool,
    pub(super) deleted: bool,
    /// ECS returns, or has returned, to the revision before.
    pub(super) returns: bool,
}

/// How a wait ended.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// Seconds of the wait.
    pub(super) after: f64,
    /// What was true at each instant, oldest first, up to the verdict.
    pub(super) course: Vec<Truth>,
    /// Lines of the wait, for whoever has to understand a failure.
    pub(super) lines: Vec<String>,
}
