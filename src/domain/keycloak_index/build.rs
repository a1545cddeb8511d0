//! An index from class files.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::members::{MemberKey, gaps, spread};
use super::{Entry, Jar, KEYCLOAK, KeycloakIndex, OBJECT, Parent, Spi, flag_bits};
use crate::domain::class_file::{
    ABSTRACT, ClassFile, Malformed, Member, PROTECTED, PUBLIC, Returned, STATIC,
};

/// Parts of packages that nobody but their own library should use.
const NO_API: [&str; 6] = [
    "/internal/",
    "/impl/",
    "/shaded/",
    "/shadow/",
    "/relocated/",
    "/deployment/",
];
/// What every extension point implements.
const SPI: &str = "org/keycloak/provider/Spi";

/// Collects the classes of the jars of a `lib/`.
#[derive(Default)]
pub struct Builder {
    jars: Vec<(Jar, Vec<Declared>)>,
    spis: BTreeSet<Spi>,
    entities: BTreeMap<String, String>,
    major: u16,
}

/// A class as its file declares it.
struct Declared {
    name: String,
    access: u16,
    parents: Vec<String>,
    members: Vec<Visible>,
}

/// A member that others may use.
struct Visible {
    key: MemberKey,
    /// Constructors are not inherited.
    constructor: bool,
    /// Name and descriptor of an abstract method.
    demanded: Option<String>,
}

impl Builder {
    /// Begins a jar: the classes that follow are in it.
    pub fn jar(&mut self, file: &str, sha256: &str) {
        let jar = Jar {
            file: file.to_owned(),
            sha256: sha256.to_owned(),
        };
        self.jars.push((jar, Vec::new()));
    }

    /// Adds a class file to the jar that was begun last. Anonymous and local classes are left out.
    pub fn class(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let class = ClassFile::parse(bytes)?;
        if is_nameless(class.name()) {
            return Ok(());
        }
        self.major = self.major.max(class.major);
        self.spis.extend(spi(&class));
        let entity = class.entity().map(|name| (name, class.name()));
        let entity = entity.map(|(name, class)| (name.to_owned(), class.to_owned()));
        self.entities.extend(entity);
        let parents = class.parent().into_iter().chain(class.interfaces());
        let declared = Declared {
            name: class.name().to_owned(),
            access: class.access,
            parents: parents.map(str::to_owned).collect(),
            members: (class.fields.iter())
                .map(|field| (field, false))
                .chain(class.methods.iter().map(|method| (method, true)))
                .filter_map(|(member, is_method)| visible(&class, member, is_method))
                .collect(),
        };
        if let Some((_, classes)) = self.jars.last_mut() {
            classes.push(declared);
        }
        Ok(())
    }

    /// The index of everything that was added. Where two jars have a class, the first by name has it.
    pub fn finish(mut self) -> KeycloakIndex {
        self.jars.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut index = KeycloakIndex {
            spis: self.spis.into_iter().collect(),
            entities: self.entities,
            major: self.major,
            ..KeycloakIndex::default()
        };
        let mut all: Vec<Declared> = Vec::new();
        let mut owners = Vec::new();
        let mut seen = BTreeSet::new();
        for (jar, mut classes) in self.jars {
            let owner = u16::try_from(index.jars.len()).unwrap_or(u16::MAX);
            index.jars.push(jar);
            classes.sort_by(|a, b| a.name.cmp(&b.name));
            for class in classes {
                if seen.insert(class.name.clone()) {
                    owners.push(owner);
                    all.push(class);
                }
            }
        }
        drop(seen);
        let places: HashMap<&str, usize> = (all.iter().enumerate())
            .map(|(place, class)| (class.name.as_str(), place))
            .collect();
        let outside: BTreeSet<&str> = (all.iter().flat_map(|class| &class.parents))
            .map(String::as_str)
            .filter(|name| *name != OBJECT && !places.contains_key(name))
            .collect();
        index.outside = outside.into_iter().map(str::to_owned).collect();
        for (class, jar) in all.iter().zip(owners) {
            let own = class.name.starts_with(KEYCLOAK);
            let new = new_members(class, &all, &places);
            let listed = own
                || class.access & PUBLIC != 0
                    && !NO_API.iter().any(|part| class.name.contains(part));
            let mut entry = Entry {
                name: class.name.clone(),
                jar,
                flags: flag_bits(class.access),
                hashes: u32::try_from(index.hashes.len()).unwrap_or(u32::MAX),
                ..Entry::default()
            };
            entry.parents = (class.parents.iter())
                .map(|name| parent(name, &places, &index.outside))
                .collect();
            if own {
                entry.abstracts = new
                    .iter()
                    .filter_map(|member| member.demanded.clone())
                    .collect();
                entry.abstracts.sort();
            }
            if listed {
                let keys: BTreeSet<MemberKey> = new.iter().map(|member| member.key).collect();
                let keys: Vec<MemberKey> = keys.into_iter().collect();
                entry.members = u32::try_from(keys.len()).ok();
                index.hashes.extend(gaps(&keys, spread(&class.name)));
            }
            index.classes.push(entry);
        }
        index.sort_names();
        index
    }
}

