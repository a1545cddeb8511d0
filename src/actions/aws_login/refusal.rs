//! What a refusal of STS means: whether another try can help, and what the reader does next. Pure.
//!
//! Codes: errors of `AssumeRoleWithWebIdentity` and `AssumeRole` and the common errors in the AWS STS API reference,
//! November 2026. Texts behind a code: as reported in public issues of aws-actions/configure-aws-credentials.

use super::claims::Claims;
use super::subject::{self, Form};
use crate::aws;

/// What an attempt came back with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal<'a> {
    /// The error code; none if no answer of the service came.
    pub(super) code: Option<&'a str>,
    pub(super) message: &'a str,
    /// The HTTP status.
    pub(super) status: Option<u16>,
}

/// Whether another attempt can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It cannot succeed.
    Permanent,
    /// It cannot succeed either, unless the role was made a moment ago.
    Denied,
    /// It may succeed with a new token.
    Passing,
    /// It may succeed in a while, or in another region.
    Elsewhere,
}

/// Attempts when access is denied: a role that was just created takes a moment to be known everywhere.
pub(super) const DENIED_ATTEMPTS: u32 = 2;

impl Refusal<'_> {
    pub(super) fn class(&self) -> Class {
        match self.code {
            Some("AccessDenied" | "AccessDeniedException") => Class::Denied,
            Some("InvalidIdentityToken") if self.message.contains("retrieve verification key") => {
                Class::Passing
            }
            Some("IDPCommunicationError" | "ExpiredTokenException") => Class::Passing,
            Some(
                "Throttling"
                | "ThrottlingException"
                | "ThrottledException"
                | "TooManyRequestsException"
                | "RequestLimitExceeded"
                | "ServiceUnavailable"
                | "InternalFailure"
                | "InternalError"
                | "RequestTimeout"
                | "RequestTimeoutException",
            ) => Class::Elsewhere,
            None if self.is_foreign() => Class::Permanent,
            None => Class::Elsewhere,
            Some(_) if self.status.is_some_and(|status| status >= 500) => Class::Elsewhere,
            Some(_) => Class::Permanent,
        }
    }

    /// Whether something else than AWS answered, and will do so again.
    fn is_foreign(&self) -> bool {
        self.code.is_none() && self.status.is_some_and(|status| !aws::passes(status))
    }

    /// What to do about a final refusal of the exchange of an OIDC token.
    pub(super) fn hint(&self, claims: &Claims, account: &str) -> String {
        let provider = claims.provider();
        match self.code {
            Some("AccessDenied") => format!(
                "The trust policy of the role did not match, or there is no such role in account {account}.\n{}A condition \
                 that matches this job:\n{}",
                likely(claims),
                claims.condition()
            ),
            Some("InvalidIdentityToken") if self.message.contains("audience") => format!(
                "The IAM OIDC provider for {provider} in account {account} does not list the client id {:?}. Add it, or \
                 set `audience` to one that it lists; in China that is sts.amazonaws.com.cn.",
                claims.get("aud")
            ),
            Some("InvalidIdentityToken") if self.message.contains("OpenIDConnect") => format!(
                "Account {account} has no IAM OIDC provider for the issuer {}. In Terraform:\nresource \
                 \"aws_iam_openid_connect_provider\" \"github\" {{\n  url            = \"{}\"\n  client_id_list = [\"{}\"]\n}}",
                claims.get("iss"),
                claims.get("iss"),
                claims.get("aud")
            ),
            Some("InvalidIdentityToken" | "IDPCommunicationError") => format!(
                "AWS could not read the keys of {}. On github.com that passes: run the job again. Keys of a GitHub \
                 Enterprise Server must be reachable from AWS.",
                claims.get("iss")
            ),
            Some("IDPRejectedClaim") => "AWS takes the token for invalid or revoked; the log shows its claims.".to_owned(),
            Some("ExpiredTokenException") => {
                "Every attempt had a fresh token, so the clocks of GitHub and AWS differ; run the job again.".to_owned()
            }
            Some("ValidationError") => {
                "Compare `role-duration-seconds` with the role's maximum session duration, and look at `role-to-assume` \
                 and `role-session-name`."
                    .to_owned()
            }
            _ => self.common_hint(),
        }
    }

    /// What to do about a final refusal of a role chain.
    pub(super) fn chain_hint(&self, role: &str, tags: bool) -> String {
        match self.code {
            Some("AccessDenied") => format!(
                "The job's present credentials need sts:AssumeRole{} on {role}, and its trust policy must name them{}. An \
                 external id, if it asks for one, is the input `role-external-id`.",
                if tags { " and sts:TagSession" } else { "" },
                if tags {
                    " for both actions (or set `role-skip-session-tagging: 'true'`)"
                } else {
                    ""
                },
            ),
            Some("ExpiredToken" | "ExpiredTokenException" | "InvalidClientTokenId") => {
                "The job's present credentials are no longer valid; log in again before this step."
                    .to_owned()
            }
            Some("ValidationError") => {
                "A chained session lives 3600 seconds at most, whatever the role's maximum is."
                    .to_owned()
            }
            _ => self.common_hint(),
        }
    }

    fn common_hint(&self) -> String {
        match self.code {
            Some("PackedPolicyTooLarge") => {
                "The session policies and tags are too large together; the message says by how much. Shorten \
                 `inline-session-policy`, or name a policy in `managed-session-policies` instead."
                    .to_owned()
            }
            Some("MalformedPolicyDocument") => "`inline-session-policy` is no policy that IAM can read.".to_owned(),
            Some("RegionDisabledException") => {
                "STS is off in this region: enable the region in the account, or use another `aws-region`.".to_owned()
            }
            Some("Throttling" | "ThrottlingException" | "RequestLimitExceeded") => {
                "The account makes too many calls of STS; run the job again, and start fewer jobs at once.".to_owned()
            }
            None if self.is_foreign() => aws::FOREIGN_HINT.to_owned(),
            None => {
                "No answer came from STS. Check that the runner reaches it (HTTPS_PROXY, `aws-region`), then run the job again."
                    .to_owned()
            }
            _ => "AWS STS could not answer; run the job again.".to_owned(),
        }
    }
}

