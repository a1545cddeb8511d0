//! The OCI distribution API: authentication, manifests, tags. Layers and configurations are in `blobs`.
//!
//! Sources: OCI distribution specification 1.1 (routes, headers, error codes); ECR's texts from public issues:
//! jantman and others quote `Not Authorized`, moby/moby#24473 the unknown repository.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::manifest::{New, is_digest, is_tag};
use super::{api, blobs};
use crate::World;
use crate::aws::ApiError;
use crate::iam::Principal;

pub(super) type Reply = Response<Body>;

/// Tags of one page when the caller names no number.
const PAGE: usize = 1000;
/// Bytes of a manifest: shape `ImageManifest` of the ECR API.
const LARGEST_MANIFEST: usize = 4_194_304;

/// A refusal: HTTP status, code of the specification, text.
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }
}

impl From<ApiError> for Refusal {
    /// The registry's word for a refusal of the API.
    fn from(error: ApiError) -> Self {
        let (status, code) = match error.code.as_str() {
            "AccessDeniedException" => (403, "DENIED"),
            "RepositoryNotFoundException" => (404, "NAME_UNKNOWN"),
            "ImageTagAlreadyExistsException" => (400, "TAG_INVALID"),
            "LayersNotFoundException" => (400, "MANIFEST_BLOB_UNKNOWN"),
            "ReferencedImagesNotFoundException" => (400, "MANIFEST_UNKNOWN"),
            "ImageDigestDoesNotMatchException" => (400, "DIGEST_INVALID"),
            _ => (400, "MANIFEST_INVALID"),
        };
        Self::new(status, code, error.message)
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::new(500, "UNKNOWN", error.to_string())
    }
}

/// What a path of the registry means.
pub(super) enum Route<'a> {
    Base,
    Tags(&'a str),
    Manifest(&'a str, &'a str),
    Blob(&'a str, &'a str),
    NewUpload(&'a str),
    Upload(&'a str, &'a str),
    /// A pre-signed address, which carries its own permission.
    Layer,
}

fn route(path: &str) -> Option<Route<'_>> {
    if path.starts_with("/layers/") {
        return Some(Route::Layer);
    }
    let path = path.strip_prefix("/v2")?;
    if path.trim_matches('/').is_empty() {
        return Some(Route::Base);
    }
    let path = path.strip_prefix('/')?;
    if let Some(name) = path.strip_suffix("/tags/list") {
        return Some(Route::Tags(name));
    }
    if let Some(name) = path.trim_end_matches('/').strip_suffix("/blobs/uploads") {
        return Some(Route::NewUpload(name));
    }
    let (front, last) = path.rsplit_once('/')?;
    let (name, kind) = front.rsplit_once('/')?;
    match kind {
        "manifests" => Some(Route::Manifest(name, last)),
        "blobs" => Some(Route::Blob(name, last)),
        "uploads" => Some(Route::Upload(name.strip_suffix("/blobs")?, last)),
        _ => None,
    }
}

pub fn router(world: Arc<World>) -> Router {
    Router::new().fallback(move |request: Request<Body>| {
        let world = world.clone();
        async move { answer(&world, request).await }
    })
}

async fn answer(world: &World, request: Request<Body>) -> Reply {
    let operation = format!("{} {}", request.method(), request.uri().path());
    let path = request.uri().path().to_owned();
    let caller = authenticate(world, &request);
    let name = caller
        .as_ref()
        .map_or_else(|_| "anonymous".to_owned(), |caller| caller.arn.clone());
    let result = match (route(&path), caller) {
        (None, _) => Err(Refusal::new(404, "UNSUPPORTED", "no such route")),
        (Some(Route::Layer), _) => blobs::download(world, request).await,
        (Some(_), Err(reply)) => {
            world
                .journal
                .record("registry", operation, name, reply.status().as_u16(), "");
            return *reply;
        }
        (Some(route), Ok(caller)) => serve(world, &caller, route, request).await,
    };
    let (reply, detail) = match result {
        Ok(reply) => (reply, String::new()),
        Err(refusal) => {
            let detail = format!("{}: {}", refusal.code, refusal.message);
            let body = json!({"errors": [{"code": refusal.code, "message": refusal.message}]});
            (
                respond(
                    refusal.status,
                    &[("content-type", "application/json; charset=utf-8")],
                    body.to_string(),
                ),
                detail,
            )
        }
    };
    let status = reply.status().as_u16();
    world
        .journal
        .record("registry", operation, name, status, detail);
    reply
}

