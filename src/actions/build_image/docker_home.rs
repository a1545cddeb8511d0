//! A configuration folder for the builder alone: the user's, with a login more. Nothing of the user's is changed, and the
//! folder goes with the step.
//!
//! Source: docker/cli documentation of `DOCKER_CONFIG` and `config.json`, November 2026. buildx keeps its builders, and
//! docker its plugins and contexts, in folders beside the file, so they are linked to.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::action::Context;
use crate::error::{Error, Result};
use crate::registry::{self, Login};
use crate::runner::Env;

/// Folders beside `config.json` that a builder looks into.
const LINKED: [&str; 3] = ["buildx", "cli-plugins", "contexts"];

/// The folder; dropping it removes it.
pub(super) struct DockerHome(PathBuf);

impl DockerHome {
    /// Makes the folder. `login` is one that the user's files do not hold.
    pub(super) fn create(
        context: &Context,
        host: Option<&str>,
        login: Option<&Login>,
    ) -> Result<Self> {
        let env = &context.env;
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).map_err(|error| {
            Error::bug("the system gave no random bytes").because(error.to_string())
        })?;
        let parent = env
            .get("RUNNER_TEMP")
            .or_else(|| env.get("TMPDIR"))
            .unwrap_or("/tmp");
        let folder = Path::new(parent).join(format!("kecs-build-{}", u64::from_le_bytes(random)));
        let failed = |error: std::io::Error| {
            Error::usage(format!("could not write to {}", folder.display())).because(error)
        };
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(failed)?;
        let home = Self(folder.clone());
        let mut config = merged(env)?;
        if let (Some(host), Some(login)) = (host, login) {
            let auth = login.basic(context);
            config.entry("auths").or_insert_with(|| json!({}))[host] =
                json!({"auth": auth.expose()});
            if config.contains_key("credsStore") {
                // An empty name stands for the file itself: else docker would ask the store alone.
                config.entry("credHelpers").or_insert_with(|| json!({}))[host] = json!("");
            }
        }
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(home.auth_file())
            .and_then(|mut file| file.write_all(Value::Object(config).to_string().as_bytes()))
            .map_err(failed)?;
        for name in LINKED {
            if let Some(there) = homes(env)
                .map(|home| home.join(name))
                .find(|path| path.is_dir())
            {
                symlink(there, folder.join(name)).map_err(failed)?;
            }
        }
        Ok(home)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    fn auth_file(&self) -> PathBuf {
        self.0.join("config.json")
    }

    /// Variables that point docker, buildx and buildah at the folder.
    pub(super) fn variables(&self) -> [(&'static str, String); 2] {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        [
            ("DOCKER_CONFIG", text(&self.0)),
            ("REGISTRY_AUTH_FILE", text(&self.auth_file())),
        ]
    }
}

impl Drop for DockerHome {
    fn drop(&mut self) {
        let gone = fs::remove_dir_all(&self.0);
        drop(gone);
    }
}

/// Docker's folders of the user, the one of a variable first.
fn homes(env: &Env) -> impl Iterator<Item = PathBuf> {
    let named = env.get("DOCKER_CONFIG").map(PathBuf::from);
    let own = env.get("HOME").map(|home| Path::new(home).join(".docker"));
    named.into_iter().chain(own)
}

/// The user's configuration, with the logins of all files: what stands in the first of them counts.
fn merged(env: &Env) -> Result<Map<String, Value>> {
    let mut config = Map::new();
    if let Some(home) = homes(env).next()
        && let Some(Value::Object(own)) = registry::read(&home.join("config.json"))?
    {
        config = own;
    }
    for content in registry::contents(env)? {
        for name in ["auths", "credHelpers"] {
            let Some(Value::Object(more)) = content.get(name) else {
                continue;
            };
            if let Value::Object(first) = config.entry(name).or_insert_with(|| json!({})) {
                for (key, value) in more {
                    first.entry(key).or_insert_with(|| value.clone());
                }
            }
        }
    }
    Ok(config)
}
