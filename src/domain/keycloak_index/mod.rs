//! What a Keycloak version's own `lib/` holds, as far as provider jars can collide with it or link against it.
//!
//! Every class by name, with its jar, kind and parents; and the members that others may use. Members are kept as hashes,
//! since their texts are five times as large as everything else together: asking for a member that is there is always
//! answered right, one that is not there is taken for present once in 2,048 cases for Keycloak's own classes, once in 32
//! for other libraries. Left out: private and package-private members, anonymous and local classes, and the members of
//! classes that are no API (not public, or in a package named `internal`, `impl` and the like).

mod build;
mod format;
mod members;
#[cfg(test)]
mod tests;

pub use build::Builder;
pub use members::MemberKey;

use std::collections::BTreeMap;

use super::class_file::{ABSTRACT, FINAL, INTERFACE, PUBLIC};
use super::shadow;

/// How the names of Keycloak's own classes start.
pub const KEYCLOAK: &str = "org/keycloak/";
const OBJECT: &str = "java/lang/Object";

/// The classes of a Keycloak version.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct KeycloakIndex {
    jars: Vec<Jar>,
    /// In the order of the jars, then by name.
    classes: Vec<Entry>,
    /// Places in `classes`, by name.
    by_name: Vec<u32>,
    /// Names of classes that others extend and that no jar of `lib/` has: the JDK's, or nobody's.
    outside: Vec<String>,
    /// Gaps between the hashes of members, one class after the other.
    hashes: Vec<u8>,
    /// Keycloak's extension points.
    pub spis: Vec<Spi>,
    /// JPA's entities, by their names: two of one name stop the start. The class is the value.
    pub entities: BTreeMap<String, String>,
    /// The newest class file version in it: 61 is Java 17.
    pub major: u16,
}

/// A jar of `lib/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Jar {
    file: String,
    sha256: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Entry {
    name: String,
    jar: u16,
    flags: u8,
    parents: Vec<Parent>,
    /// How many members are listed; nothing, if they are not.
    members: Option<u32>,
    /// Where their hashes start.
    hashes: u32,
    /// Abstract methods, each as name and descriptor without anything between. Of Keycloak's own classes only.
    abstracts: Vec<String>,
}

/// The first is the superclass, the others are interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parent {
    Object,
    Own(u32),
    Outside(u32),
}

/// An extension point of Keycloak: what a file in `META-INF/services` can name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spi {
    /// The interface that a provider's factory implements, `org/keycloak/events/EventListenerProviderFactory`.
    pub factory: String,
    /// Its name in Keycloak's configuration, `eventsListener`.
    pub name: String,
    /// Whether Keycloak calls it internal: it changes without notice.
    pub internal: bool,
}

impl KeycloakIndex {
    /// The class of that internal name.
    pub fn class(&self, name: &str) -> Option<Class<'_>> {
        let at = self
            .by_name
            .binary_search_by(|place| self.entry(*place).name.as_str().cmp(name))
            .ok()?;
        Some(Class {
            index: self,
            entry: self.entry(self.by_name[at]),
        })
    }

    fn entry(&self, place: u32) -> &Entry {
        &self.classes[place as usize]
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// The extension point whose factories implement `interface`, an internal name.
    pub fn spi(&self, interface: &str) -> Option<&Spi> {
        let at = self
            .spis
            .binary_search_by(|spi| spi.factory.as_str().cmp(interface));
        at.ok().map(|at| &self.spis[at])
    }

    /// Which jar has which class.
    pub fn shadow(&self) -> shadow::Index {
        let mut jars: Vec<shadow::Jar> = self
            .jars
            .iter()
            .map(|jar| shadow::Jar {
                file: jar.file.clone(),
                sha256: jar.sha256.clone(),
                ..shadow::Jar::default()
            })
            .collect();
        for class in &self.classes {
            jars[usize::from(class.jar)]
                .classes
                .insert(class.name.clone());
        }
        shadow::Index::of(jars)
    }

    fn sort_names(&mut self) {
        let mut places: Vec<u32> = (0..).take(self.classes.len()).collect();
        places.sort_by(|a, b| self.entry(*a).name.cmp(&self.entry(*b).name));
        self.by_name = places;
    }
}

/// A class of Keycloak's `lib/`.
#[derive(Clone, Copy, Debug)]
pub struct Class<'i> {
    index: &'i KeycloakIndex,
    entry: &'i Entry,
}

impl<'i> Class<'i> {
    pub fn name(&self) -> &'i str {
        &self.entry.name
    }

    /// The jar that has it.
    pub fn jar(&self) -> &'i str {
        &self.index.jars[usize::from(self.entry.jar)].file
    }

    fn has_flag(&self, flag: u16) -> bool {
        self.entry.flags & flag_bit(flag) != 0
    }

    pub fn is_public(&self) -> bool {
        self.has_flag(PUBLIC)
    }

    pub fn is_final(&self) -> bool {
        self.has_flag(FINAL)
    }

    pub fn is_interface(&self) -> bool {
        self.has_flag(INTERFACE)
    }

    pub fn is_abstract(&self) -> bool {
        self.has_flag(ABSTRACT)
    }

    /// Its superclass and its interfaces.
    pub fn parents(&self) -> impl Iterator<Item = &'i str> {
        let index = self.index;
        self.entry.parents.iter().map(move |parent| match parent {
            Parent::Object => OBJECT,
            Parent::Own(place) => index.entry(*place).name.as_str(),
            Parent::Outside(at) => index.outside[*at as usize].as_str(),
        })
    }

    /// Whether it is known which members it has.
    pub fn lists_members(&self) -> bool {
        self.entry.members.is_some()
    }

    /// Whether it declares that member, public or protected, itself and no parent of it does. Constructors are always its own.
    pub fn declares(&self, member: MemberKey) -> bool {
        let Some(count) = self.entry.members else {
            return false;
        };
        let gaps = &self.index.hashes[self.entry.hashes as usize..];
        members::has(gaps, count, members::spread(&self.entry.name), member)
    }

    /// The abstract methods that it declares, each as name and descriptor; of Keycloak's own classes only.
    pub fn abstract_methods(&self) -> impl Iterator<Item = (&'i str, &'i str)> {
        self.entry.abstracts.iter().filter_map(|method| {
            let at = method.find('(')?;
            Some(method.split_at(at))
        })
    }
}

/// The bit of `Entry::flags` that stands for a flag of class files.
const fn flag_bit(flag: u16) -> u8 {
    match flag {
        PUBLIC => 1,
        FINAL => 2,
        INTERFACE => 4,
        ABSTRACT => 8,
        _ => 0,
    }
}

/// The bits of all flags.
fn flag_bits(access: u16) -> u8 {
    [PUBLIC, FINAL, INTERFACE, ABSTRACT]
        .into_iter()
        .filter(|flag| access & flag != 0)
        .map(flag_bit)
        .sum()
}
