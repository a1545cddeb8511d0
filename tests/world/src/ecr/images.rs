//! The JSON operations on images and their layers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::api::{Answer, page, text, texts, with_token};
use super::manifest::{New, invalid, is_digest};
use crate::World;
use crate::aws::ApiError;

/// Digests of a repository with their tags, of those that the filter lets through.
fn filtered(
    world: &World,
    name: &str,
    input: &Value,
) -> Result<BTreeMap<String, Vec<String>>, ApiError> {
    let wanted = input
        .pointer("/filter/tagStatus")
        .and_then(Value::as_str)
        .unwrap_or("ANY");
    if !["ANY", "TAGGED", "UNTAGGED"].contains(&wanted) {
        return Err(invalid(
            "filter.tagStatus",
            "must satisfy enum value set: [UNTAGGED, TAGGED, ANY]",
        ));
    }
    world.ecr.store.read(name, |repository| {
        let images = repository
            .manifests
            .keys()
            .map(|digest| (digest.clone(), repository.tags_of(digest)));
        images
            .filter(|(_, tags)| match wanted {
                "TAGGED" => !tags.is_empty(),
                "UNTAGGED" => tags.is_empty(),
                _ => true,
            })
            .collect()
    })
}

fn id(digest: &str, tag: Option<&str>) -> Value {
    match tag {
        Some(tag) => json!({"imageDigest": digest, "imageTag": tag}),
        None => json!({"imageDigest": digest}),
    }
}

pub(super) fn list_images(world: &World, name: &str, input: &Value) -> Answer {
    let mut ids = Vec::new();
    for (digest, tags) in filtered(world, name, input)? {
        if tags.is_empty() {
            ids.push(id(&digest, None));
        }
        ids.extend(tags.iter().map(|tag| id(&digest, Some(tag))));
    }
    let (ids, token) = page(&ids, input)?;
    Ok(with_token(json!({"imageIds": ids}), token))
}

pub(super) fn describe_images(world: &World, name: &str, input: &Value) -> Answer {
    let (references, token) = match input.get("imageIds").and_then(Value::as_array) {
        None => {
            let digests: Vec<String> = filtered(world, name, input)?.into_keys().collect();
            page(&digests, input)?
        }
        Some(ids) => {
            let reference = |id: &Value| {
                text(id, "imageTag")
                    .or(text(id, "imageDigest"))
                    .map(str::to_owned)
            };
            (ids.iter().filter_map(reference).collect(), Value::Null)
        }
    };
    let mut details = Vec::new();
    for reference in references {
        let image = world.ecr.store.image(name, &reference).map_err(|error| {
            if error.code != "ImageNotFoundException" {
                return error;
            }
            let (digest, tag) = if is_digest(&reference) { (reference.as_str(), "null") } else { ("null", reference.as_str()) };
            ApiError::new(
                400,
                error.code,
                format!(
                    "The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the \
                     repository with name '{name}' in the registry with id '{}'",
                    world.ecr.store.account
                ),
            )
        })?;
        let mut detail = json!({
            "registryId": world.ecr.store.account,
            "repositoryName": name,
            "imageDigest": image.digest,
            "imageSizeInBytes": image.size,
            "imagePushedAt": image.pushed_at,
            "imageManifestMediaType": image.media_type,
            "imageStatus": "ACTIVE",
        });
        if !image.tags.is_empty() {
            detail["imageTags"] = json!(image.tags);
        }
        details.push(detail);
    }
    Ok(with_token(json!({"imageDetails": details}), token))
}

/// The elements of `imageIds`: 1 to 100 of them.
fn image_ids(input: &Value) -> Result<&[Value], ApiError> {
    input
        .get("imageIds")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .filter(|ids| (1..=100).contains(&ids.len()))
        .ok_or_else(|| invalid("imageIds", "Member must have length between 1 and 100"))
}

fn failure(id: &Value, code: &str) -> Value {
    let reason = match code {
        "ImageNotFound" => "Requested image not found",
        "MissingDigestAndTag" => "Invalid request parameters: both tag and digest cannot be null",
        "ImageReferencedByManifestList" => "Requested image referenced by manifest list",
        "ImageTagDoesNotMatchDigest" => "Requested image tag does not match the digest",
        _ => "Invalid request parameters",
    };
    json!({"imageId": id, "failureCode": code, "failureReason": reason})
}

