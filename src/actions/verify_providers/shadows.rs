//! Jars that hold the classes of Keycloak's or of each other. Pure.

use super::plan::{Entry, Finding, Present, finding};
use crate::domain::providers::{Lock, Wanted};
use crate::domain::shadow::{Index, Jar, duplicates};

/// The group of Keycloak's own modules.
const KEYCLOAK: &str = "org.keycloak";

pub(super) fn findings(
    lock: &Lock,
    wanted: Option<&Wanted>,
    present: &[Present],
    index: &Index,
) -> Vec<Finding> {
    let jars = present.iter();
    let jars = jars.filter_map(|file| Some((file, file.jar.as_ref().ok()?)));
    let mut found: Vec<Finding> = jars
        .clone()
        .filter_map(|(file, jar)| shadow(lock, wanted, file, jar, index))
        .collect();
    let jars: Vec<&Jar> = jars.map(|(_, jar)| jar).collect();
    for overlap in duplicates(&jars) {
        found.push(finding(
            "same-class",
            &overlap.jar,
            format!(
                "holds {} classes of {}, such as {}",
                overlap.count, overlap.other, overlap.example
            ),
            "Keep one of the two jars.",
            Entry::wanted(lock, &overlap.jar),
        ));
    }
    found
}

/// One finding for a jar that holds classes of Keycloak's, however many of Keycloak's jars it concerns; or that is a module
/// of Keycloak's without classes, such as its themes.
fn shadow(
    lock: &Lock,
    wanted: Option<&Wanted>,
    file: &Present,
    jar: &Jar,
    index: &Index,
) -> Option<Finding> {
    let entry = Entry::wanted(lock, &jar.file);
    let overlaps = index.shadowed_by(jar);
    let Some(most) = overlaps.iter().max_by_key(|overlap| overlap.count) else {
        let own = file
            .about
            .own(&file.file)
            .filter(|own| own.group == KEYCLOAK);
        let own = own.and_then(|own| index.library(&own.group, &own.artifact));
        let own = index.own_module(&jar.sha256).or(own)?;
        return Some(finding(
            "shadows-keycloak",
            &jar.file,
            format!("is a module of Keycloak's, which has its own {own}"),
            &format!(
                "{}: what is in providers/ wins over lib/ without a word.",
                way_out(lock, wanted, &jar.file)
            ),
            entry,
        ));
    };
    let more = match overlaps.len() - 1 {
        0 => String::new(),
        others => format!(", and of {others} more of its jars"),
    };
    let note = index.has_library(jar);
    let what = if note {
        format!("is byte for byte Keycloak's own {}", most.other)
    } else {
        format!(
            "holds {} classes of Keycloak's own {}, such as {}{more}",
            most.count, most.other, most.example
        )
    };
    let remedy = format!(
        "{}{}",
        way_out(lock, wanted, &jar.file),
        if note {
            ": Keycloak has it already, until it ships another version."
        } else {
            ": a jar in providers/ wins over lib/ without a word."
        }
    );
    let found = finding("shadows-keycloak", &jar.file, what, &remedy, entry);
    Some(Finding { note, ..found })
}

/// How a jar leaves the folder for good.
fn way_out(lock: &Lock, wanted: Option<&Wanted>, file: &str) -> &'static str {
    let locked = lock.providers.iter().find(|jar| jar.file == file);
    let Some((locked, wanted)) = locked.zip(wanted) else {
        return "Remove the file";
    };
    match locked.coordinates() {
        Some(jar) if !wanted.jars.contains(&jar) && !wanted.roots.contains(&jar) => {
            "Move the module to `exclude` in providers.yml"
        }
        _ => "Take it out of providers.yml and lock again",
    }
}

#[cfg(test)]
mod tests {
    use super::super::about::About;
    use super::*;
    use crate::domain::providers::Locked;

    fn own(file: &str, classes: &[&str]) -> Jar {
        Jar {
            file: file.to_owned(),
            sha256: format!("hash of {file}"),
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
        }
    }

    fn found(jar: Jar, modules: &[&str], index: &Index) -> Vec<Finding> {
        let lock = Lock {
            providers: vec![Locked {
                file: "a-1.jar".to_owned(),
                purl: "pkg:maven/g/a@1".to_owned(),
                sha256: String::new(),
                size: 1,
                origin: String::new(),
                signature: None,
                spi: Vec::new(),
            }],
            ..Lock::default()
        };
        let about = About {
            modules: modules.iter().map(|name| name.parse().unwrap()).collect(),
            ..About::default()
        };
        let file = jar.file.clone();
        let present = Present {
            about,
            ..Present::of(&file, Ok(jar))
        };
        findings(&lock, None, &[present], index)
    }

    #[test]
    fn a_shadow_is_one_finding_a_jar_and_leads_to_its_line() {
        let index = Index::of([own("one.jar", &["x/One"]), own("two.jar", &["x/Two"])]);
        let both = found(own("a-1.jar", &["x/One", "x/Two"]), &[], &index);
        assert_eq!(both.len(), 1, "{both:?}");
        assert_eq!(both[0].entry, Entry::Manifest("g:a:1".to_owned()));
        assert!(!both[0].note);
        let same = Index::of([own("a-1.jar", &["x/One"])]);
        assert!(found(own("a-1.jar", &["x/One"]), &[], &same)[0].note);
    }

    #[test]
    fn a_module_of_keycloaks_without_classes_is_none_to_have_twice() {
        let themes = "org.keycloak.keycloak-themes-26.7.5.jar";
        let index = Index::of([own(themes, &[]), own("h.web-1.jar", &[])]);
        let same = found(own(themes, &[]), &[], &index);
        assert!(same[0].what.ends_with(themes) && !same[0].note, "{same:?}");
        let other = |module| found(own("x.jar", &[]), &[module], &index);
        assert_eq!(other("org.keycloak:keycloak-themes:26.7.4").len(), 1);
        assert_eq!(other("org.keycloak:keycloak-other:26.7.4"), []);
        assert_eq!(other("h:web:1"), []);
    }
}
