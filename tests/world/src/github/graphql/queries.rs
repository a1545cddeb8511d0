//! What a query starts from.

use serde_json::{Map, Value};

use super::execute::{Execution, Refusal};
use super::nodes::{Node, Out};
use crate::github::access::{self, Needs};
use crate::github::model::{Identity, Repository};

/// A text among arguments.
pub fn text<'a>(arguments: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    arguments.get(name).and_then(Value::as_str)
}

/// Refuses as GraphQL does what the REST API would refuse.
pub fn permit(identity: &Identity, repository: &Repository, needs: Needs) -> Result<(), Refusal> {
    access::check(identity, repository, needs).map_err(|failure| match failure.status {
        404 => missing(&repository.full_name()),
        _ => Refusal::new("FORBIDDEN", failure.message),
    })
}

fn missing(full_name: &str) -> Refusal {
    let message = format!("Could not resolve to a Repository with the name '{full_name}'.");
    Refusal::new("NOT_FOUND", message)
}

/// A repository that the caller may see.
pub fn repository(execution: &Execution<'_>, full_name: &str) -> Result<Repository, Refusal> {
    let found = execution.world.github.repository(full_name);
    let found = found.ok_or_else(|| missing(full_name))?;
    permit(execution.identity, &found, Needs::read("metadata"))?;
    Ok(found)
}

pub async fn root(
    execution: &Execution<'_>,
    field: &str,
    arguments: &Map<String, Value>,
) -> Result<Out, Refusal> {
    match field {
        // Installations of Apps too, unlike REST's `/user`: their viewer is their bot (fullsend-ai/fullsend#1953).
        "viewer" => Ok(Out::Node(Some(Node::account(&execution.identity.login)))),
        "repository" => {
            let owner = text(arguments, "owner").unwrap_or_default();
            let name = text(arguments, "name").unwrap_or_default();
            let found = repository(execution, &format!("{owner}/{name}"))?;
            Ok(Out::Node(Some(Node::Repository(Box::new(found)))))
        }
        other => Err(Refusal::new(
            "INTERNAL",
            format!("nothing resolves {other}"),
        )),
    }
}
