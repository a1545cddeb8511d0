//! The action `deploy-service`: see `keycloak_ecs_actions::actions::deploy_service`.

use std::process::ExitCode;

use keycloak_ecs_actions::{action, actions::deploy_service::DeployService};

fn main() -> ExitCode {
    action::main::<DeployService>()
}
