//! How a request gets to a registry: logins, tokens, retries, refusals.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use reqwest::{Method, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Registry;
use super::challenge::Challenge;
use crate::domain::image_manifest::MEDIA_TYPES;
use crate::domain::image_reference::is_loopback;
use crate::error::{Error, Result};

/// Attempts of one request, the first one included.
const ATTEMPTS: u32 = 3;
/// Pause before the first new attempt; it doubles with each.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes of a manifest or a configuration; above 4 MiB a registry may refuse a manifest (specification, "Pushing
/// Manifests").
const LARGEST: usize = 4 * 1024 * 1024;

impl Registry<'_> {
    pub(super) async fn body(&self, tried: &str, mut response: Response) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let chunk = response.chunk().await;
            match chunk.map_err(|error| self.unreachable(tried, error))? {
                None => return Ok(bytes),
                Some(chunk) if bytes.len() + chunk.len() > LARGEST => {
                    return Err(Error::refused(format!(
                        "{tried}: the answer is longer than {LARGEST} bytes"
                    )));
                }
                Some(chunk) => bytes.extend_from_slice(&chunk),
            }
        }
    }

    /// Sends a request: again when the registry wants to be shown a login, or fails for a passing reason.
    pub(super) async fn send(
        &self,
        tried: &str,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<Response> {
        let (mut attempt, mut pause, mut challenged) = (1, PAUSE, false);
        loop {
            let mut request = self
                .http
                .request(method.clone(), format!("{}{path}", self.base()));
            request = request.header(ACCEPT, MEDIA_TYPES.join(", "));
            if let Some(authorization) = &*self.authorization.borrow() {
                request = request.header(AUTHORIZATION, authorization.expose());
            }
            if let Some((media_type, bytes)) = &body {
                request = request
                    .header(CONTENT_TYPE, *media_type)
                    .body(bytes.clone());
            }
            let passing = match request.send().await {
                Err(error) if attempt == ATTEMPTS => return Err(self.unreachable(tried, error)),
                Err(_) => true,
                Ok(response) if response.status() == StatusCode::UNAUTHORIZED && !challenged => {
                    challenged = true;
                    let header = response.headers().get(WWW_AUTHENTICATE);
                    let challenge =
                        header.and_then(|header| Challenge::parse(header.to_str().ok()?));
                    if !self.answer(tried, challenge).await? {
                        return Ok(response);
                    }
                    false
                }
                Ok(response) => {
                    let status = response.status();
                    if attempt == ATTEMPTS
                        || !(status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS)
                    {
                        return Ok(response);
                    }
                    true
                }
            };
            if passing {
                self.context.clock.sleep(pause).await;
                (attempt, pause) = (attempt + 1, pause * 2);
            }
        }
    }

    /// Gets ready for what the registry asked for; whether there is something to show.
    async fn answer(&self, tried: &str, challenge: Option<Challenge>) -> Result<bool> {
        let runner = &self.context.runner;
        let basic = self.login.as_ref().map(|login| login.basic(self.context));
        let header = match (challenge, basic) {
            (Some(Challenge::Basic), Some(basic)) => {
                runner.unmasked(&format!("Basic {}", basic.expose()))
            }
            (
                Some(Challenge::Bearer {
                    realm,
                    service,
                    scope,
                }),
                basic,
            ) => {
                let mut url = Url::parse(&realm)
                    .ok()
                    .filter(|url| {
                        url.scheme() == "https" || url.host_str().is_some_and(is_loopback)
                    })
                    .ok_or_else(|| {
                        Error::refused(format!(
                            "{tried}: the registry names {realm:?} for tokens, which is not HTTPS"
                        ))
                    })?;
                for (name, value) in [("service", service), ("scope", scope)] {
                    if let Some(value) = value {
                        url.query_pairs_mut().append_pair(name, &value);
                    }
                }
                let mut request = self.http.get(url);
                if let Some(basic) = basic {
                    request = request.header(AUTHORIZATION, format!("Basic {}", basic.expose()));
                }
                let response = request
                    .send()
                    .await
                    .map_err(|error| self.unreachable(tried, error))?;
                if !response.status().is_success() {
                    return Err(self.refusal(tried, response).await);
                }
                let answer: Value = parse(tried, &self.body(tried, response).await?)?;
                let token = answer.get("token").or_else(|| answer.get("access_token"));
                let Some(token) = token.and_then(Value::as_str) else {
                    return Err(Error::refused(format!("{tried}: {realm} gave no token")));
                };
                let token = runner.secret(token);
                runner.unmasked(&format!("Bearer {}", token.expose()))
            }
            _ => return Ok(false),
        };
        self.authorization.replace(Some(header));
        Ok(true)
    }

    fn base(&self) -> String {
        if is_loopback(&self.host) {
            format!("http://{}", self.host)
        } else if self.host == "docker.io" {
            // The name in references is not where the registry is.
            "https://registry-1.docker.io".to_owned()
        } else {
            format!("https://{}", self.host)
        }
    }

    fn unreachable(&self, tried: &str, error: reqwest::Error) -> Error {
        Error::refused(tried)
            .because(error.without_url())
            .hint(format!(
                "Check the registry {}, the network and HTTPS_PROXY, then run the step again.",
                self.host
            ))
    }

    /// What the registry said, as an error with its code.
    pub(super) async fn refusal(&self, tried: &str, response: Response) -> Error {
        let status = response.status();
        let bytes = self.body(tried, response).await.unwrap_or_default();
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |name: &str| {
            answer
                .pointer("/errors/0")?
                .get(name)?
                .as_str()
                .map(str::to_owned)
        };
        let (code, message) = (text("code"), text("message"));
        let said = match (&code, message) {
            (Some(code), Some(message)) => format!(" {code}: {message}"),
            _ => String::new(),
        };
        let error = Error::refused(format!(
            "{tried}: the registry answered {}{said}",
            status.as_u16()
        ));
        match (code, status) {
            (Some(code), _) => error.with_code(code),
            (None, StatusCode::UNAUTHORIZED) => error.with_code("UNAUTHORIZED"),
            (None, StatusCode::FORBIDDEN) => error.with_code("DENIED"),
            _ => error,
        }
    }
}

pub(super) fn parse<T: DeserializeOwned>(tried: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        Error::refused(format!("{tried}: the answer is not as expected")).because(error)
    })
}
