use super::*;
use clap::{Command, FromArgMatches as _};

fn plan(flags: &[&str]) -> Result<Request> {
    let command = <Args as clap::Args>::augment_args(Command::new("aws-login"));
    let command = crate::runner::inputs::one_value_each(command);
    let line = std::iter::once("aws-login").chain(flags.iter().copied());
    let args = Args::from_arg_matches(&command.get_matches_from(line)).unwrap();
    let env = Env::of(&[("GITHUB_RUN_ID", "7"), ("GITHUB_RUN_ATTEMPT", "2")]);
    let region = args.aws_region.clone().unwrap_or("eu-central-1".to_owned());
    Request::of(&args, &env, region)
}

const ROLE: &str = "--role-to-assume=arn:aws:iam::123456789012:role/ci/deploy";

#[test]
fn a_session_is_named_after_the_run() {
    let request = plan(&[ROLE]).unwrap();
    assert_eq!(request.session, "gha-7-2");
    assert_eq!(
        request.role,
        Role::Arn {
            arn: "arn:aws:iam::123456789012:role/ci/deploy".to_owned(),
            account: "123456789012".to_owned()
        }
    );
}

#[test]
fn what_cannot_work_is_refused_before_any_call() {
    let long = format!(
        "--inline-session-policy={{\"Statement\":\"{}\"}}",
        "x".repeat(2048)
    );
    const MANAGED: &str = "--managed-session-policies=arn:aws:iam::aws:policy/ReadOnlyAccess";
    let nearly = long.replace(&"x".repeat(2048), &"x".repeat(2020));
    assert!(plan(&[ROLE, &nearly]).is_ok());
    for (flags, word) in [
        (&["--role-to-assume=deploy"][..], "role-to-assume"),
        (
            &["--role-to-assume=arn:aws:iam::12345:role/deploy"],
            "role-to-assume",
        ),
        (
            &["--role-to-assume=arn:aws:iam::123456789012:user/deploy"],
            "role-to-assume",
        ),
        (
            &["--role-to-assume=arn:aws:iam::123456789012:role/"],
            "role-to-assume",
        ),
        (&[], "role-to-assume"),
        (&[ROLE, "--role-session-name=a b"], "role-session-name"),
        (&[ROLE, "--role-session-name=x"], "role-session-name"),
        (
            &[ROLE, "--allowed-account-ids=999999999999"],
            "allowed-account-ids",
        ),
        (&[ROLE, "--allowed-account-ids=abc"], "\"abc\""),
        (
            &[ROLE, "--role-chaining=true", "--expected-sub=repo:*"],
            "`expected-sub`",
        ),
        (
            &[ROLE, "--role-chaining=true", "--audience=x"],
            "`audience`",
        ),
        (&[ROLE, "--allowed-account-ids=,"], "no account id"),
        (&[ROLE, "--registries=123", "--ecr-login=true"], "\"123\""),
        (&[ROLE, "--registries=123456789012"], "`registries`"),
        (&[ROLE, "--registry-type=public"], "`registry-type`"),
        (&[ROLE, "--aws-region=cn-north-1"], "partition aws,"),
        (&[ROLE, "--role-external-id=x"], "role-external-id"),
        (
            &[ROLE, "--role-chaining=true", "--role-duration-seconds=7200"],
            "role-duration-seconds",
        ),
        (
            &[ROLE, "--inline-session-policy={"],
            "inline-session-policy",
        ),
        (
            &[ROLE, "--inline-session-policy=[]"],
            "inline-session-policy",
        ),
        (&[ROLE, &long], "inline-session-policy"),
        (&[ROLE, &nearly, MANAGED], "with the ARNs"),
        (
            &["--role-to-assume=arn:aws:iam::123456789012:role/*"],
            "role-to-assume",
        ),
        (
            &["--role-to-assume=arn:aws:iam::123456789012:role/ci/"],
            "role-to-assume",
        ),
        (
            &[ROLE, "--role-chaining=true", "--custom-tags={"],
            "custom-tags",
        ),
        (
            &[ROLE, "--managed-session-policies=ReadOnlyAccess"],
            "managed-session-policies",
        ),
    ] {
        let error = plan(flags).unwrap_err();
        assert!(
            error.message().contains(word),
            "{flags:?}: {}",
            error.message()
        );
    }
}

#[test]
fn a_chain_takes_the_name_of_a_role() {
    let request = plan(&["--role-to-assume=ci/deploy", "--role-chaining=true"]).unwrap();
    assert_eq!(request.role, Role::Name("ci/deploy".to_owned()));
}

#[test]
fn session_policies_are_sent_without_white_space() {
    let request = plan(&[
        ROLE,
        "--inline-session-policy={ \"Statement\": [ ] }",
        "--managed-session-policies=arn:aws:iam::aws:policy/ReadOnlyAccess",
    ])
    .unwrap();
    assert_eq!(request.policy.as_deref(), Some("{\"Statement\":[]}"));
    let twice = r#"{ "Statement": [ ], "a\" b\\": 1, "Statement" : [ {} ] }"#;
    let other = plan(&[ROLE, &format!("--inline-session-policy={twice}")]).unwrap();
    let sent = r#"{"Statement":[],"a\" b\\":1,"Statement":[{}]}"#;
    assert_eq!(other.policy.as_deref(), Some(sent));
    assert_eq!(request.policy_arns.len(), 1);
}
