//! GitHub's expressions, where GitHub itself evaluates them: conditions of jobs, matrices, names, groups, inputs and
//! outputs of called workflows. Those of steps are evaluated by act.
//!
//! Source: "Evaluate expressions in workflows and actions" and "Contexts reference", GitHub's documentation, November 2026.
//! Not here: `hashFiles`, and `*` that filters objects.

mod operators;
mod parser;

use std::collections::BTreeMap;

use serde_json::Value;

use operators::{text_of, truthy};
use parser::Parser;

/// What an expression can see.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// An object: `github`, `needs`, `inputs`, …
    pub contexts: &'a Value,
    /// What `success()` and its relatives say; `None` where they are not allowed.
    pub status: Option<Status>,
}

/// How the jobs before went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status {
    pub success: bool,
    pub failure: bool,
    pub cancelled: bool,
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    /// What is between `${{` and `}}`.
    Expression(&'a str),
}

/// Takes a text apart; `}}` in a text of an expression does not end it.
fn parts(text: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${{") {
        if start > 0 {
            parts.push(Part::Text(&rest[..start]));
        }
        let inner = &rest[start + 3..];
        let mut quoted = false;
        let end = inner.char_indices().find(|(at, c)| {
            if *c == '\'' {
                quoted = !quoted;
            }
            !quoted && inner[*at..].starts_with("}}")
        });
        let Some((end, _)) = end else {
            return Err(format!("{text:?} has an expression without an end"));
        };
        parts.push(Part::Expression(&inner[..end]));
        rest = &inner[end + 2..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

/// Replaces each `${{ … }}` of a text by its value.
pub fn interpolate(text: &str, scope: Scope<'_>) -> Result<String, String> {
    let mut result = String::new();
    for part in parts(text)? {
        match part {
            Part::Text(text) => result.push_str(text),
            Part::Expression(expression) => {
                result.push_str(&text_of(&evaluate(expression, scope)?));
            }
        }
    }
    Ok(result)
}

/// The value of a text: of any type if it is one expression and nothing else.
pub fn value(text: &str, scope: Scope<'_>) -> Result<Value, String> {
    match &parts(text)?[..] {
        [Part::Expression(expression)] => evaluate(expression, scope),
        _ => interpolate(text, scope).map(Value::from),
    }
}

/// A piece of YAML with the values of all expressions in it.
pub fn yaml(document: &serde_yaml::Value, scope: Scope<'_>) -> Result<Value, String> {
    match document {
        serde_yaml::Value::String(text) => value(text, scope),
        serde_yaml::Value::Sequence(items) => items.iter().map(|item| yaml(item, scope)).collect(),
        serde_yaml::Value::Mapping(fields) => {
            let field = |(name, value): (&serde_yaml::Value, &serde_yaml::Value)| {
                let name = name.as_str().ok_or("a name that is no text")?;
                Ok((name.to_owned(), yaml(value, scope)?))
            };
            fields.iter().map(field).collect()
        }
        other => serde_json::to_value(other).map_err(|error| error.to_string()),
    }
}

/// Whether an `if` holds. Without a function of the status in it, `success()` must hold too.
pub fn condition(text: &str, scope: Scope<'_>) -> Result<bool, String> {
    let bare = match &parts(text)?[..] {
        [] => "success()",
        [Part::Text(bare)] | [Part::Expression(bare)] => bare.to_owned(),
        // GitHub makes a text of it, and a text that is not empty is true.
        _ => "'text'",
    };
    let mut parser = Parser::new(bare, scope);
    let holds = truthy(&parser.whole()?);
    let success = scope.status.is_some_and(|status| status.success);
    Ok(holds && (parser.asked_for_status || success))
}

fn evaluate(expression: &str, scope: Scope<'_>) -> Result<Value, String> {
    Parser::new(expression, scope).whole()
}

/// Puts the values of some contexts into the expressions of a text, as `fromJSON('…')`. A `bare` text is an expression
/// even without `${{`.
pub fn substitute(
    text: &str,
    bare: bool,
    contexts: &BTreeMap<&str, Value>,
) -> Result<String, String> {
    if bare && !text.contains("${{") {
        return Ok(substitute_in(text, contexts));
    }
    let parts = parts(text)?.into_iter().map(|part| match part {
        Part::Text(text) => text.to_owned(),
        Part::Expression(inner) => format!("${{{{{}}}}}", substitute_in(inner, contexts)),
    });
    Ok(parts.collect())
}

fn substitute_in(expression: &str, contexts: &BTreeMap<&str, Value>) -> String {
    let mut result = String::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let end = if first == '\'' {
            rest[1..].find('\'').map_or(rest.len(), |end| end + 2)
        } else if first.is_alphabetic() || first == '_' {
            let name = |c: char| c.is_alphanumeric() || "_-".contains(c);
            rest.find(|c| !name(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(end);
        let property = result.trim_end().ends_with('.');
        match contexts.get(word) {
            Some(value) if !property && !after.trim_start().starts_with('(') => {
                let json = value.to_string().replace('\'', "''");
                result.push_str(&format!("fromJSON('{json}')"));
            }
            _ => result.push_str(word),
        }
        rest = after;
    }
    result
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contexts() -> Value {
        json!({
            "github": {"ref": "refs/heads/main", "event": {"pull_request": {"number": 7}}},
            "inputs": {"operation": "rollback", "count": 3, "flag": false},
            "needs": {"find": {"outputs": {"names": "[\"a\",\"b\"]"}, "result": "success"}},
        })
    }

    #[test]
    fn texts_have_the_values_of_their_expressions() {
        let contexts = contexts();
        let scope = Scope {
            contexts: &contexts,
            status: None,
        };
        for (text, expected) in [
            ("release", "release"),
            ("x-${{ github.ref }}", "x-refs/heads/main"),
            ("${{ github.event.pull_request.number || github.ref }}", "7"),
            ("${{ github.head_ref || 'none' }}", "none"),
            (
                "${{ inputs.operation == 'rollback' && 'rollback' || 'deploy' }}-a",
                "rollback-a",
            ),
            (
                "${{ inputs.operation != 'rollback' && 'a' || 'it''s }}' }}",
                "it's }}",
            ),
            ("${{ !(inputs.operation == 'x') }}", "true"),
            ("${{ fromJSON(needs.find.outputs.names)[1] }}", "b"),
            ("${{ github['REF'] }}", "refs/heads/main"),
            ("${{ format('{0}{{}}-{1}', 'a', 1.50) }}", "a{}-1.5"),
            ("${{ join(fromJSON('[1,2]'), '+') }}", "1+2"),
            (
                "${{ contains('Hello', 'ELL') && startsWith('abc', 'A') && endsWith('abc', 'c') }}",
                "true",
            ),
            ("${{ contains(fromJSON('[\"x\"]'), 'X') }}", "true"),
            (
                "${{ 1 == true }} ${{ '' == 0 }} ${{ 'ABC' == 'abc' }} ${{ null == '' }}",
                "true true true true",
            ),
            (
                "${{ inputs.count >= 3 }} ${{ inputs.count < 3 }} ${{ 'b' > 'A' }}",
                "true false true",
            ),
            ("${{ inputs.flag && 'yes' || 'no' }}", "no"),
        ] {
            assert_eq!(interpolate(text, scope).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "${{ matrix.environment }}",
            "${{ hashFiles('x') }}",
            "${{ 'a",
            "${{ a b }}",
            "${{ always() }}",
        ] {
            assert!(interpolate(text, scope).is_err(), "{text}");
        }
    }

    #[test]
    fn one_expression_keeps_its_type() {
        let contexts = contexts();
        let scope = Scope {
            contexts: &contexts,
            status: None,
        };
        let document = serde_yaml::from_str(
            "{list: '${{ fromJSON(needs.find.outputs.names) }}', n: 2, t: 'a-${{ inputs.count }}'}",
        );
        let document = document.expect("YAML");
        assert_eq!(
            yaml(&document, scope),
            Ok(json!({"list": ["a", "b"], "n": 2, "t": "a-3"}))
        );
    }

    #[test]
    fn a_condition_without_a_status_function_needs_success() {
        let contexts = contexts();
        for (text, success, failed, cancelled) in [
            ("", true, false, false),
            ("inputs.operation == 'rollback'", true, false, false),
            ("${{ inputs.operation == 'x' }}", false, false, false),
            (
                "${{ always() && inputs.operation == 'rollback' }}",
                true,
                true,
                true,
            ),
            ("failure()", false, true, false),
            ("!cancelled()", true, true, false),
            ("${{ cancelled() }}", false, false, true),
        ] {
            let holds = |status| {
                let status = Some(status);
                condition(
                    text,
                    Scope {
                        contexts: &contexts,
                        status,
                    },
                )
            };
            let of = |success, failure, cancelled| Status {
                success,
                failure,
                cancelled,
            };
            assert_eq!(holds(of(true, false, false)), Ok(success), "{text}");
            assert_eq!(holds(of(false, true, false)), Ok(failed), "{text}");
            assert_eq!(holds(of(false, false, true)), Ok(cancelled), "{text}");
        }
    }

    #[test]
    fn contexts_are_put_into_expressions_only() {
        let contexts = BTreeMap::from([("inputs", json!({"a": "it's"}))]);
        for (text, bare, expected) in [
            ("inputs.a", false, "inputs.a"),
            (
                "${{ inputs.a }}",
                false,
                "${{ fromJSON('{\"a\":\"it''s\"}').a }}",
            ),
            (
                "inputs.a == 'inputs'",
                true,
                "fromJSON('{\"a\":\"it''s\"}').a == 'inputs'",
            ),
            (
                "${{ github.event.inputs.a }}",
                false,
                "${{ github.event.inputs.a }}",
            ),
            (
                "${{ toJSON(inputs) }}-x",
                false,
                "${{ toJSON(fromJSON('{\"a\":\"it''s\"}')) }}-x",
            ),
        ] {
            assert_eq!(substitute(text, bare, &contexts).as_deref(), Ok(expected));
        }
    }
}
