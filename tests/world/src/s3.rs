//! S3, path style.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::request::Parts;

use crate::aws::{Reply, reply};
use crate::{Settings, World};

#[derive(Debug)]
pub struct S3 {}

impl S3 {
    pub fn new(_settings: &Settings) -> Self {
        Self {}
    }
}

pub async fn answer(_world: &Arc<World>, _parts: &Parts, _body: &Bytes) -> Reply {
    reply(501, "application/xml", "")
}
