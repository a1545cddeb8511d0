//! What GitHub has: the file and those beside it, the branch, the pull requests.

use base64::Engine as _;
use serde::Deserialize;
use serde_json::json;
use sha1::{Digest as _, Sha1};

use super::request::Request;
use crate::domain::providers::hex;
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

const FILE_QUERY: &str = "
query File($owner: String!, $name: String!, $expression: String!) {
  repository(owner: $owner, name: $name) { object(expression: $expression) { ... on Blob { oid text } } }
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
    /// Whether all its commits are in the base. Only asked for when no pull request is open.
    pub merged: bool,
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
    pub auto_merge_request: Option<serde_json::Value>,
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

/// Empty for what is no file.
#[derive(Deserialize)]
struct Blob {
    oid: Option<String>,
    text: Option<String>,
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
            if entry.mode & 0o170_000 == 0o120_000 {
                return Err(Error::usage(format!("{file} is a symbolic link"))
                    .at(file, None)
                    .hint("Name the file that it points to."));
            }
            own = Some(content(repository, blob).await?);
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
        let merged =
            !proposed && oid != state.base_oid && is_merged(repository, &state, &oid).await?;
        state.branch = Some(Branch { oid, file, merged });
    }
    Ok(state)
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

fn decode<T: serde::de::DeserializeOwned>(answer: serde_json::Value) -> Result<T> {
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

/// The bytes of a blob. GitHub's text of it is taken when its hash is the blob's; otherwise the bytes are asked for.
async fn content(repository: &Repository, blob: Blob) -> Result<Vec<u8>> {
    let oid = blob.oid.unwrap_or_default();
    if let Some(text) = blob.text.filter(|text| blob_id(text.as_bytes()) == oid) {
        return Ok(text.into_bytes());
    }
    let path = format!("git/blobs/{oid}");
    let answer = repository.get(&path).await?.unwrap_or_default();
    let encoded: String = answer
        .get("content")
        .and_then(serde_json::Value::as_str)
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

/// Whether nothing would be lost with the branch: it is where a pull request of it ended, or the base has all of it.
async fn is_merged(repository: &Repository, state: &State, oid: &str) -> Result<bool> {
    if state.past.iter().any(|pull| pull.head_ref_oid == oid) {
        return Ok(true);
    }
    let path = format!("compare/{}...{oid}", state.base_oid);
    let compared = repository.get(&path).await?.unwrap_or_default();
    Ok(compared.get("ahead_by").and_then(serde_json::Value::as_u64) == Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_has_the_id_that_git_gives_it() {
        assert_eq!(
            blob_id(b"hello\n"),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
    }
}
