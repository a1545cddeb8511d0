use crate::runner::inputs::{List, boolean};

/// What builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Wanted {
    /// The first that is there, in this order.
    #[default]
    Auto,
    /// `docker buildx build`, with the builder that is selected.
    Buildx,
    /// `docker build`, by the daemon.
    Docker,
    /// `buildah build`, without a daemon.
    Buildah,
}

/// Inputs of `build-image`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Folder that the image is built from
    #[arg(long, value_name = "FOLDER", default_value = "docker")]
    pub context: String,
    /// Path of the Dockerfile inside `context`
    #[arg(long, value_name = "FILE", default_value = "Dockerfile")]
    pub file: String,
    /// Name of the image repository, for example `keycloak` or `team/keycloak`
    #[arg(long, value_name = "NAME", default_value = "keycloak")]
    pub repository: String,
    /// Host of the registry, for example `ghcr.io`; by default the ECR registry of the AWS account and region
    #[arg(long, value_name = "HOST")]
    pub registry: Option<String>,
    /// Tag of the image, for example `1.4.2`; needed to push
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Second tag that names the same image, for example `1.4.2-kc26.7.5`
    #[arg(long, value_name = "TAG")]
    pub alias: Option<String>,
    /// `linux/amd64` or `linux/arm64`, or both with buildx; by default what the builder runs on
    #[arg(long, value_name = "PLATFORMS")]
    pub platforms: Option<List>,
    /// Whether to push the image: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "true", value_parser = boolean)]
    pub push: bool,
    /// What builds: `buildx`, `docker`, `buildah`, or `auto` for the first of these that is there
    #[arg(long, value_enum, default_value_t)]
    pub builder: Wanted,
    /// Repository in the same registry that keeps layers between runs (buildx and buildah); its tags must be mutable
    #[arg(long, value_name = "NAME")]
    pub cache_repository: Option<String>,
}
