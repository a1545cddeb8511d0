//! What STS is known to have answered, in its own XML, and what becomes of it: the class, and the first thing to do.

use serde_json::json;
use world::sts::Fault;

use super::{Account, job, step};
use crate::support::Ended;

/// A reply, where it was seen, and what this action makes of it.
struct Reply {
    /// Repository and issue whose reporter shows it; else the document.
    source: &'static str,
    status: u16,
    code: &'static str,
    message: &'static str,
    /// Requests until it is given up.
    calls: usize,
    /// What the annotation says.
    told: &'static [&'static str],
}

/// As many attempts as the test allows: the reply is one of a fault that passes.
const ALL: usize = 3;
const REFERENCE: &str = "errors of AssumeRoleWithWebIdentity, AWS STS API reference, November 2026";

const REPLIES: [Reply; 15] = [
    Reply {
        source: "aws/aws-sdk-java-v2#1470",
        status: 403,
        code: "AccessDenied",
        message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        calls: 2,
        told: &[
            "did not match",
            "in account 123456789012",
            "\"StringEquals\": {",
            ":sub\": \"repo:acme/idp:environment:production\"",
        ],
    },
    Reply {
        source: "treeverse/dvc.org#5273",
        status: 400,
        code: "InvalidIdentityToken",
        message: "No OpenIDConnect provider found in your account for https://studio.dvc.ai/api",
        calls: 1,
        told: &[
            "Account 123456789012 has no IAM OIDC provider",
            "aws_iam_openid_connect_provider",
        ],
    },
    Reply {
        source: "aws-actions/configure-aws-credentials#775",
        status: 400,
        code: "InvalidIdentityToken",
        message: "Incorrect token audience",
        calls: 1,
        told: &[
            "does not list the client id \"sts.amazonaws.com\"",
            "sts.amazonaws.com.cn",
        ],
    },
    Reply {
        source: "awslabs/aws-sdk-rust#827",
        status: 400,
        code: "InvalidIdentityToken",
        message: "Couldn't retrieve verification key from your identity provider,  please reference \
                  AssumeRoleWithWebIdentity documentation for requirements",
        calls: ALL,
        told: &["could not read the keys of"],
    },
    Reply {
        source: REFERENCE,
        status: 400,
        code: "IDPCommunicationError",
        message: "The request could not be fulfilled because the identity provider (IDP) that was asked to verify the \
                  incoming identity token could not be reached.",
        calls: ALL,
        told: &["could not read the keys of"],
    },
    Reply {
        source: "awslabs/aws-orbit-workbench#707",
        status: 400,
        code: "ExpiredTokenException",
        message: "Token expired: current date/time 1624482533 must be before the expiration date/time1624482335",
        calls: ALL,
        told: &["Every attempt had a fresh token", "clocks"],
    },
    Reply {
        source: "aws/aws-sdk-js#198",
        status: 403,
        code: "IDPRejectedClaim",
        message: "graph.facebook.com: graph.facebook.com responded with HTTP/1.1 400 Bad Request",
        calls: 1,
        told: &["invalid or revoked"],
    },
    Reply {
        source: "kreuzwerker/awsu#27",
        status: 400,
        code: "ValidationError",
        message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        calls: 1,
        told: &["`role-duration-seconds`", "maximum session duration"],
    },
    Reply {
        source: "aws-actions/configure-aws-credentials#1898",
        status: 400,
        code: "PackedPolicyTooLarge",
        message: "Packed size of session tags consumes 498% of allotted space.",
        calls: 1,
        told: &["498%", "`inline-session-policy`"],
    },
    Reply {
        source: "the code in CloudTrail: aws/containers-roadmap#2413",
        status: 400,
        code: "PackedPolicyTooLargeException",
        message: "Packed size of session tags consumes 112% of allotted space.",
        calls: 1,
        told: &["112%", "`inline-session-policy`"],
    },
    Reply {
        source: "ansible-collections/amazon.aws#2778",
        status: 400,
        code: "MalformedPolicyDocument",
        message: "Unexpected character ('i' (code 105)): expected a valid value (number, String, array, object, 'true', \
                  'false' or 'null')",
        calls: 1,
        told: &["no policy that IAM can read"],
    },
    Reply {
        source: "turbot/steampipe-plugin-aws#1510",
        status: 403,
        code: "RegionDisabledException",
        message: "STS is not activated in this region for account:123456789012. Your account administrator can activate \
                  STS in this region using the IAM Console.",
        calls: 1,
        told: &["use another `aws-region`"],
    },
    Reply {
        source: "jlevers/selling-partner-api#278",
        status: 400,
        code: "Throttling",
        message: "Rate exceeded",
        calls: ALL,
        told: &["start fewer jobs at once"],
    },
    Reply {
        source: "ai-dynamo/dynamo#14306",
        status: 503,
        code: "ServiceUnavailable",
        message: "Service Unavailable",
        calls: ALL,
        told: &["run the job again"],
    },
    Reply {
        source: "common errors, AWS STS API reference, November 2026",
        status: 500,
        code: "InternalFailure",
        message: "The request processing has failed because of an unknown error, exception or failure.",
        calls: ALL,
        told: &["run the job again"],
    },
];