/// Whether a class is anonymous or local: nobody else can name it.
fn is_nameless(name: &str) -> bool {
    name.split('$')
        .skip(1)
        .any(|part| part.starts_with(|first: char| first.is_ascii_digit()))
}

fn visible(class: &ClassFile<'_>, member: &Member<'_>, is_method: bool) -> Option<Visible> {
    let name = class.name_of(member);
    let descriptor = class.descriptor_of(member);
    if !member.is(PUBLIC | PROTECTED) || name == "<clinit>" {
        return None;
    }
    Some(Visible {
        key: MemberKey::new(name, descriptor, member.is(STATIC)),
        constructor: name == "<init>",
        demanded: (is_method && member.is(ABSTRACT)).then(|| format!("{name}{descriptor}")),
    })
}

/// The members of a class that its parents do not have already: the others are found there. Of Keycloak's own classes also
/// those that give code to an abstract method, so that it is known who does.
fn new_members<'a>(
    class: &'a Declared,
    all: &[Declared],
    places: &HashMap<&str, usize>,
) -> Vec<&'a Visible> {
    // Whether a parent has code for it, or it is a field.
    let mut inherited: BTreeMap<MemberKey, bool> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut left: Vec<&str> = class.parents.iter().map(String::as_str).collect();
    while let Some(name) = left.pop() {
        let Some(place) = places.get(name) else {
            continue;
        };
        if seen.insert(*place) {
            let parent = &all[*place];
            for member in &parent.members {
                *inherited.entry(member.key).or_default() |= member.demanded.is_none();
            }
            left.extend(parent.parents.iter().map(String::as_str));
        }
    }
    let own = class.name.starts_with(KEYCLOAK);
    (class.members.iter())
        .filter(|member| match inherited.get(&member.key) {
            None => true,
            Some(has_code) => member.constructor || own && !has_code && member.demanded.is_none(),
        })
        .collect()
}

fn parent(name: &str, places: &HashMap<&str, usize>, outside: &[String]) -> Parent {
    let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    if name == OBJECT {
        return Parent::Object;
    }
    match places.get(name) {
        Some(place) => Parent::Own(number(*place)),
        None => Parent::Outside(number(
            outside.partition_point(|known| known.as_str() < name),
        )),
    }
}

/// The extension point that a class declares: its three methods return constants.
fn spi(class: &ClassFile<'_>) -> Option<Spi> {
    if !class.interfaces().any(|interface| interface == SPI) {
        return None;
    }
    let returned = |name: &str, descriptor: &str| {
        let (_, method) = class.method(name, descriptor)?;
        class.returned(method)
    };
    let Some(Returned::Class(factory)) = returned("getProviderFactoryClass", "()Ljava/lang/Class;")
    else {
        return None;
    };
    let name = match returned("getName", "()Ljava/lang/String;") {
        Some(Returned::Text(name)) => name,
        _ => class.name(),
    };
    Some(Spi {
        factory: factory.to_owned(),
        name: name.to_owned(),
        internal: returned("isInternal", "()Z") != Some(Returned::Number(0)),
    })
}
