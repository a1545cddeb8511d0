//! One request, and the conversation with the builder.

use std::time::Instant;

use super::builder::{self, Builder};
use super::commands::{self, Command, Job};
use super::docker_home::DockerHome;
use super::plan::{self, Request};
use super::target::Target;
use super::update::{self, Before, Update};
use super::{follow, steps};
use crate::action::Context;
use crate::domain::image_reference::is_loopback;
use crate::error::{Error, Result};
use crate::image_context::ImageContext;
use crate::process::Output;

/// Code of the error that another run has pushed the same input.
pub(super) const MEANWHILE: &str = "pushed meanwhile";

/// A request with what it is about.
pub(super) struct Work<'a> {
    pub(super) context: &'a Context,
    pub(super) request: Request,
    pub(super) input: ImageContext,
    /// Digest of the provider jars.
    pub(super) providers: Option<String>,
    pub(super) started: Instant,
}

impl Work<'_> {
    pub(super) async fn find_builder(&self, home: &DockerHome) -> Result<Builder> {
        builder::find(
            self.request.builder,
            self.request.platforms.len(),
            self.context,
            home,
        )
        .await
    }

    /// Builds, and pushes if there is a target; the digest as the builder has it, and what an update takes.
    pub(super) async fn build(
        &self,
        builder: Builder,
        home: &DockerHome,
        name: &str,
        target: Option<&Target<'_>>,
    ) -> Result<(Option<String>, Update)> {
        let input = &self.input;
        let mut labels = plan::labels(
            &input.input_digest,
            &input.keycloak,
            self.providers.as_deref(),
            self.request.tag.as_deref(),
            &self.context.env,
        );
        let dockerfile = format!("{}/{}", self.request.context, self.request.file);
        let host = target
            .map(|target| &target.registry.host)
            .or(self.request.registry.as_ref());
        let cache = self
            .request
            .cache
            .as_ref()
            .zip(host)
            .map(|(cache, host)| format!("{host}/{cache}"));
        let report = home.folder().join("report").to_string_lossy().into_owned();
        let before = match target {
            Some(target) => target.before().await,
            None => None,
        };
        let before = before.and_then(|(tag, image)| Before::of(&tag, &image.labels));
        let job = Job {
            context: &self.request.context,
            dockerfile: &dockerfile,
            name,
            labels: &[],
            platforms: &self.request.platforms,
            push: target.is_some(),
            plain_http: host.is_some_and(|host| is_loopback(host)),
            cache: cache.as_deref(),
            report: &report,
            isolation_chosen: self.context.env.get("BUILDAH_ISOLATION").is_some(),
            update_from: before.as_ref().map(|before| before.metadata.as_str()),
        };
        let update = self.ask(builder, home, &job, before.as_ref()).await?;
        labels.extend(update.labels());
        let job = Job {
            labels: &labels,
            ..job
        };
        let title = format!("Build {name} with {}", builder.name());
        self.follow(&title, home, commands::build(builder, &job))
            .await?;
        self.check_platform(builder, home, &job).await?;
        if target.is_none() {
            return Ok((None, update));
        }
        // The build took its time: a registry whose tags move would let this run take another's.
        if let (Some(target), Some(command)) = (target, commands::push(builder, &job)) {
            self.still_free(target).await?;
            let said = self.follow(&format!("Push {name}"), home, command).await?.0;
            let said = std::fs::read_to_string(&report).unwrap_or(said);
            return Ok((steps::digest(&said), update));
        }
        let digest = steps::digest(&std::fs::read_to_string(&report).unwrap_or_default());
        if let (Some(target), Builder::Buildx { by_digest: true }) = (target, builder) {
            self.still_free(target).await?;
            target.name_image(digest.as_deref()).await?;
        }
        Ok((digest, update))
    }

    /// An error if the tag has got an image during the build.
    async fn still_free(&self, target: &Target<'_>) -> Result<()> {
        match self.present(target).await? {
            None => Ok(()),
            Some(image) => Err(Error::refused(format!(
                "{} was pushed meanwhile, {}",
                target.name(),
                image.digest
            ))
            .with_code(MEANWHILE)),
        }
    }

    /// What Keycloak says of an update, if the Dockerfile and the builder let it be asked.
    async fn ask(
        &self,
        builder: Builder,
        home: &DockerHome,
        job: &Job<'_>,
        before: Option<&Before>,
    ) -> Result<Update> {
        let dockerfile = std::fs::read_to_string(job.dockerfile).unwrap_or_default();
        let folder = home.folder().join("update");
        let command = commands::ask(builder, job, &folder.to_string_lossy());
        let (true, Some(command)) = (update::is_asked(&dockerfile), command) else {
            return Ok(Update::default());
        };
        self.follow("Ask Keycloak what an update takes", home, command)
            .await?;
        let update = Update::read(&folder, before)?;
        if let Some(told) = update.warning() {
            self.context.runner.warning("update", &told);
        }
        Ok(update)
    }

    /// A builder may take layers of another platform from its cache (run: buildah 1.28, `FROM scratch`).
    async fn check_platform(
        &self,
        builder: Builder,
        home: &DockerHome,
        job: &Job<'_>,
    ) -> Result<()> {
        let ([wanted], Some(command)) = (job.platforms, commands::platform(builder, job)) else {
            return Ok(());
        };
        let found = follow::child(home, command)
            .run(&self.context.runner)
            .await?
            .0;
        if found.trim() == wanted {
            return Ok(());
        }
        Err(Error::verification(format!("{} built an image for {}, not for {wanted}", builder.name(), found.trim()))
            .hint("Name `platforms` in FROM lines as the builder knows them, and remove its layers of the other platform."))
    }

    async fn follow(&self, title: &str, home: &DockerHome, command: Command) -> Result<Output> {
        let ended = follow::follow(&self.context.runner, title, home, command).await;
        ended.map_err(|error| self.explain(error))
    }

    /// Points at the line of the Dockerfile, and says what to do.
    fn explain(&self, error: Error) -> Error {
        let said = error.message();
        let file = format!("{}/{}", self.request.context, self.request.file);
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let line = steps::line(&said, &self.request.file, &text);
        let error = error.hint(steps::hint(&said));
        if line.is_some() {
            error.at(file, line)
        } else {
            error
        }
    }
}
