//! What changes something.
//!
//! Messages and types of refusals as users report them: `STALE_DATA` (ministryofjustice/modernisation-platform#11985),
//! `UNPROCESSABLE` of auto-merge. The text for a branch or repository that is not there is ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::execute::{Execution, Refusal};
use super::nodes::{Node, Out, Ready};
use super::queries::{self, permit, text};
use crate::github::access::Needs;
use crate::github::commits::{author, commit_files, move_reference};
use crate::github::merge;
use crate::github::model::{AutoMerge, MergeMethod, Repository};
use crate::github::pulls;
use crate::github::write::Put;

pub async fn root(
    execution: &Execution<'_>,
    field: &str,
    arguments: &Map<String, Value>,
) -> Result<Out, Refusal> {
    let input = arguments.get("input").and_then(Value::as_object);
    let input = input.ok_or_else(|| invalid(field, "input"))?;
    let node = match field {
        "createCommitOnBranch" => create_commit(execution, input).await?,
        "createRef" => super::references::create(execution, input).await?,
        "enablePullRequestAutoMerge" => enable_auto_merge(execution, input)?,
        "enqueuePullRequest" => enqueue(execution, input)?,
        "updateRefs" => super::references::update(execution, input).await?,
        other => {
            return Err(Refusal::new(
                "INTERNAL",
                format!("nothing resolves {other}"),
            ));
        }
    };
    Ok(Out::Node(Some(node)))
}

pub(super) fn invalid(field: &str, name: &str) -> Refusal {
    let message =
        format!("{field}: {name} was provided invalid value (Expected value to not be null)");
    Refusal::new("INVALID", message)
}

pub(super) fn unprocessable(message: impl Into<String>) -> Refusal {
    Refusal::new("UNPROCESSABLE", message)
}

pub(super) fn required<'a>(input: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    text(input, name).ok_or_else(|| invalid("input", name))
}

pub(super) fn client_mutation_id(input: &Map<String, Value>) -> (&'static str, Ready) {
    let id = input.get("clientMutationId").cloned().unwrap_or_default();
    ("clientMutationId", Ready::Value(id))
}

async fn create_commit(
    execution: &Execution<'_>,
    input: &Map<String, Value>,
) -> Result<Node, Refusal> {
    let branch = input.get("branch").and_then(Value::as_object);
    let branch = branch.ok_or_else(|| invalid("input", "branch"))?;
    let repository = queries::repository(execution, required(branch, "repositoryNameWithOwner")?)?;
    permit(execution.identity, &repository, Needs::write("contents"))?;
    let short = required(branch, "branchName")?;
    let name = format!(
        "refs/heads/{}",
        short.strip_prefix("refs/heads/").unwrap_or(short)
    );
    let expected = required(input, "expectedHeadOid")?;
    let head = repository.git.reference(&name).await;
    let head = head
        .ok_or_else(|| Refusal::new("NOT_FOUND", format!("Could not find the branch {name:?}")))?;
    let stale = || {
        let text = format!(
            "Expected branch to point to {expected:?} but it did not.  Pull and try again."
        );
        Refusal::new("STALE_DATA", text)
    };
    if head != expected {
        return Err(stale());
    }
    let message = input.get("message").and_then(Value::as_object);
    let message = message.ok_or_else(|| invalid("input", "message"))?;
    let body = text(message, "body").unwrap_or_default();
    let message = format!("{}\n\n{body}", required(message, "headline")?);
    let puts = file_changes(&repository, &head, input).await?;
    let world = execution.world;
    let author = author(world, &execution.identity.login);
    let sha = commit_files(
        world,
        &repository,
        Some(&head),
        &puts,
        message.trim_end(),
        &author,
    )
    .await
    .map_err(|error| unprocessable(error.0))?;
    move_reference(world, &repository, &name, &head, &sha, execution.identity)
        .await
        .map_err(|_| stale())?;
    let commit = Node::object(&repository, &sha).await;
    let reference = Node::Ref(Box::new(repository), name);
    Ok(Node::Payload(
        "CreateCommitOnBranchPayload",
        vec![
            client_mutation_id(input),
            ("commit", Ready::Node(Box::new(commit))),
            ("ref", Ready::Node(Box::new(Some(reference)))),
        ],
    ))
}

