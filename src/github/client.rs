//! octocrab, bound to one repository.

use std::time::Duration;

use octocrab::{Octocrab, OctocrabBuilder, Page};
use serde_json::{Value, json};

use crate::action::Context;
use crate::error::{Error, Result};
use crate::http;
use crate::runner::Secret;

/// What GitHub's documentation asks for after a secondary rate limit without `retry-after`: one minute.
/// Source: "Rate limits for the REST API", November 2026.
const SECONDARY_LIMIT: Duration = Duration::from_secs(60);

const HOURLY: &str = "The token's requests of this hour are used up; others with the same token use them too. Start this again when the \
     limit resets (gh api rate_limit says when), or give the token of a GitHub App.";
const PERMISSIONS: &str = "The token may lack a permission: `permissions:` of the job needs `contents: write` and `pull-requests: write` \
     for what this action writes.";

/// One repository of one GitHub.
pub struct Repository {
    pub owner: String,
    pub name: String,
    rest: Octocrab,
    /// Another base: GitHub Enterprise Server has REST under `/api/v3` and GraphQL at `/api/graphql`.
    graphql: Octocrab,
    graphql_path: String,
}

/// The token to work with: on GitHub the input alone, so that a lost secret never becomes another token; at a terminal
/// also `GITHUB_TOKEN`, then `GH_TOKEN`.
pub fn token(context: &Context, input: Option<&str>) -> Result<Secret> {
    let on_github = context.runner.on_github();
    let variable = |name| context.env.get(name).filter(|_| !on_github);
    input
        .or_else(|| variable("GITHUB_TOKEN"))
        .or_else(|| variable("GH_TOKEN"))
        // A secret that was pasted often has a line break at its end.
        .map(|token| context.runner.secret(token.trim()))
        .filter(|token| !token.expose().is_empty())
        .ok_or_else(|| {
            Error::usage("no GitHub token").hint(if on_github {
                "The input `token` is empty. A secret of that name may be missing here: pull requests from forks and \
                 Dependabot get none. Without the input, the job's own token is taken."
            } else {
                "Set GITHUB_TOKEN."
            })
        })
}

