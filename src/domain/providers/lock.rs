//! `providers.lock`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Release, Wanted, check_path, check_release, hex, is_jar_name, is_sha256, last_part};
use crate::domain::coordinates::Coordinates;

/// Version of the lock file's format.
pub const FORMAT: u32 = 1;
/// How the origin of a local file starts.
const LOCAL: &str = "file:";

/// `providers.lock`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "the keys of a lock: `version`, `keycloak`, `providers`"
)]
pub struct Lock {
    pub version: u32,
    /// Keycloak's version when the lock was made.
    pub keycloak: String,
    /// The artifacts whose closure was resolved, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolve: Vec<String>,
    /// The modules that were left out of the closure, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Sorted by file name.
    pub providers: Vec<Locked>,
}

/// One jar, as it was found and checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "the keys of a jar: `file`, `purl`, `sha256`, `size`, `origin`, `signature`, `spi`"
)]
pub struct Locked {
    pub file: String,
    /// Package URL.
    pub purl: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Where it came from: `maven-central`, the address of another repository, of a release asset, or `file:` and a path.
    pub origin: String,
    /// Fingerprint of the PGP key that signed it, in upper-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The provider interfaces of Keycloak that it has implementations of, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spi: Vec<String>,
}

/// Where a locked jar is to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Maven(Coordinates),
    Address(String),
    /// A path beside the manifest.
    Local(String),
}

impl Locked {
    /// The Maven coordinates, if it has some.
    pub fn coordinates(&self) -> Option<Coordinates> {
        Coordinates::from_purl(&self.purl)
    }

    /// What people call it: its coordinates, else its file.
    pub fn name(&self) -> String {
        self.coordinates()
            .map_or_else(|| self.file.clone(), |jar| jar.to_string())
    }

    /// Nothing, if the entry is damaged.
    pub fn source(&self) -> Option<Source> {
        if let Some(coordinates) = self.coordinates() {
            return (coordinates.file("jar") == self.file).then_some(Source::Maven(coordinates));
        }
        if self.purl != generic_purl(&self.file, &self.sha256) || !is_jar_name(&self.file) {
            return None;
        }
        if let Some(path) = self.origin.strip_prefix(LOCAL) {
            return (check_path(path).is_ok() && last_part(path) == self.file)
                .then(|| Source::Local(path.to_owned()));
        }
        let release = Release {
            url: self.origin.clone(),
            sha256: self.sha256.clone(),
        };
        (check_release(&release).is_ok() && release.file() == self.file)
            .then_some(Source::Address(release.url))
    }
}

/// Whether a text is the fingerprint of a PGP key: 20 bytes before version 6 of keys, 32 since (RFC 9580, 5.5.4).
fn is_fingerprint(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
    [40, 64].contains(&text.len()) && text.bytes().all(digit)
}

/// The package URL of a jar that is in no Maven repository.
///
/// Source: "purl-spec", type `generic`, November 2026.
pub fn generic_purl(file: &str, sha256: &str) -> String {
    format!(
        "pkg:generic/{}?checksum=sha256:{sha256}",
        file.trim_end_matches(".jar")
    )
}

/// The origin of a local file.
pub fn local_origin(path: &str) -> String {
    format!("{LOCAL}{path}")
}

