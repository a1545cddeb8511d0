//! What STS, the issuer and the network can answer, and what becomes of it.

use world::sts::Fault;

use super::{Account, ROLE, job, step};
use crate::support::Step;

fn calls(account: &Account) -> usize {
    account
        .world
        .journal
        .count("sts", "AssumeRoleWithWebIdentity")
}

#[test]
fn passing_faults_are_outlived_in_another_region() {
    let account = Account::new();
    account.world.sts.next([
        Fault::Error(503, "ServiceUnavailable", "Service Unavailable"),
        Fault::Error(400, "Throttling", "Rate exceeded"),
        Fault::Gateway(502),
    ]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(
        ended.log.contains("attempt 1: could not assume"),
        "{}",
        ended.log
    );
    assert!(ended.log.contains("in eu-west-1"), "{}", ended.log);
    assert_eq!(
        account.world.journal.count("oidc", "GetToken"),
        4,
        "a fresh token each time"
    );
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again() {
    let account = Account::new();
    account.world.sts.next([Fault::Broken]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(!ended.log.contains("none of AWS's"), "{}", ended.log);
}

#[test]
fn a_gateway_is_told_by_its_status() {
    let account = Account::new();
    account.world.sts.next([Fault::Gateway(502)]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &["--disable-retry"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    for told in ["AWS answered status 502", "has a fault (status 502)"] {
        assert!(ended.log.contains(told), "{}", ended.log);
    }
}

#[test]
fn passing_faults_before_a_refusal_are_no_attempts_at_it() {
    let account = Account::new();
    account.world.sts.next([
        Fault::Error(400, "Throttling", "Rate exceeded"),
        Fault::Error(403, "AccessDenied", "Not authorized"),
    ]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(calls(&account), 3);
    // The second look at a refusal is in the region that was asked for.
    assert!(ended.log.contains("s, in eu-central-1"), "{}", ended.log);
}

#[test]
fn a_permanent_refusal_is_the_last() {
    let account = Account::new();
    account.world.sts.next([Fault::Error(
        400,
        "MalformedPolicyDocument",
        "Syntax errors in policy.",
    )]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert_eq!(calls(&account), 1);
    assert!(ended.log.contains("inline-session-policy"), "{}", ended.log);
    assert_eq!(ended.exported, "");
}

#[test]
fn without_a_job_there_is_no_registry_login_that_nobody_hears_of() {
    let account = Account::new();
    let ended = step(&account, job(Some("production")))
        .env("GITHUB_ENV", "")
        .run("aws-login", &["--ecr-login"]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("get-login-password"), "{}", ended.log);
    assert_eq!(
        account
            .world
            .journal
            .count("sts", "AssumeRoleWithWebIdentity"),
        0
    );
}

#[test]
fn an_issuer_that_is_no_address_is_told() {
    let account = Account::new();
    let ended = step(&account, job(Some("production")))
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", "none")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    let told = "ACTIONS_ID_TOKEN_REQUEST_URL is no address";
    assert!(ended.log.contains(told), "{}", ended.log);
}

#[test]
fn an_account_that_is_to_be_masked_is_masked_before_a_refusal_names_it() {
    let account = Account::new();
    let ended = step(&account, job(None))
        .env("KECS_MASK_AWS_ACCOUNT_ID", "true")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    let mask = ended.log.find("::add-mask::123456789012").unwrap();
    let told = ended.log.find(ROLE).unwrap();
    assert!(mask < told, "{}", ended.log);
    let ended = step(&account, job(None))
        .env("KECS_MASK_AWS_ACCOUNT_ID", "true")
        .env("KECS_ALLOWED_ACCOUNT_IDS", "999999999999")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(
        ended.log.starts_with("::add-mask::123456789012\n"),
        "{}",
        ended.log
    );
}

#[test]
fn retries_can_be_switched_off() {
    let account = Account::new();
    account.world.sts.next([Fault::Error(
        503,
        "ServiceUnavailable",
        "Service Unavailable",
    )]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &["--disable-retry"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert_eq!(calls(&account), 1);
}

#[test]
fn half_an_hour_of_old_tokens_and_faults_fails_no_login() {
    const SCALE: f64 = 150.0;
    let account = Account::at_scale(SCALE);
    let (mut age, mut logins) = (0.0, 0_usize);
    let throttled = Fault::Error(400, "Throttling", "Rate exceeded");
    let away = Fault::Error(503, "ServiceUnavailable", "Service Unavailable");
    let faults = [
        vec![Fault::Gateway(502)],
        vec![throttled.clone(), throttled.clone()],
        vec![Fault::Silence],
        vec![away, Fault::Gateway(502), throttled],
        vec![Fault::Gateway(504)],
    ];
    while account.world.clock.elapsed().as_secs() < 1800 {
        // A token may have waited for up to five minutes before STS sees it.
        account.world.oidc.age_tokens([age, 0.0]);
        account
            .world
            .sts
            .next(faults[logins % faults.len()].clone());
        let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
        assert_eq!(ended.code, 0, "with a token of {age} s: {}", ended.log);
        age = (age + 37.0) % 300.0;
        logins += 1;
    }
    assert!(logins >= faults.len(), "{logins} logins in half an hour");
}

#[test]
fn a_page_in_the_place_of_a_token_is_the_last_answer() {
    let account = Account::new();
    account.world.oidc.gateway_answers([200]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(ended.log.contains("a web page"), "{}", ended.log);
    assert_eq!(account.world.journal.count("oidc", "GetToken"), 1);
}

#[test]
fn a_gateway_before_the_issuer_is_asked_again() {
    let account = Account::new();
    account.world.oidc.gateway_answers([502, 503]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    account.world.oidc.gateway_answers([502, 500, 429]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.log.contains("status 502"), "{}", ended.log);
    account.world.oidc.gateway_answers([403]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(ended.log.contains("right to tokens"), "{}", ended.log);
    assert!(!ended.log.contains("attempt 1"), "{}", ended.log);
}

#[test]
fn a_clock_that_is_wrong_is_told_before_signatures_fail() {
    let account = Account::new();
    account.world.sts.date_ahead(-400);
    let ended = step(&account, job(Some("production")))
        .env("KECS_TIME_SCALE", "1")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(
        ended.log.contains("::warning title=Clock skew::"),
        "{}",
        ended.log
    );
    assert!(
        ended.log.contains(" s ahead of that of AWS"),
        "{}",
        ended.log
    );
    assert!(ended.log.contains("AWS will refuse"), "{}", ended.log);
}

#[test]
fn the_part_of_the_subject_that_differs_is_named() {
    let account = Account::new();
    let ended = step(&account, job(Some("staging")))
        .env("KECS_EXPECTED_SUB", "repo:acme/*:environment:production")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert_eq!(calls(&account), 0);
    assert!(
        ended.log.contains("\"staging\" is not \"production\""),
        "{}",
        ended.log
    );
    let mut immutable = job(Some("production"));
    immutable.subject = world::oidc::SubjectForm::Immutable;
    let ended = step(&account, immutable)
        .env("KECS_EXPECTED_SUB", "repo:acme/idp:environment:production")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("OWNER@ID/REPO@ID"), "{}", ended.log);
}

#[test]
fn a_job_without_the_permission_is_told_before_any_call() {
    let account = Account::new();
    let plain = || {
        Step::new()
            .env("AWS_ENDPOINT_URL", &account.world.urls.aws)
            .env("KECS_ROLE_TO_ASSUME", ROLE)
            .env("KECS_AWS_REGION", "eu-central-1")
            .env("GITHUB_REPOSITORY", "acme/idp")
    };
    let ended = plain().run("aws-login", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("id-token: write"), "{}", ended.log);
    let events = tempfile::tempdir().unwrap();
    let event = events.path().join("event.json");
    let known = r#"{"full_name":"mallory/idp"}"#;
    for (name, repository, told) in [
        ("pull_request", known, "the fork mallory/idp"),
        ("pull_request", "null", "the fork that was deleted"),
        ("pull_request_target", known, "id-token: write"),
    ] {
        let payload = format!(r#"{{"pull_request":{{"head":{{"repo":{repository}}}}}}}"#);
        std::fs::write(&event, payload).unwrap();
        let step = plain().env("GITHUB_EVENT_NAME", name);
        let ended = step
            .env("GITHUB_EVENT_PATH", event.to_str().unwrap())
            .run("aws-login", &[]);
        assert_eq!(ended.code, 2, "{}", ended.log);
        assert!(ended.log.contains(told), "{name}: {}", ended.log);
    }
    assert_eq!(calls(&account), 0);
}

#[test]
fn bad_input_is_one_annotation_and_nothing_is_exported() {
    let account = Account::new();
    for (variable, value, word) in [
        ("KECS_ROLE_TO_ASSUME", "", "role-to-assume"),
        ("KECS_ROLE_TO_ASSUME", "deploy", "role-to-assume"),
        ("KECS_ROLE_DURATION_SECONDS", "899", "role-duration-seconds"),
        (
            "KECS_ROLE_DURATION_SECONDS",
            "43201",
            "role-duration-seconds",
        ),
        (
            "KECS_ROLE_DURATION_SECONDS",
            "an hour",
            "role-duration-seconds",
        ),
        ("KECS_ROLE_SESSION_NAME", "a b", "role-session-name"),
        ("KECS_AWS_REGION", "", "missing: `aws-region`"),
        ("KECS_AWS_REGION", "frankfurt", "aws-region"),
        (
            "KECS_AWS_REGION",
            "eu-centrl-1",
            "Did you mean eu-central-1",
        ),
        ("KECS_AWS_REGION", "cn-north-1", "is in aws-cn"),
        ("KECS_AUDIENCE", "", "`audience` is empty"),
        ("KECS_ALLOWED_ACCOUNT_IDS", "abc", "twelve digits"),
        ("KECS_ALLOWED_ACCOUNT_IDS", ",", "no account id"),
        ("KECS_REGISTRIES", "123", "twelve digits"),
        ("KECS_REGISTRIES", "123456789012", "`ecr-login`"),
        ("KECS_INLINE_SESSION_POLICY", "{", "inline-session-policy"),
        (
            "KECS_ALLOWED_ACCOUNT_IDS",
            "999999999999",
            "allowed-account-ids",
        ),
        ("KECS_ECR_LOGIN", "yes", "ecr-login"),
        ("KECS_OPERATION", "sign-in", "operation"),
        ("KECS_REGISTRY_TYPE", "secret", "registry-type"),
    ] {
        let ended = step(&account, job(Some("production")))
            .env(variable, value)
            .run("aws-login", &[]);
        assert_eq!(ended.code, 2, "{variable}={value}: {}", ended.log);
        assert!(
            ended.log.contains(word),
            "{variable}={value}: {}",
            ended.log
        );
        assert_eq!(ended.log.matches("::error ").count(), 1, "{}", ended.log);
        assert_eq!((ended.exported.as_str(), ended.outputs.as_str()), ("", ""));
    }
    assert_eq!(account.world.journal.count("oidc", "GetToken"), 0);
}
