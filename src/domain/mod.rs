//! Pure facts and decisions: no I/O, no clock, no other module of this crate but [`error`](crate::error).

pub mod allowance;
pub mod archive;
pub mod bump;
pub mod class_file;
pub mod cluster;
pub mod coordinates;
pub mod diff;
pub mod dockerignore;
pub mod ecs_names;
pub mod image_input;
pub mod image_manifest;
pub mod image_reference;
pub mod inputs;
pub mod keycloak_index;
pub mod linkage;
pub mod manifest;
pub mod near;
pub mod peers;
pub mod pgp;
pub mod pom;
pub mod providers;
pub mod region;
pub mod release_record;
pub mod rollout;
pub mod shadow;
pub mod tag;
pub mod task_definition;
pub mod tfvar;
pub mod views;

/// A property is tried this often, or as often as `PROPTEST_CASES` says if that is more.
#[cfg(test)]
pub(crate) fn tries(usual: u32) -> proptest::test_runner::Config {
    let config = proptest::test_runner::Config::default();
    proptest::test_runner::Config {
        cases: config.cases.max(usual),
        ..config
    }
}
