//! `aws-login` against the stand-ins: a real signed token, a trust policy that is evaluated.

use serde_json::json;
use world::oidc::JobIdentity;

use crate::support::account::{Account, job};
use crate::support::{Ended, Step};

mod chain;
mod mixed;
mod nowhere;
mod refusals;
mod registry;
mod replies;

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

fn step(account: &Account, job: JobIdentity) -> Step {
    let (url, token) = account.world.oidc.allow(job);
    Step::new()
        .env("AWS_ENDPOINT_URL", &account.world.urls.aws)
        .env(
            "GITHUB_API_URL",
            &format!("{}/api", account.world.urls.github),
        )
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", &url)
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", &token)
        .env("GITHUB_RUN_ID", "77")
        .env("GITHUB_RUN_ATTEMPT", "2")
        .env("KECS_TIME_SCALE", "20")
        .env("KECS_ROLE_TO_ASSUME", ROLE)
        .env("KECS_AWS_REGION", "eu-central-1")
}

fn exported(ended: &Ended, name: &str) -> String {
    ended
        .exported
        .split_once(&format!("{name}<<"))
        .and_then(|(_, rest)| rest.lines().nth(1))
        .unwrap_or("")
        .to_owned()
}

/// Lets the role `deploy` do this.
fn permit(account: &Account, action: &str) {
    let role = account.world.iam.role("deploy").unwrap();
    let permissions =
        json!({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
    account
        .world
        .iam
        .put_role("deploy", role.trust, permissions);
}

#[test]
fn a_login_exports_masked_credentials_that_work() {
    let account = Account::new();
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    let (key, token) = (
        exported(&ended, "AWS_SECRET_ACCESS_KEY"),
        exported(&ended, "AWS_SESSION_TOKEN"),
    );
    assert!(ended.log.contains(&format!("::add-mask::{key}")));
    assert!(ended.log.contains(&format!("::add-mask::{token}")));
    let told = ended
        .log
        .lines()
        .filter(|line| !line.starts_with("::add-mask::"))
        .collect::<String>();
    for secret in [&key, &token] {
        for shown in [&told, &ended.summary, &ended.stdout, &ended.outputs] {
            assert!(!shown.contains(secret.as_str()), "a secret is shown");
        }
    }
    assert_eq!(exported(&ended, "AWS_REGION"), "eu-central-1");
    let arn = "arn:aws:sts::123456789012:assumed-role/deploy/gha-77-2";
    assert!(ended.outputs.contains(arn), "{}", ended.outputs);
    assert!(
        ended
            .summary
            .contains(&exported(&ended, "AWS_ACCESS_KEY_ID"))
    );
    assert_eq!(
        account
            .world
            .journal
            .count("sts", "AssumeRoleWithWebIdentity"),
        1
    );
}

#[test]
fn denied_access_ends_after_two_tries_and_shows_the_condition_that_would_match() {
    let account = Account::new();
    let ended = step(&account, job(None)).run("aws-login", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert_eq!(
        account
            .world
            .journal
            .count("sts", "AssumeRoleWithWebIdentity"),
        2
    );
    assert_eq!(
        account.world.journal.count("oidc", "GetToken"),
        2,
        "a fresh token each time"
    );
    assert!(
        ended
            .log
            .contains("AccessDenied: Not authorized to perform"),
        "{}",
        ended.log
    );
    assert!(
        ended.log.contains("repo:acme/idp:ref:refs/heads/main"),
        "{}",
        ended.log
    );
    assert_eq!(ended.exported, "");
    assert_eq!(ended.log.matches("::error ").count(), 1);
    assert_eq!(ended.log.matches("::group::Claims of").count(), 1);
}

#[test]
fn a_wrong_audience_is_refused_at_once() {
    let account = Account::new();
    let ended = step(&account, job(Some("production")))
        .env("KECS_AUDIENCE", "https://example.org")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert_eq!(
        account
            .world
            .journal
            .count("sts", "AssumeRoleWithWebIdentity"),
        1
    );
    assert!(
        ended.log.contains("Incorrect token audience"),
        "{}",
        ended.log
    );
}

#[test]
fn no_token_of_the_job_is_ever_shown() {
    let account = Account::new();
    let step = step(&account, job(None));
    let ended = step.run("aws-login", &[]);
    let told = ended
        .log
        .lines()
        .filter(|line| !line.starts_with("::add-mask::"))
        .collect::<String>();
    assert!(
        !told.contains("eyJ"),
        "a JSON web token starts like this: {told}"
    );
}

#[test]
fn a_logout_blanks_the_credentials() {
    let ended = Step::new().run("aws-login", &["--operation", "logout"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.exported.contains("AWS_SESSION_TOKEN<<"));
    assert_eq!(exported(&ended, "AWS_SESSION_TOKEN"), "");
}

#[test]
fn a_logout_works_whatever_else_is_wrong() {
    for (variable, value) in [
        ("KECS_ROLE_DURATION_SECONDS", "an hour"),
        ("KECS_REGISTRY_TYPE", "secret"),
        ("AWS_ENDPOINT_URL", ""),
        ("KECS_TIME_SCALE", "fast"),
    ] {
        let step = Step::new().env(variable, value);
        let folder = step.folder.path().join("temp/kecs-docker-config");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("pointers.json"), "broken").unwrap();
        let by_input = step.env("KECS_OPERATION", "logout");
        let ended = by_input.run("aws-login", &[]);
        assert!(!folder.exists(), "{variable}: the password is still there");
        assert_eq!(exported(&ended, "AWS_SESSION_TOKEN"), "");
        assert!(ended.exported.contains("AWS_SESSION_TOKEN<<"));
        let ended = by_input.run("aws-login", &["--operation=logout"]);
        assert_eq!(ended.code, 0, "{variable}: {}", ended.log);
    }
}

#[test]
fn without_variables_for_later_steps_there_are_outputs_alone() {
    let account = Account::new();
    let step = step(&account, job(Some("production"))).env("KECS_OUTPUT_ENV_CREDENTIALS", "false");
    let ended = step.run("aws-login", &["--output-credentials"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(ended.exported, "");
    assert!(ended.outputs.contains("aws-session-token"));
}
