//! What is wrong with a set of jars. Pure.

use super::about::About;
use super::{content, identity, shadows};
use crate::domain::providers::{Drift, Lock, Wanted};
use crate::domain::shadow::{Index, Jar};

/// A file in the folder of the jars.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) file: String,
    pub(super) sha256: String,
    pub(super) size: u64,
    /// What is in it, or why it is no jar.
    pub(super) jar: Result<Jar, String>,
    /// What is wrong with how it is packed.
    pub(super) packing: Vec<String>,
    /// Names of the files in it.
    pub(super) entries: Vec<String>,
    pub(super) about: About,
    /// Whether its time has a fraction of a second.
    pub(super) fraction: bool,
}

#[cfg(test)]
impl Present {
    /// A file of which nothing else is known.
    pub(super) fn of(file: &str, jar: Result<Jar, String>) -> Self {
        Self {
            file: file.to_owned(),
            sha256: String::new(),
            size: 0,
            jar,
            packing: Vec::new(),
            entries: Vec::new(),
            about: About::default(),
            fraction: false,
        }
    }
}

/// Something that must not reach an image, or that whoever reviews it should know.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Name of the check.
    pub(super) check: &'static str,
    pub(super) file: String,
    pub(super) what: String,
    pub(super) remedy: String,
    /// The line that it is about.
    pub(super) entry: Entry,
    /// Whether it is only worth knowing.
    pub(super) note: bool,
}

/// A text that stands on one line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Manifest(String),
    Lock(String),
}

impl Entry {
    /// The jar's line in the lock.
    pub(super) fn locked(file: &str) -> Self {
        Self::Lock(format!("file: {file}"))
    }

    /// The jar's line in the manifest, if the lock knows which one that is.
    pub(super) fn wanted(lock: &Lock, file: &str) -> Self {
        let locked = lock.providers.iter().find(|jar| jar.file == file);
        locked.map_or_else(|| Self::locked(file), |jar| Self::Manifest(jar.name()))
    }
}

pub(super) fn finding(
    check: &'static str,
    file: &str,
    what: String,
    remedy: &str,
    entry: Entry,
) -> Finding {
    Finding {
        check,
        file: file.to_owned(),
        what,
        remedy: remedy.to_owned(),
        entry,
        note: false,
    }
}

/// Everything that is wrong, in the order of the checks; without what is wanted, with the jars alone.
pub(super) fn findings(
    lock: &Lock,
    wanted: Option<&Wanted>,
    keycloak: &str,
    present: &[Present],
    index: &Index,
) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(wanted) = wanted {
        found.extend(drifted(lock, wanted, keycloak));
        found.extend(unlike_the_lock(lock, present));
    }
    found.extend(no_jars(present));
    found.extend(content::file_names(present));
    found.extend(content::packing(present));
    found.extend(content::resources(present));
    found.extend(identity::findings(lock, keycloak, present));
    found.extend(shadows::findings(lock, wanted, present, index));
    found
}

/// What must not reach an image: every finding but the notes.
pub(super) fn faults(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| !finding.note)
}

fn drifted(lock: &Lock, wanted: &Wanted, keycloak: &str) -> Vec<Finding> {
    lock.drift(wanted, keycloak)
        .into_iter()
        .map(|drift| {
            let remedy = "Run verify-providers --operation lock and commit the lock.";
            let (what, entry) = match drift {
                Drift::Keycloak { locked, wanted } => (
                    format!("was made for Keycloak {locked}, not {wanted}"),
                    Entry::Lock(format!("keycloak: {locked}")),
                ),
                Drift::NotLocked(jar) => (
                    format!("does not have {jar}, which providers.yml wants"),
                    Entry::Manifest(jar),
                ),
                Drift::NotWanted(jar) => (
                    format!("has {jar}, which providers.yml does not want"),
                    Entry::Lock(locked_line(lock, &jar)),
                ),
            };
            finding("lock-drift", "providers.lock", what, remedy, entry)
        })
        .collect()
}

/// The line of the lock that has a name: of a jar that of its file, of a root or an exclusion its own.
fn locked_line(lock: &Lock, name: &str) -> String {
    let jar = lock.providers.iter().find(|jar| jar.name() == name);
    jar.map_or_else(|| format!("- {name}"), |jar| format!("file: {}", jar.file))
}

