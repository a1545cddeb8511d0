//! See the module's operations.

use std::sync::Arc;

use serde_json::Value;

use crate::aws::ApiError;
use crate::iam::Principal;
use crate::{Settings, World};

#[derive(Debug, Default)]
pub struct Ecs {}

impl Ecs {
    pub fn new(_settings: &Settings) -> Self {
        Self {}
    }
}

pub async fn handle(
    _world: &Arc<World>,
    operation: &str,
    _input: &Value,
    _caller: &Principal,
) -> Result<Value, ApiError> {
    Err(ApiError::new(400, "UnknownOperationException", operation))
}
