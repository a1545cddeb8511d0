//! Read, plan, print, apply.

use std::time::Duration;

use aws_sdk_sts::config::SharedCredentialsProvider;
use aws_sdk_sts::error::ProvideErrorMetadata as _;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityOutput;

use super::args::{Args, Operation};
use super::plan::{self, Next, Request};
use super::{Outputs, docker_config};
use crate::action::Context;
use crate::aws;
use crate::error::{Error, Result};
use crate::runner::oidc::Issuer;
use crate::runner::{Secret, cell};

/// Variables that carry the credentials to the steps that follow.
const VARIABLES: [&str; 3] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];
/// Pause before the first new attempt; it doubles with each.
const PAUSE: Duration = Duration::from_secs(2);

pub(super) async fn run(args: Args, context: &Context) -> Result<Outputs> {
    match args.operation {
        Operation::Login => login(&args, context).await,
        Operation::Logout => logout(context),
    }
}

fn logout(context: &Context) -> Result<Outputs> {
    for variable in VARIABLES {
        context.runner.export(variable, "")?;
    }
    docker_config::remove(&docker_config::folder(&context.env))?;
    context
        .runner
        .line("logged out: credentials blanked, registry login removed");
    Ok(Outputs::default())
}

async fn login(args: &Args, context: &Context) -> Result<Outputs> {
    let request = plan::request(args, &context.env)?;
    let region = aws::region(context, args.aws_region.as_deref())?;
    let issuer = Issuer::from_env(&context.env)?;
    let session = exchange(args, context, &request, &region, &issuer).await?;
    let login = Login::of(context, &session)?;
    let registry = if args.ecr_login {
        Some(log_in_to_ecr(args, context, &region, &request, &login).await?)
    } else {
        None
    };
    for (variable, value) in VARIABLES.iter().zip(login.values()) {
        context.runner.export(variable, value)?;
    }
    context.runner.export("AWS_REGION", &region)?;
    context.runner.export("AWS_DEFAULT_REGION", &region)?;
    context.runner.line(format!(
        "logged in as {} in {region} until {}",
        login.arn, login.expiration
    ));
    context.runner.summary(&format!(
        "### aws-login: {}\n\n| access key | until | registry |\n|---|---|---|\n| {} | {} | {} |\n",
        cell(&login.arn),
        cell(login.access_key.expose()),
        cell(&login.expiration),
        cell(registry.as_deref().unwrap_or("")),
    ))?;
    let shown = |secret: &Secret| args.output_credentials.then(|| secret.expose().to_owned());
    Ok(Outputs {
        aws_account_id: request.account,
        aws_access_key_id: shown(&login.access_key),
        aws_secret_access_key: shown(&login.secret_key),
        aws_session_token: shown(&login.session_token),
        authenticated_arn: login.arn,
        aws_expiration: login.expiration,
        registry,
    })
}

/// Asks STS until it agrees or the refusal is final; each attempt has a fresh token.
async fn exchange(
    args: &Args,
    context: &Context,
    request: &Request,
    region: &str,
    issuer: &Issuer,
) -> Result<AssumeRoleWithWebIdentityOutput> {
    let mut config: aws_sdk_sts::config::Builder =
        (&aws::config(context, region.to_owned()).await).into();
    config.set_retry_config(Some(aws_config::retry::RetryConfig::disabled()));
    let sts = aws_sdk_sts::Client::from_conf(config.build());
    let mut attempt = 1;
    let mut pause = PAUSE;
    loop {
        let token = issuer.token(&context.runner, &args.audience).await?;
        let claims = plan::claims(token.expose());
        check_subject(args, &claims)?;
        let answer = sts
            .assume_role_with_web_identity()
            .role_arn(&request.role)
            .role_session_name(&request.session)
            .duration_seconds(request.duration)
            .web_identity_token(token.expose())
            .send()
            .await;
        let error = match answer {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        let code = error.code().map(str::to_owned);
        let refusal = aws::explain(
            &format!("could not assume {} in {region}", request.role),
            &error,
        );
        if plan::after_refusal(code.as_deref(), error.message().unwrap_or(""), attempt)
            == Next::Stop
        {
            show_claims(context, &claims);
            return Err(refusal.hint(plan::hint(code.as_deref(), &claims, &request.account)));
        }
        context.runner.line(format!(
            "attempt {attempt}: {}; trying again in {} s",
            refusal.message(),
            pause.as_secs()
        ));
        context.clock.sleep(pause).await;
        attempt += 1;
        pause *= 2;
    }
}

fn check_subject(args: &Args, claims: &[(&'static str, String)]) -> Result<()> {
    let Some(expected) = &args.expected_sub else {
        return Ok(());
    };
    let sub = claims
        .iter()
        .find(|(claim, _)| *claim == "sub")
        .map_or("", |(_, value)| value.as_str());
    if plan::matches(expected, sub) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "the OIDC token has the subject {sub:?}, but `expected-sub` is {expected:?}"
    ))
    .hint("Check the environment, branch and event of this job, or change `expected-sub`."))
}