fn unlike_the_lock(lock: &Lock, present: &[Present]) -> Vec<Finding> {
    let mut found = Vec::new();
    for jar in &lock.providers {
        match present.iter().find(|file| file.file == jar.file) {
            None => found.push(finding(
                "missing",
                &jar.file,
                "is in the lock, not in the folder".to_owned(),
                "Run verify-providers --operation fetch.",
                Entry::locked(&jar.file),
            )),
            Some(file) if file.sha256 != jar.sha256 || file.size != jar.size => {
                found.push(finding(
                    "changed",
                    &jar.file,
                    format!(
                        "has SHA-256 {} and {} bytes, the lock says {} and {}",
                        file.sha256, file.size, jar.sha256, jar.size
                    ),
                    "Remove the file, fetch again, and find out who changed it.",
                    Entry::locked(&jar.file),
                ))
            }
            Some(_) => {}
        }
    }
    for file in present {
        if !lock.providers.iter().any(|jar| jar.file == file.file) {
            found.push(finding(
                "unlisted",
                &file.file,
                "is in the folder, not in the lock".to_owned(),
                "Remove the file, or add it to providers.yml and lock again.",
                Entry::locked(&file.file),
            ));
        }
    }
    found
}

fn no_jars(present: &[Present]) -> Vec<Finding> {
    let named = |file: &Present| file.file.ends_with(".jar");
    present
        .iter()
        .filter_map(|file| {
            let fault = match &file.jar {
                Err(fault) => fault.clone(),
                Ok(_) if !named(file) => "Keycloak reads only files that end in .jar".to_owned(),
                Ok(_) => return None,
            };
            let what = format!("is no jar: {fault}");
            Some(finding(
                "no-jar",
                &file.file,
                what,
                "Put the jar itself in its place, or remove the file.",
                Entry::locked(&file.file),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::coordinates::Coordinates;
    use crate::domain::providers::{FORMAT, Locked};

    const MODULE: &str = "g:a:1";

    fn lock(coordinates: &[&str]) -> Lock {
        Lock {
            version: FORMAT,
            keycloak: "26.7.5".to_owned(),
            resolve: Vec::new(),
            exclude: Vec::new(),
            providers: coordinates
                .iter()
                .map(|text| text.parse::<Coordinates>().unwrap())
                .map(|coordinates| Locked {
                    file: coordinates.file("jar"),
                    purl: coordinates.purl(),
                    sha256: "0".repeat(64),
                    size: 10,
                    origin: "maven-central".to_owned(),
                    signature: None,
                    spi: Vec::new(),
                })
                .collect(),
        }
    }

    fn present(file: &str, classes: &[&str]) -> Present {
        let jar = Jar {
            file: file.to_owned(),
            sha256: format!("hash of {file}"),
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
        };
        Present {
            sha256: "0".repeat(64),
            size: 10,
            ..Present::of(file, Ok(jar))
        }
    }

    fn checks(
        lock: &Lock,
        wanted: &[&str],
        present: &[Present],
        keycloak: &[&str],
    ) -> Vec<&'static str> {
        let wanted: Wanted = wanted
            .iter()
            .map(|text| text.parse::<Coordinates>().unwrap())
            .collect();
        let index = Index::of([Jar {
            file: "own.jar".to_owned(),
            sha256: "hash of own.jar".to_owned(),
            classes: keycloak.iter().map(|class| (*class).to_owned()).collect(),
        }]);
        findings(lock, Some(&wanted), "26.7.5", present, &index)
            .iter()
            .map(|finding| finding.check)
            .collect()
    }

    #[test]
    fn a_sound_set_has_no_findings() {
        let sound = [present("a-1.jar", &["x/Y"])];
        assert!(checks(&lock(&[MODULE]), &[MODULE], &sound, &["k/K"]).is_empty());
    }

    #[test]
    fn each_fault_has_its_finding() {
        let sound = || vec![present("a-1.jar", &["x/Y"])];
        let locked = lock(&[MODULE]);
        assert_eq!(checks(&locked, &[], &sound(), &[]), ["lock-drift"]);
        assert_eq!(checks(&locked, &[MODULE], &[], &[]), ["missing"]);
        let mut changed = sound();
        changed[0].size = 11;
        assert_eq!(checks(&locked, &[MODULE], &changed, &[]), ["changed"]);
        let mut more = sound();
        more.push(present("b-1.jar", &[]));
        assert_eq!(
            checks(&locked, &[MODULE], &more, &[]),
            ["unlisted", "unknown-origin"]
        );
        let mut page = sound();
        page[0].jar = Err("invalid Zip archive".to_owned());
        assert_eq!(checks(&locked, &[MODULE], &page, &[]), ["no-jar"]);
        assert_eq!(
            checks(&locked, &[MODULE], &sound(), &["x/Y"]),
            ["shadows-keycloak"]
        );
        let two = lock(&["g:a:1", "g:a:2"]);
        let both = [present("a-1.jar", &["x/Y"]), present("a-2.jar", &["x/Y"])];
        assert_eq!(
            checks(&two, &["g:a:1", "g:a:2"], &both, &[]),
            ["two-versions", "same-class"]
        );
    }
}
