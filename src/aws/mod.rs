//! AWS: one configuration for every service, and errors that say what was refused.

mod config;
mod explain;

pub use config::{config, region};
pub use explain::explain;
