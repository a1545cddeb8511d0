//! Signature Version 4: who signed a request.

use axum::body::Bytes;
use axum::http::request::Parts;

use crate::World;
use crate::aws::ApiError;
use crate::iam::Principal;

/// The caller whose secret key signed the request.
pub fn verify(
    _world: &World,
    _parts: &Parts,
    _body: &Bytes,
    _service: &str,
) -> Result<Principal, ApiError> {
    Err(ApiError::new(
        403,
        "MissingAuthenticationToken",
        "not built yet",
    ))
}
