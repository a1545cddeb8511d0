use proptest::prelude::*;

use super::writer::{Class, Op};
use super::{Call, ClassFile, ClassUse, INTERFACE, PUBLIC, Reference, Returned, STATIC};

const BOOTSTRAP: (&str, &str) = ("java/lang/invoke/LambdaMetafactory", "metafactory");

fn sample() -> Vec<u8> {
    Class::new("org/example/Sample")
        .extends("org/example/Parent")
        .implements("org/example/Api")
        .implements("java/lang/Runnable")
        .field(STATIC, "NAME", "Ljava/lang/String;")
        .made()
        .guarded(
            PUBLIC,
            "run",
            "()V",
            &[
                Op::New("a/New"),
                Op::Cast("a/Cast"),
                Op::Class("a/Constant"),
                Op::Text("a.Text"),
                Op::GetStatic("a/Owner", "F", "I"),
                Op::GetField("a/Owner", "f", "I"),
                Op::Static("a/Owner", "s", "()V"),
                Op::Virtual("a/Owner", "v", "()V"),
                Op::Interface("a/Owner", "i", "()V"),
                Op::Lambda("org/example/Sample", "lambda$0", "()V"),
            ],
            Some("java/lang/LinkageError"),
        )
        .method(
            PUBLIC,
            "id",
            "()Ljava/lang/String;",
            &[Op::Text("sample"), Op::Raw(&[0xB0])],
        )
        .bytes()
}

#[test]
fn a_class_says_who_it_is_and_what_it_declares() {
    let bytes = sample();
    let class = ClassFile::parse(&bytes).unwrap();
    assert_eq!(class.name(), "org/example/Sample");
    assert_eq!(class.parent(), Some("org/example/Parent"));
    let interfaces: Vec<&str> = class.interfaces().collect();
    assert_eq!(interfaces, ["org/example/Api", "java/lang/Runnable"]);
    assert!(class.is(PUBLIC) && !class.is(INTERFACE));
    assert_eq!(class.major, 61);
    assert!(class.method("run", "()V").is_some());
    assert!(class.method("run", "(I)V").is_none());
    assert!(
        class
            .field("NAME", "Ljava/lang/String;")
            .unwrap()
            .is(STATIC)
    );
}

#[test]
fn code_names_what_it_needs() {
    let bytes = sample();
    let class = ClassFile::parse(&bytes).unwrap();
    let (_, run) = class.method("run", "()V").unwrap();
    let code = class.code(run).unwrap();
    let found: Vec<Reference<'_>> = code.sites.iter().map(|site| site.reference).collect();
    let used = |name, used| Reference::Class { name, used };
    let field = |name, is_static| Reference::Field {
        owner: "a/Owner",
        name,
        descriptor: "I",
        is_static,
    };
    let method = |owner, name, call, of_interface| Reference::Method {
        owner,
        name,
        descriptor: "()V",
        call,
        of_interface,
    };
    assert_eq!(
        found,
        [
            used("java/lang/LinkageError", ClassUse::Type),
            used("a/New", ClassUse::New),
            used("a/Cast", ClassUse::Type),
            used("a/Constant", ClassUse::Constant),
            Reference::Text("a.Text"),
            field("F", true),
            field("f", false),
            method("a/Owner", "s", Call::Static, false),
            method("a/Owner", "v", Call::Virtual, false),
            method("a/Owner", "i", Call::Virtual, true),
            method(BOOTSTRAP.0, BOOTSTRAP.1, Call::Static, false),
            method("org/example/Sample", "lambda$0", Call::Static, false),
        ]
    );
    assert_eq!(code.handlers[0].catches, Some("java/lang/LinkageError"));
    assert_eq!((code.handlers[0].start, code.handlers[0].end), (0, 34));
}

#[test]
fn a_method_that_returns_a_constant_is_seen_as_such() {
    let bytes = sample();
    let class = ClassFile::parse(&bytes).unwrap();
    let returned = |name, descriptor| class.returned(class.method(name, descriptor).unwrap().1);
    assert_eq!(
        returned("id", "()Ljava/lang/String;"),
        Some(Returned::Text("sample"))
    );
    assert_eq!(returned("run", "()V"), None);
}

#[test]
fn switches_are_walked_over() {
    let table: &[u8] = &[
        0, 0xAA, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let lookup: &[u8] = &[
        0xAB, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0,
    ];
    let bytes = Class::new("x/Y")
        .method(
            PUBLIC,
            "m",
            "()V",
            &[
                Op::Raw(table),
                Op::Raw(lookup),
                Op::Raw(&[0xC4, 0x84, 0, 1, 0, 1]),
                Op::New("a/B"),
            ],
        )
        .bytes();
    let class = ClassFile::parse(&bytes).unwrap();
    let code = class.code(&class.methods[0]).unwrap();
    assert_eq!(code.sites.len(), 1);
    assert_eq!(code.sites[0].at, table.len() + lookup.len() + 6);
}

/// Everything that reads a class file.
fn read(bytes: &[u8]) -> usize {
    let Ok(class) = ClassFile::parse(bytes) else {
        return 0;
    };
    let mut seen = class.name().len() + class.parent().map_or(0, str::len);
    seen += class.interfaces().map(str::len).sum::<usize>();
    for member in class.fields.iter().chain(&class.methods) {
        seen += class.name_of(member).len() + class.descriptor_of(member).len();
        seen += class.code(member).map_or(0, |code| code.sites.len());
        seen += usize::from(class.returned(member).is_some());
    }
    seen
}

#[test]
fn a_class_file_cut_anywhere_is_no_class_file() {
    let bytes = sample();
    assert!(read(&bytes) > 0);
    for end in 0..bytes.len() {
        assert!(ClassFile::parse(&bytes[..end]).is_err(), "cut at {end}");
    }
}

proptest! {
    #![proptest_config(crate::domain::tries(2_000))]

    /// Reading ends, without a panic, whatever bytes of a class file are changed.
    #[test]
    fn mutated_class_files_do_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = sample();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_right_beginning_do_no_harm(tail in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = sample()[..40].to_vec();
        bytes.extend(tail);
        read(&bytes);
    }
}
