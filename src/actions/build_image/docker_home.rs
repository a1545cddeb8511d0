//! A configuration folder for the builder alone: the user's, with a login more. Nothing of the user's is changed, and the
//! folder goes with the step.
//!
//! buildx keeps its builders, and docker its plugins and contexts, in folders beside the file, so they are linked to.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::action::Context;
use crate::error::{Error, Result};
use crate::registry::{Login, home};

/// What a builder looks into beside `config.json`: folders, and the certificates for a daemon behind TLS.
const LINKED: [&str; 6] = [
    "buildx",
    "cli-plugins",
    "contexts",
    "ca.pem",
    "cert.pem",
    "key.pem",
];

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
        let made = Self(folder.clone());
        let mut config = home::merged(env)?;
        if let (Some(host), Some(login)) = (host, login) {
            home::add(&mut config, host, login.basic(context).expose());
        }
        home::write(&folder, &config)?;
        home::link(env, &folder, &LINKED)?;
        Ok(made)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// Variables that point docker, buildx and buildah at the folder.
    pub(super) fn variables(&self) -> [(&'static str, String); 2] {
        home::pointers(&self.0)
            .map(|(variable, path)| (variable, path.to_string_lossy().into_owned()))
    }
}

impl Drop for DockerHome {
    fn drop(&mut self) {
        let gone = fs::remove_dir_all(&self.0);
        drop(gone);
    }
}
