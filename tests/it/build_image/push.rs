//! What is built, pushed, reused.

use serde_json::{Value, json};

use crate::support::images::{LABEL, Yard, result, which};

#[test]
fn an_image_is_built_pushed_and_named_by_the_digest_that_the_registry_serves() {
    let yard = Yard::new();
    let step = yard
        .step()
        .env("KECS_TAG", "1.0.0")
        .env("KECS_ALIAS", "1.0.0-kc26.7.5");
    let ended = step.run("build-image", &["--json"]);
    let told = result(&ended);
    let seen = yard.skopeo("keycloak:1.0.0");
    assert_eq!(told["digest"], seen["Digest"]);
    assert_eq!(told["tag"], "1.0.0");
    assert_eq!(told["reused"], false);
    let digest = told["digest"].as_str().unwrap();
    assert_eq!(
        told["image"],
        format!("{}/keycloak:1.0.0@{digest}", yard.host())
    );
    assert!(ended.outputs.contains(digest), "{}", ended.outputs);
    let labels = &seen["Labels"];
    assert_eq!(labels[LABEL], told["input-digest"]);
    assert_eq!(labels["org.opencontainers.image.version"], "1.0.0");
    assert_eq!(labels["org.opencontainers.image.revision"], "0123abc");
    assert_eq!(
        labels["org.opencontainers.image.source"],
        "https://github.example.org/acme/idp"
    );
    assert_eq!(
        labels["io.github.keycloak-ecs-actions.keycloak-version"],
        "26.7.5"
    );
    assert_eq!(
        yard.account.world.ecr.tags("keycloak"),
        ["1.0.0", "1.0.0-kc26.7.5"]
    );
    let image = yard
        .account
        .world
        .ecr
        .image("keycloak", "1.0.0-kc26.7.5")
        .unwrap();
    assert_eq!(image.digest, digest);
    assert_eq!(told["size"], image.size);
    assert!(ended.summary.contains(digest), "{}", ended.summary);
    assert!(ended.log.contains("::group::Build "), "{}", ended.log);
    assert!(
        ended.log.contains("STEP"),
        "the builder's own lines are shown: {}",
        ended.log
    );
}

