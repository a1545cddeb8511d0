//! Jars that hold the classes of others: one class loader serves `providers/`, and it wins over Keycloak's own `lib/`.
//!
//! Keycloak's `kc.sh build` warns about few of these cases and refuses none. Source: "Configuring providers" in the
//! Keycloak documentation; seen in runs of Keycloak 26.7.3.

use std::collections::{BTreeMap, BTreeSet};

/// A jar and the classes in it, as paths without `.class`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jar {
    pub file: String,
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
    if let Some(versioned) = name.strip_prefix("META-INF/versions/") {
        name = versioned.split_once('/')?.1;
    }
    let last = name.rsplit('/').next().unwrap_or(name);
    (last != "module-info" && last != "package-info" && !name.is_empty()).then_some(name)
}

/// Which jar of Keycloak's each class is in.
#[derive(Debug, Default)]
pub struct Index(BTreeMap<String, String>);

impl Index {
    pub fn of(jars: impl IntoIterator<Item = Jar>) -> Self {
        let mut index = BTreeMap::new();
        for jar in jars {
            for class in jar.classes {
                index.insert(class, jar.file.clone());
            }
        }
        Self(index)
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A line for each class: jar, tab, class.
    pub fn to_text(&self) -> String {
        self.0
            .iter()
            .map(|(class, jar)| format!("{jar}\t{class}\n"))
            .collect()
    }

    /// Reads what [`Index::to_text`] wrote; lines that are not of that form are left out.
    pub fn from_text(text: &str) -> Self {
        Self(
            text.lines()
                .filter_map(|line| line.split_once('\t'))
                .map(|(jar, class)| (class.to_owned(), jar.to_owned()))
                .collect(),
        )
    }

    /// Keycloak's jars that `jar` would shadow.
    pub fn shadowed_by(&self, jar: &Jar) -> Vec<Overlap> {
        overlaps(
            jar,
            jar.classes
                .iter()
                .filter_map(|class| Some((class, self.0.get(class)?))),
        )
    }
}

/// Jars of a set that have classes in common; each pair once.
pub fn duplicates(jars: &[Jar]) -> Vec<Overlap> {
    let mut seen = Index::default();
    let mut found = Vec::new();
    for jar in jars {
        found.extend(seen.shadowed_by(jar));
        for class in &jar.classes {
            seen.0
                .entry(class.clone())
                .or_insert_with(|| jar.file.clone());
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
    fn an_index_survives_writing() {
        let index = Index::of([jar("a.jar", &["a/B"]), jar("c.jar", &["c/D"])]);
        assert_eq!(Index::from_text(&index.to_text()).0, index.0);
    }

    #[test]
    fn two_providers_with_one_class_are_found_once() {
        let found = duplicates(&[
            jar("a.jar", &["x/Y"]),
            jar("b.jar", &["x/Y"]),
            jar("c.jar", &["z/Z"]),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].jar.as_str(), found[0].other.as_str()),
            ("b.jar", "a.jar")
        );
    }
}
