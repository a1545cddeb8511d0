//! What is entered: services files and protocols.

use std::collections::BTreeSet;

use super::*;

#[test]
fn services_files_name_what_can_be_made() {
    let broken = |text: &[u8], classes| {
        let mut jar = jar("a.jar", classes);
        jar.services
            .insert(FACTORY.replace('/', "."), text.to_vec());
        check(&[jar])
    };
    let sound = || {
        Class::new("x/P")
            .implements(FACTORY)
            .made()
            .method(PUBLIC, "create", "()V", &[])
            .method(PUBLIC, "close", "()V", &[])
    };
    let missing = broken(b"x.P", vec![]);
    assert!(
        missing[0].what.contains(
            "offers x.P as org.keycloak.events.ListenerFactory, and no jar has that class"
        ),
        "{missing:?}"
    );
    let other = broken(b"x.P", vec![Class::new("x/P").made()]);
    assert!(
        other[0].what.contains("which it does not implement"),
        "{other:?}"
    );
    let no_constructor = broken(
        b"x.P",
        vec![
            Class::new("x/P")
                .implements(FACTORY)
                .access(PUBLIC | ABSTRACT),
        ],
    );
    assert!(
        no_constructor[0]
            .what
            .contains("abstract or has no public constructor"),
        "{no_constructor:?}"
    );
    let bom = broken(b"\xEF\xBB\xBFx.P", vec![sound()]);
    assert!(bom[0].what.contains("byte order mark"), "{bom:?}");
    assert!(broken(b"# comment\r\n\r\nx.P\r\n", vec![sound()]).is_empty());
    let mut unknown = jar("a.jar", vec![]);
    unknown
        .services
        .insert("org.keycloak.Nothing".to_owned(), b"x.P".to_vec());
    let unknown = check(&[unknown]);
    assert_eq!(
        (unknown[0].check, unknown[0].severity),
        (Check::Services, Severity::Warning)
    );
}

#[test]
fn internal_extension_points_are_listed_once_a_jar() {
    let found = faults(&[provider(&[], vec![])], &keycloak(), "26.7.5", &[]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].check, found[0].severity),
        (Check::Internal, Severity::Note)
    );
    assert!(
        found[0]
            .what
            .ends_with("org.keycloak.events.ListenerFactory (listener)"),
        "{found:?}"
    );
}

#[test]
fn a_protocol_of_the_cache_configuration_is_an_entry() {
    let ping = Class::new("org/jgroups/protocols/aws/S3_PING")
        .extends("org/jgroups/protocols/FILE_PING")
        .made()
        .method(PUBLIC, "init", "()V", &[Op::New("software/sdk/Client")]);
    let jars = [jar("jgroups-aws.jar", vec![ping])];
    let named = |name: &str| {
        [Protocols {
            file: "cache.xml".to_owned(),
            names: BTreeSet::from([name.to_owned()]),
        }]
    };
    let found = faults(&jars, &keycloak(), "26.7.5", &named("aws.S3_PING"));
    assert!(found[0].what.contains("software.sdk.Client"), "{found:?}");
    assert_eq!(
        faults(&jars, &keycloak(), "26.7.5", &named("FILE_PING")),
        []
    );
    let gone = faults(&jars, &keycloak(), "26.7.5", &named("aws.GONE"));
    assert_eq!(
        (gone[0].file.as_str(), gone[0].severity),
        ("cache.xml", Severity::Error)
    );
}

#[test]
fn what_a_driver_needs_to_be_loaded_is_not_optional() {
    let driver = |initialiser: &[Op<'_>], connect: &[Op<'_>]| {
        let class = Class::new("org/db/Driver")
            .implements("java/sql/Driver")
            .made()
            .method(STATIC, "<clinit>", "()V", initialiser)
            .method(PUBLIC, "connect", "()V", connect);
        let mut jar = jar("db.jar", vec![class]);
        let services = "java.sql.Driver".to_owned();
        jar.services.insert(services, b"org.db.Driver".to_vec());
        let found = faults(&[jar], &keycloak(), "26.7.5", &[]);
        found.iter().map(|fault| fault.severity).collect::<Vec<_>>()
    };
    let gone = [Op::New("org/other/Gone")];
    assert_eq!(driver(&gone, &[]), [Severity::Error]);
    assert_eq!(driver(&[], &gone), [Severity::Note]);
}

#[test]
fn an_entity_needs_a_name_of_its_own() {
    let mut builder = Builder::default();
    builder.jar("org.keycloak.keycloak-model-jpa-1.jar", "0f");
    let own = Class::new("org/keycloak/jpa/UserEntity").entity(None);
    builder.class(&own.bytes()).unwrap();
    let index = KeycloakIndex::from_bytes(&builder.finish().to_bytes()).unwrap();
    let told = |class: &str, name: Option<&str>| {
        let entity = Class::new(class).entity(name);
        let other = jar("z.jar", vec![Class::new("z/Z").entity(Some("Theirs"))]);
        let jars = [jar("a.jar", vec![entity]), other];
        let found = faults(&jars, &index, "26.7.5", &[]);
        found
            .into_iter()
            .map(|fault| fault.what)
            .collect::<String>()
    };
    assert_eq!(told("a/UserEntity", Some("AUser")), "");
    assert!(told("a/UserEntity", None).contains("Keycloak 26.7.5: org.keycloak.jpa.UserEntity"));
    assert!(told("a/B", Some("UserEntity")).contains("the name UserEntity"));
    assert!(told("a/B", Some("Theirs")).contains("a.jar: a.B; Keycloak does not start"));
}