/// An answer with headers. The body of an answer to HEAD is taken off by the server.
pub(super) fn respond(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let known = [("docker-distribution-api-version", "registry/2.0")];
    for (name, value) in known.iter().chain(headers) {
        if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(*name), value.parse()) {
            reply.headers_mut().insert(name, value);
        }
    }
    reply
}

/// The caller whose password stands in the request, else the answer that refuses it.
fn authenticate(world: &World, request: &Request<Body>) -> Result<Principal, Box<Reply>> {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let password = given
        .and_then(|value| STANDARD.decode(value.strip_prefix("Basic ")?).ok())
        .and_then(|bytes| {
            String::from_utf8(bytes)
                .ok()?
                .strip_prefix("AWS:")
                .map(str::to_owned)
        });
    let Some(login) = password.and_then(|password| world.ecr.login(&password)) else {
        let challenge = format!(
            "Basic realm=\"{}/\",service=\"ecr.amazonaws.com\"",
            world.urls.registry
        );
        let headers = [
            ("www-authenticate", challenge.as_str()),
            ("content-type", "text/plain; charset=utf-8"),
        ];
        return Err(Box::new(respond(401, &headers, "Not Authorized\n")));
    };
    if login.expires <= world.clock.unix() {
        let text = "Your authorization token has expired. Reauthenticate and try again.";
        let body = json!({"errors": [{"code": "DENIED", "message": text}]}).to_string();
        return Err(Box::new(respond(
            403,
            &[("content-type", "application/json; charset=utf-8")],
            body,
        )));
    }
    Ok(login.principal)
}

/// Whether the caller may do an ECR action on a repository.
pub(super) fn authorize(
    world: &World,
    caller: &Principal,
    action: &str,
    name: &str,
) -> Result<(), Refusal> {
    Ok(api::authorize(
        world,
        caller,
        action,
        &world.ecr.store.arn(name),
    )?)
}

async fn serve(
    world: &World,
    caller: &Principal,
    route: Route<'_>,
    request: Request<Body>,
) -> Result<Reply, Refusal> {
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    match route {
        Route::Base if reads => Ok(respond(200, &[("content-type", "application/json")], "{}")),
        Route::Tags(name) if reads => tags(world, caller, name, &request),
        Route::Manifest(name, reference) if reads => manifest(world, caller, name, reference),
        Route::Manifest(name, reference) if *request.method() == Method::PUT => {
            put_manifest(world, caller, name, reference, request).await
        }
        Route::Base | Route::Tags(_) | Route::Manifest(..) | Route::Layer => Err(Refusal::new(
            405,
            "UNSUPPORTED",
            "The operation is unsupported.",
        )),
        Route::Blob(..) | Route::NewUpload(_) | Route::Upload(..) => {
            blobs::serve(world, caller, route, request).await
        }
    }
}

