//! `AssumeRole`: a session of one role from a session of another, in the same account.
//!
//! Source: AWS STS API reference, November 2026 (parameters, limits of role chaining); "Passing session tags in AWS STS",
//! AWS IAM user guide, November 2026 (the trust policy must allow `sts:TagSession`).

use axum::body::Bytes;
use axum::http::request::Parts;

use super::{Form, credentials, invalid};
use crate::World;
use crate::aws::ApiError;
use crate::iam::{Context, Principal, policy_allows};
use crate::sigv4;

/// Longest session of a chain, in seconds.
const LONGEST_CHAINED: i64 = 3600;

pub(super) fn assume_role(
    world: &World,
    form: &Form,
    parts: &Parts,
    body: &Bytes,
) -> Result<(String, String), ApiError> {
    let caller = sigv4::verify(world, parts, body, "sts")?;
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    super::check_session_name(field("RoleSessionName"))?;
    let prefix = format!("arn:aws:iam::{}:role/", world.settings.account);
    let arn = field("RoleArn");
    let name = arn.strip_prefix(&prefix).unwrap_or("");
    let tagged = form.keys().any(|key| key.starts_with("Tags.member."));
    let mut actions = vec!["sts:AssumeRole"];
    if tagged {
        actions.push("sts:TagSession");
    }
    let mut context = Context::new();
    if let Some(id) = form.get("ExternalId") {
        context.insert("sts:ExternalId".to_owned(), id.clone());
    }
    for action in actions {
        if !trusts(world, name, &caller, action, &context) {
            return Err(ApiError::new(
                403,
                "AccessDenied",
                format!(
                    "User: {} is not authorized to perform: {action} on resource: {arn}",
                    caller.arn
                ),
            ));
        }
    }
    let duration = super::duration(field("DurationSeconds"), LONGEST_CHAINED, || {
        invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
                .to_owned(),
        )
    })?;
    let (session, inner) = credentials(world, name, field("RoleSessionName"), duration);
    Ok((session, inner))
}

/// Whether the role trusts the caller by name; the account as a whole is not played.
fn trusts(world: &World, role: &str, caller: &Principal, action: &str, context: &Context) -> bool {
    let own = format!(
        "arn:aws:iam::{}:role/{}",
        world.settings.account, caller.role
    );
    world.iam.role(role).is_some_and(|role| {
        policy_allows(&role.trust, Some(&[&own, &caller.arn]), action, "", context) == Some(true)
    })
}
