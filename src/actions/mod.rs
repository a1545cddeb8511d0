//! The actions. Each has its own folder; none imports another.

use std::process::ExitCode;

use crate::action::{self, Action, Spec, spec};
use crate::error::Error;
use crate::runner::{Env, Runner};

pub mod aws_login;
pub mod build_image;
pub mod bump_tag;
pub mod check_cluster;
pub mod deploy_service;
pub mod update_tfvar;
pub mod verify_providers;

/// One action: its description, and its process.
struct Entry {
    spec: fn() -> Spec,
    main: fn() -> ExitCode,
    name: &'static str,
}

const fn entry<A: Action>() -> Entry {
    Entry {
        spec: spec::<A>,
        main: action::main::<A>,
        name: A::NAME,
    }
}

/// Every action, in the order of the pipeline.
const ALL: [Entry; 7] = [
    entry::<verify_providers::VerifyProviders>(),
    entry::<aws_login::AwsLogin>(),
    entry::<bump_tag::BumpTag>(),
    entry::<build_image::BuildImage>(),
    entry::<update_tfvar::UpdateTfvar>(),
    entry::<deploy_service::DeployService>(),
    entry::<check_cluster::CheckCluster>(),
];

/// Every action, in the order of the pipeline.
pub fn catalogue() -> Vec<Spec> {
    ALL.iter().map(|entry| (entry.spec)()).collect()
}

/// Runs the action of that name as a process: the shipped executable holds them all, and is called by seven names.
pub fn run_as(name: &str) -> ExitCode {
    if let Some(entry) = ALL.iter().find(|entry| entry.name == name) {
        return (entry.main)();
    }
    let names: Vec<&str> = ALL.iter().map(|entry| entry.name).collect();
    let error = Error::usage(format!("there is no action {name:?}"))
        .hint(format!("Call it by one of the names {}.", names.join(", ")));
    Runner::new("keycloak-ecs-actions", &Env::of_process()).error(&error);
    ExitCode::from(error.kind().exit_code())
}
