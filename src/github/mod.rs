//! GitHub: the API of one repository.

mod client;

pub use client::{Repository, token};
