//! Read, plan, print.

use std::path::Path;
use std::time::SystemTime;

use aws_sdk_sts::primitives::{DateTime, DateTimeFormat};

use super::about::{self, About};
use super::allowed::with_allowances;
use super::args::{Args, line_of};
use super::lock::write;
use super::plan::{self, Entry, Finding, Present};
use super::{Found, Outputs};
use super::{checks, index, jars, linkage, sbom};
use crate::action::{Context, Outcome};
use crate::domain::providers::{Lock, Wanted};
use crate::error::{Error, Place, Result};
use crate::runner::{Level, cell};

/// What Keycloak's distribution has in `providers/`: the folder of an image holds it too.
const KEYCLOAKS_OWN: &str = "README.md";
/// Annotations that a runner shows of one step.
const MOST_ANNOTATIONS: usize = 9;

pub(super) async fn run(args: &Args, context: &Context) -> Result<Outcome<Outputs>> {
    let listed = listed(args, context)?;
    let keycloak = args.keycloak()?;
    against(args, context, &listed, &keycloak).await
}

/// Every check of what is in the folder, against Keycloak `keycloak`.
pub(super) async fn against(
    args: &Args,
    context: &Context,
    listed: &Listed,
    keycloak: &str,
) -> Result<Outcome<Outputs>> {
    let Listed { lock, wanted, .. } = listed;
    let present = present(&args.providers_dir)?;
    let is_jar = |one: &Present| one.file.to_ascii_lowercase().ends_with(".jar");
    if wanted.is_none() && !present.iter().any(is_jar) {
        return Err(Error::usage(format!(
            "`providers-dir` {} has no jar, and there is no manifest and no lock",
            args.providers_dir.display()
        ))
        .hint("Name the folder that the image gets its providers from."));
    }
    let index = index::load(args, context, keycloak).await?;
    let known = index.shadow();
    let mut findings = plan::findings(lock, wanted.as_ref(), keycloak, &present, &known);
    findings.extend(linkage::findings(args, &present, &index, keycloak)?);
    if let Some(wanted) = wanted {
        findings = with_allowances(findings, &wanted.allow, &today());
    }
    show(context, &findings, |finding| {
        if wanted.is_none() {
            let file = args.providers_dir.join(&finding.file);
            return Place {
                file: file.to_string_lossy().into_owned(),
                line: None,
            };
        }
        let (file, text, word) = match &finding.entry {
            Entry::Manifest(word) => (&args.manifest, &listed.manifest_text, word),
            Entry::Lock(word) => (&args.lock, &listed.lock_text, word),
        };
        Place {
            file: file.to_string_lossy().into_owned(),
            line: line_of(text, word),
        }
    });
    context
        .runner
        .summary(&summary(&findings, present.len(), keycloak))?;
    if let Some(file) = &args.sbom {
        let text = format!("{:#}\n", sbom::document(lock, keycloak, &present));
        write(file, &text)?;
    }
    let outputs = Outputs {
        providers_digest: lock.digest(),
        count: lock.providers.len(),
        findings: plan::faults(&findings).count(),
        found: Some(findings.iter().map(found).collect()),
        ..Outputs::default()
    };
    let Some(first) = plan::faults(&findings).next() else {
        context.runner.line(format!(
            "{} verified against {}each other and the {} classes of Keycloak {keycloak}",
            count(present.len()),
            if wanted.is_some() { "the lock, " } else { "" },
            index.len()
        ));
        return Ok(outputs.into());
    };
    let folder = args.providers_dir.display();
    let what = match &args.keycloak {
        None => format!("{folder} is not as it must be"),
        Some(next) => format!("{folder} does not fit Keycloak {next}"),
    };
    let failure = Error::verification(format!(
        "{what}; findings: {}, each named above",
        outputs.findings
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
    let mut names = 0_usize;
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let hidden = file.starts_with('.') && !file.to_ascii_lowercase().ends_with(".jar");
        if hidden || file == KEYCLOAKS_OWN {
            continue;
        }
        let metadata = std::fs::symlink_metadata(&path).map_err(unread)?;
        let regular = metadata.is_file();
        let sha256 = if regular {
            jars::sha256(&path).map_err(unread)?
        } else {
            String::new()
        };
        let (packing, entries) = regular
            .then(|| jars::packing(&path))
            .flatten()
            .unwrap_or_default();
        let texts: usize = entries.iter().map(String::len).sum();
        names = names.saturating_add(texts + entries.len() * jars::A_NAME);
        let full = names > jars::MOST_NAMES;
        let jar = if full {
            Err("with the files before it, it has more names than are looked at".to_owned())
        } else if regular {
            jars::read_jar(&path, sha256.clone())
        } else {
            Err("it is a folder or a link".to_owned())
        };
        let entries = if full { Vec::new() } else { entries };
        let sound = jar.is_ok() && packing.is_empty();
        let time = metadata.modified().ok();
        let time = time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        files.push(Present {
            size: metadata.len(),
            about: if sound {
                about::about(&path, &entries)
            } else {
                About::default()
            },
            fraction: time.is_some_and(|time| time.subsec_nanos() != 0),
            packing,
            entries,
            jar,
            sha256,
            file,
        });
    }
    files.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(files)
}

/// What the jars are compared with.
pub(super) struct Listed {
    pub(super) lock: Lock,
    pub(super) lock_text: String,
    /// Nothing, if there is neither a manifest nor a lock.
    pub(super) wanted: Option<Wanted>,
    pub(super) manifest_text: String,
}

/// Manifest and lock; for a folder of jars that has neither, empty ones.
fn listed(args: &Args, context: &Context) -> Result<Listed> {
    if !args.manifest.exists() && !args.lock.exists() {
        let message = format!(
            "there is neither {} nor {}: the jars are compared with Keycloak and each other alone",
            args.manifest.display(),
            args.lock.display()
        );
        context
            .runner
            .annotate(Level::Notice, "no-lock", &message, None);
        return Ok(Listed {
            lock: Lock::default(),
            lock_text: String::new(),
            wanted: None,
            manifest_text: String::new(),
        });
    }
    let (wanted, manifest_text) = args.wanted()?;
    let (lock, lock_text) = args.locked()?;
    for allowance in &wanted.allow {
        let known = checks::find(&allowance.check);
        if known.is_some_and(|check| check.can_be_allowed) {
            continue;
        }
        let file = args.manifest.to_string_lossy().into_owned();
        let what = match known {
            Some(check) => format!("{file}: what {} finds cannot be allowed", check.name),
            None => format!("{file}: there is no check {:?}", allowance.check),
        };
        let line = line_of(&manifest_text, &allowance.check);
        return Err(Error::usage(what)
            .at(file, line)
            .hint("verify-providers --operation explain lists the checks."));
    }
    Ok(Listed {
        lock,
        lock_text,
        wanted: Some(wanted),
        manifest_text,
    })
}

fn found(finding: &Finding) -> Found {
    Found {
        check: finding.check,
        severity: if finding.note { "note" } else { "error" },
        file: finding.file.clone(),
        what: finding.what.clone(),
        remedy: finding.remedy.clone(),
    }
}

/// The day, in UTC, as `2026-11-26`.
fn today() -> String {
    let now = DateTime::from(SystemTime::now());
    let text = now.fmt(DateTimeFormat::DateTime).unwrap_or_default();
    text.split('T').next().unwrap_or_default().to_owned()
}

fn show(context: &Context, findings: &[Finding], place: impl Fn(&Finding) -> Place) {
    let mut shown = 0;
    for finding in findings {
        let message = format!("{} {}. {}", finding.file, finding.what, finding.remedy);
        // What libraries lack for optional parts is always there: nobody should see it on every pull request.
        let of_a_library = finding.note && finding.check == linkage::NAME;
        if shown >= MOST_ANNOTATIONS || of_a_library {
            let kind = if finding.note { "note: " } else { "" };
            context
                .runner
                .line(format!("{kind}{}: {message}", finding.check));
            continue;
        }
        shown += 1;
        let level = if finding.note {
            Level::Notice
        } else {
            Level::Error
        };
        let place = place(finding);
        context
            .runner
            .annotate(level, finding.check, &message, Some(&place));
    }
}

fn count(jars: usize) -> String {
    match jars {
        1 => "1 jar".to_owned(),
        jars => format!("{jars} jars"),
    }
}

fn summary(findings: &[Finding], jars: usize, keycloak: &str) -> String {
    let mut text = format!(
        "### verify-providers: {} for Keycloak {keycloak}, findings: {}\n",
        count(jars),
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
