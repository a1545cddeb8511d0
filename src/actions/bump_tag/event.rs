//! The event that started the job.

use serde_json::Value;

use crate::domain::bump::Change;
use crate::error::{Error, Result};
use crate::runner::Env;

/// What a run knows about why it runs.
#[derive(Debug, Default)]
pub(super) struct Event {
    /// The commit of this run.
    pub(super) sha: Option<String>,
    /// The branch of this run.
    pub(super) branch: Option<String>,
    pub(super) pull_request: Option<PullRequest>,
    /// Whether a merge queue tries the commit out, which may never be on the branch.
    pub(super) is_queued: bool,
}

/// The pull request of a `pull_request` event.
#[derive(Debug)]
pub(super) struct PullRequest {
    pub(super) number: u64,
    /// As it was when the event happened.
    pub(super) change: Change,
    pub(super) from_fork: bool,
    /// The branch that it is for.
    pub(super) base: Option<String>,
}

impl Event {
    pub(super) fn read(env: &Env) -> Result<Self> {
        let name = env.get("GITHUB_EVENT_NAME").unwrap_or("");
        let pull_request = if name.starts_with("pull_request") {
            Some(read_pull_request(env)?)
        } else {
            None
        };
        Ok(Self {
            sha: env.get("GITHUB_SHA").map(str::to_owned),
            branch: env.get("GITHUB_REF_NAME").map(str::to_owned),
            pull_request,
            is_queued: name == "merge_group",
        })
    }
}

fn read_pull_request(env: &Env) -> Result<PullRequest> {
    let path = env.get("GITHUB_EVENT_PATH").ok_or_else(|| {
        Error::usage("a pull request started this job, but GITHUB_EVENT_PATH is not set")
            .hint("The runner sets it; a container step has to be given it.")
    })?;
    let unread = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::usage(format!("could not read the event in {path}")).because(error)
    };
    let text = std::fs::read_to_string(path).map_err(|error| unread(error.into()))?;
    let payload: Value = serde_json::from_str(&text).map_err(|error| unread(error.into()))?;
    let pull = payload
        .get("pull_request")
        .ok_or_else(|| unread("it holds no pull request".into()))?;
    let repository = |end: &str| {
        pull.pointer(&format!("/{end}/repo/full_name"))
            .and_then(Value::as_str)
    };
    Ok(PullRequest {
        number: pull.get("number").and_then(Value::as_u64).unwrap_or(0),
        change: change(pull),
        base: pull
            .pointer("/base/ref")
            .and_then(Value::as_str)
            .map(str::to_owned),
        from_fork: repository("head").is_none() || repository("head") != repository("base"),
    })
}

/// A pull request, as GitHub's REST API and its events write it.
pub(super) fn change(pull: &Value) -> Change {
    let text = |field: &str| pull.get(field).and_then(Value::as_str).unwrap_or("");
    Change {
        name: format!(
            "#{}",
            pull.get("number").and_then(Value::as_u64).unwrap_or(0)
        ),
        title: text("title").to_owned(),
        body: text("body").to_owned(),
        labels: pull
            .get("labels")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|label| label.get("name")?.as_str().map(str::to_owned))
            .collect(),
    }
}
