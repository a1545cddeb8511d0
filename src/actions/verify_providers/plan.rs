//! What is wrong with a set of jars. Pure.

use std::collections::BTreeMap;

use crate::domain::coordinates::Coordinates;
use crate::domain::providers::Lock;
use crate::domain::shadow::{Index, Jar, duplicates};

/// A file in the folder of the jars.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) file: String,
    pub(super) sha256: String,
    pub(super) size: u64,
    /// What is in it, or why it is no jar.
    pub(super) jar: Result<Jar, String>,
}

/// Something that must not reach an image.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Name of the check.
    pub(super) check: &'static str,
    pub(super) file: String,
    pub(super) what: String,
    pub(super) remedy: String,
}

fn finding(check: &'static str, file: &str, what: String, remedy: &str) -> Finding {
    Finding {
        check,
        file: file.to_owned(),
        what,
        remedy: remedy.to_owned(),
    }
}

/// Everything that is wrong, in the order of the checks.
pub(super) fn findings(
    lock: &Lock,
    wanted: &[Coordinates],
    keycloak: &str,
    present: &[Present],
    index: &Index,
) -> Vec<Finding> {
    let mut found = drifted(lock, wanted, keycloak);
    found.extend(unlike_the_lock(lock, present));
    found.extend(no_jars(present));
    found.extend(twice(lock));
    found.extend(overlapping(present, index));
    found
}

fn drifted(lock: &Lock, wanted: &[Coordinates], keycloak: &str) -> Vec<Finding> {
    lock.drift(wanted, keycloak)
        .into_iter()
        .map(|what| {
            let remedy = "Run verify-providers --operation lock and commit the lock.";
            finding("lock-drift", "providers.lock", what, remedy)
        })
        .collect()
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
                "Remove the file from the folder.",
            ))
        })
        .collect()
}

fn twice(lock: &Lock) -> Vec<Finding> {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for jar in &lock.providers {
        if let Ok(coordinates) = jar.coordinates.parse::<Coordinates>() {
            versions
                .entry(coordinates.module())
                .or_default()
                .push(coordinates.version);
        }
    }
    versions
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(module, versions)| {
            let what = format!(
                "is there in {} versions: {}",
                versions.len(),
                versions.join(", ")
            );
            finding(
                "two-versions",
                &module,
                what,
                "Keep one version in providers.yml and lock again.",
            )
        })
        .collect()
}

fn overlapping(present: &[Present], index: &Index) -> Vec<Finding> {
    let jars: Vec<Jar> = present
        .iter()
        .filter_map(|file| file.jar.clone().ok())
        .collect();
    let mut found = Vec::new();
    for jar in &jars {
        for overlap in index.shadowed_by(jar) {
            found.push(finding(
                "shadows-keycloak",
                &overlap.jar,
                format!(
                    "holds {} classes of Keycloak's own {}, such as {}",
                    overlap.count, overlap.other, overlap.example
                ),
                "Move the module to `exclude` in providers.yml: a jar in providers/ wins over lib/ without a word.",
            ));
        }
    }
    for overlap in duplicates(&jars) {
        found.push(finding(
            "same-class",
            &overlap.jar,
            format!(
                "holds {} classes of {}, such as {}",
                overlap.count, overlap.other, overlap.example
            ),
            "Keep one of the two jars.",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::providers::{FORMAT, Locked};

    const MODULE: &str = "g:a:1";

    fn lock(coordinates: &[&str]) -> Lock {
        Lock {
            version: FORMAT,
            keycloak: "26.7.5".to_owned(),
            providers: coordinates
                .iter()
                .map(|text| Locked {
                    file: text.parse::<Coordinates>().unwrap().file("jar"),
                    coordinates: (*text).to_owned(),
                    sha256: "0".repeat(64),
                    size: 10,
                    origin: "maven-central".to_owned(),
                })
                .collect(),
        }
    }

    fn present(file: &str, classes: &[&str]) -> Present {
        Present {
            file: file.to_owned(),
            sha256: "0".repeat(64),
            size: 10,
            jar: Ok(Jar {
                file: file.to_owned(),
                classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            }),
        }
    }

    fn checks(
        lock: &Lock,
        wanted: &[&str],
        present: &[Present],
        keycloak: &[&str],
    ) -> Vec<&'static str> {
        let wanted: Vec<Coordinates> = wanted.iter().map(|text| text.parse().unwrap()).collect();
        let index = Index::of([Jar {
            file: "own.jar".to_owned(),
            classes: keycloak.iter().map(|class| (*class).to_owned()).collect(),
        }]);
        findings(lock, &wanted, "26.7.5", present, &index)
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
        assert_eq!(checks(&locked, &[MODULE], &more, &[]), ["unlisted"]);
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
