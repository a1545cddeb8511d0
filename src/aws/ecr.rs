//! Image repositories in ECR.

use aws_config::SdkConfig;
use aws_sdk_ecr::types::{ListImagesFilter, TagStatus};

use super::explain;
use crate::error::Result;

/// Every tag of an image repository.
///
/// Source: `ListImages` in the Amazon ECR API reference, November 2026: an image with several tags is listed once for
/// each.
pub async fn image_tags(config: &SdkConfig, repository: &str) -> Result<Vec<String>> {
    let region = config.region().map_or("", AsRef::as_ref);
    let filter = ListImagesFilter::builder()
        .tag_status(TagStatus::Tagged)
        .build();
    let mut pages = aws_sdk_ecr::Client::new(config)
        .list_images()
        .repository_name(repository)
        .filter(filter)
        .into_paginator()
        .send();
    let mut tags = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            let refused = explain(
                &format!("could not list the images of {repository} in {region}"),
                &error,
            );
            let hint = match refused.code() {
                Some("AccessDeniedException") => {
                    format!("The role needs ecr:ListImages on the repository {repository}.")
                }
                Some("RepositoryNotFoundException") => format!(
                    "Check `repository` and the region; Terraform makes the repository {repository} before its first \
                     image can be pushed."
                ),
                _ => return refused,
            };
            refused.hint(hint)
        })?;
        tags.extend(
            page.image_ids()
                .iter()
                .filter_map(|image| image.image_tag().map(str::to_owned)),
        );
    }
    Ok(tags)
}
