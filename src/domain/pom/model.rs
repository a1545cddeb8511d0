//! A POM together with what its parents and imported BOMs say.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::parse::{Dependency, Names, Pom};
use super::values::Values;
use super::version::Range;
use crate::domain::coordinates::Coordinates;

/// Parents above each other, imports in imports, properties in properties: more is a circle.
const DEEPEST: usize = 32;

/// Why there is no answer yet, or never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// POM files that have to be brought first.
    Need(BTreeSet<Coordinates>),
    /// What is wrong, as a sentence fragment.
    Wrong(String),
}

/// The POM files that were brought so far.
#[derive(Debug, Default)]
pub struct Models {
    /// Nothing for a POM that the repository does not have.
    poms: BTreeMap<Coordinates, Option<Pom>>,
    versions: BTreeMap<(String, String), Vec<String>>,
    made: RefCell<BTreeMap<Coordinates, Rc<Effective>>>,
}

/// What a POM comes to.
#[derive(Debug, Default)]
pub(super) struct Effective {
    pub(super) dependencies: Vec<Dependency>,
    managed: Vec<Dependency>,
    /// The coordinates under which the artifact lives now.
    pub(super) relocation: Option<Coordinates>,
}

/// A POM merged with its parents, not yet interpolated.
struct Inherited {
    pom: Pom,
    group: String,
    version: String,
}

impl Models {
    /// Adds a POM; the error says what is wrong with it.
    pub fn add(&mut self, coordinates: Coordinates, text: &str) -> Result<(), String> {
        let pom = Pom::parse(text)
            .map_err(|fault| format!("the POM of {coordinates} cannot be read: {fault}"))?;
        self.poms.insert(coordinates, Some(pom));
        Ok(())
    }

    /// Adds the knowledge that the repository has no such POM. It is a fault once it turns out to be needed.
    pub fn add_absent(&mut self, coordinates: Coordinates) {
        self.poms.insert(coordinates, None);
    }

    /// Adds the versions that there are of a module: group and artifact.
    pub fn add_versions(&mut self, module: (String, String), versions: Vec<String>) {
        self.versions.insert(module, versions);
    }

    pub(super) fn versions(&self, module: &(String, String)) -> Option<&[String]> {
        self.versions.get(module).map(Vec::as_slice)
    }

    pub(super) fn effective(&self, coordinates: &Coordinates) -> Result<Rc<Effective>, Fault> {
        self.effective_at(coordinates, 0)
    }

    fn effective_at(
        &self,
        coordinates: &Coordinates,
        depth: usize,
    ) -> Result<Rc<Effective>, Fault> {
        if let Some(made) = self.made.borrow().get(coordinates) {
            return Ok(made.clone());
        }
        if depth > DEEPEST {
            return Err(Fault::Wrong(format!(
                "the BOMs of {coordinates} import each other"
            )));
        }
        let made = Rc::new(self.make(coordinates, depth)?);
        self.made
            .borrow_mut()
            .insert(coordinates.clone(), made.clone());
        Ok(made)
    }

    fn make(&self, coordinates: &Coordinates, depth: usize) -> Result<Effective, Fault> {
        let inherited = self.inherited(coordinates)?;
        let values = Values::of(
            &inherited.pom,
            &inherited.group,
            &inherited.version,
            coordinates,
        );
        let body = &inherited.pom.body;
        let mut managed = Vec::new();
        let mut imports = Vec::new();
        for dependency in &body.managed {
            let dependency = values.dependency(dependency);
            if dependency.scope.as_deref() == Some("import")
                && dependency.kind.as_deref() == Some("pom")
            {
                imports.push(dependency);
            } else {
                managed.push(dependency);
            }
        }
        self.import(&imports, &mut managed, coordinates, depth)?;
        let index: BTreeMap<[&str; 4], &Dependency> = managed
            .iter()
            .rev()
            .map(|entry| (entry.key(), entry))
            .collect();
        let dependencies = body
            .dependencies
            .iter()
            .map(|dependency| {
                let dependency = values.dependency(dependency);
                match index.get(&dependency.key()).copied() {
                    Some(said) => manage(dependency, said),
                    None => dependency,
                }
            })
            .collect();
        let relocation = inherited.pom.relocation.as_ref().map(|to| Coordinates {
            group: values.text(to.group.as_deref().unwrap_or(&coordinates.group)),
            artifact: values.text(to.artifact.as_deref().unwrap_or(&coordinates.artifact)),
            version: values.text(to.version.as_deref().unwrap_or(&coordinates.version)),
            classifier: None,
        });
        Ok(Effective {
            dependencies,
            managed,
            relocation,
        })
    }

