//! A record of REST and GraphQL requests and their answers, which `tests/foreign/github.sh` holds against GitHub's own
//! OpenAPI description and GraphQL schema.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// A client that sends a wrong request on purpose says so in this header; GitHub's descriptions must agree.
pub const WRONG: &str = "x-world-wrong";

/// Writes one JSON object a line: the fields of [`Recorded`]. Tokens are not in it.
#[derive(Debug, Default)]
pub struct Recorder {
    file: Mutex<Option<File>>,
}

/// One request, and the status that it was answered with.
pub struct Recorded<'a> {
    pub method: &'a str,
    /// Path as it was asked for, without the base address.
    pub path: &'a str,
    pub query: &'a [(String, String)],
    pub body: &'a Value,
    pub status: u16,
    /// The answer's body, null if it has none.
    pub response: Value,
    /// Whether the body is not JSON.
    pub raw: bool,
    pub caller: &'a str,
    /// Whether the client says that the request is wrong.
    pub wrong: bool,
}

impl Recorder {
    pub(super) fn start(&self, path: &Path) -> std::io::Result<()> {
        let file = File::options().create(true).append(true).open(path)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }

    pub(super) fn write<'a>(&self, request: impl FnOnce() -> Recorded<'a>) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = file.as_mut() else { return };
        let request = request();
        let line = json!({
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "body": request.body,
            "status": request.status,
            "response": request.response,
            "raw": request.raw,
            "caller": request.caller,
            "wrong": request.wrong,
        });
        if let Err(error) = writeln!(file, "{line}") {
            eprintln!("world: a request to GitHub could not be recorded: {error}");
        }
    }
}