impl Repository {
    /// The repository `owner/name`, by default `GITHUB_REPOSITORY`, at `GITHUB_API_URL` and `GITHUB_GRAPHQL_URL`.
    pub fn new(context: &Context, full_name: Option<&str>, token: &Secret) -> Result<Self> {
        let full_name = full_name
            .or_else(|| context.env.get("GITHUB_REPOSITORY"))
            .ok_or_else(|| {
                Error::usage("no GitHub repository: GITHUB_REPOSITORY is not set")
                    .hint("Give the repository as owner/name.")
            })?;
        let plain = |text: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !text.is_empty() && text.chars().all(fits) && ![".", ".."].contains(&text)
        };
        let visible = |c: char| c.is_ascii_graphic();
        if !token.expose().chars().all(visible) {
            return Err(
                Error::usage("the GitHub token holds a space or a line break")
                    .hint("It is one word: look at how the secret was stored."),
            );
        }
        let (owner, name) = full_name
            .split_once('/')
            .filter(|(owner, name)| plain(owner) && plain(name))
            .ok_or_else(|| {
                Error::usage(format!(
                    "the repository on GitHub is {full_name:?}, not owner/name"
                ))
                .hint("Correct the input `repository`, or GITHUB_REPOSITORY where it is not given.")
            })?;
        let api = context
            .env
            .get("GITHUB_API_URL")
            .unwrap_or("https://api.github.com");
        let graphql = context
            .env
            .get("GITHUB_GRAPHQL_URL")
            .map_or_else(|| graphql_of(api), str::to_owned);
        let (origin, graphql_path) = split(&graphql)
            .ok_or_else(|| Error::usage(format!("GITHUB_GRAPHQL_URL is {graphql:?}")))?;
        let client = |base: &str, variable: &str| {
            OctocrabBuilder::default()
                .base_uri(base)
                .map_err(|error| Error::usage(format!("{variable} is {base:?}")).because(error))?
                .personal_token(token.expose().to_owned())
                .build_with_reqwest(http::client()?)
                .map_err(|error| Error::bug("could not set up the GitHub client").because(error))
        };
        Ok(Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
            rest: client(&format!("{}/", api.trim_end_matches('/')), "GITHUB_API_URL")?,
            graphql: client(&origin, "GITHUB_GRAPHQL_URL")?,
            graphql_path,
        })
    }

    /// `owner/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// `GET /repos/{owner}/{repo}/{path}`; `None` if there is no such thing.
    pub async fn get(&self, path: &str) -> Result<Option<Value>> {
        match self.rest.get(self.route(path), None::<&()>).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(self.refused(&format!("read {path} of"), error)),
        }
    }

    /// The first page of a list: `GET /repos/{owner}/{repo}/{path}`.
    pub async fn list_page(&self, path: &str) -> Result<Vec<Value>> {
        self.page(path).await.map(|page| page.items)
    }

    /// A list with all its pages: `GET /repos/{owner}/{repo}/{path}`.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let resource = path.split('?').next().unwrap_or(path);
        let mut page = self.page(path).await?;
        let mut all = page.take_items();
        // GitHub's link may name the repository by its number; what counts is the query behind it.
        while let Some(query) = page.next.as_ref().and_then(|next| next.query()) {
            page = self.page(&format!("{resource}?{query}")).await?;
            all.append(&mut page.take_items());
        }
        Ok(all)
    }

    async fn page(&self, path: &str) -> Result<Page<Value>> {
        self.rest
            .get(self.route(path), None::<&()>)
            .await
            .map_err(|error| {
                let resource = path.split('?').next().unwrap_or(path);
                self.refused(&format!("list the {resource} of"), error)
            })
    }

    /// `POST /repos/{owner}/{repo}/{path}`.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.rest
            .post(self.route(path), Some(body))
            .await
            .map_err(|error| self.refused(&format!("write {path} of"), error))
    }

    /// `PATCH /repos/{owner}/{repo}/{path}`.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.rest
            .patch(self.route(path), Some(body))
            .await
            .map_err(|error| self.refused(&format!("change {path} of"), error))
    }

    /// `PUT /repos/{owner}/{repo}/{path}`.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.rest
            .put(self.route(path), Some(body))
            .await
            .map_err(|error| self.refused(&format!("change {path} of"), error))
    }

    /// A GraphQL request; the error has the `type` of GitHub's first error as its code.
    pub async fn graphql(&self, tried: &str, query: &str, variables: Value) -> Result<Value> {
        let body = json!({"query": query, "variables": variables});
        let mut answer: Value = self
            .graphql
            .post(self.graphql_path.as_str(), Some(&body))
            .await
            .map_err(|error| self.refused(tried, error))?;
        if let Some(error) = answer.pointer("/errors/0") {
            let text = |field: &str| error.get(field).and_then(Value::as_str).unwrap_or("");
            let refused = Error::refused(format!(
                "could not {tried} {}: GitHub answered {}",
                self.full_name(),
                text("message")
            ))
            .with_code(text("type"));
            return Err(match text("type") {
                "FORBIDDEN" | "NOT_FOUND" => refused.hint(PERMISSIONS),
                "RATE_LIMITED" => refused.hint(HOURLY),
                _ => refused,
            });
        }
        Ok(answer.get_mut("data").map(Value::take).unwrap_or_default())
    }

    fn route(&self, path: &str) -> String {
        if path.is_empty() {
            return format!("/repos/{}/{}", self.owner, self.name);
        }
        format!("/repos/{}/{}/{path}", self.owner, self.name)
    }

    fn refused(&self, tried: &str, error: octocrab::Error) -> Error {
        let what = format!("could not {tried} {}", self.full_name());
        let octocrab::Error::GitHub { source, .. } = &error else {
            return not_github(Error::refused(what), error);
        };
        let code = source.status_code.as_u16();
        let details = source.errors.iter().flatten().filter_map(|error| {
            let message = error.get("message").or_else(|| error.get("code"))?;
            message.as_str()
        });
        let message = std::iter::once(source.message.as_str())
            .chain(details)
            .collect::<Vec<_>>()
            .join(": ");
        let refused = Error::refused(format!("{what}: GitHub answered {code}: {message}"))
            .with_code(code.to_string());
        let used_up = source.headers.as_ref().is_some_and(|headers| {
            let left = headers.get("x-ratelimit-remaining");
            left.is_some_and(|left| left.as_bytes() == b"0")
        });
        let asked = source
            .headers
            .as_ref()
            .and_then(|headers| headers.get("retry-after")?.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        match code {
            401 => refused.hint("The token is not valid; give a current one."),
            403 | 429 if asked.is_some() || message.contains("secondary rate limit") => {
                let wait = asked.unwrap_or(SECONDARY_LIMIT);
                refused.retry_after(wait).hint(format!(
                    "GitHub limits how fast one account may ask. Start this again in {} s.",
                    wait.as_secs()
                ))
            }
            403 | 429 if used_up || message.contains("rate limit exceeded") => {
                refused.with_code("RATE_LIMITED").hint(HOURLY)
            }
            403 | 404 => refused.hint(PERMISSIONS),
            500.. => {
                refused.hint("GitHub has a fault (githubstatus.com says more): start this again.")
            }
            _ => refused,
        }
    }
}

/// Where GraphQL is beside a REST address: on GitHub Enterprise Server that ends in `/api/v3`.
fn graphql_of(api: &str) -> String {
    let api = api.trim_end_matches('/');
    let start = api.strip_suffix("/v3").unwrap_or(api);
    format!("{start}/graphql")
}

/// No answer, or none of GitHub's: with all that caused it, but no web page.
fn not_github(refused: Error, error: octocrab::Error) -> Error {
    let text = error.to_string();
    let lower = text.to_ascii_lowercase();
    let refused = match lower.find("<!doctype").or_else(|| lower.find("<html")) {
        Some(page) => refused.because(format!("{} (a web page)", text[..page].trim_end())),
        None => refused.because(error),
    };
    let hint = http::final_hint(&refused.message()).unwrap_or(
        "GitHub was not reached, or something else answered: check GITHUB_API_URL, HTTPS_PROXY and NO_PROXY, then run the step again.",
    );
    refused.hint(hint)
}

/// Origin and path of an address.
fn split(url: &str) -> Option<(String, String)> {
    let url = reqwest::Url::parse(url)
        .ok()
        .filter(reqwest::Url::has_host)?;
    Some((url.origin().ascii_serialization(), url.path().to_owned()))
}

fn status(error: &octocrab::Error) -> Option<u16> {
    match error {
        octocrab::Error::GitHub { source, .. } => Some(source.status_code.as_u16()),
        _ => None,
    }
}
