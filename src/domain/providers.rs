//! `providers.yml`, what we want, and `providers.lock`, what we have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::coordinates::{Coordinates, is_name};

/// Version of the lock file's format.
pub const FORMAT: u32 = 1;

/// `providers.yml` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Coordinates of the jars.
    pub providers: Vec<String>,
    /// Modules of the dependency closure that are left out, each with its reason.
    #[serde(default)]
    pub exclude: Vec<Exclusion>,
}

/// A module that is left out on purpose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// `group:artifact`.
    pub artifact: String,
    pub reason: String,
}

impl Manifest {
    /// The jars, sorted. Each module is there once, and none that is left out.
    pub fn jars(&self) -> Result<Vec<Coordinates>, String> {
        let mut jars = BTreeMap::new();
        for text in &self.providers {
            let jar: Coordinates = text.parse()?;
            if let Some(other) = jars.insert(jar.module(), jar.clone()) {
                return Err(format!(
                    "{} is there twice: {} and {}",
                    jar.module(),
                    other.version,
                    jar.version
                ));
            }
        }
        let mut files = BTreeMap::new();
        for jar in jars.values() {
            if let Some(other) = files.insert(jar.file("jar"), jar) {
                return Err(format!(
                    "{other} and {jar} would be one file, {}",
                    jar.file("jar")
                ));
            }
        }
        let mut left_out = BTreeSet::new();
        for exclusion in &self.exclude {
            match exclusion.artifact.split(':').collect::<Vec<_>>()[..] {
                [group, artifact] if is_name(group) && is_name(artifact) => {}
                _ => return Err(format!("{:?} is not group:artifact", exclusion.artifact)),
            }
            if !left_out.insert(&exclusion.artifact) {
                return Err(format!("{} is left out twice", exclusion.artifact));
            }
            if exclusion.reason.trim().is_empty() {
                return Err(format!(
                    "{} is left out without a reason",
                    exclusion.artifact
                ));
            }
            if jars.contains_key(&exclusion.artifact) {
                return Err(format!(
                    "{} is both wanted and left out",
                    exclusion.artifact
                ));
            }
        }
        Ok(jars.into_values().collect())
    }
}

/// `providers.lock`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    pub version: u32,
    /// Keycloak's version when the lock was made.
    pub keycloak: String,
    /// Sorted by coordinates.
    pub providers: Vec<Locked>,
}

/// One jar, as it was found and checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    pub file: String,
    pub coordinates: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Where it came from, such as `maven-central`.
    pub origin: String,
}

impl Lock {
    /// What is wrong with the lock itself, so that nothing of it becomes a path unseen.
    pub fn fault(&self) -> Option<String> {
        if self.version != FORMAT {
            return Some(format!(
                "version {} is not known, only {FORMAT}",
                self.version
            ));
        }
        self.providers.iter().find_map(|jar| {
            let hash =
                jar.sha256.len() == 64 && jar.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
            let coordinates = jar.coordinates.parse::<Coordinates>();
            let named = is_name(&jar.file)
                && coordinates
                    .as_ref()
                    .is_ok_and(|coordinates| coordinates.file("jar") == jar.file);
            (!hash || !named).then(|| format!("the entry of {} is damaged", jar.coordinates))
        })
    }

    /// SHA-256 over the names and hashes of all jars: equal for equal sets.
    pub fn digest(&self) -> String {
        let mut lines: Vec<String> = self
            .providers
            .iter()
            .map(|jar| format!("{} {}\n", jar.sha256, jar.file))
            .collect();
        lines.sort();
        hex(&Sha256::digest(lines.concat()))
    }

    /// How the lock differs from what is wanted; empty if it is up to date.
    pub fn drift(&self, wanted: &[Coordinates], keycloak: &str) -> Vec<Drift> {
        let mut drift = Vec::new();
        if self.keycloak != keycloak {
            drift.push(Drift::Keycloak {
                locked: self.keycloak.clone(),
                wanted: keycloak.to_owned(),
            });
        }
        let have: Vec<&str> = self
            .providers
            .iter()
            .map(|jar| jar.coordinates.as_str())
            .collect();
        let want: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        drift.extend(
            want.iter()
                .filter(|jar| !have.contains(&jar.as_str()))
                .map(|jar| Drift::NotLocked(jar.clone())),
        );
        drift.extend(
            have.iter()
                .filter(|jar| !want.iter().any(|wanted| wanted == *jar))
                .map(|jar| Drift::NotWanted((*jar).to_owned())),
        );
        drift
    }
}

