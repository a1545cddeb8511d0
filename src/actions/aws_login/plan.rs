//! What to ask of STS, and what its refusal means. Pure.

use crate::actions::aws_login::args::Args;
use crate::error::{Error, Result};
use crate::runner::Env;

/// A checked request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) role: String,
    pub(super) account: String,
    pub(super) session: String,
    pub(super) duration: i32,
}

/// Checks everything that can be checked without a network.
///
/// Limits: `AssumeRoleWithWebIdentity` in the AWS STS API reference.
pub(super) fn request(args: &Args, env: &Env) -> Result<Request> {
    let role = args.role_to_assume.clone().ok_or_else(|| {
        Error::usage("missing: `role-to-assume`").hint(
            "Give the ARN of the IAM role, for example arn:aws:iam::123456789012:role/deploy.",
        )
    })?;
    let account = account_of(&role).ok_or_else(|| {
        Error::usage(format!(
            "`role-to-assume` is {role:?}, not the ARN of an IAM role"
        ))
        .hint("It looks like arn:aws:iam::123456789012:role/deploy.")
    })?;
    if let Some(allowed) = &args.allowed_account_ids
        && !allowed.0.contains(&account)
    {
        return Err(Error::usage(format!(
            "the role belongs to account {account}, which `allowed-account-ids` does not hold: {}",
            allowed.0.join(", ")
        ))
        .hint("Check which environment this job is for."));
    }
    let session = args.role_session_name.clone().unwrap_or_else(|| {
        format!(
            "gha-{}-{}",
            env.get("GITHUB_RUN_ID").unwrap_or("local"),
            env.get("GITHUB_RUN_ATTEMPT").unwrap_or("1")
        )
    });
    let legal = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&session.len()) || !session.chars().all(legal) {
        return Err(Error::usage(format!(
            "`role-session-name` is {session:?}: it takes 2 to 64 letters, digits and any of _+=,.@-"
        )));
    }
    Ok(Request {
        role,
        account,
        session,
        duration: args.role_duration_seconds,
    })
}

/// The account in `arn:<partition>:iam::<account>:role/<name>`.
fn account_of(role: &str) -> Option<String> {
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let [arn, partition, "iam", "", account, resource] = parts[..] else {
        return None;
    };
    let named = resource
        .strip_prefix("role/")
        .is_some_and(|name| !name.is_empty() && !name.contains(char::is_whitespace));
    let numbered = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (arn == "arn" && partition.starts_with("aws") && named && numbered).then(|| account.to_owned())
}

/// What to do after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Try again with a new token.
    Retry,
    /// It cannot succeed.
    Stop,
}

/// Attempts at an exchange that fails for a passing reason.
const PASSING_ATTEMPTS: u32 = 4;
/// Attempts when access is denied: a role that was just created takes a moment to be known everywhere.
const DENIED_ATTEMPTS: u32 = 2;

/// Whether the `attempt`-th refusal (counted from 1) with this code and message is worth another try.
///
/// Codes: errors of `AssumeRoleWithWebIdentity` and the common errors in the AWS STS API reference.
pub(super) fn after_refusal(code: Option<&str>, message: &str, attempt: u32) -> Next {
    let attempts = match code {
        Some("AccessDenied") => DENIED_ATTEMPTS,
        Some("InvalidIdentityToken") if message.contains("retrieve verification key") => {
            PASSING_ATTEMPTS
        }
        Some(
            "IDPCommunicationError"
            | "ExpiredTokenException"
            | "Throttling"
            | "ThrottlingException"
            | "ServiceUnavailable"
            | "InternalFailure"
            | "RequestTimeout",
        )
        | None => PASSING_ATTEMPTS,
        Some(_) => 1,
    };
    if attempt < attempts {
        Next::Retry
    } else {
        Next::Stop
    }
}

/// Claims that decide whether a trust policy matches.
const CLAIMS: [&str; 11] = [
    "iss",
    "aud",
    "sub",
    "ref",
    "environment",
    "event_name",
    "job_workflow_ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "actor",
];

/// The claims of a token, for an explanation. The token itself is never shown.
pub(super) fn claims(token: &str) -> Vec<(&'static str, String)> {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap_or("");
    let Ok(bytes) = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload) else {
        return Vec::new();
    };
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(&bytes) else {
        return Vec::new();
    };
    CLAIMS
        .iter()
        .filter_map(|claim| Some((*claim, value.get(claim)?.as_str()?.to_owned())))
        .collect()
}

