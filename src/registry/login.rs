//! Names and passwords for registries, where docker, buildah, podman and skopeo keep them.
//!
//! Source: docker/cli documentation of `config.json` (`auths`, `credHelpers`, `credsStore`), `containers-auth.json(5)`,
//! and the protocol of credential helpers (docker/docker-credential-helpers, README), November 2026.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::action::Context;
use crate::error::{Error, Result};
use crate::process::Child;
use crate::runner::{Env, Secret};

/// Time that a credential helper may take; one that asks a cloud takes seconds.
const HELPER_TIMEOUT: Duration = Duration::from_secs(30);

/// Name and password for one registry.
#[derive(Clone)]
pub struct Login {
    pub username: String,
    pub password: Secret,
}

/// Files that may hold logins, in the order in which they are read: what a variable names, then the places of docker and
/// of buildah. A file that is named but not there counts as empty: a login may still come.
fn files(env: &Env) -> Vec<PathBuf> {
    let within =
        |variable: &str, rest: &str| env.get(variable).map(|folder| Path::new(folder).join(rest));
    [
        env.get("REGISTRY_AUTH_FILE").map(PathBuf::from),
        within("DOCKER_CONFIG", "config.json"),
        within("XDG_RUNTIME_DIR", "containers/auth.json"),
        within("XDG_CONFIG_HOME", "containers/auth.json"),
        within("HOME", ".config/containers/auth.json"),
        within("HOME", ".docker/config.json"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Login {
    /// The login for a registry, if there is one.
    pub async fn find(context: &Context, host: &str) -> Result<Option<Self>> {
        for file in files(&context.env) {
            let Some(config) = read(&file)? else {
                continue;
            };
            if let Some(login) = Self::stored(context, &config, host) {
                return Ok(Some(login));
            }
            let helper = config
                .pointer("/credHelpers")
                .and_then(|helpers| helpers.get(host))
                .or_else(|| config.get("credsStore"))
                .and_then(Value::as_str)
                .filter(|helper| !helper.is_empty());
            if let Some(helper) = helper
                && let Some(login) = Self::helped(context, helper, host).await?
            {
                return Ok(Some(login));
            }
        }
        Ok(None)
    }

    /// A login that stands in the file itself.
    fn stored(context: &Context, config: &Value, host: &str) -> Option<Self> {
        let auths = config.get("auths")?;
        let keys = [
            host.to_owned(),
            format!("https://{host}"),
            format!("https://{host}/v1/"),
        ];
        let auth = keys
            .iter()
            .find_map(|key| auths.get(key)?.get("auth")?.as_str());
        let auth = auth.filter(|auth| !auth.is_empty())?;
        let plain = String::from_utf8(STANDARD.decode(auth).ok()?).ok()?;
        let (username, password) = plain.split_once(':')?;
        context.runner.secret(auth);
        Some(Self {
            username: username.to_owned(),
            password: context.runner.secret(password),
        })
    }

    /// A login that a credential helper knows; a helper that knows none says so by failing.
    async fn helped(context: &Context, helper: &str, host: &str) -> Result<Option<Self>> {
        let program = format!("docker-credential-{helper}");
        let answer = Child::new(&program, HELPER_TIMEOUT)
            .args(["get"])
            .input(context.runner.unmasked(host))
            .run(&context.runner)
            .await;
        let output = match answer {
            Ok(output) => output,
            Err(error) => {
                context.runner.debug(error.message());
                return Ok(None);
            }
        };
        let answer: Value = serde_json::from_str(&output.0)
            .map_err(|_| Error::refused(format!("{program} did not answer with JSON")))?;
        let text = |name: &str| {
            answer
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        Ok(match (text("Username"), text("Secret")) {
            (Some(username), Some(secret)) => Some(Self {
                username: username.to_owned(),
                password: context.runner.secret(secret),
            }),
            _ => None,
        })
    }

    /// The value of the header `Authorization`, and the entry `auth` of a file.
    pub(crate) fn basic(&self, context: &Context) -> Secret {
        let plain = format!("{}:{}", self.username, self.password.expose());
        context.runner.secret(STANDARD.encode(plain))
    }
}

/// The content of a file, nothing if there is none.
pub(crate) fn read(file: &Path) -> Result<Option<Value>> {
    let Ok(bytes) = std::fs::read(file) else {
        return Ok(None);
    };
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Error::usage(format!(
            "{}, which holds registry logins, is not JSON",
            file.display()
        ))
        .because(error)
        .hint("Log in to the registry again, or remove the file.")
    })
}

/// The contents of all files, in the order in which they count.
pub(crate) fn contents(env: &Env) -> Result<Vec<Value>> {
    files(env)
        .iter()
        .filter_map(|file| read(file).transpose())
        .collect()
}
