//! Answers of the REST API: error bodies, links between pages, rate limit.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};

use super::access;
use super::api::{Answer, Failure};
use super::model::Access;
use crate::World;

pub(super) fn parse_query(uri: &Uri) -> Vec<(String, String)> {
    axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map(|query| query.0)
        .unwrap_or_default()
}

/// The HTTP answer, with the headers that every answer of GitHub's has.
pub(super) fn respond(
    world: &World,
    headers: &HeaderMap,
    uri: &Uri,
    result: Result<Answer, Failure>,
) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let retry_after = match &result {
        Err(failure) => failure.retry_after.map(|seconds| seconds.to_string()),
        Ok(_) => None,
    };
    let (status, links, accepted) = match result {
        Err(failure) => {
            *response.body_mut() = Body::from(failure.body().to_string());
            let accepted = failure.lacking.map(|needs| {
                let access = match needs.access {
                    Access::Read => "read",
                    Access::Write => "write",
                };
                format!("{}={access}", needs.permission.replace('-', "_"))
            });
            (failure.status, None, accepted)
        }
        Ok(answer) => {
            if let Some((kind, bytes)) = answer.raw {
                set(&mut response, "content-type", kind);
                *response.body_mut() = Body::from(bytes);
            } else if !answer.body.is_null() {
                *response.body_mut() = Body::from(answer.body.to_string());
            }
            let links = answer.pages.and_then(|pages| links(world, uri, pages));
            (answer.status, links, None)
        }
    };
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    if status != 204 && !response.headers().contains_key("content-type") {
        set(
            &mut response,
            "content-type",
            "application/json; charset=utf-8",
        );
    }
    for (name, value) in [
        ("link", links),
        ("x-accepted-github-permissions", accepted),
        ("retry-after", retry_after),
    ] {
        if let Some(value) = value {
            set(&mut response, name, &value);
        }
    }
    for (name, value) in rate_limit(world, headers) {
        set(&mut response, name, &value);
    }
    let id = uuid::Uuid::new_v4().to_string();
    set(&mut response, "x-github-request-id", &id);
    response
}

fn set(response: &mut Response<Body>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The primary rate limit: 60 requests an hour for nobody, 1000 for `GITHUB_TOKEN`, 5000 for others; it is counted, never enforced.
fn rate_limit(world: &World, headers: &HeaderMap) -> Vec<(&'static str, String)> {
    let token = access::token(headers).unwrap_or_default();
    let identity = world.github.identify(&token);
    let limit: u64 = match identity {
        None => 60,
        Some(identity) if identity.is_job() => 1000,
        Some(_) => 5000,
    };
    let mut state = world.github.state();
    let used = state.used.entry(token).or_default();
    *used += 1;
    let reset = (world.clock.unix() as u64 / 3600 + 1) * 3600;
    vec![
        ("x-ratelimit-limit", limit.to_string()),
        ("x-ratelimit-used", used.to_string()),
        (
            "x-ratelimit-remaining",
            limit.saturating_sub(*used).to_string(),
        ),
        ("x-ratelimit-reset", reset.to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
    ]
}

fn links(world: &World, uri: &Uri, (page, last): (usize, usize)) -> Option<String> {
    let mut targets = Vec::new();
    if page > 1 {
        targets.extend([(1, "first"), (page - 1, "prev")]);
    }
    if page < last {
        targets.extend([(page + 1, "next"), (last, "last")]);
    }
    let rest = parse_query(uri)
        .into_iter()
        .filter(|(name, _)| name != "page")
        .map(|(name, value)| {
            let value =
                percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            format!("{name}={value}&")
        })
        .collect::<String>();
    let links: Vec<String> = targets
        .into_iter()
        .map(|(page, name)| {
            let (base, path) = (&world.urls.github, uri.path());
            format!("<{base}{path}?{rest}page={page}>; rel=\"{name}\"")
        })
        .collect();
    (!links.is_empty()).then(|| links.join(", "))
}
