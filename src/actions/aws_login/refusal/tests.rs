use super::*;

fn refusal<'a>(code: &'a str, message: &'a str, status: u16) -> Refusal<'a> {
    Refusal {
        code: Some(code),
        message,
        status: Some(status),
        ..Refusal::default()
    }
}

/// Every row: code, message, status, class, and a word of the hint. Sources of the messages in brackets: issues of
/// aws-actions/configure-aws-credentials, else the AWS STS API reference.
#[test]
fn every_answer_has_its_class_and_its_hint() {
    let claims = Claims::of(&[
        ("iss", "https://token.actions.githubusercontent.com"),
        ("aud", "sts.amazonaws.com"),
        ("sub", "repo:acme@5/idp@7:environment:production"),
        ("environment", "production"),
        ("repository_id", "7"),
    ]);
    for (code, message, status, class, word) in [
        // [#318, #1137]
        (
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            403,
            Class::Denied,
            "condition",
        ),
        // [#280]
        (
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for https://x",
            400,
            Class::Permanent,
            "aws_iam_openid_connect_provider",
        ),
        // [#775]
        (
            "InvalidIdentityToken",
            "Incorrect token audience",
            400,
            Class::Permanent,
            "client id",
        ),
        // [#299]
        (
            "InvalidIdentityToken",
            "Couldn't retrieve verification key from your identity provider",
            400,
            Class::Passing,
            "keys",
        ),
        ("IDPCommunicationError", "", 400, Class::Passing, "keys"),
        // [#1848]
        (
            "ExpiredTokenException",
            "Token expired: current date/time must be before the expiration date/time",
            400,
            Class::Passing,
            "clocks",
        ),
        ("IDPRejectedClaim", "", 403, Class::Permanent, "claims"),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            400,
            Class::Permanent,
            "role-duration-seconds",
        ),
        (
            "PackedPolicyTooLarge",
            "Packed size of session tags consumes 105% of allotted space.",
            400,
            Class::Permanent,
            "inline-session-policy",
        ),
        (
            "MalformedPolicyDocument",
            "",
            400,
            Class::Permanent,
            "IAM can read",
        ),
        (
            "RegionDisabledException",
            "STS is not activated in this region",
            403,
            Class::Permanent,
            "aws-region",
        ),
        (
            "Throttling",
            "Rate exceeded",
            400,
            Class::Elsewhere,
            "fewer jobs",
        ),
        (
            "ServiceUnavailable",
            "",
            503,
            Class::Elsewhere,
            "run the job again",
        ),
        (
            "InternalFailure",
            "",
            500,
            Class::Elsewhere,
            "run the job again",
        ),
        (
            "SomethingNew",
            "",
            502,
            Class::Elsewhere,
            "run the job again",
        ),
        (
            "SomethingNew",
            "",
            400,
            Class::Permanent,
            "mend what its message names",
        ),
    ] {
        let refusal = refusal(code, message, status);
        assert_eq!(refusal.class(), class, "{code} {message}");
        let hint = refusal.hint(&claims, "123456789012");
        assert!(hint.contains(word), "{code}: {hint}");
    }
    let page = Refusal {
        status: Some(403),
        foreign: true,
        ..Refusal::default()
    };
    assert_eq!(page.class(), Class::Permanent);
    assert!(page.hint(&claims, "1").contains("proxy"));
    for (message, word) in [
        (
            "dispatch failure: other: invalid peer certificate: UnknownIssuer",
            "SSL_CERT_FILE",
        ),
        (
            "io error: client error (Connect): tunnel error: proxy authorization required",
            "name and a password",
        ),
        (
            "tunnel error: failed to create underlying connection: dns error: Name does not resolve",
            "HTTPS_PROXY",
        ),
        (
            "dispatch failure: other: Invalid Configuration: FIPS and custom endpoint are not supported",
            "AWS_USE_FIPS_ENDPOINT",
        ),
    ] {
        let permanent = Refusal {
            message,
            ..Refusal::default()
        };
        assert_eq!(permanent.class(), Class::Permanent, "{message}");
        assert!(permanent.hint(&claims, "1").contains(word), "{message}");
    }
    for told in NO_SUCH_HOST {
        let message = format!("io error: dns error: failed to lookup address information: {told}");
        let mut nowhere = Refusal {
            message: &message,
            chosen: true,
            ..Refusal::default()
        };
        assert_eq!(nowhere.class(), Class::Permanent, "{message}");
        assert!(nowhere.hint(&claims, "1").contains("no such host"));
        nowhere.chosen = false;
        assert_eq!(nowhere.class(), Class::Elsewhere, "a host of AWS's");
    }
    for (status, word) in [(502, "(status 502)"), (429, "asked too much")] {
        let gateway = Refusal {
            status: Some(status),
            ..Refusal::default()
        };
        assert_eq!(gateway.class(), Class::Elsewhere);
        assert!(gateway.hint(&claims, "1").contains(word), "{status}");
    }
    let colon = Claims::of(&[("sub", "repo:acme/idp:environment:eu%3Aprod")]);
    assert!(!likely(&colon).contains("capitals"));
    let chained = refusal("ValidationError", "externalId failed to satisfy", 400);
    assert!(!chained.chain_hint("r", false).contains("3600"));
    let silence = Refusal::default();
    assert_eq!(silence.class(), Class::Elsewhere);
    assert!(silence.hint(&claims, "1").contains("HTTPS_PROXY"));
}

