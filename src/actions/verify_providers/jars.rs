//! Files: hashes, class names, scratch files that never stay behind.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use crate::domain::providers::hex;
use crate::domain::shadow::{Index, Jar, class_of};
use crate::error::{Error, Result};

/// Entries that a jar may have; Keycloak's largest has 17,000.
const MOST_ENTRIES: usize = 200_000;
/// Bytes of a jar; the largest of Keycloak's has 35 million.
const LARGEST_JAR: u64 = 200 * 1024 * 1024;

/// A file that is removed when it is dropped, unless it was renamed before.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A name beside `target`, so that a rename stays on one file system.
    pub(super) fn beside(target: &Path) -> Result<Self> {
        let name = target
            .file_name()
            .ok_or_else(|| Error::usage(format!("{} is no file", target.display())))?;
        let name = format!(".{}.{}", name.to_string_lossy(), std::process::id());
        Ok(Self(target.with_file_name(name)))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let gone = std::fs::remove_file(&self.0);
        drop(gone);
    }
}

/// SHA-256 of a file, in hexadecimal.
pub(super) fn sha256(path: &Path) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    std::io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hex(&hash.finalize()))
}

/// The classes of a jar on disk.
pub(super) fn read_jar(path: &Path) -> Result<Jar, String> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let sha256 = sha256(path).map_err(|error| error.to_string())?;
    let file = File::open(path).map_err(|error| error.to_string())?;
    if file.metadata().map_err(|error| error.to_string())?.len() > LARGEST_JAR {
        return Err(format!("more than {LARGEST_JAR} bytes"));
    }
    Ok(Jar {
        file: name,
        sha256,
        classes: classes(std::io::BufReader::new(file))?,
    })
}

fn classes(reader: impl Read + Seek) -> Result<BTreeSet<String>, String> {
    let archive = ZipArchive::new(reader).map_err(|error| error.to_string())?;
    if archive.len() > MOST_ENTRIES {
        return Err(format!("more than {MOST_ENTRIES} entries"));
    }
    Ok(archive
        .file_names()
        .filter_map(class_of)
        .map(str::to_owned)
        .collect())
}

/// The classes of an unpacked distribution's `lib/`.
pub(super) fn index_of_folder(home: &Path) -> Result<Index> {
    let mut jars = Vec::new();
    let mut folders = vec![home.join("lib")];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| {
            Error::usage(format!("could not read {}", folder.display()))
                .because(error)
                .hint("`keycloak-home` is the folder that has bin/, lib/ and providers/.")
        })?;
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jar") {
                jars.push(read_jar(&path).map_err(|fault| {
                    Error::usage(format!("{} is no jar: {fault}", path.display()))
                })?);
            }
        }
    }
    let index = Index::of(jars);
    if index.is_empty() {
        return Err(Error::usage(format!(
            "{} has no jar with classes",
            home.join("lib").display()
        ))
        .hint("`keycloak-home` is the folder that has bin/, lib/ and providers/."));
    }
    Ok(index)
}

/// The classes of the jars in `lib/` of a zipped distribution.
pub(super) fn index_of_zip(path: &Path) -> Result<Index> {
    let damaged = |fault: String| Error::refused(format!("{} is damaged: {fault}", path.display()));
    let file = File::open(path).map_err(|error| damaged(error.to_string()))?;
    let mut archive = ZipArchive::new(file).map_err(|error| damaged(error.to_string()))?;
    let mut jars = Vec::new();
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
        let short = name.rsplit('/').next().unwrap_or(&name).to_owned();
        jars.push(Jar {
            file: short,
            sha256: hex(&Sha256::digest(&bytes)),
            classes: classes(Cursor::new(bytes)).map_err(damaged)?,
        });
    }
    let index = Index::of(jars);
    if index.is_empty() {
        return Err(damaged("it has no lib/ with classes".to_owned()));
    }
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_without_classes_is_refused() {
        let home = tempfile::tempdir().unwrap();
        assert!(index_of_folder(home.path()).is_err(), "no lib/");
        std::fs::create_dir(home.path().join("lib")).unwrap();
        let error = index_of_folder(home.path()).unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Usage);
    }

    #[test]
    fn what_is_no_zip_is_an_error_and_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jar");
        let zip_like = b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0";
        for bytes in [&b""[..], b"<html>", b"version https://git-lfs", zip_like] {
            std::fs::write(&path, bytes).unwrap();
            assert!(read_jar(&path).is_err(), "{bytes:?}");
        }
    }
}
