//! Checks a document against the schema before anything of it is done.

use std::collections::BTreeMap;

use graphql_parser::Pos;
use graphql_parser::query::{
    Definition, Document, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    TypeCondition, VariableDefinition,
};
use serde_json::{Value, json};

use super::schema::{self, Type};

pub type Fragments<'a> = BTreeMap<&'a str, &'a FragmentDefinition<'a, String>>;

/// The operation to be executed, with its fragments.
pub struct Operation<'a> {
    /// `Query` or `Mutation`.
    pub root: &'static str,
    pub selection: &'a SelectionSet<'a, String>,
    pub variables: &'a [VariableDefinition<'a, String>],
    pub fragments: Fragments<'a>,
}

/// Fields and fragments inside each other; deeper ones would be a cycle.
const DEPTH: usize = 50;

pub fn error(message: impl Into<String>, at: Pos, extensions: Value) -> Value {
    let mut error = json!({
        "message": message.into(),
        "locations": [{"line": at.line, "column": at.column}],
    });
    if !extensions.is_null() {
        error["extensions"] = extensions;
    }
    error
}

/// Chooses the operation and checks all that it asks for.
pub fn check<'a>(
    document: &'a Document<'a, String>,
    name: Option<&str>,
) -> Result<Operation<'a>, Vec<Value>> {
    let fragments: Fragments<'a> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
            Definition::Operation(_) => None,
        })
        .collect();
    let operations: Vec<_> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Operation(operation) => parts(operation),
            Definition::Fragment(_) => None,
        })
        .collect();
    let chosen = operations
        .iter()
        .filter(|(own, ..)| name.is_none_or(|name| *own == Some(name)))
        .collect::<Vec<_>>();
    let [(_, root, variables, selection)] = chosen[..] else {
        let message = match name {
            Some(name) => format!("No operation named {name:?}"),
            None => "An operation name is required".to_owned(),
        };
        return Err(vec![json!({"message": message})]);
    };
    let operation = Operation {
        root,
        selection,
        variables,
        fragments,
    };
    let mut errors = Vec::new();
    if let Some(of) = schema::find(root) {
        operation.selection(selection, of, root, 0, &mut errors);
    }
    if errors.is_empty() {
        Ok(operation)
    } else {
        Err(errors)
    }
}

type Parts<'a> = (
    Option<&'a str>,
    &'static str,
    &'a [VariableDefinition<'a, String>],
    &'a SelectionSet<'a, String>,
);

fn parts<'a>(operation: &'a OperationDefinition<'a, String>) -> Option<Parts<'a>> {
    match operation {
        OperationDefinition::SelectionSet(selection) => Some((None, "Query", &[], selection)),
        OperationDefinition::Query(query) => Some((
            query.name.as_deref(),
            "Query",
            &query.variable_definitions,
            &query.selection_set,
        )),
        OperationDefinition::Mutation(mutation) => Some((
            mutation.name.as_deref(),
            "Mutation",
            &mutation.variable_definitions,
            &mutation.selection_set,
        )),
        OperationDefinition::Subscription(_) => None,
    }
}

impl<'a> Operation<'a> {
    fn selection(
        &self,
        selection: &'a SelectionSet<'a, String>,
        of: &'static Type,
        path: &str,
        depth: usize,
        errors: &mut Vec<Value>,
    ) {
        if depth > DEPTH {
            let at = selection.span.0;
            errors.push(error("the document is too deep", at, Value::Null));
            return;
        }
        for item in &selection.items {
            match item {
                Selection::Field(field) => self.field(field, of, path, depth, errors),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref();
                    let inner = self.condition(condition, of, fragment.position, errors);
                    if let Some(inner) = inner {
                        self.selection(&fragment.selection_set, inner, path, depth + 1, errors);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.fragments.get(spread.fragment_name.as_str()) else {
                        let message = format!(
                            "Fragment {} was used, but not defined",
                            spread.fragment_name
                        );
                        errors.push(error(message, spread.position, Value::Null));
                        continue;
                    };
                    let condition = Some(&fragment.type_condition);
                    let inner = self.condition(condition, of, spread.position, errors);
                    if let Some(inner) = inner {
                        self.selection(&fragment.selection_set, inner, path, depth + 1, errors);
                    }
                }
            }
        }
    }

    /// The type inside a fragment.
    fn condition(
        &self,
        condition: Option<&TypeCondition<'a, String>>,
        of: &'static Type,
        at: Pos,
        errors: &mut Vec<Value>,
    ) -> Option<&'static Type> {
        let Some(TypeCondition::On(name)) = condition else {
            return Some(of);
        };
        let Some(inner) = schema::find(name) else {
            errors.push(error(
                format!("No such type {name}, so it can't be a fragment condition"),
                at,
                Value::Null,
            ));
            return None;
        };
        if !schema::overlap(of.name, name) {
            let message = format!("Fragment on {name} can't be spread inside {}", of.name);
            errors.push(error(message, at, Value::Null));
            return None;
        }
        Some(inner)
    }

    fn field(
        &self,
        field: &'a Field<'a, String>,
        of: &'static Type,
        path: &str,
        depth: usize,
        errors: &mut Vec<Value>,
    ) {
        if field.name == "__typename" {
            return;
        }
        let Some(known) = of.field(&field.name) else {
            let extensions = json!({
                "code": "undefinedField", "typeName": of.name, "fieldName": field.name,
            });
            let message = format!("Field '{}' doesn't exist on type '{}'", field.name, of.name);
            let mut error = error(message, field.position, extensions);
            error["path"] = path.split('.').chain([field.name.as_str()]).collect();
            errors.push(error);
            return;
        };
        for (name, _) in &field.arguments {
            if !known.arguments.contains(&name.as_str()) {
                let message = format!("Field '{}' doesn't accept argument '{name}'", field.name);
                let extensions = json!({
                    "code": "argumentNotAccepted", "name": field.name, "argumentName": name,
                });
                errors.push(error(message, field.position, extensions));
            }
        }
        match (schema::find(known.of), field.selection_set.items.is_empty()) {
            (Some(_), true) => {
                let message = format!(
                    "Field must have selections (field '{}' returns {} but has no selections.)",
                    field.name, known.of
                );
                errors.push(error(message, field.position, Value::Null));
            }
            (Some(inner), false) => {
                let path = format!("{path}.{}", field.name);
                self.selection(&field.selection_set, inner, &path, depth + 1, errors);
            }
            (None, false) => {
                let message = format!(
                    "Selections can't be made on scalars (field '{}')",
                    field.name
                );
                errors.push(error(message, field.position, Value::Null));
            }
            (None, true) => {}
        }
    }
}
