//! Real jars from Maven Central against the pinned Keycloak. Without the network they fail.

use super::Ended;
use crate::support::{Step, repository};

/// Locks, fetches and verifies these coordinates.
fn verified(coordinates: &str) -> Ended {
    let action = repository().join("actions/verify-providers");
    let step = Step::new().env("GITHUB_ACTION_PATH", action.to_str().unwrap());
    let docker = step.folder.path().join("docker");
    std::fs::create_dir(&docker).unwrap();
    std::fs::copy(
        repository().join("docker/Dockerfile"),
        docker.join("Dockerfile"),
    )
    .unwrap();
    let manifest = format!("providers:\n  - {coordinates}\n");
    std::fs::write(docker.join("providers.yml"), manifest).unwrap();
    for operation in ["lock", "fetch"] {
        let ended = step.run("verify-providers", &["--operation", operation]);
        assert_eq!(ended.code, 0, "{operation}: {}", ended.log);
    }
    step.run("verify-providers", &[])
}

#[test]
fn a_provider_for_an_older_keycloak_names_what_is_gone_and_a_newer_one_passes() {
    let old = verified("io.phasetwo.keycloak:keycloak-events:0.53");
    assert_eq!(old.code, 3, "{}", old.log);
    let gone =
        "uses org.keycloak.services.cors.Cors.allowedOrigins(AccessToken): Cors, which Keycloak";
    assert!(old.log.contains(gone), "{}", old.log);
    assert!(
        old.log
            .contains("file=docker/providers.lock,line=5,title=linkage::"),
        "{}",
        old.log
    );
    let new = verified("io.phasetwo.keycloak:keycloak-events:0.59");
    assert_eq!(new.code, 0, "{}", new.log);
    assert_eq!(
        new.log.matches("title=internal-spi::").count(),
        1,
        "{}",
        new.log
    );
}

#[test]
fn what_a_driver_lacks_for_optional_parts_is_no_error() {
    let ended = verified("com.oracle.database.jdbc:ojdbc11:23.26.4.0.0");
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(
        ended.log.contains("note: linkage: ojdbc11"),
        "{}",
        ended.log
    );
    assert!(!ended.log.contains("::notice"), "{}", ended.log);
}

#[test]
fn an_update_to_the_pinned_keycloak_names_what_an_older_provider_would_break() {
    let action = repository().join("actions/verify-providers");
    let step = Step::new().env("GITHUB_ACTION_PATH", action.to_str().unwrap());
    let docker = step.folder.path().join("docker");
    std::fs::create_dir(&docker).unwrap();
    std::fs::write(docker.join("Dockerfile"), "ARG KEYCLOAK_VERSION=26.5.7\n").unwrap();
    let manifest = "providers:\n  - io.phasetwo.keycloak:keycloak-events:0.53\n";
    std::fs::write(docker.join("providers.yml"), manifest).unwrap();
    for operation in ["lock", "fetch"] {
        let ended = step.run("verify-providers", &["--operation", operation]);
        assert_eq!(ended.code, 0, "{operation}: {}", ended.log);
    }
    let ended = step.run(
        "verify-providers",
        &["--operation=update", "--keycloak=26.7.5"],
    );
    assert_eq!(ended.code, 3, "{}", ended.log);
    for told in [
        "keycloak-events: 0.53 → ",
        "Cors.allowedOrigins(AccessToken): Cors, which Keycloak 26.7.5 does not have",
        "title=built-for::keycloak-events-0.53.jar was built for Keycloak 26.5.7",
        "does not fit Keycloak 26.7.5; findings: 1",
    ] {
        assert!(ended.log.contains(told), "{told}: {}", ended.log);
    }
}
