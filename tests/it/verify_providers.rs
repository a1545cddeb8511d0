//! `verify-providers` against a Maven repository on loopback and the files of a team.

mod broken;
mod hostile;
mod linkage;
mod loopback;
mod maven;
mod own_libraries;
mod packed;
mod pgp;
mod real;
mod renovate;
mod said;
mod wishes;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

#[path = "../../src/domain/class_file/writer.rs"]
#[allow(dead_code, reason = "the unit tests use all of it")]
mod writer;

use crate::support::{Ended, Step};
use writer::Class;

/// A repository of files in a folder, over HTTP.
struct Files {
    address: String,
}

impl Files {
    fn serve(files: BTreeMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let files = Arc::new(files);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let files = files.clone();
                std::thread::spawn(move || answer(&stream, &files));
            }
        });
        Self { address }
    }
}

fn answer(mut stream: &TcpStream, files: &BTreeMap<String, Vec<u8>>) {
    use std::io::BufRead as _;
    let mut lines = std::io::BufReader::new(stream).lines();
    let first = lines.next().and_then(Result::ok).unwrap_or_default();
    for line in lines.map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
    }
    let path = first
        .split(' ')
        .nth(1)
        .unwrap_or("")
        .trim_start_matches('/');
    let (status, body) = files.get(path).map_or(("404 Not Found", &[][..]), |body| {
        ("200 OK", body.as_slice())
    });
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let sent = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body));
    drop(sent);
}

/// A jar with one class.
fn jar(class: &str) -> Vec<u8> {
    let bytes = Class::new(class).made().bytes();
    jar_of(&[(&format!("{class}.class"), &bytes)])
}

/// A jar with these files, made by the machine's own tool.
fn jar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let content = folder.path().join("content");
    for (name, bytes) in files {
        let file = content.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, bytes).unwrap();
    }
    let made = Command::new("jar")
        .args(["--create", "--file", "x.jar", "-C", "content", "."])
        .current_dir(folder.path())
        .status()
        .expect("a JDK's jar tool");
    assert!(made.success());
    std::fs::read(folder.path().join("x.jar")).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    std::fs::write(&path, bytes).unwrap();
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

/// A team's `docker/` with one jar, and the repository that has it.
struct Team {
    step: Step,
    bytes: Vec<u8>,
}

impl Team {
    fn new(checksum: Option<&str>) -> Self {
        Self::of(checksum, jar("org/example/Provider"))
    }

    fn of(checksum: Option<&str>, bytes: Vec<u8>) -> Self {
        let mut files = BTreeMap::new();
        let path = "org/example/provider/1.0/provider-1.0.jar";
        files.insert(path.to_owned(), bytes.clone());
        let checksum = checksum.map_or_else(|| sha256(&bytes), str::to_owned);
        files.insert(format!("{path}.sha256"), checksum.into_bytes());
        let repository = Files::serve(files);
        let step = Step::new().env("KECS_MAVEN_REPOSITORY", &repository.address);
        let team = Self { step, bytes };
        std::fs::create_dir_all(team.path("docker")).unwrap();
        std::fs::write(
            team.path("docker/Dockerfile"),
            "ARG KEYCLOAK_VERSION=26.7.5\n",
        )
        .unwrap();
        team.want("providers:\n  - org.example:provider:1.0\n");
        std::fs::create_dir_all(team.path("keycloak/lib/lib/main")).unwrap();
        std::fs::write(
            team.path("keycloak/lib/lib/main/own.jar"),
            jar("org/keycloak/Own"),
        )
        .unwrap();
        team
    }

    fn path(&self, name: &str) -> PathBuf {
        self.step.folder.path().join(name)
    }

    fn want(&self, manifest: &str) {
        std::fs::write(self.path("docker/providers.yml"), manifest).unwrap();
    }

    fn run(&self, operation: &str) -> Ended {
        let arguments = ["--operation", operation, "--keycloak-home", "keycloak"];
        self.step.run("verify-providers", &arguments)
    }

    fn locked_and_fetched() -> Self {
        let team = Self::new(None);
        for operation in ["lock", "fetch"] {
            let ended = team.run(operation);
            assert_eq!(ended.code, 0, "{}", ended.log);
        }
        team
    }
}

#[test]
fn what_is_locked_is_fetched_and_verified() {
    let team = Team::locked_and_fetched();
    let lock = std::fs::read_to_string(team.path("docker/providers.lock")).unwrap();
    assert!(lock.contains(&sha256(&team.bytes)), "{lock}");
    let again = team.run("lock");
    assert_eq!(again.code, 0);
    assert_eq!(
        lock,
        std::fs::read_to_string(team.path("docker/providers.lock")).unwrap()
    );
    let ended = team.run("verify");
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.outputs.contains("findings<<"), "{}", ended.outputs);
    let modified = std::fs::metadata(team.path("docker/providers/provider-1.0.jar"))
        .unwrap()
        .modified()
        .unwrap()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    assert_eq!(modified.subsec_nanos(), 0, "whole seconds");
}

#[test]
fn a_checksum_that_does_not_fit_locks_nothing() {
    let team = Team::new(Some(&"0".repeat(64)));
    let ended = team.run("lock");
    assert_eq!(ended.code, 3, "{}", ended.log);
    let left: Vec<_> = std::fs::read_dir(team.path("docker"))
        .unwrap()
        .flatten()
        .collect();
    assert_eq!(left.len(), 2, "Dockerfile and providers.yml: {left:?}");
}

