//! The OIDC token of a job.
//!
//! Source: `packages/core/src/oidc-utils.ts` of actions/toolkit, and "OpenID Connect reference" in GitHub's
//! documentation, both read in November 2026. A token lives five minutes, so each attempt asks for a new one.

use std::time::Duration;

use serde_json::Value;

use super::{Env, Runner, Secret};
use crate::error::{Error, Result};
use crate::http;

/// Where a job gets its tokens.
pub struct Issuer {
    url: String,
    request_token: String,
    client: reqwest::Client,
}

/// Code of the error that a web page came in the place of a token.
pub const PAGE: &str = "a web page";
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl Issuer {
    /// Reads `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, which a job has only with the
    /// permission `id-token: write`.
    pub fn from_env(env: &Env) -> Result<Self> {
        let variable = |name| env.get(name).map(str::to_owned);
        match (
            variable("ACTIONS_ID_TOKEN_REQUEST_URL"),
            variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
        ) {
            (Some(url), Some(request_token)) => Ok(Self {
                url,
                request_token,
                client: http::client()?,
            }),
            _ => Err(Error::usage("this job may not request an OIDC token").hint(missing(env))),
        }
    }

    /// A fresh token for `audience`; one try, since each attempt of a login wants a new one.
    pub async fn token(&self, runner: &Runner, audience: &str) -> Result<Secret> {
        let tried = "could not get an OIDC token from GitHub";
        let answer = self.ask(audience).await.map_err(|error| {
            if error.is_builder() {
                return Error::usage(format!("{tried}: ACTIONS_ID_TOKEN_REQUEST_URL is no address"))
                    .hint("The runner sets it: no step may change it.");
            }
            let error = Error::refused(tried).because(error.without_url());
            if let Some(hint) = http::final_hint(&error.message()) {
                return error.hint(hint);
            }
            error.hint(
                "The runner does not reach GitHub's token service, ACTIONS_ID_TOKEN_REQUEST_URL: check HTTPS_PROXY and NO_PROXY, \
                 then run the job again.",
            )
        })?;
        read(tried, answer, runner).await
    }

    async fn ask(&self, audience: &str) -> std::result::Result<reqwest::Response, reqwest::Error> {
        let joint = if self.url.contains('?') { '&' } else { '?' };
        let audience = http::encode(audience);
        self.client
            .get(format!("{}{joint}audience={audience}", self.url))
            .bearer_auth(&self.request_token)
            .timeout(PATIENCE)
            .send()
            .await
    }
}

async fn read(tried: &str, answer: reqwest::Response, runner: &Runner) -> Result<Secret> {
    let status = answer.status();
    let refused = |told: &str| {
        let hint = match status.as_u16() {
            401 | 403 => {
                "The job's own right to tokens has ended or was taken away: it lasts as long as the job runs. Run the job again."
            }
            _ => "If it was a passing fault of GitHub's, run the job again.",
        };
        Error::refused(format!("{tried}: status {status}{told}"))
            .with_code(status.as_str())
            .hint(hint)
    };
    let form = answer.headers().get("content-type");
    let is_page = form.is_some_and(|form| form.as_bytes().starts_with(b"text/html"));
    if status.is_success() && is_page {
        return Err(refused(", a web page").with_code(PAGE).hint(
            "Something between this runner and GitHub answers in its place: check HTTPS_PROXY and NO_PROXY.",
        ));
    }
    let body: Value = answer
        .json()
        .await
        .map_err(|error| refused("").because(error.without_url()))?;
    body.get("value")
        .and_then(Value::as_str)
        .filter(|token| !token.is_empty())
        .map(|token| runner.secret(token))
        .ok_or_else(|| refused(", no token in the answer"))
}

fn missing(env: &Env) -> String {
    if !env.on_github() {
        return "Only a job on GitHub has one. At a terminal, log in with the aws CLI; with `role-chaining` this action takes \
                another role from there."
            .to_owned();
    }
    let add = "Add to the job:\npermissions:\n  contents: read\n  id-token: write";
    match fork(env) {
        Some(fork) => format!(
            "This run is of a pull request from the fork {fork}, which never gets an OIDC token, whatever its permissions \
             say. Move the step to a workflow that runs after the merge."
        ),
        None => format!("{add}\nA reusable workflow needs it from its caller too."),
    }
}

/// The repository that a pull request comes from, if it is another one than this run's.
fn fork(env: &Env) -> Option<String> {
    // Any other event of a pull request runs in the repository itself, with its rights.
    let restricted = [
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
    ];
    if !restricted.contains(&env.get("GITHUB_EVENT_NAME")?) {
        return None;
    }
    let payload = std::fs::read(env.get("GITHUB_EVENT_PATH")?).ok()?;
    let payload: Value = serde_json::from_slice(&payload).ok()?;
    let head = payload.pointer("/pull_request/head/repo")?;
    match head.get("full_name").and_then(Value::as_str) {
        Some(name) => (Some(name) != env.get("GITHUB_REPOSITORY")).then(|| name.to_owned()),
        // GitHub names no repository for a fork that was deleted.
        None => head.is_null().then(|| "that was deleted since".to_owned()),
    }
}
