//! Writes the lock: every wanted jar is downloaded and compared with the repository's checksum.

use std::path::Path;
use std::pin::pin;

use futures_util::stream::{self, StreamExt as _};

use super::Outputs;
use super::args::Args;
use super::jars::Scratch;
use crate::action::Context;
use crate::domain::coordinates::Coordinates;
use crate::domain::providers::{FORMAT, Lock, Locked};
use crate::error::{Error, Result};
use crate::maven::{PARALLEL, Repository};
use crate::yaml;

const HEADER: &str =
    "# Written by `verify-providers --operation lock`: what providers.yml came to. Do not edit.\n";

pub(super) async fn run(args: &Args, context: &Context) -> Result<Outputs> {
    let (wanted, _) = args.wanted()?;
    let repository = Repository::new(context, args.maven_repository.as_deref())?;
    let mut lock = Lock {
        version: FORMAT,
        keycloak: args.keycloak()?,
        providers: Vec::new(),
    };
    let downloads = stream::iter(&wanted)
        .map(|jar| examine(&repository, jar, &args.lock))
        .buffered(PARALLEL);
    let mut downloads = pin!(downloads);
    while let Some(examined) = downloads.next().await {
        let locked = examined?;
        lock.providers.push(locked);
        let (done, jar) = (lock.providers.len(), &wanted[lock.providers.len() - 1]);
        context
            .runner
            .line(format!("{done}/{} {jar}", wanted.len()));
    }
    let scratch = Scratch::beside(&args.lock)?;
    let text = format!("{HEADER}{}", yaml::write(&lock)?);
    std::fs::write(scratch.path(), text)
        .and_then(|()| std::fs::rename(scratch.path(), &args.lock))
        .map_err(|error| {
            Error::usage(format!("could not write {}", args.lock.display())).because(error)
        })?;
    context.runner.line(format!(
        "{} jars locked in {}",
        lock.providers.len(),
        args.lock.display()
    ));
    Ok(Outputs {
        providers_digest: lock.digest(),
        count: lock.providers.len(),
        findings: 0,
    })
}

/// Downloads a jar for its hash; the file itself is not kept.
async fn examine(repository: &Repository<'_>, jar: &Coordinates, lock: &Path) -> Result<Locked> {
    let scratch = Scratch::beside(&lock.with_file_name(jar.file("jar")))?;
    let fetched = repository.fetch(jar, "jar", scratch.path()).await?;
    repository.compare(jar, "jar", &fetched).await?;
    Ok(Locked {
        file: jar.file("jar"),
        coordinates: jar.to_string(),
        sha256: fetched.sha256,
        size: fetched.size,
        origin: repository.origin.clone(),
    })
}
