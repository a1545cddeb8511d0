//! What a registry stores of an image: manifest, index, configuration.
//!
//! Source: OCI image specification 1.1; Docker's image manifest version 2, schema 2, has the same fields.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::providers::hex;

/// Media types of everything that can stand behind a tag.
pub const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// The digest of some bytes: `sha256:` and 64 hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

/// A manifest or an index.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Document {
    pub config: Option<Descriptor>,
    #[serde(default, deserialize_with = "list")]
    pub layers: Vec<Descriptor>,
    #[serde(default, deserialize_with = "list")]
    pub manifests: Vec<Descriptor>,
}

/// BuildKit writes `null` for no layers.
fn list<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Descriptor>, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

/// A reference to a blob or a manifest.
#[derive(Clone, Debug, Deserialize)]
pub struct Descriptor {
    pub digest: String,
    /// Bytes.
    pub size: u64,
    pub platform: Option<Platform>,
}

/// What a manifest of an index runs on.
#[derive(Clone, Debug, Deserialize)]
pub struct Platform {
    pub os: String,
    pub architecture: String,
}

impl Document {
    /// Bytes of configuration and layers, as they are stored.
    pub fn size(&self) -> u64 {
        let blobs = self.config.iter().chain(&self.layers);
        blobs.map(|blob| blob.size).sum()
    }

    /// The images of an index. What builders add besides, such as provenance, is for the platform `unknown`.
    pub fn images(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests.iter().filter(|child| {
            child
                .platform
                .as_ref()
                .is_none_or(|platform| platform.os != "unknown")
        })
    }
}

/// The configuration of an image.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Configuration {
    #[serde(default)]
    pub architecture: String,
    #[serde(default)]
    pub os: String,
    #[serde(default)]
    config: Option<Settings>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Settings {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

impl Configuration {
    /// Such as `linux/amd64`.
    pub fn platform(&self) -> String {
        format!("{}/{}", self.os, self.architecture)
    }

    pub fn labels(self) -> BTreeMap<String, String> {
        self.config
            .and_then(|config| config.labels)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provenance_is_no_image() {
        let index: Document = serde_json::from_str(
            r#"{"manifests": [
                {"digest": "sha256:a", "size": 1, "platform": {"os": "linux", "architecture": "amd64"}},
                {"digest": "sha256:b", "size": 1, "platform": {"os": "unknown", "architecture": "unknown"}}
            ]}"#,
        )
        .unwrap();
        let images: Vec<&str> = index.images().map(|image| image.digest.as_str()).collect();
        assert_eq!(images, ["sha256:a"]);
    }

    #[test]
    fn no_layers_may_be_null() {
        let text = r#"{"config": {"digest": "sha256:a", "size": 1}, "layers": null}"#;
        let document: Document = serde_json::from_str(text).unwrap();
        assert_eq!((document.layers.len(), document.size()), (0, 1));
    }

    #[test]
    fn a_configuration_without_labels_has_none() {
        for text in [
            "{}",
            r#"{"config": null}"#,
            r#"{"config": {"Labels": null}}"#,
        ] {
            let configuration: Configuration = serde_json::from_str(text).unwrap();
            assert!(configuration.labels().is_empty(), "{text}");
        }
    }
}
