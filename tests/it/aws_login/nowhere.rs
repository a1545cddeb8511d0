//! What answers in the place of STS, or does not answer at all.

use world::sts::Fault;

use super::{Account, job, step};
use crate::support::untrusted::Untrusted;

#[test]
fn an_endpoint_that_nobody_answers_at_is_given_up() {
    let account = Account::new();
    let ended = step(&account, job(Some("production")))
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .run("aws-login", &["--retry-max-attempts", "3"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("gave up after 3 attempts"),
        "{}",
        ended.log
    );
    assert!(ended.log.contains("Connection refused"), "{}", ended.log);
    assert!(
        !ended.log.contains("DispatchFailure"),
        "no debug text: {}",
        ended.log
    );
    assert!(ended.log.contains("HTTPS_PROXY"), "{}", ended.log);
}

#[test]
fn an_endpoint_that_is_no_address_is_refused_before_a_token_is_asked_for() {
    let account = Account::new();
    for (address, told) in [
        ("sts.internal:443", "no address"),
        ("none", "no address"),
        ("ftp://sts.internal", "no address"),
        ("", "is empty"),
    ] {
        let ended = step(&account, job(Some("production")))
            .env("KECS_TIME_SCALE", "")
            .env("AWS_ENDPOINT_URL_STS", address)
            .run("aws-login", &[]);
        let said = format!("{}{}", ended.log, ended.summary);
        assert!(!said.contains("WebIdentityToken"), "{address}: a request");
        assert_eq!(ended.code, 2, "{address}: {said}");
        assert!(said.contains("AWS_ENDPOINT_URL_STS"), "{said}");
        assert!(said.contains(told), "{said}");
        assert_eq!(ended.exported, "");
    }
    assert_eq!(account.world.journal.count("oidc", "GetToken"), 0);
}

#[test]
fn a_page_of_a_proxy_is_not_asked_again() {
    let account = Account::new();
    account.world.sts.next([Fault::Gateway(403)]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(!ended.log.contains("attempt 1"), "{}", ended.log);
    for told in ["none of AWS's: status 403", "HTTPS_PROXY"] {
        assert!(ended.log.contains(told), "{}", ended.log);
    }
}

#[test]
fn another_region_does_not_speak_for_one_that_nobody_knows() {
    let account = Account::new();
    account.world.sts.next([
        Fault::Error(503, "ServiceUnavailable", "Service Unavailable"),
        Fault::Gateway(502),
    ]);
    let ended = step(&account, job(Some("production")))
        .env("KECS_AWS_REGION", "eu-central-9")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(
        ended.log.matches("in eu-central-9").count(),
        3,
        "{}",
        ended.log
    );
}

#[test]
fn a_region_that_is_not_there_is_bad_input() {
    let account = Account::new();
    let ended = step(&account, job(Some("production")))
        .env("KECS_AWS_REGION", "eu-west-9")
        .env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    for told in ["no AWS answers in the region eu-west-9", "eu-west-1"] {
        assert!(ended.log.contains(told), "{}", ended.log);
    }
    assert_eq!(ended.log.matches("attempt ").count(), 1, "{}", ended.log);
}

#[test]
fn what_no_second_try_mends_is_tried_once() {
    let account = Account::new();
    let server = Untrusted::start();
    let untrusted = server.url();
    // A label of more than 63 characters is the name of no host for any resolver.
    let nowhere = format!("http://{}.example", "a".repeat(70));
    for (variable, value, told) in [
        ("AWS_ENDPOINT_URL_STS", untrusted.as_str(), "SSL_CERT_FILE"),
        (
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            untrusted.as_str(),
            "SSL_CERT_FILE",
        ),
        ("AWS_ENDPOINT_URL_STS", nowhere.as_str(), "no such host"),
        ("AWS_USE_FIPS_ENDPOINT", "true", "AWS_USE_FIPS_ENDPOINT"),
    ] {
        let ended = step(&account, job(Some("production")))
            .env("KECS_TIME_SCALE", "")
            .env(variable, value)
            .run("aws-login", &[]);
        assert_eq!(ended.code, 6, "{variable}: {}", ended.log);
        assert!(ended.log.contains(told), "{variable}: {}", ended.log);
        assert!(
            !ended.log.contains("attempt 1"),
            "{variable}: {}",
            ended.log
        );
    }
}

#[test]
fn a_machine_that_trusts_nobody_is_told_what_it_lacks() {
    let account = Account::new();
    let (_account, chained) = super::chain::account(&serde_json::json!("sts:*"));
    for step in [step(&account, job(Some("production"))), chained] {
        let ended = step.env("SSL_CERT_FILE", "/nowhere").run("aws-login", &[]);
        assert_eq!(ended.code, 2, "{}", ended.log);
        assert!(ended.log.contains("ca-certificates"), "{}", ended.log);
        assert!(!ended.log.contains("bug"), "{}", ended.log);
    }
}
