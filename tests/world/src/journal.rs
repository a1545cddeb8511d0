//! A record of every request that the stand-ins answered.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde::Serialize;

/// One answered request.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Real time of the answer.
    #[serde(skip)]
    pub at: SystemTime,
    /// `sts`, `ecr`, `ecs`, `s3`, `logs`, `registry`, `github`, `git`, `oidc`.
    pub service: &'static str,
    /// API operation (`DescribeServices`) or method and path (`GET /repos/o/r`).
    pub operation: String,
    /// Who asked: an ARN, a GitHub actor, or `anonymous`.
    pub caller: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Error code or other detail; never a secret.
    pub detail: String,
}

/// The record, in order of answers.
#[derive(Debug, Default)]
pub struct Journal {
    entries: Mutex<Vec<Entry>>,
}

impl Journal {
    pub fn record(
        &self,
        service: &'static str,
        operation: impl Into<String>,
        caller: impl Into<String>,
        status: u16,
        detail: impl Into<String>,
    ) {
        let entry = Entry {
            at: SystemTime::now(),
            service,
            operation: operation.into(),
            caller: caller.into(),
            status,
            detail: detail.into(),
        };
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(entry);
    }

    /// A copy of all entries.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Number of requests to one operation of one service.
    pub fn count(&self, service: &str, operation: &str) -> usize {
        self.entries()
            .iter()
            .filter(|entry| entry.service == service && entry.operation == operation)
            .count()
    }
}
