//! The set of artifacts that some roots need at run time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::rc::Rc;

use super::model::{Effective, Fault, Models, exact};
use super::parse::Dependency;
use super::version::Range;
use crate::domain::coordinates::{Coordinates, is_name};

/// Artifacts of a closure; a real one has some hundreds.
const LARGEST: usize = 5_000;
/// Relocations that follow each other.
const RELOCATIONS: usize = 8;

/// Something whose closure is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    pub coordinates: Coordinates,
    /// Whether what it needs is wanted too, or it alone.
    pub alone: bool,
}

/// A module that no artifact may bring, nor what only it needs: `group:artifact`, each of them possibly `*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exclusion {
    group: String,
    artifact: String,
}

impl Exclusion {
    /// Reads `group:artifact`.
    pub fn parse(text: &str) -> Option<Self> {
        let (group, artifact) = text.split_once(':')?;
        let legal = |part: &str| part == "*" || is_name(part);
        (legal(group) && legal(artifact)).then(|| Self {
            group: group.to_owned(),
            artifact: artifact.to_owned(),
        })
    }

    pub fn holds(&self, group: &str, artifact: &str) -> bool {
        let same = |wanted: &str, part: &str| wanted == "*" || wanted == part;
        same(&self.group, group) && same(&self.artifact, artifact)
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.group, self.artifact)
    }
}

/// An artifact of a closure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub coordinates: Coordinates,
    /// Extension of its file. Only `jar` can be in a folder of providers.
    pub extension: String,
    /// The artifacts that lead to it, from a root on.
    pub path: Vec<Coordinates>,
}

/// What some roots need, the nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closure {
    pub members: Vec<Member>,
}

/// How far a resolution has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It goes on when this is there.
    Need(Need),
    Done(Closure),
}

/// What has to be brought from a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    pub poms: BTreeSet<Coordinates>,
    /// Modules, group and artifact, whose list of versions is needed.
    pub versions: BTreeSet<(String, String)>,
}

impl Need {
    fn extend(&mut self, more: Self) {
        self.poms.extend(more.poms);
        self.versions.extend(more.versions);
    }

    fn is_empty(&self) -> bool {
        self.poms.is_empty() && self.versions.is_empty()
    }
}

/// An artifact on its way into the closure.
struct Node {
    dependency: Dependency,
    follow: bool,
    exclusions: Rc<Vec<Exclusion>>,
    path: Vec<Coordinates>,
}

/// Resolves like Maven: of two versions of one artifact the nearest to the roots wins, then the one declared first;
/// `test`, `provided` and optional dependencies of dependencies are not followed; a range takes its newest version.
///
/// The error is a sentence fragment that names the artifact and who needs it.
pub fn resolve(roots: &[Root], exclusions: &[Exclusion], models: &Models) -> Result<Step, String> {
    let exclusions = Rc::new(exclusions.to_vec());
    let mut queue: VecDeque<Node> = roots
        .iter()
        .map(|root| node_of(root, &exclusions))
        .collect();
    let mut seen: BTreeMap<[String; 4], String> = BTreeMap::new();
    let mut members: Vec<Member> = Vec::new();
    let mut need = Need::default();
    while let Some(node) = queue.pop_front() {
        // What is below an artifact whose POM is missing may win over what comes later, so nothing later counts; it is
        // only looked at to ask for many POMs at a time.
        match place(&node, models, &mut seen, &mut members) {
            Err(fault) if need.is_empty() => return Err(fault),
            Err(_) => {}
            Ok(placed) => match placed {
                Placed::Needs(more) => need.extend(more),
                Placed::New(effective) if node.follow => {
                    queue.extend(below(&node, &members, &effective))
                }
                Placed::New(_) | Placed::There => {}
            },
        }
        if members.len() > LARGEST {
            return Err(format!("more than {LARGEST} artifacts are needed"));
        }
    }
    Ok(if need.is_empty() {
        Step::Done(Closure { members })
    } else {
        Step::Need(need)
    })
}

fn node_of(root: &Root, exclusions: &Rc<Vec<Exclusion>>) -> Node {
    let Coordinates {
        group,
        artifact,
        version,
        classifier,
    } = root.coordinates.clone();
    Node {
        dependency: Dependency {
            group,
            artifact,
            version: Some(version),
            classifier,
            ..Dependency::default()
        },
        follow: !root.alone,
        exclusions: exclusions.clone(),
        path: Vec::new(),
    }
}

enum Placed {
    Needs(Need),
    New(Rc<Effective>),
    There,
}

