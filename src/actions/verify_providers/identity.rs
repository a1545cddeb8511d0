//! What is wrong with jars by what they say of themselves. Pure.

use std::collections::BTreeMap;

use super::plan::{Entry, Finding, Present, finding};
use crate::domain::providers::Lock;

/// What the jars' own manifests, POMs and times tell.
pub(super) fn findings(lock: &Lock, keycloak: &str, present: &[Present]) -> Vec<Finding> {
    let mut found = twice(lock, present);
    found.extend(signatures(present));
    found.extend(built_with(keycloak, present));
    found.extend(unidentified(lock, present));
    found.extend(times(present));
    found
}

fn note(check: &'static str, file: &str, what: String, remedy: &str) -> Finding {
    let entry = Entry::locked(file);
    Finding {
        note: true,
        ..finding(check, file, what, remedy, entry)
    }
}

/// Artifacts in two versions: by the lock, and where that does not have a jar, by the jar's own `pom.properties`.
fn twice(lock: &Lock, present: &[Present]) -> Vec<Finding> {
    let mut versions: BTreeMap<String, BTreeMap<String, &str>> = BTreeMap::new();
    let locked =
        (lock.providers.iter()).filter_map(|jar| Some((jar.file.as_str(), jar.coordinates()?)));
    let files: BTreeMap<&str, _> = locked.collect();
    let own = present
        .iter()
        .filter(|jar| !files.contains_key(jar.file.as_str()))
        .filter_map(|jar| Some((jar.file.as_str(), jar.about.own(&jar.file)?.clone())));
    for (file, jar) in own.chain(files.clone()) {
        let known = versions.entry(jar.module()).or_default();
        known.insert(jar.version, file);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let told = |(module, versions): (String, BTreeMap<String, &str>)| {
        let all: Vec<&String> = versions.keys().collect();
        let files: Vec<&str> = versions.values().copied().collect();
        finding(
            "two-versions",
            &module,
            format!(
                "is there in {} versions: {all:?}, as {}",
                all.len(),
                files.join(" and ")
            ),
            "Keep one version in providers.yml and lock again.",
            Entry::Manifest(format!("{module}:")),
        )
    };
    versions.into_iter().map(told).collect()
}

fn signatures(present: &[Present]) -> Vec<Finding> {
    let of = |jar: &Present| {
        let file = jar.file.clone();
        let told = |one: &super::about::Unsound| Finding {
            note: one.note,
            ..finding(
                "signature",
                &file,
                one.what.clone(),
                "Take the jar as its makers published it.",
                Entry::locked(&file),
            )
        };
        jar.about.signature.iter().map(told).collect::<Vec<_>>()
    };
    present.iter().flat_map(of).collect()
}

/// Jars whose POM names another minor version of Keycloak.
fn built_with(keycloak: &str, present: &[Present]) -> Vec<Finding> {
    let told = |jar: &Present| {
        let built = jar.about.built_with.as_ref()?;
        let (theirs, ours) = (minor(built)?, minor(keycloak)?);
        let age = match theirs.cmp(&ours) {
            std::cmp::Ordering::Less => "older",
            std::cmp::Ordering::Equal => return None,
            std::cmp::Ordering::Greater => "newer",
        };
        Some(note(
            "built-for",
            &jar.file,
            format!("was built for Keycloak {built}, {age} than {keycloak}"),
            "Look for a release of it for this Keycloak; what does not fit in its code, the check linkage names.",
        ))
    };
    present.iter().filter_map(told).collect()
}

fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

/// Jars of which neither a lock nor they themselves say what they are.
fn unidentified(lock: &Lock, present: &[Present]) -> Option<Finding> {
    let listed = |file: &str| lock.providers.iter().any(|jar| jar.file == file);
    let nameless: Vec<&str> = present
        .iter()
        .filter(|jar| jar.jar.is_ok() && jar.about.modules.is_empty() && !listed(&jar.file))
        .map(|jar| jar.file.as_str())
        .collect();
    let first = nameless.first()?;
    Some(note(
        "unknown-origin",
        first,
        format!(
            "does not say what it is{}: no pom.properties is in it, and no lock has it",
            more(nameless.len())
        ),
        "List it in providers.yml: a scanner finds nothing about a jar without a name.",
    ))
}

/// Jars whose times an image builder cuts.
fn times(present: &[Present]) -> Option<Finding> {
    let fractions = present.iter().filter(|jar| jar.jar.is_ok() && jar.fraction);
    let fractions: Vec<&str> = fractions.map(|jar| jar.file.as_str()).collect();
    let first = fractions.first()?;
    Some(note(
        "file-time",
        first,
        format!(
            "has a time with a fraction of a second{}: kc.sh build keeps it in milliseconds, and an image in seconds",
            more(fractions.len())
        ),
        "Run verify-providers --operation fetch, or touch the jars in the Dockerfile before kc.sh build.",
    ))
}

fn more(count: usize) -> String {
    match count - 1 {
        0 => String::new(),
        1 => ", and so does 1 more".to_owned(),
        more => format!(", and so do {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::about::{About, Unsound};
    use super::*;
    use crate::domain::shadow::Jar;

    fn jar(file: &str, modules: &[&str]) -> Present {
        Present {
            about: About {
                modules: modules.iter().map(|name| name.parse().unwrap()).collect(),
                ..About::default()
            },
            ..Present::of(file, Ok(Jar::default()))
        }
    }

    fn told(present: &[Present]) -> Vec<(&'static str, String, bool)> {
        findings(&Lock::default(), "26.7.5", present)
            .into_iter()
            .map(|finding| (finding.check, finding.what, finding.note))
            .collect()
    }

    #[test]
    fn two_versions_are_seen_without_a_lock() {
        let shaded = jar("b-2.jar", &["g:b:2", "g:a:1"]);
        let both = [
            jar("old.jar", &["g:a:1"]),
            jar("a-2.jar", &["g:a:2"]),
            shaded,
        ];
        let found = told(&both);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, "two-versions");
        assert!(found[0].1.ends_with("as old.jar and a-2.jar"), "{found:?}");
        assert!(told(&[jar("a.jar", &["g:a:1"]), jar("b.jar", &["g:a:1"])]).is_empty());
    }

    #[test]
    fn what_a_jar_was_built_for_is_told_when_it_is_another_minor() {
        for (built, age) in [
            ("26.5.7", Some("older")),
            ("27.0.0", Some("newer")),
            ("26.7.1", None),
            ("main", None),
        ] {
            let mut one = jar("a.jar", &["g:a:1"]);
            one.about.built_with = Some(built.to_owned());
            let found = told(&[one]);
            assert_eq!(
                found.first().map(|one| (one.0, one.2)),
                age.map(|_| ("built-for", true))
            );
            assert!(age.is_none_or(|age| found[0].1.contains(age)), "{found:?}");
        }
    }

    #[test]
    fn jars_without_a_name_and_times_with_fractions_are_one_note_each() {
        let fraction = |file: &str| Present {
            fraction: true,
            ..jar(file, &[])
        };
        let found = told(&[fraction("a.jar"), fraction("b.jar"), jar("c.jar", &[])]);
        let checks: Vec<_> = found.iter().map(|one| (one.0, one.2)).collect();
        assert_eq!(checks, [("unknown-origin", true), ("file-time", true)]);
        assert!(found[0].1.contains("so do 2 more"), "{found:?}");
        assert!(found[1].1.contains("so does 1 more"), "{found:?}");
    }

    #[test]
    fn a_signature_that_does_not_hold_is_an_error_and_a_leftover_is_not() {
        let mut one = jar("a.jar", &["g:a:1"]);
        one.about.signature = [false, true]
            .map(|note| Unsound {
                what: "x".to_owned(),
                note,
            })
            .into();
        let notes: Vec<bool> = told(&[one]).iter().map(|one| one.2).collect();
        assert_eq!(notes, [false, true]);
    }
}