/// What to do about a final refusal.
pub(super) fn hint(code: Option<&str>, claims: &[(&'static str, String)], account: &str) -> String {
    let claim = |name: &str| {
        claims
            .iter()
            .find(|(claim, _)| *claim == name)
            .map_or("", |(_, value)| value.as_str())
    };
    let issuer = claim("iss");
    let issuer = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    match code {
        Some("AccessDenied") => format!(
            "The trust policy of the role did not match, or there is no such role in account {account}. A condition \
             that matches this job:\n\"StringEquals\": {{\n  \"{issuer}:aud\": \"{}\",\n  \"{issuer}:sub\": \"{}\"\n}}",
            claim("aud"),
            claim("sub")
        ),
        Some("InvalidIdentityToken") => format!(
            "Account {account} needs an IAM OIDC provider for https://{issuer} whose client ids hold {}.",
            claim("aud")
        ),
        Some("ValidationError") => {
            "Compare `role-duration-seconds` with the role's maximum session duration.".to_owned()
        }
        Some("RegionDisabledException") => {
            "STS is off in this region; enable the region or use another one.".to_owned()
        }
        _ => "AWS STS could not answer; run the job again.".to_owned(),
    }
}

/// Whether `sub` matches a pattern in which `*` stands for any text.
pub(super) fn matches(pattern: &str, sub: &str) -> bool {
    let mut rest = sub;
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or("");
    let Some(after) = rest.strip_prefix(first) else {
        return false;
    };
    rest = after;
    let mut last: Option<&str> = None;
    for piece in pieces {
        if let Some(previous) = last.replace(piece) {
            match rest.find(previous) {
                Some(at) => rest = &rest[at + previous.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, FromArgMatches as _};

    fn plan(flags: &[&str]) -> Result<Request> {
        let command = <Args as clap::Args>::augment_args(Command::new("aws-login"));
        let line = std::iter::once("aws-login").chain(flags.iter().copied());
        let args = Args::from_arg_matches(&command.get_matches_from(line)).unwrap();
        request(
            &args,
            &Env::of(&[("GITHUB_RUN_ID", "7"), ("GITHUB_RUN_ATTEMPT", "2")]),
        )
    }

    const ROLE: &str = "--role-to-assume=arn:aws:iam::123456789012:role/ci/deploy";

    #[test]
    fn a_session_is_named_after_the_run() {
        let request = plan(&[ROLE]).unwrap();
        assert_eq!(request.session, "gha-7-2");
        assert_eq!(request.account, "123456789012");
    }

    #[test]
    fn what_is_no_role_is_refused_before_any_call() {
        for role in [
            "deploy",
            "arn:aws:iam::12345:role/deploy",
            "arn:aws:iam::123456789012:user/deploy",
            "arn:aws:iam::123456789012:role/",
        ] {
            assert!(
                plan(&[&format!("--role-to-assume={role}")]).is_err(),
                "{role}"
            );
        }
        assert!(plan(&[]).is_err());
        assert!(plan(&[ROLE, "--role-session-name=a b"]).is_err());
        assert!(plan(&[ROLE, "--role-session-name=x"]).is_err());
        assert!(plan(&[ROLE, "--allowed-account-ids=999999999999"]).is_err());
    }

    #[test]
    fn permanent_refusals_end_at_once_and_denied_access_after_two_tries() {
        assert_eq!(after_refusal(Some("AccessDenied"), "", 1), Next::Retry);
        assert_eq!(after_refusal(Some("AccessDenied"), "", 2), Next::Stop);
        assert_eq!(after_refusal(Some("ValidationError"), "", 1), Next::Stop);
        let key = "Couldn't retrieve verification key from your identity provider";
        assert_eq!(
            after_refusal(Some("InvalidIdentityToken"), key, 1),
            Next::Retry
        );
        assert_eq!(
            after_refusal(Some("InvalidIdentityToken"), "Incorrect token audience", 1),
            Next::Stop
        );
        assert_eq!(after_refusal(None, "connection refused", 3), Next::Retry);
        assert_eq!(after_refusal(None, "connection refused", 4), Next::Stop);
    }

    #[test]
    fn a_star_stands_for_any_text() {
        let sub = "repo:o/r:environment:production";
        for pattern in [
            sub,
            "repo:o/*",
            "*:environment:production",
            "repo:*/r:*:production",
            "*",
        ] {
            assert!(matches(pattern, sub), "{pattern}");
        }
        for pattern in [
            "repo:o/r",
            "repo:O/*",
            "*:environment:staging",
            "repo:*:x:*",
            "",
        ] {
            assert!(!matches(pattern, sub), "{pattern}");
        }
    }
}
