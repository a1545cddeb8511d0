//! Amazon S3: buckets with a policy each, and their objects.
//!
//! Source: Amazon S3 API reference and "Troubleshoot access denied errors" in the Amazon S3 user guide, November 2026.
//! What is not here (versions, multipart uploads, ranges, ACLs) is answered with `NotImplemented`, never ignored.

mod checksum;
mod listing;
mod objects;
mod payload;
mod request;
mod server;
mod xml;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use axum::body::Bytes;
use serde_json::Value;

use crate::{Settings, sigv4};

pub use server::{answer, is_meant};

/// The account's buckets.
#[derive(Debug)]
pub struct S3 {
    region: String,
    started: f64,
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    region: String,
    created: f64,
    policy: Option<Value>,
    objects: BTreeMap<String, Object>,
}

/// One object.
#[derive(Clone, Debug)]
pub struct Object {
    pub body: Bytes,
    /// MD5 of the body in hexadecimal digits; in answers it has quotes.
    pub etag: String,
    /// Simulated seconds since the Unix epoch.
    pub modified: f64,
    pub content_type: String,
    metadata: BTreeMap<String, String>,
    /// Header name and value of the checksum that came with the body.
    checksum: Option<(String, String)>,
}

impl Object {
    /// An object of plain bytes, last modified at `modified` (simulated seconds since the Unix epoch).
    pub fn new(body: impl Into<Bytes>, modified: f64) -> Self {
        let body = body.into();
        Self {
            etag: sigv4::hex(&md5(&body)),
            body,
            modified,
            content_type: "binary/octet-stream".to_owned(),
            metadata: BTreeMap::new(),
            checksum: None,
        }
    }
}

impl S3 {
    pub fn new(settings: &Settings) -> Self {
        Self {
            region: settings.region.clone(),
            started: SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .map_or(0.0, |since| since.as_secs_f64()),
            buckets: Mutex::default(),
        }
    }

    /// Creates an empty bucket in the world's region; one that is there stays as it is.
    pub fn create_bucket(&self, name: &str) {
        self.create(name, self.started);
    }

    fn create(&self, name: &str, created: f64) {
        self.buckets()
            .entry(name.to_owned())
            .or_insert_with(|| Bucket {
                region: self.region.clone(),
                created,
                policy: None,
                objects: BTreeMap::new(),
            });
    }

    /// Sets the policy of a bucket. Without such a bucket, nothing happens.
    pub fn put_policy(&self, bucket: &str, policy: Value) {
        if let Some(bucket) = self.buckets().get_mut(bucket) {
            bucket.policy = Some(policy);
        }
    }

    /// Whether there is such a bucket.
    pub fn has_bucket(&self, bucket: &str) -> bool {
        self.buckets().contains_key(bucket)
    }

    /// Writes an object; `modified` is in simulated seconds since the Unix epoch. False without such a bucket.
    pub fn put(&self, bucket: &str, key: &str, body: impl Into<Bytes>, modified: f64) -> bool {
        self.store(bucket, key, Object::new(body, modified))
    }

    fn store(&self, bucket: &str, key: &str, object: Object) -> bool {
        match self.buckets().get_mut(bucket) {
            Some(bucket) => {
                bucket.objects.insert(key.to_owned(), object);
                true
            }
            None => false,
        }
    }

    pub fn get(&self, bucket: &str, key: &str) -> Option<Object> {
        self.buckets().get(bucket)?.objects.get(key).cloned()
    }

    /// The objects whose key starts with `prefix`, in the order of their keys.
    pub fn list(&self, bucket: &str, prefix: &str) -> Vec<(String, Object)> {
        let buckets = self.buckets();
        buckets.get(bucket).map_or_else(Vec::new, |bucket| {
            bucket
                .objects
                .iter()
                .filter(|(key, _)| key.starts_with(prefix))
                .map(|(key, object)| (key.clone(), object.clone()))
                .collect()
        })
    }

    /// Whether there was such an object.
    pub fn delete(&self, bucket: &str, key: &str) -> bool {
        self.buckets()
            .get_mut(bucket)
            .is_some_and(|bucket| bucket.objects.remove(key).is_some())
    }

    pub(crate) fn policy(&self, bucket: &str) -> Option<Value> {
        self.buckets().get(bucket)?.policy.clone()
    }

    fn region_of(&self, bucket: &str) -> Option<String> {
        Some(self.buckets().get(bucket)?.region.clone())
    }

    fn buckets(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn md5(body: &[u8]) -> Vec<u8> {
    use md5::Digest as _;
    md5::Md5::digest(body).to_vec()
}
