//! The OIDC token of a job.
//!
//! Source: `packages/core/src/oidc-utils.ts` of actions/toolkit, and "OpenID Connect reference" in GitHub's
//! documentation, both read in November 2026. A token lives five minutes, so each attempt asks for a new one.

use serde_json::Value;

use super::{Env, Runner, Secret};
use crate::error::{Error, Result};
use crate::http;

/// Where a job gets its tokens.
pub struct Issuer {
    url: String,
    request_token: String,
}

impl Issuer {
    /// Reads `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, which a job has only with the
    /// permission `id-token: write`.
    pub fn from_env(env: &Env) -> Result<Self> {
        let variable = |name| env.get(name).map(str::to_owned);
        match (
            variable("ACTIONS_ID_TOKEN_REQUEST_URL"),
            variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
        ) {
            (Some(url), Some(request_token)) => Ok(Self { url, request_token }),
            _ => Err(Error::usage("this job may not request an OIDC token").hint(missing(env))),
        }
    }

    /// A fresh token for `audience`.
    pub async fn token(&self, runner: &Runner, audience: &str) -> Result<Secret> {
        let tried = "could not get an OIDC token from GitHub";
        let joint = if self.url.contains('?') { '&' } else { '?' };
        let audience: String = audience.bytes().map(percent_encode).collect();
        let answer = http::client()?
            .get(format!("{}{joint}audience={audience}", self.url))
            .bearer_auth(&self.request_token)
            .send()
            .await
            .map_err(|error| Error::refused(tried).because(error.without_url()))?;
        let status = answer.status();
        let body: Value = answer.json().await.map_err(|error| {
            Error::refused(format!("{tried}: status {status}"))
                .with_code(status.as_str())
                .because(error.without_url())
        })?;
        body.get("value")
            .and_then(Value::as_str)
            .map(|token| runner.secret(token))
            .ok_or_else(|| {
                Error::refused(format!("{tried}: status {status}, no token in the answer"))
                    .with_code(status.as_str())
                    .hint("If it was a passing fault of GitHub's, run the job again.")
            })
    }
}

fn missing(env: &Env) -> String {
    let fork = env.get("GITHUB_EVENT_NAME") == Some("pull_request");
    let add = "Add to the job:\npermissions:\n  contents: read\n  id-token: write";
    if fork {
        format!(
            "{add}\nA pull request from a fork never gets it: run this step in a workflow of the base repository."
        )
    } else {
        format!("{add}\nA reusable workflow needs it from its caller too.")
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn percent_encode(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    }
}
