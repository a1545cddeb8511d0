//! Releases that are not in git, and tags that were made by hand.

use base64::Engine as _;
use serde_json::json;

use super::{as_files, bump, image, output, step, tag_of, team};
use crate::support::Step;
use crate::support::team::Team;

const REPOSITORY: &str = "keycloak";

/// Pushes an image under these tags to the registry of the account.
fn push(team: &Team, tags: &[&str]) {
    let world = &team.account.world;
    world.ecr.create_repository(REPOSITORY, true);
    let admin = world
        .iam
        .session("admin", "push", world.clock.unix() + 3600.0);
    let password = world.ecr.password(&admin.principal);
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{password}"));
    for tag in tags {
        let url = format!("{}/v2/{REPOSITORY}/manifests/{tag}", world.urls.registry);
        let kind = "application/vnd.oci.image.index.v1+json";
        let manifest = json!({"schemaVersion": 2, "mediaType": kind, "manifests": []});
        let request = keycloak_ecs_actions::http::client()
            .unwrap()
            .put(url)
            .header("authorization", format!("Basic {basic}"))
            .header("content-type", kind)
            .body(manifest.to_string());
        let status = team
            .account
            .wait(async { request.send().await.unwrap().status() });
        assert!(status.is_success(), "{tag}: {status}");
    }
}

/// Credentials of a role in the account.
fn logged_in(team: &Team, step: Step, role: &str) -> Step {
    let world = &team.account.world;
    let session = world
        .iam
        .session(role, "release", world.clock.unix() + 3600.0);
    step.env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", &session.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &session.secret)
        .env("AWS_SESSION_TOKEN", &session.token)
        .env("KECS_REPOSITORY", REPOSITORY)
}

#[test]
fn tags_of_images_count_and_aliases_signatures_and_caches_do_not() {
    let team = team();
    bump(&team, "HEAD");
    let signature = format!("sha256-{}.sig", "a".repeat(64));
    push(
        &team,
        &[
            "1.0.0",
            "1.4.2",
            "1.4.2-kc26.7.5",
            "9.0.0-kc26.7.5",
            &signature,
            "buildcache",
            "latest",
            "26.7.3-4",
        ],
    );
    let sha = team.commit("Bump it", &as_files(&image("26.7.6", &["g:a:1.0.0"])));
    let ended = logged_in(&team, step(&team, &sha), "admin").run("bump-tag", &[]);
    assert_eq!(tag_of(&ended), "1.4.3");
    assert_eq!(output(&ended, "previous-tag"), "1.4.2");
    let reason = output(&ended, "reason");
    assert!(
        reason.ends_with("6 tags ignored (aliases: 2, signatures: 1, caches: 1, foreign: 2)"),
        "{reason}"
    );
}

#[test]
fn without_credentials_the_registry_is_not_asked_and_that_is_said() {
    let team = team();
    push(&team, &["7.0.0"]);
    let ended = step(&team, "HEAD")
        .env("AWS_REGION", "eu-central-1")
        .env("KECS_REPOSITORY", REPOSITORY)
        .run("bump-tag", &[]);
    assert_eq!(tag_of(&ended), "1.0.0");
    assert!(
        output(&ended, "reason")
            .ends_with("image tags not consulted: there are no AWS credentials")
    );
    assert_eq!(team.account.world.journal.count("ecr", "ListImages"), 0);
}

