//! A record of what IAM was asked, which `tests/it/policies.rs` holds against the policies that Terraform gives to jobs.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::{Context, Principal};

/// Writes one JSON object a line, in the folder `iam` of the record. The file is made with the first line.
#[derive(Debug)]
pub(super) struct Asked {
    folder: Option<PathBuf>,
    file: Mutex<Option<File>>,
    /// Name of the test that started the world: libtest names its threads so.
    test: String,
}

impl Asked {
    pub(super) fn new(record: Option<PathBuf>) -> Self {
        Self {
            folder: record.map(|folder| folder.join("iam")),
            file: Mutex::default(),
            test: std::thread::current().name().unwrap_or_default().to_owned(),
        }
    }

    pub(super) fn write(
        &self,
        caller: &Principal,
        action: &str,
        resource: &str,
        context: &Context,
    ) {
        let Some(folder) = &self.folder else { return };
        let line = json!({
            "test": self.test,
            "role": caller.role,
            "action": action,
            "resource": resource,
            "context": context,
        });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match file.as_mut() {
            Some(file) => writeln!(file, "{line}"),
            None => std::fs::create_dir_all(folder)
                .and_then(|()| {
                    let name = format!("{}.jsonl", uuid::Uuid::new_v4().simple());
                    File::create(folder.join(name))
                })
                .and_then(|created| writeln!(file.insert(created), "{line}")),
        };
        if let Err(error) = written {
            eprintln!("world: what IAM was asked could not be recorded: {error}");
        }
    }
}
