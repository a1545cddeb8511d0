mod linking;
mod services;

use super::{Check, Fault, Protocols, ProviderJar, Severity, faults};
use crate::domain::class_file::writer::{Class, Op};
use crate::domain::class_file::{ABSTRACT, FINAL, INTERFACE, PRIVATE, PUBLIC, STATIC};
use crate::domain::keycloak_index::{Builder, KeycloakIndex};

const FACTORY: &str = "org/keycloak/events/ListenerFactory";
const API: u16 = PUBLIC | INTERFACE | ABSTRACT;

/// A small Keycloak.
fn keycloak() -> KeycloakIndex {
    let spi = Class::new("org/keycloak/events/ListenerSpi")
        .implements("org/keycloak/provider/Spi")
        .method(PUBLIC, "isInternal", "()Z", &[Op::Raw(&[4, 0xAC])])
        .method(
            PUBLIC,
            "getName",
            "()Ljava/lang/String;",
            &[Op::Text("listener"), Op::Raw(&[0xB0])],
        )
        .method(
            PUBLIC,
            "getProviderFactoryClass",
            "()Ljava/lang/Class;",
            &[Op::Class(FACTORY), Op::Raw(&[0xB0])],
        );
    let classes = [
        Class::new("org/keycloak/provider/ProviderFactory")
            .access(API)
            .method(PUBLIC | ABSTRACT, "close", "()V", &[]),
        Class::new(FACTORY)
            .access(API)
            .implements("org/keycloak/provider/ProviderFactory")
            .method(PUBLIC | ABSTRACT, "create", "()V", &[])
            .method(PUBLIC, "order", "()I", &[]),
        spi,
        Class::new("org/keycloak/Cors")
            .method(PUBLIC | STATIC, "cors", "()Lorg/keycloak/Cors;", &[])
            .method(
                PUBLIC,
                "checkAllowedOrigins",
                "(Lorg/keycloak/Token;)V",
                &[],
            )
            .field(PUBLIC | STATIC, "NAME", "Ljava/lang/String;"),
        Class::new("org/keycloak/Sealed").access(PUBLIC | FINAL),
        Class::new("org/keycloak/Kind").access(API),
        Class::new("org/jgroups/protocols/FILE_PING")
            .made()
            .method(PUBLIC, "init", "()V", &[]),
    ];
    let mut builder = Builder::default();
    builder.jar("org.keycloak.keycloak-services-1.jar", "0f");
    for class in classes {
        builder.class(&class.bytes()).unwrap();
    }
    builder.finish()
}

fn jar(file: &str, classes: Vec<Class>) -> ProviderJar {
    let named = |class: Class| {
        let bytes = class.bytes();
        let name = crate::domain::class_file::ClassFile::parse(&bytes)
            .unwrap()
            .name()
            .to_owned();
        (name, bytes)
    };
    ProviderJar {
        file: file.to_owned(),
        classes: classes.into_iter().map(named).collect(),
        ..ProviderJar::default()
    }
}

/// A listener whose `create` does `ops`, and the classes beside it.
fn provider(ops: &[Op<'_>], others: Vec<Class>) -> ProviderJar {
    let listener = Class::new("org/example/kc/Listener")
        .implements(FACTORY)
        .made()
        .method(PUBLIC, "create", "()V", ops)
        .method(PUBLIC, "close", "()V", &[]);
    let mut jar = jar(
        "listener.jar",
        std::iter::once(listener).chain(others).collect(),
    );
    jar.services.insert(
        FACTORY.replace('/', "."),
        b"# ours\r\n\r\norg.example.kc.Listener # it\r\n".to_vec(),
    );
    jar
}

fn check(jars: &[ProviderJar]) -> Vec<Fault> {
    let mut found = faults(jars, &keycloak(), "26.7.5", &[]);
    // Every provider here implements an internal extension point.
    found.retain(|fault| fault.check != Check::Internal);
    found
}

fn errors(jars: &[ProviderJar]) -> Vec<String> {
    let of = |fault: Fault| (fault.severity == Severity::Error).then_some(fault.what);
    check(jars).into_iter().filter_map(of).collect()
}
