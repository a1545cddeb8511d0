//! The image that is asked for, in its registry: it must be there, and be built for the task's machine.

use std::time::Duration;

use futures_util::future::try_join_all;

use super::reader::Permission;
use super::session::Session;
use crate::aws;
use crate::domain::image_reference::{ecr_region, is_host, is_loopback};
use crate::domain::task_definition::TaskDefinition;
use crate::error::{Error, Result};
use crate::registry::{Image, Login, Registry};

/// Real time that the look may take: the deployment itself would find out.
const LIMIT: Duration = Duration::from_secs(2);

/// A name of an image in its parts.
#[derive(Debug, PartialEq, Eq)]
struct Name<'a> {
    host: &'a str,
    repository: &'a str,
    /// Tag or digest.
    reference: &'a str,
}

impl<'a> Name<'a> {
    /// None for an image of Docker Hub.
    fn parse(image: &'a str) -> Option<Self> {
        let (host, rest) = image.split_once('/')?;
        let (name, digest) = match rest.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (rest, None),
        };
        let (repository, tag) = name.split_once(':').unwrap_or((name, "latest"));
        is_host(host).then_some(Self {
            host,
            repository,
            reference: digest.unwrap_or(tag),
        })
    }
}

impl Session<'_> {
    /// Looks whether the image is there and fits; answers its digest. A registry that cannot be asked costs a notice.
    pub(super) async fn check_image(
        &self,
        image: &str,
        definition: &TaskDefinition,
    ) -> Result<Option<String>> {
        let Some(name) = Name::parse(image) else {
            return Ok(None);
        };
        let found = match tokio::time::timeout(LIMIT, self.find_image(&name)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                self.reader
                    .notice(format!("{image} was not checked: {}", error.message()));
                return Ok(None);
            }
            Err(_) => {
                self.reader.notice(format!(
                    "{image} was not checked: {} did not answer",
                    name.host
                ));
                return Ok(None);
            }
        };
        let Some(found) = found else {
            return Err(Error::usage(format!("there is no image {image}"))
                .hint("Push it first, or correct the name. Nothing was deployed."));
        };
        let wanted = platform(definition.architecture());
        if !found.platforms.is_empty() && !found.platforms.iter().any(|one| one == wanted) {
            return Err(Error::usage(format!(
                "{image} is built for {}, but {} runs on {wanted}",
                found.platforms.join(" and "),
                definition.family()
            ))
            .hint("Build it for that platform, or change runtimePlatform.cpuArchitecture. Nothing was deployed."));
        }
        Ok(Some(found.digest))
    }

    async fn find_image(&self, name: &Name<'_>) -> Result<Option<Image>> {
        let mut login = Login::find(self.context, name.host).await?;
        if login.is_none() && (ecr_region(name.host).is_some() || is_loopback(name.host)) {
            let own = aws::ecr_login(self.context, &self.reader.config).await?;
            login = (own.0 == name.host).then_some(own.1);
        }
        let registry = Registry::new(self.context, name.host, login)?;
        match registry.image(name.repository, name.reference).await {
            Err(error) if error.code() == Some("NAME_UNKNOWN") => Ok(None),
            found => found,
        }
    }

    /// Looks at every image of a task definition.
    pub(super) async fn check_images(&self, definition: &TaskDefinition) -> Result<()> {
        let images = definition.containers().iter();
        self.check_each(images.map(|one| one.image.clone()).collect(), definition)
            .await
    }

    /// All at once, since each may take the whole time.
    async fn check_each(&self, images: Vec<String>, definition: &TaskDefinition) -> Result<()> {
        let looks = images
            .iter()
            .map(|image| self.check_image(image, definition));
        try_join_all(looks).await.map(drop)
    }

    /// Looks at the images of ECR that a registered task definition names, before its tasks are started anew: an image may
    /// have been deleted while tasks of it run. One that may not be read is left to ECS.
    pub(super) async fn check_registered(&self, definition: &str) -> Result<()> {
        let call = self.reader.ecs.task_definition(definition);
        let found = self.reader.optional(Permission::Definition, call).await;
        let Ok(Some(found)) = found else {
            return Ok(());
        };
        self.check_each(of_ecr(&found), &found).await
    }

    /// Looks at the images of ECR while their tasks start: what is wrong with one is told before ECS tells it.
    pub(super) async fn foresee(&self) {
        let Some(definition) = self.known.borrow().definition.clone() else {
            return;
        };
        if let Err(error) = self.check_each(of_ecr(&definition), &definition).await {
            self.warn(&format!("{}: no task of it can start", error.message()));
        }
    }
}

/// The images that the credentials for ECS may open too. Others often need a login that only the task has.
fn of_ecr(definition: &TaskDefinition) -> Vec<String> {
    let images = definition.containers().iter().map(|one| one.image.clone());
    images
        .filter(|image| {
            Name::parse(image)
                .is_some_and(|name| ecr_region(name.host).is_some() || is_loopback(name.host))
        })
        .collect()
}

/// The platform of an image for a `cpuArchitecture`.
fn platform(architecture: &str) -> &'static str {
    match architecture {
        "ARM64" => "linux/arm64",
        _ => "linux/amd64",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_host_a_repository_and_a_reference() {
        let parse =
            |image| Name::parse(image).map(|name| (name.host, name.repository, name.reference));
        assert_eq!(parse("r.io:443/a/b:1.2"), Some(("r.io:443", "a/b", "1.2")));
        assert_eq!(
            parse("r.io/a:1@sha256:00"),
            Some(("r.io", "a", "sha256:00"))
        );
        assert_eq!(parse("r.io/a"), Some(("r.io", "a", "latest")));
        assert_eq!(parse("library/nginx:1"), None);
        assert_eq!(parse("nginx"), None);
    }
}
