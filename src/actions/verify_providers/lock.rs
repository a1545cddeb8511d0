//! Writes the lock: every wanted jar is downloaded and compared with the repository's checksum.

use super::Outputs;
use super::args::Args;
use crate::action::Context;
use crate::domain::providers::{FORMAT, Lock, Locked};
use crate::error::{Error, Result};
use crate::maven::Repository;
use crate::yaml;

const HEADER: &str =
    "# Written by `verify-providers --operation lock`: what providers.yml came to. Do not edit.\n";

pub(super) async fn run(args: &Args, context: &Context) -> Result<Outputs> {
    let wanted = args.wanted()?;
    let repository = Repository::new(context, args.maven_repository.as_deref())?;
    let mut lock = Lock {
        version: FORMAT,
        keycloak: args.keycloak()?,
        providers: Vec::new(),
    };
    let scratch = super::jars::Scratch::beside(&args.lock)?;
    for (done, jar) in wanted.iter().enumerate() {
        let fetched = repository.fetch(jar, "jar", scratch.path()).await?;
        repository.compare(jar, "jar", &fetched).await?;
        context
            .runner
            .line(format!("{}/{} {jar}", done + 1, wanted.len()));
        lock.providers.push(Locked {
            file: jar.file("jar"),
            coordinates: jar.to_string(),
            sha256: fetched.sha256,
            size: fetched.size,
            origin: repository.origin.clone(),
        });
    }
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
