//! Workflow runs: GitHub's side of them here, the runner's side by `act` on this machine, one act for each job.
//!
//! | module | what |
//! |---|---|
//! | `model` | runs, jobs, steps, settings |
//! | `queue` | from an event to a run that has ended |
//! | `graph` | the jobs of a workflow and of those that it calls, with their permissions |
//! | `schedule` | which job runs when: `needs`, conditions, matrices, groups |
//! | `call` | inputs, secrets and outputs of called workflows |
//! | `matrix`, `concurrency`, `cancel` | what `schedule` is made of |
//! | `facts` | what all jobs of a run share |
//! | `files` | one job in a form that act can read |
//! | `runner` | one job through act: its token, its OIDC identity, its environment's variables and secrets, its time limit |
//! | `interrupt` | cancelling a job |
//! | `log` | what act tells |
//!
//! What is not played: people who approve environments or first-time contributors, containers, `continue-on-error` of jobs,
//! `max-parallel`, caches and artifacts.

mod call;
mod cancel;
mod concurrency;
mod facts;
mod files;
mod graph;
mod interrupt;
mod log;
mod matrix;
mod model;
mod queue;
mod runner;
mod schedule;

pub(super) use cancel::Cancel;
pub(super) use concurrency::Groups;
pub use model::{Annotation, Job, Progress, Run, RunSettings, Step};
pub use queue::{cancel_queued, configure, create, idle, wake};
