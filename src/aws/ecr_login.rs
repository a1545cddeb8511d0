//! A login to the account's ECR registry.

use aws_config::SdkConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Refusal, refusal};
use crate::action::Context;
use crate::error::{Error, Result};
use crate::registry::Login;

/// Host of the account's registry in this region, and name and password for it.
///
/// Source: `GetAuthorizationToken` in the Amazon ECR API reference, November 2026: the token is `AWS:<password>` in
/// base64 and lives for twelve hours.
pub async fn ecr_login(context: &Context, config: &SdkConfig) -> Result<(String, Login)> {
    super::require_login(config).await?;
    let region = config.region().map_or("", AsRef::as_ref);
    let tried = format!("could not log in to ECR in {region}");
    let answer = aws_sdk_ecr::Client::new(config)
        .get_authorization_token()
        .send()
        .await
        .map_err(|error| {
            registry_hint(super::explain(&tried, &error), "ecr:GetAuthorizationToken")
        })?;
    let incomplete = || Error::refused(format!("{tried}: ECR answered without a usable token"));
    let data = answer.authorization_data().first().ok_or_else(incomplete)?;
    let endpoint = data.proxy_endpoint().ok_or_else(incomplete)?;
    let plain = data
        .authorization_token()
        .and_then(|token| STANDARD.decode(token).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(incomplete)?;
    let (username, password) = plain.split_once(':').ok_or_else(incomplete)?;
    let host = endpoint
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let login = Login {
        username: username.to_owned(),
        password: context.runner.secret(password),
    };
    Ok((host.to_owned(), login))
}

/// An error of a login to a registry of ECR with what to do next; `needs` are the permissions that the login takes.
pub fn registry_hint(error: Error, needs: &str) -> Error {
    match refusal(&error) {
        Refusal::Denied => error.hint(format!("The role needs {needs} on *.")),
        Refusal::Expired => error.hint(
            "Run aws-login before this step: these credentials have ended or are no good, or the clock of this machine is wrong.",
        ),
        _ if error.next_step().is_some() => error,
        _ => error.hint("Run the step again."),
    }
}
