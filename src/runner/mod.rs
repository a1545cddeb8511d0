//! The GitHub runner protocol: inputs, outputs, environment, masks, groups, annotations, summary.
//!
//! This is the only code that prints, and the only code that reads the process environment. Everything for people
//! goes to standard error, and so do the runner's commands: the runner reads commands from both streams, and one
//! stream keeps the order. Standard output holds nothing but the result of `--json`.

mod command;
mod env;
mod files;
pub mod inputs;
pub mod oidc;
mod output;
mod progress;
mod secret;

pub use command::Level;
pub use env::Env;
pub use output::{Group, Runner, cell};
pub use progress::Progress;
pub use secret::Secret;
