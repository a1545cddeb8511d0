//! The connection of a repository's pull requests.

use serde_json::{Map, Value};

use super::execute::{Execution, Refusal};
use super::nodes::{Node, Ready};
use super::queries::text;
use crate::github::model::{PullRequest, Repository};

pub(super) fn state_of(pull: &PullRequest) -> &'static str {
    match (&pull.merged, pull.open) {
        (Some(_), _) => "MERGED",
        (None, true) => "OPEN",
        (None, false) => "CLOSED",
    }
}

pub(super) fn pull_requests(
    execution: &Execution<'_>,
    repository: &Repository,
    arguments: &Map<String, Value>,
) -> Result<Node, Refusal> {
    let number = |name: &str| arguments.get(name).and_then(Value::as_u64);
    let (first, last) = (number("first"), number("last"));
    if first
        .or(last)
        .is_none_or(|count| !(1..=100).contains(&count))
    {
        let text = "You must provide a `first` or `last` value to properly paginate the `pullRequests` connection.";
        return Err(Refusal::new("MISSING_PAGINATION_BOUNDARIES", text));
    }
    let states: Option<Vec<&str>> = arguments.get("states").map(|states| match states {
        Value::Array(states) => states.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    });
    let wanted = |name: &str, branch: &str| text(arguments, name).is_none_or(|name| name == branch);
    let mut pulls = execution
        .world
        .github
        .pull_requests(&repository.full_name());
    pulls.retain(|pull| {
        wanted("headRefName", &pull.head_branch)
            && wanted("baseRefName", &pull.base_branch)
            && states
                .as_ref()
                .is_none_or(|states| states.contains(&state_of(pull)))
    });
    let total = pulls.len();
    let cursor = |name: &str| text(arguments, name).and_then(|cursor| cursor.parse::<u64>().ok());
    pulls.retain(|pull| {
        cursor("after").is_none_or(|after| pull.number > after)
            && cursor("before").is_none_or(|before| pull.number < before)
    });
    let left = pulls.len();
    if let Some(first) = first {
        pulls.truncate(first as usize);
    } else if let Some(last) = last {
        pulls.drain(..left.saturating_sub(last as usize));
    }
    let more = pulls.len() < left;
    let page = Node::Payload(
        "PageInfo",
        vec![
            (
                "hasNextPage",
                Ready::Value((more && first.is_some()).into()),
            ),
            (
                "hasPreviousPage",
                Ready::Value((more && first.is_none()).into()),
            ),
            (
                "startCursor",
                Ready::Value(pulls.first().map(|pull| pull.number.to_string()).into()),
            ),
            (
                "endCursor",
                Ready::Value(pulls.last().map(|pull| pull.number.to_string()).into()),
            ),
        ],
    );
    let nodes = pulls
        .into_iter()
        .map(|pull| Node::Pull(Box::new(repository.clone()), Box::new(pull)));
    Ok(Node::Payload(
        "PullRequestConnection",
        vec![
            ("totalCount", Ready::Value(total.into())),
            ("nodes", Ready::Nodes(nodes.collect())),
            ("pageInfo", Ready::Node(Box::new(Some(page)))),
        ],
    ))
}
