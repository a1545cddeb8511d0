//! What jars say of themselves: manifests, signatures, POMs, times.

use std::path::Path;
use std::process::Command;

use super::packed::{folder, made};
use super::writer::Class;
use super::{jar, jar_of};
use crate::support::{Ended, Step};

/// The verdict on a folder with these jars, against a Keycloak with a class and a module without classes.
fn verdict(jars: &[(&str, Vec<u8>)]) -> Ended {
    let step = folder(jars);
    let lib = step.folder.path().join("keycloak/lib");
    std::fs::create_dir_all(&lib).unwrap();
    std::fs::write(lib.join("own.jar"), jar("org/keycloak/Own")).unwrap();
    let themes = jar_of(&[("theme/base/login/login.ftl", b"")]);
    std::fs::write(lib.join("org.keycloak.keycloak-themes-26.7.5.jar"), themes).unwrap();
    step.run("verify-providers", &["--keycloak-home", "keycloak"])
}

fn refused(jars: &[(&str, Vec<u8>)], told: &str) {
    let ended = verdict(jars);
    assert_eq!(ended.code, 3, "{told}: {}", ended.log);
    assert!(ended.log.contains(told), "{told}: {}", ended.log);
}

/// A jar that says which artifact it is.
fn named(module: &str, version: &str, class: &str) -> Vec<u8> {
    let properties = format!("groupId=x\nversion={version}\n");
    let bytes = Class::new(class).made().bytes();
    jar_of(&[
        (
            &format!("META-INF/maven/{module}/pom.properties"),
            properties.as_bytes(),
        ),
        (&format!("{class}.class"), &bytes),
    ])
}

#[test]
fn classes_for_newer_java_count_if_the_manifest_says_so() {
    let class = jar("org/keycloak/Own");
    let with = |said: &str| {
        let program = format!(
            "import io\nown = zipfile.ZipFile(io.BytesIO({class:?})).read('org/keycloak/Own.class')\n\
             jar.writestr('META-INF/MANIFEST.MF', 'Manifest-Version: 1.0\\n{said}\\n')\n\
             jar.writestr('META-INF/versions/17/org/keycloak/Own.class', own)"
        )
        .replace(&format!("{class:?}"), &format!("bytes({class:?})"));
        made(&program)
    };
    let unused = verdict(&[("a.jar", with("Multi-Release: false\\n"))]);
    assert_eq!(unused.code, 0, "{}", unused.log);
    refused(
        &[("a.jar", with("Multi-Release: true\\n"))],
        "title=shadows-keycloak::a.jar holds 1 classes",
    );
}

#[test]
fn a_module_of_keycloaks_without_classes_is_refused() {
    let properties = "META-INF/maven/org.keycloak/keycloak-themes/pom.properties";
    let themes = jar_of(&[(properties, b"version=26.7.2\n")]);
    let told = "themes.jar is a module of Keycloak's, which has its own org.keycloak.keycloak-themes-26.7.5.jar";
    refused(&[("themes.jar", themes)], told);
}

#[test]
fn two_versions_are_named_by_what_the_jars_say() {
    let old = named("g/a", "1.0", "x/Old");
    let new = named("g/a", "2.0", "x/New");
    refused(
        &[("old.jar", old.clone()), ("new.jar", new)],
        "title=two-versions::g:a is there in 2 versions",
    );
    let other = named("g/b", "2.0", "x/New");
    assert_eq!(verdict(&[("old.jar", old), ("new.jar", other)]).code, 0);
}

