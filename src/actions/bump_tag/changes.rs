//! The pull requests and commits that the next release is made of.

use std::collections::BTreeMap;

use serde_json::Value;

use super::event::{self, Event, PullRequest};
use crate::domain::bump::{Change, Wish};
use crate::error::{Error, Result};
use crate::github::Repository;
use crate::http;

/// How many commits are looked up at most.
const LOOKED_UP: usize = 30;

/// What GitHub has told already: an attempt that another run was faster than does not ask for it again.
#[derive(Debug, Default)]
pub(super) struct Asked {
    touching: Option<Vec<Value>>,
    of_commit: BTreeMap<String, Vec<Change>>,
}

/// Changes, and what the reader should know about how they were found.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) all: Vec<Change>,
    pub(super) notes: Vec<String>,
}

/// The changes since the commit of the release before, as far as they touch `path`.
pub(super) async fn read(
    repository: &Repository,
    event: &Event,
    path: Option<&str>,
    before: Option<&str>,
    asked: &mut Asked,
) -> Result<Changes> {
    if let Some(pull) = &event.pull_request {
        let mut changes = of_pull_request(repository, pull).await?;
        unreleased(repository, pull, path, before, &mut changes).await?;
        return Ok(changes);
    }
    let Some(sha) = event.sha.as_deref() else {
        return Ok(Changes {
            all: Vec::new(),
            notes: vec!["labels and titles do not count: GITHUB_SHA is not set".to_owned()],
        });
    };
    let mut changes = Changes::default();
    let touching = match asked.touching.take() {
        Some(touching) => touching,
        None => touching(repository, sha, path).await?,
    };
    let mut commits = between(repository, sha, &touching, before, &mut changes.notes).await?;
    if before.is_none() {
        changes
            .all
            .extend(named(&touching).filter(|change| !sha.starts_with(&change.name)));
    }
    asked.touching = Some(touching);
    if commits.len() > LOOKED_UP {
        changes.notes.push(format!(
            "labels and titles of the newest {LOOKED_UP} commits count, of {}",
            commits.len()
        ));
        commits.truncate(LOOKED_UP);
    }
    for commit in &commits {
        let sha = id(commit).unwrap_or_default();
        if !asked.of_commit.contains_key(sha) {
            let found = of_commit(repository, commit, event.branch.as_deref()).await?;
            asked.of_commit.insert(sha.to_owned(), found);
        }
        for change in asked.of_commit.get(sha).into_iter().flatten().cloned() {
            match changes
                .all
                .iter_mut()
                .find(|known| known.name == change.name)
            {
                Some(known) => known.body = format!("{}\n{}", known.body, change.body),
                None => changes.all.push(change),
            }
        }
    }
    Ok(changes)
}

/// The pull request as it is now: labels may have changed since the event, and running the job again brings the old
/// event.
async fn of_pull_request(repository: &Repository, pull: &PullRequest) -> Result<Changes> {
    let answer = repository.get(&format!("pulls/{}", pull.number)).await;
    let (change, note) = match answer {
        Ok(Some(now)) => (event::change(&now), None),
        Ok(None) => (pull.change.clone(), Some("GitHub does not show it")),
        Err(error) if error.code() == Some("403") => {
            let reason = "the token lacks `pull-requests: read`";
            (pull.change.clone(), Some(reason))
        }
        Err(error) => return Err(error),
    };
    Ok(Changes {
        notes: note
            .into_iter()
            .map(|reason| {
                format!(
                    "title and labels of {} as they were when this run started: {reason}",
                    change.name
                )
            })
            .collect(),
        all: vec![change],
    })
}

/// What the base of a pull request has that no release has: the release after the merge is made of that too.
async fn unreleased(
    repository: &Repository,
    pull: &PullRequest,
    path: Option<&str>,
    before: Option<&str>,
    changes: &mut Changes,
) -> Result<()> {
    let (Some(base), Some(before)) = (pull.base.as_deref(), before) else {
        return Ok(());
    };
    let touching = touching(repository, base, path).await?;
    let Some((waiting, _)) = since(repository, base, &touching, before).await? else {
        return Ok(());
    };
    for commit in waiting.iter().take(LOOKED_UP) {
        let found = match of_commit(repository, commit, Some(base)).await {
            Err(error) if error.code() == Some("403") && error.wait().is_none() => {
                changes.notes.push(format!(
                    "labels of what {base} has and no release do not count: the token lacks `pull-requests: read`"
                ));
                return Ok(());
            }
            found => found?,
        };
        for change in found {
            match Wish::of(std::slice::from_ref(&change)) {
                Ok(_) if changes.all.iter().all(|known| known.name != change.name) => {
                    changes.all.push(change)
                }
                Ok(_) => {}
                Err(fault) => changes.notes.push(format!(
                    "{}, which the next release of {base} will refuse: {}",
                    fault.message, fault.hint
                )),
            }
        }
    }
    Ok(())
}

