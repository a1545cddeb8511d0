//! Newer releases of what `providers.yml` wants, as a diff of it and of the lock; or what another Keycloak would break.

use std::pin::pin;

use futures_util::stream::{self, StreamExt as _};

use super::Outputs;
use super::args::Args;
use super::lock::{make, text_of, write};
use super::verify::{self, Listed};
use crate::action::{Context, Outcome};
use crate::domain::coordinates::Coordinates;
use crate::domain::diff::unified;
use crate::domain::pom::version::newest;
use crate::domain::providers::{Manifest, raised};
use crate::download::PARALLEL;
use crate::error::{Error, Result};
use crate::maven::Repository;
use crate::yaml;

pub(super) async fn run(args: &Args, context: &Context) -> Result<Outcome<Outputs>> {
    match args.next_keycloak()? {
        Some(next) => another_keycloak(args, context, &next).await,
        None => newer_releases(args, context).await.map(Outcome::from),
    }
}

/// What would break with another Keycloak: every check of the jars that are locked and there, and their newer releases.
async fn another_keycloak(args: &Args, context: &Context, next: &str) -> Result<Outcome<Outputs>> {
    let (wanted, manifest_text) = args.wanted()?;
    let (mut lock, lock_text) = args.locked()?;
    // That the lock is for the present one is no news.
    next.clone_into(&mut lock.keycloak);
    let repository = Repository::new(context, args.maven_repository.as_deref())?;
    let modules: Vec<&Coordinates> = wanted.roots.iter().chain(&wanted.jars).collect();
    let newer = newer(&repository, context, &modules).await?;
    let listed = Listed {
        lock,
        lock_text,
        wanted: Some(wanted.clone()),
        manifest_text,
    };
    let mut outcome = verify::against(args, context, &listed, next).await?;
    outcome.outputs.updates = newer.len();
    if outcome.failure.is_some() && !newer.is_empty() {
        context.runner.line("newer releases of what providers.yml wants are above: `update` without `keycloak` takes them");
    }
    Ok(outcome)
}

async fn newer_releases(args: &Args, context: &Context) -> Result<Outputs> {
    let (wanted, text) = args.wanted()?;
    let (lock, lock_text) = args.locked()?;
    let repository = Repository::new(context, args.maven_repository.as_deref())?;
    let modules: Vec<&Coordinates> = wanted.roots.iter().chain(&wanted.jars).collect();
    let newer = newer(&repository, context, &modules).await?;
    for url in wanted.releases.iter().map(|release| &release.url) {
        context.runner.line(format!(
            "{url}: an address has no list of versions, look for newer ones yourself"
        ));
    }
    if newer.is_empty() {
        context
            .runner
            .line("everything from the Maven repository is at its newest release");
        return Ok(Outputs {
            providers_digest: lock.digest(),
            count: lock.providers.len(),
            ..Outputs::default()
        });
    }
    let raised = raised(&text, &newer);
    let manifest: Manifest = yaml::read(&raised, &args.manifest.to_string_lossy())?;
    let wanted = manifest.wanted().map_err(|fault| {
        Error::usage(format!("the newer releases do not fit: {fault}"))
            .hint("Raise the versions in providers.yml yourself.")
    })?;
    let has = |jar: &Coordinates| wanted.roots.contains(jar) || wanted.jars.contains(jar);
    if let Some((jar, version)) = newer.iter().find(|(jar, version)| !has(&jar.at(version))) {
        return Err(Error::usage(format!(
            "{} is written in a way that cannot be raised to {version}: {jar}",
            args.manifest.display()
        ))
        .hint("Write the coordinates as one text under `resolve` or `providers`, or raise the version yourself."));
    }
    let made = make(args, context, &wanted, Some(&lock)).await?;
    made.tell(context)?;
    let made_text = text_of(&made.lock)?;
    for (path, old, new) in [
        (&args.manifest, &text, &raised),
        (&args.lock, &lock_text, &made_text),
    ] {
        context
            .runner
            .line(unified(&path.to_string_lossy(), old, new).trim_end());
    }
    if args.dry_run {
        context
            .runner
            .line("nothing was written: `dry-run` is true");
    } else {
        // The lock last: a manifest without its lock is seen by `verify`, a lock without its manifest too.
        write(&args.manifest, &raised)?;
        write(&args.lock, &made_text)?;
    }
    Ok(Outputs {
        providers_digest: made.lock.digest(),
        count: made.lock.providers.len(),
        updates: newer.len(),
        ..Outputs::default()
    })
}

/// The modules that have a newer release, with its version.
async fn newer(
    repository: &Repository<'_>,
    context: &Context,
    modules: &[&Coordinates],
) -> Result<Vec<(Coordinates, String)>> {
    let listed = stream::iter(modules)
        .map(|module| repository.versions(&module.group, &module.artifact))
        .buffered(PARALLEL);
    let mut listed = pin!(listed.enumerate());
    let mut newer = Vec::new();
    while let Some((at, versions)) = listed.next().await {
        let (module, versions) = (modules[at], versions?);
        if versions.is_empty() {
            let message =
                format!("the repository has no list of versions of {module}; it stays as it is");
            context.runner.warning("no versions", &message);
        }
        if let Some(version) = newest(&module.version, &versions) {
            context.runner.line(format!(
                "{}: {} → {version}",
                module.module(),
                module.version
            ));
            newer.push((module.clone(), version.to_owned()));
        }
    }
    Ok(newer)
}
