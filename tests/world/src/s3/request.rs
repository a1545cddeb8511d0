//! What a request asks for.

use std::collections::BTreeMap;

use axum::http::Method;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::aws::ApiError;

/// Operations of the S3 API that are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    ListBuckets,
    CreateBucket,
    HeadBucket,
    GetBucketLocation,
    ListObjects,
    ListObjectsV2,
    DeleteObjects,
    GetObject,
    HeadObject,
    PutObject,
    CopyObject,
    DeleteObject,
}

impl Operation {
    /// The IAM action that the operation needs; `DeleteObjects` needs it for each key, `CopyObject` for the copy.
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::ListBuckets => "s3:ListAllMyBuckets",
            Self::CreateBucket => "s3:CreateBucket",
            Self::HeadBucket | Self::ListObjects | Self::ListObjectsV2 => "s3:ListBucket",
            Self::GetBucketLocation => "s3:GetBucketLocation",
            Self::GetObject | Self::HeadObject => "s3:GetObject",
            Self::PutObject | Self::CopyObject => "s3:PutObject",
            Self::DeleteObject | Self::DeleteObjects => "s3:DeleteObject",
        }
    }
}

/// A request in the path style.
pub(super) struct Request<'a> {
    pub(super) operation: Operation,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) query: BTreeMap<String, String>,
    parts: &'a Parts,
}

/// Parameters that change no operation into another one that is not here.
const KNOWN: [&str; 13] = [
    "list-type",
    "prefix",
    "delimiter",
    "marker",
    "max-keys",
    "encoding-type",
    "continuation-token",
    "start-after",
    "fetch-owner",
    "location",
    "delete",
    "x-id",
    "max-buckets",
];
/// Headers whose meaning is not here: to overlook them would be to lie.
const UNKNOWN_HEADERS: [&str; 6] = [
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "range",
    "x-amz-copy-source-if-match",
];

impl<'a> Request<'a> {
    pub(super) fn of(parts: &'a Parts) -> Result<Self, ApiError> {
        let path = parts.uri.path().trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let query: BTreeMap<String, String> = parts
            .uri
            .query()
            .unwrap_or("")
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(name), decode(value))
            })
            .collect();
        let missing = |what: &str| {
            ApiError::new(
                501,
                "NotImplemented",
                format!(
                    "A header or parameter you provided implies functionality that is not implemented: {what}"
                ),
            )
        };
        if let Some(name) = query.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(missing(name));
        }
        if let Some(name) = UNKNOWN_HEADERS
            .iter()
            .find(|name| parts.headers.contains_key(**name))
        {
            return Err(missing(name));
        }
        let has = |name: &str| query.contains_key(name);
        let copies = parts.headers.contains_key("x-amz-copy-source");
        let operation = match (&parts.method, bucket.is_empty(), key.is_empty()) {
            (&Method::GET, true, true) => Operation::ListBuckets,
            (&Method::GET, false, true) if has("location") => Operation::GetBucketLocation,
            (&Method::GET, false, true) if has("list-type") => Operation::ListObjectsV2,
            (&Method::GET, false, true) => Operation::ListObjects,
            (&Method::HEAD, false, true) => Operation::HeadBucket,
            (&Method::PUT, false, true) => Operation::CreateBucket,
            (&Method::POST, false, true) if has("delete") => Operation::DeleteObjects,
            (&Method::GET, false, false) => Operation::GetObject,
            (&Method::HEAD, false, false) => Operation::HeadObject,
            (&Method::PUT, false, false) if copies => Operation::CopyObject,
            (&Method::PUT, false, false) => Operation::PutObject,
            (&Method::DELETE, false, false) => Operation::DeleteObject,
            _ => {
                return Err(ApiError::new(
                    405,
                    "MethodNotAllowed",
                    "The specified method is not allowed against this resource.",
                ));
            }
        };
        Ok(Self {
            operation,
            bucket: decode(bucket),
            key: decode(key),
            query,
            parts,
        })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    }

    /// Headers `x-amz-meta-*`, with their whole names.
    pub(super) fn metadata(&self) -> BTreeMap<String, String> {
        self.parts
            .headers
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("x-amz-meta-"))
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect()
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }
}

pub(super) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
