//! AWS STS: the Query protocol, answers in XML.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::request::Parts;

use crate::World;
use crate::aws::{Reply, reply};

pub async fn answer(_world: &Arc<World>, _parts: &Parts, _body: &Bytes) -> Reply {
    reply(500, "text/xml", "")
}
