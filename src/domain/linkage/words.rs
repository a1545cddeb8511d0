//! What is wrong, in words.

use super::judge::{Problem, Wrong};
use super::reach::Reach;
use super::world::World;
use super::{jdk, names};
use crate::domain::keycloak_index::KEYCLOAK;

/// Who stumbles over what.
pub(super) fn sentence(world: &World<'_>, problem: &Problem, version: &str) -> String {
    let user = match problem.method.filter(|method| method.0 == problem.class) {
        Some(method) => {
            let name = world
                .signature(method)
                .map_or("", |signature| signature.name);
            format!("{}.{name}", names::class(world.name(problem.class)))
        }
        None => names::class(world.name(problem.class)),
    };
    let place = |class: &str| match world.provided(class) {
        Some(id) => world.jars[world.jar(id)].file.clone(),
        None => format!("Keycloak {version}"),
    };
    match &problem.wrong {
        Wrong::NoClass(name) => format!(
            "{user} needs {}, which neither Keycloak {version} nor a jar here has",
            names::class(name)
        ),
        Wrong::NoMember(owner, shown) => {
            format!("{user} uses {shown}, which {} does not have", place(owner))
        }
        Wrong::Static(owner, shown) => {
            format!(
                "{user} uses {shown}, which in {} is static and was not, or the other way round",
                place(owner)
            )
        }
        Wrong::Hidden(owner, shown) => format!(
            "{user} uses {shown}, which {} does not let others use",
            place(owner)
        ),
        Wrong::Interface(owner, true) => {
            format!(
                "{user} uses {} as a class, and in {} it is an interface",
                names::class(owner),
                place(owner)
            )
        }
        Wrong::Interface(owner, false) => {
            format!(
                "{user} uses {} as an interface, and in {} it is a class",
                names::class(owner),
                place(owner)
            )
        }
        Wrong::Final(owner) => format!(
            "{user} extends {}, which is final in {}",
            names::class(owner),
            place(owner)
        ),
        Wrong::Abstract(owner) => {
            format!(
                "{user} makes objects of {}, which is abstract in {}",
                names::class(owner),
                place(owner)
            )
        }
        Wrong::Unimplemented(owner, shown) => {
            format!(
                "{user} does not implement {shown}, which {} demands",
                place(owner)
            )
        }
        Wrong::Malformed(_, fault) => format!("the file of the class {user} {fault}"),
    }
}

/// The provider that leads to a problem, if it is another class.
pub(super) fn way(world: &World<'_>, reach: &Reach<'_, '_>, problem: &Problem) -> String {
    let entry = problem.method.map(|method| reach.entry_of(method));
    match entry.filter(|entry| *entry != problem.class) {
        Some(entry) => format!(" (reached from {})", names::class(world.name(entry))),
        None => String::new(),
    }
}

pub(super) fn remedy(wrong: &Wrong, version: &str) -> String {
    match wrong {
        Wrong::NoClass(name) if jdk::is_java_ee(name) => {
            "Take a version that was built for Keycloak 22 or newer: Java EE's packages are named jakarta since.".to_owned()
        }
        Wrong::NoClass(name) if !name.starts_with(KEYCLOAK) => {
            format!("Add the jar that has it, in the version that the provider was built with, or a provider built for Keycloak {version}.")
        }
        Wrong::Malformed(..) => "Fetch the jar again, or ask whoever built it.".to_owned(),
        _ => format!("Take a version of the provider that was built for Keycloak {version}."),
    }
}
