use std::path::{Path, PathBuf};

use crate::domain::coordinates::is_name;
use crate::domain::providers::{Lock, Manifest, Wanted, java, pinned_keycloak};
use crate::error::{Error, Result};
use crate::runner::inputs::boolean;
use crate::{lock_file, yaml};

/// What the action does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Operation {
    /// Check the jars.
    #[default]
    Verify,
    /// Bring the jars that the lock lists.
    Fetch,
    /// Write the lock from the manifest.
    Lock,
    /// Raise manifest and lock to newer releases.
    Update,
    /// Show what the lock has.
    List,
    /// Say what a check finds, and what to do.
    Explain,
}

/// Inputs of `verify-providers`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do: `verify` the jars, `fetch` what the lock lists, write the `lock` from the manifest, `update` both to newer releases, `list` what the lock has, or `explain` a check
    #[arg(long, value_enum, default_value_t)]
    pub operation: Operation,
    /// The list of wanted jars
    #[arg(long, value_name = "FILE", default_value = "docker/providers.yml")]
    pub manifest: PathBuf,
    /// The lock file
    #[arg(long, value_name = "FILE", default_value = "docker/providers.lock")]
    pub lock: PathBuf,
    /// File with the public PGP keys of those who sign the jars, ASCII-armored; without it `lock` looks at no signatures
    #[arg(long, value_name = "FILE", default_value = "docker/providers.keys")]
    pub keys: PathBuf,
    /// The folder of the jars
    #[arg(long, value_name = "FOLDER", default_value = "docker/providers")]
    pub providers_dir: PathBuf,
    /// Keycloak's version, for example `26.7.5`; by default `ARG KEYCLOAK_VERSION` of the Dockerfile beside the manifest
    #[arg(long, value_name = "VERSION")]
    pub keycloak_version: Option<String>,
    /// Version of Keycloak for which `update` is to say what would break, for example `26.8.0`: every check against it, and nothing is written
    #[arg(long, value_name = "VERSION")]
    pub keycloak: Option<String>,
    /// Java version of Keycloak's image, for example `21`; by default that of the official image of Keycloak's version
    #[arg(long, value_name = "NUMBER")]
    pub java_version: Option<u32>,
    /// Unpacked Keycloak distribution to compare with; by default the index of its classes that ships with the action, or one made from the Maven repository
    #[arg(long, value_name = "FOLDER")]
    pub keycloak_home: Option<PathBuf>,
    /// Address of another Maven repository than Maven Central
    #[arg(long, value_name = "ADDRESS")]
    pub maven_repository: Option<String>,
    /// Cache configuration whose JGroups protocols the jars provide; by default every `cache-ispn*.xml` beside the manifest
    #[arg(long, value_name = "FILE")]
    pub cache_config_file: Option<PathBuf>,
    /// Folder that keeps the indexes of Keycloak's classes between runs; by default a folder of this job, at a terminal `~/.cache/keycloak-ecs-actions`
    #[arg(long, value_name = "FOLDER")]
    pub cache_dir: Option<PathBuf>,
    /// File that `verify` writes a bill of materials of the jars to: CycloneDX 1.5, JSON
    #[arg(long, value_name = "FILE")]
    pub sbom: Option<PathBuf>,
    /// Name of the check that `explain` is to explain, for example `linkage`; by default all
    #[arg(long, value_name = "NAME")]
    pub check: Option<String>,
    /// Whether `update` only shows what it would change: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub dry_run: bool,
}

impl Args {
    /// What is wanted, and the text of the manifest.
    pub(super) fn wanted(&self) -> Result<(Wanted, String)> {
        let file = self.manifest.to_string_lossy();
        let text = read(&self.manifest)?;
        let manifest: Manifest = yaml::read(&text, &file)?;
        let wanted = manifest.wanted().map_err(|fault| {
            let named = fault.split(['"', ' ']).find(|word| word.contains(':'));
            let line = named.and_then(|named| line_of(&text, named));
            Error::usage(format!("{file}: {fault}"))
                .at(file.clone(), line)
                .hint("The README of actions/verify-providers shows what it may hold.")
        })?;
        Ok((wanted, text))
    }

    /// The lock file and its text.
    pub(super) fn locked(&self) -> Result<(Lock, String)> {
        let file = self.lock.to_string_lossy();
        let text = read(&self.lock)
            .map_err(|error| error.hint("Write it: verify-providers --operation lock"))?;
        Ok((lock_file::read(&text, &file)?, text))
    }

    /// The version of Keycloak that `update` is to look at.
    pub(super) fn next_keycloak(&self) -> Result<Option<String>> {
        let version = self.keycloak.as_deref();
        version
            .map(|version| is_version("keycloak", version))
            .transpose()
    }

    /// The Java that Keycloak `version` runs on.
    pub(super) fn java(&self, version: &str) -> u32 {
        self.java_version.unwrap_or_else(|| java(version))
    }

    /// The line of the manifest that has `word`.
    pub(super) fn line_in_manifest(&self, word: &str) -> Option<usize> {
        let text = std::fs::read_to_string(&self.manifest).ok()?;
        line_of(&text, word)
    }

    /// Keycloak's version.
    pub(super) fn keycloak(&self) -> Result<String> {
        if let Some(version) = &self.keycloak_version {
            return is_version("keycloak-version", version);
        }
        let dockerfile = self.manifest.with_file_name("Dockerfile");
        let text = read(&dockerfile).map_err(|error| {
            error.hint("Give `keycloak-version`, or a Dockerfile with ARG KEYCLOAK_VERSION=<version> beside the manifest.")
        })?;
        pinned_keycloak(&text).map(str::to_owned).ok_or_else(|| {
            Error::usage(format!(
                "{} has no line ARG KEYCLOAK_VERSION=<version>",
                dockerfile.display()
            ))
            .hint("Add that line, or give `keycloak-version`.")
        })
    }
}

fn is_version(input: &str, version: &str) -> Result<String> {
    if is_name(version) && version.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(version.to_owned());
    }
    Err(
        Error::usage(format!("`{input}` is {version:?}, which is no version"))
            .hint("Give the version itself, for example 26.7.5, or leave it out."),
    )
}

/// Line, counted from 1, on which `text` first has `word`.
pub(super) fn line_of(text: &str, word: &str) -> Option<usize> {
    text.lines()
        .position(|line| line.contains(word))
        .map(|at| at + 1)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| Error::unread(path.display(), error))
}