/// A difference between a lock and what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// The lock was made for another Keycloak.
    Keycloak { locked: String, wanted: String },
    /// Coordinates that only `providers.yml` has.
    NotLocked(String),
    /// Coordinates that only the lock has.
    NotWanted(String),
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The version in `ARG KEYCLOAK_VERSION=…`, the one place where a Dockerfile pins it.
pub fn pinned_keycloak(dockerfile: &str) -> Option<&str> {
    dockerfile
        .lines()
        .find_map(|line| line.trim().strip_prefix("ARG KEYCLOAK_VERSION="))
        .map(|version| version.trim().trim_matches('"'))
        .filter(|version| is_name(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(providers: &[&str], exclude: &[(&str, &str)]) -> Manifest {
        Manifest {
            providers: providers.iter().map(|text| (*text).to_owned()).collect(),
            exclude: exclude
                .iter()
                .map(|(artifact, reason)| Exclusion {
                    artifact: (*artifact).to_owned(),
                    reason: (*reason).to_owned(),
                })
                .collect(),
        }
    }

    fn lock(jars: &[(&str, &str)]) -> Lock {
        Lock {
            version: FORMAT,
            keycloak: "26.7.5".to_owned(),
            providers: jars
                .iter()
                .map(|(coordinates, hash)| Locked {
                    file: coordinates.parse::<Coordinates>().unwrap().file("jar"),
                    coordinates: (*coordinates).to_owned(),
                    sha256: hash.repeat(64),
                    size: 1,
                    origin: "maven-central".to_owned(),
                })
                .collect(),
        }
    }

    #[test]
    fn one_module_is_wanted_once_and_left_out_for_a_reason() {
        assert_eq!(
            manifest(&["g:b:1", "g:a:1"], &[]).jars().unwrap()[0].artifact,
            "a"
        );
        assert!(manifest(&["g:a:1", "g:a:2"], &[]).jars().is_err());
        assert!(manifest(&["g:a:1"], &[("g:a", "no")]).jars().is_err());
        assert!(manifest(&["g:a:1"], &[("g:b", " ")]).jars().is_err());
        assert!(
            manifest(&[], &[("g:b", "no"), ("g:b", "no")])
                .jars()
                .is_err()
        );
        assert!(manifest(&[], &[("g:b:1", "no")]).jars().is_err());
        let one_file = manifest(&["g:a:1", "h:a:1"], &[]).jars().unwrap_err();
        assert!(one_file.contains("a-1.jar"), "{one_file}");
    }

    #[test]
    fn a_digest_does_not_depend_on_the_order() {
        let (ab, ba) = (
            lock(&[("g:a:1", "0"), ("g:b:1", "1")]),
            lock(&[("g:b:1", "1"), ("g:a:1", "0")]),
        );
        assert_eq!(ab.digest(), ba.digest());
        assert_ne!(
            ab.digest(),
            lock(&[("g:a:1", "1"), ("g:b:1", "1")]).digest()
        );
    }

    #[test]
    fn drift_names_what_changed() {
        let wanted = manifest(&["g:a:2", "g:b:1"], &[]).jars().unwrap();
        let drift = lock(&[("g:a:1", "0"), ("g:b:1", "0")]).drift(&wanted, "26.8.0");
        let keycloak = Drift::Keycloak {
            locked: "26.7.5".to_owned(),
            wanted: "26.8.0".to_owned(),
        };
        assert_eq!(
            drift,
            [
                keycloak,
                Drift::NotLocked("g:a:2".to_owned()),
                Drift::NotWanted("g:a:1".to_owned())
            ]
        );
        let wanted = manifest(&["g:a:1"], &[]).jars().unwrap();
        assert!(lock(&[("g:a:1", "0")]).drift(&wanted, "26.7.5").is_empty());
    }

    #[test]
    fn a_damaged_lock_is_noticed() {
        assert_eq!(lock(&[("g:a:1", "0")]).fault(), None);
        let mut other_file = lock(&[("g:a:1", "0")]);
        other_file.providers[0].file = "../../a-1.jar".to_owned();
        assert!(other_file.fault().is_some());
        assert!(lock(&[("g:a:1", "x")]).fault().is_some());
    }

    #[test]
    fn the_dockerfile_pins_keycloak() {
        assert_eq!(
            pinned_keycloak("# x\nARG KEYCLOAK_VERSION=26.7.5\nFROM y"),
            Some("26.7.5")
        );
        assert_eq!(pinned_keycloak("ARG KEYCLOAK_VERSION\n"), None);
        assert_eq!(pinned_keycloak("ARG KEYCLOAK_VERSION=../x"), None);
    }
}
