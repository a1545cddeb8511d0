//! The front door of the AWS stand-ins: checks the signature, finds the service, records the answer.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::iam::Principal;
use crate::{World, clock, ecr, ecr_public, ecs, logs, s3, sigv4, sts};

/// The code of an error that is none: the request is done, but the connection breaks within the answer.
pub const LOST: &str = "lost";

/// An error as AWS reports it: HTTP status, code, message.
#[derive(Clone, Debug)]
pub struct ApiError {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl ApiError {
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
        }
    }
}

/// An answer whose body is at hand.
pub type Reply = Response<axum::body::Body>;

pub fn router(world: Arc<World>) -> Router {
    Router::new().fallback(move |request: Request<axum::body::Body>| {
        let world = world.clone();
        async move {
            let mut reply = answer(&world, request).await;
            // The time of the answer is simulated, as every time in it is.
            if let Ok(date) = clock::http_date(world.clock.unix()).parse() {
                reply.headers_mut().entry(header::DATE).or_insert(date);
            }
            reply
        }
    })
}

async fn answer(world: &Arc<World>, request: Request<axum::body::Body>) -> Reply {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await.map(|body| body.to_bytes()) else {
        return reply(400, "text/plain", "the request body broke off");
    };
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    match target {
        Some(target) => {
            world.nodes.catch_up(world);
            answer_json(world, &target, &parts, &body).await
        }
        None if is_form(&parts) && !s3::is_meant(&parts) => sts::answer(world, &parts, &body).await,
        None => {
            world.nodes.catch_up(world);
            s3::answer(world, &parts, &body)
        }
    }
}

fn is_form(parts: &Parts) -> bool {
    parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

/// The JSON 1.1 protocol: `X-Amz-Target: Prefix.Operation`, one JSON object each way.
async fn answer_json(world: &Arc<World>, target: &str, parts: &Parts, body: &Bytes) -> Reply {
    let (prefix, operation) = target.split_once('.').unwrap_or((target, ""));
    let service = match prefix {
        "AmazonEC2ContainerRegistry_V20150921" => "ecr",
        "SpencerFrontendService" => "ecr-public",
        "AmazonEC2ContainerServiceV20141113" => "ecs",
        "Logs_20140328" => "logs",
        _ => "unknown",
    };
    let (caller, result) = match sigv4::verify(world, parts, body, service) {
        Err(error) => ("anonymous".to_owned(), Err(error)),
        Ok(caller) => (
            caller.arn.clone(),
            dispatch(world, service, operation, body, &caller).await,
        ),
    };
    let (status, body, detail) = match result {
        Ok(value) => (200, value, String::new()),
        Err(error) if error.code == LOST => {
            let detail = "the answer was lost";
            world
                .journal
                .record(service, operation, caller, 200, detail);
            return broken("application/x-amz-json-1.1");
        }
        Err(error) => (
            error.status,
            json!({"__type": error.code, "message": error.message}),
            format!("{}: {}", error.code, error.message),
        ),
    };
    world
        .journal
        .record(service, operation, caller, status, detail);
    reply(status, "application/x-amz-json-1.1", body.to_string())
}

async fn dispatch(
    world: &Arc<World>,
    service: &str,
    operation: &str,
    body: &Bytes,
    caller: &Principal,
) -> Result<Value, ApiError> {
    let input: Value = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(body)
            .map_err(|error| ApiError::new(400, "SerializationException", error.to_string()))?
    };
    match service {
        "ecr" => ecr::handle(world, operation, &input, caller).await,
        "ecr-public" => ecr_public::handle(world, operation, caller),
        "ecs" => ecs::handle(world, operation, &input, caller).await,
        "logs" => logs::handle(world, operation, &input, caller),
        _ => Err(ApiError::new(
            400,
            "UnknownOperationException",
            "this stand-in has no such service",
        )),
    }
}

/// An answer that ends before its body is through.
pub fn broken(content_type: &str) -> Reply {
    let body = http_body_util::Full::new(Bytes::from_static(b"{\"service\":"));
    let body = axum::body::Body::new(http_body_util::Limited::new(body, 1));
    reply(200, content_type, body)
}

/// An HTTP answer with the headers that every AWS answer has.
pub fn reply(status: u16, content_type: &str, body: impl Into<axum::body::Body>) -> Reply {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Ok(value) = content_type.parse() {
        headers.insert(header::CONTENT_TYPE, value);
    }
    if let Ok(value) = uuid::Uuid::new_v4().to_string().parse() {
        headers.insert("x-amzn-requestid", value);
    }
    response
}
