//! Image registries, by the OCI distribution API: ECR and every other one alike.
//!
//! Source: OCI distribution specification 1.1; for tokens, "Token Authentication Specification" of the CNCF project
//! Distribution, November 2026. Why not the API of ECR: `docs/decisions/0005-one-registry-protocol.md`.

mod challenge;
mod client;
pub(crate) mod home;
mod login;
mod transport;

pub use client::{Image, Registry};
pub use login::Login;
