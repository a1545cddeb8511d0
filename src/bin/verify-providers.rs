//! The action `verify-providers`: see `keycloak_ecs_actions::actions::verify_providers`.

use std::process::ExitCode;

use keycloak_ecs_actions::{action, actions::verify_providers::VerifyProviders};

fn main() -> ExitCode {
    action::main::<VerifyProviders>()
}
