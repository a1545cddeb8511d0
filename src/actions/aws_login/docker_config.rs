//! The registry login, as a file that docker, buildx, buildah, skopeo and crane read.
//!
//! Source: the `auths` entry of docker's `config.json`, docker/cli documentation, November 2026. Writing it ourselves
//! keeps the password out of every command line.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::runner::{Env, Secret};

/// The folder of this job: the runner empties `RUNNER_TEMP` when the job ends.
pub(super) fn folder(env: &Env) -> PathBuf {
    Path::new(env.get("RUNNER_TEMP").unwrap_or("/tmp")).join("kecs-docker-config")
}

/// Adds logins to the folder's `config.json`; everything else in it stays.
pub(super) fn write(folder: &Path, logins: &[(String, Secret)]) -> Result<()> {
    let file = folder.join("config.json");
    let failed = |error: std::io::Error| {
        Error::usage(format!("could not write {}", file.display())).because(error)
    };
    let mut config = match fs::read(&file) {
        Ok(bytes) => serde_json::from_slice::<Map<String, Value>>(&bytes).map_err(|error| {
            Error::usage(format!("{} is not JSON", file.display()))
                .because(error)
                .hint("Remove the file and run the step again.")
        })?,
        Err(_) => Map::new(),
    };
    let auths = config.entry("auths").or_insert_with(|| json!({}));
    for (registry, auth) in logins {
        auths[registry] = json!({"auth": auth.expose()});
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed)?;
    let draft = folder.join(format!("config.json.{}", std::process::id()));
    let text = Value::Object(config).to_string();
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut draft| draft.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&draft, &file));
    written.map_err(failed)
}

/// Removes the folder, if it is there.
pub(super) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::usage(format!("could not remove {}", folder.display())).because(error))
        }
        _ => Ok(()),
    }
}
