//! The part of a POM that decides about dependencies.

use std::borrow::Cow;
use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use super::profile::{self, Activation};

/// A POM as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pom {
    pub(super) parent: Option<Names>,
    pub(super) own: Names,
    pub(super) packaging: Option<String>,
    pub(super) body: Body,
    pub(super) relocation: Option<Names>,
}

/// Group, artifact and version, as far as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) group: Option<String>,
    pub(super) artifact: Option<String>,
    pub(super) version: Option<String>,
}

/// What a POM and a profile in it can both have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) properties: BTreeMap<String, String>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) managed: Vec<Dependency>,
}

/// A dependency, or what is said about one under `dependencyManagement`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dependency {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: Option<String>,
    /// Element `type`.
    pub(super) kind: Option<String>,
    pub(super) classifier: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) optional: Option<String>,
    pub(super) exclusions: Vec<(String, String)>,
}

impl Dependency {
    /// What makes two of them the same.
    pub(super) fn key(&self) -> [&str; 4] {
        [
            &self.group,
            &self.artifact,
            self.kind.as_deref().unwrap_or("jar"),
            self.classifier.as_deref().unwrap_or(""),
        ]
    }
}

impl Pom {
    /// Reads a POM; the error says what is wrong with the XML.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = without_unknown_entities(text);
        let document = Document::parse(&text).map_err(|error| error.to_string())?;
        let project = document.root_element();
        if project.tag_name().name() != "project" {
            return Err(format!(
                "it starts with <{}>, not <project>",
                project.tag_name().name()
            ));
        }
        let mut body = body(project);
        apply_profiles(project, &mut body);
        Ok(Self {
            parent: child(project, "parent").map(names),
            own: names(project),
            packaging: value(project, "packaging"),
            body,
            relocation: child(project, "distributionManagement")
                .and_then(|management| child(management, "relocation"))
                .map(names),
        })
    }
}

/// The versions that `maven-metadata.xml` lists.
pub fn versions(text: &str) -> Result<Vec<String>, String> {
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let metadata = document.root_element();
    if metadata.tag_name().name() != "metadata" {
        return Err(format!(
            "it starts with <{}>, not <metadata>",
            metadata.tag_name().name()
        ));
    }
    let versioning = child(metadata, "versioning");
    Ok(versioning
        .into_iter()
        .flat_map(|versioning| children(versioning, "versions", "version"))
        .map(text_of)
        .collect())
}

/// Profiles that are active by default are so only when no other profile of the same POM is active.
fn apply_profiles(project: Node<'_, '_>, into: &mut Body) {
    let profiles: Vec<(Activation, Node<'_, '_>)> = children(project, "profiles", "profile")
        .map(|node| (profile::activation(node), node))
        .collect();
    let wanted = if profiles
        .iter()
        .any(|(active, _)| *active == Activation::Active)
    {
        Activation::Active
    } else {
        Activation::ByDefault
    };
    for (_, node) in profiles.iter().filter(|(active, _)| *active == wanted) {
        let profile = body(*node);
        into.properties.extend(profile.properties);
        for (own, theirs) in [
            (&mut into.dependencies, profile.dependencies),
            (&mut into.managed, profile.managed),
        ] {
            own.extend(theirs);
            keep_last(own);
        }
    }
}

/// Of two declarations of one dependency Maven takes the last, in the place of the first.
fn keep_last(dependencies: &mut Vec<Dependency>) {
    let mut kept: Vec<Dependency> = Vec::new();
    for dependency in dependencies.drain(..) {
        match kept
            .iter_mut()
            .find(|other| other.key() == dependency.key())
        {
            Some(other) => *other = dependency,
            None => kept.push(dependency),
        }
    }
    *dependencies = kept;
}

fn body(node: Node<'_, '_>) -> Body {
    let properties = child(node, "properties").map_or_else(BTreeMap::new, |properties| {
        elements(properties)
            .map(|property| (property.tag_name().name().to_owned(), text_of(property)))
            .collect()
    });
    let mut body = Body {
        properties,
        dependencies: children(node, "dependencies", "dependency")
            .map(dependency)
            .collect(),
        managed: child(node, "dependencyManagement").map_or_else(Vec::new, |management| {
            children(management, "dependencies", "dependency")
                .map(dependency)
                .collect()
        }),
    };
    keep_last(&mut body.dependencies);
    keep_last(&mut body.managed);
    body
}

fn dependency(node: Node<'_, '_>) -> Dependency {
    let exclusions = children(node, "exclusions", "exclusion")
        .map(|exclusion| {
            let part = |name| value(exclusion, name).unwrap_or_default();
            (part("groupId"), part("artifactId"))
        })
        .collect();
    Dependency {
        group: value(node, "groupId").unwrap_or_default(),
        artifact: value(node, "artifactId").unwrap_or_default(),
        version: value(node, "version"),
        kind: value(node, "type"),
        classifier: value(node, "classifier"),
        scope: value(node, "scope"),
        optional: value(node, "optional"),
        exclusions,
    }
}

