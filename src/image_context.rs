//! The folder that an image is built from.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path};

use sha2::{Digest as _, Sha256};

use crate::domain::dockerignore::Ignore;
use crate::domain::image_input::{File, counts, digest};
use crate::domain::providers::{hex, pinned_keycloak};
use crate::error::{Error, Result};

/// What a build context holds.
#[derive(Clone, Debug)]
pub struct ImageContext {
    /// Files that decide what is in the image.
    pub files: Vec<File>,
    /// Digest of these files.
    pub input_digest: String,
    /// Keycloak's version, as the Dockerfile pins it.
    pub keycloak: String,
}

impl ImageContext {
    /// Reads the folder `context` with the Dockerfile `file` in it.
    pub fn read(context: &str, file: &str) -> Result<Self> {
        let root = Path::new(context);
        if !root.is_dir() {
            return Err(Error::usage(format!("`context` is {context:?}, which is no folder"))
                .hint("Give the folder that holds the Dockerfile; check out the repository before this step."));
        }
        let inside = Path::new(file)
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside {
            return Err(
                Error::usage(format!("`file` is {file:?}, which is not inside `context`")).hint(
                    "An image is known by what its context holds: put the Dockerfile there, or give a folder above it as `context`.",
                ),
            );
        }
        let path = root.join(file);
        let dockerfile = std::fs::read_to_string(&path).map_err(|error| {
            Error::usage(format!("could not read {}", path.display()))
                .because(error)
                .hint("`file` is the path of the Dockerfile inside `context`.")
        })?;
        let keycloak = pinned_keycloak(&dockerfile)
            .ok_or_else(|| {
                Error::usage(format!(
                    "{} has no line ARG KEYCLOAK_VERSION=<version>",
                    path.display()
                ))
                .at(path.display().to_string(), None)
                .hint("Pin Keycloak's version there: ARG KEYCLOAK_VERSION=26.7.5 (`latest` would be another image tomorrow)")
            })?
            .to_owned();
        // However it is written, it is one Dockerfile.
        let file = &plain(file);
        let mut reader = Reader {
            root,
            ignores: ignores(root, file)?,
            files: Vec::new(),
        };
        reader.collect("")?;
        let mut files = reader.files;
        // The builder reads it also where it is ignored or behind a symbolic link.
        files.retain(|one| one.path != *file);
        files.push(
            read(&path, file.clone(), false)
                .map_err(|error| Error::unread(path.display(), error))?,
        );
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self {
            input_digest: digest(&files, file),
            files,
            keycloak,
        })
    }
}

/// What counts beside the Dockerfile, whatever is ignored: the builder reads it, or the image is known by it.
const ALWAYS: [&str; 2] = [".dockerignore", "providers.lock"];

/// Walks through a build context.
struct Reader<'a> {
    root: &'a Path,
    ignores: Vec<Ignore>,
    files: Vec<File>,
}

impl Reader<'_> {
    fn collect(&mut self, folder: &str) -> Result<()> {
        let here = self.root.join(folder);
        let failed = |path: &Path, error: std::io::Error| Error::unread(path.display(), error);
        for entry in std::fs::read_dir(&here).map_err(|error| failed(&here, error))? {
            let entry = entry.map_err(|error| failed(&here, error))?;
            let full = entry.path();
            let name = entry.file_name().into_string().map_err(|name| {
                Error::usage(format!(
                    "the name of {} is not UTF-8",
                    name.to_string_lossy()
                ))
            })?;
            let path = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            let kind = entry.file_type().map_err(|error| failed(&full, error))?;
            let ignored = self.ignores(&path);
            if kind.is_dir() {
                let may_count = !ignored || !self.ignores.iter().all(Ignore::is_final);
                if may_count && path != ".git" {
                    self.collect(&path)?;
                }
            } else if !ignored && !kind.is_file() && !kind.is_symlink() {
                return Err(Error::usage(format!(
                    "{} is neither a file nor a folder, and an image cannot hold it",
                    full.display()
                )));
            } else if !ignored && counts(&path) {
                let file = read(&full, path, kind.is_symlink());
                self.files.push(file.map_err(|error| failed(&full, error))?);
            }
        }
        Ok(())
    }

    /// Whether no builder puts it into the image.
    fn ignores(&self, path: &str) -> bool {
        !self.ignores.is_empty()
            && !ALWAYS.contains(&path)
            && self.ignores.iter().all(|ignore| ignore.leaves_out(path))
    }
}

/// The path without what says nothing, as `./` and `//`.
fn plain(file: &str) -> String {
    let parts = file.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.collect::<Vec<_>>().join("/")
}

/// The rules of what is left out: BuildKit and newer buildahs take `<Dockerfile>.dockerignore` where it is there, others
/// `.dockerignore`. Only what all of them leave out is in no image.
fn ignores(root: &Path, dockerfile: &str) -> Result<Vec<Ignore>> {
    let mut found = Vec::new();
    for name in [
        format!("{dockerfile}.dockerignore"),
        ".dockerignore".to_owned(),
    ] {
        let path = root.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => found.push(Ignore::parse(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::unread(path.display(), error)),
        }
    }
    Ok(found)
}

/// A symbolic link counts with its target's name, as `COPY` copies it.
fn read(full: &Path, path: String, link: bool) -> std::io::Result<File> {
    let (bytes, executable) = if link {
        (
            std::fs::read_link(full)?
                .into_os_string()
                .into_encoded_bytes(),
            false,
        )
    } else {
        let mode = std::fs::metadata(full)?.permissions().mode();
        (std::fs::read(full)?, mode & 0o100 != 0)
    };
    Ok(File {
        path,
        executable,
        sha256: hex(&Sha256::digest(bytes)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dockerfile_counts_however_it_is_reached() {
        let top = std::env::temp_dir().join(format!("kecs-context-{}", std::process::id()));
        let context = top.join("context");
        std::fs::create_dir_all(context.join("docker")).expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(top.join(name), text).expect("a file");
        write("context/.dockerignore", "docker\n");
        std::os::unix::fs::symlink("../outside", context.join("link")).expect("a link");
        let digest = |file: &str| {
            let read = ImageContext::read(&context.to_string_lossy(), file);
            read.expect("a context").input_digest
        };
        let all = |text: &str| {
            let text = format!("ARG KEYCLOAK_VERSION=26.7.5\n{text}");
            write("context/docker/Dockerfile", &text);
            write("outside", &text);
            [
                "docker/Dockerfile",
                "docker/./Dockerfile",
                ".//docker//Dockerfile",
                "link",
            ]
            .map(digest)
        };
        let (before, after) = (all(""), all("RUN x\n"));
        for (one, other) in before.iter().zip(&after) {
            assert_ne!(one, other, "{before:?}");
        }
        assert_eq!(before[0], before[1]);
        assert_eq!(before[0], before[2]);
        std::fs::remove_dir_all(top).expect("removed");
    }
}
