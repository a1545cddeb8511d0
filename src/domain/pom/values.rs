//! What `${…}` stands for in a POM.

use std::collections::BTreeMap;

use super::parse::{Dependency, Pom};
use super::version::compare;
use crate::domain::coordinates::Coordinates;

/// Properties in properties: more is a circle.
const NESTED: usize = 32;

impl Pom {
    /// The newest version in which this POM, of the artifact `own`, names artifacts of a group, as far as it says so itself.
    pub fn version_of(&self, own: &Coordinates, group: &str) -> Option<String> {
        let values = Values::of(self, &own.group, &own.version, own);
        let all = self.body.dependencies.iter().chain(&self.body.managed);
        let all = all.map(|dependency| values.dependency(dependency));
        let versions = all
            .filter(|one| one.group == group)
            .filter_map(|one| one.version);
        let versions = versions.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
        versions.max_by(|a, b| compare(a, b))
    }
}

/// The values that `${…}` can stand for.
pub(super) struct Values<'a> {
    project: BTreeMap<&'static str, &'a str>,
    properties: &'a BTreeMap<String, String>,
}

impl<'a> Values<'a> {
    pub(super) fn of(
        pom: &'a Pom,
        group: &'a str,
        version: &'a str,
        coordinates: &'a Coordinates,
    ) -> Self {
        let mut project = BTreeMap::from([
            ("groupId", group),
            ("artifactId", coordinates.artifact.as_str()),
            ("version", version),
            ("packaging", pom.packaging.as_deref().unwrap_or("jar")),
        ]);
        let parent = pom.parent.as_ref();
        for (name, value) in [
            (
                "parent.groupId",
                parent.and_then(|parent| parent.group.as_deref()),
            ),
            (
                "parent.artifactId",
                parent.and_then(|parent| parent.artifact.as_deref()),
            ),
            (
                "parent.version",
                parent.and_then(|parent| parent.version.as_deref()),
            ),
        ] {
            if let Some(value) = value {
                project.insert(name, value);
            }
        }
        Self {
            project,
            properties: &pom.body.properties,
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let of_project = name
            .strip_prefix("project.")
            .or_else(|| name.strip_prefix("pom."))
            .and_then(|name| self.project.get(name).copied());
        of_project
            .or_else(|| self.properties.get(name).map(String::as_str))
            .or_else(|| self.project.get(name).copied())
    }

    /// The text with every known `${…}` replaced; an unknown one stays.
    pub(super) fn text(&self, text: &str) -> String {
        self.replaced(text, 0)
    }

    fn replaced(&self, text: &str, depth: usize) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                out.push_str("${");
                rest = after;
                continue;
            };
            match self.get(name) {
                Some(value) if depth < NESTED => out += &self.replaced(value, depth + 1),
                _ => out += &format!("${{{name}}}"),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    pub(super) fn dependency(&self, dependency: &Dependency) -> Dependency {
        let some = |text: &Option<String>| {
            text.as_deref()
                .map(|text| self.text(text))
                .filter(|text| !text.is_empty())
        };
        Dependency {
            group: self.text(&dependency.group),
            artifact: self.text(&dependency.artifact),
            version: some(&dependency.version),
            kind: some(&dependency.kind),
            classifier: some(&dependency.classifier),
            scope: some(&dependency.scope),
            optional: some(&dependency.optional),
            exclusions: dependency
                .exclusions
                .iter()
                .map(|(group, artifact)| (self.text(group), self.text(artifact)))
                .collect(),
        }
    }
}
