use super::{Builder, KeycloakIndex, MemberKey};
use crate::domain::class_file::writer::{Class, Op};
use crate::domain::class_file::{ABSTRACT, FINAL, INTERFACE, PRIVATE, PUBLIC, STATIC};

const SHA: &str = "0f";

fn api() -> Vec<u8> {
    Class::new("org/keycloak/Api")
        .access(PUBLIC | INTERFACE | ABSTRACT)
        .method(PUBLIC | ABSTRACT, "get", "(I)Ljava/lang/String;", &[])
        .method(PUBLIC, "hello", "()V", &[])
        .bytes()
}

fn model() -> Vec<u8> {
    Class::new("org/keycloak/Model")
        .access(PUBLIC | FINAL)
        .extends("java/util/ArrayList")
        .implements("org/keycloak/Api")
        .made()
        .field(PUBLIC | STATIC, "NAME", "Ljava/lang/String;")
        .field(PRIVATE, "secret", "I")
        .method(PUBLIC, "get", "(I)Ljava/lang/String;", &[])
        .bytes()
}

fn spi(internal: u8) -> Vec<u8> {
    Class::new("org/keycloak/ApiSpi")
        .implements("org/keycloak/provider/Spi")
        .method(
            PUBLIC,
            "isInternal",
            "()Z",
            &[Op::Raw(&[3 + internal, 0xAC])],
        )
        .method(
            PUBLIC,
            "getName",
            "()Ljava/lang/String;",
            &[Op::Text("api"), Op::Raw(&[0xB0])],
        )
        .method(
            PUBLIC,
            "getProviderFactoryClass",
            "()Ljava/lang/Class;",
            &[Op::Class("org/keycloak/Api"), Op::Raw(&[0xB0])],
        )
        .bytes()
}

fn index() -> KeycloakIndex {
    let mut builder = Builder::default();
    let nameless = Class::new("org/keycloak/Model$1").bytes();
    let hidden = Class::new("x/internal/Y")
        .method(PUBLIC, "m", "()V", &[])
        .bytes();
    builder.jar("org.keycloak.keycloak-a-1.jar", SHA);
    for class in [api(), model(), spi(1), nameless] {
        builder.class(&class).unwrap();
    }
    builder.jar("lib.jar", SHA);
    builder.class(&hidden).unwrap();
    assert!(builder.class(b"no class").is_err());
    builder.finish()
}

#[test]
fn a_class_is_found_with_its_kind_its_parents_and_its_jar() {
    let index = index();
    let model = index.class("org/keycloak/Model").unwrap();
    assert!(model.is_public() && model.is_final() && !model.is_interface() && !model.is_abstract());
    let parents: Vec<&str> = model.parents().collect();
    assert_eq!(parents, ["java/util/ArrayList", "org/keycloak/Api"]);
    assert_eq!(model.jar(), "org.keycloak.keycloak-a-1.jar");
    assert!(index.class("org/keycloak/Api").unwrap().is_interface());
    assert!(
        index.class("org/keycloak/Model$1").is_none(),
        "nobody can name it"
    );
    assert_eq!(index.len(), 4);
    assert_eq!(index.major, 61);
}

#[test]
fn members_are_those_that_others_may_use() {
    let index = index();
    let model = index.class("org/keycloak/Model").unwrap();
    let declares =
        |name, descriptor, is_static| model.declares(MemberKey::new(name, descriptor, is_static));
    assert!(declares("NAME", "Ljava/lang/String;", true));
    assert!(!declares("NAME", "Ljava/lang/String;", false));
    assert!(declares("<init>", "()V", false));
    assert!(!declares("secret", "I", false));
    assert!(
        declares("get", "(I)Ljava/lang/String;", false),
        "it has code for what its interface demands"
    );
    let api = index.class("org/keycloak/Api").unwrap();
    let demanded: Vec<(&str, &str)> = api.abstract_methods().collect();
    assert_eq!(demanded, [("get", "(I)Ljava/lang/String;")]);
    let hidden = index.class("x/internal/Y").unwrap();
    assert!(!hidden.lists_members());
    assert!(!hidden.declares(MemberKey::new("m", "()V", false)));
}

#[test]
fn extension_points_say_their_interface_and_whether_they_are_internal() {
    let index = index();
    let found = index.spi("org/keycloak/Api").unwrap();
    assert_eq!((found.name.as_str(), found.internal), ("api", true));
    assert!(index.spi("org/keycloak/Model").is_none());
}

#[test]
fn an_index_survives_writing() {
    let index = index();
    assert_eq!(KeycloakIndex::from_bytes(&index.to_bytes()), Some(index));
}

#[test]
fn a_damaged_index_is_none() {
    let bytes = index().to_bytes();
    for end in 0..bytes.len() {
        assert_eq!(
            KeycloakIndex::from_bytes(&bytes[..end]),
            None,
            "cut at {end}"
        );
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(KeycloakIndex::from_bytes(&changed), None, "changed at {at}");
    }
    assert_eq!(
        KeycloakIndex::from_bytes(&KeycloakIndex::default().to_bytes()),
        None
    );
}

#[test]
fn members_that_are_not_there_are_seldom_taken_for_present() {
    let mut class = Class::new("org/keycloak/Wide");
    for number in 0..100 {
        class = class.method(PUBLIC, &format!("m{number}"), "()V", &[]);
    }
    let bytes = class.bytes();
    let mut builder = Builder::default();
    builder.jar("a.jar", SHA);
    builder.class(&bytes).unwrap();
    let index = builder.finish();
    let wide = index.class("org/keycloak/Wide").unwrap();
    let declares = |number: u32| wide.declares(MemberKey::new(&format!("m{number}"), "()V", false));
    assert!((0..100).all(declares));
    let wrong = (100..20_100).filter(|number| declares(*number)).count();
    assert!(wrong < 30, "{wrong} of 20,000; one in 2,048 is expected");
}
