//! Amazon S3: reading objects.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Region, SharedInterceptor};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::DateTime;

use super::{ServerTime, explain};
use crate::error::{Error, Result};

/// S3 in one region.
pub struct S3 {
    client: Client,
    region: String,
}

/// An object in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub key: String,
    /// Last modification, in seconds since the Unix epoch.
    pub modified: i64,
    pub size: i64,
}

impl S3 {
    /// `region` where it is another one than the configuration's; each answer sets `time`.
    pub fn new(config: &SdkConfig, region: Option<&str>, time: &ServerTime) -> Self {
        let mut builder: aws_sdk_s3::config::Builder = config.into();
        builder.push_interceptor(SharedInterceptor::new(time.clone()));
        let own = config.region().map(ToString::to_string);
        let region = region.map(str::to_owned).or(own).unwrap_or_default();
        builder.set_region(Some(Region::new(region.clone())));
        Self {
            client: Client::from_conf(builder.build()),
            region,
        }
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    /// The first 1000 objects whose key starts with `prefix`.
    pub async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>> {
        let answer = self
            .client
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .send()
            .await
            .map_err(|error| {
                let tried = format!("could not list s3://{bucket}/{prefix} in {}", self.region);
                explain(&tried, &error)
            })?;
        let objects = answer.contents().iter().filter_map(|object| {
            Some(Object {
                key: object.key()?.to_owned(),
                modified: object.last_modified().map_or(0, DateTime::secs),
                size: object.size().unwrap_or(0),
            })
        });
        Ok(objects.collect())
    }

    /// The folders within a folder of a bucket, all of them with a slash at their end; `""` is the whole bucket.
    pub async fn folders(&self, bucket: &str, within: &str) -> Result<Vec<String>> {
        let answer = self
            .client
            .list_objects_v2()
            .bucket(bucket)
            .prefix(within)
            .delimiter("/")
            .send()
            .await
            .map_err(|error| explain(&format!("could not list s3://{bucket}/{within}"), &error))?;
        let folders = answer.common_prefixes().iter();
        Ok(folders
            .filter_map(|folder| folder.prefix().map(str::to_owned))
            .collect())
    }

    /// The body of an object; none if it is not there.
    pub async fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>> {
        let tried = || format!("could not read s3://{bucket}/{key} in {}", self.region);
        let answer = match self
            .client
            .get_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await
        {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(explain(&tried(), &error)),
        };
        let body = answer.body.collect().await;
        body.map(|body| Some(body.to_vec()))
            .map_err(|error| Error::refused(tried()).because(error))
    }

    /// Names of the account's buckets.
    pub async fn bucket_names(&self) -> Result<Vec<String>> {
        let answer = self.client.list_buckets().send().await;
        let answer = answer.map_err(|error| explain("could not list the buckets", &error))?;
        let buckets = answer.buckets().iter();
        Ok(buckets
            .filter_map(|bucket| bucket.name().map(str::to_owned))
            .collect())
    }
}
