//! Logins of different makers: the aws CLI works with our credentials, our other actions with those of another login.

use std::process::Command;

use serde_json::Value;
use world::oidc::JobIdentity;

use super::{ROLE, exported, permit, step};
use crate::support::account::{Account, job};
use crate::support::images::Yard;
use crate::support::keycloak::Keycloak;
use crate::support::{Step, cache};

/// Runs the aws CLI with nothing but these variables; what it answered.
#[track_caller]
fn aws(account: &Account, environment: &[(&str, String)], arguments: &[&str]) -> Value {
    try_aws(account, environment, arguments).unwrap_or_else(|told| panic!("{told}"))
}

fn try_aws(
    account: &Account,
    environment: &[(&str, String)],
    arguments: &[&str],
) -> Result<Value, String> {
    let program = cache().join("venv/bin/aws");
    let output = Command::new(&program)
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("AWS_ENDPOINT_URL", &account.world.urls.aws)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "{}: {error}; run `tests/tools/setup.sh python`",
                program.display()
            )
        });
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_aws_cli_works_with_what_the_login_exports() {
    let account = Account::new();
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    let environment: Vec<(&str, String)> = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ]
    .into_iter()
    .map(|name| (name, exported(&ended, name)))
    .collect();
    let identity = aws(&account, &environment, &["sts", "get-caller-identity"]);
    assert_eq!(
        identity["Arn"],
        "arn:aws:sts::123456789012:assumed-role/deploy/gha-77-2"
    );
    assert_eq!(identity["Account"], "123456789012");
}

/// The variables that `aws-actions/configure-aws-credentials` exports, as its README lists them (v6, November 2026): the
/// aws CLI makes the exchange here, as that action's SDK does there.
fn another_login(account: &Account, job: JobIdentity) -> Vec<(&'static str, String)> {
    let (url, token) = account.world.oidc.allow(job);
    let header = format!("Authorization: bearer {token}");
    let address = format!("{url}&audience=sts.amazonaws.com");
    let exchange = || {
        let answer = Command::new("curl")
            .args(["--silent", "--fail", "--header", &header, &address])
            .output()
            .expect("curl starts");
        let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
        let region = [("AWS_REGION", "eu-central-1".to_owned())];
        try_aws(
            account,
            &region,
            &[
                "sts",
                "assume-role-with-web-identity",
                "--role-arn",
                ROLE,
                "--role-session-name",
                "GitHubActions",
                "--web-identity-token",
                answer["value"].as_str().unwrap(),
            ],
        )
    };
    // The five minutes of a token are seconds where time is fast, and the CLI needs some to start.
    let mut tries = (0..5).map(|_| exchange());
    let session = tries
        .find(|told| {
            told.as_ref()
                .err()
                .is_none_or(|told| !told.contains("ExpiredToken"))
        })
        .expect("a token outlives the start of the CLI")
        .unwrap_or_else(|told| panic!("{told}"));
    let credential = |name: &str| session["Credentials"][name].as_str().unwrap().to_owned();
    vec![
        ("AWS_ACCESS_KEY_ID", credential("AccessKeyId")),
        ("AWS_SECRET_ACCESS_KEY", credential("SecretAccessKey")),
        ("AWS_SESSION_TOKEN", credential("SessionToken")),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_DEFAULT_REGION", "eu-central-1".to_owned()),
    ]
}

/// The step, with the credentials of another login in place of its own.
fn logged_in_otherwise(account: &Account, step: Step) -> Step {
    another_login(account, job(Some("production")))
        .iter()
        .fold(step, |step, (name, value)| step.env(name, value))
}

#[test]
fn a_service_and_its_cluster_are_seen_with_the_credentials_of_another_login() {
    let keycloak = Keycloak::new().deploy(2);
    permit(&keycloak.account, "*");
    let step = logged_in_otherwise(&keycloak.account, keycloak.step());
    let checked = step.run("check-cluster", &[]);
    assert_eq!(checked.code, 0, "{}", checked.log);
    let shown = step.run("deploy-service", &["--operation", "status"]);
    assert_eq!(shown.code, 0, "{}", shown.log);
    let operations = ["DescribeTasks", "DescribeServices"];
    let entries = keycloak.account.world.journal.entries();
    for operation in operations {
        let caller = entries.iter().find(|entry| entry.operation == operation);
        let caller = &caller.unwrap().caller;
        assert!(caller.contains("/deploy/GitHubActions"), "{caller}");
    }
}

#[test]
fn an_image_is_pushed_with_the_credentials_of_another_login() {
    let yard = Yard::new();
    permit(&yard.account, "ecr:*");
    let ended = logged_in_otherwise(&yard.account, yard.step().env("KECS_TAG", "1.0.0"))
        .run("build-image", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(yard.account.world.ecr.tags("keycloak"), ["1.0.0"]);
}
