//! ECR Public: authorization tokens. There is no registry behind them.
//!
//! Source: Amazon ECR Public API reference, `GetAuthorizationToken`, and "Registry authentication in Amazon ECR public",
//! November 2026 (the two permissions).

use serde_json::{Value, json};

use crate::World;
use crate::aws::ApiError;
use crate::ecr::basic;
use crate::iam::Principal;

/// Seconds that a token lives.
const LIFETIME: f64 = 12.0 * 3600.0;

pub fn handle(world: &World, operation: &str, caller: &Principal) -> Result<Value, ApiError> {
    if operation != "GetAuthorizationToken" {
        return Err(ApiError::new(400, "UnknownOperationException", operation));
    }
    for action in [
        "ecr-public:GetAuthorizationToken",
        "sts:GetServiceBearerToken",
    ] {
        if !world.iam.allows(caller, action, "*", None) {
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
    }
    Ok(json!({"authorizationData": {
        "authorizationToken": basic(&world.ecr.password(caller)),
        "expiresAt": world.clock.unix() + LIFETIME,
    }}))
}