fn show_claims(context: &Context, claims: &[(&'static str, String)]) {
    let _group = context.runner.group("Claims of the OIDC token");
    for (claim, value) in claims {
        context.runner.line(format!("{claim}: {value}"));
    }
}

/// Credentials, masked.
struct Login {
    arn: String,
    expiration: String,
    access_key: Secret,
    secret_key: Secret,
    session_token: Secret,
}

impl Login {
    fn of(context: &Context, session: &AssumeRoleWithWebIdentityOutput) -> Result<Self> {
        let incomplete = || Error::refused("AWS STS answered without credentials");
        let credentials = session.credentials().ok_or_else(incomplete)?;
        let user = session.assumed_role_user().ok_or_else(incomplete)?;
        Ok(Self {
            arn: user.arn().to_owned(),
            expiration: credentials.expiration().to_string(),
            // The access key id is no secret: it stands in CloudTrail, and in the summary to find it there.
            access_key: context.runner.unmasked(credentials.access_key_id()),
            secret_key: context.runner.secret(credentials.secret_access_key()),
            session_token: context.runner.secret(credentials.session_token()),
        })
    }

    fn values(&self) -> [&str; 3] {
        [
            self.access_key.expose(),
            self.secret_key.expose(),
            self.session_token.expose(),
        ]
    }
}

/// Writes the registry login and points `DOCKER_CONFIG` at it; answers the first registry.
async fn log_in_to_ecr(
    args: &Args,
    context: &Context,
    region: &str,
    request: &Request,
    login: &Login,
) -> Result<String> {
    let [access_key, secret_key, session_token] = login.values();
    let credentials = aws_sdk_sts::config::Credentials::new(
        access_key,
        secret_key,
        Some(session_token.to_owned()),
        None,
        "aws-login",
    );
    let mut config: aws_sdk_ecr::config::Builder =
        (&aws::config(context, region.to_owned()).await).into();
    config.set_credentials_provider(Some(SharedCredentialsProvider::new(credentials)));
    let ecr = aws_sdk_ecr::Client::from_conf(config.build());
    let answer = ecr
        .get_authorization_token()
        .send()
        .await
        .map_err(|error| {
            aws::explain(&format!("could not log in to ECR in {region}"), &error)
                .hint("The role needs ecr:GetAuthorizationToken on *.")
        })?;
    let token = answer
        .authorization_data()
        .first()
        .and_then(|data| Some((data.proxy_endpoint()?, data.authorization_token()?)))
        .ok_or_else(|| Error::refused("ECR answered without an authorization token"))?;
    mask_password(context, token.1)?;
    let own = host(token.0).to_owned();
    let registries = args.registries.clone().unwrap_or_default().0;
    let mut logins = Vec::new();
    for account in &registries {
        let registry = own.replacen(&request.account, account, 1);
        logins.push((registry, context.runner.secret(token.1)));
    }
    if logins.is_empty() {
        logins.push((own, context.runner.secret(token.1)));
    }
    let folder = docker_config::folder(&context.env);
    docker_config::write(&folder, &logins)?;
    context
        .runner
        .export("DOCKER_CONFIG", &folder.to_string_lossy())?;
    // buildah and skopeo look for REGISTRY_AUTH_FILE before DOCKER_CONFIG.
    context.runner.export(
        "REGISTRY_AUTH_FILE",
        &folder.join("config.json").to_string_lossy(),
    )?;
    Ok(logins.swap_remove(0).0)
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

/// `https://host:port` as the key that clients look for.
fn host(endpoint: &str) -> &str {
    endpoint
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_end_matches('/')
}
