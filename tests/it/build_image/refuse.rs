//! What is refused, and in which words.

use serde_json::json;

use crate::support::images::{Yard, result, rights, which};

#[test]
fn a_tag_of_another_input_is_refused_before_anything_is_built() {
    let yard = Yard::new();
    let first = result(&yard.step().run("build-image", &["--tag=1.0.0", "--json"]));
    assert_eq!(
        result(&yard.step().run("build-image", &["--tag=1.4.0", "--json"]))["reused"],
        false
    );
    yard.write("docker/themes/acme/theme.properties", "parent=base\n");
    let ended = yard.without_builder().run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert_eq!(ended.log.matches("::error ").count(), 1);
    for fact in [
        "keycloak:1.0.0 is taken",
        first["input-digest"].as_str().unwrap(),
        "1.4.1 is the next free version",
    ] {
        assert!(ended.log.contains(fact), "{fact}: {}", ended.log);
    }
    assert_eq!(ended.outputs, "");
    assert_eq!(
        first["digest"],
        yard.account
            .world
            .ecr
            .image("keycloak", "1.0.0")
            .unwrap()
            .digest
    );
}

#[test]
fn an_alias_of_another_image_is_refused_before_anything_is_built() {
    let yard = Yard::new();
    let first = ["--tag=1.0.0", "--alias=1.0.0-kc26.7.5"];
    assert_eq!(yard.step().run("build-image", &first).code, 0);
    let ended = yard
        .without_builder()
        .run("build-image", &["--tag=1.0.1", "--alias=1.0.0-kc26.7.5"]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(
        ended.log.contains("keycloak:1.0.0-kc26.7.5 is taken"),
        "{}",
        ended.log
    );
    assert_eq!(
        yard.account.world.ecr.tags("keycloak"),
        ["1.0.0", "1.0.0-kc26.7.5"]
    );
}

#[test]
fn the_step_that_fails_is_shown_with_its_last_lines_and_no_tag_moves() {
    let yard = Yard::new();
    yard.write(
        "docker/Dockerfile",
        "ARG KEYCLOAK_VERSION=26.7.5\nFROM scratch\nCOPY themes/ /themes/\nCOPY missing.xml /conf/\n",
    );
    let ended = yard.step().run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    let annotation = ended
        .log
        .lines()
        .find(|line| line.starts_with("::error "))
        .unwrap();
    assert!(
        annotation.contains("docker/Dockerfile,line=4,"),
        "{annotation}"
    );
    assert!(
        annotation.contains("STEP 3/") && annotation.contains("missing.xml"),
        "{annotation}"
    );
    assert!(yard.account.world.ecr.tags("keycloak").is_empty());
    assert_eq!(ended.outputs, "");
}

#[test]
fn a_platform_that_the_builder_did_not_build_is_noticed_before_the_push() {
    let yard = Yard::new();
    assert_eq!(yard.step().run("build-image", &["--tag=1.0.0"]).code, 0);
    // Layers of another platform from the cache: buildah 1.28 takes them for `FROM scratch`.
    let buildah = which("buildah");
    yard.program(
        "buildah",
        &format!("exec {buildah} \"${{@/linux\\/arm64/linux\\/amd64}}\""),
    );
    let ended = yard
        .step()
        .run("build-image", &["--tag=1.1.0", "--platforms=linux/arm64"]);
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(
        ended.log.contains("linux/amd64, not for linux/arm64"),
        "{}",
        ended.log
    );
    assert_eq!(yard.account.world.ecr.tags("keycloak"), ["1.0.0"]);
}

#[test]
fn a_role_that_may_not_push_is_told_which_right_it_lacks() {
    let mut less = rights();
    let actions = less["Statement"][1]["Action"].as_array_mut().unwrap();
    actions.retain(|action| action != "ecr:InitiateLayerUpload");
    let yard = Yard::with_rights(less);
    let ended = yard.step().run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("ecr:InitiateLayerUpload"),
        "{}",
        ended.log
    );
    let yard = Yard::with_rights(json!({"Statement": [rights()["Statement"][0]]}));
    let ended = yard.without_builder().run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(ended.log.contains("ecr:BatchGetImage"), "{}", ended.log);
    let yard = Yard::with_rights(json!({"Statement": []}));
    let ended = yard.without_builder().run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("ecr:GetAuthorizationToken on *"),
        "{}",
        ended.log
    );
}

