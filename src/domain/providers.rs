//! `providers.yml`, what we want, and `providers.lock`, what we have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;

use super::allowance::Allowance;
use super::coordinates::{Coordinates, is_name};
use super::pom;

mod image;
mod lock;
mod raise;

pub use image::{java, pinned_keycloak};
pub use lock::{Drift, FORMAT, Lock, Locked, Source, excluded, generic_purl, local_origin};
pub use raise::raised;

/// `providers.yml` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "the keys `resolve`, `providers`, `releases`, `files`, `exclude` and `allow`"
)]
pub struct Manifest {
    /// Coordinates of artifacts that are wanted with all that they need at run time.
    pub resolve: Vec<String>,
    /// Coordinates of jars that are wanted as they are.
    pub providers: Vec<String>,
    /// Jars at an address of their own.
    pub releases: Vec<Release>,
    /// Jars in the repository, as paths beside `providers.yml`.
    pub files: Vec<String>,
    /// Modules of the dependency closure that are left out, each with its reason.
    pub exclude: Vec<Exclusion>,
    /// Findings of `verify` that are accepted for a while.
    pub allow: Vec<Allowance>,
}

/// A jar at an address, with the content that it must have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the keys `url` and `sha256`")]
pub struct Release {
    pub url: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Release {
    /// Name of the file: the last part of the address.
    pub fn file(&self) -> &str {
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }
}

/// Modules that are left out on purpose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the keys `artifact` and `reason`")]
pub struct Exclusion {
    /// `group:artifact`; each of them can be `*`.
    pub artifact: String,
    pub reason: String,
}

/// A manifest without a fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Sorted; each module is there once, and none that is left out.
    pub jars: Vec<Coordinates>,
    /// Sorted.
    pub roots: Vec<Coordinates>,
    pub releases: Vec<Release>,
    pub files: Vec<String>,
    /// Sorted.
    pub exclusions: Vec<pom::Exclusion>,
    pub allow: Vec<Allowance>,
}

impl Wanted {
    /// Whether no jar is wanted at all.
    pub fn names_nothing(&self) -> bool {
        self.jars.is_empty()
            && self.roots.is_empty()
            && self.releases.is_empty()
            && self.files.is_empty()
    }
}

impl FromIterator<Coordinates> for Wanted {
    fn from_iter<T: IntoIterator<Item = Coordinates>>(jars: T) -> Self {
        Self {
            jars: jars.into_iter().collect(),
            ..Self::default()
        }
    }
}

impl Manifest {
    /// What is wanted; or what is wrong, with the text that it is about.
    pub fn wanted(&self) -> Result<Wanted, String> {
        let roots = modules(&self.resolve)?;
        let jars = modules(&self.providers)?;
        if let Some(module) = roots.keys().find(|module| jars.contains_key(*module)) {
            return Err(format!(
                "{module} is wanted twice: under `resolve` and under `providers`"
            ));
        }
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        let named = jars
            .values()
            .chain(roots.values())
            .map(|jar| (jar.file("jar"), jar.to_string()));
        let named = named.chain(
            self.releases
                .iter()
                .map(|release| (release.file().to_owned(), release.url.clone())),
        );
        let named = named.chain(
            self.files
                .iter()
                .map(|path| (last_part(path).to_owned(), path.clone())),
        );
        for (file, name) in named {
            if let Some(other) = files.insert(file.clone(), name.clone()) {
                return Err(format!("{other} and {name} would be one file, {file}"));
            }
        }
        self.releases.iter().try_for_each(check_release)?;
        self.files.iter().try_for_each(|path| check_path(path))?;
        if let Some(fault) = self.allow.iter().find_map(Allowance::fault) {
            return Err(fault);
        }
        let wanted = roots.values().chain(jars.values());
        Ok(Wanted {
            allow: self.allow.clone(),
            exclusions: self.exclusions(wanted)?,
            roots: roots.into_values().collect(),
            jars: jars.into_values().collect(),
            releases: self.releases.clone(),
            files: self.files.clone(),
        })
    }

