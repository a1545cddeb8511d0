//! Git tags by GitHub's API: no clone is needed, and none that is there is trusted.

use serde_json::{Value, json};

use crate::domain::release_record::Record;
use crate::domain::tag::{Census, Source, Version};
use crate::error::{Error, Result};
use crate::github::Repository;

/// How many of the highest releases are looked at for one with a record.
const LOOKED_AT: usize = 10;

/// A release that a git tag reserves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Release {
    pub(super) version: Version,
    /// The commit that the tag points to.
    pub(super) commit: String,
    pub(super) record: Option<Record>,
}

/// The releases among a repository's tags, highest first.
pub(super) struct Tags {
    pub(super) releases: Vec<Release>,
    /// Every tag by its name.
    pub(super) names: Vec<String>,
}

impl Tags {
    /// Lists all tags, counts them, and reads the records of those that a decision needs: the highest with one, and
    /// those of `commit`.
    pub(super) async fn read(
        repository: &Repository,
        prefix: &str,
        commit: Option<&str>,
        census: &mut Census,
    ) -> Result<Self> {
        let mut releases = Vec::new();
        let mut names = Vec::new();
        let listed = repository.list("tags?per_page=100").await;
        for tag in listed.map_err(unreadable)? {
            let text = |pointer: &str| tag.pointer(pointer).and_then(Value::as_str);
            let (Some(name), Some(at)) = (text("/name"), text("/commit/sha")) else {
                continue;
            };
            names.push(name.to_owned());
            if let Some(version) = census.tag(name, prefix, Source::Git) {
                releases.push(Release {
                    version,
                    commit: at.to_owned(),
                    record: None,
                });
            }
        }
        releases.sort_by(|one, other| other.version.cmp(&one.version));
        let mut found = false;
        for (place, release) in releases.iter_mut().enumerate() {
            let looked_for = !found && place < LOOKED_AT;
            if looked_for || Some(release.commit.as_str()) == commit {
                let name = format!("{prefix}{}", release.version);
                release.record = record(repository, &name).await?;
                found |= release.record.is_some();
            }
        }
        Ok(Self { releases, names })
    }

    /// The highest release that tells what it was made from.
    pub(super) fn latest(&self) -> Option<(&Release, &Record)> {
        self.releases
            .iter()
            .find_map(|release| Some((release, release.record.as_ref()?)))
    }
}

fn unreadable(error: Error) -> Error {
    match error.code() {
        Some("403" | "404") if error.wait().is_none() => error.hint(
            "The job needs at least `permissions: contents: read`, and the token must be one for this repository.",
        ),
        _ => error,
    }
}

/// The record in the message of an annotated tag. A tag that went away meanwhile has none.
async fn record(repository: &Repository, name: &str) -> Result<Option<Record>> {
    let Some(reference) = repository.get(&format!("git/ref/tags/{name}")).await? else {
        return Ok(None);
    };
    let text = |pointer: &str| reference.pointer(pointer).and_then(Value::as_str);
    let (Some("tag"), Some(object)) = (text("/object/type"), text("/object/sha")) else {
        return Ok(None);
    };
    let tag = repository.get(&format!("git/tags/{object}")).await?;
    Ok(tag
        .as_ref()
        .and_then(|tag| tag.get("message")?.as_str())
        .and_then(Record::parse))
}

/// How an attempt to reserve a tag ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reserved {
    /// The tag is ours.
    Yes,
    /// Somebody else made it first.
    Taken,
}

/// Whether a tag is there by now. In a crowd most attempts are too late: to look is cheaper than to make an object.
pub(super) async fn is_there(repository: &Repository, name: &str) -> Result<bool> {
    let there = repository.get(&format!("git/ref/tags/{name}")).await?;
    Ok(there.is_some())
}

/// Makes an annotated tag. GitHub creates a reference or refuses, so that of many who try one wins.
pub(super) async fn reserve(
    repository: &Repository,
    name: &str,
    commit: &str,
    message: &str,
) -> Result<Reserved> {
    let body = json!({"tag": name, "message": message, "object": commit, "type": "commit"});
    let tag = repository
        .post("git/tags", &body)
        .await
        .map_err(|error| explain(error, name, commit))?;
    let object = tag.get("sha").and_then(Value::as_str).ok_or_else(|| {
        Error::refused(format!("GitHub made the tag {name} without telling its id"))
    })?;
    let body = json!({"ref": format!("refs/tags/{name}"), "sha": object});
    let error = match repository.post("git/refs", &body).await {
        Ok(_) => return Ok(Reserved::Yes),
        Err(error) => error,
    };
    // 422 means "there already", and several other things: the reference itself tells.
    let there = error.code() == Some("422") && is_there(repository, name).await?;
    if there {
        return Ok(Reserved::Taken);
    }
    Err(explain(error, name, commit))
}

fn explain(error: Error, name: &str, commit: &str) -> Error {
    let hint = match error.code() {
        Some("403" | "404") if error.wait().is_none() => format!(
            "To make the tag {name}, the job needs `permissions: contents: write`, and no ruleset may keep its token \
             from making tags. With `dry-run: true` nothing is made."
        ),
        Some("422") => format!(
            "The tag {name} was to point to commit {commit}. Is that commit on GitHub, and does no ruleset forbid the tag?"
        ),
        _ => return error,
    };
    error.hint(hint)
}
