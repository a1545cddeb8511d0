//! From `providers.yml` to the lock: closures, releases, local files, newer versions.

use std::path::PathBuf;

use super::loopback::{Repository, path_of};
use super::{jar, sha256};
use crate::support::{Ended, Step};

/// A team, and a repository where `root` needs `needed` and `own`, which Keycloak has.
struct Team {
    step: Step,
    repository: Repository,
}

impl Team {
    fn new() -> Self {
        let repository = Repository::new();
        let step = Step::new().env("KECS_MAVEN_REPOSITORY", &repository.address);
        let team = Self { step, repository };
        for folder in ["docker/ours", "keycloak/lib/lib/main"] {
            std::fs::create_dir_all(team.path(folder)).unwrap();
        }
        team.write("docker/Dockerfile", b"ARG KEYCLOAK_VERSION=26.7.5\n");
        team.write("keycloak/lib/lib/main/g.own-2.jar", &jar("g/Own"));
        team.write("keycloak/lib/lib/main/h.renamed-2.jar", &jar("g/Same"));
        for (name, class) in [
            ("g:root:1", "g/Root"),
            ("g:root:2", "g/Root"),
            ("g:needed:1", "g/Needed"),
            ("g:needed:2", "g/Needed"),
            ("g:same:1", "g/Same"),
        ] {
            team.repository.put(&path_of(name, "jar"), &jar(class));
        }
        team.repository
            .pom("g:root:1", &["g:needed:1", "g:own:1", "g:same:1"]);
        team.repository.pom("g:root:2", &["g:needed:2"]);
        for name in ["g:needed:1", "g:needed:2", "g:own:1", "g:same:1"] {
            team.repository.pom(name, &[]);
        }
        team
    }

    fn path(&self, name: &str) -> PathBuf {
        self.step.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, operation: &str, more: &[&str]) -> Ended {
        let arguments = ["--operation", operation, "--keycloak-home", "keycloak"];
        self.step
            .run("verify-providers", &[&arguments, more].concat())
    }

    fn files(&self) -> Vec<String> {
        let lock = self.read("docker/providers.lock");
        lock.lines()
            .filter_map(|line| line.strip_prefix("- file: "))
            .map(str::to_owned)
            .collect()
    }
}

