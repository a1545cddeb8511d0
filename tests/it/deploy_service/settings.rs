//! Settings of services, as `CreateService` takes them.

use serde_json::{Value, json};

use super::stage::TARGETS;

/// Puts `changes` over `value`, object by object.
pub(super) fn merge(value: &mut Value, changes: Value) {
    match (value, changes) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(fields.entry(name).or_insert(Value::Null), change);
            }
        }
        (value, changes) => *value = changes,
    }
}

/// A circuit breaker that does not trip while a test looks on.
pub(super) fn patient() -> Value {
    json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {
        "thresholdConfiguration": {"type": "COUNT", "value": 1000},
    }}})
}

/// A service behind a load balancer that waits so many seconds for a start.
pub(super) fn balanced(grace: u32) -> Value {
    let mut settings = patient();
    merge(
        &mut settings,
        json!({
            "loadBalancers": [{"targetGroupArn": TARGETS, "containerName": "keycloak", "containerPort": 8080}],
            "healthCheckGracePeriodSeconds": grace,
        }),
    );
    settings
}
