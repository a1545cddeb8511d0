//! The action `check-cluster`: see `keycloak_ecs_actions::actions::check_cluster`.

use std::process::ExitCode;

use keycloak_ecs_actions::{action, actions::check_cluster::CheckCluster};

fn main() -> ExitCode {
    action::main::<CheckCluster>()
}