    /// What a POM says itself goes before what it imports, and an earlier import before a later one.
    fn import(
        &self,
        imports: &[Dependency],
        managed: &mut Vec<Dependency>,
        importer: &Coordinates,
        depth: usize,
    ) -> Result<(), Fault> {
        let mut boms = Vec::new();
        let mut need = BTreeSet::new();
        for import in imports {
            let bom = exact(import)
                .map_err(|fault| Fault::Wrong(format!("{importer} imports {fault}")))?;
            match self.effective_at(&bom, depth + 1) {
                Ok(bom) => boms.push(bom),
                Err(Fault::Need(more)) => need.extend(more),
                Err(wrong) => return Err(wrong),
            }
        }
        if !need.is_empty() {
            return Err(Fault::Need(need));
        }
        let mut seen: BTreeSet<[String; 4]> = managed
            .iter()
            .map(|entry| entry.key().map(str::to_owned))
            .collect();
        for entry in boms.iter().flat_map(|bom| &bom.managed) {
            if seen.insert(entry.key().map(str::to_owned)) {
                managed.push(entry.clone());
            }
        }
        Ok(())
    }

    fn inherited(&self, coordinates: &Coordinates) -> Result<Inherited, Fault> {
        let mut pom = self.pom(coordinates)?.clone();
        let (mut group, mut version) = (pom.own.group.clone(), pom.own.version.clone());
        let mut above = pom.parent.clone();
        for _ in 0..DEEPEST {
            let Some(names) = &above else {
                return Ok(Inherited {
                    group: group.unwrap_or_else(|| coordinates.group.clone()),
                    version: version.unwrap_or_else(|| coordinates.version.clone()),
                    pom,
                });
            };
            let parent = parent(names)
                .map_err(|fault| Fault::Wrong(format!("{coordinates} has the parent {fault}")))?;
            let theirs = self.pom(&parent)?;
            group = group.or_else(|| Some(parent.group.clone()));
            version = version.or_else(|| Some(parent.version.clone()));
            inherit(&mut pom, theirs);
            above = theirs.parent.clone();
        }
        Err(Fault::Wrong(format!(
            "the parents of {coordinates} go round in a circle"
        )))
    }

    fn pom(&self, coordinates: &Coordinates) -> Result<&Pom, Fault> {
        match self.poms.get(coordinates) {
            Some(Some(pom)) => Ok(pom),
            Some(None) => Err(Fault::Wrong(format!(
                "{coordinates}, of which the repository has no POM"
            ))),
            None => Err(Fault::Need([coordinates.clone()].into())),
        }
    }
}

fn parent(names: &Names) -> Result<Coordinates, String> {
    let dependency = Dependency {
        group: names.group.clone().unwrap_or_default(),
        artifact: names.artifact.clone().unwrap_or_default(),
        version: names.version.clone(),
        ..Dependency::default()
    };
    exact(&dependency)
}

/// The coordinates of something that must have one version, written out.
pub(super) fn exact(dependency: &Dependency) -> Result<Coordinates, String> {
    let module = format!("{}:{}", dependency.group, dependency.artifact);
    let Some(version) = dependency.version.as_deref() else {
        return Err(format!("{module}, for which no POM says a version"));
    };
    let only = Range::parse(version);
    let version = match only.as_ref().map(Range::only) {
        Some(Some(only)) => only,
        _ if Range::is_one(version) => {
            return Err(format!(
                "{module} in the version range {version}, which can mean another version tomorrow"
            ));
        }
        _ => version,
    };
    if version.ends_with("-SNAPSHOT") || ["LATEST", "RELEASE"].contains(&version) {
        return Err(format!(
            "{module}:{version}, which can be another file tomorrow"
        ));
    }
    let classifier = dependency
        .classifier
        .as_deref()
        .map(|classifier| format!(":{classifier}"))
        .unwrap_or_default();
    format!("{module}:{version}{classifier}").parse()
}

/// Adds to a POM what its parent has and it has not.
fn inherit(pom: &mut Pom, parent: &Pom) {
    for (name, value) in &parent.body.properties {
        pom.body
            .properties
            .entry(name.clone())
            .or_insert_with(|| value.clone());
    }
    for (own, theirs) in [
        (&mut pom.body.dependencies, &parent.body.dependencies),
        (&mut pom.body.managed, &parent.body.managed),
    ] {
        for dependency in theirs {
            if !own.iter().any(|other| other.key() == dependency.key()) {
                own.push(dependency.clone());
            }
        }
    }
}

/// What `dependencyManagement` says fills the gaps of a declaration.
fn manage(dependency: Dependency, said: &Dependency) -> Dependency {
    Dependency {
        version: dependency.version.or_else(|| said.version.clone()),
        scope: dependency.scope.or_else(|| said.scope.clone()),
        optional: dependency.optional.or_else(|| said.optional.clone()),
        exclusions: if dependency.exclusions.is_empty() {
            said.exclusions.clone()
        } else {
            dependency.exclusions
        },
        ..dependency
    }
}