/// The newest commits up to `sha` that touch `path`.
async fn touching(repository: &Repository, sha: &str, path: Option<&str>) -> Result<Vec<Value>> {
    let filter = path.map_or_else(String::new, |path| format!("&path={}", http::encode(path)));
    repository
        .list_page(&format!(
            "commits?sha={}&per_page=100{filter}",
            http::encode(sha)
        ))
        .await
        .map_err(|error| {
            error.hint(format!(
                "Commit {sha} must be on GitHub, and the token must be able to read it."
            ))
        })
}

/// Those of `touching` that came after `before`, newest first; `sha` alone if there are none.
async fn between(
    repository: &Repository,
    sha: &str,
    touching: &[Value],
    before: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<Vec<Value>> {
    if let Some(before) = before {
        match since(repository, sha, touching, before).await? {
            None => notes.push(format!(
                "labels and titles of {} alone count: the commit of the release before is gone",
                short(sha)
            )),
            Some((found, is_behind)) => {
                if is_behind {
                    notes.push(format!(
                        "commit {} is older than {}, which the release before was made from",
                        short(sha),
                        short(before)
                    ));
                }
                if !found.is_empty() {
                    return Ok(found);
                }
            }
        }
    }
    let commit = repository.get(&format!("commits/{sha}")).await?;
    Ok(commit.into_iter().collect())
}

/// Those of `touching` that `tip` has and `before` has not, and whether `tip` is the older one; nothing if `before` is
/// gone.
async fn since(
    repository: &Repository,
    tip: &str,
    touching: &[Value],
    before: &str,
) -> Result<Option<(Vec<Value>, bool)>> {
    // Without a page GitHub answers with up to 250 commits, the newest among them.
    let path = format!("compare/{before}...{}", http::encode(tip));
    let Some(range) = repository.get(&path).await? else {
        return Ok(None);
    };
    let is_behind = range.get("status").and_then(Value::as_str) == Some("behind");
    let between: Vec<&str> = range
        .get("commits")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(id)
        .collect();
    let new = |commit: &&Value| id(commit).is_some_and(|id| between.contains(&id));
    let found = touching.iter().filter(new).cloned().collect();
    Ok(Some((found, is_behind)))
}

/// Commits before the first release whose messages have a `Release-As`; nothing else of them counts.
fn named(touching: &[Value]) -> impl Iterator<Item = Change> {
    touching.iter().take(LOOKED_UP).filter_map(|commit| {
        let change = Change {
            name: short(id(commit)?).to_owned(),
            body: commit.pointer("/commit/message")?.as_str()?.to_owned(),
            ..Change::default()
        };
        let wish = Wish::of(std::slice::from_ref(&change)).ok()?;
        wish.release_as.is_some().then_some(change)
    })
}

fn id(commit: &Value) -> Option<&str> {
    commit.get("sha")?.as_str()
}

fn short(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}

/// The merged pull requests that brought a commit in, those into `branch` if there are some; the commit itself if there
/// are none. The text of the commit belongs to each.
async fn of_commit(
    repository: &Repository,
    commit: &Value,
    branch: Option<&str>,
) -> Result<Vec<Change>> {
    let sha = id(commit).unwrap_or_default();
    let message = commit
        .pointer("/commit/message")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let pulls = repository
        .list(&format!("commits/{sha}/pulls?per_page=100"))
        .await
        .map_err(missing_right)?;
    let merged: Vec<&Value> = pulls
        .iter()
        .filter(|pull| pull.get("merged_at").is_some_and(Value::is_string))
        .collect();
    let here: Vec<&Value> = merged
        .iter()
        .copied()
        .filter(|pull| pull.pointer("/base/ref").and_then(Value::as_str) == branch)
        .collect();
    let chosen = if here.is_empty() { merged } else { here };
    if chosen.is_empty() {
        let (title, body) = message.split_once('\n').unwrap_or((message, ""));
        return Ok(vec![Change {
            name: short(sha).to_owned(),
            title: title.to_owned(),
            body: body.to_owned(),
            labels: Vec::new(),
        }]);
    }
    Ok(chosen
        .into_iter()
        .map(|pull| {
            let mut change = event::change(pull);
            change.body = format!("{}\n{message}", change.body);
            change
        })
        .collect())
}

fn missing_right(error: Error) -> Error {
    match error.code() {
        Some("403") if error.wait().is_none() => error.hint(
            "The labels of the merged pull request decide too: the job needs `permissions: pull-requests: read`.",
        ),
        _ => error,
    }
}
