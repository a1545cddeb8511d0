//! Brings exactly the jars that the lock lists.

use std::path::Path;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use futures_util::stream::{self, StreamExt as _};

use super::Outputs;
use super::args::Args;
use super::jars::{self, Scratch};
use crate::action::Context;
use crate::domain::coordinates::Coordinates;
use crate::domain::providers::Locked;
use crate::error::{Error, Result};
use crate::maven::{PARALLEL, Repository};

/// The time that every jar gets, in whole seconds since the Unix epoch: 1 January 2000. Keycloak remembers the times of
/// provider jars in milliseconds, and image builders cut them to seconds (keycloak/keycloak#37770).
const TIME: Duration = Duration::from_secs(946_684_800);

pub(super) async fn run(args: &Args, context: &Context) -> Result<Outputs> {
    let (lock, _) = args.locked()?;
    let repository = Repository::new(context, args.maven_repository.as_deref())?;
    std::fs::create_dir_all(&args.providers_dir).map_err(|error| {
        Error::usage(format!("could not make {}", args.providers_dir.display())).because(error)
    })?;
    let mut missing = Vec::new();
    for jar in &lock.providers {
        let target = args.providers_dir.join(&jar.file);
        if is_there(&target, jar)? {
            set_time(&target)?;
        } else {
            missing.push((jar, target));
        }
    }
    let downloads = stream::iter(&missing)
        .map(|(jar, target)| bring(&repository, jar, target))
        .buffered(PARALLEL);
    let mut downloads = pin!(downloads.enumerate());
    while let Some((done, brought)) = downloads.next().await {
        let jar = brought?;
        context
            .runner
            .line(format!("{}/{} {}", done + 1, missing.len(), jar.file));
    }
    context.runner.line(format!(
        "{} jars in {}: {} fetched, {} there already",
        lock.providers.len(),
        args.providers_dir.display(),
        missing.len(),
        lock.providers.len() - missing.len()
    ));
    Ok(Outputs {
        providers_digest: lock.digest(),
        count: lock.providers.len(),
        findings: 0,
    })
}

/// Whether the right jar is there. A link is not: an image builder copies links as they are.
fn is_there(target: &Path, jar: &Locked) -> Result<bool> {
    match std::fs::symlink_metadata(target) {
        Ok(metadata) if metadata.is_dir() => Err(Error::usage(format!(
            "{} is a folder where a jar belongs",
            target.display()
        ))
        .hint("Remove it.")),
        Ok(metadata) => {
            Ok(metadata.is_file() && jars::sha256(target).is_ok_and(|found| found == jar.sha256))
        }
        Err(_) => Ok(false),
    }
}

fn set_time(path: &Path) -> Result<()> {
    std::fs::File::options()
        .append(true)
        .open(path)
        .and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH + TIME))
        .map_err(|error| {
            Error::usage(format!("could not set the time of {}", path.display())).because(error)
        })
}

/// A jar appears under its name only when its hash is the locked one.
async fn bring<'a>(
    repository: &Repository<'_>,
    jar: &'a Locked,
    target: &Path,
) -> Result<&'a Locked> {
    let coordinates: Coordinates = jar
        .coordinates
        .parse()
        .map_err(|fault: String| Error::usage(fault))?;
    let scratch = Scratch::beside(target)?;
    let fetched = repository
        .fetch(&coordinates, "jar", scratch.path())
        .await?;
    if fetched.sha256 != jar.sha256 || fetched.size != jar.size {
        return Err(Error::verification(format!(
            "{coordinates} has SHA-256 {} and {} bytes, the lock says {} and {}",
            fetched.sha256, fetched.size, jar.sha256, jar.size
        ))
        .hint(
            "The repository serves another file than the one that was locked; nothing was kept. Find out why before \
             you lock it again.",
        ));
    }
    set_time(scratch.path())?;
    std::fs::rename(scratch.path(), target).map_err(|error| {
        Error::usage(format!("could not write {}", target.display())).because(error)
    })?;
    Ok(jar)
}
