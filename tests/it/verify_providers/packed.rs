//! Jars that are built in a way that they must not be, and findings that are allowed.

use std::process::Command;

use super::writer::Class;
use super::{Team, jar, jar_of};
use crate::support::{Ended, Step, python};

/// A jar that Python's zipfile makes of this program, in which `jar` is the open archive.
pub(super) fn made(program: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.jar");
    let script = format!(
        "import sys, zipfile, warnings\nwarnings.simplefilter('ignore')\nwith zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as jar:\n{}\n",
        program
            .lines()
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    );
    let output = Command::new(python())
        .args(["-c", &script])
        .arg(&file)
        .output()
        .expect("Python; run `tests/tools/setup.sh python`");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::read(file).unwrap()
}

/// The verdict on a folder with this jar beside a sound one.
fn verdict(file: &str, bytes: &[u8]) -> Ended {
    let team = Team::locked_and_fetched();
    for listed in ["providers.yml", "providers.lock"] {
        std::fs::remove_file(team.path("docker").join(listed)).unwrap();
    }
    std::fs::write(team.path("docker/providers").join(file), bytes).unwrap();
    team.run("verify")
}

fn refused(file: &str, bytes: &[u8], check: &str, told: &str) {
    let ended = verdict(file, bytes);
    assert_eq!(ended.code, 3, "{told}: {}", ended.log);
    let annotation = format!("::error file=docker/providers/{file},title={check}::{file} ");
    assert!(ended.log.contains(&annotation), "{told}: {}", ended.log);
    assert!(ended.log.contains(told), "{told}: {}", ended.log);
}

#[test]
fn archives_that_readers_disagree_on_are_refused() {
    for (program, told) in [
        (
            "jar.writestr('a', '1')\njar.writestr('a', '2')",
            "has one entry twice: a",
        ),
        (
            "jar.writestr('../../etc/cron.d/x', '1')",
            "leaves its folder",
        ),
        ("jar.writestr('/etc/passwd', '1')", "an absolute name"),
        (
            "jar.writestr('x/y.txt', b'0' * 20_000_000)",
            "times its size",
        ),
    ] {
        refused("bad.jar", &made(program), "archive", told);
    }
    let sound =
        made("jar.writestr('META-INF/MANIFEST.MF', '')\njar.writestr('x/y.txt', b'text' * 50)");
    assert_eq!(verdict("good.jar", &sound).code, 0);
    let script = [&b"#!/bin/sh\nexit\n"[..], &sound].concat();
    refused("bad.jar", &script, "archive", "bytes before its content");
}

#[test]
fn what_is_no_jar_is_called_what_it_is() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    refused("lfs.jar", pointer, "no-jar", "lfs: true");
    refused(
        "page.jar",
        b"<!DOCTYPE html><title>404</title>",
        "no-jar",
        "a web page",
    );
    refused("cut.jar", &jar("x/Y")[..200], "no-jar", "is no jar");
    refused(
        "x.zip",
        &jar("x/Y"),
        "no-jar",
        "only files that end in .jar",
    );
}

#[test]
fn classes_for_a_newer_java_are_refused() {
    for (major, code) in [(65_u16, 0), (66, 3)] {
        let mut bytes = Class::new("x/Y").made().bytes();
        bytes[6..8].copy_from_slice(&major.to_be_bytes());
        let ended = verdict("new.jar", &jar_of(&[("x/Y.class", &bytes)]));
        assert_eq!(ended.code, code, "{major}: {}", ended.log);
        assert_eq!(
            ended.log.contains("classes for Java 22"),
            code == 3,
            "{}",
            ended.log
        );
    }
}

#[test]
fn files_that_keycloak_takes_for_its_own_are_told() {
    let persistence = jar_of(&[("META-INF/persistence.xml", b"<persistence/>")]);
    refused("jpa.jar", &persistence, "resources", "kc.sh build stops");
    let settings = verdict("set.jar", &jar_of(&[("application.properties", b"x=y")]));
    assert_eq!(settings.code, 0, "{}", settings.log);
    assert!(
        settings
            .log
            .contains("title=resources::set.jar has application.properties")
    );
}

#[test]
fn a_finding_is_allowed_with_a_reason_and_until_a_day() {
    let team = Team::of(
        None,
        jar_of(&[("META-INF/persistence.xml", b"<persistence/>")]),
    );
    let wants = "providers:\n  - org.example:provider:1.0\n";
    let allow = |check: &str, reason: &str, until: &str| {
        format!(
            "{wants}allow:\n  - check: {check}\n    match: persistence.xml\n    reason: {reason}\n    until: {until}\n"
        )
    };
    for operation in ["lock", "fetch"] {
        assert_eq!(team.run(operation).code, 0);
    }
    for (manifest, code, told) in [
        (wants.to_owned(), 3, "kc.sh build stops"),
        (
            allow("resources", "tried", "9999-12-31"),
            0,
            "Allowed until 9999-12-31: tried.",
        ),
        (
            allow("resources", "tried", "2026-01-01"),
            3,
            "Its allowance ended on 2026-01-01.",
        ),
        (
            allow("linkage", "tried", "9999-12-31"),
            3,
            "nothing of that is found",
        ),
        (
            allow("resources", "''", "9999-12-31"),
            2,
            "without a reason",
        ),
        (allow("resources", "tried", "soon"), 2, "no day such as"),
        (
            allow("V9", "tried", "9999-12-31"),
            2,
            "there is no check \"V9\"",
        ),
        (
            allow("changed", "tried", "9999-12-31"),
            2,
            "cannot be allowed",
        ),
    ] {
        team.want(&manifest);
        let ended = team.run("verify");
        assert_eq!(ended.code, code, "{told}: {}", ended.log);
        assert!(ended.log.contains(told), "{told}: {}", ended.log);
    }
}

