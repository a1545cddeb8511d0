//! What is wrong with a jar by itself: its name, how it is packed, what else than code it brings. Pure.

use std::collections::BTreeMap;

use super::plan::{Entry, Finding, Present, finding};

/// Files that change Keycloak's own configuration, wherever they come from. Source: "Configuration Reference Guide" of
/// Quarkus, "Configuring Keycloak", November 2026.
const CONFIGURATION: [&str; 4] = [
    "application.properties",
    "application.yaml",
    "META-INF/microprofile-config.properties",
    "META-INF/keycloak.conf",
];
const PERSISTENCE: &str = "META-INF/persistence.xml";

/// Names that look like others, or that differ in case alone.
pub(super) fn file_names(present: &[Present]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for Present { file, .. } in present {
        let strange = file.chars().find(|c| !c.is_ascii_graphic());
        if let Some(strange) = strange {
            found.push(finding(
                "file-name",
                file,
                format!(
                    "has a character in its name that looks like another or like nothing: {}",
                    strange.escape_unicode()
                ),
                "Name the file with letters, digits, dots, hyphens and underscores.",
                Entry::locked(file),
            ));
        }
        if let Some(other) = seen.insert(file.to_lowercase(), file) {
            found.push(finding(
                "file-name",
                file,
                format!("differs from {other} in case alone"),
                "Keep one of the two: on other file systems they are one file.",
                Entry::locked(file),
            ));
        }
    }
    found
}

/// Archives that readers disagree on.
pub(super) fn packing(present: &[Present]) -> Vec<Finding> {
    let faults = |jar: &Present| {
        let file = jar.file.clone();
        jar.packing.clone().into_iter().map(move |fault| {
            finding(
                "archive",
                &file,
                fault,
                "Build the jar again with the tools of the JDK, or ask whoever built it.",
                Entry::locked(&file),
            )
        })
    };
    present.iter().flat_map(faults).collect()
}

/// Files beside the classes that Keycloak takes for its own, or that two jars have.
pub(super) fn resources(present: &[Present]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut themes: BTreeMap<&str, &str> = BTreeMap::new();
    for Present { file, entries, .. } in present {
        if entries.iter().any(|entry| entry == PERSISTENCE) {
            found.push(finding(
                "resources",
                file,
                format!("has {PERSISTENCE}, at which kc.sh build stops"),
                "Take the file out of the jar; entities belong to a JpaEntityProvider.",
                Entry::locked(file),
            ));
        }
        if let Some(entry) = entries
            .iter()
            .find(|entry| CONFIGURATION.contains(&entry.as_str()))
        {
            let note = finding(
                "resources",
                file,
                format!("has {entry}, which Keycloak reads as its own configuration"),
                "Read it, or take it out of the jar.",
                Entry::locked(file),
            );
            found.push(Finding { note: true, ..note });
        }
        let twice = entries
            .iter()
            .filter(|entry| entry.starts_with("theme/") && !entry.ends_with('/'))
            .filter_map(|entry| Some((entry, themes.insert(entry, file)?)))
            .find(|(_, other)| other != file);
        if let Some((entry, other)) = twice {
            found.push(finding(
                "resources",
                file,
                format!("has the theme file {entry}, and so has {other}"),
                "Give one of the two themes another name: which of the files is served is not defined.",
                Entry::locked(file),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(file: &str, entries: &[&str]) -> Present {
        Present {
            entries: entries.iter().map(|entry| (*entry).to_owned()).collect(),
            ..Present::of(file, Err(String::new()))
        }
    }

    fn told(found: &[Finding]) -> Vec<(&str, &str, bool)> {
        found
            .iter()
            .map(|finding| (finding.file.as_str(), finding.what.as_str(), finding.note))
            .collect()
    }

    #[test]
    fn names_that_look_like_others_are_named() {
        let cyrillic = jar("keyclo\u{430}k.jar", &[]);
        let found = file_names(&[cyrillic]);
        assert!(told(&found)[0].1.contains("\\u{430}"), "{found:?}");
        let found = file_names(&[jar("A.jar", &[]), jar("a.jar", &[])]);
        assert_eq!(
            told(&found),
            [("a.jar", "differs from A.jar in case alone", false)]
        );
        assert!(file_names(&[jar("a-1.0_b+c.jar", &[]), jar("b.jar", &[])]).is_empty());
    }

    #[test]
    fn files_that_keycloak_takes_for_its_own_are_named() {
        let found = resources(&[
            jar(
                "a.jar",
                &[
                    "META-INF/persistence.xml",
                    "theme/x/login/theme.properties",
                    "theme/x/",
                ],
            ),
            jar(
                "b.jar",
                &[
                    "application.properties",
                    "theme/x/",
                    "theme/x/login/theme.properties",
                ],
            ),
            jar(
                "c.jar",
                &[
                    "org/x/application.properties",
                    "theme/y/login/theme.properties",
                ],
            ),
        ]);
        let told = told(&found);
        assert_eq!(told.len(), 3, "{told:?}");
        assert_eq!((told[0].0, told[0].2), ("a.jar", false));
        assert_eq!((told[1].0, told[1].2), ("b.jar", true));
        assert_eq!(
            told[2].1,
            "has the theme file theme/x/login/theme.properties, and so has a.jar"
        );
    }
}