#[test]
fn a_repository_that_serves_another_file_brings_nothing() {
    let team = Team::locked_and_fetched();
    let lock = team.path("docker/providers.lock");
    let text = std::fs::read_to_string(&lock).unwrap();
    std::fs::write(&lock, text.replace(&sha256(&team.bytes), &"a".repeat(64))).unwrap();
    std::fs::remove_dir_all(team.path("docker/providers")).unwrap();
    let ended = team.run("fetch");
    assert_eq!(ended.code, 3, "{}", ended.log);
    let left: Vec<_> = std::fs::read_dir(team.path("docker/providers"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| name != ".fetched")
        .collect();
    assert!(left.is_empty(), "nothing stays behind: {left:?}");
}

#[test]
fn every_fault_of_the_folder_is_found_and_named() {
    type Fault = fn(&Team);
    let faults: [(&str, Fault); 5] = [
        ("changed", |team| {
            let mut bytes = team.bytes.clone();
            bytes.push(0);
            std::fs::write(team.path("docker/providers/provider-1.0.jar"), bytes).unwrap();
        }),
        ("missing", |team| {
            std::fs::remove_file(team.path("docker/providers/provider-1.0.jar")).unwrap();
        }),
        ("unlisted", |team| {
            std::fs::write(team.path("docker/providers/extra.jar"), jar("x/Y")).unwrap();
        }),
        ("shadows-keycloak", |team| {
            let other = [&team.bytes[..], b"\0"].concat();
            std::fs::write(team.path("keycloak/lib/own.jar"), other).unwrap();
        }),
        ("lock-drift", |team| {
            team.want("providers:\n  - org.example:provider:2.0\n");
        }),
    ];
    for (check, plant) in faults {
        let team = Team::locked_and_fetched();
        plant(&team);
        let ended = team.run("verify");
        assert_eq!(ended.code, 3, "{check}: {}", ended.log);
        assert!(
            ended.log.contains(&format!("title={check}::")),
            "{check}: {}",
            ended.log
        );
        assert!(ended.summary.contains(check), "{}", ended.summary);
        let json = team.step.run(
            "verify-providers",
            &["--keycloak-home", "keycloak", "--json"],
        );
        let result: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        let found = result["found"].as_array().unwrap();
        assert!(
            found
                .iter()
                .any(|one| one["check"] == check && one["severity"] == "error"),
            "{result}"
        );
    }
}

#[test]
fn a_folder_of_jars_without_a_lock_is_compared_with_keycloak_and_each_other() {
    let team = Team::locked_and_fetched();
    for file in ["providers.yml", "providers.lock"] {
        std::fs::remove_file(team.path("docker").join(file)).unwrap();
    }
    let sound = team.run("verify");
    assert_eq!(sound.code, 0, "{}", sound.log);
    let notices = sound.log.matches("::notice ").count();
    let nameless = sound.log.contains("title=unknown-origin::provider-1.0.jar");
    assert!(notices == 2 && nameless, "{}", sound.log);
    assert!(
        sound.log.contains("neither docker/providers.yml nor"),
        "{}",
        sound.log
    );
    let other = [&jar("org/keycloak/Own")[..], b"\0"].concat();
    std::fs::write(team.path("docker/providers/own.jar"), other).unwrap();
    let shadowing = team.run("verify");
    assert_eq!(shadowing.code, 3, "{}", shadowing.log);
    let place = "file=docker/providers/own.jar,title=shadows-keycloak";
    assert!(shadowing.log.contains(place), "{}", shadowing.log);
    // With a list of what is wanted, a lock that is not there is no choice.
    team.want("providers:\n  - org.example:provider:1.0\n");
    let forgotten = team.run("verify");
    assert_eq!(forgotten.code, 2, "{}", forgotten.log);
    assert!(
        forgotten.log.contains("--operation lock"),
        "{}",
        forgotten.log
    );
}

#[test]
fn malformed_files_are_refused_with_file_and_line() {
    let team = Team::new(None);
    for (manifest, line) in [
        ("providers:\n  - org.example:provider\n", Some(2)),
        ("providers:\n  - a:b:1\n  - a:b:2\n", Some(2)),
        ("wanted: []\n", None),
        ("providers: [\n", None),
    ] {
        team.want(manifest);
        let ended = team.run("lock");
        assert_eq!(ended.code, 2, "{manifest}: {}", ended.log);
        assert_eq!(ended.log.matches("::error ").count(), 1, "{}", ended.log);
        assert!(
            ended.log.contains("file=docker/providers.yml"),
            "{}",
            ended.log
        );
        if let Some(line) = line {
            assert!(ended.log.contains(&format!("line={line}")), "{}", ended.log);
        }
        assert!(!team.path("docker/providers.lock").exists());
    }
}

#[test]
fn the_classes_of_the_pinned_keycloak_ship_with_the_action() {
    let action = crate::support::repository().join("actions/verify-providers");
    let dockerfile =
        std::fs::read_to_string(crate::support::repository().join("docker/Dockerfile"));
    let pinned = dockerfile
        .unwrap()
        .lines()
        .find_map(|line| {
            line.strip_prefix("ARG KEYCLOAK_VERSION=")
                .map(str::to_owned)
        })
        .unwrap();
    let team = Team::locked_and_fetched();
    std::fs::write(
        team.path("docker/providers/old-1.jar"),
        jar("org/jgroups/JChannel"),
    )
    .unwrap();
    let ended = team
        .step
        .env("GITHUB_ACTION_PATH", action.to_str().unwrap())
        .env("KECS_KEYCLOAK_VERSION", &pinned)
        .env("KECS_MAVEN_REPOSITORY", "http://127.0.0.1:9")
        .run("verify-providers", &[]);
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(ended.log.contains("JChannel"), "{}", ended.log);
    assert!(!ended.log.contains("reading the classes"), "{}", ended.log);
}
