//! GitHub: REST, GraphQL, git over HTTP, workflow runs.

use std::sync::Arc;

use axum::Router;

use crate::{Settings, World};

#[derive(Debug)]
pub struct GitHub {}

impl GitHub {
    pub fn new(_settings: &Settings) -> Self {
        Self {}
    }
}

pub fn router(_world: Arc<World>) -> Router {
    Router::new()
}