fn tags(
    world: &World,
    caller: &Principal,
    name: &str,
    request: &Request<Body>,
) -> Result<Reply, Refusal> {
    authorize(world, caller, "ListImages", name)?;
    let query = |wanted: &str| {
        let pairs = request.uri().query().unwrap_or("").split('&');
        pairs
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
    };
    let size = query("n")
        .and_then(|n| n.parse::<usize>().ok())
        .unwrap_or(PAGE)
        .min(PAGE);
    let last = query("last").unwrap_or("");
    let all: Vec<String> = world.ecr.store.read(name, |repository| {
        repository
            .tags
            .keys()
            .filter(|tag| tag.as_str() > last)
            .cloned()
            .collect()
    })?;
    let page = &all[..size.min(all.len())];
    let body = json!({"name": name, "tags": page}).to_string();
    let json = ("content-type", "application/json");
    Ok(match page.last().filter(|_| page.len() < all.len()) {
        None => respond(200, &[json], body),
        Some(last) => {
            let link = format!("</v2/{name}/tags/list?n={size}&last={last}>; rel=\"next\"");
            respond(200, &[json, ("link", &link)], body)
        }
    })
}

fn manifest(
    world: &World,
    caller: &Principal,
    name: &str,
    reference: &str,
) -> Result<Reply, Refusal> {
    authorize(world, caller, "BatchGetImage", name)?;
    let found = world.ecr.store.manifest(name, reference)?;
    let (digest, manifest) =
        found.ok_or_else(|| Refusal::new(404, "MANIFEST_UNKNOWN", "Requested image not found"))?;
    let headers = [
        ("content-type", manifest.media_type.as_str()),
        ("docker-content-digest", &digest),
    ];
    Ok(respond(200, &headers, manifest.text))
}

async fn put_manifest(
    world: &World,
    caller: &Principal,
    name: &str,
    reference: &str,
    request: Request<Body>,
) -> Result<Reply, Refusal> {
    authorize(world, caller, "PutImage", name)?;
    if !is_digest(reference) && !is_tag(reference) {
        return Err(Refusal::new(
            400,
            "TAG_INVALID",
            format!("Invalid image tag '{reference}'"),
        ));
    }
    let (parts, body) = request.into_parts();
    let media_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let bytes = http_body_util::Limited::new(body, LARGEST_MANIFEST)
        .collect()
        .await
        .map_err(|error| Refusal::new(400, "MANIFEST_INVALID", error.to_string()))?
        .to_bytes();
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Refusal::new(400, "MANIFEST_INVALID", "the manifest is not UTF-8"))?;
    let by_digest = is_digest(reference);
    let new = New {
        text,
        media_type,
        tag: (!by_digest).then_some(reference),
        digest: by_digest.then_some(reference),
    };
    let digest = match world.ecr.store.put_image(name, &new, world.clock.unix()) {
        Ok(digest) => digest,
        Err(error) if error.code == "ImageAlreadyExistsException" => {
            super::manifest::sha256(&bytes)
        }
        Err(error) => return Err(error.into()),
    };
    let location = format!("/v2/{name}/manifests/{digest}");
    let mut headers = vec![
        ("location", location.as_str()),
        ("docker-content-digest", digest.as_str()),
    ];
    // A client learns by this header that it need not keep a list of what refers to an image.
    let subject = serde_json::from_str::<Value>(text).ok();
    let subject =
        subject.and_then(|value| Some(value.pointer("/subject/digest")?.as_str()?.to_owned()));
    if let Some(subject) = &subject {
        headers.push(("oci-subject", subject));
    }
    Ok(respond(201, &headers, Body::empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_slashes_and_words_of_the_routes() {
        assert!(matches!(route("/v2/"), Some(Route::Base)));
        assert!(matches!(
            route("/v2/a/b/tags/list"),
            Some(Route::Tags("a/b"))
        ));
        assert!(matches!(
            route("/v2/a/blobs/manifests/1.0"),
            Some(Route::Manifest("a/blobs", "1.0"))
        ));
        assert!(matches!(
            route("/v2/a/blobs/uploads/"),
            Some(Route::NewUpload("a"))
        ));
        assert!(matches!(
            route("/v2/a/blobs/uploads/7"),
            Some(Route::Upload("a", "7"))
        ));
        assert!(matches!(
            route("/v2/a/blobs/sha256:0"),
            Some(Route::Blob("a", "sha256:0"))
        ));
        assert!(route("/v3/").is_none());
    }
}
