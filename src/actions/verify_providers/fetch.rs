//! Brings exactly the jars that the lock lists.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::{Duration, SystemTime};

use futures_util::stream::{self, StreamExt as _};

use super::Outputs;
use super::args::Args;
use super::jars;
use super::lock::write;
use crate::action::Context;
use crate::domain::providers::{Lock, Locked, Source};
use crate::download::{Fetched, PARALLEL, hashes, unwritten};
use crate::error::{Error, Result};
use crate::maven::Repository;

/// The time that every jar gets, in whole seconds since the Unix epoch: 1 January 2000. Keycloak remembers the times of
/// provider jars in milliseconds, and image builders cut them to seconds (keycloak/keycloak#37770).
const TIME: Duration = Duration::from_secs(946_684_800);
/// Ending of a jar that has not come whole.
const PART: &str = ".part";
/// The file that remembers which jars were fetched, so that none of somebody else's is removed.
const RECORD: &str = ".fetched";
/// Time between two pictures of the live line.
const PICTURE: Duration = Duration::from_millis(100);

pub(super) async fn run(args: &Args, context: &Context) -> Result<Outputs> {
    let (lock, _) = args.locked()?;
    let folder = &args.providers_dir;
    let repository = Repository::new(context, args.maven_repository.as_deref())?;
    std::fs::create_dir_all(folder).map_err(|error| {
        Error::usage(format!("could not make {}", folder.display())).because(error)
    })?;
    let mut missing = Vec::new();
    for jar in &lock.providers {
        let target = folder.join(&jar.file);
        if is_there(&target, jar)? {
            set_time(&target)?;
        } else {
            missing.push(jar);
        }
    }
    let mut record = read_record(folder);
    sweep(folder, &missing)?;
    // Before the first jar comes: a run that is killed knows its jars again.
    record.extend(
        lock.providers
            .iter()
            .map(|jar| (jar.file.clone(), jar.sha256.clone())),
    );
    write_record(folder, &record)?;
    bring_all(args, context, &repository, &missing).await?;
    let removed = tidy(folder, context, &lock, &record)?;
    record.retain(|file, _| lock.providers.iter().any(|jar| jar.file == *file));
    write_record(folder, &record)?;
    let removed = if removed > 0 {
        format!(", {removed} of before removed")
    } else {
        String::new()
    };
    context.runner.line(format!(
        "{} jars in {}: {} fetched, {} there already{removed}",
        lock.providers.len(),
        folder.display(),
        missing.len(),
        lock.providers.len() - missing.len()
    ));
    Ok(Outputs {
        providers_digest: lock.digest(),
        count: lock.providers.len(),
        ..Outputs::default()
    })
}

async fn bring_all(
    args: &Args,
    context: &Context,
    repository: &Repository<'_>,
    missing: &[&Locked],
) -> Result<()> {
    let bytes: u64 = missing.iter().map(|jar| jar.size).sum();
    let (come, done, shown) = (Cell::new(0), Cell::new(0), Cell::new(Duration::ZERO));
    let progress = RefCell::new(context.runner.progress());
    let live = progress.borrow().is_live();
    let seen = |more: u64| {
        come.set(come.get() + more);
        let now = context.clock.elapsed();
        if live && now.saturating_sub(shown.get()) >= PICTURE {
            shown.set(now);
            let state = format!(
                "fetching: {}/{} jars, {}/{}",
                done.get(),
                missing.len(),
                megabytes(come.get()),
                megabytes(bytes)
            );
            progress.borrow_mut().show(&state, now);
        }
    };
    let downloads = stream::iter(missing)
        .map(|jar| bring(repository, args, jar, &seen))
        .buffer_unordered(PARALLEL);
    let mut downloads = pin!(downloads);
    while let Some(brought) = downloads.next().await {
        let jar = brought?;
        done.set(done.get() + 1);
        let line = format!("{}/{} {}", done.get(), missing.len(), jar.file);
        progress.borrow().line(&line);
    }
    Ok(())
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
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

/// A jar on its way. It is removed unless it was moved into place; only a process that is killed leaves it, and the next
/// one goes on with it.
struct Part {
    path: PathBuf,
    /// Held as long as this process writes to it.
    _held: File,
}

impl Part {
    fn of(target: &Path) -> Result<Self> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let path = target.with_file_name(format!(".{name}{PART}"));
        let held = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| unwritten(&path, error))?;
        match held.try_lock() {
            Ok(()) => Ok(Self { path, _held: held }),
            Err(TryLockError::WouldBlock) => Err(Error::usage(format!(
                "another fetch is bringing {}",
                target.display()
            ))
            .hint("Let it end, then run this again.")),
            Err(TryLockError::Error(error)) => Err(unwritten(&path, error)),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let gone = std::fs::remove_file(&self.path);
        drop(gone);
    }
}

