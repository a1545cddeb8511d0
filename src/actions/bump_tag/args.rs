use std::path::{Component, Path};

use crate::domain::coordinates::Coordinates;
use crate::domain::image_reference::{check_host, check_repository};
use crate::domain::inputs::Inputs;
use crate::domain::providers::Locked;
use crate::domain::tag::{Version, adopted, git_tag_fault, is_image_tag};
use crate::error::{Error, Result};
use crate::image_context::ImageContext;
use crate::lock_file;
use crate::runner::inputs::{List, boolean};

/// Inputs of `bump-tag`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Name of the image repository, for example `keycloak`: its tags count too; by default only git tags do
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// Host of the registry, for example `ghcr.io`; by default the ECR registry of the AWS account and region
    #[arg(long, value_name = "HOST")]
    pub registry: Option<String>,
    /// Prefix of the git tags that reserve releases, as in `keycloak-1.4.2`
    #[arg(long, value_name = "PREFIX", default_value = "keycloak-")]
    pub tag_prefix: String,
    /// Git or image tag made by hand to go on from, for example `v1.4.2` or `26.7.3-4`
    #[arg(long, value_name = "TAG")]
    pub adopt_from: Option<String>,
    /// Whether to tell the next tag and reserve nothing: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub dry_run: bool,
    /// Terraform files whose image tag counts too, separated by commas or lines; by default `terraform/environments/*/image.auto.tfvars`
    #[arg(long, value_name = "FILES")]
    pub terraform_files: Option<List>,
    /// Terraform variable that holds the image tag
    #[arg(long, value_name = "NAME", default_value = "keycloak_image_tag")]
    pub terraform_variable: String,
    /// Seconds to go on trying while other runs reserve the same tags
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub timeout_seconds: u32,
    /// GitHub token that may write contents and read pull requests; for a dry run, read both
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Build context of the image
    #[arg(long, value_name = "FOLDER", default_value = "docker")]
    pub context: String,
    /// Dockerfile, as a path in the build context
    #[arg(long, value_name = "FILE", default_value = "Dockerfile")]
    pub file: String,
}

impl Args {
    /// What the image is made from now.
    pub(super) fn inputs(&self) -> Result<Inputs> {
        let image = ImageContext::read(&self.context, &self.file)?;
        let alias = format!("0.0.0-kc{}", image.keycloak);
        if !is_image_tag(&alias) {
            return Err(Error::usage(format!(
                "Keycloak's version {:?} cannot be part of an image tag",
                image.keycloak
            )));
        }
        Ok(Inputs::new(
            image.input_digest,
            &image.files,
            image.keycloak,
            self.providers()?,
        ))
    }

    /// The locked jars; an image without a lock file has none.
    fn providers(&self) -> Result<Vec<Coordinates>> {
        let path = Path::new(&self.context).join("providers.lock");
        let file = path.display().to_string();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::unread(file, error)),
        };
        let lock = lock_file::read(&text, &file)?;
        // A jar from elsewhere has no version to compare; that the lock changed is seen all the same.
        Ok(lock
            .providers
            .iter()
            .filter_map(Locked::coordinates)
            .collect())
    }

    /// The prefix of git tags, if a git tag may start like this and an address may hold it.
    pub(super) fn prefix(&self) -> Result<&str> {
        let prefix = self.tag_prefix.as_str();
        let legal = |c: char| c.is_ascii_alphanumeric() || "._-/+@".contains(c);
        let fault = if prefix.chars().all(legal) {
            git_tag_fault(&format!("{prefix}1.0.0"))
        } else {
            Some("takes letters, digits and any of . _ - / + @")
        };
        match fault {
            None => Ok(prefix),
            Some(fault) => Err(Error::usage(format!(
                "`tag-prefix` is {prefix:?}, and no git tag starts like this: it {fault}"
            ))
            .hint("For example: keycloak- or idp/")),
        }
    }

    /// The image repository and the registry, if they are named, can be such.
    pub(super) fn check_repository(&self) -> Result<()> {
        if let Some(name) = &self.repository {
            check_repository("repository", name)?;
        }
        match &self.registry {
            Some(host) => check_host("registry", host),
            None => Ok(()),
        }
    }

    /// The tag to go on from, and the version in it.
    pub(super) fn adopted(&self) -> Result<Option<(&str, Version)>> {
        let Some(tag) = self.adopt_from.as_deref() else {
            return Ok(None);
        };
        match adopted(tag) {
            Some(version) => Ok(Some((tag, version))),
            None => Err(
                Error::usage(format!("`adopt-from` is {tag:?}, which holds no version")).hint(
                    "Give the newest tag with numbers in it, for example v1.4.2 or 26.7.3-4.",
                ),
            ),
        }
    }

    /// The build context as a path in the repository; nothing if it is not inside, or the whole of it.
    pub(super) fn repository_path(&self, workspace: Option<&str>) -> Option<String> {
        let path = Path::new(&self.context);
        let inside = match workspace {
            Some(workspace) if path.is_absolute() => path.strip_prefix(workspace).ok()?,
            _ => path,
        };
        let mut parts = Vec::new();
        for part in inside.components() {
            match part {
                Component::CurDir => {}
                Component::Normal(part) => parts.push(part.to_str()?),
                _ => return None,
            }
        }
        (!parts.is_empty()).then(|| parts.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, FromArgMatches as _};

    fn args(flags: &[&str]) -> Args {
        let command = <Args as clap::Args>::augment_args(Command::new("bump-tag"));
        let line = std::iter::once("bump-tag").chain(flags.iter().copied());
        Args::from_arg_matches(&command.get_matches_from(line)).unwrap()
    }

    #[test]
    fn a_prefix_starts_a_legal_git_tag() {
        for prefix in ["keycloak-", "v", "idp/", "idp/keycloak-", "@"] {
            let args = args(&["--tag-prefix", prefix]);
            assert_eq!(args.prefix().unwrap(), prefix);
        }
        for prefix in [
            "/", "a b", "a//", "a..", ".a", "a/.", "x.lock/", "ä", "a%", "a\n", "a@{",
        ] {
            assert!(
                args(&["--tag-prefix", prefix]).prefix().is_err(),
                "{prefix}"
            );
        }
    }

    #[test]
    fn an_image_repository_is_a_name_alone() {
        for flags in [
            &["--repository=idp/keycloak", "--registry=ghcr.io"][..],
            &[],
        ] {
            assert!(args(flags).check_repository().is_ok(), "{flags:?}");
        }
        for flag in [
            "--repository=Keycloak",
            "--repository=r.example/keycloak:1",
            "--registry=https://ghcr.io",
        ] {
            assert!(args(&[flag]).check_repository().is_err(), "{flag}");
        }
    }

    #[test]
    fn the_context_is_a_path_in_the_repository() {
        let path = |context: &str| args(&["--context", context]).repository_path(Some("/idp"));
        assert_eq!(path("docker").as_deref(), Some("docker"));
        assert_eq!(path("./images/idp/").as_deref(), Some("images/idp"));
        assert_eq!(path("/idp/docker").as_deref(), Some("docker"));
        for context in [".", "/elsewhere/docker", "../docker", "/idp"] {
            assert_eq!(path(context), None, "{context}");
        }
    }
}
