//! The action `update-tfvar`: see `keycloak_ecs_actions::actions::update_tfvar`.

use std::process::ExitCode;

use keycloak_ecs_actions::{action, actions::update_tfvar::UpdateTfvar};

fn main() -> ExitCode {
    action::main::<UpdateTfvar>()
}
