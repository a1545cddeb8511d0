//! Executes a checked operation.

use std::pin::Pin;
use std::sync::Arc;

use graphql_parser::Pos;
use graphql_parser::query::{Field, Selection, SelectionSet, TypeCondition, Value as Literal};
use serde_json::{Map, Value, json};

use super::check::Operation;
use super::nodes::{Node, Out};
use super::schema;
use super::{mutations, nodes, queries};
use crate::World;
use crate::github::model::Identity;

/// A refusal: GitHub's `type` and message.
#[derive(Debug)]
pub struct Refusal {
    pub kind: &'static str,
    pub message: String,
}

impl Refusal {
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// Who executes what with which variables.
pub struct Execution<'a> {
    pub world: &'a Arc<World>,
    pub identity: &'a Identity,
    pub operation: &'a Operation<'a>,
    pub variables: &'a Map<String, Value>,
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl<'d> Execution<'d> {
    /// The value of `data`; what was refused is in `errors` and null in it.
    pub async fn run(&self, errors: &mut Vec<Value>) -> Value {
        let root = match self.operation.root {
            "Mutation" => Node::Mutation,
            _ => Node::Query,
        };
        self.selection(&root, self.operation.selection, &[], errors)
            .await
    }

    fn selection<'s>(
        &'s self,
        node: &'s Node,
        selection: &'d SelectionSet<'d, String>,
        path: &'s [String],
        errors: &'s mut Vec<Value>,
    ) -> Boxed<'s, Value>
    where
        'd: 's,
    {
        Box::pin(async move {
            let mut fields = Vec::new();
            self.collect(node, selection, &mut fields);
            let mut result = Map::new();
            for field in fields {
                let key = field.alias.as_ref().unwrap_or(&field.name);
                let mut here = path.to_vec();
                here.push(key.clone());
                let value = match self.field(node, field, &here, errors).await {
                    Ok(value) => value,
                    Err(refusal) => {
                        errors.push(told(&refusal, field.position, &here));
                        Value::Null
                    }
                };
                match (result.get_mut(key), value) {
                    // The same field twice: its selections are joined.
                    (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
                    (_, value) => {
                        result.insert(key.clone(), value);
                    }
                }
            }
            result.into()
        })
    }

    /// The fields that apply to the node, those of its fragments too.
    fn collect(
        &self,
        node: &Node,
        selection: &'d SelectionSet<'d, String>,
        fields: &mut Vec<&'d Field<'d, String>>,
    ) {
        for item in &selection.items {
            match item {
                Selection::Field(field) => {
                    if self.included(&field.directives) {
                        fields.push(field);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let applies = match &fragment.type_condition {
                        Some(TypeCondition::On(name)) => schema::is_a(node.type_name(), name),
                        None => true,
                    };
                    if applies && self.included(&fragment.directives) {
                        self.collect(node, &fragment.selection_set, fields);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) =
                        self.operation.fragments.get(spread.fragment_name.as_str())
                    else {
                        continue;
                    };
                    let TypeCondition::On(name) = &fragment.type_condition;
                    if schema::is_a(node.type_name(), name) && self.included(&spread.directives) {
                        self.collect(node, &fragment.selection_set, fields);
                    }
                }
            }
        }
    }

    fn included(&self, directives: &[graphql_parser::query::Directive<'_, String>]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive.arguments.iter().find(|(name, _)| name == "if");
            let condition = condition.map(|(_, value)| self.value(value));
            let condition = condition.and_then(|value| value.as_bool()).unwrap_or(true);
            match directive.name.as_str() {
                "skip" => !condition,
                _ => condition,
            }
        })
    }

    async fn field(
        &self,
        node: &Node,
        field: &'d Field<'d, String>,
        path: &[String],
        errors: &mut Vec<Value>,
    ) -> Result<Value, Refusal> {
        if field.name == "__typename" {
            return Ok(node.type_name().into());
        }
        let mut arguments = Map::new();
        for (name, value) in &field.arguments {
            arguments.insert(name.clone(), self.value(value));
        }
        let out = match node {
            Node::Query => queries::root(self, &field.name, &arguments).await?,
            Node::Mutation => mutations::root(self, &field.name, &arguments).await?,
            node => nodes::resolve(self, node, &field.name, &arguments).await?,
        };
        Ok(match out {
            Out::Value(value) => value,
            Out::Node(None) => Value::Null,
            Out::Node(Some(node)) => {
                self.selection(&node, &field.selection_set, path, errors)
                    .await
            }
            Out::Nodes(nodes) => {
                let mut values = Vec::new();
                for (at, node) in nodes.iter().enumerate() {
                    let mut here = path.to_vec();
                    here.push(at.to_string());
                    values.push(
                        self.selection(node, &field.selection_set, &here, errors)
                            .await,
                    );
                }
                values.into()
            }
        })
    }

    /// A literal or a variable as JSON.
    fn value(&self, literal: &Literal<'_, String>) -> Value {
        match literal {
            Literal::Variable(name) => self.variable(name),
            Literal::Int(number) => number.as_i64().into(),
            Literal::Float(number) => (*number).into(),
            Literal::String(text) | Literal::Enum(text) => text.clone().into(),
            Literal::Boolean(flag) => (*flag).into(),
            Literal::Null => Value::Null,
            Literal::List(items) => items.iter().map(|item| self.value(item)).collect(),
            Literal::Object(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), self.value(value)))
                .collect::<Map<_, _>>()
                .into(),
        }
    }

    fn variable(&self, name: &str) -> Value {
        if let Some(value) = self.variables.get(name) {
            return value.clone();
        }
        let defined = self
            .operation
            .variables
            .iter()
            .find(|known| known.name == name);
        let default = defined.and_then(|known| known.default_value.as_ref());
        default.map_or(Value::Null, |default| self.value(default))
    }
}

fn told(refusal: &Refusal, at: Pos, path: &[String]) -> Value {
    json!({
        "type": refusal.kind,
        "path": path,
        "locations": [{"line": at.line, "column": at.column}],
        "message": refusal.message,
    })
}
