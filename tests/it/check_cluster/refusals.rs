//! Missing rights and bad input.

use super::{expect, tells};
use crate::support::Step;
use crate::support::keycloak::Keycloak;

#[test]
fn each_needed_right_is_named_when_it_is_missing() {
    for (action, named) in [
        ("ecs:DescribeServices", "ecs:DescribeServices"),
        ("ecs:ListTasks", "ecs:ListTasks"),
        ("ecs:DescribeTasks", "ecs:DescribeTasks"),
        ("s3:ListBucket", "s3:ListBucket on arn:aws:s3:::peers"),
        (
            "s3:GetObject",
            "s3:GetObject on arn:aws:s3:::peers/keycloak/ISPN/*",
        ),
    ] {
        let keycloak = Keycloak::new().without(action).deploy(1);
        let ended = keycloak.check(&[]);
        expect(&ended, 6, "no-evidence");
        tells(
            &ended,
            &[named, "Allow the role of this step", "eu-central-1"],
        );
    }
}

#[test]
fn without_the_task_definition_the_inputs_are_enough_and_one_notice_tells_the_price() {
    let keycloak = Keycloak::new()
        .without("ecs:DescribeTaskDefinition")
        .deploy(2);
    let ended = keycloak.check(&["--bucket=peers", "--prefix=keycloak"]);
    expect(&ended, 0, "whole");
    assert_eq!(ended.log.matches("::notice").count(), 1, "{}", ended.log);
    let ended = keycloak.check(&[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    tells(&ended, &["missing: `bucket`"]);
}

/// A check that must end with exit code 2, one annotation, and nothing written.
fn bad(keycloak: &Keycloak, arguments: &[&str], texts: &[&str]) {
    let ended = keycloak.check(arguments);
    assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.log);
    assert_eq!(ended.log.matches("::error ").count(), 1, "{}", ended.log);
    assert_eq!(ended.outputs, "", "{arguments:?}");
    tells(&ended, texts);
}

#[test]
fn names_that_are_not_there_are_refused_with_near_ones() {
    let keycloak = Keycloak::new()
        .with("ecs:ListClusters")
        .with("ecs:ListServices")
        .deploy(1);
    bad(
        &keycloak,
        &["--cluster=mian"],
        &["`cluster` is \"mian\"", "Did you mean main?"],
    );
    bad(
        &keycloak,
        &["--service=keyclok"],
        &["`service` is \"keyclok\"", "Did you mean keycloak?"],
    );
    bad(
        &keycloak,
        &["--bucket=other"],
        &["`bucket` is \"other\"", "JGROUPS_AWS_S3_BUCKET_NAME=peers"],
    );
    bad(
        &keycloak,
        &["--prefix=other"],
        &["JGROUPS_AWS_S3_BUCKET_PREFIX=keycloak"],
    );
    let keycloak = keycloak.without("ecs:ListClusters");
    bad(
        &keycloak,
        &["--cluster=mian"],
        &["Check the name, the account and the region."],
    );
}

#[test]
fn a_bucket_that_is_not_there_or_elsewhere_is_bad_input() {
    let keycloak = Keycloak::new()
        .without("ecs:DescribeTaskDefinition")
        .with("s3:ListAllMyBuckets")
        .deploy(1);
    bad(
        &keycloak,
        &["--bucket=pears"],
        &["no bucket \"pears\"", "Did you mean peers?"],
    );
    let step = keycloak.step().env("AWS_REGION", "eu-west-1");
    let ended = step.run("check-cluster", &["--bucket=peers"]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    tells(&ended, &["the bucket peers is not in eu-west-1"]);
}

#[test]
fn a_service_that_nobody_answers_for_is_asked_until_the_time_is_up() {
    let keycloak = Keycloak::new().deploy(1);
    let step = keycloak
        .step()
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let ended = step.run("check-cluster", &["--timeout-seconds=20"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    tells(&ended, &["trying again in 5 s", "Connection refused"]);
}

#[test]
fn bad_values_are_refused_before_any_call() {
    let keycloak = Keycloak::new();
    bad(
        &keycloak,
        &["--timeout-seconds=0"],
        &["input `timeout-seconds` is \"0\""],
    );
    bad(&keycloak, &["--expect=0"], &["input `expect` is \"0\""]);
    bad(&keycloak, &["--expect=two"], &["input `expect` is \"two\""]);
    bad(
        &keycloak,
        &["--discovery=multicast"],
        &["input `discovery` is \"multicast\""],
    );
    bad(
        &keycloak,
        &["--bucket=s3://peers/lab"],
        &["`bucket` is", "without s3://"],
    );
    bad(&keycloak, &["--cluster-name=a/b"], &["`cluster-name`"]);
    bad(
        &keycloak,
        &["--discovery=jdbc-ping", "--bucket=peers"],
        &["`bucket` is given"],
    );
    let arn = |resource: &str| format!("arn:aws:ecs:{resource}");
    for (flag, says) in [
        (
            format!("--cluster={}", arn("us-east-1:123456789012:cluster/main")),
            "`cluster` is in us-east-1",
        ),
        (
            format!("--service={}", arn("eu-central-1:123456789012:task/main/1")),
            "`service` is",
        ),
        ("--expect=-1".to_owned(), "input `expect` is \"-1\""),
    ] {
        bad(&keycloak, &[&flag], &[says]);
    }
    let region = keycloak.step().env("AWS_REGION", "eu-centrl-1");
    let ended = region.run("check-cluster", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    tells(&ended, &["AWS_REGION is \"eu-centrl-1\"", "Did you mean"]);
    let nobody = keycloak.step().env("AWS_ACCESS_KEY_ID", "");
    let ended = nobody.run("check-cluster", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    tells(&ended, &["there are no AWS credentials", "aws-login"]);
    assert!(keycloak.account.world.journal.entries().is_empty());
    let ended = Step::new().run("check-cluster", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    tells(&ended, &["missing: input `cluster`, input `service`"]);
}

#[test]
fn credentials_that_are_no_good_lead_to_the_login() {
    let keycloak = Keycloak::new().deploy(1);
    let wrong = keycloak.step().env("AWS_SECRET_ACCESS_KEY", "not the key");
    let ended = wrong.run("check-cluster", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    tells(&ended, &["InvalidSignatureException", "Run aws-login"]);
}