pub(super) fn batch_get_image(world: &World, name: &str, input: &Value) -> Answer {
    let accepted = texts(input, "acceptedMediaTypes");
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    world.ecr.store.read(name, |_| ())?;
    for wanted in image_ids(input)? {
        let (digest, tag) = (text(wanted, "imageDigest"), text(wanted, "imageTag"));
        let Some(reference) = digest.or(tag) else {
            failures.push(failure(wanted, "MissingDigestAndTag"));
            continue;
        };
        let found = world.ecr.store.manifest(name, reference)?;
        match found.filter(|(_, manifest)| {
            accepted.is_empty() || accepted.contains(&manifest.media_type.as_str())
        }) {
            None => failures.push(failure(wanted, "ImageNotFound")),
            Some((digest, manifest)) => images.push(json!({
                "registryId": world.ecr.store.account,
                "repositoryName": name,
                "imageId": id(&digest, tag),
                "imageManifest": manifest.text,
                "imageManifestMediaType": manifest.media_type,
            })),
        }
    }
    Ok(json!({"images": images, "failures": failures}))
}

pub(super) fn put_image(world: &World, name: &str, input: &Value) -> Answer {
    let new = New {
        text: text(input, "imageManifest").unwrap_or_default(),
        media_type: text(input, "imageManifestMediaType"),
        tag: text(input, "imageTag"),
        digest: text(input, "imageDigest"),
    };
    let digest = world.ecr.store.put_image(name, &new, world.clock.unix())?;
    Ok(json!({"image": {
        "registryId": world.ecr.store.account,
        "repositoryName": name,
        "imageId": id(&digest, new.tag),
        "imageManifest": new.text,
    }}))
}

pub(super) fn batch_delete_image(world: &World, name: &str, input: &Value) -> Answer {
    let (mut gone, mut failures) = (Vec::new(), Vec::new());
    for wanted in image_ids(input)? {
        let (digest, tag) = (text(wanted, "imageDigest"), text(wanted, "imageTag"));
        if digest.is_none() && tag.is_none() {
            failures.push(failure(wanted, "MissingDigestAndTag"));
            continue;
        }
        match world.ecr.store.delete_image(name, digest, tag)? {
            Ok(pairs) => gone.extend(pairs.iter().map(|(digest, tag)| id(digest, tag.as_deref()))),
            Err(code) => failures.push(failure(wanted, code)),
        }
    }
    Ok(json!({"imageIds": gone, "failures": failures}))
}

pub(super) fn check_layers(world: &World, name: &str, input: &Value) -> Answer {
    let (mut layers, mut failures) = (Vec::new(), Vec::new());
    for digest in texts(input, "layerDigests") {
        if !is_digest(digest) {
            failures.push(
                json!({"layerDigest": digest, "failureCode": "InvalidLayerDigest",
                "failureReason": format!("Invalid layer digest: '{digest}'")}),
            );
            continue;
        }
        layers.push(match world.ecr.store.blob_size(name, digest)? {
            Some(size) => {
                json!({"layerDigest": digest, "layerAvailability": "AVAILABLE", "layerSize": size})
            }
            None => json!({"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}),
        });
    }
    Ok(json!({"layers": layers, "failures": failures}))
}

pub(super) fn download_url(world: &World, name: &str, input: &Value) -> Answer {
    let digest = text(input, "layerDigest").filter(|digest| is_digest(digest));
    let digest = digest.ok_or_else(|| {
        invalid(
            "layerDigest",
            "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        )
    })?;
    if world.ecr.store.blob_size(name, digest)?.is_none() {
        return Err(ApiError::new(
            400,
            "LayersNotFoundException",
            format!("The specified layers could not be found: {digest}"),
        ));
    }
    let url = world.ecr.store.download_url(name, digest);
    Ok(json!({"downloadUrl": url, "layerDigest": digest}))
}