#[test]
fn a_repository_that_is_not_there_is_named_before_anything_is_built() {
    let yard = Yard::new();
    let ended = yard
        .without_builder()
        .run("build-image", &["--tag=1.0.0", "--repository=absent"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended
            .log
            .contains("The repository with name 'absent' does not exist"),
        "{}",
        ended.log
    );
    assert!(
        ended.log.contains("Create the repository absent first"),
        "{}",
        ended.log
    );
}

#[test]
fn bad_input_is_named_with_one_annotation_and_nothing_is_written() {
    let yard = Yard::new();
    for (flags, said) in [
        (&["--context=nowhere", "--push=false"][..], "`context` is"),
        (&["--file=Containerfile", "--push=false"], "Containerfile"),
        (&[], "missing: `tag`"),
        (&["--tag=1.0.0+r1"], "`tag` is"),
        (&["--tag=1.0.0", "--alias=1.0.0"], "`alias` and `tag`"),
        (
            &["--tag=1.0.0", "--registry=https://ghcr.io"],
            "`registry` is",
        ),
        (&["--push=maybe"], "--push"),
        (
            &["--tag=1.0.0", "--platforms=windows/amd64"],
            "`platforms` holds",
        ),
        (&["--push=false", "--builder=kaniko"], "--builder"),
        (&["--push=false", "--builder=docker"], "docker: "),
        (&["--push=false", "--builder=buildx"], "docker buildx: "),
    ] {
        // No Docker here, whatever the machine has.
        let step = yard
            .step()
            .env("DOCKER_HOST", "unix:///nowhere")
            .env("KECS_BUILDER", "");
        let ended = step.run("build-image", flags);
        assert_eq!(ended.code, 2, "{flags:?}: {}", ended.log);
        assert_eq!(ended.log.matches("::error ").count(), 1, "{}", ended.log);
        assert!(
            ended.log.contains(said) || ended.log.contains(&said.replace("--", "input `")),
            "{said}: {}",
            ended.log
        );
        assert_eq!(ended.outputs, "", "{flags:?}");
    }
    assert_eq!(yard.requests("PUT"), 0);
}

#[test]
fn no_builder_at_all_says_what_was_tried() {
    let yard = Yard::new();
    let step = yard.without_builder().env("KECS_BUILDER", "auto");
    let ended = step.run("build-image", &["--push=false"]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    for tried in ["docker buildx: ", "docker: ", "buildah: "] {
        assert!(ended.log.contains(tried), "{tried}: {}", ended.log);
    }
}

#[test]
fn a_jar_that_the_lock_does_not_have_is_not_built_in() {
    let yard = Yard::new();
    let jar = |sha256: &str| {
        format!(
            "version: 1\nkeycloak: 26.7.5\nproviders:\n- file: a-1.jar\n  purl: pkg:maven/g/a@1\n  sha256: {sha256}\n  \
             size: 1\n  origin: maven-central\n"
        )
    };
    let of_x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    yard.write("docker/providers.lock", &jar(of_x));
    let run = || yard.bare().run("build-image", &["--push=false", "--json"]);
    let ended = run();
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(
        ended.log.contains("a-1.jar is in the lock, but not there"),
        "{}",
        ended.log
    );
    yard.write("docker/providers/a-1.jar", "y");
    let ended = run();
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(
        ended.log.contains("is not the jar that the lock has"),
        "{}",
        ended.log
    );
    yard.write("docker/providers/a-1.jar", "x");
    yard.write("docker/providers/b-1.jar", "x");
    let ended = run();
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(
        ended.log.contains("b-1.jar is not in the lock"),
        "{}",
        ended.log
    );
    std::fs::remove_file(yard.path("docker/providers/b-1.jar")).unwrap();
    result(&run());
}

#[test]
fn an_image_is_of_the_dockerfile_that_was_named() {
    let yard = Yard::new();
    yard.write(
        "docker/sub/Dockerfile",
        "ARG KEYCLOAK_VERSION=26.7.5\nFROM scratch\nLABEL sub=yes\n",
    );
    result(&yard.step().run("build-image", &["--tag=1.0.0", "--json"]));
    let sub = ["--tag=1.0.0", "--file=sub/Dockerfile"];
    let other = yard.step().run("build-image", &sub);
    assert_eq!(other.code, 2, "{}", other.log);
    assert!(other.log.contains("is taken by"), "{}", other.log);

    yard.write("outside", "ARG KEYCLOAK_VERSION=26.7.5\nFROM scratch\n");
    let outside = yard
        .step()
        .run("build-image", &["--push=false", "--file=../outside"]);
    assert_eq!(outside.code, 2, "{}", outside.log);
    assert!(
        outside.log.contains("not inside `context`"),
        "{}",
        outside.log
    );

    let pipe = yard.path("docker/pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let pipe = yard.step().run("build-image", &["--push=false"]);
    assert_eq!(pipe.code, 2, "{}", pipe.log);
    assert!(
        pipe.log.contains("neither a file nor a folder"),
        "{}",
        pipe.log
    );
}
