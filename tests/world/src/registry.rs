//! The OCI distribution API of ECR.

use std::sync::Arc;

use axum::Router;

use crate::World;

pub fn router(_world: Arc<World>) -> Router {
    Router::new()
}
