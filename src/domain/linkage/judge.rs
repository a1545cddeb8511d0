//! What is wrong with a reference, or with a class that is loaded or made.

use super::names::{class, element, member, package};
use super::reach::{Level, Reach};
use super::world::{ClassId, Known, Lookup, MethodId, Signature, World};
use crate::domain::class_file::{
    ABSTRACT, Call, ClassFile, ClassUse, FINAL, INTERFACE, PRIVATE, PROTECTED, PUBLIC, Reference,
};

/// Something that the JVM will refuse when it gets there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    /// What is not as it must be: equal for all that stumble over it.
    pub(super) wrong: Wrong,
    /// The class that stumbles.
    pub(super) class: ClassId,
    pub(super) method: Option<MethodId>,
    pub(super) level: Level,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wrong {
    /// No jar has the class of this internal name.
    NoClass(String),
    /// Class, and its member as text.
    NoMember(String, String),
    /// A member that is static now, or no longer.
    Static(String, String),
    /// A class or member that others may not use.
    Hidden(String, String),
    /// A class that became an interface (true), or the other way round.
    Interface(String, bool),
    /// A superclass that is final.
    Final(String),
    /// `new` of a class that is abstract.
    Abstract(String),
    /// A type, and a method of it that has no code.
    Unimplemented(String, String),
    /// A class file that cannot be read.
    Malformed(String, String),
}

impl Wrong {
    /// The class that it is about, by its internal name.
    pub(super) fn about(&self) -> &str {
        match self {
            Self::NoClass(name)
            | Self::NoMember(name, _)
            | Self::Static(name, _)
            | Self::Hidden(name, _)
            | Self::Interface(name, _)
            | Self::Final(name)
            | Self::Abstract(name)
            | Self::Unimplemented(name, _)
            | Self::Malformed(name, _) => name,
        }
    }
}

/// Problems after which no more are looked for: real jars have some dozens.
const MOST: usize = 20_000;

/// Everything that is wrong in what was reached.
pub(super) fn problems(world: &World<'_>, reach: &Reach<'_, '_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for ((user, reference), (level, method)) in &reach.uses {
        if let Some(wrong) = used(world, *user, *reference) {
            found.push(Problem {
                wrong,
                class: *user,
                method: Some(*method),
                level: *level,
            });
        }
    }
    for (id, (level, method)) in &reach.loaded {
        for wrong in loaded(world, *id) {
            found.push(Problem {
                wrong,
                class: *id,
                method: *method,
                level: *level,
            });
        }
    }
    for (id, (level, method)) in &reach.made {
        if found.len() > MOST {
            break;
        }
        for wrong in unimplemented(world, *id) {
            found.push(Problem {
                wrong,
                class: *id,
                method: *method,
                level: *level,
            });
        }
    }
    for (method, (level, fault)) in &reach.unreadable {
        found.push(Problem {
            wrong: Wrong::Malformed(world.name(method.0).to_owned(), fault.to_string()),
            class: method.0,
            method: Some(*method),
            level: *level,
        });
    }
    found.sort_unstable();
    found
}

fn used(world: &World<'_>, user: ClassId, reference: Reference<'_>) -> Option<Wrong> {
    let (owner, call) = match reference {
        Reference::Class { name, .. } => (element(name), None),
        Reference::Field { owner, .. } => (owner, None),
        Reference::Method {
            owner,
            of_interface,
            ..
        } => (owner, Some(of_interface)),
        Reference::Text(_) => return None,
    };
    // Arrays have what Object has.
    if owner.is_empty() || owner.starts_with('[') {
        return None;
    }
    let known = world.find(owner);
    if let Known::Absent = known {
        return Some(Wrong::NoClass(owner.to_owned()));
    }
    let flags = world.flags(known)?;
    if flags & PUBLIC == 0 && package(owner) != package(world.name(user)) {
        return Some(Wrong::Hidden(owner.to_owned(), class(owner)));
    }
    let is_interface = flags & INTERFACE != 0;
    if call.is_some_and(|of_interface| of_interface != is_interface) {
        return Some(Wrong::Interface(owner.to_owned(), is_interface));
    }
    match reference {
        Reference::Class {
            used: ClassUse::New,
            ..
        } if flags & ABSTRACT != 0 => Some(Wrong::Abstract(owner.to_owned())),
        Reference::Class { .. } | Reference::Text(_) => None,
        Reference::Field {
            owner,
            name,
            descriptor,
            is_static,
        } => {
            let found = world.field(owner, name, descriptor, is_static);
            member_used(world, user, owner, found, is_static, || {
                member(owner, name, descriptor)
            })
        }
        Reference::Method {
            owner,
            name,
            descriptor,
            call,
            ..
        } => {
            let is_static = call == Call::Static;
            let found = world.method(owner, Signature { name, descriptor }, is_static);
            member_used(world, user, owner, found, is_static, || {
                member(owner, name, descriptor)
            })
        }
    }
}

