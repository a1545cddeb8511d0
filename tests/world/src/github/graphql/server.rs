//! `POST /api/graphql`.

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use serde_json::{Map, Value, json};

use super::check;
use super::execute::Execution;
use crate::World;
use crate::github::access::Needs;
use crate::github::api::{Answer, Call, Failure, endpoint};
use crate::github::model::TokenKind;

pub fn router(world: Arc<World>) -> Router {
    let needs = Needs::read("metadata");
    Router::new()
        .route("/api/graphql", post(endpoint(needs, answer)))
        .with_state(world)
}

async fn answer(call: Call) -> Result<Answer, Failure> {
    if call.identity.kind == TokenKind::Anonymous {
        let text = "This endpoint requires you to be authenticated.";
        return Err(Failure::new(401, text));
    }
    let query = call.body.get("query").and_then(Value::as_str);
    let query = query.ok_or_else(|| {
        Failure::new(
            400,
            "A query attribute must be specified and must be a string.",
        )
    })?;
    let refuse = |errors: Vec<Value>| Answer::ok(json!({"errors": errors}));
    let document = match graphql_parser::parse_query::<String>(query) {
        Ok(document) => document,
        Err(error) => return refuse(vec![json!({"message": error.to_string()})]),
    };
    let name = call.body.get("operationName").and_then(Value::as_str);
    let operation = match check::check(&document, name) {
        Ok(operation) => operation,
        Err(errors) => return refuse(errors),
    };
    let empty = Map::new();
    let variables = call
        .body
        .get("variables")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    for known in operation.variables {
        let needed = matches!(known.var_type, graphql_parser::query::Type::NonNullType(_));
        let given = variables
            .get(&known.name)
            .is_some_and(|value| !value.is_null());
        if needed && !given && known.default_value.is_none() {
            let text = format!(
                "Variable ${} of type {} was provided invalid value",
                known.name, known.var_type
            );
            return refuse(vec![check::error(text, known.position, Value::Null)]);
        }
    }
    let mut errors = Vec::new();
    let execution = Execution {
        world: &call.world,
        identity: &call.identity,
        operation: &operation,
        variables,
    };
    let data = execution.run(&mut errors).await;
    let mut body = json!({"data": data});
    if !errors.is_empty() {
        body["errors"] = errors.into();
    }
    Answer::ok(body)
}
