//! AWS: one configuration for every service, and errors that say what was refused.

mod config;
mod ecr;
mod ecr_login;
pub mod ecs;
mod explain;
pub mod logs;
pub mod s3;
mod time;

pub use config::{check_endpoints, config, config_if_logged_in, logged_in, region};
pub use ecr::image_tags;
pub use ecr_login::ecr_login;
pub use explain::{Refusal, explain, refusal};
pub use time::ServerTime;
