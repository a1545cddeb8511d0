//! The legs of a job's matrix.
//!
//! Source: "Workflow syntax for GitHub Actions", `jobs.<job_id>.strategy`, November 2026.

use serde_json::{Map, Value};

use crate::github::expression::{self, Scope};

/// One job of a matrix: its values, in the order of their names in the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Leg {
    pub values: Map<String, Value>,
    order: Vec<String>,
}

impl Leg {
    /// The values as GitHub shows them behind a job's name.
    pub(super) fn shown(&self) -> String {
        let shown = self.order.iter().filter_map(|name| self.values.get(name));
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        shown.map(text).collect::<Vec<_>>().join(", ")
    }

    fn set(&mut self, name: &str, value: &Value) {
        if self.values.insert(name.to_owned(), value.clone()).is_none() {
            self.order.push(name.to_owned());
        }
    }
}

/// All legs, at least one.
#[derive(Debug)]
pub(super) struct Matrix {
    pub legs: Vec<Leg>,
    pub fail_fast: bool,
}

/// The legs of a job; a job without a matrix has one leg without values.
pub(super) fn legs(job: &serde_yaml::Value, scope: Scope<'_>) -> Result<Matrix, String> {
    let strategy = job.get("strategy");
    let given = |name: &str| match strategy.and_then(|strategy| strategy.get(name)) {
        None => Ok(Value::Null),
        Some(value) => {
            expression::yaml(value, scope).map_err(|error| format!("strategy.{name}: {error}"))
        }
    };
    let fail_fast = given("fail-fast")? != false;
    let Value::Object(matrix) = given("matrix")? else {
        return Ok(Matrix {
            legs: vec![Leg::default()],
            fail_fast,
        });
    };
    // serde_json sorts names: the file has their order.
    let order: Vec<String> = match strategy.and_then(|strategy| strategy.get("matrix")) {
        Some(serde_yaml::Value::Mapping(fields)) => fields
            .keys()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        _ => matrix.keys().cloned().collect(),
    };
    let list = |name: &str| {
        matrix
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let mut legs = vec![Leg::default()];
    let vectors = order
        .iter()
        .filter(|name| !["include", "exclude"].contains(&name.as_str()));
    let mut crossed = false;
    for name in vectors {
        let values = list(name);
        if values.is_empty() {
            return Err(format!(
                "Matrix vector '{name}' does not contain any values"
            ));
        }
        crossed = true;
        let one = |leg: &Leg| {
            let with = |value: &Value| {
                let mut leg = leg.clone();
                leg.set(name, value);
                leg
            };
            values.iter().map(with).collect::<Vec<_>>()
        };
        legs = legs.iter().flat_map(one).collect();
    }
    for excluded in list("exclude") {
        let excluded = excluded.as_object().cloned().unwrap_or_default();
        legs.retain(|leg| {
            !excluded
                .iter()
                .all(|(name, value)| leg.values.get(name) == Some(value))
        });
    }
    if !crossed {
        legs.clear();
    }
    include(&mut legs, &list("include"));
    match legs.is_empty() {
        true => Err("Matrix must define at least one vector".to_owned()),
        false => Ok(Matrix { legs, fail_fast }),
    }
}

/// An entry of `include` adds to every leg whose own values it leaves as they are; if there is none, it is a leg.
fn include(legs: &mut Vec<Leg>, entries: &[Value]) {
    let own = legs.clone();
    for entry in entries {
        let entry = entry.as_object().cloned().unwrap_or_default();
        let mut added = false;
        for (leg, original) in legs.iter_mut().zip(&own) {
            let clashes = entry.iter().any(|(name, value)| {
                original
                    .values
                    .get(name)
                    .is_some_and(|present| present != value)
            });
            if !clashes {
                entry.iter().for_each(|(name, value)| leg.set(name, value));
                added = true;
            }
        }
        if !added {
            let mut leg = Leg::default();
            entry.iter().for_each(|(name, value)| leg.set(name, value));
            legs.push(leg);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(strategy: &str) -> Result<Vec<String>, String> {
        let contexts =
            json!({"needs": {"find": {"outputs": {"names": "[\"a\",\"b\"]", "none": "[]"}}}});
        let job = serde_yaml::from_str(&format!("strategy: {strategy}")).expect("YAML");
        let scope = Scope {
            contexts: &contexts,
            status: None,
        };
        legs(&job, scope).map(|matrix| matrix.legs.iter().map(Leg::shown).collect())
    }

    #[test]
    fn legs_are_those_of_the_documentation() {
        for (strategy, expected) in [
            ("{}", vec![""]),
            (
                "{matrix: {os: [x, y], version: [1, 2]}}",
                vec!["x, 1", "x, 2", "y, 1", "y, 2"],
            ),
            ("{matrix: {os: [x, y], exclude: [{os: x}]}}", vec!["y"]),
            ("{matrix: {include: [{a: 1}, {a: 2}]}}", vec!["1", "2"]),
            (
                "{matrix: {os: [x, y], include: [{os: x, n: 1}, {os: z}]}}",
                vec!["x, 1", "y", "z"],
            ),
            (
                "{matrix: {environment: \"${{ fromJSON(needs.find.outputs.names) }}\"}}",
                vec!["a", "b"],
            ),
        ] {
            let expected = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(shown(strategy), Ok(expected), "{strategy}");
        }
        let none = shown("{matrix: {environment: \"${{ fromJSON(needs.find.outputs.none) }}\"}}");
        assert_eq!(
            none,
            Err("Matrix vector 'environment' does not contain any values".to_owned())
        );
    }
}
