//! Files: hashes, class names, scratch files that never stay behind.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::index::read;
use crate::domain::archive;
use crate::domain::manifest::{MANIFEST, is_multi_release};
use crate::domain::providers::hex;
use crate::domain::shadow::{Jar, VERSIONS, class_of};
use crate::error::{Error, Result};

/// Bytes of a jar's table of contents that are read, so that a hostile one cannot fill the memory: the 17,000 entries
/// of Keycloak's largest jar take 2 million.
const LARGEST_TABLE: u64 = 6 * 1024 * 1024;
/// Bytes of memory for the names in all jars of a folder together, and what each takes beside its text.
pub(super) const MOST_NAMES: usize = 40 * 1024 * 1024;
pub(super) const A_NAME: usize = 100;
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

/// How a jar is packed: what must not be, and the names of its files.
pub(super) fn packing(path: &Path) -> Option<(Vec<String>, Vec<String>)> {
    walk(path).or_else(|| {
        // One reader takes it for an archive all the same: what others find there is not known.
        let reader = Bounded {
            reader: File::open(path).ok()?,
            left: LARGEST_TABLE,
        };
        ZipArchive::new(reader).ok()?;
        let odd = "has a table of contents that readers take apart in different ways";
        Some((vec![odd.to_owned()], Vec::new()))
    })
}

fn walk(path: &Path) -> Option<(Vec<String>, Vec<String>)> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let tail = length.min(archive::TAIL as u64);
    let tail = section(&mut file, length - tail, tail)?;
    let end = archive::end(&tail, length)?;
    if end.length > LARGEST_TABLE {
        return None;
    }
    let table = section(&mut file, end.start, end.length)?;
    let entries = archive::entries(&table, end.count)?;
    let names = entries
        .iter()
        .filter_map(|entry| String::from_utf8(entry.name.clone()).ok());
    Some((archive::faults(&end, &entries), names.collect()))
}

fn section(file: &mut File, start: u64, length: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    file.seek(SeekFrom::Start(start)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// What a file that is no jar is, as far as its first bytes tell.
fn instead(start: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(start).trim_start().to_lowercase();
    if text.is_empty() {
        Some("it is empty")
    } else if text.starts_with("version https://git-lfs") {
        Some("it is a pointer of Git LFS; check out with `lfs: true`, or run git lfs pull")
    } else if text.starts_with("<!doctype") || text.starts_with("<html") {
        Some("it is a web page: the download got an error or a login in its place")
    } else {
        None
    }
}

/// A jar on disk, whose SHA-256 is known.
pub(super) fn read_jar(path: &Path, sha256: String) -> Result<Jar, String> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let file = File::open(path).map_err(|error| error.to_string())?;
    if file.metadata().map_err(|error| error.to_string())?.len() > LARGEST_JAR {
        return Err(format!("more than {LARGEST_JAR} bytes"));
    }
    let classes = classes(std::io::BufReader::new(file)).map_err(|fault| {
        let mut start = Vec::new();
        let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
        let told = read.ok().and_then(|_| instead(&start));
        told.map_or(fault, str::to_owned)
    })?;
    Ok(Jar {
        file: name,
        sha256,
        classes,
    })
}

fn classes(reader: impl Read + Seek) -> Result<BTreeSet<String>, String> {
    let reader = Bounded {
        reader,
        left: LARGEST_TABLE,
    };
    let mut archive = ZipArchive::new(reader).map_err(|error| error.to_string())?;
    let manifest = archive.index_for_name(MANIFEST);
    let manifest = manifest.and_then(|at| read(&mut archive, at, LARGEST_TABLE / 2).ok());
    let multi_release = manifest.is_some_and(|manifest| is_multi_release(&manifest));
    Ok(archive
        .file_names()
        .filter(|name| multi_release || !name.starts_with(VERSIONS))
        .filter_map(class_of)
        .map(str::to_owned)
        .collect())
}

/// A reader that gives up after so many bytes.
struct Bounded<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            std::io::Error::other(format!(
                "more than {LARGEST_TABLE} bytes of contents to list"
            ))
        })?;
        Ok(read)
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.reader.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn what_is_no_zip_is_an_error_and_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jar");
        let zip_like = b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0";
        for (bytes, told) in [
            (&b""[..], "empty"),
            (b"\n<!DOCTYPE html><html>", "a web page"),
            (b"version https://git-lfs.github.com/spec/v1", "lfs: true"),
            (b"something else", "Zip"),
            (zip_like, ""),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let fault = read_jar(&path, String::new()).unwrap_err();
            assert!(fault.contains(told), "{bytes:?}: {fault}");
        }
    }

    #[test]
    fn a_table_of_contents_without_end_is_not_read_to_its_end() {
        let record = b"PK\x01\x02\x14\0\x14\0".iter().copied();
        let record: Vec<u8> = record.chain([0; 38]).collect();
        let count = LARGEST_TABLE / record.len() as u64 + 1;
        let mut zip: Vec<u8> = record.repeat(count.try_into().unwrap());
        let size = zip.len() as u64;
        let at_zip64_end = size.to_le_bytes();
        zip.extend(b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
        for number in [count, count, size, 0] {
            zip.extend(number.to_le_bytes());
        }
        zip.extend(b"PK\x06\x07\0\0\0\0");
        zip.extend(at_zip64_end);
        zip.extend(b"\x01\0\0\0PK\x05\x06\0\0\0\0");
        zip.extend([0xff; 12]);
        zip.extend([0; 2]);
        let fault = classes(Cursor::new(zip)).unwrap_err();
        assert!(fault.contains("bytes of contents"), "{fault}");
    }
}
