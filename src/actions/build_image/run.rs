//! Read, plan, print, apply.

use std::time::Instant;

use super::Outputs;
use super::args::Args;
use super::builder::{self, Builder};
use super::commands::{self, Command, Job};
use super::docker_home::DockerHome;
use super::plan::{self, Request};
use super::report::{Facts, bytes};
use super::target::Target;
use super::update::{self, Before, Update};
use super::{follow, jars, steps};
use crate::action::Context;
use crate::domain::image_reference::is_loopback;
use crate::error::{Error, Result};
use crate::image_context::ImageContext;
use crate::process::Output;
use crate::registry::Image;

/// Code of the error that another run has pushed the same input.
const MEANWHILE: &str = "pushed meanwhile";

/// A request with what it is about.
struct Work<'a> {
    context: &'a Context,
    request: Request,
    input: ImageContext,
    /// Digest of the provider jars.
    providers: Option<String>,
    started: Instant,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Outputs> {
    let started = Instant::now();
    let request = plan::request(args)?;
    let input = ImageContext::read(&request.context, &request.file)?;
    let providers = jars::check(&request.context)?;
    let work = Work {
        context,
        request,
        input,
        providers,
        started,
    };
    match &work.request.push {
        None => work.build_only().await,
        Some(tag) => {
            let target = Target::resolve(&work.request, tag, context).await?;
            work.build_and_push(&target).await
        }
    }
}

