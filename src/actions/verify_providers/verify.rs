//! Read, plan, print.

use std::path::{Path, PathBuf};

use super::Outputs;
use super::args::{Args, line_of};
use super::jars::{self, Scratch};
use super::plan::{self, Entry, Finding, Present};
use crate::action::{Context, Outcome};
use crate::domain::coordinates::Coordinates;
use crate::domain::shadow::Index;
use crate::error::{Error, Place, Result};
use crate::maven::Repository;
use crate::runner::{Level, cell};

/// Annotations that a runner shows of one step.
const MOST_ANNOTATIONS: usize = 9;

pub(super) async fn run(args: &Args, context: &Context) -> Result<Outcome<Outputs>> {
    let (wanted, manifest_text) = args.wanted()?;
    let (lock, lock_text) = args.locked()?;
    let keycloak = args.keycloak()?;
    let present = present(&args.providers_dir)?;
    let index = index(args, context, &keycloak).await?;
    let findings = plan::findings(&lock, &wanted, &keycloak, &present, &index);
    show(context, &findings, |entry| {
        let (file, text, word) = match entry {
            Entry::Manifest(word) => (&args.manifest, &manifest_text, word),
            Entry::Lock(word) => (&args.lock, &lock_text, word),
        };
        Place {
            file: file.to_string_lossy().into_owned(),
            line: line_of(text, word),
        }
    });
    context
        .runner
        .summary(&summary(&findings, present.len(), &keycloak))?;
    let outputs = Outputs {
        providers_digest: lock.digest(),
        count: lock.providers.len(),
        findings: plan::faults(&findings).count(),
        ..Outputs::default()
    };
    let Some(first) = plan::faults(&findings).next() else {
        context.runner.line(format!(
            "{} jars verified against the lock, each other and the {} classes of Keycloak {keycloak}",
            present.len(),
            index.len()
        ));
        return Ok(outputs.into());
    };
    let failure = Error::verification(format!(
        "{} is not as it must be (findings: {}); first: {} {}",
        args.providers_dir.display(),
        outputs.findings,
        first.file,
        first.what
    ))
    .hint(first.remedy.clone());
    Ok(Outcome::failed(outputs, failure))
}

/// Every file of the folder, sorted by name. Hidden ones are left out, but not a hidden jar: Keycloak takes every name
/// that ends in `.jar` (`Environment.getProviderFiles` of 26.7.5), and so does `*.jar` in a Dockerfile.
fn present(folder: &Path) -> Result<Vec<Present>> {
    let unread = |error: std::io::Error| {
        Error::usage(format!("could not read {}", folder.display()))
            .because(error)
            .hint("Bring the jars first: verify-providers --operation fetch")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if file.starts_with('.') && !file.to_ascii_lowercase().ends_with(".jar") {
            continue;
        }
        let metadata = std::fs::symlink_metadata(&path).map_err(unread)?;
        let regular = metadata.is_file();
        let sha256 = if regular {
            jars::sha256(&path).map_err(unread)?
        } else {
            String::new()
        };
        files.push(Present {
            size: metadata.len(),
            jar: if regular {
                jars::read_jar(&path, sha256.clone())
            } else {
                Err("it is a folder or a link".to_owned())
            },
            sha256,
            file,
        });
    }
    files.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(files)
}

/// Keycloak's classes: from the given distribution, from the cache, from beside the action, or from the distribution in
/// the Maven repository.
pub(super) async fn index(args: &Args, context: &Context, keycloak: &str) -> Result<Index> {
    if let Some(home) = &args.keycloak_home {
        return jars::index_of_folder(home);
    }
    let folder = cache(args, context);
    let kept = folder.join(format!("keycloak-{keycloak}.classes"));
    if let Some(index) = std::fs::read_to_string(&kept)
        .ok()
        .and_then(|text| Index::from_text(&text))
    {
        return Ok(index);
    }
    if let Some(index) = shipped(context, keycloak) {
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
        version: keycloak.to_owned(),
        classifier: None,
    };
    context.runner.line(format!(
        "reading the class names of Keycloak {keycloak}, once: {distribution}"
    ));
    let repository = Repository::new(context, args.maven_repository.as_deref())?;
    let scratch = Scratch::beside(&folder.join(distribution.file("zip")))?;
    let fetched = repository
        .fetch(&distribution, "zip", scratch.path())
        .await?;
    repository.compare(&distribution, "zip", &fetched).await?;
    let index = jars::index_of_zip(scratch.path())?;
    let draft = Scratch::beside(&kept)?;
    std::fs::write(draft.path(), index.to_text())
        .and_then(|()| std::fs::rename(draft.path(), &kept))
        .map_err(unwritten)?;
    Ok(index)
}

/// The classes that lie beside `action.yml`, for the Keycloak versions that this commit knows.
fn shipped(context: &Context, keycloak: &str) -> Option<Index> {
    let folder = Path::new(context.env.get("GITHUB_ACTION_PATH")?).join("keycloak");
    jars::index_of_archive(&folder.join(format!("{keycloak}.zip")))
}

fn cache(args: &Args, context: &Context) -> PathBuf {
    const OURS: &str = "keycloak-ecs-actions";
    let variable = |name| context.env.get(name).map(PathBuf::from);
    args.cache_dir
        .clone()
        .or_else(|| variable("RUNNER_TOOL_CACHE").map(|folder| folder.join(OURS)))
        .or_else(|| variable("XDG_CACHE_HOME").map(|folder| folder.join(OURS)))
        .or_else(|| variable("HOME").map(|folder| folder.join(".cache").join(OURS)))
        .unwrap_or_else(|| std::env::temp_dir().join(OURS))
}

fn show(context: &Context, findings: &[Finding], place: impl Fn(&Entry) -> Place) {
    for (shown, finding) in findings.iter().enumerate() {
        let message = format!("{} {}. {}", finding.file, finding.what, finding.remedy);
        if shown >= MOST_ANNOTATIONS {
            context.runner.line(format!("{}: {message}", finding.check));
            continue;
        }
        let level = if finding.note {
            Level::Notice
        } else {
            Level::Error
        };
        let place = place(&finding.entry);
        context
            .runner
            .annotate(level, finding.check, &message, Some(&place));
    }
}

fn summary(findings: &[Finding], jars: usize, keycloak: &str) -> String {
    let mut text = format!(
        "### verify-providers: {jars} jars for Keycloak {keycloak}, findings: {}\n",
        plan::faults(findings).count()
    );
    if findings.is_empty() {
        return text;
    }
    text.push_str("\n| check | jar | what | what to do |\n|---|---|---|---|\n");
    for finding in findings {
        let level = if finding.note { " (note)" } else { "" };
        text += &format!(
            "| {}{level} | {} | {} | {} |\n",
            finding.check,
            cell(&finding.file),
            cell(&finding.what),
            cell(&finding.remedy)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_jar_is_looked_at_and_other_hidden_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            ".evil.jar",
            ".EVIL.JAR",
            ".gitkeep",
            ".a-1.jar.77",
            "page.html",
        ] {
            std::fs::write(folder.path().join(file), "<html>").unwrap();
        }
        std::os::unix::fs::symlink("page.html", folder.path().join("link.jar")).unwrap();
        let seen: Vec<(String, bool)> = present(folder.path())
            .unwrap()
            .into_iter()
            .map(|file| (file.file, file.jar.is_ok()))
            .collect();
        let bad = [".EVIL.JAR", ".evil.jar", "link.jar", "page.html"];
        assert_eq!(seen, bad.map(|file| (file.to_owned(), false)));
    }
}
