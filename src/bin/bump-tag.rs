//! The action `bump-tag`: see `keycloak_ecs_actions::actions::bump_tag`.

use std::process::ExitCode;

use keycloak_ecs_actions::{action, actions::bump_tag::BumpTag};

fn main() -> ExitCode {
    action::main::<BumpTag>()
}
