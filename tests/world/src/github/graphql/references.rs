//! Mutations of references. The texts of refusals are ours.

use serde_json::{Map, Value};

use super::execute::{Execution, Refusal};
use super::mutations::{client_mutation_id, invalid, required, unprocessable, unresolved};
use super::nodes::{Node, Ready};
use super::queries::{permit, text};
use crate::github::access::Needs;
use crate::github::commits::{check_name, move_reference};
use crate::github::git::ZERO;
use crate::github::model::Repository;

/// The repository that `repositoryId` names.
fn named(execution: &Execution<'_>, input: &Map<String, Value>) -> Result<Repository, Refusal> {
    let id = required(input, "repositoryId")?;
    let found = {
        let state = execution.world.github.state();
        let mut repositories = state.repositories.values();
        repositories
            .find(|found| format!("R_{}", found.id) == id)
            .cloned()
    };
    found.ok_or_else(|| unresolved(id))
}

pub async fn create(
    execution: &Execution<'_>,
    input: &Map<String, Value>,
) -> Result<Node, Refusal> {
    let repository = named(execution, input)?;
    permit(execution.identity, &repository, Needs::write("contents"))?;
    let (name, oid) = (required(input, "name")?, required(input, "oid")?);
    let checked = check_name(&repository, name).await;
    checked.map_err(|failure| unprocessable(failure.message))?;
    if repository.git.resolve(oid, "object").await.as_deref() != Some(oid) {
        return Err(unprocessable("Object does not exist"));
    }
    let taken = || {
        unprocessable(format!(
            "A ref named {name:?} already exists in the repository."
        ))
    };
    if repository.git.reference(name).await.is_some() {
        return Err(taken());
    }
    move_reference(
        execution.world,
        &repository,
        name,
        ZERO,
        oid,
        execution.identity,
    )
    .await
    .map_err(|_| taken())?;
    let reference = Node::Ref(Box::new(repository), name.to_owned());
    Ok(Node::Payload(
        "CreateRefPayload",
        vec![
            client_mutation_id(input),
            ("ref", Ready::Node(Box::new(Some(reference)))),
        ],
    ))
}

/// Moves references: all of them, or none if one is not where `beforeOid` says, or would lose commits without `force`.
pub async fn update(
    execution: &Execution<'_>,
    input: &Map<String, Value>,
) -> Result<Node, Refusal> {
    let repository = named(execution, input)?;
    permit(execution.identity, &repository, Needs::write("contents"))?;
    let updates = input.get("refUpdates").and_then(Value::as_array);
    let updates = updates.ok_or_else(|| invalid("input", "refUpdates"))?;
    let git = &repository.git;
    let mut moves = Vec::new();
    for update in updates {
        let update = update
            .as_object()
            .ok_or_else(|| invalid("input", "refUpdates"))?;
        let (name, after) = (required(update, "name")?, required(update, "afterOid")?);
        let checked = check_name(&repository, name).await;
        checked.map_err(|failure| unprocessable(failure.message))?;
        let before = git.reference(name).await.unwrap_or_else(|| ZERO.to_owned());
        if text(update, "beforeOid").is_some_and(|expected| expected != before) {
            return Err(unprocessable(format!("{name} is at {before}")));
        }
        if after != ZERO && git.resolve(after, "commit").await.as_deref() != Some(after) {
            return Err(unprocessable("Object does not exist"));
        }
        let force = update.get("force").and_then(Value::as_bool) == Some(true);
        let forward = before == ZERO || after != ZERO && git.is_ancestor(&before, after).await;
        if !force && !forward {
            return Err(unprocessable("Update is not a fast forward"));
        }
        moves.push((name, before, after));
    }
    let (world, by) = (execution.world, execution.identity);
    for (name, before, after) in moves {
        move_reference(world, &repository, name, &before, after, by)
            .await
            .map_err(|_| unprocessable(format!("{name} was moved meanwhile")))?;
    }
    Ok(Node::Payload(
        "UpdateRefsPayload",
        vec![client_mutation_id(input)],
    ))
}