fn member_used(
    world: &World<'_>,
    user: ClassId,
    owner: &str,
    found: Lookup,
    wanted_static: bool,
    shown: impl Fn() -> String,
) -> Option<Wrong> {
    let name = world.name(user);
    match found {
        Lookup::Unknown => None,
        // Package-private members of Keycloak's are not listed.
        Lookup::Missing if package(owner) == package(name) && world.provided(owner).is_none() => {
            None
        }
        Lookup::Missing => Some(Wrong::NoMember(owner.to_owned(), shown())),
        Lookup::Found { is_static, .. } if is_static != wanted_static => {
            Some(Wrong::Static(owner.to_owned(), shown()))
        }
        Lookup::Found {
            declared: Some((declaring, access)),
            ..
        } => {
            let declaring = world.name(declaring);
            let usable = if access & PRIVATE != 0 {
                outermost(declaring) == outermost(name)
            } else {
                access & (PUBLIC | PROTECTED) != 0 || package(declaring) == package(name)
            };
            (!usable).then(|| Wrong::Hidden(owner.to_owned(), shown()))
        }
        Lookup::Found { .. } => None,
    }
}

/// The class that a nested class is in: nested classes see each other's private members.
fn outermost(name: &str) -> &str {
    name.split('$').next().unwrap_or(name)
}

fn loaded(world: &World<'_>, id: ClassId) -> Vec<Wrong> {
    if let Some(fault) = world.malformed(id) {
        return vec![Wrong::Malformed(
            world.name(id).to_owned(),
            fault.to_string(),
        )];
    }
    let Some(file) = world.class(id) else {
        return Vec::new();
    };
    parents(world, file).collect()
}

fn parents<'f>(world: &'f World<'_>, file: &'f ClassFile<'_>) -> impl Iterator<Item = Wrong> + 'f {
    let all = (file.parent().map(|parent| (parent, false)).into_iter())
        .chain(file.interfaces().map(|interface| (interface, true)));
    all.filter_map(move |(parent, wanted_interface)| {
        let known = world.find(parent);
        if let Known::Absent = known {
            return Some(Wrong::NoClass(parent.to_owned()));
        }
        let flags = world.flags(known)?;
        let is_interface = flags & INTERFACE != 0;
        if is_interface != wanted_interface {
            Some(Wrong::Interface(parent.to_owned(), is_interface))
        } else if flags & FINAL != 0 {
            Some(Wrong::Final(parent.to_owned()))
        } else if flags & PUBLIC == 0 && package(parent) != package(file.name()) {
            Some(Wrong::Hidden(parent.to_owned(), class(parent)))
        } else {
            None
        }
    })
}

/// Abstract methods that objects of a class have no code for.
fn unimplemented(world: &World<'_>, id: ClassId) -> Vec<Wrong> {
    let Some(file) = world.class(id) else {
        return Vec::new();
    };
    if file.is(ABSTRACT) || file.is(INTERFACE) {
        return Vec::new();
    }
    let mut types: Vec<&str> = world.supertypes(world.name(id)).into_iter().collect();
    types.sort_unstable();
    let mut found = Vec::new();
    for name in types {
        for demanded in world.demands(name) {
            if !world.implements(id, demanded) {
                let shown = member(name, demanded.name, demanded.descriptor);
                found.push(Wrong::Unimplemented(name.to_owned(), shown));
            }
        }
    }
    found
}
