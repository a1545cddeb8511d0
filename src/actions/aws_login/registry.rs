//! The login to ECR, private or public.

use aws_config::SdkConfig;
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};

use super::args::{Args, RegistryType};
use super::docker_config;
use super::login::Login;
use crate::action::Context;
use crate::aws;
use crate::error::{Error, Result};
use crate::runner::Secret;

/// The one region of ECR Public's API (Amazon ECR Public endpoints and quotas, November 2026).
const PUBLIC_REGION: &str = "us-east-1";
/// The registry of ECR Public.
const PUBLIC_REGISTRY: &str = "public.ecr.aws";

/// Writes the registry login and points the clients at it; answers the first registry.
pub(super) async fn log_in(
    args: &Args,
    context: &Context,
    region: &str,
    account: &str,
    login: &Login,
) -> Result<String> {
    let logins = match args.registry_type {
        RegistryType::Private => private(args, context, region, account, login).await?,
        RegistryType::Public => vec![public(context, login).await?],
    };
    let written = docker_config::write(&context.env, &logins)?;
    for registry in &written.left_to_helpers {
        context.runner.line(format!(
            "{registry}: the credential helper in your docker configuration answers for it; no password was written"
        ));
    }
    for pointer in &written.pointers {
        context.runner.export(&pointer.variable, &pointer.value)?;
    }
    logins
        .into_iter()
        .next()
        .map(|(registry, _)| registry)
        .ok_or_else(|| Error::bug("a login without a registry"))
}

async fn private(
    args: &Args,
    context: &Context,
    region: &str,
    account: &str,
    login: &Login,
) -> Result<Vec<(String, Secret)>> {
    let config = config(context, region, login).await;
    let (own, login) = aws::ecr_login(context, &config).await.map_err(fresh)?;
    let auth = login.basic(context);
    let accounts = args.registries.clone().unwrap_or_default().0;
    if accounts.is_empty() {
        return Ok(vec![(own, auth)]);
    }
    Ok(accounts
        .iter()
        .map(|other| (own.replacen(account, other, 1), auth.clone()))
        .collect())
}

async fn public(context: &Context, login: &Login) -> Result<(String, Secret)> {
    let config = config(context, PUBLIC_REGION, login).await;
    let answer = aws_sdk_ecrpublic::Client::new(&config)
        .get_authorization_token()
        .send()
        .await
        .map_err(|error| {
            let told = aws::explain(&format!("could not log in to {PUBLIC_REGISTRY}"), &error);
            let needs = "ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken";
            fresh(aws::registry_hint(told, needs))
        })?;
    let token = answer
        .authorization_data()
        .and_then(|data| data.authorization_token())
        .ok_or_else(|| Error::refused("ECR Public answered without an authorization token"))?;
    mask_password(context, token)?;
    Ok((PUBLIC_REGISTRY.to_owned(), context.runner.secret(token)))
}

/// The configuration of AWS with the credentials of this login.
async fn config(context: &Context, region: &str, login: &Login) -> SdkConfig {
    let config = aws::config(context, region.to_owned()).await;
    let builder = config.into_builder();
    builder.credentials_provider(credentials(login)).build()
}

/// Credentials that were made a moment ago have not ended.
fn fresh(error: Error) -> Error {
    match aws::refusal(&error) {
        aws::Refusal::Expired => error.hint(
            "The credentials are fresh, so it is the clock of this runner: AWS refuses signatures that are five minutes off. \
             Set it by NTP.",
        ),
        _ => error,
    }
}

fn credentials(login: &Login) -> SharedCredentialsProvider {
    let [access_key, secret_key, session_token] = login.values();
    SharedCredentialsProvider::new(Credentials::new(
        access_key,
        secret_key,
        Some(session_token.to_owned()),
        None,
        "aws-login",
    ))
}

/// Masks the password within `AWS:<password>` in base64: clients show it plain when they fail.
fn mask_password(context: &Context, token: &str) -> Result<()> {
    use base64::Engine as _;
    let plain = base64::engine::general_purpose::STANDARD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| Error::refused("ECR answered with a token that is not base64"))?;
    let password = plain
        .split_once(':')
        .map_or(plain.as_str(), |(_, password)| password);
    context.runner.secret(password);
    Ok(())
}
