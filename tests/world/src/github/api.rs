//! What all REST endpoints have in common: authentication, errors, pages, headers, the record.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, OriginalUri, RawPathParams, Request};
use axum::handler::Handler;
use axum::http::{HeaderMap, Method, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::access::{self, Needs};
use super::model::{Identity, Repository};
use super::record::{Recorded, WRONG};
use super::respond::{parse_query, respond};
use super::state::GitHub;
use crate::World;

/// A refusal as GitHub words it.
#[derive(Clone, Debug)]
pub struct Failure {
    pub status: u16,
    pub message: String,
    pub errors: Vec<Value>,
    pub(super) lacking: Option<Needs>,
    /// Seconds of `retry-after`.
    pub(super) retry_after: Option<u64>,
}

impl Failure {
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            errors: Vec::new(),
            lacking: None,
            retry_after: None,
        }
    }

    pub fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// 422 with one entry in `errors`.
    pub fn invalid(error: Value) -> Self {
        Self {
            errors: vec![error],
            ..Self::new(422, "Validation Failed")
        }
    }

    /// 422 for a field that is missing or has the wrong type.
    pub fn field(resource: &str, field: &str, code: &str) -> Self {
        Self::invalid(json!({"resource": resource, "field": field, "code": code}))
    }

    /// What GitHub sends.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": self.status.to_string(),
        });
        if !self.errors.is_empty() {
            body["errors"] = self.errors.clone().into();
        }
        body
    }

    pub(super) fn lacking(mut self, needs: Needs) -> Self {
        self.lacking = Some(needs);
        self
    }
}

impl From<super::git::GitError> for Failure {
    fn from(error: super::git::GitError) -> Self {
        Self::new(422, error.0)
    }
}

/// A granted request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// Sent instead of `body`: content type and bytes.
    pub raw: Option<(&'static str, Vec<u8>)>,
    /// Number of the page and whether there are more pages than it, up to which.
    pub(super) pages: Option<(usize, usize)>,
}

impl Answer {
    pub fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            body,
            raw: None,
            pages: None,
        }
    }

    pub fn ok(body: Value) -> Result<Self, Failure> {
        Ok(Self::new(200, body))
    }

    pub fn created(body: Value) -> Result<Self, Failure> {
        Ok(Self::new(201, body))
    }

    pub fn empty() -> Result<Self, Failure> {
        Ok(Self::new(204, Value::Null))
    }
}

/// One request to one endpoint, after authentication and the check of permissions.
pub struct Call {
    pub world: Arc<World>,
    pub identity: Identity,
    pub params: BTreeMap<String, String>,
    pub query: Vec<(String, String)>,
    pub body: Value,
    pub accept: String,
    repository: Option<Repository>,
}

impl Call {
    pub fn github(&self) -> &GitHub {
        &self.world.github
    }

    /// The repository of the path.
    pub fn repository(&self) -> Result<&Repository, Failure> {
        self.repository.as_ref().ok_or_else(Failure::not_found)
    }

    /// A parameter of the path; empty if the route has none of that name.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A number in the path.
    pub fn number(&self, name: &str) -> Result<u64, Failure> {
        self.param(name).parse().map_err(|_| Failure::not_found())
    }

    /// A parameter of the query string.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A text of the body that must be there.
    pub fn text(&self, field: &str) -> Result<&str, Failure> {
        self.optional(field)?.ok_or_else(|| {
            Failure::new(
                422,
                format!("Invalid request.\n\n\"{field}\" wasn't supplied."),
            )
        })
    }

    /// A text of the body, if it is there.
    pub fn optional(&self, field: &str) -> Result<Option<&str>, Failure> {
        match self.body.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(Failure::new(
                422,
                format!("Invalid request.\n\nFor 'properties/{field}', {other} is not a string."),
            )),
        }
    }

    /// A flag of the body; `false` if it is not there.
    pub fn flag(&self, field: &str) -> bool {
        self.body
            .get(field)
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    /// `page` and `per_page` (at most 100, by default 30), counted from 1.
    pub fn page(&self) -> (usize, usize) {
        let number = |name| self.query(name).and_then(|value| value.parse().ok());
        let per_page = number("per_page").unwrap_or(30).clamp(1, 100);
        (number("page").unwrap_or(1).max(1), per_page)
    }

    /// One page of a list, with links to the others.
    pub fn pages(&self, items: Vec<Value>) -> Answer {
        self.pages_in(items, |items| items)
    }

    /// As [`Call::pages`], inside an object with `total_count`.
    pub fn pages_named(&self, name: &str, items: Vec<Value>) -> Answer {
        let total = items.len();
        self.pages_in(items, |items| json!({"total_count": total, name: items}))
    }

    fn pages_in(&self, items: Vec<Value>, shape: impl FnOnce(Value) -> Value) -> Answer {
        let (page, per_page) = self.page();
        let last = items.len().div_ceil(per_page).max(1);
        let chosen: Vec<Value> = items
            .into_iter()
            .skip((page - 1).saturating_mul(per_page))
            .take(per_page)
            .collect();
        Answer {
            pages: Some((page, last)),
            ..Answer::new(200, shape(Value::from(chosen)))
        }
    }
}

