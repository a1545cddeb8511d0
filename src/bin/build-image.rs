//! The action `build-image`: see `keycloak_ecs_actions::actions::build_image`.

use std::process::ExitCode;

use keycloak_ecs_actions::{action, actions::build_image::BuildImage};

fn main() -> ExitCode {
    action::main::<BuildImage>()
}