#[test]
fn the_lock_is_listed_and_checks_are_explained() {
    let team = Team::locked_and_fetched();
    let listed = team.run("list");
    assert_eq!(listed.code, 0, "{}", listed.log);
    assert!(
        listed.log.contains("org.example:provider:1.0  1 kB"),
        "{}",
        listed.log
    );
    assert!(
        listed.summary.contains("| org.example:provider:1.0 | 1 |"),
        "{}",
        listed.summary
    );
    let explain = |check: &str| {
        let arguments = ["--operation", "explain", "--check", check];
        team.step.run("verify-providers", &arguments)
    };
    let told = explain("archive");
    assert_eq!(told.code, 0, "{}", told.log);
    assert!(
        told.log.contains("archive finds a jar with an entry twice"),
        "{}",
        told.log
    );
    let unknown = explain("V3");
    assert_eq!(unknown.code, 2, "{}", unknown.log);
    assert!(unknown.log.contains("shadows-keycloak"), "{}", unknown.log);
}

/// A step with a folder of jars, and neither manifest nor lock.
pub(super) fn folder(jars: &[(&str, Vec<u8>)]) -> Step {
    let step = Step::new()
        .env("KECS_KEYCLOAK_VERSION", "26.7.5")
        .env("KECS_PROVIDERS_DIR", "jars");
    let folder = step.folder.path().join("jars");
    std::fs::create_dir(&folder).unwrap();
    for (name, bytes) in jars {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    step
}

#[test]
fn the_index_of_the_action_comes_before_one_that_an_earlier_job_left() {
    use keycloak_ecs_actions::domain::keycloak_index::Builder;

    let mut forged = Builder::default();
    forged
        .class(&Class::new("org/example/Own").made().bytes())
        .unwrap();
    let forged = forged.finish().to_bytes();
    let action = crate::support::repository().join("actions/verify-providers");
    for cache in ["KECS_CACHE_DIR", "RUNNER_TOOL_CACHE", "RUNNER_TEMP"] {
        let step = folder(&[("shadow.jar", jar("org/keycloak/models/RealmModel"))])
            .env("GITHUB_ACTION_PATH", action.to_str().unwrap());
        let left = step.folder.path().join("left");
        for folder in [left.clone(), left.join("keycloak-ecs-actions")] {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("keycloak-26.7.5.index"), &forged).unwrap();
        }
        let ended = step
            .env(cache, left.to_str().unwrap())
            .run("verify-providers", &[]);
        assert_eq!(ended.code, 3, "{cache}: {}", ended.log);
        assert!(ended.log.contains("shadow"), "{cache}: {}", ended.log);
    }
}

#[test]
fn the_readme_that_keycloak_has_there_is_no_finding() {
    let action = crate::support::repository().join("actions/verify-providers");
    let step = folder(&[
        ("own.jar", jar("org/example/Own")),
        ("README.md", b"Keycloak's".to_vec()),
    ])
    .env("GITHUB_ACTION_PATH", action.to_str().unwrap());
    let ended = step.run("verify-providers", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    std::fs::write(step.folder.path().join("jars/notes.txt"), "x").unwrap();
    let ended = step.run("verify-providers", &[]);
    assert_eq!(ended.code, 3, "{}", ended.log);
}

#[test]
fn at_a_terminal_the_index_of_the_checkout_will_do() {
    let step = folder(&[("shadow.jar", jar("org/keycloak/models/RealmModel"))])
        .env("GITHUB_ACTIONS", "")
        .env("KECS_MAVEN_REPOSITORY", "http://127.0.0.1:9");
    let ended = step.run("verify-providers", &[]);
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(ended.log.contains("shadow"), "{}", ended.log);
}

#[test]
fn a_folder_without_a_jar_is_no_folder_of_providers() {
    let step = folder(&[("README.txt", b"later".to_vec())]);
    let ended = step.run("verify-providers", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("has no jar"), "{}", ended.log);
    let ended = step.run("verify-providers", &["--keycloak-version=latest"]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("which is no version"), "{}", ended.log);
}

#[test]
fn entries_behind_the_count_of_the_table_are_no_secret() {
    let program = "jar.writestr('a.txt', 'a')\njar.writestr('META-INF/persistence.xml', 'b')";
    let mut bytes = made(program);
    let end = bytes.len() - 22;
    assert!(bytes[end..].starts_with(b"PK\x05\x06"));
    // Numbers of entries, on this disk and together.
    bytes[end + 8] = 1;
    bytes[end + 10] = 1;
    let step = folder(&[("a.jar", bytes)]).env("GITHUB_ACTIONS", "");
    let ended = step.run("verify-providers", &[]);
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(
        ended.log.contains("take apart in different ways"),
        "{}",
        ended.log
    );
}

#[test]
fn an_address_with_a_password_is_refused_and_not_shown() {
    let step = folder(&[]);
    let address = "https://bob:s3cr3t-token@repository.example.org/maven2";
    let arguments = ["--operation=lock", "--maven-repository", address];
    std::fs::write(
        step.folder.path().join("providers.yml"),
        "providers: [a:b:1]\n",
    )
    .unwrap();
    let ended = step
        .env("KECS_MANIFEST", "providers.yml")
        .env("KECS_LOCK", "providers.lock")
        .run("verify-providers", &arguments);
    assert_eq!(ended.code, 2, "{}", ended.log);
    let said = format!("{}{}", ended.log, ended.summary);
    assert!(!said.contains("s3cr3t-token"), "{said}");
    assert!(said.contains("`maven-repository`"), "{said}");
}
