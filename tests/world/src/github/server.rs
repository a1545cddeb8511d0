//! The router of the GitHub listener.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;

use super::{graphql, rest, transport};
use crate::World;

/// REST, GraphQL and git over HTTP.
pub fn router(world: Arc<World>) -> Router {
    let git = world.clone();
    Router::new()
        .merge(graphql::router(world.clone()))
        .merge(rest::router(world))
        .fallback(move |request: Request| {
            let world = git.clone();
            async move { transport::serve(world, request).await }
        })
}
