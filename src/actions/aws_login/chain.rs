//! One role from another: `AssumeRole` with the credentials that the job has, and session tags that say which job it is.

use aws_sdk_sts::error::ProvideErrorMetadata as _;
use aws_sdk_sts::types::Tag;

use super::args::Args;
use super::exchange::{client, failed, policy_arns};
use super::login::Login;
use super::persist::persist;
use super::plan::{Request, Role, check_account};
use super::refusal::Class;
use super::skew::ReplyDate;
use super::tags;
use crate::action::Context;
use crate::aws;
use crate::domain::region::partition;
use crate::error::{Error, Result};

/// Assumes the role with the present credentials.
pub(super) async fn chain(args: &Args, context: &Context, request: &Request) -> Result<Login> {
    let mut tags = if args.role_skip_session_tagging {
        Vec::new()
    } else {
        tags::of_job(&context.env, args.custom_tags.as_deref())?
    };
    let transitive = args.transitive_tag_keys.clone().map(|keys| keys.0);
    tags::check_transitive(transitive.as_deref().unwrap_or_default(), &tags)?;
    aws::require_login(&aws::config(context, request.region.clone()).await).await?;
    let date = ReplyDate::default();
    let role = match &request.role {
        Role::Arn { arn, .. } => {
            if args.mask_aws_account_id {
                // A refusal names the present session.
                own_account(args, context, request, arn, &date).await?;
            }
            arn.clone()
        }
        Role::Name(name) => expand(args, context, request, name, &date).await?,
    };
    let answer = persist(args, context, &request.region, async |region| {
        let answer = client(context, region, &date)
            .await
            .assume_role()
            .role_arn(&role)
            .role_session_name(&request.session)
            .duration_seconds(request.duration)
            .set_external_id(args.role_external_id.clone())
            .set_policy(request.policy.clone())
            .set_policy_arns(policy_arns(request))
            .set_tags(sdk_tags(&tags)?)
            .set_transitive_tag_keys(transitive.clone())
            .send()
            .await;
        date.warn(context);
        match answer {
            Ok(session) => Ok(Ok(session)),
            Err(error) => {
                let tried = format!("could not assume {role} in {region}");
                let tagged = !tags.is_empty();
                let mut failed = failed(context, &tried, &error, |refusal| {
                    refusal.chain_hint(&role, tagged)
                });
                let too_large = error
                    .code()
                    .unwrap_or("")
                    .starts_with("PackedPolicyTooLarge");
                if too_large && tags::drop_optional(&mut tags) {
                    context.runner.line(format!(
                        "{}; trying again with fewer session tags",
                        failed.error.message()
                    ));
                    // Not a fault that time mends, but one that this attempt mended.
                    failed.class = Class::Passing;
                }
                Ok(Err(failed))
            }
        }
    })
    .await?;
    Login::of(context, answer.credentials(), answer.assumed_role_user())
}

/// The ARN of a role of the account that the present credentials belong to.
async fn expand(
    args: &Args,
    context: &Context,
    request: &Request,
    name: &str,
    date: &ReplyDate,
) -> Result<String> {
    let account = own_account(args, context, request, name, date).await?;
    check_account(args, &account)?;
    Ok(format!(
        "arn:{}:iam::{account}:role/{name}",
        partition(&request.region)
    ))
}

/// The account of the present credentials, masked from then on if that is asked for.
async fn own_account(
    args: &Args,
    context: &Context,
    request: &Request,
    role: &str,
    date: &ReplyDate,
) -> Result<String> {
    let answer = persist(args, context, &request.region, async |region| {
        let sts = client(context, region, date).await;
        let answer = sts.get_caller_identity().send().await;
        date.warn(context);
        let tried = "could not find out which account the present credentials belong to";
        Ok(answer.map_err(|error| {
            failed(context, tried, &error, |refusal| {
                refusal.chain_hint(role, false)
            })
        }))
    })
    .await?;
    let account = answer
        .account()
        .ok_or_else(|| Error::refused("AWS STS answered without an account"))?;
    if args.mask_aws_account_id {
        context.runner.secret(account);
    }
    Ok(account.to_owned())
}

fn sdk_tags(tags: &[tags::SessionTag]) -> Result<Option<Vec<Tag>>> {
    let made = tags
        .iter()
        .map(|tag| {
            Tag::builder()
                .key(&tag.key)
                .value(&tag.value)
                .build()
                .map_err(|error| Error::bug("could not make a session tag").because(error))
        })
        .collect::<Result<Vec<Tag>>>()?;
    Ok((!made.is_empty()).then_some(made))
}