/// The files of a commit. New ones are plain; those that were there keep their mode.
async fn file_changes(
    repository: &Repository,
    head: &str,
    input: &Map<String, Value>,
) -> Result<Vec<Put>, Refusal> {
    let list = |name: &str| {
        let changes = input.get("fileChanges");
        let list = changes
            .and_then(|changes| changes.get(name))
            .and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    };
    let mut puts = Vec::new();
    for deletion in list("deletions") {
        let path = deletion
            .get("path")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if repository.git.entry(head, path).await.is_none() {
            let text = format!(
                "A path was requested for deletion which does not exist as of commit oid `{head}`"
            );
            return Err(unprocessable(text));
        }
        puts.push(Put {
            path: path.to_owned(),
            mode: "0".to_owned(),
            sha: None,
        });
    }
    for addition in list("additions") {
        let text = |name: &str| addition.get(name).and_then(Value::as_str);
        let path = text("path").ok_or_else(|| invalid("additions", "path"))?;
        let contents = text("contents").ok_or_else(|| invalid("additions", "contents"))?;
        let contents = STANDARD
            .decode(contents)
            .map_err(|_| unprocessable(format!("{path}: contents is no Base64")))?;
        let old = repository.git.entry(head, path).await;
        let sha = repository.git.write_blob(&contents).await;
        puts.push(Put {
            path: path.to_owned(),
            mode: old.map_or_else(|| "100644".to_owned(), |old| old.mode),
            sha: Some(sha.map_err(|error| unprocessable(error.0))?),
        });
    }
    Ok(puts)
}

pub(super) fn unresolved(id: &str) -> Refusal {
    let message = format!("Could not resolve to a node with the global id of '{id}'");
    Refusal::new("NOT_FOUND", message)
}

fn enable_auto_merge(
    execution: &Execution<'_>,
    input: &Map<String, Value>,
) -> Result<Node, Refusal> {
    let id = required(input, "pullRequestId")?;
    let world = execution.world;
    let (repository, number) = pulls::by_node_id(world, id).ok_or_else(|| unresolved(id))?;
    for permission in ["pull-requests", "contents"] {
        permit(execution.identity, &repository, Needs::write(permission))?;
    }
    let method = match text(input, "mergeMethod").unwrap_or("MERGE") {
        "MERGE" => MergeMethod::Merge,
        "SQUASH" => MergeMethod::Squash,
        _ => {
            return Err(unprocessable(
                "Merge method rebase merging is not allowed on this repository",
            ));
        }
    };
    let auto = AutoMerge {
        by: execution.identity.clone(),
        method,
        headline: text(input, "commitHeadline").map(str::to_owned),
        body: text(input, "commitBody").map(str::to_owned),
    };
    merge::enable_auto_merge(
        world,
        &repository,
        number,
        auto,
        text(input, "expectedHeadOid"),
    )
    .map_err(unprocessable)?;
    let pull = world
        .github
        .state()
        .pull(&repository.full_name(), number)
        .cloned();
    let pull = pull.map(|pull| Node::Pull(Box::new(repository), Box::new(pull)));
    let actor = Node::account(&execution.identity.login);
    Ok(Node::Payload(
        "EnablePullRequestAutoMergePayload",
        vec![
            client_mutation_id(input),
            ("actor", Ready::Node(Box::new(Some(actor)))),
            ("pullRequest", Ready::Node(Box::new(pull))),
        ],
    ))
}

fn enqueue(execution: &Execution<'_>, input: &Map<String, Value>) -> Result<Node, Refusal> {
    let id = required(input, "pullRequestId")?;
    let world = execution.world;
    let (repository, number) = pulls::by_node_id(world, id).ok_or_else(|| unresolved(id))?;
    permit(
        execution.identity,
        &repository,
        Needs::write("pull-requests"),
    )?;
    let expected = text(input, "expectedHeadOid");
    let (position, pull) =
        merge::enqueue(world, &repository, number, expected).map_err(unprocessable)?;
    let pull = Node::Pull(Box::new(repository), Box::new(pull));
    let entry = Node::Payload(
        "MergeQueueEntry",
        vec![
            ("position", Ready::Value(position.into())),
            ("pullRequest", Ready::Node(Box::new(Some(pull)))),
        ],
    );
    Ok(Node::Payload(
        "EnqueuePullRequestPayload",
        vec![
            client_mutation_id(input),
            ("mergeQueueEntry", Ready::Node(Box::new(Some(entry)))),
        ],
    ))
}
