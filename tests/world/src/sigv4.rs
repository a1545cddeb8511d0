//! Signature Version 4: who signed a request.
//!
//! Source: "Create a signed AWS API request" in the AWS IAM user guide, November 2026.

use axum::body::Bytes;
use axum::http::request::Parts;
use hmac::{Hmac, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::World;
use crate::aws::ApiError;
use crate::iam::Principal;

/// Characters that RFC 3986 does not reserve are never encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The parts of the `Authorization` header.
struct Authorization<'a> {
    access_key: &'a str,
    scope: Vec<&'a str>,
    signed_headers: &'a str,
    signature: &'a str,
}

/// What a verified signature leaves for the parts of a body that are signed one by one.
pub(crate) struct Signed {
    pub(crate) principal: Principal,
    pub(crate) region: String,
    key: Vec<u8>,
    /// Date and scope, as the second and third line of what is signed.
    head: String,
    pub(crate) signature: String,
}

impl Signed {
    #[cfg(test)]
    pub(crate) fn of_example(secret: &str, time: &str, scope: [&str; 4], signature: &str) -> Self {
        Self {
            principal: Principal {
                arn: String::new(),
                role: String::new(),
            },
            region: scope[1].to_owned(),
            key: signing_key(secret, &scope),
            head: format!("{time}\n{}", scope.join("/")),
            signature: signature.to_owned(),
        }
    }

    /// The signature of a part of the body: `kind`, date, scope, then `lines`.
    pub(crate) fn of_part(&self, kind: &str, lines: &[&str]) -> String {
        hex(&hmac(
            &self.key,
            &format!("{kind}\n{}\n{}", self.head, lines.join("\n")),
        ))
    }
}

/// The caller whose secret key signed the request.
pub fn verify(
    world: &World,
    parts: &Parts,
    body: &Bytes,
    service: &str,
) -> Result<Principal, ApiError> {
    verify_request(world, parts, body, service).map(|signed| signed.principal)
}

pub(crate) fn verify_request(
    world: &World,
    parts: &Parts,
    body: &Bytes,
    service: &str,
) -> Result<Signed, ApiError> {
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let authorization = header("authorization").and_then(parse).ok_or_else(|| {
        ApiError::new(
            if service == "s3" { 403 } else { 400 },
            if service == "s3" {
                "AccessDenied"
            } else {
                "MissingAuthenticationTokenException"
            },
            "Missing Authentication Token",
        )
    })?;
    let session = world
        .iam
        .find_session(authorization.access_key)
        .filter(|session| header("x-amz-security-token") == Some(session.token.as_str()))
        .ok_or_else(|| {
            let (status, code) = match service {
                "s3" => (403, "InvalidAccessKeyId"),
                "sts" => (403, "InvalidClientTokenId"),
                _ => (400, "UnrecognizedClientException"),
            };
            ApiError::new(
                status,
                code,
                "The security token included in the request is invalid.",
            )
        })?;
    if session.expires <= world.clock.unix() {
        let (status, code) = match service {
            "s3" => (400, "ExpiredToken"),
            "sts" => (403, "ExpiredToken"),
            _ => (400, "ExpiredTokenException"),
        };
        return Err(ApiError::new(
            status,
            code,
            "The security token included in the request is expired",
        ));
    }
    let expected = signature(&authorization, &session.secret, parts, body);
    let Some((key, head)) = expected
        .filter(|(_, _, signature)| signature == authorization.signature)
        .map(|(key, head, _)| (key, head))
    else {
        let status = if service == "s3" { 403 } else { 400 };
        let code = if service == "s3" {
            "SignatureDoesNotMatch"
        } else {
            "InvalidSignatureException"
        };
        return Err(ApiError::new(
            status,
            code,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        ));
    };
    Ok(Signed {
        principal: session.principal,
        region: authorization.scope[1].to_owned(),
        key,
        head,
        signature: authorization.signature.to_owned(),
    })
}

fn parse(text: &str) -> Option<Authorization<'_>> {
    let fields = text.strip_prefix("AWS4-HMAC-SHA256")?;
    let field = |name: &str| {
        fields
            .split(',')
            .find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let mut scope: Vec<&str> = field("Credential")?.split('/').collect();
    (scope.len() == 5).then_some(())?;
    Some(Authorization {
        access_key: scope.remove(0),
        scope,
        signed_headers: field("SignedHeaders")?,
        signature: field("Signature")?,
    })
}

/// The signing key, date and scope, and the signature of the request.
fn signature(
    authorization: &Authorization<'_>,
    secret: &str,
    parts: &Parts,
    body: &Bytes,
) -> Option<(Vec<u8>, String, String)> {
    let header = |name: &str| {
        let values: Vec<&str> = parts
            .headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .map(str::trim)
            .collect();
        (!values.is_empty()).then(|| values.join(","))
    };
    let payload = header("x-amz-content-sha256").unwrap_or_else(|| hex(&Sha256::digest(body)));
    let mut canonical = format!(
        "{}\n{}\n{}\n",
        parts.method,
        path(parts, authorization),
        query(parts)
    );
    for name in authorization.signed_headers.split(';') {
        canonical += &format!("{name}:{}\n", header(name)?);
    }
    canonical += &format!("\n{}\n{payload}", authorization.signed_headers);
    let head = format!(
        "{}\n{}",
        header("x-amz-date")?,
        authorization.scope.join("/")
    );
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{head}\n{}",
        hex(&Sha256::digest(canonical))
    );
    let key = signing_key(secret, &authorization.scope);
    let signature = hex(&hmac(&key, &to_sign));
    Some((key, head, signature))
}

/// The key of one scope: date, region, service, `aws4_request`.
fn signing_key(secret: &str, scope: &[&str]) -> Vec<u8> {
    scope
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| {
            hmac(&key, part)
        })
}

/// The path as it is signed: S3 encodes it once, every other service twice.
fn path(parts: &Parts, authorization: &Authorization<'_>) -> String {
    let path = parts.uri.path();
    if authorization.scope[2] == "s3" {
        return path.to_owned();
    }
    path.split('/')
        .map(|segment| utf8_percent_encode(segment, ENCODED).to_string())
        .collect::<Vec<_>>()
        .join("/")
}

fn query(parts: &Parts) -> String {
    let mut pairs: Vec<(String, String)> = parts
        .uri
        .query()
        .unwrap_or("")
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (recode(name), recode(value))
        })
        .collect();
    pairs.sort();
    pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

fn recode(text: &str) -> String {
    let plain: Vec<u8> = percent_decode_str(text).collect();
    percent_encoding::percent_encode(&plain, ENCODED).to_string()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
