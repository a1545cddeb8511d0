//! The GraphQL API: a part of GitHub's schema, executed by its types.
//!
//! A document is parsed and checked as a whole before anything of it is done, as GitHub does: a field or an argument
//! that this part of the schema does not have is an error, never null.

mod check;
mod connection;
mod execute;
mod mutations;
mod nodes;
mod queries;
mod references;
pub(super) mod schema;
mod server;

pub use server::router;
