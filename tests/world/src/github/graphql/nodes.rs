//! Objects, and what their fields hold.

use serde_json::{Map, Value, json};

use super::connection::{pull_requests, state_of};
use super::execute::{Execution, Refusal};
use super::queries::{permit, text};
use crate::github::access::Needs;
use crate::github::git::TreeEntry;
use crate::github::merge;
use crate::github::model::{MergeMethod, PullRequest, Repository};
use crate::github::shape::time;
use crate::github::write::headline;

/// One object.
#[derive(Clone, Debug)]
pub enum Node {
    Query,
    Mutation,
    /// A payload, by its type: its fields are ready.
    Payload(&'static str, Vec<(&'static str, Ready)>),
    /// A user or bot, by its login.
    Account(String),
    Repository(Box<Repository>),
    Ref(Box<Repository>, String),
    /// Kind and object id.
    Object(Box<Repository>, String, String),
    Entry(Box<Repository>, TreeEntry),
    Pull(Box<Repository>, Box<PullRequest>),
}

/// A field that is ready.
#[derive(Clone, Debug)]
pub enum Ready {
    Value(Value),
    Node(Box<Option<Node>>),
    Nodes(Vec<Node>),
}

/// What a field holds.
pub enum Out {
    Value(Value),
    Node(Option<Node>),
    Nodes(Vec<Node>),
}

impl Node {
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Mutation => "Mutation",
            Self::Payload(name, _) => name,
            Self::Account(login) if login.ends_with("[bot]") => "Bot",
            Self::Account(_) => "User",
            Self::Repository(_) => "Repository",
            Self::Ref(..) => "Ref",
            Self::Object(_, kind, _) => match kind.as_str() {
                "blob" => "Blob",
                "tree" => "Tree",
                "tag" => "Tag",
                _ => "Commit",
            },
            Self::Entry(..) => "TreeEntry",
            Self::Pull(..) => "PullRequest",
        }
    }

    /// The object with that id, if it is there.
    pub async fn object(repository: &Repository, oid: &str) -> Option<Self> {
        let kind = repository.git.text(&["cat-file", "-t", oid]).await.ok()?;
        Some(Self::Object(
            Box::new(repository.clone()),
            kind,
            oid.to_owned(),
        ))
    }

    pub fn account(login: &str) -> Self {
        Self::Account(login.to_owned())
    }
}

fn value(value: impl Into<Value>) -> Result<Out, Refusal> {
    Ok(Out::Value(value.into()))
}

fn unknown(node: &Node, field: &str) -> Refusal {
    let message = format!("nothing resolves {}.{field}", node.type_name());
    Refusal::new("INTERNAL", message)
}

/// The value of a field of an object.
pub async fn resolve(
    execution: &Execution<'_>,
    node: &Node,
    field: &str,
    arguments: &Map<String, Value>,
) -> Result<Out, Refusal> {
    match node {
        Node::Query | Node::Mutation => Err(unknown(node, field)),
        Node::Payload(_, fields) => match fields.iter().find(|(name, _)| *name == field) {
            Some((_, Ready::Value(value))) => Ok(Out::Value(value.clone())),
            Some((_, Ready::Node(node))) => Ok(Out::Node(*node.clone())),
            Some((_, Ready::Nodes(nodes))) => Ok(Out::Nodes(nodes.clone())),
            None => Err(unknown(node, field)),
        },
        Node::Account(login) => {
            let id = execution.world.github.state().user_id(login);
            match field {
                "login" => value(login.as_str()),
                "url" => value(format!("{}/{login}", execution.world.urls.github)),
                "id" => value(format!("U_{id}")),
                "databaseId" => value(id),
                _ => Err(unknown(node, field)),
            }
        }
        Node::Repository(repository) => {
            of_repository(execution, node, repository, field, arguments).await
        }
        Node::Ref(repository, name) => match field {
            "id" => value(format!("REF_{}_{name}", repository.id)),
            "name" | "prefix" => {
                let at = name.match_indices('/').nth(1).map_or(0, |(at, _)| at + 1);
                let (prefix, short) = name.split_at(at);
                value(if field == "name" { short } else { prefix })
            }
            "repository" => Ok(Out::Node(Some(Node::Repository(repository.clone())))),
            "target" => match repository.git.reference(name).await {
                Some(oid) => Ok(Out::Node(Node::object(repository, &oid).await)),
                None => Ok(Out::Node(None)),
            },
            _ => Err(unknown(node, field)),
        },
        Node::Object(repository, kind, oid) => {
            of_object(execution, node, repository, kind, oid, field).await
        }
        Node::Entry(repository, entry) => match field {
            "name" => value(entry.path.rsplit('/').next().unwrap_or_default()),
            "path" => value(entry.path.as_str()),
            "type" => value(entry.kind.as_str()),
            "mode" => value(u32::from_str_radix(&entry.mode, 8).unwrap_or_default()),
            "oid" => value(entry.sha.as_str()),
            "object" => Ok(Out::Node(Node::object(repository, &entry.sha).await)),
            _ => Err(unknown(node, field)),
        },
        Node::Pull(repository, pull) => of_pull(execution, node, repository, pull, field).await,
    }
}

