use super::*;

fn refusal<'a>(code: &'a str, message: &'a str, status: u16) -> Refusal<'a> {
    Refusal {
        code: Some(code),
        message,
        status: Some(status),
        chosen: false,
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
            "run the job again",
        ),
    ] {
        let refusal = refusal(code, message, status);
        assert_eq!(refusal.class(), class, "{code} {message}");
        let hint = refusal.hint(&claims, "123456789012");
        assert!(hint.contains(word), "{code}: {hint}");
    }
    let page = Refusal {
        status: Some(403),
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
    let silence = Refusal::default();
    assert_eq!(silence.class(), Class::Elsewhere);
    assert!(silence.hint(&claims, "1").contains("HTTPS_PROXY"));
}

#[test]
fn the_likeliest_reason_comes_first() {
    let told = |sub: &str, environment: &str| {
        likely(&Claims::of(&[("sub", sub), ("environment", environment)]))
    };
    assert!(
        told("repo:acme@5/idp@7:environment:production", "production")
            .starts_with("Likely: The subject has numbers")
    );
    assert!(
        told("repo:acme/idp:environment:production", "production")
            .contains("names that and no branch")
    );
    assert!(told("repo:acme/idp:pull_request", "").contains("of a pull request"));
    assert!(told("repo:acme/idp:ref:refs/heads/main", "").contains("no `environment:`"));
    assert!(told("repository_owner:acme", "").contains("customised"));
    assert!(told("repo:Acme/idp:pull_request", "").contains("capitals"));
}
