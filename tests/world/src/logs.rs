//! See the module's operations.

use std::sync::Arc;

use serde_json::Value;

use crate::World;
use crate::aws::ApiError;
use crate::iam::Principal;

#[derive(Debug, Default)]
pub struct Logs {}

pub async fn handle(
    _world: &Arc<World>,
    operation: &str,
    _input: &Value,
    _caller: &Principal,
) -> Result<Value, ApiError> {
    Err(ApiError::new(400, "UnknownOperationException", operation))
}
