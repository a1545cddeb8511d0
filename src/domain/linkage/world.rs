//! All classes that a provider can see, and what they declare: those in `providers/` first, which win, then Keycloak's own,
//! then the JDK's, of which only the names are known.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use super::budget::{Budget, TOO_MUCH};
use super::{ProviderJar, jdk};
use crate::domain::class_file::{ABSTRACT, ClassFile, FINAL, INTERFACE, Malformed, PUBLIC, STATIC};
use crate::domain::keycloak_index::{self, KeycloakIndex, MemberKey};

pub(super) const OBJECT: &str = "java/lang/Object";

/// A class in `providers/`, by its place in the world.
pub(super) type ClassId = u32;
/// A method of a class in `providers/`.
pub(super) type MethodId = (ClassId, usize);

pub(super) struct World<'a> {
    pub(super) jars: &'a [ProviderJar],
    pub(super) index: &'a KeycloakIndex,
    classes: Vec<Provided<'a>>,
    by_name: HashMap<&'a str, ClassId>,
    /// Classes of jars that were not unpacked.
    unread: HashSet<&'a str>,
    pub(super) budget: Budget,
}

struct Provided<'a> {
    jar: usize,
    name: &'a str,
    bytes: &'a [u8],
    parsed: OnceCell<Result<Parsed<'a>, Malformed>>,
}

struct Parsed<'a> {
    file: ClassFile<'a>,
    /// Places of methods, by the hash of name and descriptor.
    methods: HashMap<u64, Vec<usize>>,
}

/// Where a class is.
#[derive(Clone, Copy)]
pub(super) enum Known<'w> {
    Provided(ClassId, &'w ClassFile<'w>),
    Keycloak(keycloak_index::Class<'w>),
    /// It is there, and only its name is known: the JDK's, or of a jar that was not unpacked.
    Jdk,
    /// It is there, and its file is malformed.
    Malformed,
    Absent,
}

/// What became of looking for a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    Found {
        is_static: bool,
        /// Class and access flags, if it is in `providers/`.
        declared: Option<(ClassId, u16)>,
        /// Its place, if it is a method in `providers/`.
        method: Option<MethodId>,
    },
    /// A class on the way up is not known well enough.
    Unknown,
    Missing,
}

/// A method, as others name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Signature<'w> {
    pub(super) name: &'w str,
    pub(super) descriptor: &'w str,
}

impl<'a> World<'a> {
    /// The first jar that has a class gives it.
    pub(super) fn new(jars: &'a [ProviderJar], index: &'a KeycloakIndex) -> Self {
        let mut world = Self {
            jars,
            index,
            classes: Vec::new(),
            by_name: HashMap::new(),
            unread: jars
                .iter()
                .flat_map(|jar| &jar.unread)
                .map(String::as_str)
                .collect(),
            budget: Budget::default(),
        };
        for (jar, provider) in jars.iter().enumerate() {
            for (name, bytes) in &provider.classes {
                let Ok(id) = ClassId::try_from(world.classes.len()) else {
                    return world;
                };
                world.by_name.entry(name).or_insert(id);
                world.classes.push(Provided {
                    jar,
                    name,
                    bytes,
                    parsed: OnceCell::new(),
                });
            }
        }
        world
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = ClassId> {
        (0..).take(self.classes.len())
    }

    pub(super) fn provided(&self, name: &str) -> Option<ClassId> {
        self.by_name.get(name).copied()
    }

    fn entry(&self, id: ClassId) -> &Provided<'a> {
        &self.classes[id as usize]
    }

