//! Events, and which workflows they start.
//!
//! Source: "Events that trigger workflows" and "Triggering a workflow from a workflow", GitHub's documentation,
//! November 2026. What a `GITHUB_TOKEN` caused starts no run, except `workflow_dispatch` and `repository_dispatch`.

use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Value, json};

use super::git::{Change, EMPTY_TREE, ZERO};
use super::model::{Identity, PullRequest, Repository};
use super::workflow::Workflow;
use super::{pulls, runs, shape};
use crate::World;

/// Something that happened in a repository.
#[derive(Clone, Debug)]
pub struct Event {
    /// `push`, `pull_request`, `workflow_dispatch`, `repository_dispatch`.
    pub name: String,
    /// Activity type: `opened`, `closed`.
    pub action: Option<String>,
    pub repository: String,
    /// `GITHUB_REF`.
    pub git_ref: String,
    /// `GITHUB_SHA`: the commit that the workflows are read from and that runs check out.
    pub sha: String,
    /// The commit that a run is shown at: of a pull request its head.
    pub head_sha: String,
    pub head_branch: String,
    /// What `branches` and `tags` are matched against: the pushed branch or tag, or the base of a pull request.
    pub branch: Option<String>,
    pub tag: bool,
    /// Changed files, where the event has them.
    pub paths: Option<Vec<String>>,
    pub by: Identity,
    /// Whether it comes from a fork: then runs get no secrets and a token that can only read.
    pub from_fork: bool,
    /// `GITHUB_EVENT_PATH`.
    pub payload: Value,
}

/// Whether an event started a workflow, and why not.
#[derive(Clone, Debug, Serialize)]
pub struct Decision {
    #[serde(skip)]
    pub at: SystemTime,
    pub repository: String,
    /// `push`, `pull_request`.
    pub event: String,
    pub action: Option<String>,
    pub git_ref: String,
    pub sha: String,
    /// Who caused it, and with what kind of token.
    pub actor: String,
    /// Path of the workflow file; empty if no workflow was looked at.
    pub workflow: String,
    /// The run that was started.
    pub run: Option<u64>,
    /// Why a run was started or not.
    pub reason: String,
}

/// Everything that follows from a reference that moved: pull requests, then the `push` event.
pub async fn reference_moved(
    world: &Arc<World>,
    repository: &Repository,
    name: &str,
    before: &str,
    after: &str,
    by: &Identity,
) {
    let branch = name.strip_prefix("refs/heads/");
    if let Some(branch) = branch {
        Box::pin(pulls::follow(world, repository, branch, after, by)).await;
    }
    let tag = name.strip_prefix("refs/tags/");
    let Some(short) = branch.or(tag) else { return };
    if after == ZERO {
        return;
    }
    let git = &repository.git;
    let Some(head) = git.resolve(after, "commit").await else {
        return;
    };
    let main = format!("refs/heads/{}", repository.default_branch);
    let from = match before {
        ZERO if name != main => git.merge_base(&main, &head).await,
        ZERO => None,
        before => Some(before.to_owned()),
    };
    let from = from.unwrap_or_else(|| EMPTY_TREE.to_owned());
    let changes = git.changes(&from, &head).await.unwrap_or_default();
    let payload = push_payload(world, repository, name, before, after, &head, by, &changes).await;
    let event = Event {
        name: "push".to_owned(),
        action: None,
        repository: repository.full_name(),
        git_ref: name.to_owned(),
        sha: head.clone(),
        head_sha: head,
        head_branch: short.to_owned(),
        branch: Some(short.to_owned()),
        tag: tag.is_some(),
        paths: Some(changes.into_iter().map(|change| change.path).collect()),
        by: by.clone(),
        from_fork: false,
        payload,
    };
    raise(world, repository, event).await;
}

