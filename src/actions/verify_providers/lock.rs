//! Writes the lock: what `providers.yml` comes to, without what Keycloak has itself. Every jar is downloaded for its
//! hash and compared with the repository's checksum.

use std::fs::File;
use std::path::Path;
use std::pin::pin;

use futures_util::stream::{self, StreamExt as _};

use super::Outputs;
use super::args::Args;
use super::index;
use super::jars::{self, Scratch};
use super::resolve::{Candidate, LeftOut, chosen, closure, shared};
use super::signed::Signers;
use crate::action::Context;
use crate::domain::providers::{
    FORMAT, Lock, Locked, Wanted, excluded, generic_purl, local_origin,
};
use crate::domain::shadow::Index;
use crate::download::{PARALLEL, hashes, unwritten};
use crate::error::{Error, Result};
use crate::maven::Repository;
use crate::runner::cell;
use crate::yaml;

const HEADER: &str =
    "# Written by `verify-providers --operation lock`: what providers.yml came to. Do not edit.\n";
/// How the services that Keycloak looks for are named in a jar.
const SERVICES: &str = "META-INF/services/org.keycloak.";

/// A lock that was made, and what it was made without.
pub(super) struct Made {
    pub(super) lock: Lock,
    left_out: Vec<LeftOut>,
    /// Jars that `verify` will refuse, since Keycloak has some of their classes.
    doubtful: Vec<LeftOut>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Outputs> {
    let (wanted, _) = args.wanted()?;
    // One that cannot be read, as after a merge, says nothing.
    let earlier = args.locked().ok();
    let earlier = earlier.as_ref().map(|(lock, _)| lock);
    let made = make(args, context, &wanted, earlier).await?;
    made.tell(context)?;
    write(&args.lock, &text_of(&made.lock)?)?;
    context.runner.line(format!(
        "{} jars locked in {}",
        made.lock.providers.len(),
        args.lock.display()
    ));
    Ok(Outputs {
        providers_digest: made.lock.digest(),
        count: made.lock.providers.len(),
        ..Outputs::default()
    })
}

/// The lock as it is written.
pub(super) fn text_of(lock: &Lock) -> Result<String> {
    Ok(format!("{HEADER}{}", yaml::write(lock)?))
}

/// Puts a text in the place of a file, whole or not at all.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let scratch = Scratch::beside(path)?;
    std::fs::write(scratch.path(), text)
        .and_then(|()| std::fs::rename(scratch.path(), path))
        .map_err(|error| unwritten(path, error))
}

impl Made {
    /// Refuses a release whose bytes are others than those of an earlier lock.
    fn same_bytes(&self, args: &Args, earlier: &Lock) -> Result<()> {
        let Some((jar, before)) = self.lock.changed_since(earlier) else {
            return Ok(());
        };
        Err(Error::verification(format!(
            "{} has the SHA-256 {} in {}, and {} has {} from {}: a release does not change",
            jar.name(), jar.sha256, jar.origin, args.lock.display(), before.sha256, before.origin
        ))
        .hint("Nothing was written. Find out which of the two is the real one; to accept the new one, remove the entry of the jar from the lock first."))
    }

    /// Says what was left out, to people and in the job summary.
    pub(super) fn tell(&self, context: &Context) -> Result<()> {
        for LeftOut { name, reason } in &self.doubtful {
            let module = name
                .rsplit_once(':')
                .map_or(name.as_str(), |(module, _)| module);
            let message = format!(
                "{name} is locked, and `verify` will refuse it: {reason}. Move {module} to `exclude`, unless it is needed as it is."
            );
            context.runner.warning("shadows-keycloak", &message);
        }
        if self.left_out.is_empty() {
            return Ok(());
        }
        let mut table = format!(
            "### verify-providers: {} jars locked, {} left out\n\n| left out | why |\n|---|---|\n",
            self.lock.providers.len(),
            self.left_out.len()
        );
        for LeftOut { name, reason } in &self.left_out {
            context.runner.line(format!("left out: {name}: {reason}"));
            table += &format!("| {} | {} |\n", cell(name), cell(reason));
        }
        context.runner.summary(&table)
    }
}

