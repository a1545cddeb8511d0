//! The action `aws-login`: see `keycloak_ecs_actions::actions::aws_login`.

use std::process::ExitCode;

use keycloak_ecs_actions::{action, actions::aws_login::AwsLogin};

fn main() -> ExitCode {
    action::main::<AwsLogin>()
}
