//! V6 and V10.

use super::*;

const SOUND: [Op<'static>; 4] = [
    Op::Static("org/keycloak/Cors", "cors", "()Lorg/keycloak/Cors;"),
    Op::Virtual(
        "org/keycloak/Cors",
        "checkAllowedOrigins",
        "(Lorg/keycloak/Token;)V",
    ),
    Op::GetStatic("org/keycloak/Cors", "NAME", "Ljava/lang/String;"),
    Op::Virtual("org/keycloak/Cors", "toString", "()Ljava/lang/String;"),
];

#[test]
fn a_provider_that_links_has_no_fault() {
    assert_eq!(check(&[provider(&SOUND, vec![])]), []);
}

#[test]
fn what_reachable_code_misses_is_named() {
    let wrong = [
        (
            Op::Virtual(
                "org/keycloak/Cors",
                "allowedOrigins",
                "(Lorg/keycloak/Token;)V",
            ),
            "org.example.kc.Listener.create uses org.keycloak.Cors.allowedOrigins(Token): void, which Keycloak 26.7.5 does not have",
        ),
        (
            Op::GetStatic("org/keycloak/Cors", "OLD", "I"),
            "org.example.kc.Listener.create uses org.keycloak.Cors.OLD: int, which Keycloak 26.7.5 does not have",
        ),
        (
            Op::New("org/keycloak/Gone"),
            "org.example.kc.Listener.create needs org.keycloak.Gone, which neither Keycloak 26.7.5 nor a jar here has",
        ),
        (
            Op::New("com/other/Library"),
            "org.example.kc.Listener.create needs com.other.Library, which neither Keycloak 26.7.5 nor a jar here has",
        ),
        (
            Op::Virtual("org/keycloak/Cors", "cors", "()Lorg/keycloak/Cors;"),
            "org.example.kc.Listener.create uses org.keycloak.Cors.cors(): Cors, which in Keycloak 26.7.5 is static and was not, or the other way round",
        ),
        (
            Op::Virtual("org/keycloak/Kind", "toString", "()Ljava/lang/String;"),
            "org.example.kc.Listener.create uses org.keycloak.Kind as a class, and in Keycloak 26.7.5 it is an interface",
        ),
        (
            Op::Interface("org/keycloak/Cors", "cors", "()V"),
            "org.example.kc.Listener.create uses org.keycloak.Cors as an interface, and in Keycloak 26.7.5 it is a class",
        ),
        (
            Op::New("org/keycloak/Kind"),
            "org.example.kc.Listener.create makes objects of org.keycloak.Kind, which is abstract in Keycloak 26.7.5",
        ),
        (
            Op::New("javax/ws/rs/core/Cookie"),
            "org.example.kc.Listener.create needs javax.ws.rs.core.Cookie, which neither Keycloak 26.7.5 nor a jar here has",
        ),
    ];
    for (op, what) in wrong {
        assert_eq!(errors(&[provider(&[op], vec![])]), [what]);
    }
    let old = check(&[provider(&[Op::New("javax/ws/rs/core/Cookie")], vec![])]);
    assert_eq!(old[0].check, Check::JavaEe);
    for of_the_jdk in ["javax/sql/DataSource", "java/util/Gone", "sun/misc/Gone"] {
        assert_eq!(check(&[provider(&[Op::New(of_the_jdk)], vec![])]), []);
    }
}

