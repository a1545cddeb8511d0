//! GitHub: REST, GraphQL, git over HTTP, workflow runs.
//!
//! | address | what |
//! |---|---|
//! | `/api` | the REST API |
//! | `/api/graphql` | the GraphQL API |
//! | `/{owner}/{repo}.git` | git over HTTP |
//!
//! Each repository is a bare git repository on disk, so that real clients can clone it. Events of pushes, pull requests
//! and dispatches start workflows by GitHub's rules; each decision is kept, also "not started, because".

mod access;
mod api;
mod commits;
mod events;
mod expression;
mod filters;
mod git;
mod graphql;
mod merge;
mod model;
mod pulls;
mod record;
mod respond;
mod rest;
mod runs;
mod server;
mod shape;
mod state;
mod transport;
mod workflow;
mod write;

#[cfg(test)]
mod tests;

pub use events::{Decision, Event};
pub use git::{Git, GitError};
pub use model::{
    Access, Environment, Identity, Permissions, PullRequest, Repository, RepositoryOptions,
    TokenKind,
};
pub use runs::{Annotation, Job, Progress, Run, RunSettings, Step};
pub use server::router;
pub use state::GitHub;
