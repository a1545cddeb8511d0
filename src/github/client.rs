//! octocrab, bound to one repository.

use octocrab::{Octocrab, OctocrabBuilder};
use serde_json::{Value, json};

use crate::action::Context;
use crate::error::{Error, Result};
use crate::http;
use crate::runner::Secret;

/// One repository of one GitHub.
pub struct Repository {
    pub owner: String,
    pub name: String,
    octocrab: Octocrab,
    graphql: String,
}

/// The token to work with: the input, else `GITHUB_TOKEN`, else `GH_TOKEN`. On GitHub there must be one.
pub fn token(context: &Context, input: Option<&str>) -> Result<Secret> {
    input
        .or_else(|| context.env.get("GITHUB_TOKEN"))
        .or_else(|| context.env.get("GH_TOKEN"))
        .map(|token| context.runner.secret(token))
        .ok_or_else(|| {
            Error::usage("no GitHub token").hint(if context.runner.on_github() {
                "Give the input `token`, for example `token: ${{ github.token }}`."
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
        let (owner, name) = full_name
            .split_once('/')
            .filter(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'))
            .ok_or_else(|| Error::usage(format!("{full_name:?} is no repository as owner/name")))?;
        let api = context
            .env
            .get("GITHUB_API_URL")
            .unwrap_or("https://api.github.com");
        let graphql = context
            .env
            .get("GITHUB_GRAPHQL_URL")
            .map_or_else(|| format!("{api}/graphql"), str::to_owned);
        let octocrab = OctocrabBuilder::default()
            .base_uri(format!("{}/", api.trim_end_matches('/')))
            .map_err(|error| Error::usage(format!("GITHUB_API_URL is {api:?}")).because(error))?
            .personal_token(token.expose().to_owned())
            .build_with_reqwest(http::client()?)
            .map_err(|error| Error::bug("could not set up the GitHub client").because(error))?;
        Ok(Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
            octocrab,
            graphql,
        })
    }

    /// `owner/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// `GET /repos/{owner}/{repo}/{path}`; `None` if there is no such thing.
    pub async fn get(&self, path: &str) -> Result<Option<Value>> {
        match self.octocrab.get(self.route(path), None::<&()>).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(self.refused(&format!("read {path} of"), error)),
        }
    }

    /// `POST /repos/{owner}/{repo}/{path}`.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.octocrab
            .post(self.route(path), Some(body))
            .await
            .map_err(|error| self.refused(&format!("write {path} of"), error))
    }

    /// `PATCH /repos/{owner}/{repo}/{path}`.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.octocrab
            .patch(self.route(path), Some(body))
            .await
            .map_err(|error| self.refused(&format!("change {path} of"), error))
    }

    /// A GraphQL request; the error has the `type` of GitHub's first error as its code.
    pub async fn graphql(&self, tried: &str, query: &str, variables: Value) -> Result<Value> {
        let body = json!({"query": query, "variables": variables});
        let mut answer: Value = self
            .octocrab
            .post(self.graphql.as_str(), Some(&body))
            .await
            .map_err(|error| self.refused(tried, error))?;
        if let Some(error) = answer.pointer("/errors/0") {
            let text = |field: &str| error.get(field).and_then(Value::as_str).unwrap_or("");
            return Err(Error::refused(format!(
                "could not {tried} {}: GitHub answered {}",
                self.full_name(),
                text("message")
            ))
            .with_code(text("type")));
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
            return Error::refused(what).because(error);
        };
        let code = source.status_code.as_u16();
        let refused = Error::refused(format!(
            "{what}: GitHub answered {code}: {}",
            source.message
        ))
        .with_code(code.to_string());
        match code {
            401 => refused.hint("The token is not valid; give a current one."),
            403 | 404 => refused.hint(
                "The token may lack a permission: `permissions:` of the job needs `contents: write` and \
                 `pull-requests: write` for what this action writes.",
            ),
            _ => refused,
        }
    }
}

fn status(error: &octocrab::Error) -> Option<u16> {
    match error {
        octocrab::Error::GitHub { source, .. } => Some(source.status_code.as_u16()),
        _ => None,
    }
}