#[expect(clippy::too_many_arguments, reason = "the parts of one payload")]
async fn push_payload(
    world: &World,
    repository: &Repository,
    name: &str,
    before: &str,
    after: &str,
    head: &str,
    by: &Identity,
    changes: &[Change],
) -> Value {
    let shape = shape::Shape(world);
    let of = |status: &str| -> Vec<&str> {
        let wanted = changes.iter().filter(|change| change.status == status);
        wanted.map(|change| change.path.as_str()).collect()
    };
    let commit = repository.git.commit(head).await.map(|commit| {
        json!({
            "id": commit.sha,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": commit.committer.date,
            "url": format!("{}/{}/commit/{}", shape.web(), repository.full_name(), commit.sha),
            "author": {"name": commit.author.name, "email": commit.author.email},
            "committer": {"name": commit.committer.name, "email": commit.committer.email},
            "added": of("added"), "removed": of("removed"), "modified": of("modified"),
        })
    });
    let mut payload = json!({
        "ref": name,
        "before": before,
        "after": after,
        "created": before == ZERO,
        "deleted": false,
        "forced": before != ZERO && !repository.git.is_ancestor(before, after).await,
        "base_ref": null,
        "compare": format!("{}/{}/compare/{before}...{after}", shape.web(), repository.full_name()),
        "head_commit": commit,
        "commits": commit.iter().collect::<Vec<_>>(),
        "pusher": {"name": by.login},
    });
    common(world, repository, by, &mut payload);
    payload
}

fn common(world: &World, repository: &Repository, by: &Identity, payload: &mut Value) {
    let shape = shape::Shape(world);
    payload["repository"] = shape.repository(repository);
    payload["sender"] = shape.user(&by.login);
}

/// The `pull_request` event.
pub async fn pull_request(
    world: &Arc<World>,
    repository: &Repository,
    pull: &PullRequest,
    action: &str,
    by: &Identity,
) {
    let git = &repository.git;
    let from = git.merge_base(&pull.base_sha, &pull.head_sha).await;
    let from = from.unwrap_or_else(|| EMPTY_TREE.to_owned());
    let changes = git.changes(&from, &pull.head_sha).await.unwrap_or_default();
    let merge = pulls::test_merge(repository, pull.number).await;
    let mut payload = json!({
        "action": action,
        "number": pull.number,
        "pull_request": pulls::full(world, repository, pull).await,
    });
    common(world, repository, by, &mut payload);
    let mut event = Event {
        name: "pull_request".to_owned(),
        action: Some(action.to_owned()),
        repository: repository.full_name(),
        git_ref: format!("refs/pull/{}/merge", pull.number),
        sha: merge.clone().unwrap_or_else(|| pull.head_sha.clone()),
        head_sha: pull.head_sha.clone(),
        head_branch: pull.head_branch.clone(),
        branch: Some(pull.base_branch.clone()),
        tag: false,
        paths: Some(changes.into_iter().map(|change| change.path).collect()),
        by: by.clone(),
        from_fork: pull.head_repository != repository.full_name(),
        payload,
    };
    if let Some(merged) = &pull.merged {
        event.sha.clone_from(&merged.sha);
        event.git_ref = format!("refs/heads/{}", pull.base_branch);
    } else if merge.is_none() && pull.open {
        let reason = "the pull request has conflicts: there is no merge commit to run on";
        decide(world, &event, "", None, reason.to_owned());
        return;
    }
    raise(world, repository, event).await;
}

/// `workflow_dispatch` and `repository_dispatch`, of one workflow or of all that listen; the runs that they started.
pub async fn dispatch(
    world: &Arc<World>,
    repository: &Repository,
    name: &str,
    only: Option<&Workflow>,
    mut event: Event,
) -> Vec<u64> {
    let by = event.by.clone();
    common(world, repository, &by, &mut event.payload);
    event.name = name.to_owned();
    match only {
        Some(workflow) => vec![start(world, &event, workflow)],
        None => raise(world, repository, event).await,
    }
}

