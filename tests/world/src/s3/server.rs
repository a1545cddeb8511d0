//! S3 over HTTP: REST with XML, in the path style.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use axum::http::request::Parts;
use serde_json::Value;

use super::request::{Operation, Request};
use super::xml::{document, element, iso_time};
use super::{listing, objects, payload, xml};
use crate::World;
use crate::aws::{ApiError, Reply, reply};
use crate::iam::{Context, Denial, Principal};
use crate::sigv4;

/// An answer before it is one: status, headers, body.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub(super) fn xml(body: String) -> Self {
        Self {
            body: Bytes::from(body),
            ..Self::empty(200)
        }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Whether a request is signed for S3.
pub fn is_meant(parts: &Parts) -> bool {
    parts
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("/s3/aws4_request"))
}

/// Answers a request to S3.
pub fn answer(world: &Arc<World>, parts: &Parts, body: &Bytes) -> Reply {
    let mut caller = "anonymous".to_owned();
    let (operation, result) = match Request::of(parts) {
        Ok(request) => {
            let operation = format!("{:?}", request.operation);
            let result = handle(world, &request, parts, body, &mut caller);
            (operation, result.map_err(|error| (error, Some(request))))
        }
        Err(error) => (
            format!("{} {}", parts.method, parts.uri.path()),
            Err((error, None)),
        ),
    };
    let id = uuid::Uuid::new_v4().simple().to_string()[..16].to_uppercase();
    let (answer, detail) = match result {
        Ok(answer) => (answer, String::new()),
        Err((error, request)) => {
            let detail = format!("{}: {}", error.code, error.message);
            (refusal(world, parts, &error, request.as_ref(), &id), detail)
        }
    };
    world
        .journal
        .record("s3", operation, caller, answer.status, detail);
    let mut response = reply(answer.status, "application/xml", answer.body);
    let headers = response.headers_mut();
    headers.remove("x-amzn-requestid");
    for (name, value) in answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain([
            ("x-amz-request-id", id.as_str()),
            ("x-amz-id-2", "c3RhbmQtaW4="),
            ("server", "AmazonS3"),
        ])
    {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(value.as_bytes()),
        ) {
            headers.insert(name, value);
        }
    }
    response
}

/// An error in S3's XML; an answer to HEAD has no body.
fn refusal(
    world: &World,
    parts: &Parts,
    error: &ApiError,
    request: Option<&Request<'_>>,
    id: &str,
) -> Answer {
    let bucket = request.map_or("", |request| request.bucket.as_str());
    let key = request.map_or("", |request| request.key.as_str());
    let region = world.s3.region_of(bucket);
    let mut inner = element("Code", &error.code) + &element("Message", &error.message);
    match error.code.as_str() {
        "NoSuchKey" => inner += &element("Key", key),
        "NoSuchBucket" | "BucketAlreadyOwnedByYou" => inner += &element("BucketName", bucket),
        "AuthorizationHeaderMalformed" => {
            inner += &element("Region", region.as_deref().unwrap_or(""));
        }
        "PermanentRedirect" => {
            let region = region.as_deref().unwrap_or("");
            let endpoint = format!("{bucket}.s3.{region}.amazonaws.com");
            inner += &(element("Endpoint", &endpoint) + &element("Bucket", bucket));
        }
        _ => {}
    }
    inner += &(element("RequestId", id) + &element("HostId", "c3RhbmQtaW4="));
    let mut answer = Answer::empty(error.status);
    if parts.method != axum::http::Method::HEAD {
        answer.body = Bytes::from(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>{inner}</Error>"
        ));
    }
    match region {
        Some(region) => answer.with("x-amz-bucket-region", region),
        None => answer,
    }
}

fn handle(
    world: &Arc<World>,
    request: &Request<'_>,
    parts: &Parts,
    body: &Bytes,
    caller: &mut String,
) -> Result<Answer, ApiError> {
    let signed = sigv4::verify_request(world, parts, body, "s3")?;
    caller.clone_from(&signed.principal.arn);
    let payload = payload::read(parts, body, &signed)?;
    let access = Access {
        world,
        caller: &signed.principal,
        request,
    };
    let arn = format!("arn:aws:s3:::{}", request.bucket);
    match request.operation {
        Operation::ListBuckets => {
            access.check("s3:ListAllMyBuckets", "*")?;
            return Ok(list_buckets(world));
        }
        Operation::CreateBucket => {
            access.check("s3:CreateBucket", &arn)?;
            return create_bucket(world, &request.bucket, &signed.region, &payload.body);
        }
        _ => {}
    }
    check_region(world, &request.bucket, &signed.region)?;
    match request.operation {
        Operation::HeadBucket => {
            access.check(request.operation.action(), &arn)?;
            let region = world.s3.region_of(&request.bucket).unwrap_or_default();
            Ok(Answer::empty(200).with("x-amz-bucket-region", region))
        }
        Operation::GetBucketLocation => {
            access.check(request.operation.action(), &arn)?;
            let region = world.s3.region_of(&request.bucket).unwrap_or_default();
            let text = if region == "us-east-1" { "" } else { &region };
            Ok(Answer::xml(document(
                "LocationConstraint",
                &xml::escape(text),
            )))
        }
        Operation::ListObjects | Operation::ListObjectsV2 => {
            access.check(request.operation.action(), &arn)?;
            let buckets = world.s3.buckets();
            let bucket = buckets.get(&request.bucket).ok_or_else(no_such_bucket)?;
            listing::answer(request, bucket).map(Answer::xml)
        }
        _ => objects::answer(&access, payload),
    }
}

