//! Task definitions. They are kept as they come, so that fields which nobody here knows survive.

use serde_json::{Value, json};

use super::{Answer, Request, client, invalid};
use crate::ecs::engine::Outside;
use crate::ecs::model::{Definition, State};
use crate::iam::Context;

pub fn register(state: &mut State, request: &Request<'_>, _: &dyn Outside) -> Answer {
    request.allow("RegisterTaskDefinition", "*", "")?;
    for field in ["taskRoleArn", "executionRoleArn"] {
        if let Some(role) = request.text(field).filter(|role| role.starts_with("arn:")) {
            let context = Context::from([(
                "iam:PassedToService".to_owned(),
                "ecs-tasks.amazonaws.com".to_owned(),
            )]);
            request.allow_in("iam:PassRole", role, &context)?;
        }
    }
    let family = request.text("family").unwrap_or_default();
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if family.is_empty() || family.len() > 255 || !family.chars().all(legal) {
        return Err(client(
            "Family contains invalid characters. Allowed characters: letters, numbers, hyphens, and underscores.",
        ));
    }
    let containers = request.input.get("containerDefinitions");
    if containers
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty)
    {
        return Err(client("Container list cannot be empty."));
    }
    let arn = state.register(request.input.clone(), &request.caller.arn);
    let found = state
        .find_definition(&arn)
        .ok_or_else(|| client("Unable to describe task definition."))?;
    Ok(json!({"taskDefinition": found.raw, "tags": found.tags}))
}

pub fn describe(state: &State, request: &Request<'_>) -> Answer {
    request.allow("DescribeTaskDefinition", "*", "")?;
    let found = find(state, request)?;
    let mut answer = json!({"taskDefinition": found.raw});
    if request.includes_tags() {
        answer["tags"] = found.tags.clone();
    }
    Ok(answer)
}

pub fn deregister(state: &mut State, request: &Request<'_>, _: &dyn Outside) -> Answer {
    request.allow("DeregisterTaskDefinition", "*", "")?;
    let arn = find(state, request)?.arn.clone();
    let now = state.now;
    for definition in state.definitions.values_mut().flatten() {
        if definition.arn == arn {
            definition.active = false;
            let raw = &mut definition.raw;
            raw.insert("status".to_owned(), json!("INACTIVE"));
            raw.insert("deregisteredAt".to_owned(), json!(now));
            return Ok(json!({"taskDefinition": definition.raw}));
        }
    }
    Err(client("Unable to describe task definition."))
}

pub fn list(state: &State, request: &Request<'_>) -> Answer {
    request.allow("ListTaskDefinitions", "*", "")?;
    let active = match request.text("status") {
        None | Some("ACTIVE") => true,
        Some("INACTIVE") => false,
        Some(_) => return Err(invalid("Invalid status.")),
    };
    let prefix = request.text("familyPrefix");
    let mut arns: Vec<Value> = state
        .definitions
        .iter()
        .filter(|(family, _)| prefix.is_none_or(|prefix| prefix == family.as_str()))
        .flat_map(|(_, revisions)| revisions)
        .filter(|one| one.active == active)
        .map(|one| json!(one.arn))
        .collect();
    if request.text("sort") == Some("DESC") {
        arns.reverse();
    }
    request.page(&arns, "taskDefinitionArns", 100)
}

fn find<'a>(state: &'a State, request: &Request<'_>) -> Result<&'a Definition, super::ApiError> {
    let name = request.text("taskDefinition").unwrap_or_default();
    state
        .find_definition(name)
        .ok_or_else(|| client("Unable to describe task definition."))
}
