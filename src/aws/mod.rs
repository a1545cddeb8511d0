//! AWS: one configuration for every service, and errors that say what was refused.

mod config;
mod ecr;
mod ecr_login;
pub mod ecs;
mod explain;
pub mod logs;
pub mod s3;
mod time;

pub use config::{check_endpoints, config, config_if_logged_in, region, require_login};
pub use ecr::image_tags;
pub use ecr_login::{ecr_login, registry_hint};
pub use explain::{FOREIGN_HINT, Refusal, explain, passes, refusal};
pub use time::ServerTime;