/// Who asks for what.
pub(super) struct Access<'a> {
    pub(super) world: &'a World,
    pub(super) caller: &'a Principal,
    pub(super) request: &'a Request<'a>,
}

impl Access<'_> {
    /// Whether the caller's role and the bucket's policy together allow `action` on `resource`.
    pub(super) fn check(&self, action: &str, resource: &str) -> Result<(), ApiError> {
        let policy = self.policy_of(resource);
        // HeadBucket is ListBucket without a prefix: a condition on the prefix denies it.
        let context: Context = ["prefix", "delimiter", "max-keys"]
            .into_iter()
            .filter_map(|name| {
                let value = self.request.parameter(name)?;
                Some((format!("s3:{name}"), value.to_owned()))
            })
            .collect();
        let reason =
            match self
                .world
                .iam
                .judge(self.caller, action, resource, policy.as_ref(), &context)
            {
                Ok(()) => return Ok(()),
                Err(Denial::ByIdentity) => {
                    "with an explicit deny in an identity-based policy".to_owned()
                }
                Err(Denial::ByResource) => {
                    "with an explicit deny in a resource-based policy".to_owned()
                }
                Err(Denial::Unallowed) => {
                    format!("because no identity-based policy allows the {action} action")
                }
            };
        Err(ApiError::new(
            403,
            "AccessDenied",
            format!(
                "User: {} is not authorized to perform: {action} on resource: \"{resource}\" {reason}",
                self.caller.arn
            ),
        ))
    }

    fn policy_of(&self, resource: &str) -> Option<Value> {
        let bucket = resource.strip_prefix("arn:aws:s3:::")?;
        let bucket = bucket.split_once('/').map_or(bucket, |(bucket, _)| bucket);
        self.world.s3.policy(bucket)
    }
}

pub(super) fn no_such_bucket() -> ApiError {
    ApiError::new(404, "NoSuchBucket", "The specified bucket does not exist")
}

/// A client that signs for another region talks to that region's endpoint.
fn check_region(world: &World, bucket: &str, signed_for: &str) -> Result<(), ApiError> {
    let region = world.s3.region_of(bucket).ok_or_else(no_such_bucket)?;
    if region == signed_for {
        return Ok(());
    }
    if signed_for == "us-east-1" {
        return Err(ApiError::new(
            400,
            "AuthorizationHeaderMalformed",
            format!(
                "The authorization header is malformed; the region 'us-east-1' is wrong; expecting '{region}'"
            ),
        ));
    }
    Err(ApiError::new(
        301,
        "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future \
         requests to this endpoint.",
    ))
}

fn list_buckets(world: &World) -> Answer {
    let buckets = world.s3.buckets();
    let inner: String = buckets
        .iter()
        .map(|(name, bucket)| {
            let inner = element("Name", name) + &element("CreationDate", &iso_time(bucket.created));
            format!("<Bucket>{inner}</Bucket>")
        })
        .collect();
    Answer::xml(document(
        "ListAllMyBucketsResult",
        &format!("<Buckets>{inner}</Buckets>"),
    ))
}

fn create_bucket(
    world: &World,
    name: &str,
    signed_for: &str,
    body: &Bytes,
) -> Result<Answer, ApiError> {
    let refused = |status, code: &str, message: &str| Err(ApiError::new(status, code, message));
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if !(3..=63).contains(&name.len()) || !name.chars().all(legal) {
        return refused(
            400,
            "InvalidBucketName",
            "The specified bucket is not valid.",
        );
    }
    let text = String::from_utf8_lossy(body);
    let constraint = xml::texts(&text, "LocationConstraint").into_iter().next();
    let wanted = constraint.as_deref().unwrap_or("us-east-1");
    if wanted != signed_for || wanted != world.s3.region {
        let named = constraint.as_deref().unwrap_or("unspecified");
        return refused(
            400,
            "IllegalLocationConstraintException",
            &format!(
                "The {named} location constraint is incompatible for the region specific endpoint this request was sent \
                 to."
            ),
        );
    }
    if world.s3.has_bucket(name) {
        return refused(
            409,
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
        );
    }
    world.s3.create(name, world.clock.unix());
    Ok(Answer::empty(200).with("location", format!("/{name}")))
}