    fn exclusions<'a>(
        &self,
        wanted: impl Iterator<Item = &'a Coordinates> + Clone,
    ) -> Result<Vec<pom::Exclusion>, String> {
        let mut found = BTreeSet::new();
        for Exclusion { artifact, reason } in &self.exclude {
            let exclusion = pom::Exclusion::parse(artifact)
                .ok_or_else(|| format!("{artifact:?} is not group:artifact"))?;
            if reason.trim().is_empty() {
                return Err(format!("{artifact} is left out without a reason"));
            }
            if wanted
                .clone()
                .any(|jar| exclusion.holds(&jar.group, &jar.artifact))
            {
                return Err(format!("{artifact} is both wanted and left out"));
            }
            if !found.insert(exclusion) {
                return Err(format!("{artifact} is left out twice"));
            }
        }
        Ok(found.into_iter().collect())
    }
}

fn modules(list: &[String]) -> Result<BTreeMap<String, Coordinates>, String> {
    let mut jars = BTreeMap::new();
    for text in list {
        let jar: Coordinates = text.parse()?;
        if jar.moves() {
            return Err(format!(
                "{text:?} names what changes from day to day; a lock needs a release"
            ));
        }
        if let Some(other) = jars.insert(jar.module(), jar.clone()) {
            return Err(format!(
                "{} is there twice: {} and {}",
                jar.module(),
                other.version,
                jar.version
            ));
        }
    }
    Ok(jars)
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn check_release(release: &Release) -> Result<(), String> {
    let Release { url, sha256 } = release;
    // Plain HTTP only on the machine itself: everywhere else it tells others what goes into the image.
    let secure = url.starts_with("https://") || url.starts_with("http://127.0.0.1:");
    if !secure || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(format!("{url:?} is no https address"));
    }
    if !is_jar_name(release.file()) {
        return Err(format!("{url} does not end with the name of a jar"));
    }
    if !is_sha256(sha256) {
        return Err(format!(
            "{sha256:?} is no SHA-256: 64 hexadecimal digits in lower case"
        ));
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), String> {
    let mut parts = path.split('/');
    if !parts.all(|part| !part.is_empty() && part != ".." && part != ".") || path.contains('\\') {
        return Err(format!(
            "{path:?} is no path of a file beside providers.yml"
        ));
    }
    if !is_jar_name(last_part(path)) {
        return Err(format!("{path} is not the name of a jar"));
    }
    Ok(())
}

fn is_jar_name(name: &str) -> bool {
    is_name(name) && name.ends_with(".jar")
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn manifest(providers: &[&str], exclude: &[(&str, &str)]) -> Manifest {
        Manifest {
            providers: providers.iter().map(|text| (*text).to_owned()).collect(),
            exclude: exclude
                .iter()
                .map(|(artifact, reason)| Exclusion {
                    artifact: (*artifact).to_owned(),
                    reason: (*reason).to_owned(),
                })
                .collect(),
            ..Manifest::default()
        }
    }

    #[test]
    fn one_module_is_wanted_once_and_left_out_for_a_reason() {
        assert_eq!(
            manifest(&["g:b:1", "g:a:1"], &[]).wanted().unwrap().jars[0].artifact,
            "a"
        );
        assert!(manifest(&["g:a:1", "g:a:2"], &[]).wanted().is_err());
        assert!(manifest(&["g:a:1"], &[("g:a", "no")]).wanted().is_err());
        assert!(manifest(&["g:a:1"], &[("g:b", " ")]).wanted().is_err());
        assert!(
            manifest(&[], &[("g:b", "no"), ("g:b", "no")])
                .wanted()
                .is_err()
        );
        assert!(manifest(&[], &[("g:b:1", "no")]).wanted().is_err());
        let one_file = manifest(&["g:a:1", "h:a:1"], &[]).wanted().unwrap_err();
        assert!(one_file.contains("a-1.jar"), "{one_file}");
    }

    #[test]
    fn what_changes_from_day_to_day_is_no_wish() {
        for version in ["1-SNAPSHOT", "LATEST", "RELEASE"] {
            let name = format!("g:a:{version}");
            let fault = manifest(&[&name], &[]).wanted().unwrap_err();
            assert!(fault.contains("needs a release"), "{fault}");
        }
    }
}
