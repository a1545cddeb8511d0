//! Which builder is there.

use std::time::Duration;

use super::args::Wanted;
use super::docker_home::DockerHome;
use super::plan;
use crate::action::Context;
use crate::error::{Error, Result};
use crate::process::Child;

/// Time that a builder may take to say that it is there.
const PROBE_TIMEOUT: Duration = Duration::from_secs(20);

/// A builder that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builder {
    Buildx,
    Docker,
    Buildah,
}

impl Builder {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Buildx => "docker buildx",
            Self::Docker => "docker",
            Self::Buildah => "buildah",
        }
    }
}

/// Finds the builder that is asked for, or the first that is there.
pub(super) async fn find(
    wanted: Wanted,
    platforms: usize,
    context: &Context,
    home: &DockerHome,
) -> Result<Builder> {
    let candidates: &[Builder] = match wanted {
        Wanted::Auto => &[Builder::Buildx, Builder::Docker, Builder::Buildah],
        Wanted::Buildx => &[Builder::Buildx],
        Wanted::Docker => &[Builder::Docker],
        Wanted::Buildah => &[Builder::Buildah],
    };
    let mut reasons = Vec::new();
    for builder in candidates {
        match probe(*builder, context, home).await {
            Ok(()) => {
                if platforms > 1 && *builder != Builder::Buildx {
                    plan::one_platform(Wanted::Docker)?;
                }
                return Ok(*builder);
            }
            Err(reason) => reasons.push(format!("{}: {reason}", builder.name())),
        }
    }
    let reasons = reasons.join("\n");
    Err(match wanted {
        Wanted::Auto => Error::usage(format!("no builder is there\n{reasons}"))
            .hint("GitHub's runners have docker with buildx; elsewhere install and start docker, or install buildah."),
        _ => Error::usage(reasons).hint("Start it, or choose another `builder`."),
    })
}

/// Whether a builder can build now; if not, why.
async fn probe(builder: Builder, context: &Context, home: &DockerHome) -> Result<(), String> {
    match builder {
        Builder::Buildx => {
            // Without the plugin, `docker build` falls back to another builder and succeeds; the answer names itself
            // because podman, which may be called docker, has the command too.
            let version = ask("docker", &["buildx", "version"], context, home).await?;
            if !version.contains("buildx") {
                return Err(format!(
                    "`docker buildx version` answers {:?}",
                    version.trim()
                ));
            }
            let about = ask("docker", &["buildx", "inspect"], context, home).await?;
            let field = |name: &str| {
                about
                    .lines()
                    .find_map(|line| line.trim().strip_prefix(name))
                    .map(str::trim)
            };
            if let Some(error) = field("Error:") {
                return Err(error.to_owned());
            }
            if field("Driver:") == Some("docker") {
                return daemon(context, home).await;
            }
            Ok(())
        }
        Builder::Docker => daemon(context, home).await,
        Builder::Buildah => ask("buildah", &["--version"], context, home)
            .await
            .map(drop),
    }
}

async fn daemon(context: &Context, home: &DockerHome) -> Result<(), String> {
    ask(
        "docker",
        &["version", "--format", "{{.Server.Version}}"],
        context,
        home,
    )
    .await
    .map(drop)
}

async fn ask(
    program: &str,
    arguments: &[&str],
    context: &Context,
    home: &DockerHome,
) -> Result<String, String> {
    let mut child = Child::new(program, PROBE_TIMEOUT).args(arguments.iter().copied());
    for (name, value) in home.variables() {
        child = child.env(name, value);
    }
    match child.run(&context.runner).await {
        Ok(output) => Ok(output.0),
        Err(error) => {
            let message = error.message();
            let lines: Vec<&str> = message
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .collect();
            // What the program said stands behind the line that says that it failed.
            Err(lines
                .get(1)
                .or(lines.first())
                .copied()
                .unwrap_or("no answer")
                .to_owned())
        }
    }
}
