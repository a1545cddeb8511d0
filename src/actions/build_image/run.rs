//! Read, plan, print, apply.

use std::time::Instant;

use super::Outputs;
use super::args::Args;
use super::docker_home::DockerHome;
use super::plan;
use super::report::{Facts, bytes};
use super::target::Target;
use super::update::Update;
use super::work::{MEANWHILE, Work};
use super::{jars, steps};
use crate::action::Context;
use crate::error::{Error, Result};
use crate::image_context::ImageContext;
use crate::registry::Image;

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
            if let Some(warning) = plan::foreign(&image.platforms, &self.request.platforms) {
                self.context.runner.warning("platform", &warning);
            }
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
    pub(super) async fn present(&self, target: &Target<'_>) -> Result<Option<Image>> {
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
        let mut new_layers = None;
        if done == "pushed"
            && let Some((tag, before)) = target.before().await
        {
            let (count, size) = plan::new_layers(&image.layers, &before.layers);
            layers += &format!(", {count} of them ({}) not in {tag}", bytes(size));
            new_layers = Some(count);
        }
        let outputs = Outputs {
            image: format!("{}@{}", target.name(), image.digest),
            digest: Some(image.digest.clone()),
            tag: Some(target.tag.clone()),
            reused: done == "reused",
            size: Some(image.size),
            layers: Some(image.layers.len()),
            new_layers,
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
}
