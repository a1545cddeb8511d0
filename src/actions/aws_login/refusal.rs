//! What a refusal of STS means: whether another try can help, and what the reader does next. Pure.
//!
//! Codes: errors of `AssumeRoleWithWebIdentity` and `AssumeRole` and the common errors in the AWS STS API reference,
//! November 2026. Texts behind a code: as reported in public issues of aws-actions/configure-aws-credentials.

use super::claims::Claims;
use super::subject::{self, Form};
use crate::{aws, http};

/// What an attempt came back with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal<'a> {
    /// The error code; none if no answer of the service came.
    pub(super) code: Option<&'a str>,
    /// AWS's message; what went wrong on the way if no answer came.
    pub(super) message: &'a str,
    /// The HTTP status.
    pub(super) status: Option<u16>,
    /// Whether somebody's settings decide which host is asked.
    pub(super) chosen: bool,
    /// Whether something else than AWS answered, and will do so again.
    pub(super) foreign: bool,
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

/// How the resolvers of glibc and of musl say that there is no host of a name (`gai_strerror` of each, November 2026).
const NO_SUCH_HOST: [&str; 4] = [
    "Name or service not known",
    "No address associated with hostname",
    "Name does not resolve",
    "Name has no usable address",
];

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
            None if self.foreign
                || self.final_hint().is_some()
                || self.is_misconfigured()
                || self.is_nowhere() =>
            {
                Class::Permanent
            }
            None => Class::Elsewhere,
            Some(_) if self.status.is_some_and(|status| status >= 500) => Class::Elsewhere,
            Some(_) => Class::Permanent,
        }
    }

    /// What to do, if nothing could be said to the other side and never will.
    fn final_hint(&self) -> Option<&'static str> {
        http::final_hint(self.message).filter(|_| self.code.is_none())
    }

    /// Whether the SDK has no endpoint for its settings.
    fn is_misconfigured(&self) -> bool {
        self.code.is_none() && self.message.contains("Invalid Configuration")
    }

    /// Whether there is no host of a name that somebody chose, be it that of a proxy. A host of AWS's own is there, whatever a resolver may say
    /// for a moment.
    fn is_nowhere(&self) -> bool {
        (self.chosen || self.message.contains("tunnel error"))
            && self.code.is_none()
            && self.message.contains("dns error")
            && NO_SUCH_HOST.iter().any(|told| self.message.contains(told))
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
                "The message names a parameter: compare it with `role-to-assume`, `role-session-name`, `role-external-id`, \
                 `custom-tags` and `transitive-tag-keys`."
                    .to_owned()
            }
            _ => self.common_hint(),
        }
    }

    fn common_hint(&self) -> String {
        match self.code {
            Some("PackedPolicyTooLarge" | "PackedPolicyTooLargeException") => {
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
            None if self.foreign => aws::FOREIGN_HINT.to_owned(),
            None if let Some(hint) = self.final_hint() => hint.to_owned(),
            None if self.is_misconfigured() => {
                "The SDK's settings do not go together: look at AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT and \
                 AWS_ENDPOINT_URL."
                    .to_owned()
            }
            None if self.is_nowhere() => {
                "There is no such host. STS has FIPS endpoints in some regions only (AWS_USE_FIPS_ENDPOINT); otherwise look at \
                 HTTPS_PROXY, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS and `aws-region`."
                    .to_owned()
            }
            Some("SignatureDoesNotMatch" | "RequestExpired" | "InvalidSignatureException") => {
                "AWS refuses the signature: the job's present credentials are not whole, or this runner's clock is wrong (set it by \
                 NTP)."
                    .to_owned()
            }
            None if let Some(status) = self.status => format!(
                "AWS or a gateway before it {} (status {status}): run the job again.",
                if status == 429 { "is asked too much" } else { "has a fault" }
            ),
            None => {
                "No answer came from STS. Check that the runner reaches it (HTTPS_PROXY, `aws-region`), then run the job again."
                    .to_owned()
            }
            _ if self.class() == Class::Permanent => {
                "STS refuses this request, and would again: mend what its message names, then run the job again.".to_owned()
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
        Form::Custom if subject::is_numbered(sub) => reasons.push(
            "The subject has numbers in it (OWNER@ID/REPO@ID), and is customised for this repository or its organization; compare it \
             part by part."
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
    // A colon within a value is written as %3A.
    if sub.replace("%3A", ":").chars().any(char::is_uppercase) {
        reasons.push("IAM tells capitals from small letters: compare the spelling.".to_owned());
    }
    if reasons.is_empty() {
        return String::new();
    }
    format!("Likely: {}\n", reasons.join(" Or: "))
}

#[cfg(test)]
mod tests;
