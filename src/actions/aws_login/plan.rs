//! What to ask of STS: everything that can be checked without a network. Pure.
//!
//! Limits: `AssumeRole` and `AssumeRoleWithWebIdentity` in the AWS STS API reference, November 2026.

use super::args::{Args, RegistryType};
use super::minify::without_space;
use super::tags;
use crate::domain::region;
use crate::error::{Error, Result};
use crate::runner::Env;
use crate::runner::inputs::List;

/// The audience unless another one is given.
const AUDIENCE: &str = "sts.amazonaws.com";
/// Longest session of a chained role, in seconds.
const LONGEST_CHAINED: i32 = 3600;
/// Longest inline policy, in characters, those of the ARNs of managed policies among them.
const LONGEST_POLICY: usize = 2048;
/// Most managed policies of a session.
const MOST_POLICIES: usize = 10;

/// A checked request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) role: Role,
    pub(super) region: String,
    pub(super) session: String,
    pub(super) duration: i32,
    pub(super) policy: Option<String>,
    pub(super) policy_arns: Vec<String>,
}

/// The role, by ARN or, in a chain, by its name in the account of the present credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Arn { arn: String, account: String },
    Name(String),
}

impl Request {
    /// Checks the inputs of a login in `region`.
    pub(super) fn of(args: &Args, env: &Env, region: String) -> Result<Self> {
        check_accounts("allowed-account-ids", args.allowed_account_ids.as_ref())?;
        let role = role(args)?;
        if let Role::Arn { account, arn } = &role {
            check_partition(arn, &region)?;
            check_account(args, account)?;
        }
        // `action.yml` has a default: this is what a workflow sets from a variable that is not there.
        let mut empty = env.empty_ones_starting_with("KECS_AUDIENCE");
        if empty.next().is_some() {
            return Err(
                Error::usage("`audience` is empty").hint("Leave it out for sts.amazonaws.com.")
            );
        }
        check_chain(args)?;
        tags::of_job(env, args.custom_tags.as_deref())?;
        check_registries(args)?;
        let (policy, policy_arns) = (policy(args)?, policy_arns(args)?);
        check_policies(policy.as_deref(), &policy_arns)?;
        Ok(Self {
            role,
            session: session(args, env)?,
            duration: args.role_duration_seconds,
            policy,
            policy_arns,
            region,
        })
    }
}

/// A role and a region of different partitions: STS knows the role in none of that region's.
fn check_partition(arn: &str, region: &str) -> Result<()> {
    let of_role = arn.split(':').nth(1).unwrap_or("");
    let of_region = region::partition(region);
    // What is no known region may be of a partition that is not known either.
    if of_role == of_region || !region::is_known(region) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "`role-to-assume` is in the partition {of_role}, but the region {region} is in {of_region}: {arn}"
    ))
    .hint("Correct one of them: no role of one partition can be assumed in another."))
}

/// A list of account ids, if there is one, holds at least one, and nothing else.
fn check_accounts(input: &str, list: Option<&List>) -> Result<()> {
    let Some(List(accounts)) = list else {
        return Ok(());
    };
    let told = match accounts.iter().find(|account| !is_account(account)) {
        Some(wrong) => format!("`{input}` has {wrong:?}, which is no account id"),
        None if accounts.is_empty() => format!("`{input}` has no account id"),
        None => return Ok(()),
    };
    Err(Error::usage(told).hint("An account id has twelve digits, for example 123456789012."))
}

fn check_registries(args: &Args) -> Result<()> {
    check_accounts("registries", args.registries.as_ref())?;
    let public = args.registry_type == RegistryType::Public;
    let told = match (args.registries.is_some(), public, args.ecr_login) {
        (true, _, false) => "`registries` means nothing without `ecr-login`",
        (_, true, false) => "`registry-type` means nothing without `ecr-login`",
        (true, true, true) => "`registries` means nothing to the public registry",
        _ => return Ok(()),
    };
    Err(Error::usage(told).hint("Set `ecr-login: 'true'` for a private registry, or leave it out."))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn role(args: &Args) -> Result<Role> {
    let example = "arn:aws:iam::123456789012:role/deploy";
    let given = args.role_to_assume.clone().ok_or_else(|| {
        Error::usage("missing: `role-to-assume`").hint(format!(
            "Give the ARN of the IAM role, for example {example}."
        ))
    })?;
    if let Some(account) = account_of(&given, "iam", "role/") {
        return Ok(Role::Arn {
            arn: given,
            account,
        });
    }
    let legal = |c: char| is_legal(c) || c == '/';
    if args.role_chaining && given.len() <= 576 && given.chars().all(legal) {
        return Ok(Role::Name(given));
    }
    Err(Error::usage(format!(
        "`role-to-assume` is {given:?}, not the ARN of an IAM role"
    ))
    .hint(format!("It looks like {example}.")))
}

/// Whether the account is one of the allowed.
pub(super) fn check_account(args: &Args, account: &str) -> Result<()> {
    let Some(allowed) = &args.allowed_account_ids else {
        return Ok(());
    };
    if allowed.0.iter().any(|id| id == account) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "the role belongs to account {account}, which `allowed-account-ids` does not hold: {}",
        allowed.0.join(", ")
    ))
    .hint("Check which environment this job is for."))
}

