//! The provider jars that the build will copy are those of the lock: the input digest of an image knows them by it.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::domain::providers::hex;
use crate::error::{Error, Result};
use crate::lock_file;

/// Compares `providers/` with `providers.lock` in a build context; the digest of the jars, if there is a lock.
pub(super) fn check(context: &str) -> Result<Option<String>> {
    let (folder, file) = (
        Path::new(context).join("providers"),
        Path::new(context).join("providers.lock"),
    );
    let shown = file.display().to_string();
    let lock = match std::fs::read_to_string(&file) {
        Ok(text) => Some(lock_file::read(&text, &shown)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(Error::unread(shown, error)),
    };
    let mut surplus = present(&folder)?;
    for jar in lock.iter().flat_map(|lock| &lock.providers) {
        let path = folder.join(&jar.file);
        if !surplus.remove(&jar.file) {
            return Err(Error::verification(format!(
                "{} is in the lock, but not there",
                path.display()
            ))
            .at(shown, None)
            .hint("Run verify-providers with `operation: fetch` before this step."));
        }
        let failed = |error| Error::unread(path.display(), error);
        let mut hash = Sha256::new();
        std::io::copy(&mut File::open(&path).map_err(failed)?, &mut hash).map_err(failed)?;
        if hex(&hash.finalize()) != jar.sha256 {
            return Err(Error::verification(format!(
                "{} is not the jar that the lock has",
                path.display()
            ))
            .at(shown, None)
            .hint("Remove it and run verify-providers with `operation: fetch` before this step."));
        }
    }
    if let Some(jar) = surplus.first() {
        let problem = if lock.is_some() {
            "is not in the lock"
        } else {
            "is there without a providers.lock"
        };
        return Err(Error::verification(format!("{} {problem}", folder.join(jar).display())).hint(
            "An image is known by the lock, so the jar must be in it: add it to providers.yml and run verify-providers \
             with `operation: lock`, or remove it.",
        ));
    }
    Ok(lock.map(|lock| lock.digest()))
}

/// Names of the jars in a folder, which need not be there.
fn present(folder: &Path) -> Result<BTreeSet<String>> {
    let failed = |error| Error::unread(folder.display(), error);
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        entries => entries.map_err(failed)?,
    };
    let mut names = BTreeSet::new();
    for entry in entries {
        let name = entry
            .map_err(failed)?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".jar") {
            names.insert(name);
        }
    }
    Ok(names)
}