/// The workflow files of a commit.
pub async fn workflows(
    repository: &Repository,
    sha: &str,
) -> Vec<(String, Result<Workflow, String>)> {
    let git = &repository.git;
    let Some(folder) = git
        .resolve(&format!("{sha}:.github/workflows"), "tree")
        .await
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in git.tree(&folder, false).await.unwrap_or_default() {
        let yaml = entry.path.ends_with(".yml") || entry.path.ends_with(".yaml");
        if entry.kind != "blob" || !yaml {
            continue;
        }
        let path = format!(".github/workflows/{}", entry.path);
        let source = git.bytes(&["cat-file", "blob", &entry.sha]).await;
        let source = String::from_utf8_lossy(&source.unwrap_or_default()).into_owned();
        found.push((path.clone(), Workflow::parse(&path, &source)));
    }
    found
}

/// Decides for each workflow of the event's commit; the runs that were started.
async fn raise(world: &Arc<World>, repository: &Repository, event: Event) -> Vec<u64> {
    let skips = skip_instruction(repository, &event).await;
    let mut started = Vec::new();
    for (path, workflow) in workflows(repository, &event.sha).await {
        let workflow = match workflow {
            Ok(workflow) => workflow,
            Err(reason) => {
                decide(world, &event, &path, None, reason);
                continue;
            }
        };
        if workflow.trigger(&event.name).is_none() {
            continue;
        }
        let refused = workflow
            .admits(&event)
            .err()
            .or_else(|| skips.clone())
            .or_else(|| by_token(&event));
        match refused {
            Some(reason) => decide(world, &event, &path, None, reason),
            None => started.push(start(world, &event, &workflow)),
        }
    }
    started
}

fn start(world: &Arc<World>, event: &Event, workflow: &Workflow) -> u64 {
    let run = runs::create(world, event, workflow);
    let reason = format!("{} by {}", event.name, event.by.describe());
    decide(world, event, &workflow.path, Some(run), reason);
    runs::wake(world);
    run
}

/// Why an event starts nothing because of whose token caused it.
fn by_token(event: &Event) -> Option<String> {
    if !event.by.is_job() || event.name.ends_with("_dispatch") {
        return None;
    }
    Some(format!(
        "caused by {}: GITHUB_TOKEN starts no runs, except by workflow_dispatch and repository_dispatch",
        event.by.describe()
    ))
}

/// `[skip ci]` and its relatives in the message of the head commit.
async fn skip_instruction(repository: &Repository, event: &Event) -> Option<String> {
    if !["push", "pull_request"].contains(&event.name.as_str()) {
        return None;
    }
    let commit = repository.git.commit(&event.head_sha).await?;
    [
        "[skip ci]",
        "[ci skip]",
        "[no ci]",
        "[skip actions]",
        "[actions skip]",
    ]
    .into_iter()
    .find(|instruction| commit.message.contains(instruction))
    .map(|instruction| format!("the head commit's message has {instruction}"))
}

fn decide(world: &World, event: &Event, workflow: &str, run: Option<u64>, reason: String) {
    let decision = Decision {
        at: SystemTime::now(),
        repository: event.repository.clone(),
        event: event.name.clone(),
        action: event.action.clone(),
        git_ref: event.git_ref.clone(),
        sha: event.sha.clone(),
        actor: event.by.describe(),
        workflow: workflow.to_owned(),
        run,
        reason,
    };
    world.github.state().decisions.push(decision);
}

/// Writes down something that belongs to no event.
pub fn note(world: &World, repository: &str, reason: &str) {
    let decision = Decision {
        at: SystemTime::now(),
        repository: repository.to_owned(),
        event: String::new(),
        action: None,
        git_ref: String::new(),
        sha: String::new(),
        actor: String::new(),
        workflow: String::new(),
        run: None,
        reason: reason.to_owned(),
    };
    world.github.state().decisions.push(decision);
}
