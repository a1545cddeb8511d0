//! What an image is made from, and what that means for its version when it changes.

use std::collections::{BTreeMap, BTreeSet};

use super::bump::Level;
use super::coordinates::Coordinates;
use super::image_input::{DOCKERFILE, File, digest};

/// What an image is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// Digest of everything: equal for equal inputs.
    pub digest: String,
    /// Keycloak's version.
    pub keycloak: String,
    /// Provider jars.
    pub providers: Vec<Coordinates>,
    /// Digest of each entry at the top of the build context, by its name; folders end with `/`.
    pub parts: BTreeMap<String, String>,
}

impl Inputs {
    pub fn new(
        digest_of_all: String,
        files: &[File],
        keycloak: String,
        mut providers: Vec<Coordinates>,
    ) -> Self {
        let mut entries: BTreeMap<String, Vec<File>> = BTreeMap::new();
        for file in files {
            let name = match file.path.split_once('/') {
                Some((folder, _)) => format!("{folder}/"),
                None => file.path.clone(),
            };
            entries
                .entry(one_line(&name))
                .or_default()
                .push(file.clone());
        }
        providers.sort();
        Self {
            digest: digest_of_all,
            keycloak,
            providers,
            parts: entries
                .into_iter()
                .map(|(name, files)| (name, digest(&files, DOCKERFILE)))
                .collect(),
        }
    }
}

/// Text of others on one line: what is no trailer cannot become one.
pub fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// One thing that differs between two releases, and how much at least the version must grow for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub level: Level,
    pub text: String,
}

/// What differs between the inputs of a release and those of now.
///
/// Keycloak counts by its own version; a jar that comes or goes is a minor change, and so is more than a patch of one;
/// everything else (a patch of a jar, themes, configuration, the Dockerfile) is a patch.
pub fn differences(before: &Inputs, now: &Inputs) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut add = |level, text: String| found.push(Difference { level, text });
    if before.keycloak != now.keycloak {
        let level = step(&before.keycloak, &now.keycloak).unwrap_or(Level::Major);
        add(
            level,
            format!("Keycloak {} → {}", before.keycloak, now.keycloak),
        );
    }
    let old: BTreeMap<String, &str> = versions(&before.providers);
    let new: BTreeMap<String, &str> = versions(&now.providers);
    for (module, version) in &new {
        match old.get(module) {
            None => add(Level::Minor, format!("{module} {version} added")),
            Some(was) if was != version => {
                let level = step(was, version).unwrap_or(Level::Minor);
                add(
                    level.min(Level::Minor),
                    format!("{module} {was} → {version}"),
                );
            }
            Some(_) => {}
        }
    }
    for (module, version) in &old {
        if !new.contains_key(module) {
            add(Level::Minor, format!("{module} {version} removed"));
        }
    }
    let same_jars = before.providers == now.providers;
    let names: BTreeSet<&String> = before.parts.keys().chain(now.parts.keys()).collect();
    for name in names {
        match (before.parts.get(name), now.parts.get(name)) {
            (Some(was), Some(is)) if was == is => {}
            // The jars are named already.
            _ if name == "providers.lock" && !same_jars => {}
            (None, _) => add(Level::Patch, format!("{name} added")),
            (_, None) => add(Level::Patch, format!("{name} removed")),
            _ => add(Level::Patch, format!("{name} changed")),
        }
    }
    if found.is_empty() && before.digest != now.digest {
        found.push(Difference {
            level: Level::Patch,
            text: "the input changed".to_owned(),
        });
    }
    found.sort_by_key(|difference| std::cmp::Reverse(difference.level));
    found
}

fn versions(jars: &[Coordinates]) -> BTreeMap<String, &str> {
    jars.iter()
        .map(|jar| (jar.module(), jar.version.as_str()))
        .collect()
}

