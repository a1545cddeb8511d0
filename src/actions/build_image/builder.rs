//! Which builder is there.

use std::time::Duration;

use super::args::Wanted;
use super::docker_home::DockerHome;
use crate::action::Context;
use crate::error::{Error, Result};
use crate::process::Child;

/// Time that a builder may take to say that it is there.
const PROBE_TIMEOUT: Duration = Duration::from_secs(20);

/// The first version of docker's client whose BuildKit is in the plugin buildx alone (docker/cli, release notes of 23.0).
const FIRST_WITHOUT_BUILDKIT: u32 = 23;

/// A builder that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builder {
    Buildx {
        /// Whether it can push an image that has no tag yet; only the driver `docker` cannot.
        by_digest: bool,
    },
    /// With BuildKit if the client has it built in, as those before 23 have; later ones have it in the plugin buildx.
    Docker {
        built_in: bool,
        /// Neither built in nor in a plugin: the deprecated builder.
        legacy: bool,
    },
    Buildah,
}

impl Builder {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Buildx { .. } => "docker buildx",
            Self::Docker { .. } => "docker",
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
    let candidates: &[Wanted] = match wanted {
        Wanted::Auto if platforms > 1 => &[Wanted::Buildx],
        Wanted::Auto => &[Wanted::Buildx, Wanted::Docker, Wanted::Buildah],
        Wanted::Buildx => &[Wanted::Buildx],
        Wanted::Docker => &[Wanted::Docker],
        Wanted::Buildah => &[Wanted::Buildah],
    };
    let mut reasons = Vec::new();
    for candidate in candidates {
        let (name, found) = match candidate {
            Wanted::Buildah => ("buildah", buildah(context, home).await),
            Wanted::Docker => ("docker", docker(context, home).await),
            Wanted::Auto | Wanted::Buildx => ("docker buildx", buildx(context, home).await),
        };
        match found {
            Ok(builder) => return Ok(builder),
            Err(reason) => reasons.push(format!("{name}: {reason}")),
        }
    }
    let reasons = reasons.join("\n");
    Err(match wanted {
        Wanted::Auto if platforms > 1 => Error::usage(format!("no builder for two platforms at once is there\n{reasons}"))
            .hint("Install the plugin buildx and a builder (docker/setup-buildx-action), or name one platform."),
        Wanted::Auto => Error::usage(format!("no builder is there\n{reasons}"))
            .hint("GitHub's runners have docker with buildx; elsewhere install and start docker, or install buildah."),
        _ => Error::usage(reasons).hint("Start it, or choose another `builder`."),
    })
}

/// The builder, or why it cannot build now.
type Probe = Result<Builder, String>;

async fn buildx(context: &Context, home: &DockerHome) -> Probe {
    plugin(context, home).await?;
    let about = ask("docker", &["buildx", "inspect"], context, home).await?;
    let field = |name: &str| {
        let mut lines = about.lines().map(str::trim);
        lines
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    };
    if let Some(error) = field("Error:") {
        return Err(error.to_owned());
    }
    let by_digest = field("Driver:") != Some("docker");
    if !by_digest {
        daemon(context, home).await?;
    }
    Ok(Builder::Buildx { by_digest })
}

async fn docker(context: &Context, home: &DockerHome) -> Probe {
    let client = daemon(context, home).await?;
    let major = client
        .trim()
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    let built_in = major.is_some_and(|major| major < FIRST_WITHOUT_BUILDKIT);
    let legacy = !built_in && plugin(context, home).await.is_err();
    if legacy {
        context.runner.warning(
            "docker",
            "without the plugin buildx, docker builds with its deprecated builder, which knows neither $BUILDPLATFORM \
             nor a cache in a registry: install buildx (docker/setup-buildx-action)",
        );
    }
    Ok(Builder::Docker { built_in, legacy })
}

async fn buildah(context: &Context, home: &DockerHome) -> Probe {
    ask("buildah", &["--version"], context, home).await?;
    Ok(Builder::Buildah)
}

/// Whether the plugin buildx is there. Without it `docker build` falls back to another builder and succeeds. The answer
/// names itself because podman, which may be called docker, has the command too.
async fn plugin(context: &Context, home: &DockerHome) -> Result<(), String> {
    let version = ask("docker", &["buildx", "version"], context, home).await?;
    if version.contains("buildx") {
        return Ok(());
    }
    Err(format!(
        "`docker buildx version` answers {:?}",
        version.trim()
    ))
}

/// The version of the client, if the daemon answers it.
async fn daemon(context: &Context, home: &DockerHome) -> Result<String, String> {
    let format = "{{.Server.Version}} {{.Client.Version}}";
    let answer = ask("docker", &["version", "--format", format], context, home).await?;
    Ok(answer.split_whitespace().last().unwrap_or("").to_owned())
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