#[test]
fn only_what_can_run_counts() {
    let bad = [Op::New("org/keycloak/Gone")];
    let helper = |access, name: &str| {
        Class::new("org/example/kc/Helper")
            .made()
            .method(access, name, "()V", &bad)
    };
    assert!(
        check(&[provider(&[], vec![helper(PUBLIC, "help")])]).is_empty(),
        "nobody calls it"
    );
    let calls: [&[Op<'_>]; 4] = [
        &[Op::Static("org/example/kc/Helper", "help", "()V")],
        &[Op::Lambda("org/example/kc/Helper", "help", "()V")],
        &[
            Op::New("org/example/kc/Helper"),
            Op::Virtual("org/example/kc/Helper", "help", "()V"),
        ],
        &[
            Op::Class("org/example/kc/Helper"),
            Op::Virtual("org/example/kc/Helper", "help", "()V"),
        ],
    ];
    for (number, call) in calls.into_iter().enumerate() {
        let access = if number < 2 { PUBLIC | STATIC } else { PUBLIC };
        let found = errors(&[provider(call, vec![helper(access, "help")])]);
        assert_eq!(found.len(), 1, "{call:?}: {found:?}");
        assert!(
            found[0].ends_with("(reached from org.example.kc.Listener)"),
            "{found:?}"
        );
    }
    let initialiser = helper(STATIC, "<clinit>").field(PUBLIC | STATIC, "F", "I");
    let touched = [Op::GetStatic("org/example/kc/Helper", "F", "I")];
    assert_eq!(errors(&[provider(&touched, vec![initialiser])]).len(), 1);
}

#[test]
fn a_virtual_call_reaches_the_classes_that_are_made() {
    let api = || {
        Class::new("org/example/kc/Api")
            .access(API)
            .method(PUBLIC | ABSTRACT, "act", "()V", &[])
    };
    let act = |name: &str| {
        Class::new(name)
            .implements("org/example/kc/Api")
            .made()
            .method(PUBLIC, "act", "()V", &[Op::New("org/keycloak/Gone")])
    };
    let call = Op::Interface("org/example/kc/Api", "act", "()V");
    let make = [
        Op::New("org/example/kc/A"),
        Op::Special("org/example/kc/A", "<init>", "()V"),
    ];
    let both = || vec![api(), act("org/example/kc/A"), act("org/example/kc/B")];
    assert!(
        errors(&[provider(&[call], both())]).is_empty(),
        "no object has it"
    );
    for ops in [[make[0], make[1], call], [call, make[0], make[1]]] {
        let found = errors(&[provider(&ops, both())]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("org.example.kc.A.act"), "{found:?}");
    }
}

#[test]
fn what_a_library_misses_is_a_note_and_what_it_wants_of_keycloak_an_error() {
    let library = |op| Class::new("com/library/Tool").method(PUBLIC | STATIC, "use", "()V", &[op]);
    let call = [Op::Static("com/library/Tool", "use", "()V")];
    let optional = check(&[provider(&call, vec![library(Op::New("com/optional/Gone"))])]);
    assert_eq!(optional.len(), 1);
    assert_eq!(optional[0].severity, Severity::Note);
    assert!(
        optional[0].what.contains("com.optional.Gone"),
        "{optional:?}"
    );
    let wants = vec![library(Op::New("org/keycloak/Gone"))];
    assert_eq!(errors(&[provider(&call, wants)]).len(), 1);
}

#[test]
fn code_that_expects_absence_is_no_error() {
    let guarded = |catches| {
        Class::new("org/example/kc/Helper").guarded(
            PUBLIC | STATIC,
            "help",
            "()V",
            &[Op::New("com/optional/Gone")],
            Some(catches),
        )
    };
    let call = [Op::Static("org/example/kc/Helper", "help", "()V")];
    for exception in [
        "java/lang/NoClassDefFoundError",
        "java/lang/LinkageError",
        "java/lang/Throwable",
    ] {
        assert!(
            errors(&[provider(&call, vec![guarded(exception)])]).is_empty(),
            "{exception}"
        );
    }
    for exception in ["java/lang/Exception", "java/io/IOException"] {
        assert_eq!(
            errors(&[provider(&call, vec![guarded(exception)])]).len(),
            1,
            "{exception}"
        );
    }
}

#[test]
fn types_that_changed_their_kind_are_errors() {
    let make = [Op::New("org/example/kc/Sub")];
    let sub = || Class::new("org/example/kc/Sub").made();
    for (class, what) in [
        (
            sub().extends("org/keycloak/Sealed"),
            "org.example.kc.Sub extends org.keycloak.Sealed, which is final in Keycloak 26.7.5",
        ),
        (
            sub().extends("org/keycloak/Kind"),
            "as a class, and in Keycloak 26.7.5 it is an interface",
        ),
        (
            sub().implements("org/keycloak/Cors"),
            "as an interface, and in Keycloak 26.7.5 it is a class",
        ),
        (
            sub().extends("org/keycloak/Gone"),
            "org.example.kc.Sub needs org.keycloak.Gone",
        ),
        (
            sub()
                .implements(FACTORY)
                .method(PUBLIC, "close", "()V", &[]),
            "org.example.kc.Sub does not implement org.keycloak.events.ListenerFactory.create(): void, which Keycloak 26.7.5 demands",
        ),
    ] {
        let found = errors(&[provider(&make, vec![class])]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(what), "{found:?}");
    }
}

#[test]
fn an_inherited_method_counts_as_implemented() {
    let base = Class::new("org/example/kc/Base")
        .access(PUBLIC | ABSTRACT)
        .made()
        .method(PUBLIC, "close", "()V", &[]);
    let sub = Class::new("org/example/kc/Sub")
        .extends("org/example/kc/Base")
        .implements(FACTORY)
        .made()
        .method(PUBLIC, "create", "()V", &[]);
    assert_eq!(
        check(&[provider(&[Op::New("org/example/kc/Sub")], vec![base, sub])]),
        []
    );
}

#[test]
fn another_jar_can_be_what_is_missing_or_what_misses() {
    let call = [
        Op::Static("com/library/Tool", "use", "()V"),
        Op::Static("com/library/Tool", "hidden", "()V"),
    ];
    let with = |method: &str| {
        let tool = Class::new("com/library/Tool").method(PRIVATE | STATIC, "hidden", "()V", &[]);
        jar(
            "tool-1.jar",
            vec![tool.method(PUBLIC | STATIC, method, "()V", &[])],
        )
    };
    let private = "org.example.kc.Listener.create uses com.library.Tool.hidden(): void, which tool-1.jar does not let others use";
    assert_eq!(errors(&[provider(&call, vec![]), with("use")]), [private]);
    let gone = "org.example.kc.Listener.create uses com.library.Tool.use(): void, which tool-1.jar does not have";
    assert_eq!(
        errors(&[provider(&call, vec![]), with("other")]),
        [private, gone]
    );
}

#[test]
fn a_class_file_that_cannot_be_read_is_an_error_where_it_is_loaded() {
    let mut jars = [provider(&[Op::New("org/example/kc/Broken")], vec![])];
    jars[0]
        .classes
        .push(("org/example/kc/Broken".to_owned(), b"<html>".to_vec()));
    assert!(errors(&jars)[0].contains("does not begin with 0xCAFEBABE"));
    let mut jars = [provider(&[], vec![])];
    jars[0]
        .classes
        .push(("org/example/kc/Broken".to_owned(), b"<html>".to_vec()));
    assert_eq!(check(&jars)[0].severity, Severity::Note);
}

#[test]
fn classes_that_are_their_own_parents_end_nowhere() {
    let a = Class::new("org/example/kc/A")
        .extends("org/example/kc/B")
        .made();
    let b = Class::new("org/example/kc/B")
        .extends("org/example/kc/A")
        .made();
    let ops = [
        Op::New("org/example/kc/A"),
        Op::Virtual("org/example/kc/A", "gone", "()V"),
    ];
    assert_eq!(errors(&[provider(&ops, vec![a, b])]).len(), 1);
}
