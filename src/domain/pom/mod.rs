//! What a Maven artifact needs at run time, as Maven itself would resolve it.
//!
//! Everything here is pure: the caller brings the POM files that a step asks for. The rules are those of Maven 3.8
//! ("Introduction to the Dependency Mechanism" and "Maven Model Builder" in its documentation, November 2026), and Maven
//! is the judge: `tests/it/verify_providers/maven.rs` compares. What depends on the machine that asks does not count:
//! environment variables, settings, system properties. Profiles are decided as on Linux with Java 17, the level of
//! Keycloak's own classes.

mod closure;
#[cfg(test)]
mod closure_tests;
mod model;
#[cfg(test)]
mod model_tests;
mod parse;
mod profile;
mod values;
pub mod version;

pub use closure::{Closure, Exclusion, Member, Need, Root, Step, resolve};
pub use model::{Fault, Models};
pub use parse::{Pom, versions};
