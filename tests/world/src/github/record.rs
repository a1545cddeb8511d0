//! A record of REST and GraphQL requests, to be checked against GitHub's published descriptions.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// Writes one JSON object a line: `method`, `path`, `template`, `query`, `body`, `status`, `caller`. Tokens are not in it.
#[derive(Debug, Default)]
pub struct Recorder {
    file: Mutex<Option<File>>,
}

/// One request, and the status that it was answered with.
pub struct Recorded<'a> {
    pub method: &'a str,
    /// Path as it was asked for, without the base address.
    pub path: &'a str,
    /// Path with the names of its parameters, as GitHub's description writes it.
    pub template: &'a str,
    pub query: &'a [(String, String)],
    pub body: &'a Value,
    pub status: u16,
    pub caller: &'a str,
}

impl Recorder {
    pub(super) fn start(&self, path: PathBuf) -> std::io::Result<()> {
        let file = File::options().create(true).append(true).open(path)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }

    pub(super) fn write(&self, request: &Recorded<'_>) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = file.as_mut() else { return };
        let line = json!({
            "method": request.method,
            "path": request.path,
            "template": request.template,
            "query": request.query,
            "body": request.body,
            "status": request.status,
            "caller": request.caller,
        });
        if let Err(error) = writeln!(file, "{line}") {
            eprintln!("world: a request to GitHub could not be recorded: {error}");
        }
    }
}
