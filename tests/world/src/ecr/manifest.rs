//! What a manifest names, and the rules of putting, finding and deleting one.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::store::{Repository, Store};
use crate::aws::ApiError;

/// A stored manifest, byte for byte.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    pub(super) text: String,
    pub(super) media_type: String,
    /// Bytes of configuration and layers; of an index, those of its largest image.
    pub(super) size: u64,
    /// Simulated seconds since the Unix epoch.
    pub(super) pushed: f64,
    /// Digests of the images of an index.
    children: Vec<String>,
    config: Option<String>,
}

/// An image as tests and other stand-ins see it.
#[derive(Clone, Debug)]
pub struct Image {
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Media type of the manifest.
    pub media_type: String,
    /// Bytes of configuration and layers; of an index, those of its largest image.
    pub size: u64,
    /// In alphabetical order.
    pub tags: Vec<String>,
    /// Labels of the configuration; none of an index.
    pub labels: BTreeMap<String, String>,
    /// Such as `amd64`; empty of an index.
    pub architecture: String,
    /// Simulated seconds since the Unix epoch.
    pub pushed_at: f64,
}

/// Pairs of digest and tag that went, or the code of the failure.
pub(super) type Deleted = Result<Vec<(String, Option<String>)>, &'static str>;

/// What to put.
pub(super) struct New<'a> {
    pub(super) text: &'a str,
    pub(super) media_type: Option<&'a str>,
    pub(super) tag: Option<&'a str>,
    pub(super) digest: Option<&'a str>,
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Whether a text is `sha256:` and 64 hexadecimal digits.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64
            && hex
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// Whether a text is a tag: OCI distribution specification, "Pulling manifests".
pub(super) fn is_tag(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        && text.len() <= 128
        && chars.all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

pub(super) fn invalid(parameter: &str, constraint: &str) -> ApiError {
    ApiError::new(
        400,
        "InvalidParameterException",
        format!("Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'"),
    )
}

fn descriptors<'a>(document: &'a Value, name: &str) -> impl Iterator<Item = (&'a str, u64)> {
    let list = document.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(descriptor)
}

fn descriptor(value: &Value) -> Option<(&str, u64)> {
    Some((value.get("digest")?.as_str()?, value.get("size")?.as_u64()?))
}

/// Reads a manifest and what it names.
fn parse(new: &New<'_>, now: f64) -> Result<(Manifest, Vec<String>), ApiError> {
    let document: Value = serde_json::from_str(new.text)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| invalid("imageManifest", "must be valid JSON"))?;
    let own = document.get("mediaType").and_then(Value::as_str);
    let media_type = match (own, new.media_type) {
        (Some(own), Some(told)) if own != told => {
            return Err(invalid(
                "imageManifestMediaType",
                "must match the media type in the manifest",
            ));
        }
        (Some(media_type), _) | (None, Some(media_type)) => media_type,
        // "If you push an image manifest that does not contain the mediaType field, you must specify the
        // imageManifestMediaType in the request": API reference, PutImage.
        (None, None) => {
            return Err(invalid(
                "imageManifestMediaType",
                "must be specified when the manifest has no mediaType",
            ));
        }
    };
    let config = document.get("config").and_then(descriptor);
    let blobs: Vec<(&str, u64)> = config
        .into_iter()
        .chain(descriptors(&document, "layers"))
        .collect();
    let manifest = Manifest {
        text: new.text.to_owned(),
        media_type: media_type.to_owned(),
        size: blobs.iter().map(|(_, size)| size).sum(),
        pushed: now,
        children: descriptors(&document, "manifests")
            .map(|(digest, _)| digest.to_owned())
            .collect(),
        config: config.map(|(digest, _)| digest.to_owned()),
    };
    if document.get("manifests").is_none() && config.is_none() {
        return Err(invalid("imageManifest", "must be a valid image manifest"));
    }
    Ok((
        manifest,
        blobs
            .into_iter()
            .map(|(digest, _)| digest.to_owned())
            .collect(),
    ))
}

impl Repository {
    /// The digest behind a tag or a digest.
    pub(super) fn resolve(&self, reference: &str) -> Option<String> {
        if self.manifests.contains_key(reference) {
            return Some(reference.to_owned());
        }
        self.tags.get(reference).cloned()
    }

    /// Tags of a manifest in alphabetical order.
    pub(super) fn tags_of(&self, digest: &str) -> Vec<String> {
        self.tags
            .iter()
            .filter(|(_, target)| *target == digest)
            .map(|(tag, _)| tag.clone())
            .collect()
    }
}

