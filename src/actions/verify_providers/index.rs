//! Keycloak's own classes: from the given distribution, from beside the action, from the cache, or from the distribution in
//! the Maven repository, once.
//!
//! What lies beside the action is fixed by its commit, so it comes before a cache that somebody else may have written to.

use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::args::Args;
use super::jars::Scratch;
use crate::action::Context;
use crate::domain::coordinates::Coordinates;
use crate::domain::keycloak_index::{Builder, KeycloakIndex};
use crate::domain::providers::hex;
use crate::domain::shadow::class_of;
use crate::error::{Error, Result};
use crate::maven::Repository;

/// Bytes of a jar of Keycloak's; the largest has 35 million.
const LARGEST_JAR: u64 = 200 * 1024 * 1024;
/// Bytes of a class file of Keycloak's; the largest has 300,000.
const LARGEST_CLASS: u64 = 16 * 1024 * 1024;
/// Bytes of an unpacked index; that of Keycloak 26.7.5 has 4 million.
const LARGEST_INDEX: u64 = 64 * 1024 * 1024;
const NO_HOME: &str = "`keycloak-home` is the folder that has bin/, lib/ and providers/.";

/// The classes of Keycloak `version`.
pub(super) async fn load(args: &Args, context: &Context, version: &str) -> Result<KeycloakIndex> {
    if let Some(home) = &args.keycloak_home {
        return of_folder(home);
    }
    if let Some(index) = shipped(context, version) {
        return Ok(index);
    }
    let folder = cache(args, context);
    let kept = folder.join(format!("keycloak-{version}.index"));
    if let Some(index) = std::fs::read(&kept)
        .ok()
        .and_then(|bytes| KeycloakIndex::from_bytes(&bytes))
    {
        return Ok(index);
    }
    let unwritten = |error: std::io::Error| {
        Error::usage(format!("could not write {}", kept.display()))
            .because(error)
            .hint("Give a folder that can be written as `cache-dir`.")
    };
    std::fs::create_dir_all(&folder).map_err(unwritten)?;
    let distribution = Coordinates {
        group: "org.keycloak".to_owned(),
        artifact: "keycloak-quarkus-dist".to_owned(),
        version: version.to_owned(),
        classifier: None,
    };
    context.runner.line(format!(
        "reading the classes of Keycloak {version}, once: {distribution}"
    ));
    let repository = Repository::new(context, args.maven_repository.as_deref())?;
    let scratch = Scratch::beside(&folder.join(distribution.file("zip")))?;
    let fetched = repository
        .fetch(&distribution, "zip", scratch.path())
        .await?;
    repository.compare(&distribution, "zip", &fetched).await?;
    let index = of_zip(scratch.path())?;
    let draft = Scratch::beside(&kept)?;
    std::fs::write(draft.path(), index.to_bytes())
        .and_then(|()| std::fs::rename(draft.path(), &kept))
        .map_err(unwritten)?;
    Ok(index)
}

/// The index that lies beside `action.yml`, for the Keycloak versions that this commit knows.
fn shipped(context: &Context, version: &str) -> Option<KeycloakIndex> {
    let folder = match context.env.get("GITHUB_ACTION_PATH") {
        Some(action) => PathBuf::from(action),
        None if context.env.on_github() => return None,
        None => beside_the_executable()?,
    };
    let file = File::open(folder.join("keycloak").join(format!("{version}.zip"))).ok()?;
    let mut archive = ZipArchive::new(file).ok()?;
    let mut bytes = Vec::new();
    let entry = archive.by_index(0).ok()?;
    entry.take(LARGEST_INDEX).read_to_end(&mut bytes).ok()?;
    KeycloakIndex::from_bytes(&bytes)
}

/// The action in the checkout that the executable was built in, at `target/<profile>/`.
fn beside_the_executable() -> Option<PathBuf> {
    let executable = std::env::current_exe().ok()?;
    let checkout = executable.ancestors().nth(3)?;
    Some(checkout.join("actions/verify-providers"))
}