/// The part of a version that differs: the first number is major, the second minor, anything behind it a patch. Nothing
/// if they cannot be compared.
fn step(before: &str, now: &str) -> Option<Level> {
    let numbers = |text: &str| -> Option<(u64, u64)> {
        let mut parts = text.split(['.', '-', '_']);
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next().map_or(Some(0), |part| part.parse().ok())?;
        Some((major, minor))
    };
    let (before, now) = (numbers(before)?, numbers(now)?);
    Some(if before.0 != now.0 {
        Level::Major
    } else if before.1 != now.1 {
        Level::Minor
    } else {
        Level::Patch
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(c: &str) -> String {
        format!("sha256:{}", c.repeat(64))
    }

    fn inputs(keycloak: &str, jars: &[&str], parts: &[(&str, &str)]) -> Inputs {
        Inputs {
            digest: sha("0"),
            keycloak: keycloak.to_owned(),
            providers: jars.iter().map(|jar| jar.parse().unwrap()).collect(),
            parts: parts
                .iter()
                .map(|(name, c)| ((*name).to_owned(), sha(c)))
                .collect(),
        }
    }

    #[test]
    fn a_part_is_an_entry_at_the_top_of_the_context() {
        let file = |path: &str| File {
            path: path.to_owned(),
            executable: false,
            sha256: "a".to_owned(),
        };
        let files = [
            file("Dockerfile"),
            file("themes/x/y"),
            file("themes/z"),
            file("a\nb: c"),
        ];
        let inputs = Inputs::new(sha("0"), &files, "1".to_owned(), Vec::new());
        assert_eq!(
            inputs.parts.keys().collect::<Vec<_>>(),
            ["Dockerfile", "a b: c", "themes/"]
        );
    }

    /// Before | now | level: Keycloak's version, jars, and the digest of the Dockerfile behind a slash.
    const LEVELS: &str = "
26.7.5 / a             | 26.7.5 / a               | none
26.7.5 / a             | 27.0.0 / a               | major
27.0.0 / a             | 26.7.5 / a               | major
26.7.5 / a             | 26.8.0 / a               | minor
26.7.5 / a             | 26.7.6 / a               | patch
26.7.5 / a             | 26.7.5-1 / a             | patch
26.7 / a               | 26.7.1 / a               | patch
nightly / a            | 26.7.5 / a               | major
1.0 / a                | 1.0 g:a:1 / a            | minor
1.0 g:a:1 / a          | 1.0 / a                  | minor
1.0 g:a:1 / a          | 1.0 h:a:1 / a            | minor
1.0 g:a:1.0.0 / a      | 1.0 g:a:1.0.1 / a        | patch
1.0 g:a:4.0.0.Final / a | 1.0 g:a:4.0.1.Final / a | patch
1.0 g:a:1.0.1 / a      | 1.0 g:a:1.0.0 / a        | patch
1.0 g:a:0.53 / a       | 1.0 g:a:0.54 / a         | minor
1.0 g:a:2.40.9 / a     | 1.0 g:a:3.0.0 / a        | minor
1.0 g:a:x / a          | 1.0 g:a:y / a            | minor
1.0 / a                | 1.0 / b                  | patch
26.7.5 g:a:1.0.0 / a   | 26.8.0 g:a:1.0.1 / b     | minor
26.7.5 g:a:1.0.0 / a   | 26.7.6 g:b:1 / b         | minor
26.7.5 g:a:1.0.0 / a   | 27.0.0 g:b:1 / b         | major
";

    #[test]
    fn each_difference_has_its_level() {
        let side = |text: &str| {
            let (versions, dockerfile) = text.split_once(" / ").unwrap();
            let mut versions = versions.split(' ');
            let keycloak = versions.next().unwrap();
            let jars: Vec<&str> = versions.collect();
            inputs(keycloak, &jars, &[("Dockerfile", dockerfile.trim())])
        };
        for row in LEVELS.trim().lines() {
            let cells: Vec<&str> = row.split(" | ").collect();
            let found = differences(&side(cells[0].trim()), &side(cells[1].trim()));
            let level = found.first().map_or(Level::None, |found| found.level);
            assert_eq!(level.name(), cells[2].trim(), "{row}");
        }
    }

    #[test]
    fn what_changed_is_named() {
        let before = inputs(
            "26.7.5",
            &["g:a:1.0"],
            &[("Dockerfile", "a"), ("providers.lock", "a"), ("x", "a")],
        );
        let now = inputs(
            "26.7.5",
            &["g:b:1.0"],
            &[
                ("Dockerfile", "b"),
                ("providers.lock", "b"),
                ("themes/", "a"),
            ],
        );
        let texts: Vec<String> = differences(&before, &now)
            .into_iter()
            .map(|found| found.text)
            .collect();
        assert_eq!(
            texts,
            [
                "g:b 1.0 added",
                "g:a 1.0 removed",
                "Dockerfile changed",
                "themes/ added",
                "x removed"
            ]
        );
        let other_bytes = inputs(
            "26.7.5",
            &["g:a:1.0"],
            &[("Dockerfile", "a"), ("providers.lock", "b"), ("x", "a")],
        );
        assert_eq!(
            differences(&before, &other_bytes)[0].text,
            "providers.lock changed"
        );
        let mut unknown = before.clone();
        unknown.digest = sha("1");
        assert_eq!(differences(&before, &unknown)[0].text, "the input changed");
    }
}