impl Work<'_> {
    async fn build_only(&self) -> Result<Outputs> {
        let name = plan::name(&self.request, None);
        let home = DockerHome::create(self.context, None, None)?;
        let builder = self.find_builder(&home).await?;
        let (_, update) = self.build(builder, &home, &name, None).await?;
        let outputs = Outputs {
            image: name.clone(),
            tag: self.request.tag.clone(),
            ..self.outputs(update)
        };
        self.report(
            &format!("built {name}, not pushed"),
            builder.name(),
            None,
            &outputs,
        )?;
        Ok(outputs)
    }

    async fn build_and_push(&self, target: &Target<'_>) -> Result<Outputs> {
        if let Some(image) = self.present(target).await? {
            return self
                .finish(target, &image, "reused", "nothing was built")
                .await;
        }
        let home = DockerHome::create(
            self.context,
            Some(&target.registry.host),
            target.login.as_ref(),
        )?;
        let builder = self.find_builder(&home).await?;
        let claimed = match self
            .build(builder, &home, &target.name(), Some(target))
            .await
        {
            Ok((claimed, _)) => claimed,
            Err(error)
                if error.code() == Some(MEANWHILE) || steps::is_immutable(&error.message()) =>
            {
                // Another run was faster: the same input is the same image, anything else is an error.
                let image = self.present(target).await?.ok_or(error)?;
                return self
                    .finish(target, &image, "reused", "another run pushed it meanwhile")
                    .await;
            }
            Err(error) => return Err(error),
        };
        let image = self.read_back(target, claimed).await?;
        self.finish(target, &image, "pushed", builder.name()).await
    }

    /// The image behind the tag if it is the one that would be built; an error if it is another.
    async fn present(&self, target: &Target<'_>) -> Result<Option<Image>> {
        let (tag, host) = (&target.tag, &target.registry.host);
        let image = target.image(tag).await?;
        if let Some(image) = &image
            && let Some(why) = self.difference(image)
        {
            return Err(target.taken(tag, image, &why).await);
        }
        let Some(alias) = &target.alias else {
            return Ok(image);
        };
        if let Some(other) = target.image(alias).await?
            && image
                .as_ref()
                .is_none_or(|image| image.digest != other.digest)
        {
            let why = format!(
                "it is the alias of another image of {host}/{}",
                target.repository
            );
            return Err(target.taken(alias, &other, &why).await);
        }
        Ok(image)
    }

    fn difference(&self, image: &Image) -> Option<String> {
        plan::difference(
            &image.labels,
            &image.platforms,
            &self.input.input_digest,
            &self.request.platforms,
        )
    }

    /// What the registry serves now, compared with what the builder says that it pushed.
    async fn read_back(&self, target: &Target<'_>, claimed: Option<String>) -> Result<Image> {
        let name = target.name();
        let image = target.image(&target.tag).await?.ok_or_else(|| {
            Error::verification(format!(
                "{name} was pushed, but the registry does not have it"
            ))
            .hint("Run the step again; if it stays so, look at the registry's own log.")
        })?;
        let pushed = claimed.is_none_or(|claimed| {
            plan::is_pushed(&claimed, &image.digest, image.config_digest.as_deref())
        });
        if pushed && self.difference(&image).is_none() {
            return Ok(image);
        }
        Err(Error::verification(format!("{name} was pushed, but the registry serves another image, {}", image.digest))
            .hint("Somebody else pushed the same tag at the same time. Make the tags of the repository immutable."))
    }

    /// Sets the alias and tells the result.
    async fn finish(
        &self,
        target: &Target<'_>,
        image: &Image,
        done: &str,
        how: &str,
    ) -> Result<Outputs> {
        target.alias(image).await?;
        let mut layers = format!("{} in all", image.layers.len());
        if done == "pushed"
            && let Some((tag, before)) = target.before().await
        {
            let (count, size) = plan::new_layers(&image.layers, &before.layers);
            layers += &format!(", {count} of them ({}) not in {tag}", bytes(size));
        }
        let outputs = Outputs {
            image: format!("{}@{}", target.name(), image.digest),
            digest: Some(image.digest.clone()),
            tag: Some(target.tag.clone()),
            reused: done == "reused",
            size: Some(image.size),
            ..self.outputs(Update::of(&image.labels))
        };
        self.report(
            &format!("{done} {}", target.name()),
            how,
            Some((image, layers)),
            &outputs,
        )?;
        Ok(outputs)
    }

    fn outputs(&self, update: Update) -> Outputs {
        Outputs {
            input_digest: self.input.input_digest.clone(),
            duration_seconds: self.started.elapsed().as_secs(),
            update,
            ..Outputs::default()
        }
    }

    fn report(
        &self,
        title: &str,
        how: &str,
        image: Option<(&Image, String)>,
        outputs: &Outputs,
    ) -> Result<()> {
        let seconds = self.started.elapsed().as_secs_f64();
        let (size, layers, alias) = match image {
            None => (String::new(), String::new(), None),
            Some((image, layers)) => {
                let size = format!(
                    "{} for {}",
                    bytes(image.size),
                    image.platforms.join(" and ")
                );
                (size, layers, self.request.alias.clone())
            }
        };
        self.context.runner.line(match &outputs.digest {
            Some(digest) => format!("{title} ({how}, {seconds:.1} s): {digest}"),
            None => format!("{title} ({how}, {seconds:.1} s)"),
        });
        let facts = Facts {
            title: title.to_owned(),
            rows: vec![
                ("digest", outputs.digest.clone().unwrap_or_default()),
                ("alias", alias.unwrap_or_default()),
                ("Keycloak", self.input.keycloak.clone()),
                ("input", outputs.input_digest.clone()),
                ("provider jars", self.providers.clone().unwrap_or_default()),
                ("size", size),
                ("layers", layers),
                (
                    "build options",
                    outputs.update.build_options.clone().unwrap_or_default(),
                ),
                ("update", outputs.update.told()),
                ("how", how.to_owned()),
                ("seconds", format!("{seconds:.1}")),
            ],
        };
        self.context.runner.summary(&facts.markdown())
    }

    async fn find_builder(&self, home: &DockerHome) -> Result<Builder> {
        builder::find(
            self.request.builder,
            self.request.platforms.len(),
            self.context,
            home,
        )
        .await
    }

    /// Builds, and pushes if there is a target; the digest as the builder has it, and what an update takes.
    async fn build(
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
        if let (Some(target), Some(_)) = (target, commands::push(builder, &job)) {
            // The build took its time: a registry whose tags move would let this run take another's.
            if let Some(image) = self.present(target).await? {
                return Err(Error::refused(format!(
                    "{name} was pushed meanwhile, {}",
                    image.digest
                ))
                .with_code(MEANWHILE));
            }
        }
        let mut said = String::new();
        if let Some(command) = commands::push(builder, &job) {
            said = self.follow(&format!("Push {name}"), home, command).await?.0;
        }
        let digest = steps::digest(&std::fs::read_to_string(&report).unwrap_or(said));
        Ok((digest, update))
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
