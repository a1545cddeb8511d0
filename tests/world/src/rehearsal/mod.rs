//! The rehearsal: the pipeline on one machine, with real parts where a machine can have them.
//!
//! | real | stand-in |
//! |---|---|
//! | the composite actions, the launcher, the binaries | the runner: act |
//! | the OIDC token and its verification | GitHub's issuer, AWS STS |

pub mod act;
pub mod consumer;
mod login;
mod script;
pub mod shell;
pub mod story;

pub use script::Script;
