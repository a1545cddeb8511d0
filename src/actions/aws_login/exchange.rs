//! An OIDC token for credentials: `AssumeRoleWithWebIdentity`, which is not signed.

use std::time::Duration;

use aws_sdk_sts::Client;
use aws_sdk_sts::config::SharedInterceptor;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;
use aws_sdk_sts::types::PolicyDescriptorType;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::args::Args;
use super::claims::Claims;
use super::login::Login;
use super::persist::{Failed, persist};
use super::plan::{self, Request};
use super::refusal::{Class, Refusal};
use super::skew::ReplyDate;
use super::subject;
use crate::action::Context;
use crate::aws;
use crate::error::{Error, Kind, Result};
use crate::http;
use crate::runner::oidc::{Issuer, PAGE};

/// Asks STS until it agrees or the refusal is final; each attempt has a fresh token.
pub(super) async fn exchange(
    args: &Args,
    context: &Context,
    request: &Request,
    role: &str,
    account: &str,
) -> Result<Login> {
    let issuer = Issuer::from_env(&context.env)?;
    let date = ReplyDate::default();
    let mut shown = false;
    let answer = persist(args, context, &request.region, async |region| {
        let sts = client(context, region, &date).await;
        let token = match issuer.token(&context.runner, &args.audience).await {
            Ok(token) => token,
            Err(error) if passes(&error) => {
                return Ok(Err(Failed {
                    class: Class::Passing,
                    silent: false,
                    hint: error.next_step().unwrap_or_default().to_owned(),
                    error,
                }));
            }
            Err(error) => return Err(error),
        };
        let claims = Claims::read(token.expose());
        check_subject(args, &claims)?;
        let answer = sts
            .assume_role_with_web_identity()
            .role_arn(role)
            .role_session_name(&request.session)
            .duration_seconds(request.duration)
            .set_policy(request.policy.clone())
            .set_policy_arns(policy_arns(request))
            .web_identity_token(token.expose())
            .send()
            .await;
        date.warn(context);
        match answer {
            Ok(session) => Ok(Ok(session)),
            Err(error) => {
                let tried = format!("could not assume {role} in {region}");
                let failed = failed(context, &tried, &error, |refusal| {
                    refusal.hint(&claims, account)
                });
                let refused = matches!(failed.class, Class::Permanent | Class::Denied);
                // Every token of the job has the same.
                if refused && error.code().is_some() && !std::mem::replace(&mut shown, true) {
                    show(context, &claims);
                }
                Ok(Err(failed))
            }
        }
    })
    .await?;
    Login::of(context, answer.credentials(), answer.assumed_role_user())
}

/// Whether GitHub may give a token to the next attempt.
fn passes(error: &Error) -> bool {
    let refused =
        |code: &str| code == PAGE || code.starts_with('4') && !["408", "429"].contains(&code);
    error.kind() == Kind::Refused
        && !error.code().is_some_and(refused)
        && http::final_hint(&error.message()).is_none()
}

/// How long a connection to STS may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer of STS may take.
const ANSWER: Duration = Duration::from_secs(10);

/// A client of one attempt: `persist` decides on new ones.
pub(super) async fn client(context: &Context, region: &str, date: &ReplyDate) -> Client {
    let mut config: aws_sdk_sts::config::Builder =
        (&aws::config(context, region.to_owned()).await).into();
    config.set_retry_config(Some(aws_config::retry::RetryConfig::disabled()));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(context.clock.patience(CONNECT))
        .read_timeout(context.clock.patience(ANSWER))
        // With the body: one that trickles is no answer.
        .operation_attempt_timeout(context.clock.patience(CONNECT + ANSWER));
    config.set_timeout_config(Some(timeouts.build()));
    config.push_interceptor(SharedInterceptor::new(date.clone()));
    Client::from_conf(config.build())
}

pub(super) fn policy_arns(request: &Request) -> Option<Vec<PolicyDescriptorType>> {
    let arns: Vec<PolicyDescriptorType> = request
        .policy_arns
        .iter()
        .map(|arn| PolicyDescriptorType::builder().arn(arn).build())
        .collect();
    (!arns.is_empty()).then_some(arns)
}

/// What an attempt came back with, for `persist` and for the reader.
pub(super) fn failed<E>(
    context: &Context,
    tried: &str,
    error: &SdkError<E, HttpResponse>,
    hint: impl FnOnce(&Refusal) -> String,
) -> Failed
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + Send + Sync + 'static,
{
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    let explained = aws::explain(tried, error);
    let told = explained.message();
    let refusal = Refusal {
        code: error.code(),
        message: error.message().unwrap_or(&told),
        status,
        chosen: is_host_chosen(context),
        foreign: matches!(aws::refusal(&explained), aws::Refusal::Foreign),
    };
    Failed {
        class: refusal.class(),
        silent: error.code().is_none() && status.is_none(),
        hint: hint(&refusal),
        error: explained,
    }
}

/// Whether somebody's settings decide which host is asked.
fn is_host_chosen(context: &Context) -> bool {
    let set = |name| context.env.get(name).is_some();
    let on = |name| {
        let value = context.env.get(name).unwrap_or_default();
        value.eq_ignore_ascii_case("true")
    };
    set("AWS_ENDPOINT_URL")
        || set("AWS_ENDPOINT_URL_STS")
        || on("AWS_USE_FIPS_ENDPOINT")
        || on("AWS_USE_DUALSTACK_ENDPOINT")
}

fn check_subject(args: &Args, claims: &Claims) -> Result<()> {
    let Some(expected) = &args.expected_sub else {
        return Ok(());
    };
    let sub = claims.get("sub");
    let Some(difference) = subject::difference(expected, sub) else {
        return Ok(());
    };
    let lacks_numbers = subject::is_numbered(sub)
        && difference.found.contains('@')
        && !difference.expected.contains('@');
    let hint = if lacks_numbers {
        "The subject has numbers in it (OWNER@ID/REPO@ID), as those of repositories made, renamed or moved since 15 July \
         2026 have: give `expected-sub`, and the role's trust policy, in that form. AWS was not asked."
    } else {
        "Check the environment, branch and event of this job, or change `expected-sub`. AWS was not asked."
    };
    Err(Error::usage(format!(
        "the OIDC token has the subject {sub:?}, but `expected-sub` is {expected:?}: {:?} is not {:?}",
        difference.found, difference.expected
    ))
    .hint(hint))
}

fn show(context: &Context, claims: &Claims) {
    let _group = context.runner.group("Claims of the OIDC token");
    for (claim, value) in claims.iter() {
        context.runner.line(format!("{claim}: {value}"));
    }
}

/// The account of an assumed role's session.
pub(super) fn account_of_session(arn: &str) -> Option<String> {
    plan::account_of(arn, "sts", "assumed-role/")
}