async fn of_repository(
    execution: &Execution<'_>,
    node: &Node,
    repository: &Repository,
    field: &str,
    arguments: &Map<String, Value>,
) -> Result<Out, Refusal> {
    let contents = || permit(execution.identity, repository, Needs::read("contents"));
    let pulls = || permit(execution.identity, repository, Needs::read("pull-requests"));
    let reference = |name: String| Node::Ref(Box::new(repository.clone()), name);
    match field {
        "id" => value(format!("R_{}", repository.id)),
        "databaseId" => value(repository.id),
        "name" => value(repository.name.as_str()),
        "nameWithOwner" => value(repository.full_name()),
        "url" => value(format!(
            "{}/{}",
            execution.world.urls.github,
            repository.full_name()
        )),
        "isPrivate" => value(repository.options.private),
        "isFork" => value(repository.fork_of.is_some()),
        "autoMergeAllowed" => value(repository.options.allow_auto_merge),
        "mergeCommitAllowed" | "squashMergeAllowed" => value(true),
        "rebaseMergeAllowed" => value(false),
        "owner" => Ok(Out::Node(Some(Node::account(&repository.owner)))),
        "defaultBranchRef" => {
            contents()?;
            let name = format!("refs/heads/{}", repository.default_branch);
            let there = repository.git.reference(&name).await.is_some();
            Ok(Out::Node(there.then(|| reference(name))))
        }
        "ref" => {
            contents()?;
            let wanted = text(arguments, "qualifiedName").unwrap_or_default();
            for name in [
                wanted.to_owned(),
                format!("refs/{wanted}"),
                format!("refs/heads/{wanted}"),
                format!("refs/tags/{wanted}"),
            ] {
                if repository.git.reference(&name).await.is_some() {
                    return Ok(Out::Node(Some(reference(name))));
                }
            }
            Ok(Out::Node(None))
        }
        "object" => {
            contents()?;
            let wanted = text(arguments, "oid").or_else(|| text(arguments, "expression"));
            let oid = match wanted {
                Some(wanted) => expression(repository, wanted).await,
                None => None,
            };
            match oid {
                Some(oid) => Ok(Out::Node(Node::object(repository, &oid).await)),
                None => Ok(Out::Node(None)),
            }
        }
        "pullRequest" => {
            pulls()?;
            let number = arguments
                .get("number")
                .and_then(Value::as_u64)
                .unwrap_or_default();
            let name = repository.full_name();
            let pull = execution.world.github.state().pull(&name, number).cloned();
            let pull = pull.ok_or_else(|| {
                let text =
                    format!("Could not resolve to a PullRequest with the number of {number}.");
                Refusal::new("NOT_FOUND", text)
            })?;
            let node = Node::Pull(Box::new(repository.clone()), Box::new(pull));
            Ok(Out::Node(Some(node)))
        }
        "pullRequests" => {
            pulls()?;
            pull_requests(execution, repository, arguments).map(|node| Out::Node(Some(node)))
        }
        _ => Err(unknown(node, field)),
    }
}

/// The object that `main:path`, a branch, a tag or an id means.
async fn expression(repository: &Repository, wanted: &str) -> Option<String> {
    let (revision, path) = wanted.split_once(':').unwrap_or((wanted, ""));
    let git = &repository.git;
    let with_path = wanted.contains(':');
    let Some(commit) = git.commit_of(revision).await else {
        // A branch that comes into being meanwhile is no file.
        return match with_path {
            true => None,
            false => git.resolve(revision, "object").await,
        };
    };
    if !with_path {
        let tag = git.reference(&format!("refs/tags/{revision}")).await;
        return Some(tag.unwrap_or(commit));
    }
    git.resolve(&format!("{commit}:{path}"), "object").await
}

