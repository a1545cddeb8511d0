//! Evaluation of policy documents.
//!
//! Source: "Policy evaluation logic" and "IAM JSON policy elements" in the AWS IAM user guide, November 2026. What is
//! not known here (other condition operators, other elements) makes a statement match nothing if it allows, and
//! everything if it denies, so that a policy is never more permissive here than at AWS.

use std::collections::BTreeMap;

use serde_json::Value;

/// Condition keys of a request, such as `token.actions.githubusercontent.com:sub`.
pub type Context = BTreeMap<String, String>;

/// `Some(true)` if a statement allows, `Some(false)` if one denies explicitly, `None` if none applies. `principals`
/// are the names of the caller that a `Principal` element may hold; `None` for a policy without such elements.
pub fn allows(
    policy: &Value,
    principals: Option<&[&str]>,
    action: &str,
    resource: &str,
    context: &Context,
) -> Option<bool> {
    let mut verdict = None;
    for statement in many(policy.get("Statement")) {
        let denies = statement.get("Effect").and_then(Value::as_str) == Some("Deny");
        let applies = element(statement, "Action", |pattern| {
            wildcard(&pattern.to_lowercase(), &action.to_lowercase())
        }) && (resource.is_empty()
            || element(statement, "Resource", |pattern| wildcard(pattern, resource)))
            && principals.is_none_or(|names| principal(statement, names))
            && conditions(statement, context).unwrap_or(denies);
        if applies && denies {
            return Some(false);
        }
        if applies {
            verdict = Some(true);
        }
    }
    verdict
}

/// Whether `Name` matches, or `NotName` does not.
fn element(statement: &Value, name: &str, matches: impl Fn(&str) -> bool) -> bool {
    let any = |value: &Value| texts(value).any(&matches);
    match (statement.get(name), statement.get(format!("Not{name}"))) {
        (Some(value), _) => any(value),
        (None, Some(value)) => !any(value),
        (None, None) => false,
    }
}

fn principal(statement: &Value, names: &[&str]) -> bool {
    let matches = |text: &str| text == "*" || names.contains(&text);
    match statement.get("Principal") {
        Some(Value::Object(kinds)) => kinds.values().any(|value| texts(value).any(matches)),
        Some(value) => texts(value).any(matches),
        None => false,
    }
}

/// Whether all conditions hold; `None` if one has an operator that is not known here.
fn conditions(statement: &Value, context: &Context) -> Option<bool> {
    let Some(operators) = statement.get("Condition").and_then(Value::as_object) else {
        return Some(true);
    };
    for (operator, keys) in operators {
        for (key, wanted) in keys.as_object()? {
            let found = context
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(key))
                .map(|(_, value)| value.as_str());
            let holds = match operator.as_str() {
                "StringEquals" => {
                    found.is_some_and(|found| texts(wanted).any(|text| text == found))
                }
                "StringNotEquals" => {
                    !found.is_some_and(|found| texts(wanted).any(|text| text == found))
                }
                // The two of ARNs do the same: both know wildcards.
                "StringLike" | "ArnLike" | "ArnEquals" => {
                    found.is_some_and(|found| texts(wanted).any(|text| wildcard(text, found)))
                }
                // True when the key is absent: the trap of this operator.
                "ForAllValues:StringEquals" => {
                    found.is_none_or(|found| texts(wanted).any(|text| text == found))
                }
                "ForAllValues:StringLike" => {
                    found.is_none_or(|found| texts(wanted).any(|text| wildcard(text, found)))
                }
                _ => return None,
            };
            if !holds {
                return Some(false);
            }
        }
    }
    Some(true)
}

fn many(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    match value {
        Some(Value::Array(items)) => items.as_slice(),
        Some(item) => std::slice::from_ref(item),
        None => &[],
    }
    .iter()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    many(Some(value)).filter_map(Value::as_str)
}

/// `*` stands for any text, `?` for one character.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut patterns = pattern.chars();
    match patterns.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = patterns.as_str();
            text.char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .any(|at| wildcard(rest, &text[at..]))
        }
        Some(first) => {
            let mut chars = text.chars();
            chars
                .next()
                .is_some_and(|found| first == '?' || first == found)
                && wildcard(patterns.as_str(), chars.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(policy: &Value, action: &str, resource: &str) -> Option<bool> {
        allows(policy, None, action, resource, &Context::new())
    }

    #[test]
    fn an_explicit_deny_wins() {
        let policy = json!({"Statement": [
            {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:CreateBucket", "Resource": "*"},
        ]});
        assert_eq!(ask(&policy, "s3:GetObject", "arn:aws:s3:::b/k"), Some(true));
        assert_eq!(
            ask(&policy, "s3:CreateBucket", "arn:aws:s3:::b"),
            Some(false)
        );
        assert_eq!(ask(&policy, "ecr:PutImage", "arn:aws:ecr:::r"), None);
    }

    #[test]
    fn string_equals_knows_no_wildcard_and_needs_the_key() {
        let policy = |operator: &str, value: &str| {
            json!({"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*",
                "Condition": {operator: {"k:sub": value}}}]})
        };
        let context = Context::from([("k:sub".to_owned(), "repo:o/r:ref".to_owned())]);
        let ask = |policy: &Value, context: &Context| allows(policy, None, "a:b", "x", context);
        assert_eq!(ask(&policy("StringEquals", "repo:o/*"), &context), None);
        assert_eq!(ask(&policy("StringLike", "repo:o/*"), &context), Some(true));
        assert_eq!(
            ask(&policy("StringEquals", "repo:o/r:ref"), &Context::new()),
            None
        );
        let trap = policy("ForAllValues:StringEquals", "repo:o/r:ref");
        assert_eq!(ask(&trap, &Context::new()), Some(true));
        assert_eq!(ask(&policy("DateLessThan", "x"), &context), None);
    }
}
