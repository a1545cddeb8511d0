//! Behaviour of the shipped binaries, and the agreements between the parts of this repository. One test binary, so
//! that the AWS SDKs are linked once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod aws_login;
mod build_image;
mod bump_tag;
mod check_cluster;
mod command_line;
mod contract;
mod deploy_service;
mod direction;
mod foreign;
mod launcher;
mod policies;
mod runs;
mod s3_ping;
mod support;
mod update_tfvar;
mod verify_providers;
mod workflows;
