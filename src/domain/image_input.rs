//! What an image is made from, as one digest: the same input has the same tag and needs no second build.
//!
//! Two runs of `kc.sh build` on equal inputs write different bytes (measured with Keycloak 26.7.3), so images cannot be
//! compared; their inputs can.

use sha2::{Digest as _, Sha256};

use crate::domain::providers::hex;

/// Label of an image that holds its input digest.
pub const LABEL: &str = "io.github.keycloak-ecs-actions.input-digest";

/// One file of the build context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path in the context, with `/`.
    pub path: String,
    /// Whether its owner may execute it: `COPY` keeps that.
    pub executable: bool,
    /// Hexadecimal.
    pub sha256: String,
}

/// The Dockerfile unless another one is named.
pub const DOCKERFILE: &str = "Dockerfile";

/// Whether a file of the context decides what is in the image. Jars of `providers/` count through `providers.lock`, which holds their
/// digests; `providers.yml` is a wish, and the Makefile and Markdown beside the Dockerfile are for people.
pub fn counts(path: &str) -> bool {
    let at_top = !path.contains('/');
    let for_people = at_top && (path == "Makefile" || path.to_lowercase().ends_with(".md"));
    let for_git = [".gitignore", ".gitattributes", ".gitkeep"].contains(&file_name(path));
    !(is_provider(path) || path == "providers.yml" || for_people || for_git)
}

/// Whether it is a jar that the lock speaks for.
fn is_provider(path: &str) -> bool {
    let name = path.strip_prefix("providers/");
    name.is_some_and(|name| name.ends_with(".jar") && !name.contains('/'))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The digest of everything that counts and of which Dockerfile is built, as `sha256:` and 64 hexadecimal digits; the order of
/// the files does not matter.
pub fn digest(files: &[File], dockerfile: &str) -> String {
    let mut lines: Vec<String> = files
        .iter()
        .filter(|file| counts(&file.path) || file.path == dockerfile)
        .map(|file| {
            let mode = if file.executable { "x" } else { "-" };
            format!("{} {mode} {}\n", file.sha256, file.path)
        })
        .collect();
    lines.sort();
    // Without another Dockerfile the digest is what it always was.
    if dockerfile != DOCKERFILE {
        lines.push(format!("Dockerfile {dockerfile}\n"));
    }
    format!("sha256:{}", hex(&Sha256::digest(lines.concat())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, sha256: &str) -> File {
        File {
            path: path.to_owned(),
            executable: false,
            sha256: sha256.to_owned(),
        }
    }

    #[test]
    fn what_only_people_read_does_not_count() {
        for path in [
            "README.md",
            "providers.yml",
            "providers/a.jar",
            "themes/.gitkeep",
        ] {
            assert!(!counts(path), "{path}");
        }
        for path in [
            "Dockerfile",
            "providers.lock",
            ".dockerignore",
            "themes/x/notes.md",
            "providers/evil.properties",
            "providers/sub/b.jar",
            "providers/a.JAR",
        ] {
            assert!(counts(path), "{path}");
        }
    }

    #[test]
    fn the_digest_knows_names_contents_and_modes_but_no_order() {
        let one = digest(
            &[file("Dockerfile", "a"), file("providers.lock", "b")],
            "Dockerfile",
        );
        let same = digest(
            &[file("providers.lock", "b"), file("Dockerfile", "a")],
            "Dockerfile",
        );
        assert_eq!(one, same);
        assert_ne!(
            one,
            digest(
                &[file("Dockerfile", "b"), file("providers.lock", "a")],
                "Dockerfile"
            )
        );
        let both = [file("Dockerfile", "a"), file("sub/Dockerfile", "b")];
        assert_ne!(digest(&both, "Dockerfile"), digest(&both, "sub/Dockerfile"));
        let odd = |sha256| digest(&[file("Image.md", sha256)], "Image.md");
        assert_ne!(odd("a"), odd("b"), "a Dockerfile counts whatever its name");
        let mut executable = file("Dockerfile", "a");
        executable.executable = true;
        assert_ne!(
            one,
            digest(&[executable, file("providers.lock", "b")], "Dockerfile")
        );
    }
}
