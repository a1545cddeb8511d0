//! CloudWatch Logs: lines of a stream.

use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::{Region, SharedInterceptor};

use super::{ServerTime, explain};
use crate::error::Result;

/// Pages of a search that are read at most. A page may be empty before the search is through.
const PAGES: usize = 50;

/// CloudWatch Logs in one region.
pub struct Logs(Client);

impl Logs {
    /// `region` where it is another one than the configuration's.
    pub fn new(config: &SdkConfig, region: Option<String>) -> Self {
        Self::timed(config, region, &ServerTime::default())
    }

    /// Each answer sets `time`.
    pub fn timed(config: &SdkConfig, region: Option<String>, time: &ServerTime) -> Self {
        let mut builder: aws_sdk_cloudwatchlogs::config::Builder = config.into();
        builder.push_interceptor(SharedInterceptor::new(time.clone()));
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

    /// The lines of a stream that a filter pattern lets through, oldest first, from `since` on; times are in seconds
    /// since the Unix epoch.
    pub async fn search(
        &self,
        group: &str,
        stream: &str,
        since: i64,
        pattern: &str,
    ) -> Result<Vec<(i64, String)>> {
        let call = self.0.filter_log_events().log_group_name(group);
        let call = call.log_stream_names(stream).filter_pattern(pattern);
        let mut pages = call
            .start_time(since.saturating_mul(1000))
            .into_paginator()
            .send();
        let mut lines = Vec::new();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else {
                break;
            };
            let page = page.map_err(|error| {
                explain(
                    &format!("could not search the log {group} {stream}"),
                    &error,
                )
            })?;
            lines.extend(page.events().iter().filter_map(|event| {
                Some((event.timestamp()? / 1000, event.message()?.to_owned()))
            }));
        }
        Ok(lines)
    }
}