/// The folder of the indexes. A job has one of its own unless the caller names another: earlier jobs on the same machine may
/// write to the tool cache, and an index that they changed would hide what it should find.
fn cache(args: &Args, context: &Context) -> PathBuf {
    const OURS: &str = "keycloak-ecs-actions";
    let variable = |name| context.env.get(name).map(PathBuf::from);
    args.cache_dir
        .clone()
        .or_else(|| variable("RUNNER_TEMP").map(|folder| folder.join(OURS)))
        .or_else(|| variable("XDG_CACHE_HOME").map(|folder| folder.join(OURS)))
        .or_else(|| variable("HOME").map(|folder| folder.join(".cache").join(OURS)))
        .unwrap_or_else(|| std::env::temp_dir().join(OURS))
}

/// The classes of an unpacked distribution's `lib/`.
pub(super) fn of_folder(home: &Path) -> Result<KeycloakIndex> {
    let mut builder = Builder::default();
    let mut folders = vec![home.join("lib")];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| {
            Error::usage(format!("could not read {}", folder.display()))
                .because(error)
                .hint(NO_HOME)
        })?;
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jar") {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                std::fs::read(&path)
                    .map_err(|error| error.to_string())
                    .and_then(|bytes| add(&mut builder, &file, &bytes))
                    .map_err(|fault| {
                        Error::usage(format!("{} is no jar: {fault}", path.display()))
                    })?;
            }
        }
    }
    let index = builder.finish();
    if index.is_empty() {
        let lib = home.join("lib");
        return Err(
            Error::usage(format!("{} has no jar with classes", lib.display())).hint(NO_HOME),
        );
    }
    Ok(index)
}

/// The classes of the jars in `lib/` of a zipped distribution.
fn of_zip(path: &Path) -> Result<KeycloakIndex> {
    let damaged = |fault: String| Error::refused(format!("{} is damaged: {fault}", path.display()));
    let file = File::open(path).map_err(|error| damaged(error.to_string()))?;
    let mut archive = ZipArchive::new(file).map_err(|error| damaged(error.to_string()))?;
    let mut builder = Builder::default();
    for at in 0..archive.len() {
        let entry = archive
            .by_index(at)
            .map_err(|error| damaged(error.to_string()))?;
        let name = entry.name().to_owned();
        // `<distribution>/lib/…`: the jars of the clients in bin/ are on another class path.
        let of_the_server = name
            .split_once('/')
            .is_some_and(|(_, inner)| inner.starts_with("lib/") && inner.ends_with(".jar"));
        if !of_the_server {
            continue;
        }
        let mut bytes = Vec::new();
        entry
            .take(LARGEST_JAR)
            .read_to_end(&mut bytes)
            .map_err(|error| damaged(error.to_string()))?;
        let short = name.rsplit('/').next().unwrap_or(&name);
        add(&mut builder, short, &bytes).map_err(damaged)?;
    }
    let index = builder.finish();
    if index.is_empty() {
        return Err(damaged("it has no lib/ with classes".to_owned()));
    }
    Ok(index)
}

/// Adds the classes of a jar. Those for newer Java versions come last: where there is another one, that counts.
fn add(builder: &mut Builder, file: &str, bytes: &[u8]) -> Result<(), String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    builder.jar(file, &hex(&Sha256::digest(bytes)));
    let mut entries: Vec<(bool, usize)> = (0..archive.len())
        .filter_map(|at| {
            let name = archive.name_for_index(at)?;
            class_of(name)?;
            Some((name.starts_with("META-INF/"), at))
        })
        .collect();
    entries.sort_unstable();
    for (_, at) in entries {
        let class = read(&mut archive, at, LARGEST_CLASS)?;
        // What is named like a class and is none takes no part in linking.
        let _malformed = builder.class(&class);
    }
    Ok(())
}

/// An entry of an archive, if it has at most `most` bytes.
pub(super) fn read<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    at: usize,
    most: u64,
) -> Result<Vec<u8>, String> {
    let entry = archive.by_index(at).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let read = entry
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if read as u64 > most {
        return Err(format!("has an entry of more than {most} bytes"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_without_classes_is_refused() {
        let home = tempfile::tempdir().unwrap();
        assert!(of_folder(home.path()).is_err(), "no lib/");
        std::fs::create_dir(home.path().join("lib")).unwrap();
        let error = of_folder(home.path()).unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Usage);
    }
}
