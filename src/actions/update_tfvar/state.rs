//! What GitHub has: the file and those beside it, the branch, the pull requests.

use serde::Deserialize;
use serde_json::{Value, json};

use super::blobs::{Blob, content, file_at, is_link, resolved};
use super::request::Request;
use crate::domain::tfvar::read as read_values;
use crate::error::{Error, Result};
use crate::github::Repository;

/// Everything in one request. GitHub answers `null` for a branch, folder or file that is not there.
const QUERY: &str = "
query UpdateTfvar(
  $owner: String!, $name: String!, $base: String!, $baseNamed: Boolean!, $folder: String!,
  $branch: String!, $head: String!, $proposed: String!
) {
  viewer { login }
  repository(owner: $owner, name: $name) {
    id
    autoMergeAllowed mergeCommitAllowed squashMergeAllowed
    default: defaultBranchRef { name target { oid } }
    named: ref(qualifiedName: $base) @include(if: $baseNamed) { name target { oid } }
    folder: object(expression: $folder) {
      ... on Tree { entries { name mode object { ... on Blob { oid text } } } }
    }
    head: ref(qualifiedName: $head) { name target { oid } }
    proposed: object(expression: $proposed) { ... on Blob { oid text } }
    own: pullRequests(headRefName: $branch, states: [OPEN], first: 20) { nodes { ...Pull } }
    open: pullRequests(states: [OPEN], last: 100) { nodes { ...Pull } }
    past: pullRequests(headRefName: $branch, states: [CLOSED, MERGED], last: 50) { nodes { ...Pull } }
    closed: pullRequests(states: [CLOSED], last: 100) { nodes { ...Pull } }
  }
}
fragment Pull on PullRequest {
  id number url title body state mergeable isCrossRepository headRefName headRefOid baseRefName
  autoMergeRequest { mergeMethod } isInMergeQueue
}";

/// What a plan is made from.
#[derive(Clone, Default)]
pub(super) struct State {
    /// Whose token it is.
    pub viewer: String,
    pub repository_id: String,
    pub auto_merge_allowed: bool,
    /// How it merges: `MERGE` if the repository allows that, else `SQUASH` or `REBASE`.
    pub merge_method: &'static str,
    pub base: String,
    pub base_oid: String,
    /// The file at the base.
    pub file: Vec<u8>,
    /// Files of the same folder, by name.
    pub beside: Vec<(String, Vec<u8>)>,
    pub branch: Option<Branch>,
    /// Open pull requests for the base, from branches of this repository.
    pub open: Vec<Pull>,
    /// Closed and merged ones.
    pub past: Vec<Pull>,
}

/// The branch of the pull request.
#[derive(Clone)]
pub(super) struct Branch {
    pub oid: String,
    /// The file there.
    pub file: Option<Vec<u8>>,
    /// Whether nothing would be lost with it: the base has all of it, its pull request was merged, or that was closed and has
    /// no commit of others.
    pub merged: bool,
    /// Whether it has commits of others that the base has not; only asked for when no pull request is open, or the base has
    /// the values.
    pub people: bool,
}

/// A pull request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pull {
    pub id: String,
    pub number: u64,
    pub url: String,
    pub title: String,
    #[serde(default)]
    pub body: String,
    pub state: String,
    #[serde(default)]
    pub mergeable: String,
    pub is_cross_repository: bool,
    #[serde(rename = "headRefName")]
    pub head: String,
    pub head_ref_oid: String,
    #[serde(rename = "baseRefName")]
    pub base: String,
    pub auto_merge_request: Option<Value>,
    pub is_in_merge_queue: bool,
}

impl Pull {
    /// Whether GitHub was asked to merge it.
    pub(super) fn merges_itself(&self) -> bool {
        self.auto_merge_request.is_some() || self.is_in_merge_queue
    }
}

#[derive(Deserialize)]
struct Answer {
    viewer: Login,
    repository: Found,
}

#[derive(Deserialize)]
struct Login {
    login: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    id: String,
    auto_merge_allowed: bool,
    merge_commit_allowed: bool,
    squash_merge_allowed: bool,
    default: Option<Reference>,
    named: Option<Reference>,
    folder: Option<Folder>,
    head: Option<Reference>,
    proposed: Option<Blob>,
    own: Pulls,
    open: Pulls,
    past: Pulls,
    closed: Pulls,
}

#[derive(Deserialize)]
struct Reference {
    name: String,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    oid: String,
}

#[derive(Deserialize)]
struct Folder {
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    mode: u32,
    object: Option<Blob>,
}

#[derive(Deserialize)]
struct Pulls {
    nodes: Vec<Pull>,
}

