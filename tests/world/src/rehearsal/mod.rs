//! The rehearsal: the pipeline on one machine, with real parts where a machine can have them.
//!
//! | real | stand-in |
//! |---|---|
//! | the composite actions, the launcher, the binaries | the runner: act |
//! | the OIDC token and its verification | GitHub's issuer, AWS STS |
//! | provider jars from Maven Central, Keycloak's own `kc.sh build` | the base image, where its registry is out of reach |

pub mod act;
mod login;
mod providers;
mod script;
pub mod shell;
pub mod story;

pub use script::{Fault, Script};