const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// With a slug for one enterprise.
const SLUG: &str = "https://token.actions.githubusercontent.com/acme";
/// GHE.com: with data residency.
const RESIDENT: &str = "https://token.actions.acme.ghe.com";
/// GitHub Enterprise Server.
const SERVER: &str = "https://github.acme.example/_services/token";

const ENVIRONMENT: &str = "The job has the environment ";
const REQUEST: &str = "The job is of a pull request";
const REF: &str = "The job has no `environment:`";
const NUMBERS: &str = "The subject has numbers in it";
const CUSTOM: &str = "The subject is customised";

/// Issuers and subjects as in "OpenID Connect reference", GitHub's documentation, November 2026; the environment; the start
/// of the likeliest reason.
const SUBJECTS: [(&str, &str, &str, &str); 18] = [
    (
        GITHUB,
        "repo:acme@5/idp@7:environment:prod:job_workflow_ref:x",
        "prod",
        NUMBERS,
    ),
    (
        GITHUB,
        "repo:acme/idp:environment:production",
        "production",
        ENVIRONMENT,
    ),
    (
        GITHUB,
        "repo:acme/idp:environment:a%3Ab",
        "a:b",
        ENVIRONMENT,
    ),
    (GITHUB, "repo:acme/idp:pull_request", "", REQUEST),
    (GITHUB, "repo:acme/idp:ref:refs/heads/main", "", REF),
    (GITHUB, "repo:acme/idp:ref:refs/tags/v1", "", REF),
    (
        GITHUB,
        "repo:acme/idp:ref:refs/heads/gh-readonly-queue/main/pr-1-0",
        "",
        REF,
    ),
    (
        GITHUB,
        "repo:acme@5/idp@7:environment:production",
        "production",
        NUMBERS,
    ),
    (GITHUB, "repo:acme@5/idp@7:pull_request", "", NUMBERS),
    (GITHUB, "repo:acme@5/idp@7:ref:refs/heads/main", "", NUMBERS),
    (SLUG, "repo:acme@5/idp@7:ref:refs/tags/v1", "", NUMBERS),
    (
        SLUG,
        "repo:acme/idp:environment:production",
        "production",
        ENVIRONMENT,
    ),
    (
        GITHUB,
        "repository_owner:acme:repository_visibility:private",
        "",
        CUSTOM,
    ),
    (GITHUB, "repository_id:7", "", CUSTOM),
    (
        GITHUB,
        "repo:acme/idp:environment:production:job_workflow_ref:acme/idp/.github/workflows/x.yml@refs/heads/main",
        "production",
        CUSTOM,
    ),
    (RESIDENT, "repo:acme/idp:ref:refs/heads/main", "", REF),
    (
        SERVER,
        "repo:acme/idp:environment:production",
        "production",
        ENVIRONMENT,
    ),
    (SERVER, "repo:acme/idp:pull_request", "", REQUEST),
];

#[test]
fn the_likeliest_reason_comes_first_and_a_condition_that_matches() {
    for (issuer, sub, environment, reason) in SUBJECTS {
        let claims = Claims::of(&[
            ("iss", issuer),
            ("aud", "sts.amazonaws.com"),
            ("sub", sub),
            ("environment", environment),
            ("repository_id", "7"),
        ]);
        let denied = refusal("AccessDenied", "Not authorized", 403);
        let hint = denied.hint(&claims, "123456789012");
        assert!(
            hint.contains(&format!("\nLikely: {reason}")),
            "{issuer} {sub}: {hint}"
        );
        let (_, condition) = hint.split_once("\"StringEquals\": ").unwrap();
        let condition: serde_json::Value = serde_json::from_str(condition).unwrap();
        let provider = issuer.trim_start_matches("https://");
        let mut matching = serde_json::json!({
            format!("{provider}:aud"): "sts.amazonaws.com",
            format!("{provider}:sub"): sub,
        });
        if [GITHUB, SLUG].contains(&issuer) {
            matching[format!("{provider}:repository_id")] = "7".into();
        }
        assert_eq!(condition, matching, "{issuer} {sub}");
    }
    let told = likely(&Claims::of(&[("sub", "repo:Acme/idp:pull_request")]));
    assert!(told.contains("capitals"), "{told}");
}
