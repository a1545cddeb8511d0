//! CloudWatch Logs: the last lines of a stream.

use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::Region;

use super::explain;
use crate::error::Result;

/// CloudWatch Logs in one region.
pub struct Logs(Client);

impl Logs {
    /// `region` where it is another one than the configuration's.
    pub fn new(config: &SdkConfig, region: Option<String>) -> Self {
        let mut builder: aws_sdk_cloudwatchlogs::config::Builder = config.into();
        if let Some(region) = region {
            builder.set_region(Some(Region::new(region)));
        }
        Self(Client::from_conf(builder.build()))
    }

    /// The last `count` lines of a stream, oldest first.
    pub async fn tail(&self, group: &str, stream: &str, count: i32) -> Result<Vec<String>> {
        let answer = self
            .0
            .get_log_events()
            .log_group_name(group)
            .log_stream_name(stream)
            .limit(count)
            .start_from_head(false)
            .send()
            .await
            .map_err(|error| {
                explain(&format!("could not read the log {group} {stream}"), &error)
            })?;
        Ok(answer
            .events()
            .iter()
            .filter_map(|event| event.message().map(|text| text.trim_end().to_owned()))
            .collect())
    }
}
