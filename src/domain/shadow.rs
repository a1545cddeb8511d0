//! Jars that hold the classes of others: one class loader serves `providers/`, and it wins over Keycloak's own `lib/`.
//!
//! Keycloak's `kc.sh build` warns about few of these cases and refuses none. Source: "Configuring providers" in the
//! Keycloak documentation; seen in runs of Keycloak 26.7.3.

use std::collections::{BTreeMap, BTreeSet};

/// How the names of Keycloak's own modules start in its `lib/`.
const OWN: &str = "org.keycloak.";

/// Where a jar has versions of its classes for newer Java; they count if its manifest says `Multi-Release: true`.
pub const VERSIONS: &str = "META-INF/versions/";

/// A jar and the classes in it, as paths without `.class`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jar {
    pub file: String,
    /// SHA-256 of the whole jar in hexadecimal.
    pub sha256: String,
    pub classes: BTreeSet<String>,
}

/// Two jars with classes in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    pub jar: String,
    pub other: String,
    /// How many classes both have.
    pub count: usize,
    /// One of them.
    pub example: String,
}

/// The class that an entry of a jar holds. Module descriptors are no classes, and versions of a class for a newer
/// Java (`META-INF/versions/N/`) are that class.
pub fn class_of(entry: &str) -> Option<&str> {
    let mut name = entry.strip_suffix(".class")?;
    if let Some(versioned) = name.strip_prefix(VERSIONS) {
        name = versioned.split_once('/')?.1;
    }
    let last = name.rsplit('/').next().unwrap_or(name);
    (last != "module-info" && last != "package-info" && !name.is_empty()).then_some(name)
}

/// Which jar of Keycloak's each class is in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Index {
    jars: Vec<Owner>,
    classes: BTreeMap<String, usize>,
}

/// A jar of the index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Owner {
    file: String,
    sha256: String,
}

impl Index {
    pub fn of(jars: impl IntoIterator<Item = Jar>) -> Self {
        let mut index = Self::default();
        for jar in jars {
            index.add(&jar.file, &jar.sha256);
            for class in jar.classes {
                index.own(class);
            }
        }
        index
    }

    fn add(&mut self, file: &str, sha256: &str) {
        self.jars.push(Owner {
            file: file.to_owned(),
            sha256: sha256.to_owned(),
        });
    }

    /// Gives a class to the jar that was added last, unless it has one already.
    fn own(&mut self, class: String) {
        let owner = self.jars.len().saturating_sub(1);
        self.classes.entry(class).or_insert(owner);
    }

    fn owner(&self, class: &str) -> Option<&String> {
        let owner = self.jars.get(*self.classes.get(class)?)?;
        Some(&owner.file)
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Keycloak's own jar of a module, of whatever version: `lib/` names them `<group>.<artifact>-<version>.jar`.
    pub fn library(&self, group: &str, artifact: &str) -> Option<&str> {
        let name = format!("{group}.{artifact}-");
        let own = self.jars.iter().map(|own| own.file.as_str());
        let of_module = |file: &&str| {
            let version = file.strip_prefix(&name);
            version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        };
        own.into_iter().find(of_module)
    }

    /// Keycloak's jars that `jar` would shadow.
    pub fn shadowed_by(&self, jar: &Jar) -> Vec<Overlap> {
        overlaps(
            jar,
            jar.classes
                .iter()
                .filter_map(|class| Some((class, self.owner(class)?))),
        )
    }

    /// The module of Keycloak's own that has this SHA-256.
    pub fn own_module(&self, sha256: &str) -> Option<&str> {
        let mut own = self.jars.iter();
        let own = own.find(|own| own.sha256 == sha256 && own.file.starts_with(OWN))?;
        Some(&own.file)
    }

    /// Whether `jar` is, byte for byte, a library that Keycloak ships: then it changes nothing. One of Keycloak's own
    /// modules is never harmless: a second `keycloak-services` takes endpoints away (seen in a run of 26.7.3).
    pub fn has_library(&self, jar: &Jar) -> bool {
        self.jars
            .iter()
            .any(|own| own.sha256 == jar.sha256 && !own.file.starts_with(OWN))
    }
}

/// Jars of a set that have classes in common; each pair once.
pub fn duplicates(jars: &[&Jar]) -> Vec<Overlap> {
    let mut seen = Index::default();
    let mut found = Vec::new();
    for jar in jars {
        found.extend(seen.shadowed_by(jar));
        seen.add(&jar.file, &jar.sha256);
        for class in &jar.classes {
            seen.own(class.clone());
        }
    }
    found
}

fn overlaps<'a>(jar: &Jar, shared: impl Iterator<Item = (&'a String, &'a String)>) -> Vec<Overlap> {
    let mut by_other: BTreeMap<&String, Overlap> = BTreeMap::new();
    for (class, other) in shared {
        by_other
            .entry(other)
            .and_modify(|overlap| overlap.count += 1)
            .or_insert_with(|| Overlap {
                jar: jar.file.clone(),
                other: other.clone(),
                count: 1,
                example: class.replace('/', "."),
            });
    }
    by_other.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(file: &str, classes: &[&str]) -> Jar {
        Jar {
            file: file.to_owned(),
            sha256: format!("hash of {file}"),
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
        }
    }

    #[test]
    fn entries_are_classes_whatever_java_they_are_for() {
        assert_eq!(class_of("a/B.class"), Some("a/B"));
        assert_eq!(class_of("META-INF/versions/17/a/B.class"), Some("a/B"));
        assert_eq!(class_of("module-info.class"), None);
        assert_eq!(class_of("META-INF/versions/9/module-info.class"), None);
        assert_eq!(class_of("a/b.properties"), None);
        assert_eq!(class_of("META-INF/versions/9"), None);
    }

    #[test]
    fn a_shadow_names_both_jars_and_a_class() {
        let index = Index::of([jar(
            "lib/jgroups-5.5.5.jar",
            &["org/jgroups/A", "org/jgroups/B"],
        )]);
        let found = index.shadowed_by(&jar(
            "jgroups-5.5.2.jar",
            &["org/jgroups/A", "org/jgroups/B", "x/Y"],
        ));
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].count, found[0].example.as_str()),
            (2, "org.jgroups.A")
        );
        assert!(index.shadowed_by(&jar("other.jar", &["x/Y"])).is_empty());
    }

    #[test]
    fn the_same_library_is_harmless_and_the_same_module_is_not() {
        let library = jar("org.reactivestreams.reactive-streams-1.0.4.jar", &["x/Y"]);
        let module = jar("org.keycloak.keycloak-services-26.7.5.jar", &["k/K"]);
        let index = Index::of([library.clone(), module.clone()]);
        assert!(index.has_library(&library));
        assert!(!index.has_library(&module));
        assert!(!index.has_library(&jar("other.jar", &["x/Y"])));
    }

    #[test]
    fn two_providers_with_one_class_are_found_once() {
        let found = duplicates(&[
            &jar("a.jar", &["x/Y"]),
            &jar("b.jar", &["x/Y"]),
            &jar("c.jar", &["z/Z"]),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].jar.as_str(), found[0].other.as_str()),
            ("b.jar", "a.jar")
        );
    }
}