#[test]
fn a_role_that_may_not_list_images_is_told_so_before_anything_is_reserved() {
    let team = team();
    push(&team, &["1.0.0"]);
    let ended = logged_in(&team, step(&team, "HEAD"), "deploy").run("bump-tag", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(ended.log.contains("ecr:ListImages"), "{}", ended.log);
    assert_eq!(team.writes(), 0);
    let missing = logged_in(&team, step(&team, "HEAD"), "admin")
        .env("KECS_REPOSITORY", "keycloack")
        .run("bump-tag", &[]);
    assert_eq!(missing.code, 6, "{}", missing.log);
    assert!(
        missing.log.contains("RepositoryNotFoundException"),
        "{}",
        missing.log
    );
    assert!(
        missing.log.contains("Check `repository`"),
        "{}",
        missing.log
    );
}

#[test]
fn another_registry_is_asked_by_the_login_that_is_there() {
    let team = team();
    push(&team, &["2.4.0", "2.4.0-kc26.7.5"]);
    let world = &team.account.world;
    let host = world.urls.registry.trim_start_matches("http://");
    let step = step(&team, "HEAD")
        .env("KECS_REPOSITORY", REPOSITORY)
        .env("KECS_REGISTRY", host);
    let refused = step.run("bump-tag", &[]);
    assert_eq!(refused.code, 6, "{}", refused.log);
    assert!(
        refused
            .log
            .contains(&format!("Log in to {host} before this step")),
        "{}",
        refused.log
    );
    assert_eq!(team.writes(), 0);
    let admin = world
        .iam
        .session("admin", "pull", world.clock.unix() + 3600.0);
    let password = world.ecr.password(&admin.principal);
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{password}"));
    let config = json!({"auths": {host: {"auth": auth}}});
    let folder = step.folder.path().join("temp");
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let ended = step
        .env("DOCKER_CONFIG", folder.to_str().unwrap())
        .run("bump-tag", &[]);
    assert_eq!(tag_of(&ended), "2.5.0");
    assert_eq!(world.journal.count("ecr", "ListImages"), 0);
}

#[test]
fn hand_made_tags_can_be_gone_on_from() {
    for (tag, next) in [
        ("v1.4.2", "1.5.0"),
        ("26.7.3-4", "26.8.0"),
        ("release/2.0", "2.1.0"),
    ] {
        let team = team();
        team.git(&["tag", tag]);
        team.git(&["push", "-q", "--tags", "origin"]);
        let adopt = |sha: &str| {
            step(&team, sha)
                .env("KECS_ADOPT_FROM", tag)
                .run("bump-tag", &[])
        };
        let ended = adopt("HEAD");
        assert_eq!(tag_of(&ended), next);
        assert_eq!(output(&ended, "previous-tag"), tag);
        assert_eq!(tag_of(&adopt("HEAD")), next, "again");
        // The input may stay in the workflow.
        let sha = team.commit("Bump it", &as_files(&image("26.7.6", &["g:a:1.0.0"])));
        let patch = next.strip_suffix('0').unwrap().to_owned() + "1";
        assert_eq!(tag_of(&adopt(&sha)), patch);
        // A slip of the pen is no release.
        let sha = team.commit("Bump it again", &as_files(&image("26.7.7", &["g:a:1.0.0"])));
        let slip = step(&team, &sha)
            .env("KECS_ADOPT_FROM", "v99.9.9")
            .run("bump-tag", &["--dry-run"]);
        assert!(!tag_of(&slip).starts_with("99."), "{}", slip.log);
        assert!(slip.log.contains("it does not count"), "{}", slip.log);
        // What runs under a hand-made tag stays below.
        let tfvars = "terraform/environments/production/image.auto.tfvars";
        let sha = team.commit(
            "Run by hand",
            &[(tfvars, "keycloak_image_tag = \"90.1.0-4\"\n")],
        );
        let below = step(&team, &sha).run("bump-tag", &["--dry-run"]);
        assert_eq!(below.code, 2, "{}", below.log);
        assert!(below.log.contains("is lower"), "{}", below.log);
    }
}

#[test]
fn an_image_tag_can_be_gone_on_from_too() {
    let team = team();
    push(&team, &["26.7.3-4"]);
    let step = logged_in(&team, step(&team, "HEAD"), "admin").env("KECS_ADOPT_FROM", "26.7.3-4");
    assert_eq!(tag_of(&step.run("bump-tag", &["--dry-run"])), "26.8.0");
    let wrong = step.env("KECS_ADOPT_FROM", "26.7.3-5").run("bump-tag", &[]);
    assert_eq!(wrong.code, 2, "{}", wrong.log);
    assert!(
        wrong.log.contains("`adopt-from` is \"26.7.3-5\", and acme/idp has no such git tag, nor the image repository"),
        "{}",
        wrong.log
    );
}

/// A Terraform root of an environment that names an image.
fn environment(name: &str, text: &str) -> (String, String) {
    (
        format!("terraform/environments/{name}/image.auto.tfvars"),
        text.to_owned(),
    )
}

fn with_environments(team: &Team, files: &[(String, String)]) {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    team.commit("Set up", &files);
}

#[test]
fn the_terraform_variable_of_every_environment_counts() {
    let team = team();
    with_environments(
        &team,
        &[
            environment(
                "production",
                "# What runs\nkeycloak_image_tag = \"3.1.0\"\n",
            ),
            environment("staging", "keycloak_image_tag = \"3.2.0\"\n"),
            environment(
                "new",
                "keycloak_image_tag    = \"\"\nkeycloak_image_digest = \"\"\n",
            ),
            environment("other", "image = \"9.0.0\"\n"),
        ],
    );
    let ended = bump(&team, "HEAD");
    assert_eq!(tag_of(&ended), "3.3.0");
    assert_eq!(output(&ended, "previous-tag"), "3.2.0");
    assert!(
        ended
            .log
            .contains("environments/other/image.auto.tfvars does not count"),
        "{}",
        ended.log
    );
    // Only the files that are named, if some are.
    let sha = team.commit("Bump it", &as_files(&image("26.7.6", &["g:a:1.0.0"])));
    let named = step(&team, &sha)
        .env(
            "KECS_TERRAFORM_FILES",
            "terraform/environments/other/image.auto.tfvars",
        )
        .env("KECS_TERRAFORM_VARIABLE", "image")
        .run("bump-tag", &[]);
    assert_eq!(tag_of(&named), "9.0.1");
}

#[test]
fn a_hand_made_tag_that_runs_must_be_adopted_before_the_first_release() {
    let team = team();
    with_environments(
        &team,
        &[environment(
            "production",
            "keycloak_image_tag = \"26.7.3-4\"\n",
        )],
    );
    let refused = bump(&team, "HEAD");
    assert_eq!(refused.code, 2, "{}", refused.log);
    assert!(
        refused
            .log
            .contains("file=terraform/environments/production/image.auto.tfvars"),
        "{}",
        refused.log
    );
    assert!(
        refused.log.contains("adopt-from: 26.7.3-4"),
        "{}",
        refused.log
    );
    assert_eq!(team.writes(), 0);
    let adopted = step(&team, "HEAD")
        .env("KECS_ADOPT_FROM", "26.7.3-4")
        .run("bump-tag", &[]);
    assert_eq!(tag_of(&adopted), "26.8.0");
    assert_eq!(
        tag_of(&bump(&team, "HEAD")),
        "26.8.0",
        "from now on without the input"
    );
}

#[test]
fn a_named_terraform_file_must_hold_the_variable() {
    let team = team();
    with_environments(&team, &[environment("production", "image = \"1.0.0\"\n")]);
    let file = "terraform/environments/production/image.auto.tfvars";
    for (name, words) in [
        (file, "keycloak_image_tag"),
        ("missing.tfvars", "could not read missing.tfvars"),
    ] {
        let ended = step(&team, "HEAD")
            .env("KECS_TERRAFORM_FILES", name)
            .run("bump-tag", &[]);
        assert_eq!(ended.code, 2, "{}", ended.log);
        assert!(ended.log.contains(words), "{}", ended.log);
    }
    assert_eq!(team.writes(), 0);
}