/// Resolves, downloads, compares with the repository's checksums and with an `earlier` lock. Nothing is written.
pub(super) async fn make(
    args: &Args,
    context: &Context,
    wanted: &Wanted,
    earlier: Option<&Lock>,
) -> Result<Made> {
    if wanted.names_nothing() {
        return Err(Error::usage(format!("{} names no jar", args.manifest.display()))
            .hint("Name jars under `resolve`, `providers`, `releases` or `files`; an image without providers needs neither this file nor a lock."));
    }
    let keycloak = args.keycloak()?;
    let repository = Repository::new(context, args.maven_repository.as_deref())?;
    let signers = Signers::new(args, earlier)?;
    let (mut left_out, mut doubtful) = (Vec::new(), Vec::new());
    let mut of_keycloak = None;
    let mut candidates: Vec<Candidate> = Vec::new();
    if wanted.roots.is_empty() {
        candidates.extend(wanted.jars.iter().map(|jar| Candidate::Maven {
            coordinates: jar.clone(),
            brought: false,
        }));
    } else {
        let closure = closure(&repository, context, wanted).await?;
        let known = index::load(args, context, &keycloak).await?.shadow();
        candidates.extend(chosen(closure, &known, &mut left_out));
        of_keycloak = Some(known);
    }
    candidates.extend(wanted.releases.iter().cloned().map(Candidate::Release));
    candidates.extend(wanted.files.iter().cloned().map(Candidate::Local));
    candidates.sort_by_key(Candidate::file);
    let moving = candidates.iter().find_map(|candidate| match candidate {
        Candidate::Maven { coordinates, .. } if coordinates.moves() => Some(coordinates),
        _ => None,
    });
    if let Some(jar) = moving {
        return Err(Error::usage(format!(
            "{jar} is needed, and names what changes from day to day; a lock needs a release"
        ))
        .hint("Name a release of it under `providers`, or move it to `exclude`."));
    }
    if let Some(pair) = candidates
        .windows(2)
        .find(|pair| pair[0].file() == pair[1].file())
    {
        return Err(
            Error::usage(format!("two jars would be one file, {}", pair[0].file()))
                .hint("Move one of the two modules to `exclude` in providers.yml."),
        );
    }
    let mut lock = Lock {
        version: FORMAT,
        keycloak,
        resolve: wanted.roots.iter().map(ToString::to_string).collect(),
        exclude: excluded(wanted),
        providers: Vec::new(),
    };
    let examined = stream::iter(&candidates)
        .map(|candidate| examine(&repository, candidate, args, of_keycloak.as_ref(), &signers))
        .buffered(PARALLEL);
    let mut examined = pin!(examined.enumerate());
    let mut progress = context.runner.progress();
    while let Some((done, examined)) = examined.next().await {
        let state = format!(
            "{}/{} {}",
            done + 1,
            candidates.len(),
            candidates[done].file()
        );
        progress.show(&state, context.clock.elapsed());
        match examined? {
            Ok((locked, doubt)) => {
                lock.providers.push(locked);
                doubtful.extend(doubt);
            }
            Err(one) => left_out.push(one),
        }
    }
    let made = Made {
        lock,
        left_out,
        doubtful,
    };
    if let Some(earlier) = earlier {
        made.same_bytes(args, earlier)?;
    }
    Ok(made)
}

/// Downloads a jar for its hash; the file itself is not kept.
async fn examine(
    repository: &Repository<'_>,
    candidate: &Candidate,
    args: &Args,
    index: Option<&Index>,
    signers: &Signers<'_>,
) -> Result<std::result::Result<(Locked, Option<LeftOut>), LeftOut>> {
    let file = candidate.file();
    let scratch = Scratch::beside(&args.lock.with_file_name(&file))?;
    let (path, fetched, origin) = match candidate {
        Candidate::Maven { coordinates, .. } => {
            let fetched = repository.fetch(coordinates, "jar", scratch.path()).await?;
            repository.compare(coordinates, "jar", &fetched).await?;
            (
                scratch.path().to_owned(),
                fetched,
                repository.origin.clone(),
            )
        }
        Candidate::Release(release) => {
            let downloads = &repository.downloads;
            let fetched = downloads.file(&release.url, scratch.path()).await?;
            if fetched.sha256 != release.sha256 {
                return Err(Error::verification(format!(
                    "{} has the SHA-256 {}, but providers.yml says {}",
                    release.url, fetched.sha256, release.sha256
                ))
                .at(args.manifest.to_string_lossy(), args.line_in_manifest(&release.url))
                .hint("Find out why the file is another one before you change the SHA-256 in providers.yml."));
            }
            (scratch.path().to_owned(), fetched, release.url.clone())
        }
        Candidate::Local(path) => {
            let there = args.manifest.with_file_name(path);
            (there.clone(), hashes(&there)?, local_origin(path))
        }
    };
    let jar = jars::read_jar(&path, fetched.sha256.clone())
        .map_err(|fault| Error::verification(format!("{file} is no jar: {fault}")))?;
    let mut doubt = None;
    let purl = match candidate {
        Candidate::Maven {
            coordinates,
            brought,
        } => {
            let name = coordinates.to_string();
            let shared = index.and_then(|index| shared(&jar, &coordinates.artifact, index));
            match shared {
                Some((true, reason)) if *brought => return Ok(Err(LeftOut { name, reason })),
                // The same library is a note of `verify`, no more.
                Some(_) if index.is_some_and(|index| index.has_library(&jar)) => {}
                Some((_, reason)) => doubt = Some(LeftOut { name, reason }),
                None => {}
            }
            coordinates.purl()
        }
        Candidate::Release(_) | Candidate::Local(_) => generic_purl(&file, &fetched.sha256),
    };
    let signature = match candidate {
        Candidate::Maven { coordinates, .. } => signers.of(repository, coordinates, &path).await?,
        Candidate::Release(_) | Candidate::Local(_) => None,
    };
    let locked = Locked {
        signature,
        spi: services(&path),
        file,
        purl,
        sha256: fetched.sha256,
        size: fetched.size,
        origin,
    };
    Ok(Ok((locked, doubt)))
}

/// The interfaces of Keycloak's for which a jar, that was read before, names implementations.
fn services(path: &Path) -> Vec<String> {
    let Some(archive) = File::open(path)
        .ok()
        .and_then(|file| zip::ZipArchive::new(file).ok())
    else {
        return Vec::new();
    };
    let mut names: Vec<String> = archive
        .file_names()
        .filter(|name| name.starts_with(SERVICES))
        .filter_map(|name| name.strip_prefix("META-INF/services/"))
        .filter(|name| {
            name.chars()
                .all(|c| c.is_ascii_alphanumeric() || "._$".contains(c))
        })
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}