impl Store {
    /// Stores a manifest and moves its tag, or refuses and changes nothing; the digest.
    pub(super) fn put_image(
        &self,
        name: &str,
        new: &New<'_>,
        now: f64,
    ) -> Result<String, ApiError> {
        let digest = sha256(new.text.as_bytes());
        let refuse = |code: &str, text: String| Err(ApiError::new(400, code, text));
        self.change(name, |repository| {
            let (mut manifest, blobs) = parse(new, now)?;
            if let Some(tag) = new.tag.filter(|tag| !is_tag(tag)) {
                return Err(invalid("imageTag", &format!("'{tag}' is not a tag")));
            }
            if new.digest.is_some_and(|wanted| wanted != digest) {
                return refuse(
                    "ImageDigestDoesNotMatchException",
                    "The specified image digest does not match the digest that Amazon ECR calculated for the image."
                        .to_owned(),
                );
            }
            let registry = &self.account;
            let required = format!(
                "required for pushing image into repository with name '{name}' in the registry with id '{registry}' do \
                 not exist"
            );
            let missing: Vec<String> = blobs.into_iter().filter(|blob| !repository.blobs.contains(blob)).collect();
            if !missing.is_empty() {
                let list = missing.join(", ");
                return refuse("LayersNotFoundException", format!("Layers with digests '[{list}]' {required}"));
            }
            let missing: Vec<&str> = manifest
                .children
                .iter()
                .filter(|child| !repository.manifests.contains_key(*child))
                .map(String::as_str)
                .collect();
            if !missing.is_empty() {
                let list = missing.join(", ");
                return refuse(
                    "ReferencedImagesNotFoundException",
                    format!("Images with digests '[{list}]' {required}"),
                );
            }
            let largest = manifest.children.iter().map(|child| repository.manifests[child].size).max();
            manifest.size = largest.unwrap_or(manifest.size);
            let there = new.tag.map_or_else(
                || repository.manifests.get_key_value(&digest).map(|(digest, _)| digest),
                |tag| repository.tags.get(tag),
            );
            match (there, new.tag) {
                (Some(there), tag) if *there == digest => {
                    let tagged = tag.map_or_else(String::new, |tag| format!(" and tag '{tag}'"));
                    return refuse(
                        "ImageAlreadyExistsException",
                        format!(
                            "Image with digest '{digest}'{tagged} already exists in the repository with name '{name}' \
                             in registry with id '{registry}'"
                        ),
                    );
                }
                // Text: osscontainertools/kaniko#204 (2025). Before, it ended in "the repository is immutable":
                // moby/buildkit#3776 (2023).
                (Some(_), Some(tag)) if repository.mutability.fixes(tag) => {
                    return refuse(
                        "ImageTagAlreadyExistsException",
                        format!(
                            "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten \
                             because the tag is immutable."
                        ),
                    );
                }
                _ => {}
            }
            repository.manifests.entry(digest.clone()).or_insert(manifest);
            if let Some(tag) = new.tag {
                repository.tags.insert(tag.to_owned(), digest.clone());
            }
            Ok(digest.clone())
        })?
    }

    /// The manifest behind a tag or a digest, with its digest.
    pub(super) fn manifest(
        &self,
        name: &str,
        reference: &str,
    ) -> Result<Option<(String, Manifest)>, ApiError> {
        self.read(name, |repository| {
            let digest = repository.resolve(reference)?;
            let manifest = repository.manifests.get(&digest)?.clone();
            Some((digest, manifest))
        })
    }

    pub(super) fn image(&self, name: &str, reference: &str) -> Result<Image, ApiError> {
        let absent = || ApiError::new(400, "ImageNotFoundException", "Requested image not found");
        let (digest, manifest) = self.manifest(name, reference)?.ok_or_else(absent)?;
        let config: Value = manifest
            .config
            .as_ref()
            .and_then(|config| std::fs::read(self.blob_file(config)).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let labels = config.pointer("/config/Labels").and_then(Value::as_object);
        let labels = labels.into_iter().flatten();
        Ok(Image {
            tags: self.read(name, |repository| repository.tags_of(&digest))?,
            digest,
            media_type: manifest.media_type,
            size: manifest.size,
            labels: labels
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            architecture: config
                .get("architecture")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            pushed_at: manifest.pushed,
        })
    }

    /// Takes a tag away, and the image with its last one; or by digest an image with all its tags.
    pub(super) fn delete_image(
        &self,
        name: &str,
        digest: Option<&str>,
        tag: Option<&str>,
    ) -> Result<Deleted, ApiError> {
        self.change(name, |repository| {
            let Some(target) = tag
                .or(digest)
                .and_then(|reference| repository.resolve(reference))
            else {
                return Err("ImageNotFound");
            };
            if digest.is_some_and(|digest| digest != target) {
                return Err("ImageTagDoesNotMatchDigest");
            }
            let tags = tag.map_or_else(|| repository.tags_of(&target), |tag| vec![tag.to_owned()]);
            let last = repository.tags_of(&target).len() <= tags.len();
            let referenced = repository
                .manifests
                .values()
                .any(|other| other.children.contains(&target));
            if last && referenced {
                return Err("ImageReferencedByManifestList");
            }
            for tag in &tags {
                repository.tags.remove(tag);
            }
            if last {
                repository.manifests.remove(&target);
            }
            if tags.is_empty() {
                return Ok(vec![(target, None)]);
            }
            Ok(tags
                .into_iter()
                .map(|tag| (target.clone(), Some(tag)))
                .collect())
        })
    }
}
