//! One role from another.

use serde_json::{Value, json};

use super::{Account, exported};
use crate::support::Step;

const TARGET: &str = "arn:aws:iam::123456789012:role/production";

/// A role that trusts the role `deploy` for these actions, and a step with credentials of that.
pub(super) fn account(actions: &Value) -> (Account, Step) {
    let account = Account::new();
    let trust = json!({"Statement": [{
        "Effect": "Allow",
        "Action": actions,
        "Principal": {"AWS": "arn:aws:iam::123456789012:role/deploy"},
    }]});
    account
        .world
        .iam
        .put_role("production", trust, json!({"Statement": []}));
    let session = account
        .world
        .iam
        .session("deploy", "first", account.world.clock.unix() + 3600.0);
    let step = Step::new()
        .env("AWS_ENDPOINT_URL", &account.world.urls.aws)
        .env(
            "GITHUB_API_URL",
            &format!("{}/api", account.world.urls.github),
        )
        .env("KECS_TIME_SCALE", "100")
        .env("AWS_ACCESS_KEY_ID", &session.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &session.secret)
        .env("AWS_SESSION_TOKEN", &session.token)
        .env("GITHUB_RUN_ID", "77")
        .env("GITHUB_REPOSITORY", "acme/idp")
        .env("KECS_ROLE_CHAINING", "true")
        .env("KECS_ROLE_TO_ASSUME", TARGET)
        .env("KECS_AWS_REGION", "eu-central-1");
    (account, step)
}

#[test]
fn a_chained_session_replaces_the_credentials() {
    let (account, step) = account(&json!(["sts:AssumeRole", "sts:TagSession"]));
    let ended = step.run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(
        ended.outputs.contains("assumed-role/production/gha-77-1"),
        "{}",
        ended.outputs
    );
    assert!(!exported(&ended, "AWS_SESSION_TOKEN").is_empty());
    assert_eq!(account.world.journal.count("sts", "AssumeRole"), 1);
    assert_eq!(account.world.journal.count("oidc", "GetToken"), 0);
}

#[test]
fn a_role_of_the_same_account_can_be_given_by_its_name() {
    let (_account, step) = account(&json!("sts:*"));
    let ended = step
        .env("KECS_ROLE_TO_ASSUME", "production")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(
        ended.outputs.contains("assumed-role/production/"),
        "{}",
        ended.outputs
    );
    let ended = step_elsewhere().run("aws-login", &[]);
    assert_eq!(
        ended.code, 2,
        "an account that is not allowed: {}",
        ended.log
    );
}

#[test]
fn a_chain_without_a_first_link_is_told_at_once() {
    let (account, _) = account(&json!("sts:*"));
    for role in [TARGET, "production"] {
        let ended = Step::new()
            .env("AWS_ENDPOINT_URL", &account.world.urls.aws)
            .env("KECS_ROLE_CHAINING", "true")
            .env("KECS_ROLE_TO_ASSUME", role)
            .env("KECS_AWS_REGION", "eu-central-1")
            .run("aws-login", &[]);
        assert_eq!(ended.code, 2, "{}", ended.log);
        assert!(
            ended.log.contains("there are no AWS credentials"),
            "{}",
            ended.log
        );
        assert_eq!(ended.log.matches("attempt").count(), 0, "{}", ended.log);
    }
    assert_eq!(account.world.journal.count("sts", "AssumeRole"), 0);
}

fn step_elsewhere() -> Step {
    let (account, step) = account(&json!("sts:*"));
    // The world lives as long as the test process.
    std::mem::forget(account);
    step.env("KECS_ROLE_TO_ASSUME", "production")
        .env("KECS_ALLOWED_ACCOUNT_IDS", "999999999999")
}

#[test]
fn a_trust_policy_without_session_tags_is_named() {
    let (account, step) = account(&json!("sts:AssumeRole"));
    let ended = step.run("aws-login", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(ended.log.contains("sts:TagSession"), "{}", ended.log);
    assert_eq!(
        account.world.journal.count("sts", "AssumeRole"),
        2,
        "denied access: two tries"
    );
    let ended = step
        .env("KECS_ROLE_SKIP_SESSION_TAGGING", "true")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
}

#[test]
fn tags_that_are_too_large_together_are_cut_down() {
    let (account, step) = account(&json!("sts:*"));
    let packed = "Packed size of session tags consumes 105% of allotted space.";
    account.world.sts.next([world::sts::Fault::Error(
        400,
        "PackedPolicyTooLarge",
        packed,
    )]);
    let ended = step.run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.log.contains("fewer session tags"), "{}", ended.log);
}

#[test]
fn at_a_terminal_credentials_go_to_standard_output() {
    let (_account, step) = account(&json!(["sts:AssumeRole", "sts:TagSession"]));
    let step = step.env("GITHUB_ACTIONS", "").env("GITHUB_ENV", "");
    let told = "--output-credentials --json";
    for flags in [&[][..], &["--output-credentials"]] {
        let ended = step.run("aws-login", flags);
        assert_eq!(ended.code, 0, "{}", ended.log);
        assert!(ended.log.contains(told), "{}", ended.log);
    }
    let ended = step.run("aws-login", &["--output-credentials", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(!ended.log.contains(told), "{}", ended.log);
    let result: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(result["aws-session-token"].is_string(), "{result}");
}

#[test]
fn a_masked_account_is_masked_before_it_is_told() {
    let (account, step) = account(&json!(["sts:AssumeRole", "sts:TagSession"]));
    let step = step.env("KECS_MASK_AWS_ACCOUNT_ID", "true");
    // One of the same account by its name, and one of another account: the present credentials' is told too.
    let mut step = step;
    for role in ["second", "arn:aws:iam::999999999999:role/second"] {
        step = step.env("KECS_ROLE_TO_ASSUME", role);
        let ended = step.run("aws-login", &["--disable-retry"]);
        assert_eq!(ended.code, 6, "{}", ended.log);
        let mask = ended.log.find("::add-mask::123456789012");
        let told = ended.log.find("arn:aws:");
        assert!(mask.is_some() && mask < told, "{}", ended.log);
    }
    drop(account);
}
