//! Pull requests: opening, following their branches, closing.

use std::sync::Arc;

use serde_json::json;

use super::api::Failure;
use super::events;
use super::git::ZERO;
use super::model::{Identity, Merge, PullRequest, Repository};
use super::write::NewCommit;
use super::{commits, shape};
use crate::World;

/// What a new pull request is asked to be.
pub struct NewPull {
    pub title: String,
    pub body: Option<String>,
    /// `branch` or `owner:branch`.
    pub head: String,
    pub base: String,
    pub draft: bool,
}

/// The GraphQL id of a pull request.
pub fn node_id(repository: &Repository, number: u64) -> String {
    format!("PR_{}_{number}", repository.id)
}

/// The repository and number of a GraphQL id.
pub fn by_node_id(world: &World, id: &str) -> Option<(Repository, u64)> {
    let (repository, number) = id.strip_prefix("PR_")?.split_once('_')?;
    let repository: u64 = repository.parse().ok()?;
    let number: u64 = number.parse().ok()?;
    let mut state = world.github.state();
    let found = state
        .repositories
        .values()
        .find(|candidate| candidate.id == repository)
        .cloned()?;
    state.pull(&found.full_name(), number)?;
    Some((found, number))
}

fn invalid(field: &str) -> Failure {
    Failure::field("PullRequest", field, "invalid")
}

fn custom(message: String) -> Failure {
    Failure::invalid(json!({"resource": "PullRequest", "code": "custom", "message": message}))
}

/// The repository that the head of a pull request is in: this one, or a fork of it.
fn head_repository(world: &World, base: &Repository, owner: &str) -> Option<Repository> {
    if owner == base.owner {
        return Some(base.clone());
    }
    let state = world.github.state();
    state
        .repositories
        .values()
        .find(|other| other.owner == owner && other.fork_of == Some(base.full_name()))
        .cloned()
}

/// Opens a pull request.
pub async fn open(
    world: &Arc<World>,
    repository: &Repository,
    new: NewPull,
    by: &Identity,
) -> Result<PullRequest, Failure> {
    if by.is_job() && !repository.options.actions_can_create_pull_requests {
        return Err(Failure::new(
            403,
            "GitHub Actions is not permitted to create or approve pull requests.",
        ));
    }
    let (owner, branch) = new
        .head
        .split_once(':')
        .unwrap_or((&repository.owner, &new.head));
    let head = head_repository(world, repository, owner).ok_or_else(|| invalid("head"))?;
    let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    let base = new.base.strip_prefix("refs/heads/").unwrap_or(&new.base);
    let tip = async |repository: &Repository, branch: &str, field| {
        let name = format!("refs/heads/{branch}");
        let sha = repository.git.reference(&name).await;
        sha.ok_or_else(|| invalid(field))
    };
    let base_sha = tip(repository, base, "base").await?;
    let head_sha = tip(&head, branch, "head").await?;
    if head.id != repository.id {
        let source = format!("refs/heads/{branch}");
        let target = format!("refs/world/incoming/{}", head.id);
        repository.git.take(&head.git, &source, &target).await?;
    }
    if repository.git.is_ancestor(&head_sha, &base_sha).await {
        return Err(custom(format!("No commits between {base} and {branch}")));
    }
    let now = world.clock.now();
    let pull = {
        let mut state = world.github.state();
        let pulls = state.pulls.entry(repository.full_name()).or_default();
        let taken = pulls.iter().any(|pull| {
            pull.open
                && pull.head_repository == head.full_name()
                && pull.head_branch == branch
                && pull.base_branch == base
        });
        if taken {
            return Err(custom(format!(
                "A pull request already exists for {owner}:{branch}."
            )));
        }
        let pull = PullRequest {
            number: pulls.len() as u64 + 1,
            title: new.title,
            body: new.body,
            author: by.login.clone(),
            head_repository: head.full_name(),
            head_branch: branch.to_owned(),
            head_sha,
            base_branch: base.to_owned(),
            base_sha,
            draft: new.draft,
            open: true,
            merged: None,
            auto_merge: None,
            queued: false,
            labels: Vec::new(),
            reviewers: Vec::new(),
            team_reviewers: Vec::new(),
            assignees: Vec::new(),
            milestone: None,
            comments: Vec::new(),
            created: now,
            updated: now,
            closed: None,
        };
        pulls.push(pull.clone());
        pull
    };
    refresh(world, repository, &pull).await;
    events::pull_request(world, repository, &pull, "opened", by).await;
    Ok(pull)
}

/// Brings `refs/pull/N/head` and `refs/pull/N/merge` up to date. A pull request that conflicts has no merge commit.
pub async fn refresh(world: &Arc<World>, repository: &Repository, pull: &PullRequest) {
    let git = &repository.git;
    let name = |end: &str| format!("refs/pull/{}/{end}", pull.number);
    if let Some(head) = world.github.repository(&pull.head_repository)
        && head.id != repository.id
    {
        let source = format!("refs/heads/{}", pull.head_branch);
        // A fork's branch that is gone leaves the last known head where it is.
        let _ = git.take(&head.git, &source, &name("head")).await;
    } else {
        let _ = git
            .text(&["update-ref", &name("head"), &pull.head_sha])
            .await;
    }
    let _ = git.text(&["update-ref", "-d", &name("merge")]).await;
    let Some(tree) = git.merge_tree(&pull.base_sha, &pull.head_sha).await else {
        return;
    };
    let (author, committer) = (
        commits::author(world, &pull.author),
        commits::committer(world),
    );
    let message = format!("Merge {} into {}", pull.head_sha, pull.base_sha);
    let merge = git
        .write_commit(&NewCommit {
            tree: &tree,
            parents: &[pull.base_sha.clone(), pull.head_sha.clone()],
            message: &message,
            author: &author,
            committer: &committer,
        })
        .await;
    if let Ok(sha) = merge {
        let _ = git.text(&["update-ref", &name("merge"), &sha]).await;
    }
}

