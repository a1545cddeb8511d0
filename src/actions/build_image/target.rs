//! Where the image goes: the registry and the login for it.

use super::plan::{self, Request};
use super::steps;
use crate::action::Context;
use crate::aws;
use crate::domain::image_reference::ecr_region;
use crate::error::{Error, Result};
use crate::registry::{Image, Login, Registry};

/// A registry that a tag goes to.
pub(super) struct Target<'a> {
    pub(super) registry: Registry<'a>,
    pub(super) repository: String,
    pub(super) tag: String,
    pub(super) alias: Option<String>,
    /// A login that the builder does not find by itself.
    pub(super) login: Option<Login>,
}

impl<'a> Target<'a> {
    /// The registry that is asked for, or the account's in ECR.
    pub(super) async fn resolve(
        request: &Request,
        tag: &str,
        context: &'a Context,
    ) -> Result<Self> {
        let (host, known, fresh) = match &request.registry {
            None => {
                let region = aws::region(context, None).map_err(|error| {
                    error.hint("Run aws-login before this step, or give `registry` for a registry outside of AWS.")
                })?;
                let (host, login) =
                    aws::ecr_login(context, &aws::config(context, region).await).await?;
                (host, None, Some(login))
            }
            Some(host) => {
                let known = Login::find(context, host).await?;
                let fresh = match (&known, ecr_region(host)) {
                    (None, Some(region)) => Some(Self::own(context, host, region).await?),
                    _ => None,
                };
                (host.clone(), known, fresh)
            }
        };
        Ok(Self {
            registry: Registry::new(context, &host, known.or_else(|| fresh.clone()))?,
            repository: request.repository.clone(),
            tag: tag.to_owned(),
            alias: request.alias.clone(),
            login: fresh,
        })
    }

    /// A login to an ECR registry that is named and has none: it must be the account's own.
    async fn own(context: &Context, host: &str, region: &str) -> Result<Login> {
        let config = aws::config(context, region.to_owned()).await;
        let (own, login) = aws::ecr_login(context, &config).await?;
        if own == host {
            return Ok(login);
        }
        Err(Error::usage(format!("there is no login for {host}, and the AWS credentials are for {own}")).hint(format!(
            "Check `registry`, or log in to that account: aws-login with `ecr-login: 'true'` and its id in `registries`, \
             or docker login {host}."
        )))
    }

    /// `<host>/<repository>:<tag>`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}:{}", self.registry.host, self.repository, self.tag)
    }

    /// The image behind a tag of the repository.
    pub(super) async fn image(&self, tag: &str) -> Result<Option<Image>> {
        let image = self.registry.image(&self.repository, tag).await;
        image.map_err(|error| self.explain(error))
    }

    /// The release before this one, with its tag; nothing if there is none, or if tags may not be listed.
    pub(super) async fn before(&self) -> Option<(String, Image)> {
        let tags = self.registry.tags(&self.repository).await.ok()?;
        let tag = plan::previous(&self.tag, &tags)?;
        let image = self.registry.image(&self.repository, tag).await.ok()??;
        Some((tag.to_owned(), image))
    }

    /// What to do about a refusal of the registry.
    pub(super) fn explain(&self, error: Error) -> Error {
        if error.code().is_none() {
            return error;
        }
        let host = &self.registry.host;
        let refused = error.code() == Some("UNAUTHORIZED") && self.registry.has_login();
        let hint = match refused {
            true => format!(
                "The login for {host} that is there was refused: its password is wrong, or has ended. Log in again before this step."
            ),
            false => plan::registry_hint(error.code(), host, &self.repository),
        };
        error.hint(hint)
    }

    /// Gives the tag to an image that was pushed by its digest.
    pub(super) async fn name_image(&self, digest: Option<&str>) -> Result<()> {
        let image = match digest {
            Some(digest) => self.image(digest).await?,
            None => None,
        };
        let image = image.ok_or_else(|| {
            Error::verification(format!(
                "buildx pushed to {}/{}, and the registry does not have {}",
                self.registry.host,
                self.repository,
                digest.unwrap_or("what it pushed, whose digest it did not tell")
            ))
            .hint("Run the step again; if it stays so, look at the registry's own log.")
        })?;
        let tagged = self.registry.tag(&self.repository, &image, &self.tag).await;
        tagged.map_err(|error| self.explain(error))
    }

    /// Lets the alias name the image too. It never moves: whether another image had it was looked at before the build, and
    /// is looked at again here.
    pub(super) async fn alias(&self, image: &Image) -> Result<()> {
        let Some(alias) = &self.alias else {
            return Ok(());
        };
        match self.image(alias).await? {
            Some(there) if there.digest == image.digest => return Ok(()),
            Some(there) => return Err(self.alias_lost(alias, Some(&there))),
            None => {}
        }
        let tagged = self.registry.tag(&self.repository, image, alias).await;
        tagged.map_err(|error| match steps::is_immutable(&error.message()) {
            true => self.alias_lost(alias, None),
            false => self.explain(error),
        })
    }

    /// The error of an alias that another image got during the build.
    fn alias_lost(&self, alias: &str, to: Option<&Image>) -> Error {
        let whose = to.map_or_else(String::new, |image| format!(", {}", image.digest));
        Error::verification(format!(
            "{} is pushed, but its alias {alias} was given to another image meanwhile{whose}",
            self.name()
        ))
        .hint(format!(
            "{} is whole and can be deployed. An alias never moves: run the step again with another `alias`, or without one.",
            self.tag
        ))
    }

    /// The error of a tag that another image has.
    pub(super) async fn taken(&self, tag: &str, image: &Image, why: &str) -> Error {
        let tags = self
            .registry
            .tags(&self.repository)
            .await
            .unwrap_or_default();
        let message = format!(
            "{}/{}:{tag} is taken by {}: {why}",
            self.registry.host, self.repository, image.digest
        );
        let hint = match plan::next_free(&self.tag, &tags) {
            Some(next) => {
                format!("A tag never moves. {next} is the next free version; bump-tag reserves it.")
            }
            None => "A tag never moves. Use another one.".to_owned(),
        };
        Error::usage(message).hint(hint)
    }
}