/// The account in `arn:<partition>:<service>::<account>:<start><name>`.
pub(super) fn account_of(arn: &str, service: &str, start: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, found, "", account, resource] = parts[..] else {
        return None;
    };
    let named = resource.strip_prefix(start).is_some_and(|path| {
        let name = path.rsplit('/').next().unwrap_or("");
        !name.is_empty() && name.chars().all(is_legal) && !path.contains(char::is_whitespace)
    });
    (found == service && partition.starts_with("aws") && named && is_account(account))
        .then(|| account.to_owned())
}

/// Whether names in IAM and of sessions may have the character.
fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

fn session(args: &Args, env: &Env) -> Result<String> {
    let session = args.role_session_name.clone().unwrap_or_else(|| {
        format!(
            "gha-{}-{}",
            env.get("GITHUB_RUN_ID").unwrap_or("local"),
            env.get("GITHUB_RUN_ATTEMPT").unwrap_or("1")
        )
    });
    if (2..=64).contains(&session.len()) && session.chars().all(is_legal) {
        return Ok(session);
    }
    Err(Error::usage(format!(
        "`role-session-name` is {session:?}: it takes 2 to 64 letters, digits and any of _+=,.@-"
    ))
    .hint("Leave it out for gha-<run id>-<attempt>."))
}

fn check_chain(args: &Args) -> Result<()> {
    if args.role_chaining {
        if args.role_duration_seconds > LONGEST_CHAINED {
            return Err(Error::usage(format!(
                "`role-duration-seconds` is {}, but a chained session lives {LONGEST_CHAINED} seconds at most",
                args.role_duration_seconds
            ))
            .hint("Lower it, or assume the role with an OIDC token."));
        }
        let useless = [
            ("expected-sub", args.expected_sub.is_some()),
            ("audience", args.audience != AUDIENCE),
            (
                "custom-tags",
                args.role_skip_session_tagging && args.custom_tags.is_some(),
            ),
        ];
        return match useless.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((input, _)) => Err(Error::usage(format!("`{input}` would be ignored here")).hint(
                "With `role-chaining` there is no OIDC token, and with `role-skip-session-tagging` there are no session tags: \
                 leave it out.",
            )),
        };
    }
    let only_in_a_chain = [
        ("role-external-id", args.role_external_id.is_some()),
        ("custom-tags", args.custom_tags.is_some()),
        ("transitive-tag-keys", args.transitive_tag_keys.is_some()),
    ];
    match only_in_a_chain.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((input, _)) => Err(Error::usage(format!("`{input}` works with `role-chaining` only")).hint(
            "STS takes neither an external id nor session tags with an OIDC token: leave it out, or set `role-chaining: 'true'` \
             in a second step.",
        )),
    }
}

fn policy(args: &Args) -> Result<Option<String>> {
    let Some(policy) = &args.inline_session_policy else {
        return Ok(None);
    };
    let wrong = |told: &str| {
        Error::usage(format!("`inline-session-policy` {told}"))
            .hint("It is an IAM policy: {\"Version\":\"2012-10-17\",\"Statement\":[…]}.")
    };
    let value: serde_json::Value =
        serde_json::from_str(policy).map_err(|error| wrong("is not JSON").because(error))?;
    if value.get("Statement").is_none() {
        return Err(wrong("has no Statement"));
    }
    Ok(Some(without_space(policy)))
}

/// Together they have a limit.
fn check_policies(policy: Option<&str>, arns: &[String]) -> Result<()> {
    let characters = |text: &str| text.chars().count();
    let inline = policy.map_or(0, characters);
    let all = inline + arns.iter().map(|arn| characters(arn)).sum::<usize>();
    if all <= LONGEST_POLICY {
        return Ok(());
    }
    Err(Error::usage(format!(
        "`inline-session-policy` has {inline} characters without white space, with the ARNs of `managed-session-policies` {all}; \
         STS takes {LONGEST_POLICY}"
    ))
    .hint("Put it into a managed policy, and name that in `managed-session-policies`."))
}

fn policy_arns(args: &Args) -> Result<Vec<String>> {
    let arns = args.managed_session_policies.clone().unwrap_or_default().0;
    let count = arns.len();
    if count > MOST_POLICIES {
        let told =
            format!("`managed-session-policies` has {count} policies; STS takes {MOST_POLICIES}");
        return Err(Error::usage(told).hint("Put them into fewer policies."));
    }
    let wrong = arns.iter().find(|arn| {
        let managed_by_aws = arn.contains(":iam::aws:policy/") && arn.starts_with("arn:aws");
        !managed_by_aws && account_of(arn, "iam", "policy/").is_none()
    });
    match wrong {
        None => Ok(arns),
        Some(arn) => Err(Error::usage(format!(
            "`managed-session-policies` has {arn:?}, not the ARN of an IAM policy"
        ))
        .hint("It looks like arn:aws:iam::123456789012:policy/deploy or arn:aws:iam::aws:policy/ReadOnlyAccess.")),
    }
}

#[cfg(test)]
mod tests;
