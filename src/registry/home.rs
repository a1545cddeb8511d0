//! A configuration folder of clients in the user's place: theirs, with a login more. Nothing of the user's is changed.
//!
//! Source: docker/cli documentation of `DOCKER_CONFIG` and `config.json` (`auths`, `credHelpers`, `credsStore`), and
//! `containers-auth.json(5)`, November 2026. docker keeps its plugins, contexts and builders in folders beside the file,
//! so they are linked to.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::login::{contents, read};
use crate::error::{Error, Result};
use crate::runner::Env;

/// What docker reads.
const CONFIG: &str = "config.json";
/// What buildah, podman and skopeo read. They take a helper without a name for one.
const AUTH: &str = "auth.json";

/// Docker's folders of the user, the one of a variable first.
pub(crate) fn homes(env: &Env) -> impl Iterator<Item = PathBuf> {
    let named = env.get("DOCKER_CONFIG").map(PathBuf::from);
    let own = env.get("HOME").map(|home| Path::new(home).join(".docker"));
    named.into_iter().chain(own)
}

/// Variables that point clients at a folder, and their values.
pub(crate) fn pointers(folder: &Path) -> [(&'static str, PathBuf); 2] {
    [
        ("DOCKER_CONFIG", folder.to_owned()),
        ("REGISTRY_AUTH_FILE", folder.join(AUTH)),
    ]
}

/// The configuration in a folder; none if it has none.
pub(crate) fn present(folder: &Path) -> Result<Option<Map<String, Value>>> {
    Ok(match read(&folder.join(CONFIG))? {
        Some(Value::Object(config)) => Some(config),
        _ => None,
    })
}

/// The configuration in a folder of ours, with what buildah, podman and skopeo added to their file since.
pub(crate) fn ours(folder: &Path) -> Result<Option<Map<String, Value>>> {
    let Some(mut config) = present(folder)? else {
        return Ok(None);
    };
    if let Some(more) = read(&folder.join(AUTH))? {
        complete(&mut config, &more);
    }
    Ok(Some(config))
}

/// Adds logins and helpers that are not there yet.
fn complete(config: &mut Map<String, Value>, more: &Value) {
    for name in ["auths", "credHelpers"] {
        let Some(Value::Object(more)) = more.get(name) else {
            continue;
        };
        if let Value::Object(first) = config.entry(name).or_insert_with(|| json!({})) {
            for (key, value) in more {
                first.entry(key).or_insert_with(|| value.clone());
            }
        }
    }
}

/// The user's configuration, with the logins of all files: what stands in the first of them counts.
pub(crate) fn merged(env: &Env) -> Result<Map<String, Value>> {
    let mut config = match homes(env).next() {
        Some(home) => present(&home)?.unwrap_or_default(),
        None => Map::new(),
    };
    for content in contents(env)? {
        complete(&mut config, &content);
    }
    Ok(config)
}

/// Whether a credential helper of the user's answers for a registry.
pub(crate) fn is_helped(config: &Map<String, Value>, registry: &str) -> bool {
    let helper = config.get("credHelpers").and_then(|all| all.get(registry));
    helper
        .and_then(Value::as_str)
        .is_some_and(|name| !name.is_empty())
}

/// Adds a login: name and password in base64.
pub(crate) fn add(config: &mut Map<String, Value>, registry: &str, auth: &str) {
    let mut set = |name: &str, value: Value| {
        let entry = config.entry(name).or_insert_with(|| json!({}));
        if !entry.is_object() {
            *entry = json!({});
        }
        entry[registry] = value;
    };
    set("auths", json!({ "auth": auth }));
    // An empty name stands for the file itself: else docker would ask the user's store alone.
    set("credHelpers", json!(""));
    if !config.contains_key("credsStore")
        && let Some(Value::Object(helpers)) = config.get_mut("credHelpers")
    {
        helpers.remove(registry);
    }
}

/// Writes the folder, each file as a whole or not at all, for its owner alone.
pub(crate) fn write(folder: &Path, config: &Map<String, Value>) -> Result<()> {
    let mut helpers = config.get("credHelpers").cloned().unwrap_or(json!({}));
    if let Value::Object(helpers) = &mut helpers {
        helpers.retain(|_, name| name.as_str().is_some_and(|name| !name.is_empty()));
    }
    let auths = config.get("auths").cloned().unwrap_or(json!({}));
    let auth = json!({"auths": auths, "credHelpers": helpers});
    let written = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .and_then(|()| put(&folder.join(AUTH), &auth.to_string()))
        .and_then(|()| {
            put(
                &folder.join(CONFIG),
                &Value::Object(config.clone()).to_string(),
            )
        });
    written.map_err(|error| {
        Error::usage(format!("could not write to {}", folder.display())).because(error)
    })
}

/// Puts a text in the place of a file.
pub(crate) fn put(file: &Path, text: &str) -> std::io::Result<()> {
    let draft = file.with_extension(format!("{}", std::process::id()));
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
    written
}

/// Links what the user has beside the configuration. A folder that is named without its place is one of where we are.
pub(crate) fn link(env: &Env, folder: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        let link = folder.join(name);
        let there = homes(env)
            .map(|home| home.join(name))
            .find(|path| path.exists() && *path != link);
        if let Some(there) = there
            && fs::symlink_metadata(&link).is_err()
        {
            symlink(std::path::absolute(&there).unwrap_or(there), &link).map_err(|error| {
                Error::usage(format!("could not write to {}", folder.display())).because(error)
            })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_read_from_the_file_also_where_a_store_answers_for_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let users = json!({"credsStore": "desktop", "auths": {"ghcr.io": {}}, "credHelpers": {"gcr.io": "gcloud"}});
        let Value::Object(mut config) = users else {
            panic!("an object");
        };
        add(&mut config, "r.example", "eA==");
        write(folder.path(), &config).unwrap();
        let docker = present(folder.path()).unwrap().unwrap();
        assert_eq!(docker["credsStore"], "desktop");
        assert_eq!(docker["credHelpers"]["r.example"], "");
        assert_eq!(docker["auths"]["r.example"]["auth"], "eA==");
        let others = read(&folder.path().join(AUTH)).unwrap().unwrap();
        assert_eq!(others["credHelpers"], json!({"gcr.io": "gcloud"}));
        assert_eq!(others["auths"]["r.example"]["auth"], "eA==");
        assert!(is_helped(&docker, "gcr.io") && !is_helped(&docker, "r.example"));
    }
}