/// Reads the state. A call more is made for a file whose text GitHub cannot tell, and for a branch without a pull request.
pub(super) async fn read(repository: &Repository, request: &Request) -> Result<State> {
    let file = &request.file;
    let base = request.base.as_deref();
    let at = base.map_or_else(|| "HEAD".to_owned(), |base| format!("refs/heads/{base}"));
    let variables = json!({
        "owner": repository.owner,
        "name": repository.name,
        "base": at,
        "baseNamed": base.is_some(),
        "folder": format!("{at}:{}", request.folder()),
        "branch": request.branch,
        "head": format!("refs/heads/{}", request.branch),
        "proposed": format!("refs/heads/{}:{file}", request.branch),
    });
    let answer: Answer = decode(repository.graphql("read", QUERY, variables).await?)?;
    let found = answer.repository;
    let (base, base_oid) = base_of(repository, base, found.default, found.named)?;
    let entries = found
        .folder
        .map(|folder| folder.entries)
        .unwrap_or_default();
    let mut state = State {
        viewer: answer.viewer.login,
        repository_id: found.id,
        auto_merge_allowed: found.auto_merge_allowed,
        merge_method: match (found.merge_commit_allowed, found.squash_merge_allowed) {
            (true, _) => "MERGE",
            (false, true) => "SQUASH",
            (false, false) => "REBASE",
        },
        base,
        base_oid,
        ..State::default()
    };
    let mut own = None;
    for entry in entries {
        let Some(blob) = entry.object.filter(|_| is_terraform(&entry.name)) else {
            continue;
        };
        if entry.name == request.name() {
            if is_link(entry.mode) {
                return Err(Error::usage(format!("{file} is a symbolic link"))
                    .at(file, None)
                    .hint("Name the file that it points to."));
            }
            own = Some(content(repository, blob).await?);
        } else if is_link(entry.mode) {
            let target = content(repository, blob).await?;
            let target = resolved(request.folder(), &String::from_utf8_lossy(&target));
            let bytes = match target {
                Some(path) => file_at(repository, &state.base_oid, &path).await?,
                // What is outside of the repository is not there when Terraform runs in a job.
                None => None,
            };
            state.beside.extend(bytes.map(|bytes| (entry.name, bytes)));
        } else {
            let bytes = content(repository, blob).await?;
            state.beside.push((entry.name, bytes));
        }
    }
    state.file = own.ok_or_else(|| absent(repository, request, &state))?;
    let ours = |pull: &Pull| !pull.is_cross_repository && pull.base == state.base;
    state.open = unique(found.own, found.open, ours);
    state.past = unique(found.past, found.closed, ours);
    if let Some(oid) = found
        .head
        .and_then(|head| head.target)
        .map(|target| target.oid)
    {
        let file = match found.proposed {
            Some(blob) if blob.oid.is_some() => Some(content(repository, blob).await?),
            _ => None,
        };
        let proposed = state.open.iter().any(|pull| pull.head == request.branch);
        // Only then does anything depend on whose commits there are.
        let matters = oid != state.base_oid && (!proposed || has_it(request, &state));
        let (ahead, ours) = match matters {
            true => own_commits(repository, &state, &oid).await?,
            false => (0, true),
        };
        let ended = state.past.iter().find(|pull| pull.head_ref_oid == oid);
        let merged = !proposed
            && oid != state.base_oid
            && (ahead == 0 || ended.is_some_and(|pull| pull.state == "MERGED" || ours));
        let people = ahead > 0 && !ours;
        state.branch = Some(Branch {
            oid,
            file,
            merged,
            people,
        });
    }
    Ok(state)
}

pub(super) fn decode<T: serde::de::DeserializeOwned>(answer: Value) -> Result<T> {
    serde_json::from_value(answer)
        .map_err(|error| Error::refused("GitHub's answer is not as documented").because(error))
}

fn base_of(
    repository: &Repository,
    wanted: Option<&str>,
    default: Option<Reference>,
    named: Option<Reference>,
) -> Result<(String, String)> {
    let found = match wanted {
        Some(_) => named,
        None => default,
    };
    found
        .and_then(|found| Some((found.name, found.target?.oid)))
        .ok_or_else(|| {
            let name = repository.full_name();
            Error::usage(match wanted {
                Some(wanted) => format!("{name} has no branch {wanted}, which `base` names"),
                None => format!("{name} has no commit yet"),
            })
            .hint("Push a first commit, or name a branch that is there as `base`.")
        })
}

fn absent(repository: &Repository, request: &Request, state: &State) -> Error {
    let file = &request.file;
    let absent = Error::usage(format!(
        "{file} is not in {} on {}",
        repository.full_name(),
        state.base
    ))
    .at(file, None);
    let known: Vec<&str> = state.beside.iter().map(|(name, _)| name.as_str()).collect();
    match known[..] {
        [] => absent.hint("Write the path from the root of the repository."),
        _ => absent.hint(format!("That folder has {}.", known.join(", "))),
    }
}

fn is_terraform(name: &str) -> bool {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    stem.ends_with(".tf") || stem.ends_with(".tfvars")
}

fn unique(first: Pulls, second: Pulls, keep: impl Fn(&Pull) -> bool) -> Vec<Pull> {
    let mut all: Vec<Pull> = Vec::new();
    for pull in first.nodes.into_iter().chain(second.nodes) {
        if keep(&pull) && all.iter().all(|known| known.number != pull.number) {
            all.push(pull);
        }
    }
    all
}

/// Whether the base has the values already.
fn has_it(request: &Request, state: &State) -> bool {
    let found = read_values(&request.file, &state.file, &request.addresses());
    let wanted = request.wanted.iter().map(|one| &one.value);
    found.is_ok_and(|found| found.iter().eq(wanted))
}

/// Commits that a branch has and the base has not: how many, and whether all are of this token's.
async fn own_commits(repository: &Repository, state: &State, oid: &str) -> Result<(u64, bool)> {
    let path = format!("compare/{}...{oid}", state.base_oid);
    let compared = repository.get(&path).await?.unwrap_or_default();
    let ahead = compared.get("ahead_by").and_then(Value::as_u64);
    let commits = compared.get("commits").and_then(Value::as_array);
    let ours = |commit: &Value| {
        commit.pointer("/author/login").and_then(Value::as_str) == Some(state.viewer.as_str())
    };
    // GitHub lists no more than 250.
    let all = commits
        .is_some_and(|commits| ahead == Some(commits.len() as u64) && commits.iter().all(ours));
    Ok((ahead.unwrap_or(u64::MAX), all))
}