/// An axum handler from an endpoint and the permission that it asks for. A path with an owner and a repository is
/// checked before the endpoint sees it.
pub fn endpoint<F, Fut>(needs: Needs, handle: F) -> impl Handler<((),), Arc<World>>
where
    F: Fn(Call) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer, Failure>> + Send,
{
    Endpoint { needs, handle }
}

#[derive(Clone)]
struct Endpoint<F> {
    needs: Needs,
    handle: F,
}

impl<F, Fut> Handler<((),), Arc<World>> for Endpoint<F>
where
    F: Fn(Call) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer, Failure>> + Send,
{
    type Future = std::pin::Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

    fn call(self, request: Request, world: Arc<World>) -> Self::Future {
        Box::pin(async move { answer(world, self.needs, self.handle, request).await })
    }
}

async fn answer<F, Fut>(
    world: Arc<World>,
    needs: Needs,
    handle: F,
    request: Request,
) -> Response<Body>
where
    F: Fn(Call) -> Fut,
    Fut: Future<Output = Result<Answer, Failure>> + Send,
{
    use axum::RequestExt;
    let mut request = request;
    let params: BTreeMap<String, String> = match request.extract_parts::<RawPathParams>().await {
        Ok(params) => params
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        Err(_) => BTreeMap::new(),
    };
    let template = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().replace("{*", "{"))
        .unwrap_or_default();
    let template = below_api(&template).to_owned();
    let (mut parts, body) = request.into_parts();
    // Within a nested router, a request has the rest of its path only.
    if let Some(OriginalUri(uri)) = parts.extensions.get() {
        parts.uri = uri.clone();
    }
    let body = body.collect().await.map(|body| body.to_bytes());
    let query = parse_query(&parts.uri);
    let called = prepare(&world, needs, &parts.headers, params, query.clone(), body);
    let called = match too_fast(&world, &parts.method, &template) {
        Some(failure) => called.map(|(caller, body, _)| (caller, body, Err(failure))),
        None => called,
    };
    let (caller, body, result) = match called {
        Err(failure) => ("anonymous".to_owned(), Value::Null, Err(failure)),
        Ok((caller, body, Err(failure))) => (caller, body, Err(failure)),
        Ok((caller, body, Ok(call))) => (caller, body, handle(call).await),
    };
    let (status, detail) = match &result {
        Ok(answer) => (answer.status, String::new()),
        Err(failure) => (failure.status, failure.message.clone()),
    };
    let path = below_api(parts.uri.path());
    let operation = format!("{} {template}", parts.method);
    world
        .journal
        .record("github", operation, caller.as_str(), status, detail);
    world.github.recorder.write(|| Recorded {
        method: parts.method.as_str(),
        path,
        query: &query,
        body: &body,
        status,
        response: match &result {
            Ok(answer) => answer.body.clone(),
            Err(failure) => failure.body(),
        },
        raw: result.as_ref().is_ok_and(|answer| answer.raw.is_some()),
        caller: &caller,
        wrong: parts.headers.contains_key(WRONG),
    });
    respond(&world, &parts.headers, &parts.uri, result)
}

/// A path as GitHub's description writes it.
fn below_api(path: &str) -> &str {
    let path = path.strip_prefix("/api").unwrap_or(path);
    path.strip_prefix("/v3").unwrap_or(path)
}

/// The secondary rate limit, if a test asked for it. Source: "Rate limits for the REST API" in GitHub's documentation,
/// November 2026.
fn too_fast(world: &World, method: &Method, template: &str) -> Option<Failure> {
    let mut state = world.github.state();
    let (left, seconds) = &mut state.slow_down;
    if *left == 0 || *method == Method::GET || template == "/graphql" {
        return None;
    }
    *left -= 1;
    let text =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let mut failure = Failure::new(403, text);
    failure.retry_after = Some(*seconds);
    Some(failure)
}

type Prepared = (String, Value, Result<Call, Failure>);

fn prepare(
    world: &Arc<World>,
    needs: Needs,
    headers: &HeaderMap,
    params: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    body: Result<Bytes, axum::Error>,
) -> Result<Prepared, Failure> {
    let bytes = body.map_err(|_| Failure::new(400, "The request body broke off"))?;
    let body = match &bytes[..] {
        [] => Value::Null,
        bytes => {
            serde_json::from_slice(bytes).map_err(|_| Failure::new(400, "Problems parsing JSON"))?
        }
    };
    let identity = match access::identify(&world.github, headers) {
        Ok(identity) => identity,
        Err(failure) => return Ok(("anonymous".to_owned(), body, Err(failure))),
    };
    let caller = identity.describe();
    let accept = headers
        .get("accept")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let repository = match (params.get("owner"), params.get("repo")) {
        (Some(owner), Some(repo)) => {
            let found = world.github.repository(&format!("{owner}/{repo}"));
            let checked = found
                .ok_or_else(Failure::not_found)
                .and_then(|found| access::check(&identity, &found, needs).map(|()| found));
            match checked {
                Ok(found) => Some(found),
                Err(failure) => return Ok((caller, body, Err(failure))),
            }
        }
        _ => None,
    };
    let call = Call {
        world: world.clone(),
        identity,
        params,
        query,
        body: body.clone(),
        accept,
        repository,
    };
    Ok((caller, body, Ok(call)))
}