/// The likeliest reasons for which a trust policy did not match, the likeliest first.
fn likely(claims: &Claims) -> String {
    let sub = claims.get("sub");
    let mut reasons = Vec::new();
    let environment = claims.get("environment");
    match subject::form(sub) {
        Form::Immutable => reasons.push(
            "The subject has numbers in it (OWNER@ID/REPO@ID), as those of repositories made, renamed or moved since 15 July \
             2026 have; a policy with repo:OWNER/REPO does not match it."
                .to_owned(),
        ),
        Form::Custom => reasons.push(
            "The subject is customised for this repository or its organization; compare it part by part.".to_owned(),
        ),
        Form::Classic => {}
    }
    if !environment.is_empty() && sub.contains(":environment:") {
        reasons.push(format!(
            "The job has the environment {environment}, so its subject names that and no branch."
        ));
    } else if sub.ends_with(":pull_request") {
        reasons.push("The job is of a pull request, so its subject names no branch.".to_owned());
    } else if sub.contains(":ref:") {
        reasons.push(
            "The job has no `environment:`, so its subject names the branch or tag; a policy for an environment does not match."
                .to_owned(),
        );
    }
    if sub.chars().any(char::is_uppercase) {
        reasons.push("IAM tells capitals from small letters: compare the spelling.".to_owned());
    }
    if reasons.is_empty() {
        return String::new();
    }
    format!("Likely: {}\n", reasons.join(" Or: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<'a>(code: &'a str, message: &'a str, status: u16) -> Refusal<'a> {
        Refusal {
            code: Some(code),
            message,
            status: Some(status),
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
}