#[test]
fn a_provider_for_another_minor_version_of_keycloak_is_told() {
    let pom = "<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version>\
        <properties><kc>26.5.7</kc></properties><dependencies><dependency><groupId>org.keycloak</groupId>\
        <artifactId>keycloak-server-spi</artifactId><version>${kc}</version></dependency></dependencies></project>";
    let bytes = jar_of(&[
        ("META-INF/maven/g/a/pom.properties", b"version=1\n"),
        ("META-INF/maven/g/a/pom.xml", pom.as_bytes()),
    ]);
    let ended = verdict(&[("a.jar", bytes)]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    let told = "title=built-for::a.jar was built for Keycloak 26.5.7, older than 26.7.5";
    assert!(ended.log.contains(told), "{}", ended.log);
}

#[test]
fn a_time_with_a_fraction_is_told() {
    let bytes = named("g/a", "1", "x/A");
    let step: Step = folder(&[("a.jar", bytes)]);
    std::fs::create_dir_all(step.folder.path().join("kc/lib")).unwrap();
    std::fs::write(step.folder.path().join("kc/lib/own.jar"), jar("k/K")).unwrap();
    let file = std::fs::File::options()
        .append(true)
        .open(step.folder.path().join("jars/a.jar"));
    let file = file.unwrap();
    for (nanoseconds, notes) in [(5_000_000, 1), (0, 0)] {
        let time = std::time::UNIX_EPOCH + std::time::Duration::new(1_000_000_000, nanoseconds);
        file.set_modified(time).unwrap();
        let ended = step.run("verify-providers", &["--keycloak-home", "kc"]);
        assert_eq!(ended.code, 0, "{}", ended.log);
        assert_eq!(
            ended.log.matches("title=file-time::a.jar").count(),
            notes,
            "{}",
            ended.log
        );
    }
}

/// A jar with two classes, signed by the JDK's own tool.
fn signed() -> Vec<u8> {
    let home = tempfile::tempdir().unwrap();
    let (a, b) = (Class::new("x/A").bytes(), Class::new("x/B").bytes());
    let properties = "META-INF/maven/g/a/pom.properties";
    let bytes = jar_of(&[
        (properties, b"version=1\n"),
        ("x/A.class", &a),
        ("x/B.class", &b),
    ]);
    std::fs::write(home.path().join("a.jar"), bytes).unwrap();
    let common = [
        "-keystore",
        "keys",
        "-storepass",
        "secret",
        "-keypass",
        "secret",
    ];
    tool(
        home.path(),
        "keytool",
        &[
            &[
                "-genkeypair",
                "-alias",
                "ours",
                "-keyalg",
                "EC",
                "-dname",
                "CN=x",
            ],
            &common[..],
        ]
        .concat(),
    );
    tool(
        home.path(),
        "jarsigner",
        &[&common[..], &["a.jar", "ours"]].concat(),
    );
    std::fs::read(home.path().join("a.jar")).unwrap()
}

fn tool(folder: &Path, name: &str, arguments: &[&str]) {
    let output = Command::new(name)
        .args(arguments)
        .current_dir(folder)
        .output();
    let output = output.expect("a JDK's tools");
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn a_signed_jar_is_what_was_signed() {
    let signed = signed();
    let edited = |condition: &str, more: &str| {
        made(&format!(
            "import io\nold = zipfile.ZipFile(io.BytesIO(bytes({signed:?})))\n\
             for name in old.namelist():\n    if {condition}: jar.writestr(name, old.read(name))\n{more}"
        ))
    };
    let sound = verdict(&[("a.jar", signed.clone())]);
    assert_eq!(sound.code, 0, "{}", sound.log);
    assert!(!sound.log.contains("title=signature"), "{}", sound.log);
    let changed = edited(
        "name != 'x/A.class'",
        "jar.writestr('x/A.class', old.read('x/B.class'))",
    );
    refused(
        &[("a.jar", changed)],
        "title=signature::a.jar was changed after it was signed: x/A.class",
    );
    let added = edited("True", "jar.writestr('x/C.class', old.read('x/A.class'))");
    refused(
        &[("a.jar", added)],
        "its signature does not cover, such as x/C.class",
    );
    let other = edited(
        "name != 'META-INF/MANIFEST.MF'",
        "jar.writestr('META-INF/MANIFEST.MF', old.read('META-INF/MANIFEST.MF').replace(b'Version: 1', b'Version: 2'))",
    );
    refused(
        &[("a.jar", other)],
        "is not the one that META-INF/OURS.SF signs",
    );
    let stripped = edited("not name.endswith('.EC')", "");
    let left = verdict(&[("a.jar", stripped)]);
    assert_eq!(left.code, 0, "{}", left.log);
    assert!(
        left.log
            .contains("::notice file=jars/a.jar,title=signature"),
        "{}",
        left.log
    );
}

#[test]
fn a_bill_of_materials_names_every_jar_and_what_is_inside() {
    let properties = [
        "META-INF/maven/g/a/pom.properties",
        "META-INF/maven/h/shaded/pom.properties",
    ];
    let bytes = jar_of(&[
        (properties[0], b"version=1.0\n"),
        (properties[1], b"version=2.0\n"),
    ]);
    let step = folder(&[("a-1.0.jar", bytes.clone()), ("b.jar", jar("x/B"))]);
    let home = step.folder.path().join("kc/lib");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("own.jar"), jar("k/K")).unwrap();
    let made = || {
        let arguments = ["--keycloak-home", "kc", "--sbom", "jars.cdx.json"];
        let ended = step.run("verify-providers", &arguments);
        assert_eq!(ended.code, 0, "{}", ended.log);
        std::fs::read_to_string(step.folder.path().join("jars.cdx.json")).unwrap()
    };
    let text = made();
    assert_eq!(text, made(), "the same again");
    let bill: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&bill["bomFormat"], &bill["specVersion"]),
        (&"CycloneDX".into(), &"1.5".into())
    );
    let first = &bill["components"][0];
    assert_eq!(first["purl"], "pkg:maven/g/a@1.0");
    assert_eq!(first["hashes"][0]["content"], super::sha256(&bytes));
    assert_eq!(first["components"][0]["purl"], "pkg:maven/h/shaded@2.0");
    let second = bill["components"][1]["purl"].as_str().unwrap();
    assert!(
        second.starts_with("pkg:generic/b?checksum=sha256:"),
        "{second}"
    );
}
