//! All actions in one executable, as it is shipped: the name that it is called by says which one it is.

use std::path::Path;
use std::process::ExitCode;

use keycloak_ecs_actions::actions::run_as;

fn main() -> ExitCode {
    let called = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&called).file_name().unwrap_or_default();
    run_as(&name.to_string_lossy())
}