fn names(node: Node<'_, '_>) -> Names {
    Names {
        group: value(node, "groupId"),
        artifact: value(node, "artifactId"),
        version: value(node, "version"),
    }
}

fn elements<'a, 'input>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

pub(super) fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    elements(node).find(|child| child.tag_name().name() == name)
}

fn children<'a, 'input>(
    node: Node<'a, 'input>,
    list: &str,
    item: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    child(node, list)
        .into_iter()
        .flat_map(elements)
        .filter(move |child| child.tag_name().name() == item)
}

/// Text of a child element; nothing if it is absent or empty.
pub(super) fn value(node: Node<'_, '_>, name: &str) -> Option<String> {
    child(node, name)
        .map(text_of)
        .filter(|text| !text.is_empty())
}

/// All text of an element: a comment can cut it in two.
fn text_of(node: Node<'_, '_>) -> String {
    let parts: String = node
        .children()
        .filter_map(|child| child.is_text().then(|| child.text())?)
        .collect();
    parts.trim().to_owned()
}

/// Old POMs have HTML entities in the names of people, which Maven knows and XML does not.
fn without_unknown_entities(text: &str) -> Cow<'_, str> {
    const XML: [&str; 5] = ["lt", "gt", "amp", "quot", "apos"];
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    let mut changed = false;
    for part in parts {
        let name = part.split_once(';').map(|(name, _)| name);
        match name {
            Some(name)
                if !name.is_empty()
                    && !XML.contains(&name)
                    && name.chars().all(|c| c.is_ascii_alphanumeric()) =>
            {
                changed = true;
                out.push('?');
                out.push_str(&part[name.len() + 1..]);
            }
            _ => {
                out.push('&');
                out.push_str(part);
            }
        }
    }
    if changed {
        Cow::Owned(out)
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pom_is_read_as_maven_reads_it() {
        let pom = Pom::parse(
            "<?xml version='1.0'?><project xmlns='http://maven.apache.org/POM/4.0.0'>
               <developers><developer><name>J&oslash;rgen &amp; Co</name></developer></developers>
               <parent><groupId>g</groupId><artifactId>p</artifactId><version>1</version></parent>
               <artifactId> a </artifactId>
               <properties><v>1.<!-- x -->2</v><empty/></properties>
               <dependencies>
                 <dependency><groupId>g</groupId><artifactId>b</artifactId><version>1</version></dependency>
                 <dependency><groupId>g</groupId><artifactId>c</artifactId><classifier/>
                   <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>
                 <dependency><groupId>g</groupId><artifactId>b</artifactId><version>2</version></dependency>
               </dependencies></project>",
        )
        .unwrap();
        assert_eq!(pom.own.artifact.as_deref(), Some("a"));
        assert_eq!(pom.own.group, None);
        assert_eq!(pom.body.properties["v"], "1.2");
        let names: Vec<_> = pom
            .body
            .dependencies
            .iter()
            .map(|d| (d.artifact.as_str(), d.version.as_deref()))
            .collect();
        assert_eq!(names, [("b", Some("2")), ("c", None)]);
        assert_eq!(
            pom.body.dependencies[1].exclusions,
            [("*".to_owned(), "*".to_owned())]
        );
        assert_eq!(pom.body.dependencies[1].classifier, None);
    }

    #[test]
    fn what_is_no_pom_is_refused_in_words() {
        for text in [
            "",
            "<html></html>",
            "<project>",
            "<project><a></b></project>",
        ] {
            assert!(Pom::parse(text).is_err(), "{text:?}");
        }
        assert!(Pom::parse("<html></html>").unwrap_err().contains("<html>"));
    }

    #[test]
    fn profiles_are_decided_as_on_linux() {
        let profile = |activation: &str, value: &str| {
            format!(
                "<profile><activation>{activation}</activation><properties><p>{value}</p></properties></profile>"
            )
        };
        let by_default = profile("<activeByDefault>true</activeByDefault>", "default");
        let active = profile("<os><family>unix</family></os>", "unix");
        let not = profile("<os><family>windows</family></os>", "windows");
        let read = |profiles: &[&str]| {
            let text = format!(
                "<project><profiles>{}</profiles></project>",
                profiles.concat()
            );
            Pom::parse(&text).unwrap().body.properties.get("p").cloned()
        };
        assert_eq!(read(&[&by_default, &not]).as_deref(), Some("default"));
        assert_eq!(read(&[&by_default, &active]).as_deref(), Some("unix"));
        assert_eq!(read(&[&not]), None);
    }
}
