//! Whether provider jars link: every class, method and field that their code can reach is there, and fits.
//!
//! What is reachable is decided from the classes that Keycloak itself makes (see [`reach`]). What this cannot see:
//! reflection by names that are put together at run time, classes that a framework finds by scanning, calls that only
//! Keycloak's own code makes on a jar's classes through interfaces of other libraries, private and package-private members of
//! Keycloak's, and what the JVM's verifier loads to compare types.

mod budget;
mod demands;
mod entities;
mod jdk;
mod judge;
mod names;
mod reach;
mod services;
#[cfg(test)]
mod tests;
mod words;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use super::keycloak_index::{KEYCLOAK, KeycloakIndex};
use judge::{Problem, Wrong};
use reach::{Level, Reach};
use words::{remedy, sentence, way};
use world::World;

/// A jar in `providers/`, unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderJar {
    pub file: String,
    /// Class files, by the name that their place in the jar gives them: `org/example/Provider`.
    pub classes: Vec<(String, Vec<u8>)>,
    /// Files of `META-INF/services`, by their names.
    pub services: BTreeMap<String, Vec<u8>>,
    /// Names of its classes, if it was too large to be unpacked: they are there, and no more is known of them.
    pub unread: Vec<String>,
}

/// The checks of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// A services file names classes that exist and implement its interface.
    Services,
    /// What reachable code needs is there.
    Linkage,
    /// No Java EE class by the name that it had before Jakarta EE 9.
    JavaEe,
    /// Extension points that Keycloak calls internal.
    Internal,
    /// No two entities of JPA have one name.
    Entity,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The build, the start or a request fails.
    Error,
    /// Something has no effect.
    Warning,
    /// Worth knowing.
    Note,
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub check: Check,
    pub severity: Severity,
    /// The jar, or the cache configuration.
    pub file: String,
    /// Continues a sentence that starts with the file.
    pub what: String,
    pub remedy: String,
}

/// Protocols that a cache configuration names, such as `aws.S3_PING`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protocols {
    pub file: String,
    pub names: BTreeSet<String>,
}

/// Errors of one jar that are told one by one.
const MOST_ERRORS: usize = 50;

/// Everything that is wrong with how `jars` link against Keycloak `version` and each other.
pub fn faults(
    jars: &[ProviderJar],
    index: &KeycloakIndex,
    version: &str,
    configured: &[Protocols],
) -> Vec<Fault> {
    let world = World::new(jars, index);
    let offers = services::offers(&world);
    let mut found = services::faults(&world, &offers, version);
    let mut reach = Reach::new(&world);
    let mut origins = Origins::default();
    for offer in &offers {
        if let Some(id) = world.provided(&offer.class) {
            let is_driver = offer.interface == services::DRIVER;
            if is_driver {
                origins.drivers.insert(id);
            }
            origins.add(offer.jar, &offer.class, !is_driver);
            reach.enter(id, Level::Firm);
        }
    }
    let named = (configured.iter())
        .flat_map(|protocols| protocols.names.iter().map(move |name| (protocols, name)));
    for (protocols, name) in named {
        let relative = format!("org/jgroups/protocols/{}", name.replace('.', "/"));
        let names = [relative, name.replace('.', "/")];
        if let Some(id) = names.iter().find_map(|name| world.provided(name)) {
            origins.add(world.jar(id), world.name(id), true);
            reach.enter(id, Level::Firm);
        } else if names.iter().all(|name| index.class(name).is_none()) {
            found.push(Fault {
                check: Check::Linkage,
                severity: Severity::Error,
                file: protocols.file.clone(),
                what: format!("names the JGroups protocol {name}, and no jar has a class org.jgroups.protocols.{name}"),
                remedy: "Add the jar that has the protocol, or correct its name.".to_owned(),
            });
        }
    }
    reach.follow();
    let problems = judge::problems(&world, &reach);
    found.extend(reported(&world, &reach, &origins, version, problems));
    found.extend(never_loaded(&world, &reach));
    found.extend(entities::faults(jars, index, version));
    if let Some(jar) = world.budget.unfinished() {
        found.push(Fault {
            check: Check::Linkage,
            severity: Severity::Error,
            file: world.jars[jar].file.clone(),
            what: "has, with the jars before it, more code than is looked at".to_owned(),
            remedy:
                "Take jars out that nobody needs, and look into this one: no provider is so large."
                    .to_owned(),
        });
    }
    found.sort();
    found
}

/// Where the code of those who made the providers is: by jar and the first two parts of its packages. Other code in
/// the same jar belongs to libraries.
#[derive(Default)]
struct Origins {
    packages: BTreeMap<(usize, String), bool>,
    /// JDBC drivers: what they need themselves to be loaded and made is not optional.
    drivers: BTreeSet<u32>,
}

impl Origins {
    /// `strict`: what it refers to must be there; JDBC drivers have parts for libraries that few people have.
    fn add(&mut self, jar: usize, class: &str, strict: bool) {
        let known = self
            .packages
            .entry((jar, names::origin(class).to_owned()))
            .or_default();
        *known |= strict;
    }

