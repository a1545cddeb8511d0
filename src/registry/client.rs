//! One registry.

use std::cell::RefCell;
use std::collections::BTreeMap;

use reqwest::header::{CONTENT_TYPE, LINK};
use reqwest::{Method, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::login::Login;
use super::transport::parse;
use crate::action::Context;
use crate::domain::image_manifest::{Configuration, Descriptor, Document, MEDIA_TYPES, digest};
use crate::error::{Error, Result};
use crate::http;
use crate::runner::Secret;

/// Pages of a list of tags.
const MOST_PAGES: usize = 1000;

/// A registry, with the login that is used if it asks for one.
pub struct Registry<'a> {
    pub(super) context: &'a Context,
    pub(super) http: reqwest::Client,
    pub host: String,
    pub(super) login: Option<Login>,
    /// What the registry accepted last.
    pub(super) authorization: RefCell<Option<Secret>>,
}

/// An image as a registry has it.
#[derive(Clone, Debug)]
pub struct Image {
    /// Of what stands behind the tag: `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Digest of its configuration, which some builders call the image's; none of an index.
    pub config_digest: Option<String>,
    /// Bytes of the largest platform's configuration and layers, as they are stored.
    pub size: u64,
    /// Of the platform with the most of them.
    pub layers: Vec<Descriptor>,
    pub labels: BTreeMap<String, String>,
    /// Such as `linux/amd64`.
    pub platforms: Vec<String>,
    media_type: String,
    manifest: Vec<u8>,
}

/// A manifest, byte for byte.
struct Stored {
    digest: String,
    media_type: String,
    bytes: Vec<u8>,
    document: Document,
}

impl<'a> Registry<'a> {
    pub fn new(context: &'a Context, host: &str, login: Option<Login>) -> Result<Self> {
        Ok(Self {
            context,
            http: http::client()?,
            host: host.to_owned(),
            login,
            authorization: RefCell::default(),
        })
    }

    /// Whether it is asked with a login.
    pub fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// The image behind a tag or a digest; nothing if there is none.
    pub async fn image(&self, repository: &str, reference: &str) -> Result<Option<Image>> {
        let Some(stored) = self.manifest(repository, reference).await? else {
            return Ok(None);
        };
        let mut image = Image {
            digest: stored.digest,
            config_digest: stored
                .document
                .config
                .as_ref()
                .map(|config| config.digest.clone()),
            size: 0,
            layers: Vec::new(),
            labels: BTreeMap::new(),
            platforms: Vec::new(),
            media_type: stored.media_type,
            manifest: stored.bytes,
        };
        let mut children = Vec::new();
        for child in stored.document.images() {
            let lost = || {
                Error::refused(format!(
                    "{}/{repository}:{reference} names the image {}, which is not there",
                    self.host, child.digest
                ))
            };
            children.push(
                self.manifest(repository, &child.digest)
                    .await?
                    .ok_or_else(lost)?
                    .document,
            );
        }
        if stored.document.manifests.is_empty() {
            children.push(stored.document);
        }
        for child in children {
            image.size = image.size.max(child.size());
            if child.layers.len() > image.layers.len() {
                image.layers.clone_from(&child.layers);
            }
            let Some(config) = &child.config else {
                continue;
            };
            let configuration: Configuration = self.blob(repository, &config.digest).await?;
            image.platforms.push(configuration.platform());
            if image.labels.is_empty() {
                image.labels = configuration.labels();
            }
        }
        Ok(Some(image))
    }

    /// Gives an image one more tag: the same manifest, byte for byte.
    pub async fn tag(&self, repository: &str, image: &Image, tag: &str) -> Result<()> {
        let tried = format!(
            "could not tag {} as {}/{repository}:{tag}",
            image.digest, self.host
        );
        let path = format!("/v2/{repository}/manifests/{tag}");
        let body = Some((image.media_type.as_str(), image.manifest.clone()));
        let response = self.send(&tried, Method::PUT, &path, body).await?;
        if response.status().is_success() {
            return Ok(());
        }
        Err(self.refusal(&tried, response).await)
    }

