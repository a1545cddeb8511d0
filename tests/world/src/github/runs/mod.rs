//! Workflow runs: GitHub's side of them here, the runner's side by `act` on this machine.
//!
//! | module | what |
//! |---|---|
//! | `model` | runs, jobs, steps, settings |
//! | `plan` | the jobs of a workflow and of those that it calls, with their permissions |
//! | `queue` | what runs when: concurrency groups |
//! | `prepare` | checkout, and copies of workflows that act can read |
//! | `execute` | one run through act |
//! | `log` | what act tells |
//!
//! What act does not do is done here: permissions and OIDC for each job, concurrency, the token's end. `GITHUB_TOKEN` is
//! one for all jobs of a run, as act knows one only: it may do what any of the jobs may. What this machine cannot
//! show: approvals of environments, variables of environments, time limits of jobs.

mod execute;
mod log;
mod model;
mod plan;
mod prepare;
mod queue;

pub use model::{Annotation, Job, Progress, Run, RunSettings, Step};
pub use queue::{configure, create, idle, wake};
