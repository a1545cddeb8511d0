//! Calling a workflow: what it is given, and what it gives back.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::facts::Facts;
use super::graph::{Level, Node};
use super::schedule::{End, Ends, Frame, worst};
use crate::github::expression::{self, Scope};

/// Results and outputs of jobs, as `needs` and `jobs` have them.
pub(super) fn results<'a>(ends: impl Iterator<Item = (&'a String, &'a End)>) -> Value {
    let one = |(id, end): (&String, &End)| {
        (
            id.clone(),
            json!({"result": end.result, "outputs": end.outputs}),
        )
    };
    Value::Object(ends.map(one).collect())
}

/// The inputs of a called workflow, in the types that it declares.
pub(super) fn inputs(node: &Node, called: &Level, scope: Scope<'_>) -> Result<Value, String> {
    let trigger = called.workflow.trigger("workflow_call").unwrap_or_default();
    let declared = trigger
        .get("inputs")
        .and_then(serde_yaml::Value::as_mapping);
    let mut inputs = Map::new();
    for (name, input) in declared.into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        let given = node.definition.get("with").and_then(|with| with.get(name));
        let value = match given.or_else(|| input.get("default")) {
            Some(value) => expression::yaml(value, scope)?,
            None => Value::Null,
        };
        let kind = input
            .get("type")
            .and_then(serde_yaml::Value::as_str)
            .unwrap_or("string");
        inputs.insert(name.to_owned(), typed(name, kind, value)?);
    }
    Ok(Value::Object(inputs))
}

fn typed(name: &str, kind: &str, value: Value) -> Result<Value, String> {
    match (kind, value) {
        ("boolean", Value::Null) => Ok(false.into()),
        ("number", Value::Null) => Ok(0.into()),
        (_, Value::Null) => Ok("".into()),
        ("boolean", value @ Value::Bool(_)) | ("number", value @ Value::Number(_)) => Ok(value),
        ("string", Value::String(text)) => Ok(text.into()),
        ("string", value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string().into()),
        (kind, value) => Err(format!(
            "Unexpected value: the input {name} is a {kind}, not {value}"
        )),
    }
}

/// The secrets of a called workflow: those that the caller hands on.
pub(super) fn secrets(
    frame: &Frame,
    node: &Node,
    contexts: &Value,
) -> Result<BTreeMap<String, String>, String> {
    match node.definition.get("secrets") {
        None => Ok(BTreeMap::new()),
        Some(serde_yaml::Value::String(inherit)) if inherit == "inherit" => {
            Ok(frame.secrets.clone())
        }
        Some(given) => {
            let mut contexts = contexts.clone();
            contexts["secrets"] = json!(frame.secrets);
            let scope = Scope {
                contexts: &contexts,
                status: None,
            };
            let given = expression::yaml(given, scope)?;
            let given = given.as_object().cloned().unwrap_or_default();
            Ok(given
                .into_iter()
                .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
                .collect())
        }
    }
}

/// What a called workflow comes to.
pub(super) fn outputs(
    facts: &Facts,
    called: &Level,
    contexts: &Value,
    ends: &Ends,
) -> Result<End, String> {
    let contexts = json!({
        "github": facts.github,
        "vars": contexts["vars"],
        "inputs": contexts["inputs"],
        "jobs": results(ends.iter()),
    });
    let scope = Scope {
        contexts: &contexts,
        status: None,
    };
    let trigger = called.workflow.trigger("workflow_call").unwrap_or_default();
    let declared = trigger
        .get("outputs")
        .and_then(serde_yaml::Value::as_mapping);
    let mut outputs = BTreeMap::new();
    for (name, output) in declared.into_iter().flatten() {
        let value = output
            .get("value")
            .and_then(serde_yaml::Value::as_str)
            .unwrap_or_default();
        outputs.insert(
            name.as_str().unwrap_or_default().to_owned(),
            expression::interpolate(value, scope)?,
        );
    }
    Ok(End {
        result: worst(ends.values().map(|end| end.result)),
        outputs,
    })
}
