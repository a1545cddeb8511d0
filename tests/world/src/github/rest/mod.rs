//! The REST API: one module a kind of resource, one function an endpoint.
//!
//! Paths are GitHub's, and their parameters have the names of its OpenAPI description.

mod actions;
mod commits;
mod contents;
mod issues;
mod objects;
mod people;
mod pulls;
mod references;
mod repositories;
mod routes;

#[cfg(test)]
pub use objects::encode;
pub use routes::router;
