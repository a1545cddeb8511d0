//! Entities of JPA: Hibernate scans every jar for them, whether something lists them or not, and two of one name stop the
//! start (seen in runs of Keycloak 26.7.5).

use std::collections::BTreeMap;

use super::names;
use super::{Check, Fault, ProviderJar, Severity};
use crate::domain::class_file::{ClassFile, may_be_entity};
use crate::domain::keycloak_index::KeycloakIndex;

/// Entities of the jars that have the name of one of Keycloak's, or of another jar's.
pub(super) fn faults(jars: &[ProviderJar], index: &KeycloakIndex, version: &str) -> Vec<Fault> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for jar in jars {
        let marked = jar.classes.iter().filter(|(_, bytes)| may_be_entity(bytes));
        for (class, bytes) in marked {
            let parsed = ClassFile::parse(bytes);
            let Some(name) = parsed.as_ref().ok().and_then(|class| class.entity()) else {
                continue;
            };
            // The same class elsewhere is a finding of its own.
            let keycloaks = index.entities.get(name).filter(|own| *own != class);
            let others = seen.insert(name.to_owned(), (class, &jar.file));
            let others = others.filter(|(other, _)| other != class);
            let (other, place) = match (keycloaks, others) {
                (Some(own), _) => (own.as_str(), format!("Keycloak {version}")),
                (None, Some((other, file))) => (other, file.to_owned()),
                (None, None) => continue,
            };
            found.push(Fault {
                check: Check::Entity,
                severity: Severity::Error,
                file: jar.file.clone(),
                what: format!(
                    "has the entity {} with the name {name}, and so has {place}: {}; Keycloak does not start",
                    names::class(class),
                    names::class(other)
                ),
                remedy: "Give the entity another name: @Entity(name = \"…\"), with a prefix of your own.".to_owned(),
            });
        }
    }
    found
}