    /// The tags of a repository; none if it is not there yet.
    pub async fn tags(&self, repository: &str) -> Result<Vec<String>> {
        let tried = format!("could not list the tags of {}/{repository}", self.host);
        let mut tags = Vec::new();
        let mut path = format!("/v2/{repository}/tags/list?n=1000");
        for _ in 0..MOST_PAGES {
            let response = self.send(&tried, Method::GET, &path, None).await?;
            if response.status() == StatusCode::NOT_FOUND {
                return Ok(tags);
            }
            if !response.status().is_success() {
                return Err(self.refusal(&tried, response).await);
            }
            let next = response
                .headers()
                .get(LINK)
                .and_then(|link| next_page(link.to_str().ok()?, &path));
            let bytes = self.body(&tried, response).await?;
            let page: Value = parse(&tried, &bytes)?;
            let names = page
                .get("tags")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            tags.extend(names.filter_map(|name| name.as_str().map(str::to_owned)));
            match next {
                Some(next) => path = next,
                None => break,
            }
        }
        Ok(tags)
    }

    async fn manifest(&self, repository: &str, reference: &str) -> Result<Option<Stored>> {
        let by_digest = reference.contains(':');
        let mark = if by_digest { '@' } else { ':' };
        let tried = format!("could not read {}/{repository}{mark}{reference}", self.host);
        let path = format!("/v2/{repository}/manifests/{reference}");
        let response = self.send(&tried, Method::GET, &path, None).await?;
        let status = response.status();
        if status == StatusCode::NOT_FOUND {
            let refusal = self.refusal(&tried, response).await;
            // A registry of ours makes repositories by itself or not: ECR says which account lacks it.
            let lacking = refusal.code() == Some("NAME_UNKNOWN")
                && refusal.message().contains("registry with id");
            return if lacking { Err(refusal) } else { Ok(None) };
        }
        if !status.is_success() {
            return Err(self.refusal(&tried, response).await);
        }
        let header = |name: reqwest::header::HeaderName| {
            let value = response.headers().get(name);
            value
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let media_type = header(CONTENT_TYPE).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or("").trim().to_owned();
        let bytes = self.body(&tried, response).await?;
        let digest = digest(&bytes);
        if by_digest && digest != reference {
            return Err(Error::refused(format!(
                "{tried}: the registry sent {digest} instead"
            )));
        }
        if !MEDIA_TYPES.contains(&media_type.as_str()) {
            return Err(Error::refused(format!(
                "{tried}: it is no image but {media_type:?}"
            )));
        }
        let document = parse(&tried, &bytes)?;
        Ok(Some(Stored {
            digest,
            media_type,
            bytes,
            document,
        }))
    }

    async fn blob<T: DeserializeOwned>(&self, repository: &str, wanted: &str) -> Result<T> {
        let tried = format!("could not read {}/{repository}@{wanted}", self.host);
        let path = format!("/v2/{repository}/blobs/{wanted}");
        let response = self.send(&tried, Method::GET, &path, None).await?;
        if !response.status().is_success() {
            return Err(self.refusal(&tried, response).await);
        }
        let bytes = self.body(&tried, response).await?;
        let found = digest(&bytes);
        if found != wanted {
            return Err(Error::refused(format!(
                "{tried}: the registry sent {found} instead"
            )));
        }
        parse(&tried, &bytes)
    }
}

/// The path of the next page: `Link: </v2/…>; rel="next"`, relative to this page or an address (RFC 8288).
fn next_page(link: &str, current: &str) -> Option<String> {
    let (target, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    if !rest.contains("next") {
        return None;
    }
    let base = Url::parse("http://registry.invalid")
        .ok()?
        .join(current)
        .ok()?;
    let next = base.join(target).ok()?;
    let path = match next.query() {
        Some(query) => format!("{}?{query}", next.path()),
        None => next.path().to_owned(),
    };
    (path != current).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_may_be_relative_or_an_address() {
        let current = "/v2/a/tags/list?n=2";
        for link in [
            "</v2/a/tags/list?n=2&last=b>; rel=\"next\"",
            "<https://example.org/v2/a/tags/list?n=2&last=b>; rel=\"next\"",
            "<list?n=2&last=b>; rel=next",
        ] {
            assert_eq!(
                next_page(link, current).as_deref(),
                Some("/v2/a/tags/list?n=2&last=b"),
                "{link}"
            );
        }
        assert_eq!(next_page("<x>; rel=\"prev\"", current), None);
        assert_eq!(
            next_page(&format!("<{current}>; rel=\"next\""), current),
            None
        );
    }
}
