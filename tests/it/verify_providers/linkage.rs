//! Whether providers link: the linkage check, end to end.

use super::writer::{Class, Op};
use super::{Team, jar_of};

const FACTORY: &str = "org/keycloak/ListenerFactory";

/// A Keycloak that has an extension point and a class that providers call.
fn keycloak_jar(method: &str) -> Vec<u8> {
    let factory = Class::new(FACTORY)
        .access(0x0601)
        .method(0x0401, "create", "()V", &[]);
    let cors = Class::new("org/keycloak/Cors").method(0x0009, method, "()V", &[]);
    jar_of(&[
        (&format!("{FACTORY}.class"), &factory.bytes()),
        ("org/keycloak/Cors.class", &cors.bytes()),
    ])
}

/// A provider whose `create` calls a method of Keycloak's.
fn listener_jar() -> Vec<u8> {
    let call = [Op::Static("org/keycloak/Cors", "allowedOrigins", "()V")];
    let listener = Class::new("org/example/Listener")
        .implements(FACTORY)
        .made()
        .method(0x0001, "create", "()V", &call);
    jar_of(&[
        ("org/example/Listener.class", &listener.bytes()),
        (
            "META-INF/services/org.keycloak.ListenerFactory",
            b"org.example.Listener\n",
        ),
    ])
}

#[test]
fn a_method_that_keycloak_no_longer_has_is_named() {
    for (method, code) in [("allowedOrigins", 0), ("checkAllowedOrigins", 3)] {
        let team = Team::of(None, listener_jar());
        std::fs::write(
            team.path("keycloak/lib/lib/main/own.jar"),
            keycloak_jar(method),
        )
        .unwrap();
        for operation in ["lock", "fetch"] {
            assert_eq!(team.run(operation).code, 0);
        }
        let ended = team.run("verify");
        assert_eq!(ended.code, code, "{method}: {}", ended.log);
        let named = "org.example.Listener.create uses org.keycloak.Cors.allowedOrigins(): void, which Keycloak 26.7.5 does not have";
        assert_eq!(ended.log.contains(named), code == 3, "{}", ended.log);
    }
}

#[test]
fn a_protocol_that_no_jar_has_is_an_error_of_the_cache_configuration() {
    let team = Team::locked_and_fetched();
    let stack =
        "<infinispan><jgroups><stack name=\"s3\"><aws.S3_PING/></stack></jgroups></infinispan>";
    std::fs::write(team.path("docker/cache-ispn-s3.xml"), stack).unwrap();
    let ended = team.run("verify");
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(
        ended
            .log
            .contains("docker/cache-ispn-s3.xml names the JGroups protocol aws.S3_PING"),
        "{}",
        ended.log
    );
}

#[test]
fn an_entity_with_the_name_of_one_of_keycloaks_is_refused() {
    let entity = |class: &str, name| {
        let bytes = Class::new(class).entity(name).bytes();
        jar_of(&[(&format!("{class}.class"), &bytes)])
    };
    for (name, code) in [(None, 3), (Some("OurUser"), 0)] {
        let team = Team::of(None, entity("org/example/UserEntity", name));
        let own = entity("org/keycloak/jpa/UserEntity", None);
        std::fs::write(team.path("keycloak/lib/lib/main/own.jar"), own).unwrap();
        for operation in ["lock", "fetch"] {
            assert_eq!(team.run(operation).code, 0);
        }
        let ended = team.run("verify");
        assert_eq!(ended.code, code, "{name:?}: {}", ended.log);
        let told = "title=entity::provider-1.0.jar has the entity org.example.UserEntity";
        assert_eq!(ended.log.contains(told), code == 3, "{}", ended.log);
    }
}

#[test]
fn an_update_to_another_keycloak_says_what_would_break() {
    let team = Team::of(None, listener_jar());
    std::fs::write(
        team.path("keycloak/lib/lib/main/own.jar"),
        keycloak_jar("allowedOrigins"),
    )
    .unwrap();
    for operation in ["lock", "fetch", "verify"] {
        assert_eq!(team.run(operation).code, 0, "{operation}");
    }
    let next = |version: &str, method: &str| {
        let lib = team.path("next/lib");
        std::fs::create_dir_all(&lib).unwrap();
        std::fs::write(lib.join("own.jar"), keycloak_jar(method)).unwrap();
        let arguments = [
            "--operation",
            "update",
            "--keycloak-home",
            "next",
            "--keycloak",
            version,
        ];
        team.step.run("verify-providers", &arguments)
    };
    let lock = std::fs::read_to_string(team.path("docker/providers.lock")).unwrap();
    let fits = next("26.8.0", "allowedOrigins");
    assert_eq!(fits.code, 0, "{}", fits.log);
    assert!(fits.log.contains("of Keycloak 26.8.0"), "{}", fits.log);
    let breaks = next("26.8.0", "checkAllowedOrigins");
    assert_eq!(breaks.code, 3, "{}", breaks.log);
    for told in [
        "allowedOrigins(): void, which Keycloak 26.8.0 does not have",
        "docker/providers does not fit Keycloak 26.8.0; findings: 1",
    ] {
        assert!(breaks.log.contains(told), "{told}: {}", breaks.log);
    }
    assert_eq!(
        lock,
        std::fs::read_to_string(team.path("docker/providers.lock")).unwrap()
    );
    let nonsense = next("soon", "allowedOrigins");
    assert_eq!(nonsense.code, 2, "{}", nonsense.log);
    assert!(
        nonsense.log.contains("`keycloak` is \"soon\""),
        "{}",
        nonsense.log
    );
}