#[test]
fn a_closure_is_locked_without_what_keycloak_has() {
    let team = Team::new();
    team.write("docker/providers.yml", b"resolve:\n  - g:root:1\n");
    let ended = team.run("lock", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(team.files(), ["needed-1.jar", "root-1.jar"]);
    for said in [
        "left out: g:own:1: Keycloak has g.own-2.jar",
        "left out: g:same:1: Keycloak has 1 of its 1 classes",
    ] {
        assert!(ended.log.contains(said), "{said}: {}", ended.log);
    }
    assert!(
        ended
            .summary
            .contains("| g:own:1 | Keycloak has g.own-2.jar |"),
        "{}",
        ended.summary
    );
    let lock = team.read("docker/providers.lock");
    assert_eq!(team.run("lock", &[]).code, 0);
    assert_eq!(team.read("docker/providers.lock"), lock, "the same again");
    assert_eq!(team.run("fetch", &[]).code, 0);
    let verified = team.run("verify", &[]);
    assert_eq!(verified.code, 0, "{}", verified.log);
    team.write("docker/providers.yml", b"resolve:\n  - g:root:2\n");
    let drifted = team.run("verify", &[]);
    assert_eq!(drifted.code, 3, "{}", drifted.log);
    assert!(
        drifted.log.contains("does not have g:root:2"),
        "{}",
        drifted.log
    );
}

#[test]
fn what_is_excluded_or_pinned_is_so_in_the_lock() {
    let team = Team::new();
    let manifest = "resolve:\n  - g:root:1\nproviders:\n  - g:needed:2\nexclude:\n  - artifact: g:same\n    reason: not used\n";
    team.write("docker/providers.yml", manifest.as_bytes());
    let ended = team.run("lock", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(team.files(), ["needed-2.jar", "root-1.jar"]);
    assert!(
        team.read("docker/providers.lock")
            .contains("exclude:\n- g:same\n")
    );
}

#[test]
fn a_manifest_that_names_nothing_leaves_the_lock_as_it_is() {
    let team = Team::new();
    team.write("docker/providers.yml", b"");
    team.write("docker/providers.lock", b"what was locked\n");
    let ended = team.run("lock", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("names no jar"), "{}", ended.log);
    assert_eq!(team.read("docker/providers.lock"), "what was locked\n");
}

#[test]
fn a_dependency_that_does_not_exist_is_named_with_who_needs_it() {
    let team = Team::new();
    team.repository.pom("g:root:1", &["g:nowhere:1"]);
    team.write("docker/providers.yml", b"resolve:\n  - g:root:1\n");
    let ended = team.run("lock", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(
        ended
            .log
            .contains("g:root:1 needs g:nowhere:1, of which the repository has no POM"),
        "{}",
        ended.log
    );
    assert!(!team.path("docker/providers.lock").exists());
}

#[test]
fn a_release_asset_and_a_local_file_are_locked_and_fetched() {
    let team = Team::new();
    let (asset, ours) = (jar("a/Asset"), jar("o/Ours"));
    team.repository.put("download/v1/asset-1.jar", &asset);
    team.write("docker/ours/ours.jar", &ours);
    let manifest = |hash: &str| {
        let url = format!("{}/download/v1/asset-1.jar", team.repository.address);
        format!("releases:\n  - url: {url}\n    sha256: {hash}\nfiles:\n  - ours/ours.jar\n")
    };
    team.write("docker/providers.yml", manifest(&"0".repeat(64)).as_bytes());
    let ended = team.run("lock", &[]);
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(ended.log.contains("line=2"), "{}", ended.log);
    team.write("docker/providers.yml", manifest(&sha256(&asset)).as_bytes());
    for operation in ["lock", "fetch", "verify"] {
        let ended = team.run(operation, &[]);
        assert_eq!(ended.code, 0, "{operation}: {}", ended.log);
    }
    assert_eq!(team.files(), ["asset-1.jar", "ours.jar"]);
    assert_eq!(
        std::fs::read(team.path("docker/providers/ours.jar")).unwrap(),
        ours
    );
    assert!(
        team.read("docker/providers.lock")
            .contains("origin: file:ours/ours.jar")
    );
}

#[test]
fn a_release_that_has_other_bytes_than_the_lock_is_refused() {
    let team = Team::new();
    team.write("docker/providers.yml", b"providers:\n  - g:needed:1\n");
    assert_eq!(team.run("lock", &[]).code, 0);
    let lock = team.read("docker/providers.lock");
    team.repository
        .put(&path_of("g:needed:1", "jar"), &jar("g/Evil"));
    let ended = team.run("lock", &[]);
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(
        ended.log.contains("a release does not change"),
        "{}",
        ended.log
    );
    assert_eq!(team.read("docker/providers.lock"), lock);
    team.write("docker/providers.lock", b"<<<<<<< ours\n");
    assert_eq!(
        team.run("lock", &[]).code,
        0,
        "after a merge it is made anew"
    );
}

#[test]
fn what_shadows_some_classes_of_keycloaks_is_left_out_or_said_when_it_is_locked() {
    let team = Team::new();
    let more = super::jar_of(&[
        ("g/Own.class", &super::Class::new("g/Own").bytes()),
        ("g/A.class", &super::Class::new("g/A").bytes()),
        ("g/B.class", &super::Class::new("g/B").bytes()),
    ]);
    for name in ["g:some:1", "g:stand:1"] {
        team.repository.put(&path_of(name, "jar"), &more);
        team.repository.pom(name, &[]);
    }
    team.write("keycloak/lib/lib/main/h.stand-in-1.jar", &jar("g/Own"));
    std::fs::remove_file(team.path("keycloak/lib/lib/main/g.own-2.jar")).unwrap();
    team.repository.pom("g:root:1", &["g:some:1", "g:stand:1"]);
    team.write("docker/providers.yml", b"resolve:\n  - g:root:1\n");
    let ended = team.run("lock", &[]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(team.files(), ["root-1.jar", "some-1.jar"]);
    let warned = "::warning title=shadows-keycloak::g:some:1 is locked, and `verify` will refuse it: Keycloak has 1 of its 3 classes";
    assert!(ended.log.contains(warned), "{}", ended.log);
}

#[test]
fn an_update_shows_what_it_changes_and_changes_it() {
    let team = Team::new();
    let manifest = "# ours\nresolve:\n  - g:root:1 # the root\n";
    team.write("docker/providers.yml", manifest.as_bytes());
    team.repository.versions("g:root", &["1", "2-rc1", "2"]);
    assert_eq!(team.run("lock", &[]).code, 0);
    let lock = team.read("docker/providers.lock");
    let shown = team.run("update", &["--dry-run", "true"]);
    assert_eq!(shown.code, 0, "{}", shown.log);
    for line in [
        "-  - g:root:1 # the root",
        "+  - g:root:2 # the root",
        "-- file: needed-1.jar",
        "+- file: needed-2.jar",
    ] {
        assert!(shown.log.contains(line), "{line}: {}", shown.log);
    }
    assert_eq!(team.read("docker/providers.yml"), manifest);
    assert_eq!(team.read("docker/providers.lock"), lock);
    let ended = team.run("update", &["--json"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.stdout.contains("\"updates\":1"), "{}", ended.stdout);
    assert_eq!(
        team.read("docker/providers.yml"),
        manifest.replace(":1 ", ":2 ")
    );
    assert_eq!(team.files(), ["needed-2.jar", "root-2.jar"]);
    let again = team.run("update", &["--json"]);
    assert!(again.stdout.contains("\"updates\":0"), "{}", again.stdout);
}
