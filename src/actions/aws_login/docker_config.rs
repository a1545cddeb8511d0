//! The registry login of this job: a folder that docker, buildx, buildah, skopeo and crane read.
//!
//! Writing it ourselves keeps the password out of every command line, and a folder of this job's own keeps it away from
//! other jobs on the same machine.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::registry::home;
use crate::runner::{Env, Secret};

/// What the folder remembers of the variables that point at it.
const POINTERS: &str = "pointers.json";
/// Folders of the user's that docker looks for beside its configuration, and the certificates for a daemon behind TLS. Builders of buildx are written to: they stay where
/// they are, and a variable of their own names the place.
const LINKED: [&str; 5] = ["cli-plugins", "contexts", "ca.pem", "cert.pem", "key.pem"];

/// The folder of this job: the runner empties `RUNNER_TEMP` when the job ends.
pub(super) fn folder(env: &Env) -> PathBuf {
    Path::new(env.get("RUNNER_TEMP").unwrap_or("/tmp")).join("kecs-docker-config")
}

/// A variable that points clients at the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pointer {
    pub(super) variable: String,
    pub(super) value: String,
    /// What it was before; empty if it was not set.
    pub(super) before: String,
}

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Registries for which the user's own credential helper goes on to answer.
    pub(super) left_to_helpers: Vec<String>,
    pub(super) pointers: Vec<Pointer>,
}

/// Adds logins to the folder. Everything else in it stays; a new one begins as a copy of the user's.
pub(super) fn write(env: &Env, logins: &[(String, Secret)]) -> Result<Written> {
    let folder = folder(env);
    let mut config = match home::ours(&folder)? {
        Some(config) => config,
        None => home::merged(env)?,
    };
    let mut written = Written::default();
    for (registry, auth) in logins {
        if home::is_helped(&config, registry) {
            written.left_to_helpers.push(registry.clone());
        } else {
            home::add(&mut config, registry, auth.expose());
        }
    }
    home::write(&folder, &config)?;
    home::link(env, &folder, &LINKED)?;
    written.pointers = match remembered(&folder)? {
        Some(pointers) => pointers,
        None => remember(env, &folder)?,
    };
    Ok(written)
}

fn remember(env: &Env, folder: &Path) -> Result<Vec<Pointer>> {
    let builders = home::homes(env).next().map(|home| home.join("buildx"));
    let builders = builders.filter(|_| env.get("BUILDX_CONFIG").is_none());
    let pointers: Vec<Pointer> = home::pointers(folder)
        .into_iter()
        .chain(builders.map(|builders| ("BUILDX_CONFIG", builders)))
        .map(|(variable, path)| Pointer {
            variable: variable.to_owned(),
            value: path.to_string_lossy().into_owned(),
            before: env.get(variable).unwrap_or("").to_owned(),
        })
        .collect();
    let text = serde_json::to_string(&pointers)
        .map_err(|error| Error::bug("made bad JSON").because(error))?;
    let file = folder.join(POINTERS);
    home::put(&file, &text).map_err(|error| {
        Error::usage(format!("could not write {}", file.display())).because(error)
    })?;
    Ok(pointers)
}

/// What a login remembered; none where there was none.
pub(super) fn remembered(folder: &Path) -> Result<Option<Vec<Pointer>>> {
    let file = folder.join(POINTERS);
    let Ok(bytes) = fs::read(&file) else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Error::usage(format!("{} is not as this action wrote it", file.display())).because(error)
    })
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