fn told(ended: &Ended) -> &str {
    let annotations: Vec<&str> = ended
        .log
        .lines()
        .filter(|line| line.starts_with("::error "))
        .collect();
    assert_eq!(annotations.len(), 1, "{}", ended.log);
    annotations[0]
}

#[test]
fn every_known_reply_ends_in_time_and_says_what_to_do() {
    let account = Account::new();
    for reply in REPLIES {
        let before = calls(&account, "AssumeRoleWithWebIdentity");
        let fault = Fault::Error(reply.status, reply.code, reply.message);
        account.world.sts.next(vec![fault; reply.calls]);
        let ended = step(&account, job(Some("production")))
            .run("aws-login", &["--retry-max-attempts", "3"]);
        let source = reply.source;
        assert_eq!(ended.code, 6, "{source}: {}", ended.log);
        let made = calls(&account, "AssumeRoleWithWebIdentity") - before;
        assert_eq!(made, reply.calls, "{source}: {}", ended.log);
        let annotation = told(&ended);
        let exact = [reply.code, reply.message];
        for words in exact.iter().chain(reply.told) {
            // The runner's own form of a per cent sign.
            let words = words.replace('%', "%25");
            assert!(
                annotation.contains(&words),
                "{source}: {words}: {annotation}"
            );
        }
        assert_eq!(ended.exported, "", "{source}");
    }
}

fn calls(account: &Account, operation: &str) -> usize {
    account.world.journal.count("sts", operation)
}

/// Replies to a signed call: aws/aws-cli#6676 for the first, the AWS STS API reference for the others.
#[test]
fn a_clock_or_credentials_that_are_wrong_are_named_in_a_chain() {
    for (status, code, message, word) in [
        (
            403,
            "SignatureDoesNotMatch",
            "Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)",
            "clock",
        ),
        (
            400,
            "RequestExpired",
            "The request reached the service more than 15 minutes after the date stamp on the request",
            "clock",
        ),
        (
            403,
            "ExpiredToken",
            "The security token included in the request is expired",
            "log in again",
        ),
        (
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
            "log in again",
        ),
    ] {
        // By its name a role takes one signed call more.
        for role in ["arn:aws:iam::123456789012:role/production", "production"] {
            let (account, step) = super::chain::account(&json!("sts:*"));
            account
                .world
                .sts
                .next([Fault::Error(status, code, message)]);
            let ended = step.env("KECS_ROLE_TO_ASSUME", role).run("aws-login", &[]);
            assert_eq!(ended.code, 6, "{code}: {}", ended.log);
            assert!(told(&ended).contains(word), "{code}: {}", ended.log);
            let all = calls(&account, "AssumeRole") + calls(&account, "GetCallerIdentity");
            assert_eq!(all, 1, "{code}: {}", ended.log);
        }
    }
}

#[test]
fn silence_ends_with_the_time_that_there_is() {
    let account = Account::new();
    account.world.sts.next(vec![Fault::Silence; 12]);
    let started = std::time::Instant::now();
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("gave up after 2 attempts"),
        "{}",
        ended.log
    );
    assert!(started.elapsed().as_secs() < 10, "{}", ended.log);
    // A fault that passes: one answer that never comes.
    let account = Account::new();
    account.world.sts.next([Fault::Silence]);
    let ended = step(&account, job(Some("production"))).run("aws-login", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
}
