//! Read, plan, print, apply.

use super::args::{Args, Operation};
use super::chain::chain;
use super::exchange::{account_of_session, exchange};
use super::login::{EXPIRATION, Login, VARIABLES};
use super::plan::{self, Request, Role};
use super::{Outputs, docker_config, registry};
use crate::action::Context;
use crate::aws;
use crate::error::{Error, Result};
use crate::runner::{Secret, cell};

pub(super) async fn run(args: Args, context: &Context) -> Result<Outputs> {
    match args.operation {
        Operation::Login => login(&args, context).await,
        Operation::Logout => logout(context),
    }
}

fn logout(context: &Context) -> Result<Outputs> {
    let folder = docker_config::folder(&context.env);
    let pointers = docker_config::remembered(&folder);
    // The password goes first: nothing that fails may leave it there.
    let removed = docker_config::remove(&folder);
    // The runner cannot unset a variable; an empty one counts as none for every client.
    for variable in VARIABLES.iter().chain([&EXPIRATION]) {
        context.runner.export(variable, "")?;
    }
    // What somebody else has set since is theirs.
    for pointer in pointers?.unwrap_or_default() {
        if context.env.get(&pointer.variable) == Some(pointer.value.as_str()) {
            context.runner.export(&pointer.variable, &pointer.before)?;
        }
    }
    let done = if removed? {
        "logged out: credentials blanked, registry login removed"
    } else {
        "logged out: credentials blanked; there was no registry login of this job"
    };
    context.runner.line(done);
    Ok(Outputs::default())
}

async fn login(args: &Args, context: &Context) -> Result<Outputs> {
    let variable = |name| context.env.get(name).is_some();
    if args.aws_region.is_none() && !variable("AWS_REGION") && !variable("AWS_DEFAULT_REGION") {
        return Err(Error::usage("missing: `aws-region`").hint(
            "Give a region, for example eu-central-1. If the workflow takes it from a variable, set that variable.",
        ));
    }
    let region = aws::region(context, args.aws_region.as_deref())?;
    if args.mask_aws_account_id {
        // Before anything is refused: the text of a refusal has it.
        let account = args
            .role_to_assume
            .as_deref()
            .and_then(|arn| arn.split(':').nth(4));
        if let Some(account) = account.filter(|account| !account.is_empty()) {
            context.runner.secret(account);
        }
    }
    let request = Request::of(args, &context.env, region)?;
    if !context.runner.hands_over() {
        if args.ecr_login {
            return Err(Error::usage("`ecr-login` is for jobs on GitHub: nothing here would hear of the login")
                .hint("At a terminal: aws ecr get-login-password | docker login --username AWS --password-stdin <registry>."));
        }
        if !(args.output_credentials && context.json) {
            context.runner.line(
                "no later step gets the credentials: GITHUB_ENV is not set. `--output-credentials --json` prints them.",
            );
        }
    }
    let login = match &request.role {
        Role::Arn { arn, account } if !args.role_chaining => {
            exchange(args, context, &request, arn, account).await
        }
        _ => chain(args, context, &request).await,
    }?;
    let account = account_of_session(&login.arn).ok_or_else(|| {
        Error::refused(format!("AWS STS answered with the session {}", login.arn))
    })?;
    plan::check_account(args, &account)?;
    if args.mask_aws_account_id {
        context.runner.secret(account.as_str());
    }
    let registry = if args.ecr_login {
        Some(registry::log_in(args, context, &request.region, &account, &login).await?)
    } else {
        None
    };
    login.export(args, context, &request.region)?;
    tell(context, &request.region, &login, registry.as_deref())?;
    let shown = |secret: &Secret| args.output_credentials.then(|| secret.expose().to_owned());
    Ok(Outputs {
        aws_account_id: account,
        aws_access_key_id: shown(&login.access_key),
        aws_secret_access_key: shown(&login.secret_key),
        aws_session_token: shown(&login.session_token),
        authenticated_arn: login.arn,
        aws_expiration: login.expiration,
        registry,
    })
}

fn tell(context: &Context, region: &str, login: &Login, registry: Option<&str>) -> Result<()> {
    context.runner.line(format!(
        "logged in as {} in {region} until {}",
        login.arn, login.expiration
    ));
    context.runner.summary(&format!(
        "### aws-login: {}\n\n| access key | until | registry |\n|---|---|---|\n| {} | {} | {} |\n",
        cell(&login.arn),
        cell(login.access_key.expose()),
        cell(&login.expiration),
        cell(registry.unwrap_or("")),
    ))
}
