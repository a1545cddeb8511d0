//! AWS: one configuration for every service, and errors that say what was refused.

mod config;
pub mod ecs;
mod explain;
pub mod logs;

pub use config::{config, region};
pub use explain::{Refusal, explain, refusal};
