//! Files in `META-INF/services`: what a jar offers, and whether it holds.

use std::collections::{BTreeMap, BTreeSet};

use super::names::class;
use super::world::{Known, Signature, World};
use super::{Check, Fault, Severity};
use crate::domain::class_file::{ABSTRACT, INTERFACE, PUBLIC};
use crate::domain::keycloak_index::KEYCLOAK;

const BOM: &[u8] = b"\xEF\xBB\xBF";
/// What JDBC drivers implement.
pub(super) const DRIVER: &str = "java/sql/Driver";

/// The class names in a services file. Comments, blank lines and either kind of line end are fine.
pub(super) fn lines(text: &[u8]) -> Vec<&str> {
    text.strip_prefix(BOM)
        .unwrap_or(text)
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .filter_map(|line| std::str::from_utf8(line).ok())
        .map(|line| line.split('#').next().unwrap_or("").trim())
        .filter(|line| !line.is_empty())
        .collect()
}

/// A line of a services file whose interface somebody asks for: Keycloak, or JDBC.
pub(super) struct Offer<'a> {
    pub(super) jar: usize,
    /// Internal names.
    pub(super) interface: String,
    pub(super) class: String,
    file: &'a str,
}

/// Every line of every services file that Keycloak or JDBC reads.
pub(super) fn offers<'a>(world: &World<'a>) -> Vec<Offer<'a>> {
    let mut offers = Vec::new();
    for (jar, provider) in world.jars.iter().enumerate() {
        for (interface, text) in &provider.services {
            let internal = interface.replace('.', "/");
            if internal != DRIVER
                && !internal.starts_with(KEYCLOAK)
                && !is_spi_of_a_jar(world, &internal)
            {
                continue;
            }
            for line in lines(text) {
                offers.push(Offer {
                    jar,
                    interface: internal.clone(),
                    class: line.replace('.', "/"),
                    file: &provider.file,
                });
            }
        }
    }
    offers
}

/// Whether an interface is one that an extension point in `providers/` asks for.
fn is_spi_of_a_jar(world: &World<'_>, interface: &str) -> bool {
    let asks = world.supertypes(interface);
    asks.contains("org/keycloak/provider/ProviderFactory") && world.provided(interface).is_some()
}

/// What is wrong with the services files, and which internal extension points they use.
pub(super) fn faults(world: &World<'_>, offers: &[Offer<'_>], keycloak: &str) -> Vec<Fault> {
    let mut found = Vec::new();
    for jar in world.jars {
        for (interface, text) in &jar.services {
            let ours = interface.starts_with("org.keycloak.");
            if text.starts_with(BOM) && ours {
                found.push(Fault {
                    check: Check::Services,
                    severity: Severity::Error,
                    file: jar.file.clone(),
                    what: format!("its META-INF/services/{interface} starts with a byte order mark: the first line names no class"),
                    remedy: "Save the file as UTF-8 without a byte order mark.".to_owned(),
                });
            }
            if ours && matches!(world.find(&interface.replace('.', "/")), Known::Absent) {
                found.push(Fault {
                    check: Check::Services,
                    severity: Severity::Warning,
                    file: jar.file.clone(),
                    what: format!("offers {interface}, which Keycloak {keycloak} does not have: it ignores that without a word"),
                    remedy: "Look whether the interface has another name in this version, or remove the services file.".to_owned(),
                });
            }
        }
    }
    for offer in offers {
        found.extend(offered(world, offer, keycloak));
    }
    let mut internal: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for offer in offers {
        if let Some(spi) = world.index.spi(&offer.interface).filter(|spi| spi.internal) {
            let shown = format!("{} ({})", class(&offer.interface), spi.name);
            internal.entry(offer.file).or_default().insert(shown);
        }
    }
    found.extend(internal.into_iter().map(|(file, used)| {
        let used: Vec<String> = used.into_iter().collect();
        Fault {
            check: Check::Internal,
            severity: Severity::Note,
            file: file.to_owned(),
            what: format!("implements what Keycloak calls internal: {}", used.join(", ")),
            remedy: "Such interfaces change without notice: check the jar against the next version before an upgrade.".to_owned(),
        }
    }));
    found
}

fn offered(world: &World<'_>, offer: &Offer<'_>, keycloak: &str) -> Option<Fault> {
    let interface = world.find(&offer.interface);
    if matches!(interface, Known::Absent | Known::Malformed) {
        return None;
    }
    let shown = class(&offer.class);
    let as_what = class(&offer.interface);
    let (what, remedy) = match world.find(&offer.class) {
        Known::Absent => (
            format!("offers {shown} as {as_what}, and no jar has that class"),
            "Correct the line in META-INF/services, or add the jar that has the class.",
        ),
        Known::Provided(id, file) => {
            let supertypes = world.supertypes(&offer.class);
            let known = supertypes
                .iter()
                .all(|name| !matches!(world.find(name), Known::Absent | Known::Malformed));
            let constructor = Signature {
                name: "<init>",
                descriptor: "()V",
            };
            let public = |method| world.access(method) & PUBLIC != 0;
            if known && !supertypes.contains(offer.interface.as_str()) {
                (
                    format!("offers {shown} as {as_what}, which it does not implement"),
                    "Correct the line in META-INF/services, or build the jar for this version of Keycloak.",
                )
            } else if file.is(ABSTRACT)
                || file.is(INTERFACE)
                || !world.declared(id, constructor).is_some_and(public)
            {
                (
                    format!(
                        "offers {shown} as {as_what}, and Keycloak cannot make one: it is abstract or has no public constructor without parameters"
                    ),
                    "Name a class that can be made in META-INF/services.",
                )
            } else {
                return None;
            }
        }
        Known::Keycloak(found) => {
            let supertypes = world.supertypes(found.name());
            if supertypes.contains(offer.interface.as_str()) {
                return None;
            }
            (
                format!(
                    "offers {shown} of Keycloak {keycloak} as {as_what}, which it does not implement"
                ),
                "Correct the line in META-INF/services.",
            )
        }
        Known::Jdk | Known::Malformed => return None,
    };
    Some(Fault {
        check: Check::Services,
        severity: Severity::Error,
        file: offer.file.to_owned(),
        what,
        remedy: remedy.to_owned(),
    })
}
