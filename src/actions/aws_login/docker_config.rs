//! The registry login, as a file that docker, buildx, buildah, skopeo and crane read.
//!
//! Source: `auths`, `credHelpers`, `credsStore` and `cliPluginsExtraDirs` of docker's `config.json`, docker/cli
//! documentation, November 2026. Writing it ourselves keeps the password out of every command line, and a folder of this
//! job's own keeps it away from other jobs on the same machine.

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

/// The folder that docker would use without us.
pub(super) fn users_folder(env: &Env) -> Option<PathBuf> {
    env.get("DOCKER_CONFIG")
        .map(PathBuf::from)
        .filter(|configured| *configured != folder(env))
        .or_else(|| env.get("HOME").map(|home| Path::new(home).join(".docker")))
}

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Registries for which the user's own credential helper goes on to answer.
    pub(super) left_to_helpers: Vec<String>,
    /// The user's credential store, which clients would ask instead of the file.
    pub(super) without_store: Option<String>,
}

/// Adds logins to the folder's `config.json`. Everything else in it stays; a new one begins as a copy of the user's.
pub(super) fn write(
    folder: &Path,
    users: Option<&Path>,
    logins: &[(String, Secret)],
) -> Result<Written> {
    let file = folder.join("config.json");
    let mut config = match read(&file)? {
        Some(config) => config,
        None => users_config(users)?,
    };
    let mut written = Written::default();
    if let Some(Value::String(store)) = config.remove("credsStore") {
        written.without_store = Some(store);
    }
    let helpers = config.get("credHelpers").cloned().unwrap_or_default();
    let auths = config.entry("auths").or_insert_with(|| json!({}));
    if !auths.is_object() {
        *auths = json!({});
    }
    for (registry, auth) in logins {
        if helpers.get(registry).is_some() {
            written.left_to_helpers.push(registry.clone());
        } else {
            auths[registry] = json!({"auth": auth.expose()});
        }
    }
    save(folder, &file, config)?;
    Ok(written)
}

fn users_config(users: Option<&Path>) -> Result<Map<String, Value>> {
    let Some(users) = users else {
        return Ok(Map::new());
    };
    let mut config = read(&users.join("config.json"))?.unwrap_or_default();
    let plugins = users.join("cli-plugins");
    if plugins.is_dir() {
        let folders = config
            .entry("cliPluginsExtraDirs")
            .or_insert_with(|| json!([]));
        if let Some(folders) = folders.as_array_mut() {
            folders.push(json!(plugins.to_string_lossy()));
        }
    }
    Ok(config)
}

fn read(file: &Path) -> Result<Option<Map<String, Value>>> {
    let Ok(bytes) = fs::read(file) else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Error::usage(format!("{} is not JSON", file.display()))
            .because(error)
            .hint("Mend or remove the file, and run the step again.")
    })
}

fn save(folder: &Path, file: &Path, config: Map<String, Value>) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::usage(format!("could not write {}", file.display())).because(error)
    };
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
        .and_then(|()| fs::rename(&draft, file));
    if written.is_err() {
        let removed = fs::remove_file(&draft);
        drop(removed);
    }
    written.map_err(failed)
}

/// Removes the folder, if it is there; whether it was.
pub(super) fn remove(folder: &Path) -> Result<bool> {
    match fs::remove_dir_all(folder) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => {
            Err(Error::usage(format!("could not remove {}", folder.display())).because(error))
        }
    }
}
