//! The file on disk.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::request::Request;
use crate::error::{Error, Result};

/// A file and those beside it.
pub(super) struct OnDisk {
    /// Where the file really is, behind symbolic links.
    path: PathBuf,
    pub bytes: Vec<u8>,
    pub beside: Vec<(String, Vec<u8>)>,
}

pub(super) fn read(request: &Request) -> Result<OnDisk> {
    let unread = |path: &Path, error| Error::unread(path.display(), error);
    let named = Path::new(&request.file);
    let path = named.canonicalize().map_err(|error| unread(named, error))?;
    let bytes = std::fs::read(&path).map_err(|error| unread(named, error))?;
    let folder = match named.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut beside = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unread(folder, error))? {
        let entry = entry.map_err(|error| unread(folder, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let stem = name.strip_suffix(".json").unwrap_or(&name);
        let wanted = stem.ends_with(".tf") || stem.ends_with(".tfvars");
        if !wanted || name == request.name() || !entry.path().is_file() {
            continue;
        }
        let bytes = std::fs::read(entry.path()).map_err(|error| unread(&entry.path(), error))?;
        beside.push((name, bytes));
    }
    beside.sort();
    Ok(OnDisk {
        path,
        bytes,
        beside,
    })
}

impl OnDisk {
    /// Puts new content in place of the file, as a whole or not at all; its mode stays.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<()> {
        let unwritten = |error: std::io::Error| {
            Error::usage(format!("could not write {}", self.path.display())).because(error)
        };
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let scratch = self
            .path
            .with_file_name(format!(".{name}.{}", std::process::id()));
        let written = std::fs::File::create_new(&scratch)
            .and_then(|mut file| {
                file.write_all(bytes)?;
                file.set_permissions(std::fs::metadata(&self.path)?.permissions())?;
                file.sync_all()
            })
            .and_then(|()| std::fs::rename(&scratch, &self.path));
        written.map_err(|error| {
            // The error that counts is the one before.
            let _ = std::fs::remove_file(&scratch);
            unwritten(error)
        })
    }
}