/// The test merge of an open pull request; `None` if it conflicts.
pub async fn test_merge(repository: &Repository, number: u64) -> Option<String> {
    let name = format!("refs/pull/{number}/merge");
    repository.git.reference(&name).await
}

/// What a moved branch means for pull requests: heads that follow, bases that move, branches that are gone.
pub async fn follow(
    world: &Arc<World>,
    repository: &Repository,
    branch: &str,
    after: &str,
    by: &Identity,
) {
    let moved = repository.full_name();
    for (base, pull) in affected(world, &moved, branch) {
        let is_head = pull.head_repository == moved && pull.head_branch == branch;
        let is_base = base.full_name() == moved && pull.base_branch == branch;
        let gone = after == ZERO;
        let now = world.clock.now();
        let merged = is_base && !gone && base.git.is_ancestor(&pull.head_sha, after).await;
        let changed = {
            let mut state = world.github.state();
            let Some(pull) = state.pull(&base.full_name(), pull.number) else {
                continue;
            };
            if !pull.open {
                continue;
            }
            pull.updated = now;
            if is_head && !gone {
                pull.head_sha = after.to_owned();
            }
            if is_base && !gone {
                pull.base_sha = after.to_owned();
            }
            if gone || merged {
                pull.open = false;
                pull.closed = Some(now);
                pull.auto_merge = None;
            }
            if merged {
                pull.merged = Some(Merge {
                    by: by.login.clone(),
                    sha: after.to_owned(),
                    at: now,
                });
            }
            pull.clone()
        };
        if changed.open {
            refresh(world, &base, &changed).await;
        }
        let action = match changed.open {
            false => "closed",
            true if is_head => "synchronize",
            true => continue,
        };
        events::pull_request(world, &base, &changed, action, by).await;
    }
}

/// Open pull requests, with the repository that they are in, whose head or base is this branch.
fn affected(world: &World, moved: &str, branch: &str) -> Vec<(Repository, PullRequest)> {
    let state = world.github.state();
    let mut found = Vec::new();
    for (name, pulls) in &state.pulls {
        let Some(repository) = state.repositories.get(name) else {
            continue;
        };
        for pull in pulls.iter().filter(|pull| pull.open) {
            let is_head = pull.head_repository == moved && pull.head_branch == branch;
            let is_base = name == moved && pull.base_branch == branch;
            if is_head || is_base {
                found.push((repository.clone(), pull.clone()));
            }
        }
    }
    found
}

/// Closes or reopens a pull request by hand.
pub async fn set_open(
    world: &Arc<World>,
    repository: &Repository,
    number: u64,
    open: bool,
    by: &Identity,
) -> Result<(), Failure> {
    let changed = {
        let mut state = world.github.state();
        let pull = state
            .pull(&repository.full_name(), number)
            .ok_or_else(Failure::not_found)?;
        if pull.merged.is_some() && open {
            return Err(invalid("state"));
        }
        if pull.open == open {
            return Ok(());
        }
        pull.open = open;
        pull.closed = (!open).then(|| world.clock.now());
        pull.clone()
    };
    if open {
        refresh(world, repository, &changed).await;
    }
    let action = if open { "reopened" } else { "closed" };
    events::pull_request(world, repository, &changed, action, by).await;
    Ok(())
}

/// `pull-request`: [`shape::Shape::pull`] with what only the single pull request has.
pub async fn full(world: &World, repository: &Repository, pull: &PullRequest) -> serde_json::Value {
    let mut value = shape::Shape(world).pull(repository, pull);
    let git = &repository.git;
    let base = git.merge_base(&pull.base_sha, &pull.head_sha).await;
    let from = base.as_deref().unwrap_or(&pull.base_sha);
    let changes = git.changes(from, &pull.head_sha).await.unwrap_or_default();
    let count = git.count(&format!("{from}..{}", pull.head_sha)).await;
    let merge = test_merge(repository, pull.number).await;
    let blocked = super::merge::missing_workflow(world, repository, pull).is_some();
    value["mergeable"] = if pull.open {
        merge.is_some().into()
    } else {
        serde_json::Value::Null
    };
    value["mergeable_state"] = match (pull.open, &merge, blocked) {
        (false, ..) => "unknown",
        (_, None, _) => "dirty",
        (.., true) => "blocked",
        _ => "clean",
    }
    .into();
    if pull.merged.is_none() {
        value["merge_commit_sha"] = merge.into();
    }
    value["merged"] = pull.merged.is_some().into();
    value["merged_by"] = match &pull.merged {
        Some(merge) => shape::Shape(world).user(&merge.by),
        None => serde_json::Value::Null,
    };
    value["rebaseable"] = false.into();
    value["maintainer_can_modify"] = false.into();
    value["comments"] = pull.comments.len().into();
    value["review_comments"] = 0.into();
    value["commits"] = count.into();
    value["additions"] = changes
        .iter()
        .map(|change| change.additions)
        .sum::<u64>()
        .into();
    value["deletions"] = changes
        .iter()
        .map(|change| change.deletions)
        .sum::<u64>()
        .into();
    value["changed_files"] = changes.len().into();
    value
}
