//! The actions. Each has its own folder; none imports another.

use crate::action::{Spec, spec};

pub mod aws_login;

/// Every action, in the order of the pipeline.
pub fn catalogue() -> Vec<Spec> {
    vec![spec::<aws_login::AwsLogin>()]
}