#[test]
fn no_password_is_shown_and_no_login_stays_behind() {
    let yard = Yard::new();
    let buildah = which("buildah");
    yard.program(
        "buildah",
        &format!(
            "echo \"$@\" >>{0}/argv\nexec {buildah} \"$@\"",
            yard.folder.path().display()
        ),
    );
    let step = yard.step().env("KECS_TAG", "1.0.0");
    let ended = step.run("build-image", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    let argv = std::fs::read_to_string(yard.path("argv")).unwrap();
    assert!(argv.contains("push "), "{argv}");
    let masked: Vec<&str> = ended
        .log
        .lines()
        .filter_map(|line| line.strip_prefix("::add-mask::"))
        .collect();
    assert!(
        masked
            .iter()
            .any(|password| yard.account.world.ecr.knows_password(password))
    );
    let told: String = ended
        .log
        .lines()
        .filter(|line| !line.starts_with("::add-mask::"))
        .collect();
    for secret in masked {
        for shown in [
            &told,
            &ended.summary,
            &ended.outputs,
            &ended.exported,
            &argv,
        ] {
            assert!(!shown.contains(secret), "a secret is shown");
        }
    }
    let left = std::fs::read_dir(step.folder.path().join("temp"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "the login is gone with the step");
}

#[test]
fn the_same_input_is_neither_built_nor_pushed_again() {
    let yard = Yard::new();
    let first = result(&yard.step().run("build-image", &["--tag=1.0.0", "--json"]));
    let (pushed, puts) = (yard.requests("POST"), yard.requests("PUT"));
    yard.write("docker/README.md", "Only people read this.");
    let ended = yard
        .without_builder()
        .run("build-image", &["--tag=1.0.0", "--json"]);
    let again = result(&ended);
    assert_eq!(again["reused"], true);
    assert_eq!(again["digest"], first["digest"]);
    assert_eq!(again["size"], first["size"]);
    assert_eq!(
        (yard.requests("POST"), yard.requests("PUT")),
        (pushed, puts)
    );
    assert!(ended.summary.contains("reused"), "{}", ended.summary);
}

#[test]
fn the_summary_says_which_layers_are_new_since_the_release_before() {
    let yard = Yard::new();
    result(&yard.step().run("build-image", &["--tag=1.0.0", "--json"]));
    yard.write(
        "docker/Dockerfile",
        "ARG KEYCLOAK_VERSION=26.7.5\nFROM scratch AS builder\nCOPY themes/ /themes/\n\
         FROM scratch\nCOPY --from=builder /themes/ /themes/\nCOPY Dockerfile /\n",
    );
    let ended = yard.step().run("build-image", &["--tag=1.1.0", "--json"]);
    let counts = result(&ended);
    assert_eq!(
        (&counts["layers"], &counts["new-layers"]),
        (&json!(2), &json!(1))
    );
    let new = yard.manifest("keycloak:1.1.0")["layers"][1]["size"].clone();
    let told = format!("| layers | 2 in all, 1 of them ({new} bytes) not in 1.0.0 |");
    assert!(ended.summary.contains(&told), "{told}: {}", ended.summary);
}

#[test]
fn an_alias_that_was_not_set_is_set_by_the_next_run() {
    let yard = Yard::new();
    let first = result(&yard.step().run("build-image", &["--tag=1.0.0", "--json"]));
    let alias = ["--tag=1.0.0", "--alias=1.0.0-kc26.7.5", "--json"];
    for _ in 0..2 {
        assert_eq!(
            result(&yard.without_builder().run("build-image", &alias))["reused"],
            true
        );
    }
    let image = yard
        .account
        .world
        .ecr
        .image("keycloak", "1.0.0-kc26.7.5")
        .unwrap();
    assert_eq!(first["digest"], image.digest);
}

#[test]
fn without_a_push_no_registry_is_asked_and_no_login_is_needed() {
    let yard = Yard::new();
    let ended = yard
        .bare()
        .env("KECS_PUSH", "false")
        .run("build-image", &["--json"]);
    let told = result(&ended);
    assert_eq!(told["image"], "localhost/keycloak:local");
    assert_eq!(
        (&told["digest"], &told["tag"]),
        (&Value::Null, &Value::Null)
    );
    assert!(!ended.outputs.contains("digest<<\n") && ended.outputs.contains("input-digest<<"));
    let entries = yard.account.world.journal.entries();
    assert!(entries.is_empty(), "{entries:?}");
}

#[test]
fn layers_come_from_the_cache_of_another_machine() {
    let yard = Yard::new();
    yard.account.world.ecr.create_repository("cache", false);
    let flags = |tag: &str| {
        [
            format!("--tag={tag}"),
            "--cache-repository=cache".to_owned(),
        ]
    };
    let run = |tag: &str| {
        let flags = flags(tag);
        yard.step().run("build-image", &[&flags[0], &flags[1]])
    };
    let first = run("1.0.0");
    assert_eq!(first.code, 0, "{}", first.log);
    assert!(!yard.account.world.ecr.tags("cache").is_empty());
    // Another machine: an empty storage.
    let storage = std::fs::read_to_string(yard.path("storage.conf")).unwrap();
    yard.write(
        "storage.conf",
        &storage
            .replace("/graph", "/graph2")
            .replace("/run", "/run2"),
    );
    let second = run("1.0.1");
    assert_eq!(second.code, 0, "{}", second.log);
    assert!(
        second.log.contains("Cache pulled from remote"),
        "{}",
        second.log
    );
}

#[test]
fn a_laptop_pushes_with_make() {
    let yard = Yard::new();
    let makefile = crate::support::repository().join("docker/Makefile");
    std::fs::copy(makefile, yard.path("docker/Makefile")).unwrap();
    let make = |arguments: &[&str]| {
        let step = yard
            .step()
            .env("GITHUB_ACTIONS", "")
            .env("KECS_CONTEXT", "");
        let mut command = step.command("build-image", &[]);
        let environment: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command = std::process::Command::new("make");
        command
            .args(["--directory", yard.path("docker").to_str().unwrap()])
            .arg(format!("BIN={}/", crate::support::binaries().display()))
            .args(arguments)
            .env_clear()
            .envs(environment)
            .output()
            .unwrap()
    };
    let without = make(&["push"]);
    assert!(!without.status.success());
    let told = String::from_utf8_lossy(&without.stderr).into_owned();
    assert!(told.contains("Give the tag"), "{told}");
    let pushed = make(&["push", "TAG=1.0.0"]);
    let told = String::from_utf8_lossy(&pushed.stderr).into_owned();
    assert!(pushed.status.success(), "{told}");
    let labels = &yard.skopeo("keycloak:1.0.0")["Labels"];
    let ended = yard
        .step()
        .env("KECS_TAG", "1.0.0")
        .run("build-image", &["--json"]);
    let again = result(&ended);
    assert_eq!(again["reused"], true, "the Makefile is no input");
    assert_eq!(labels[LABEL], again["input-digest"]);
}
