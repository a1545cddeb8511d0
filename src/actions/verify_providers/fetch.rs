//! Brings exactly the jars that the lock lists.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::Outputs;
use super::args::Args;
use super::jars::{self, Scratch};
use crate::action::Context;
use crate::domain::coordinates::Coordinates;
use crate::domain::providers::Locked;
use crate::error::{Error, Result};
use crate::maven::Repository;

/// The time that every jar gets, in whole seconds since the Unix epoch: 1 January 2000. Keycloak remembers the times of
/// provider jars in milliseconds, and image builders cut them to seconds (keycloak/keycloak#37770).
const TIME: Duration = Duration::from_secs(946_684_800);

pub(super) async fn run(args: &Args, context: &Context) -> Result<Outputs> {
    let (lock, _) = args.locked()?;
    let repository = Repository::new(context, args.maven_repository.as_deref())?;
    std::fs::create_dir_all(&args.providers_dir).map_err(|error| {
        Error::usage(format!("could not make {}", args.providers_dir.display())).because(error)
    })?;
    let mut kept = 0;
    for (done, jar) in lock.providers.iter().enumerate() {
        let target = args.providers_dir.join(&jar.file);
        if jars::sha256(&target).is_ok_and(|found| found == jar.sha256) {
            kept += 1;
        } else {
            bring(&repository, jar, &target).await?;
            context.runner.line(format!(
                "{}/{} {}",
                done + 1,
                lock.providers.len(),
                jar.file
            ));
        }
    }
    context.runner.line(format!(
        "{} jars in {}: {} fetched, {kept} there already",
        lock.providers.len(),
        args.providers_dir.display(),
        lock.providers.len() - kept
    ));
    Ok(Outputs {
        providers_digest: lock.digest(),
        count: lock.providers.len(),
        findings: 0,
    })
}

/// A jar appears under its name only when its hash is the locked one.
async fn bring(repository: &Repository<'_>, jar: &Locked, target: &Path) -> Result<()> {
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
    std::fs::File::options()
        .append(true)
        .open(scratch.path())
        .and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH + TIME))
        .and_then(|()| std::fs::rename(scratch.path(), target))
        .map_err(|error| {
            Error::usage(format!("could not write {}", target.display())).because(error)
        })
}
