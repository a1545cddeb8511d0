//! Releases that are not in git: the Terraform variable that names what runs, and tags of images.

use std::path::Path;

use super::args::Args;
use super::event::Event;
use crate::action::Context;
use crate::aws;
use crate::domain::tag::{Census, Source, Version, adopted, release};
use crate::domain::tfvar;
use crate::error::{Error, Result};
use crate::registry::{Login, Registry};

/// Where the roots of environments are, and the file in each that names its image.
const ENVIRONMENTS: (&str, &str) = ("terraform/environments", "image.auto.tfvars");

/// What is known besides the git tags.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    pub(super) image_tags: Vec<String>,
    /// Image tags of Terraform files, each with its file.
    pub(super) deployed: Vec<(String, String)>,
    /// Terraform files that could not be understood.
    pub(super) notes: Vec<String>,
    /// Why the image repository was not asked.
    pub(super) not_asked: Option<&'static str>,
}

impl Elsewhere {
    /// The values of the Terraform variable. A file that the caller names must have it; of those that are looked for,
    /// one without it does not count.
    pub(super) fn deployed(args: &Args) -> Result<Self> {
        let address = tfvar::Address {
            variable: args.terraform_variable.clone(),
            keys: Vec::new(),
        };
        let read = |file: &str| -> Result<String> {
            let bytes = std::fs::read(file).map_err(|error| {
                Error::unread(format!("{file}, which `terraform-files` names"), error)
            })?;
            let values = tfvar::read(file, &bytes, std::slice::from_ref(&address))?;
            Ok(values.into_iter().next().unwrap_or_default())
        };
        let mut found = Self::default();
        if let Some(files) = &args.terraform_files {
            for file in &files.0 {
                found.deployed.push((file.clone(), read(file)?));
            }
            return Ok(found);
        }
        for file in environments(Path::new(ENVIRONMENTS.0)) {
            match read(&file) {
                Ok(value) => found.deployed.push((file, value)),
                Err(error) => found
                    .notes
                    .push(format!("{file} does not count: {}", error.message())),
            }
        }
        Ok(found)
    }

    /// Asks the image repository, unless there is a reason not to.
    pub(super) async fn ask(
        &mut self,
        args: &Args,
        context: &Context,
        event: &Event,
    ) -> Result<()> {
        let Some(repository) = &args.repository else {
            self.not_asked = Some("no `repository` is given");
            return Ok(());
        };
        self.not_asked = match &event.pull_request {
            Some(pull) if pull.from_fork => Some("this is a pull request from a fork"),
            Some(_) => Some("this is a pull request"),
            None => None,
        };
        if self.not_asked.is_some() {
            return Ok(());
        }
        if let Some(host) = &args.registry {
            let login = Login::find(context, host).await?;
            let tags = Registry::new(context, host, login)?.tags(repository).await;
            self.image_tags = tags.map_err(|error| explain(error, host))?;
            return Ok(());
        }
        match aws::config_if_logged_in(context).await {
            Some(config) => self.image_tags = aws::image_tags(&config, repository).await?,
            None => self.not_asked = Some("there are no AWS credentials"),
        }
        Ok(())
    }

    /// Counts everything that is not in git.
    pub(super) fn count(&self, census: &mut Census) {
        for tag in &self.image_tags {
            census.tag(tag, "", Source::Registry);
        }
        for (_, value) in &self.deployed {
            if let Some(version) = release(value) {
                census.version(version, Source::Terraform);
            }
        }
    }

    /// Whether there is such a tag.
    pub(super) fn has(&self, tag: &str) -> bool {
        let deployed = self.deployed.iter().map(|(_, value)| value);
        self.image_tags
            .iter()
            .chain(deployed)
            .any(|name| name == tag)
    }

    /// Refuses to go on below a hand-made tag with a version in it that runs.
    pub(super) fn check_start(&self, base: Option<(&Version, Source)>) -> Result<()> {
        let above = |value: &str| {
            let version = adopted(value).filter(|_| release(value).is_none());
            version.is_some_and(|version| base.is_none_or(|(base, _)| *base < version))
        };
        let Some((file, tag)) = self.deployed.iter().find(|(_, value)| above(value)) else {
            return Ok(());
        };
        let told = match base {
            None => "there is no release to go on from".to_owned(),
            Some((base, _)) => format!("the newest release, {base}, is lower"),
        };
        Err(Error::usage(format!(
            "{file} names the image tag {tag:?}, and {told}"
        ))
        .at(file.clone(), None)
        .hint(format!(
            "Give `adopt-from: {tag}`, or the newest of your tags: the next release is then higher."
        )))
    }
}

fn explain(error: Error, host: &str) -> Error {
    match error.code() {
        Some("UNAUTHORIZED" | "DENIED") => error.hint(format!(
            "Log in to {host} before this step, as somebody who may read the image repository."
        )),
        _ => error,
    }
}

/// The files of the environments, in the order of their names.
fn environments(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<String> = entries
        .map(|entry| entry.path().join(ENVIRONMENTS.1))
        .filter(|file| file.is_file())
        .filter_map(|file| file.to_str().map(str::to_owned))
        .collect();
    files.sort();
    files
}
