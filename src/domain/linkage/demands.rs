//! Abstract methods: who demands them, and who has code for them.

use std::collections::HashSet;

use super::jdk;
use super::world::{ClassId, Known, Lookup, Signature, World, listed};
use crate::domain::class_file::{ABSTRACT, STATIC};
use crate::domain::keycloak_index::{KEYCLOAK, MemberKey};

impl World<'_> {
    /// Whether objects of the class `id` have code for a method that Keycloak or another jar demands.
    pub(super) fn implements(&self, id: ClassId, wanted: Signature<'_>) -> bool {
        let mut seen = HashSet::new();
        let mut left = vec![self.name(id)];
        while let Some(name) = left.pop() {
            if !seen.insert(name) {
                continue;
            }
            let has = match self.find(name) {
                Known::Provided(id, _) => self
                    .declared(id, wanted)
                    .is_some_and(|method| self.access(method) & (ABSTRACT | STATIC) == 0),
                Known::Keycloak(class) if class.name().starts_with(KEYCLOAK) => {
                    class.declares(MemberKey::new(wanted.name, wanted.descriptor, false))
                        && !class
                            .abstract_methods()
                            .any(|method| method == (wanted.name, wanted.descriptor))
                }
                // Which methods of another library are abstract is not known.
                Known::Keycloak(class) => !matches!(
                    listed(class, wanted.name, wanted.descriptor, false),
                    Lookup::Missing
                ),
                Known::Jdk => jdk::declares(name, wanted.name) != Some(false),
                Known::Malformed | Known::Absent => true,
            };
            if has {
                return true;
            }
            left.extend(self.parents(name));
        }
        false
    }

    /// The abstract methods that `name` declares, if it is known which.
    pub(super) fn demands<'w>(&'w self, name: &str) -> Vec<Signature<'w>> {
        match self.find(name) {
            Known::Provided(_, class) => (class.methods.iter())
                .filter(|method| method.is(ABSTRACT))
                .map(|method| Signature {
                    name: class.name_of(method),
                    descriptor: class.descriptor_of(method),
                })
                .collect(),
            Known::Keycloak(class) => class
                .abstract_methods()
                .map(|(name, descriptor)| Signature { name, descriptor })
                .collect(),
            _ => Vec::new(),
        }
    }
}