impl Lock {
    /// The first artifact of a repository that has other bytes than in an `earlier` lock, here and there. What was released
    /// once never changes, unless somebody changed it.
    pub fn changed_since<'a>(&'a self, earlier: &'a Self) -> Option<(&'a Locked, &'a Locked)> {
        let released = self
            .providers
            .iter()
            .filter(|jar| jar.coordinates().is_some());
        released.into_iter().find_map(|jar| {
            let before = earlier.providers.iter().find(|old| old.purl == jar.purl)?;
            (before.sha256 != jar.sha256).then_some((jar, before))
        })
    }

    /// What is wrong with the lock itself, so that nothing of it becomes a path unseen; and the text that it is about.
    pub fn fault(&self) -> Option<(String, String)> {
        let mut files = BTreeSet::new();
        self.providers.iter().find_map(|jar| {
            let line = format!("file: {}", jar.file);
            let key = jar.signature.as_deref().is_none_or(is_fingerprint);
            if !is_sha256(&jar.sha256) || jar.source().is_none() || !key {
                return Some((format!("the entry of {} is damaged", jar.name()), line));
            }
            (!files.insert(&jar.file)).then(|| (format!("{} is there twice", jar.file), line))
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
    pub fn drift(&self, wanted: &Wanted, keycloak: &str) -> Vec<Drift> {
        let mut drift = Vec::new();
        if self.keycloak != keycloak {
            drift.push(Drift::Keycloak {
                locked: self.keycloak.clone(),
                wanted: keycloak.to_owned(),
            });
        }
        let roots: Vec<String> = wanted.roots.iter().map(ToString::to_string).collect();
        let exclusions = excluded(wanted);
        let origins = wanted.releases.iter().map(|release| release.url.clone());
        let origins: Vec<String> = origins
            .chain(wanted.files.iter().map(|path| local_origin(path)))
            .collect();
        let jars: Vec<String> = wanted.jars.iter().map(ToString::to_string).collect();
        let have = |name: &String| self.providers.iter().any(|jar| jar.name() == *name);
        let brought = |origin: &String| self.providers.iter().any(|jar| jar.origin == *origin);
        let pinned = |release: &&Release| {
            let changed = |jar: &Locked| jar.origin == release.url && jar.sha256 != release.sha256;
            self.providers.iter().any(changed)
        };
        let missing = jars.iter().filter(|name| !have(name));
        let missing = missing.chain(origins.iter().filter(|origin| !brought(origin)));
        let missing = missing.chain(
            wanted
                .releases
                .iter()
                .filter(pinned)
                .map(|release| &release.url),
        );
        let missing = missing.chain(roots.iter().filter(|root| !self.resolve.contains(root)));
        let missing = missing.chain(exclusions.iter().filter(|one| !self.exclude.contains(one)));
        drift.extend(missing.map(|name| Drift::NotLocked(name.clone())));
        let surplus = self.resolve.iter().filter(|root| !roots.contains(root));
        let surplus = surplus.chain(self.exclude.iter().filter(|one| !exclusions.contains(one)));
        drift.extend(surplus.map(|name| Drift::NotWanted(name.clone())));
        if roots.is_empty() {
            let surplus = self.providers.iter().map(|jar| (jar, jar.name()));
            let surplus = surplus
                .filter(|(jar, name)| !jars.contains(name) && !origins.contains(&jar.origin));
            drift.extend(surplus.map(|(_, name)| Drift::NotWanted(name)));
        }
        drift
    }
}

/// The exclusions that a lock remembers: without a closure they say nothing.
pub fn excluded(wanted: &Wanted) -> Vec<String> {
    if wanted.roots.is_empty() {
        return Vec::new();
    }
    wanted.exclusions.iter().map(ToString::to_string).collect()
}

/// A difference between a lock and what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// The lock was made for another Keycloak.
    Keycloak { locked: String, wanted: String },
    /// What only `providers.yml` has: coordinates, an address, a path, an exclusion.
    NotLocked(String),
    /// What only the lock has.
    NotWanted(String),
}

#[cfg(test)]
mod tests {
    use super::super::Manifest;
    use super::super::tests::manifest;
    use super::*;

    fn lock(jars: &[(&str, &str)]) -> Lock {
        Lock {
            version: FORMAT,
            keycloak: "26.7.5".to_owned(),
            resolve: Vec::new(),
            exclude: Vec::new(),
            providers: jars
                .iter()
                .map(|(coordinates, hash)| {
                    let coordinates: Coordinates = coordinates.parse().unwrap();
                    Locked {
                        file: coordinates.file("jar"),
                        purl: coordinates.purl(),
                        sha256: hash.repeat(64),
                        size: 1,
                        origin: "maven-central".to_owned(),
                        signature: None,
                        spi: Vec::new(),
                    }
                })
                .collect(),
        }
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
        let wanted = manifest(&["g:a:2", "g:b:1"], &[]).wanted().unwrap();
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
        let wanted = manifest(&["g:a:1"], &[]).wanted().unwrap();
        assert!(lock(&[("g:a:1", "0")]).drift(&wanted, "26.7.5").is_empty());
    }

    #[test]
    fn a_closure_is_locked_by_its_roots_and_exclusions() {
        let mut wishes = manifest(&["g:a:1"], &[("h:*", "no")]);
        wishes.resolve.push("g:root:1".to_owned());
        let mut lock = lock(&[("g:a:1", "0"), ("g:root:1", "0"), ("g:brought:1", "0")]);
        lock.resolve.push("g:root:1".to_owned());
        lock.exclude.push("h:*".to_owned());
        assert_eq!(lock.drift(&wishes.wanted().unwrap(), "26.7.5"), []);
        wishes.resolve[0] = "g:root:2".to_owned();
        wishes.exclude.clear();
        let drift = lock.drift(&wishes.wanted().unwrap(), "26.7.5");
        let not_wanted = ["g:root:1", "h:*"].map(|name| Drift::NotWanted(name.to_owned()));
        assert_eq!(drift[0], Drift::NotLocked("g:root:2".to_owned()));
        assert_eq!(drift[1..], not_wanted);
    }

    #[test]
    fn a_release_is_pinned_and_a_file_stays_beside_the_manifest() {
        let release = |url: &str, sha256: &str| Manifest {
            releases: vec![Release {
                url: url.to_owned(),
                sha256: sha256.to_owned(),
            }],
            ..Manifest::default()
        };
        let hash = "a".repeat(64);
        let sound = release("https://example.org/v1/x-1.jar", &hash)
            .wanted()
            .unwrap();
        assert_eq!(sound.releases[0].file(), "x-1.jar");
        for (url, sha256) in [
            ("http://example.org/x.jar", hash.as_str()),
            ("https://example.org/x.zip", &hash),
            ("https://example.org/", &hash),
            ("https://example.org/x.jar", "abc"),
        ] {
            assert!(release(url, sha256).wanted().is_err(), "{url} {sha256}");
        }
        for path in [
            "../x.jar",
            "/x.jar",
            "a/./x.jar",
            "a//x.jar",
            "x.war",
            ".x.jar",
        ] {
            let files = Manifest {
                files: vec![path.to_owned()],
                ..Manifest::default()
            };
            assert!(files.wanted().is_err(), "{path}");
        }
        let locked = |origin: &str| Locked {
            file: "x-1.jar".to_owned(),
            purl: generic_purl("x-1.jar", &hash),
            sha256: hash.clone(),
            size: 1,
            origin: origin.to_owned(),
            signature: None,
            spi: Vec::new(),
        };
        let url = "https://example.org/v1/x-1.jar";
        assert_eq!(locked(url).source(), Some(Source::Address(url.to_owned())));
        assert_eq!(
            locked("file:ours/x-1.jar").source(),
            Some(Source::Local("ours/x-1.jar".to_owned()))
        );
        for origin in [
            "file:../x-1.jar",
            "file:y-1.jar",
            "https://example.org/y-1.jar",
            "maven-central",
        ] {
            assert_eq!(locked(origin).source(), None, "{origin}");
        }
        let mut lock = lock(&[]);
        lock.providers.push(locked(url));
        assert_eq!(lock.drift(&sound, "26.7.5"), []);
        lock.providers[0].sha256 = "b".repeat(64);
        assert_eq!(
            lock.drift(&sound, "26.7.5"),
            [Drift::NotLocked(url.to_owned())]
        );
    }

    #[test]
    fn a_damaged_lock_is_noticed() {
        assert_eq!(lock(&[("g:a:1", "0")]).fault(), None);
        let mut other_file = lock(&[("g:a:1", "0")]);
        other_file.providers[0].file = "../../a-1.jar".to_owned();
        assert!(other_file.fault().is_some());
        assert!(lock(&[("g:a:1", "x")]).fault().is_some());
    }
}
