//! Small tools that take Keycloak from a pull request to a running, clustered service on AWS ECS Fargate.
//!
//! One name leads to everything about an action: `actions/<name>/` is what a workflow calls, `src/bin/<name>.rs`
//! starts it, and [`actions`] has its folder with `args` (command line), `plan` (pure decision) and `run`
//! (read, plan, print, apply).
//!
//! | module | holds |
//! |---|---|
//! | [`action`] | what every action is, and the one `main` |
//! | [`actions`] | one folder an action; they never import each other |
//! | [`domain`] | pure facts and decisions: no I/O, no clock |
//! | [`runner`] | the GitHub runner protocol; the only code that prints |
//! | [`aws`] | one configuration and thin typed wrappers of AWS services |
//! | [`github`] | GitHub's API for one repository |
//! | [`http`] | the HTTP client that is not AWS's |
//! | [`image_context`] | the folder that an image is built from |
//! | [`download`] | files over HTTP, whole or not at all |
//! | [`maven`] | Maven repositories |
//! | [`process`] | child processes |
//! | [`registry`] | image registries |
//! | [`clock`] | waiting, and the seam that lets tests wait less |
//! | [`error`] | kinds, hints, exit codes |

pub mod action;
pub mod actions;
pub mod aws;
pub mod clock;
pub mod domain;
pub mod download;
pub mod error;
pub mod github;
pub mod http;
pub mod image_context;
mod lock_file;
pub mod maven;
pub mod process;
pub mod registry;
pub mod runner;
mod yaml;