    /// Whether a class is of a provider's own code, and if so whether strictly.
    fn of(&self, jar: usize, class: &str) -> Option<bool> {
        let place = (jar, names::origin(class).to_owned());
        self.packages.get(&place).copied()
    }
}

fn severity(world: &World<'_>, origins: &Origins, problem: &Problem) -> Severity {
    let own = origins.of(world.jar(problem.class), world.name(problem.class));
    let keycloak = problem.wrong.about().starts_with(KEYCLOAK);
    let optional = matches!(problem.wrong, Wrong::NoClass(_))
        && own == Some(false)
        && !(origins.drivers.contains(&problem.class) && at_the_start(world, problem));
    if problem.level == Level::Firm && (keycloak || own.is_some() && !optional) {
        Severity::Error
    } else {
        Severity::Note
    }
}

/// Whether a class stumbles when it is loaded or made, and not later.
fn at_the_start(world: &World<'_>, problem: &Problem) -> bool {
    let method = problem.method.filter(|method| method.0 == problem.class);
    let name = method.and_then(|method| world.signature(method));
    name.is_none_or(|signature| ["<clinit>", "<init>"].contains(&signature.name))
}

/// One fault for each thing that is wrong in a provider's own code, and one note a jar for all of the libraries' code.
fn reported(
    world: &World<'_>,
    reach: &Reach<'_, '_>,
    origins: &Origins,
    version: &str,
    problems: Vec<Problem>,
) -> Vec<Fault> {
    let mut errors: BTreeMap<(usize, Wrong), Vec<Problem>> = BTreeMap::new();
    let mut notes: BTreeMap<usize, BTreeMap<Wrong, Problem>> = BTreeMap::new();
    for problem in problems {
        let jar = world.jar(problem.class);
        match severity(world, origins, &problem) {
            Severity::Error => errors
                .entry((jar, problem.wrong.clone()))
                .or_default()
                .push(problem),
            _ => {
                let known = notes.entry(jar).or_default();
                known.entry(problem.wrong.clone()).or_insert(problem);
            }
        }
    }
    let mut found = Vec::new();
    let mut told: BTreeMap<usize, usize> = BTreeMap::new();
    for ((jar, wrong), problems) in errors {
        let count = told.entry(jar).or_default();
        *count += 1;
        if *count > MOST_ERRORS {
            continue;
        }
        let Some(first) = problems.first() else {
            continue;
        };
        let users: BTreeSet<u32> = problems.iter().map(|problem| problem.class).collect();
        let more = match users.len() - 1 {
            0 => String::new(),
            others => format!("; {others} more of its classes do"),
        };
        found.push(Fault {
            check: check(&wrong),
            severity: Severity::Error,
            file: world.jars[jar].file.clone(),
            what: format!(
                "{}{more}{}",
                sentence(world, first, version),
                way(world, reach, first)
            ),
            remedy: remedy(&wrong, version),
        });
    }
    for (jar, count) in told {
        if let Some(more) = count.checked_sub(MOST_ERRORS).filter(|more| *more > 0) {
            found.push(Fault {
                check: Check::Linkage,
                severity: Severity::Error,
                file: world.jars[jar].file.clone(),
                what: format!("has {more} more faults like these"),
                remedy: format!(
                    "Take a version of the provider that was built for Keycloak {version}."
                ),
            });
        }
    }
    for (jar, wrongs) in notes {
        let Some((wrong, first)) = wrongs.first_key_value() else {
            continue;
        };
        let what = match wrongs.len() {
            1 => format!(
                "has code for something that is not there: {}",
                sentence(world, first, version)
            ),
            count => format!(
                "has code for {count} things that are not there; the first: {}",
                sentence(world, first, version)
            ),
        };
        found.push(Fault {
            check: check(wrong),
            severity: Severity::Note,
            file: world.jars[jar].file.clone(),
            what,
            remedy: "Libraries have such code for what is optional. Try the feature that needs it, if you use one.".to_owned(),
        });
    }
    found
}

/// Class files that cannot be read and that nothing loads.
fn never_loaded(world: &World<'_>, reach: &Reach<'_, '_>) -> Vec<Fault> {
    let mut broken: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for id in world.ids().filter(|id| !reach.loaded.contains_key(id)) {
        if world.malformed(id).is_some() {
            broken
                .entry(world.jar(id))
                .or_default()
                .push(world.name(id));
        }
    }
    let fault = |(jar, names): (usize, Vec<&str>)| Fault {
        check: Check::Linkage,
        severity: Severity::Note,
        file: world.jars[jar].file.clone(),
        what: format!(
            "has {} class files that cannot be read, such as {}",
            names.len(),
            names::class(names[0])
        ),
        remedy: "Ask whoever built the jar.".to_owned(),
    };
    broken.into_iter().map(fault).collect()
}

fn check(wrong: &Wrong) -> Check {
    match wrong {
        Wrong::NoClass(name) if jdk::is_java_ee(name) => Check::JavaEe,
        _ => Check::Linkage,
    }
}
