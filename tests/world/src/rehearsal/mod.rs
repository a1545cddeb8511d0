//! The rehearsal: the whole pipeline on one machine, with real parts where a machine can have them.
//!
//! | real | stand-in |
//! |---|---|
//! | the shipped workflows, composite actions, launcher, binaries | the runner: act |
//! | git, over HTTP; pull requests and merges by GitHub's rules | GitHub |
//! | OIDC tokens and their verification; signatures; IAM policies | AWS: STS, IAM, ECR, S3, ECS, CloudWatch Logs |
//! | provider jars from Maven Central, Keycloak's own `kc.sh build`, buildah, the push to the registry | the base image, where its registry is out of reach |
//! | the wait, the verdicts, the peer list's format | the running Keycloak nodes, and `terraform apply` |

mod account;
mod acts;
mod breaks;
mod consumer;
mod report;
mod script;
pub mod shell;
pub mod story;

pub use script::{Fault, Played, Script};