fn place(
    node: &Node,
    models: &Models,
    seen: &mut BTreeMap<[String; 4], String>,
    members: &mut Vec<Member>,
) -> Result<Placed, String> {
    let wrong = |fault: String| match node.path.last() {
        None => fault,
        Some(last) => format!("{last} needs {fault}"),
    };
    let (extension, implied) = file_of(node.dependency.kind.as_deref().unwrap_or("jar"));
    let mut dependency = node.dependency.clone();
    dependency.classifier = dependency.classifier.or_else(|| implied.map(str::to_owned));
    for _ in 0..RELOCATIONS {
        let range = dependency.version.as_deref().and_then(Range::parse);
        if let Some(there) = seen.get(&key(&dependency, extension)) {
            return match range.filter(|range| !range.holds(there)) {
                None => Ok(Placed::There),
                Some(_) => Err(wrong(unlike(&dependency, there))),
            };
        }
        if let Some(range) = range.filter(|range| range.only().is_none()) {
            let module = (dependency.group.clone(), dependency.artifact.clone());
            let Some(versions) = models.versions(&module) else {
                let versions = [module].into();
                return Ok(Placed::Needs(Need {
                    versions,
                    ..Need::default()
                }));
            };
            let newest = range
                .newest(versions)
                .ok_or_else(|| wrong(unlike(&dependency, "none of those that there are")))?;
            dependency.version = Some(newest.to_owned());
        }
        let coordinates = exact(&dependency).map_err(wrong)?;
        let pom = Coordinates {
            classifier: None,
            ..coordinates.clone()
        };
        let effective = if node.follow {
            match models.effective(&pom) {
                Ok(effective) => effective,
                Err(Fault::Need(poms)) => {
                    return Ok(Placed::Needs(Need {
                        poms,
                        ..Need::default()
                    }));
                }
                Err(Fault::Wrong(fault)) => return Err(wrong(fault)),
            }
        } else {
            Rc::new(Effective::default())
        };
        let Some(to) = &effective.relocation else {
            seen.insert(key(&dependency, extension), coordinates.version.clone());
            members.push(Member {
                coordinates,
                extension: extension.to_owned(),
                path: node.path.clone(),
            });
            return Ok(Placed::New(effective));
        };
        dependency.group.clone_from(&to.group);
        dependency.artifact.clone_from(&to.artifact);
        dependency.version = Some(to.version.clone());
    }
    Err(wrong(format!(
        "{}:{}, which was moved again and again",
        node.dependency.group, node.dependency.artifact
    )))
}

fn unlike(dependency: &Dependency, there: &str) -> String {
    let Dependency {
        group,
        artifact,
        version,
        ..
    } = dependency;
    let range = version.as_deref().unwrap_or_default();
    format!(
        "{group}:{artifact} in the version range {range}, and the version that counts is {there}"
    )
}

fn key(dependency: &Dependency, extension: &str) -> [String; 4] {
    [
        dependency.group.clone(),
        dependency.artifact.clone(),
        extension.to_owned(),
        dependency.classifier.clone().unwrap_or_default(),
    ]
}

/// Extension and classifier of a dependency type.
///
/// Source: "Default Artifact Handlers Reference" in the documentation of Apache Maven, November 2026.
fn file_of(kind: &str) -> (&str, Option<&'static str>) {
    match kind {
        "maven-plugin" | "ejb" => ("jar", None),
        "test-jar" => ("jar", Some("tests")),
        "ejb-client" => ("jar", Some("client")),
        "java-source" => ("jar", Some("sources")),
        "javadoc" => ("jar", Some("javadoc")),
        other => (other, None),
    }
}

/// The dependencies of the artifact that was placed last.
fn below(node: &Node, members: &[Member], effective: &Effective) -> Vec<Node> {
    let mut path = node.path.clone();
    path.extend(members.last().map(|member| member.coordinates.clone()));
    let mut exclusions = (*node.exclusions).clone();
    exclusions.extend(
        node.dependency
            .exclusions
            .iter()
            .map(|(group, artifact)| Exclusion {
                group: group.clone(),
                artifact: artifact.clone(),
            }),
    );
    let exclusions = Rc::new(exclusions);
    effective
        .dependencies
        .iter()
        .filter(|dependency| dependency.optional.as_deref() != Some("true"))
        .filter(|dependency| {
            !exclusions
                .iter()
                .any(|one| one.holds(&dependency.group, &dependency.artifact))
        })
        .filter(|dependency| {
            matches!(
                dependency.scope.as_deref(),
                None | Some("compile" | "runtime")
            )
        })
        .map(|dependency| Node {
            dependency: dependency.clone(),
            follow: true,
            exclusions: exclusions.clone(),
            path: path.clone(),
        })
        .collect()
}
