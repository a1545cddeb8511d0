//! The actions. Each has its own folder; none imports another.

use crate::action::{Spec, spec};

pub mod aws_login;
pub mod build_image;
pub mod bump_tag;
pub mod check_cluster;
pub mod deploy_service;
pub mod update_tfvar;
pub mod verify_providers;

/// Every action, in the order of the pipeline.
pub fn catalogue() -> Vec<Spec> {
    vec![
        spec::<verify_providers::VerifyProviders>(),
        spec::<aws_login::AwsLogin>(),
        spec::<bump_tag::BumpTag>(),
        spec::<build_image::BuildImage>(),
        spec::<update_tfvar::UpdateTfvar>(),
        spec::<deploy_service::DeployService>(),
        spec::<check_cluster::CheckCluster>(),
    ]
}
