//! Content of files as GitHub has it.

use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use super::state::decode;
use crate::domain::providers::hex;
use crate::error::{Error, Result};
use crate::github::Repository;

const FILE_QUERY: &str = "
query File($owner: String!, $name: String!, $expression: String!) {
  repository(owner: $owner, name: $name) { object(expression: $expression) { ... on Blob { oid text } } }
}";

/// Empty for what is no file.
#[derive(Deserialize)]
pub(super) struct Blob {
    pub(super) oid: Option<String>,
    pub(super) text: Option<String>,
}

/// The file as a commit has it; `None` if it has none.
pub(super) async fn file_at(
    repository: &Repository,
    revision: &str,
    path: &str,
) -> Result<Option<Vec<u8>>> {
    #[derive(Deserialize)]
    struct Answer {
        repository: Holder,
    }
    #[derive(Deserialize)]
    struct Holder {
        object: Option<Blob>,
    }
    let variables = json!({
        "owner": repository.owner,
        "name": repository.name,
        "expression": format!("{revision}:{path}"),
    });
    let tried = format!("read {path} of");
    let answer: Answer = decode(repository.graphql(&tried, FILE_QUERY, variables).await?)?;
    match answer.repository.object {
        Some(blob) if blob.oid.is_some() => content(repository, blob).await.map(Some),
        _ => Ok(None),
    }
}

/// Whether a mode of git's is that of a symbolic link.
pub(super) fn is_link(mode: u32) -> bool {
    mode & 0o170_000 == 0o120_000
}

/// Where a link in a folder points to, from the root of the repository; `None` if that is outside of it.
pub(super) fn resolved(folder: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                path.pop()?;
            }
            part => path.push(part),
        }
    }
    Some(path.join("/"))
}

/// The bytes of a blob. GitHub's text of it is taken when its hash is the blob's; otherwise the bytes are asked for.
pub(super) async fn content(repository: &Repository, blob: Blob) -> Result<Vec<u8>> {
    let oid = blob.oid.unwrap_or_default();
    if let Some(text) = blob.text.filter(|text| blob_id(text.as_bytes()) == oid) {
        return Ok(text.into_bytes());
    }
    let path = format!("git/blobs/{oid}");
    let answer = repository.get(&path).await?.unwrap_or_default();
    let encoded: String = answer
        .get("content")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .map_err(|error| Error::refused(format!("{path} is not base64")).because(error))
}

/// The id that git gives to content.
fn blob_id(bytes: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_followed_within_the_repository() {
        assert_eq!(
            resolved("a/b", "../common.auto.tfvars").as_deref(),
            Some("a/common.auto.tfvars")
        );
        assert_eq!(resolved("", "./x.tf").as_deref(), Some("x.tf"));
        assert_eq!(resolved("a", "../../x.tf"), None);
        assert_eq!(resolved("a", "/etc/x.tf"), None);
    }

    #[test]
    fn a_blob_has_the_id_that_git_gives_it() {
        assert_eq!(
            blob_id(b"hello\n"),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
    }
}