/// A jar appears under its name only when its hash is the locked one.
async fn bring<'a>(
    repository: &Repository<'_>,
    args: &Args,
    jar: &'a Locked,
    seen: &impl Fn(u64),
) -> Result<&'a Locked> {
    let target = args.providers_dir.join(&jar.file);
    let part = Part::of(&target)?;
    let began = std::fs::metadata(&part.path).is_ok_and(|file| file.len() > 0);
    let mut fetched = get(repository, args, jar, &part.path, seen).await?;
    let right = |fetched: &Fetched| fetched.sha256 == jar.sha256 && fetched.size == jar.size;
    if began && !right(&fetched) {
        // What was there before need not have been the start of this file.
        File::create(&part.path).map_err(|error| unwritten(&part.path, error))?;
        fetched = get(repository, args, jar, &part.path, seen).await?;
    }
    if !right(&fetched) {
        return Err(Error::verification(format!(
            "{} has SHA-256 {} and {} bytes, the lock says {} and {}",
            jar.name(), fetched.sha256, fetched.size, jar.sha256, jar.size
        ))
        .hint(
            "The repository serves another file than the one that was locked; nothing was kept. Find out why before \
             you lock it again.",
        ));
    }
    set_time(&part.path)?;
    std::fs::rename(&part.path, &target).map_err(|error| unwritten(&target, error))?;
    Ok(jar)
}

async fn get(
    repository: &Repository<'_>,
    args: &Args,
    jar: &Locked,
    part: &Path,
    seen: &impl Fn(u64),
) -> Result<Fetched> {
    let downloads = &repository.downloads;
    match jar.source() {
        Some(Source::Maven(coordinates)) => {
            let address = repository.address(&coordinates, "jar");
            downloads.rest_of_file(&address, part, seen).await
        }
        Some(Source::Address(url)) => downloads.rest_of_file(&url, part, seen).await,
        Some(Source::Local(path)) => {
            let there = args.manifest.with_file_name(path);
            std::fs::copy(&there, part).map_err(|error| {
                Error::usage(format!(
                    "could not copy {} to {}",
                    there.display(),
                    part.display()
                ))
                .because(error)
            })?;
            hashes(part)
        }
        None => Err(Error::bug(format!("the entry of {} is damaged", jar.file))),
    }
}

/// Removes what killed runs left, but not what this run goes on with or another one writes to.
fn sweep(folder: &Path, missing: &[&Locked]) -> Result<()> {
    let unread = |error| Error::unread(folder.display(), error);
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(jar) = name
            .strip_prefix('.')
            .and_then(|name| name.strip_suffix(PART))
        else {
            continue;
        };
        let regular = std::fs::symlink_metadata(&path).is_ok_and(|file| file.is_file());
        if regular && missing.iter().any(|wanted| wanted.file == jar) {
            continue;
        }
        // A link is nothing that a fetch left, and would lead what comes elsewhere.
        let free = !regular || File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if free {
            let gone = std::fs::remove_file(&path);
            drop(gone);
        }
    }
    Ok(())
}

/// Removes jars that an earlier fetch brought and that the lock no longer lists; says which other ones are there.
fn tidy(
    folder: &Path,
    context: &Context,
    lock: &Lock,
    record: &BTreeMap<String, String>,
) -> Result<usize> {
    let mut removed = 0;
    let unread = |error| Error::unread(folder.display(), error);
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_jar = name.to_ascii_lowercase().ends_with(".jar");
        if !is_jar || lock.providers.iter().any(|jar| jar.file == name) {
            continue;
        }
        let ours = record
            .get(&name)
            .is_some_and(|hash| jars::sha256(&path).is_ok_and(|found| found == *hash));
        if ours && std::fs::remove_file(&path).is_ok() {
            context.runner.line(format!(
                "removed {name}: fetched before, no longer in the lock"
            ));
            removed += 1;
        } else {
            let message = format!(
                "{} is not in the lock, and no fetch brought it; it stays. Remove it, or add it to providers.yml under \
                 `files`.",
                path.display()
            );
            context.runner.warning("unlisted jar", &message);
        }
    }
    Ok(removed)
}

/// Hashes of the jars that were fetched before, by their names. A line: hash, two blanks, name.
fn read_record(folder: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder.join(RECORD)).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(hash, file)| (file.to_owned(), hash.to_owned()))
        .collect()
}

fn write_record(folder: &Path, record: &BTreeMap<String, String>) -> Result<()> {
    let lines: String = record
        .iter()
        .map(|(file, hash)| format!("{hash}  {file}\n"))
        .collect();
    write(&folder.join(RECORD), &lines)
}