async fn of_object(
    execution: &Execution<'_>,
    node: &Node,
    repository: &Repository,
    kind: &str,
    oid: &str,
    field: &str,
) -> Result<Out, Refusal> {
    match field {
        "id" => return value(format!("O_{}_{oid}", repository.id)),
        "oid" => return value(oid),
        "abbreviatedOid" => return value(&oid[..7.min(oid.len())]),
        _ => {}
    }
    let git = &repository.git;
    let gone = || Refusal::new("NOT_FOUND", format!("object {oid} is gone"));
    match kind {
        "blob" => {
            let (_, content) = git.object(oid).await.ok_or_else(gone)?;
            let text = String::from_utf8(content.clone())
                .ok()
                .filter(|text| !text.contains('\0'));
            match field {
                "text" => value(text),
                "byteSize" => value(content.len()),
                "isBinary" => value(text.is_none()),
                "isTruncated" => value(false),
                _ => Err(unknown(node, field)),
            }
        }
        "commit" => {
            let commit = git.commit(oid).await.ok_or_else(gone)?;
            let (first, rest) = headline(&commit);
            match field {
                "url" => value(format!(
                    "{}/{}/commit/{oid}",
                    execution.world.urls.github,
                    repository.full_name()
                )),
                "message" => value(commit.message.as_str()),
                "messageHeadline" => value(first),
                "messageBody" => value(rest),
                "committedDate" => value(commit.committer.date.as_str()),
                "authoredDate" => value(commit.author.date.as_str()),
                "tree" => Ok(Out::Node(Node::object(repository, &commit.tree).await)),
                _ => Err(unknown(node, field)),
            }
        }
        "tag" => {
            let (object, _, name, _, message) = git.tag(oid).await.ok_or_else(gone)?;
            match field {
                "name" => value(name),
                "message" => value(message),
                "target" => Ok(Out::Node(Node::object(repository, &object).await)),
                _ => Err(unknown(node, field)),
            }
        }
        _ if field == "entries" => {
            let entries = git.tree(oid, false).await.map_err(|_| gone())?;
            let entries = entries
                .into_iter()
                .map(|entry| Node::Entry(Box::new(repository.clone()), entry));
            Ok(Out::Nodes(entries.collect()))
        }
        _ => Err(unknown(node, field)),
    }
}

async fn of_pull(
    execution: &Execution<'_>,
    node: &Node,
    repository: &Repository,
    pull: &PullRequest,
    field: &str,
) -> Result<Out, Refusal> {
    let world = execution.world;
    match field {
        "id" => value(crate::github::pulls::node_id(repository, pull.number)),
        "number" => value(pull.number),
        "title" => value(pull.title.as_str()),
        "body" => value(pull.body.clone().unwrap_or_default()),
        "url" => value(format!(
            "{}/{}/pull/{}",
            world.urls.github,
            repository.full_name(),
            pull.number
        )),
        "state" => value(state_of(pull)),
        "isDraft" => value(pull.draft),
        "isCrossRepository" => value(pull.head_repository != repository.full_name()),
        "isInMergeQueue" => value(pull.queued),
        "merged" => value(pull.merged.is_some()),
        "mergeable" => value(
            match (
                pull.open,
                merge::is_mergeable(repository, pull.number).await,
            ) {
                (false, _) => "UNKNOWN",
                (true, true) => "MERGEABLE",
                (true, false) => "CONFLICTING",
            },
        ),
        "mergeStateStatus" => {
            let full = crate::github::pulls::full(world, repository, pull).await;
            let state = full.get("mergeable_state").and_then(Value::as_str);
            value(state.unwrap_or_default().to_uppercase())
        }
        "headRefName" => value(pull.head_branch.as_str()),
        "headRefOid" => value(pull.head_sha.as_str()),
        "baseRefName" => value(pull.base_branch.as_str()),
        "baseRefOid" => value(pull.base_sha.as_str()),
        "createdAt" => value(time(pull.created)),
        "updatedAt" => value(time(pull.updated)),
        "author" => Ok(Out::Node(Some(Node::account(&pull.author)))),
        "autoMergeRequest" => Ok(Out::Node(pull.auto_merge.as_ref().map(|auto| {
            let method = match auto.method {
                MergeMethod::Merge => "MERGE",
                MergeMethod::Squash => "SQUASH",
            };
            let by = Ready::Node(Box::new(Some(Node::account(&auto.by.login))));
            let method = Ready::Value(method.into());
            Node::Payload(
                "AutoMergeRequest",
                vec![("mergeMethod", method), ("enabledBy", by)],
            )
        }))),
        "labels" => {
            let labels = pull
                .labels
                .iter()
                .map(|name| Node::Payload("Label", vec![("name", Ready::Value(json!(name)))]));
            Ok(Out::Node(Some(Node::Payload(
                "LabelConnection",
                vec![
                    ("totalCount", Ready::Value(pull.labels.len().into())),
                    ("nodes", Ready::Nodes(labels.collect())),
                ],
            ))))
        }
        _ => Err(unknown(node, field)),
    }
}
