//! ECR: authorization tokens. The registry behind them is not there yet.
//!
//! Source: Amazon ECR API reference, `GetAuthorizationToken`, November 2026.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::aws::ApiError;
use crate::iam::Principal;
use crate::{Settings, World};

/// Seconds that an authorization token lives.
const LIFETIME: f64 = 12.0 * 3600.0;

/// The account's private registry.
#[derive(Debug, Default)]
pub struct Ecr {
    passwords: Mutex<BTreeSet<String>>,
}

impl Ecr {
    pub fn new(_settings: &Settings) -> Self {
        Self::default()
    }

    /// Whether this registry gave out a password.
    pub fn knows_password(&self, password: &str) -> bool {
        let passwords = self
            .passwords
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        passwords.contains(password)
    }
}

pub async fn handle(
    world: &Arc<World>,
    operation: &str,
    _input: &Value,
    caller: &Principal,
) -> Result<Value, ApiError> {
    let action = format!("ecr:{operation}");
    if !world.iam.allows(caller, &action, "*", None) {
        return Err(ApiError::new(
            400,
            "AccessDeniedException",
            format!(
                "User: {} is not authorized to perform: {action} on resource: * because no identity-based policy \
                 allows the {action} action",
                caller.arn
            ),
        ));
    }
    match operation {
        "GetAuthorizationToken" => Ok(authorization_token(world)),
        _ => Err(ApiError::new(400, "UnknownOperationException", operation)),
    }
}

fn authorization_token(world: &World) -> Value {
    let password = uuid::Uuid::new_v4().simple().to_string();
    let token = STANDARD.encode(format!("AWS:{password}"));
    world
        .ecr
        .passwords
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(password);
    json!({"authorizationData": [{
        "authorizationToken": token,
        "expiresAt": world.clock.unix() + LIFETIME,
        "proxyEndpoint": world.urls.registry,
    }]})
}
