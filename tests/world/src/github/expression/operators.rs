//! Values: how they are compared and turned into each other, and the functions.

use std::cmp::Ordering;

use serde_json::Value;

pub(super) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        // `1`, not `1.0`.
        Value::Number(number) => number
            .as_f64()
            .map_or_else(|| number.to_string(), |number| number.to_string()),
        Value::Array(_) => "Array".to_owned(),
        Value::Object(_) => "Object".to_owned(),
        Value::Bool(flag) => flag.to_string(),
    }
}

/// NaN for what is no number.
fn number_of(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) if text.trim().is_empty() => 0.0,
        Value::String(text) => text.trim().parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

/// `None` if the two cannot be compared.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => {
            Some(left.to_lowercase().cmp(&right.to_lowercase()))
        }
        _ => number_of(left).partial_cmp(&number_of(right)),
    }
}

pub(super) fn equal(left: &Value, right: &Value) -> bool {
    compare(left, right) == Some(Ordering::Equal)
}

/// `value.name`, `value['name']` or `value[0]`; null if there is none. Names are not case-sensitive.
pub(super) fn property(value: &Value, index: &Value) -> Value {
    let found = match (value, index) {
        (Value::Object(fields), _) => {
            let name = text_of(index);
            let same = || {
                fields
                    .iter()
                    .find(|(other, _)| other.eq_ignore_ascii_case(&name))
            };
            fields.get(&name).or_else(|| same().map(|(_, value)| value))
        }
        (Value::Array(items), index) => {
            let at = number_of(index);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked before"
            )]
            let at = (at >= 0.0).then_some(at as usize);
            at.and_then(|at| items.get(at))
        }
        _ => None,
    };
    found.cloned().unwrap_or_default()
}

/// Calls a function by its name in small letters.
pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let texts: Vec<String> = arguments.iter().map(text_of).collect();
    let lower: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    match (name, arguments) {
        ("contains", [Value::Array(items), item]) => {
            Ok(items.iter().any(|one| equal(one, item)).into())
        }
        ("contains", [_, _]) => Ok(lower[0].contains(&lower[1]).into()),
        ("startswith", [_, _]) => Ok(lower[0].starts_with(&lower[1]).into()),
        ("endswith", [_, _]) => Ok(lower[0].ends_with(&lower[1]).into()),
        ("format", [_, ..]) => format_text(&texts[0], &texts[1..]).map(Value::from),
        ("join", [Value::Array(items), separator @ ..]) if separator.len() < 2 => {
            let separator = separator.first().map_or_else(|| ",".to_owned(), text_of);
            let items: Vec<String> = items.iter().map(text_of).collect();
            Ok(items.join(&separator).into())
        }
        ("join", [_] | [_, _]) => Ok(texts[0].clone().into()),
        ("tojson", [value]) => serde_json::to_string_pretty(value)
            .map(Value::from)
            .map_err(|error| error.to_string()),
        ("fromjson", [_]) => serde_json::from_str(&texts[0])
            .map_err(|error| format!("fromJSON({:?}): {error}", texts[0])),
        _ => Err(format!(
            "cannot call {name}() with {} arguments",
            arguments.len()
        )),
    }
}

fn format_text(template: &str, arguments: &[String]) -> Result<String, String> {
    let mut result = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        result.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            result.push_str(&tail[..1]);
            rest = &tail[2..];
            continue;
        }
        let end = tail.find('}').filter(|_| tail.starts_with('{'));
        let end = end.ok_or_else(|| format!("format({template:?}): a brace is alone"))?;
        let argument = tail[1..end]
            .parse()
            .ok()
            .and_then(|at: usize| arguments.get(at));
        result
            .push_str(argument.ok_or_else(|| format!("format({template:?}): too few arguments"))?);
        rest = &tail[end + 1..];
    }
    result.push_str(rest);
    Ok(result)
}