    pub(super) fn name(&self, id: ClassId) -> &'a str {
        self.entry(id).name
    }

    pub(super) fn jar(&self, id: ClassId) -> usize {
        self.entry(id).jar
    }

    /// Why the file of a class is malformed, if it is.
    pub(super) fn malformed(&self, id: ClassId) -> Option<Malformed> {
        let fault = self.parsed(id).as_ref().err().copied();
        fault.filter(|fault| *fault != TOO_MUCH)
    }

    fn parsed(&self, id: ClassId) -> &Result<Parsed<'a>, Malformed> {
        let class = self.entry(id);
        class.parsed.get_or_init(|| {
            let file = ClassFile::parse(class.bytes)?;
            if file.name() != class.name {
                return Err(Malformed("holds a class of another name"));
            }
            self.budget.class(class.jar, &file)?;
            let mut methods: HashMap<u64, Vec<usize>> = HashMap::new();
            for (place, method) in file.methods.iter().enumerate() {
                let key = key(file.name_of(method), file.descriptor_of(method));
                methods.entry(key).or_default().push(place);
            }
            Ok(Parsed { file, methods })
        })
    }

    pub(super) fn class(&self, id: ClassId) -> Option<&ClassFile<'a>> {
        self.parsed(id).as_ref().ok().map(|parsed| &parsed.file)
    }

    pub(super) fn find(&self, name: &str) -> Known<'_> {
        if let Some(id) = self.provided(name) {
            return self
                .class(id)
                .map_or(Known::Malformed, |class| Known::Provided(id, class));
        }
        if let Some(class) = self.index.class(name) {
            return Known::Keycloak(class);
        }
        if jdk::is_jdk(name) || self.unread.contains(name) {
            Known::Jdk
        } else {
            Known::Absent
        }
    }

    /// The method of a class in `providers/` that it declares itself.
    pub(super) fn declared(&self, id: ClassId, wanted: Signature<'_>) -> Option<MethodId> {
        let parsed = self.parsed(id).as_ref().ok()?;
        let places = parsed.methods.get(&key(wanted.name, wanted.descriptor))?;
        let found = places
            .iter()
            .find(|place| self.signature((id, **place)) == Some(wanted))?;
        Some((id, *found))
    }

    pub(super) fn signature(&self, (id, place): MethodId) -> Option<Signature<'_>> {
        let class = self.class(id)?;
        let method = class.methods.get(place)?;
        Some(Signature {
            name: class.name_of(method),
            descriptor: class.descriptor_of(method),
        })
    }

    /// Access flags of a method in `providers/`.
    pub(super) fn access(&self, (id, place): MethodId) -> u16 {
        let method = self.class(id).and_then(|class| class.methods.get(place));
        method.map_or(0, |method| method.access)
    }

    /// Superclass and interfaces of a class, as far as it is known.
    pub(super) fn parents<'w>(&'w self, name: &str) -> Vec<&'w str> {
        match self.find(name) {
            Known::Provided(_, class) => class
                .parent()
                .into_iter()
                .chain(class.interfaces())
                .collect(),
            Known::Keycloak(class) => class.parents().collect(),
            _ => Vec::new(),
        }
    }

    /// A class and everything that it is a subtype of, as far as that is known.
    pub(super) fn supertypes<'w>(&'w self, name: &'w str) -> HashSet<&'w str> {
        let mut found = HashSet::new();
        let mut left = vec![name];
        while let Some(name) = left.pop() {
            if found.insert(name) {
                left.extend(self.parents(name));
            }
        }
        found
    }

    /// The method that a reference to a method of `owner` means: there, in its superclasses, in its interfaces (JVMS 5.4.3.3).
    pub(super) fn method(&self, owner: &str, wanted: Signature<'_>, is_static: bool) -> Lookup {
        let inherited = wanted.name != "<init>";
        self.as_wanted_or_not(is_static, |kind| {
            self.look_up(owner, inherited, &mut |name| {
                self.method_of(name, wanted, kind)
            })
        })
    }

    /// What an index seems to have, by chance, of the other kind must not hide what a class above it has of the wanted one.
    fn as_wanted_or_not(&self, is_static: bool, look: impl Fn(bool) -> Lookup) -> Lookup {
        match look(is_static) {
            Lookup::Missing => look(!is_static),
            found => found,
        }
    }

    fn method_of(&self, name: &str, wanted: Signature<'_>, is_static: bool) -> Lookup {
        match self.find(name) {
            Known::Provided(id, _) => self.declared(id, wanted).map_or(Lookup::Missing, |method| {
                let access = self.access(method);
                Lookup::Found {
                    is_static: access & STATIC != 0,
                    declared: Some((id, access)),
                    method: Some(method),
                }
            }),
            Known::Keycloak(class) => listed(class, wanted.name, wanted.descriptor, is_static),
            Known::Jdk => match jdk::declares(name, wanted.name) {
                Some(false) => Lookup::Missing,
                _ => Lookup::Unknown,
            },
            Known::Malformed | Known::Absent => Lookup::Unknown,
        }
    }

    /// The field that a reference to a field of `owner` means.
    pub(super) fn field(
        &self,
        owner: &str,
        name: &str,
        descriptor: &str,
        is_static: bool,
    ) -> Lookup {
        self.as_wanted_or_not(is_static, |kind| {
            self.look_up(owner, true, &mut |class| {
                self.field_of(class, name, descriptor, kind)
            })
        })
    }

    fn field_of(&self, class: &str, name: &str, descriptor: &str, is_static: bool) -> Lookup {
        match self.find(class) {
            Known::Provided(id, class) => {
                class
                    .field(name, descriptor)
                    .map_or(Lookup::Missing, |field| Lookup::Found {
                        is_static: field.is(STATIC),
                        declared: Some((id, field.access)),
                        method: None,
                    })
            }
            Known::Keycloak(class) => listed(class, name, descriptor, is_static),
            Known::Jdk if jdk::has_no_fields(class) => Lookup::Missing,
            Known::Jdk | Known::Malformed | Known::Absent => Lookup::Unknown,
        }
    }

    /// `look` at a class, and if `inherited`, at everything above it, superclasses first.
    fn look_up(
        &self,
        owner: &str,
        inherited: bool,
        look: &mut dyn FnMut(&str) -> Lookup,
    ) -> Lookup {
        let mut missing = Lookup::Missing;
        let mut seen = HashSet::new();
        let mut left = vec![owner];
        // Methods of Object are found on interfaces too.
        let mut last = (inherited && owner != OBJECT).then_some(OBJECT);
        while let Some(name) = left.pop().or_else(|| last.take()) {
            if !seen.insert(name) {
                continue;
            }
            match look(name) {
                Lookup::Missing if inherited => left.extend(self.parents(name).into_iter().rev()),
                Lookup::Missing => {}
                Lookup::Unknown => missing = Lookup::Unknown,
                found @ Lookup::Found { .. } => return found,
            }
        }
        missing
    }

    /// Flags of a class that decide how others may use it, if they are known.
    pub(super) fn flags(&self, known: Known<'_>) -> Option<u16> {
        match known {
            Known::Provided(_, class) => Some(class.access),
            Known::Keycloak(class) => Some(
                [
                    (class.is_public(), PUBLIC),
                    (class.is_final(), FINAL),
                    (class.is_interface(), INTERFACE),
                    (class.is_abstract(), ABSTRACT),
                ]
                .into_iter()
                .filter_map(|(has, flag)| has.then_some(flag))
                .sum(),
            ),
            _ => None,
        }
    }
}

pub(super) fn listed(
    class: keycloak_index::Class<'_>,
    name: &str,
    descriptor: &str,
    is_static: bool,
) -> Lookup {
    if !class.lists_members() {
        return Lookup::Unknown;
    }
    if class.declares(MemberKey::new(name, descriptor, is_static)) {
        Lookup::Found {
            is_static,
            declared: None,
            method: None,
        }
    } else {
        Lookup::Missing
    }
}

/// A hash of name and descriptor; equal names and descriptors have equal ones.
fn key(name: &str, descriptor: &str) -> u64 {
    use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
    BuildHasherDefault::<DefaultHasher>::default().hash_one((name, descriptor))
}
