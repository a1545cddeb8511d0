//! What an update takes: asked of a stage of the Dockerfile, kept in the image's labels.

use crate::support::images::{Yard, result};

const STAGE: &str = "ARG KEYCLOAK_VERSION=26.7.5\nFROM scratch AS update-compatibility\nARG UPDATE_FROM=\nCOPY told/ /\n\
     FROM scratch\nCOPY file /file\n";

/// A context whose stage answers what Keycloak would.
fn yard() -> Yard {
    let yard = Yard::new();
    yard.write("docker/Dockerfile", STAGE);
    yard.write("docker/file", "1");
    yard.write(
        "docker/told/metadata.json",
        "{\"keycloak\": {\"version\": \"26.7.5\"}}",
    );
    yard.write(
        "docker/told/show-config.txt",
        "Current Configuration:\n\tkc.db =  postgres (Persisted)\n",
    );
    yard
}

#[test]
fn what_keycloak_says_of_an_update_is_in_the_labels_and_the_outputs() {
    let yard = yard();
    let first = result(&yard.step().run("build-image", &["--tag=1.0.0", "--json"]));
    let metadata = r#"{"keycloak":{"version":"26.7.5"}}"#;
    assert_eq!(first["update-metadata"], metadata);
    assert_eq!(first["build-options"], "--db=postgres");
    assert!(first["update"].is_null(), "{first}");
    let labels = &yard.skopeo("keycloak:1.0.0")["Labels"];
    assert_eq!(
        labels["io.github.keycloak-ecs-actions.update-metadata"],
        metadata
    );

    yard.write("docker/told/check-code.txt", "0\n");
    let second = result(&yard.step().run("build-image", &["--tag=1.0.1", "--json"]));
    assert_eq!(second["update"], "rolling");
    assert_eq!(second["update-from"], "1.0.0");

    yard.write("docker/told/check-code.txt", "3\n");
    yard.write(
        "docker/told/check.txt",
        "[cacheEmbedded] Rolling Update is not available. 'cacheEmbedded.stack' is incompatible: null -> ec2.\n",
    );
    let ended = yard.step().run("build-image", &["--tag=1.1.0", "--json"]);
    let third = result(&ended);
    assert_eq!(third["update"], "recreate");
    assert_eq!(
        third["update-reason"],
        "'cacheEmbedded.stack' is incompatible: null -> ec2"
    );
    assert!(
        ended.log.contains("::warning")
            && ended.log.contains("recreate from 1.0.1: 'cacheEmbedded"),
        "{}",
        ended.log
    );
    assert!(
        ended.summary.contains("recreate from 1.0.1"),
        "{}",
        ended.summary
    );

    let again = yard
        .without_builder()
        .run("build-image", &["--tag=1.1.0", "--json"]);
    let again = result(&again);
    assert_eq!(again["reused"], true);
    for name in [
        "update",
        "update-from",
        "update-reason",
        "update-metadata",
        "build-options",
    ] {
        assert_eq!(again[name], third[name], "{name}");
    }
}

#[test]
fn the_stage_gets_what_was_said_of_the_release_before() {
    let yard = yard();
    let context = yard.path("docker");
    // The only file of the stage is written by the builder, which shows its arguments.
    result(&yard.step().run("build-image", &["--tag=1.0.0", "--json"]));
    let buildah = crate::support::images::which("buildah");
    yard.program(
        "buildah",
        &format!(
            "echo \"$@\" >>{}/argv\nexec {buildah} \"$@\"",
            context.display()
        ),
    );
    yard.write("docker/file", "2");
    result(&yard.step().run("build-image", &["--tag=1.0.1", "--json"]));
    let argv = std::fs::read_to_string(context.join("argv")).unwrap();
    let asked = argv.lines().find(|line| line.contains("--target"));
    let asked = asked.unwrap_or_else(|| panic!("{argv}"));
    assert!(
        asked.contains(r#"--build-arg UPDATE_FROM={"keycloak":{"version":"26.7.5"}}"#),
        "{asked}"
    );
}

#[test]
fn a_stage_without_an_answer_is_an_error_and_nothing_is_pushed() {
    let yard = yard();
    std::fs::remove_file(yard.path("docker/told/metadata.json")).unwrap();
    let ended = yard.step().run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("metadata.json"), "{}", ended.log);
    assert!(yard.account.world.ecr.tags("keycloak").is_empty());
}
