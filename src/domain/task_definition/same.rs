//! Whether two task definitions say the same. ECS answers with defaults that nobody wrote, and lists variables in an order
//! of its own.
//!
//! Defaults: `ContainerDefinition`, `PortMapping`, `HealthCheck` and `RuntimePlatform` in the Amazon ECS API reference,
//! November 2026.

use serde_json::{Map, Value};

/// Lists whose order means nothing, by what their entries are called.
const BY_NAME: [&str; 3] = ["environment", "secrets", "volumes"];

pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.iter()
                .all(|(key, value)| agrees(key, value, one, other))
                && other
                    .iter()
                    .filter(|(key, _)| !one.contains_key(*key))
                    .all(|(key, value)| agrees(key, value, other, one))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}

/// Whether a field of an object is in another one too, or may be left out.
fn agrees(key: &str, value: &Value, of: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    match (value, other.get(key)) {
        (Value::Array(one), Some(Value::Array(there))) if BY_NAME.contains(&key) => {
            same(&sorted(one), &sorted(there))
        }
        (_, Some(there)) => same(value, there),
        (_, None) => goes_without_saying(key, value, of),
    }
}

fn sorted(list: &[Value]) -> Value {
    let mut list = list.to_vec();
    list.sort_by_key(|entry| entry["name"].to_string());
    Value::Array(list)
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.values().all(empty),
    }
}

/// Whether a field that is left out has this value.
fn goes_without_saying(key: &str, value: &Value, of: &Map<String, Value>) -> bool {
    match key {
        "essential" => value == true,
        "interval" => value == 30,
        "timeout" => value == 5,
        "retries" => value == 3,
        "protocol" => value == "tcp",
        "hostPort" => of.get("containerPort") == Some(value) || value == 0,
        "cpuArchitecture" => value == "X86_64",
        "operatingSystemFamily" => value == "LINUX",
        "runtimePlatform" => value.as_object().is_some_and(|platform| {
            platform
                .iter()
                .all(|(key, value)| goes_without_saying(key, value, platform))
        }),
        _ => empty(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_ecs_fills_in_is_no_difference_and_what_somebody_wrote_is() {
        let written = json!({"family": "kc", "cpu": "1024", "containerDefinitions": [{
            "name": "kc", "image": "r/kc:1", "portMappings": [{"containerPort": 8080}],
            "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
            "healthCheck": {"command": ["CMD", "true"]},
        }]});
        let answered = json!({"family": "kc", "cpu": "1024", "volumes": [], "placementConstraints": [],
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [{
            "name": "kc", "image": "r/kc:1", "cpu": 0, "essential": true, "mountPoints": [], "systemControls": [],
            "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3},
        }]});
        assert!(same(&written, &answered) && same(&answered, &written));
        let changes: [fn(&mut Value); 8] = [
            |one| one["containerDefinitions"][0]["image"] = json!("r/kc:2"),
            |one| one["containerDefinitions"][0]["environment"][0]["value"] = json!("3"),
            |one| one["containerDefinitions"][0]["environment"] = json!([]),
            |one| one["containerDefinitions"][0]["essential"] = json!(false),
            |one| one["containerDefinitions"][0]["portMappings"][0]["hostPort"] = json!(80),
            |one| one["containerDefinitions"][0]["healthCheck"]["retries"] = json!(4),
            |one| one["runtimePlatform"] = json!({"cpuArchitecture": "ARM64"}),
            |one| one["enableFaultInjection"] = json!(true),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = answered.clone();
            change(&mut changed);
            assert!(!same(&written, &changed), "{number}");
            assert!(!same(&changed, &written), "{number}");
        }
    }
}
