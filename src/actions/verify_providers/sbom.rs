//! The jars as a bill of materials. Pure.
//!
//! Source: CycloneDX 1.5 (ECMA-424), JSON; "purl-spec", November 2026. The same jars give the same text: no time, no random
//! number is in it.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::plan::Present;
use crate::domain::coordinates::Coordinates;
use crate::domain::providers::{Lock, generic_purl, hex};

/// What is in the folder, with what each jar has inside.
pub(super) fn document(lock: &Lock, keycloak: &str, present: &[Present]) -> Value {
    let jars = present.iter().filter(|file| file.jar.is_ok());
    let components: Vec<Value> = jars.map(|jar| component(lock, jar)).collect();
    let digest = hex(&Sha256::digest(json!([keycloak, components]).to_string()));
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": serial_number(&digest),
        "version": 1,
        "metadata": {
            "tools": {"components": [{
                "type": "application", "name": "verify-providers", "version": env!("CARGO_PKG_VERSION"),
            }]},
            "component": {
                "type": "application", "bom-ref": "providers", "name": "keycloak-providers", "version": keycloak,
                "description": format!("Provider jars for Keycloak {keycloak}"),
            },
        },
        "components": components,
    })
}

/// A UUID of version 8 (RFC 9562), which is made from what it names.
fn serial_number(digest: &str) -> String {
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-8{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}

fn component(lock: &Lock, jar: &Present) -> Value {
    let locked = lock.providers.iter().find(|locked| locked.file == jar.file);
    let own = locked.and_then(|locked| locked.coordinates());
    let own = own.or_else(|| jar.about.own(&jar.file).cloned());
    let mut component = match &own {
        Some(own) => named(own),
        None => json!({
            "type": "library",
            "name": jar.file.trim_end_matches(".jar"),
            "purl": generic_purl(&jar.file, &jar.sha256),
        }),
    };
    // One file is there once, whatever it says it is.
    component["bom-ref"] = json!(jar.file);
    component["hashes"] = json!([{"alg": "SHA-256", "content": jar.sha256}]);
    component["evidence"] = json!({"occurrences": [{"location": jar.file}]});
    if let Some(address) = locked
        .map(|locked| &locked.origin)
        .filter(|origin| origin.starts_with("http"))
    {
        component["externalReferences"] = json!([{"type": "distribution", "url": address}]);
    }
    let is_own = |one: &Coordinates| own.as_ref().is_some_and(|own| own.module() == one.module());
    let inside = jar.about.modules.iter().filter(|one| !is_own(one));
    let inside: Vec<Value> = inside.map(named).collect();
    if !inside.is_empty() {
        component["components"] = json!(inside);
    }
    component
}

fn named(jar: &Coordinates) -> Value {
    json!({
        "type": "library",
        "group": jar.group,
        "name": jar.artifact,
        "version": jar.version,
        "purl": jar.purl(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::about::About;
    use super::*;
    use crate::domain::shadow::Jar;

    #[test]
    fn a_jar_has_its_name_its_hash_and_what_is_inside() {
        let modules = ["g:a:1", "h:shaded:2"];
        let jar = Present {
            sha256: "0f".repeat(32),
            about: About {
                modules: modules.map(|name| name.parse().unwrap()).into(),
                ..About::default()
            },
            ..Present::of("a-1.jar", Ok(Jar::default()))
        };
        let nameless = Present::of("b.jar", Ok(Jar::default()));
        let page = Present::of("c.jar", Err(String::new()));
        let all = [jar, nameless, page];
        let made = document(&Lock::default(), "26.7.5", &all);
        assert_eq!(made, document(&Lock::default(), "26.7.5", &all));
        let components = made["components"].as_array().unwrap();
        assert_eq!(components.len(), 2);
        assert_eq!(components[0]["purl"], "pkg:maven/g/a@1");
        assert_eq!(components[0]["hashes"][0]["content"], "0f".repeat(32));
        assert_eq!(
            components[0]["components"][0]["purl"],
            "pkg:maven/h/shaded@2"
        );
        assert_eq!(components[1]["purl"], "pkg:generic/b?checksum=sha256:");
        let serial = made["serialNumber"].as_str().unwrap();
        assert_eq!(serial.len(), "urn:uuid:".len() + 36);
    }
}
