//! `fetch` from a repository that misbehaves: a clear error or the right jar, and nothing partial.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::loopback::{Repository, Way, path_of};
use super::{jar, sha256};
use crate::support::{Ended, Step};

const ONE: &str = "org.example:one:1.0";
const TWO: &str = "org.example:two:1.0";

/// A team with two locked jars, and the repository that has them.
struct Team {
    step: Step,
    repository: Repository,
    jars: [Vec<u8>; 2],
}

impl Team {
    fn new() -> Self {
        let repository = Repository::new();
        let jars = [jar("org/example/One"), jar("org/example/Two")];
        let step = Step::new()
            .env("KECS_MAVEN_REPOSITORY", &repository.address)
            // Waits are short where AWS and GitHub are on loopback.
            .env("KECS_TIME_SCALE", "100")
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            .env("GITHUB_API_URL", "http://127.0.0.1:9");
        let team = Self {
            step,
            repository,
            jars,
        };
        std::fs::create_dir_all(team.path("docker")).unwrap();
        team.lock(&[(ONE, &team.jars[0]), (TWO, &team.jars[1])]);
        team
    }

    fn path(&self, name: &str) -> PathBuf {
        self.step.folder.path().join(name)
    }

    /// Writes a lock, and puts its jars into the repository.
    fn lock(&self, jars: &[(&str, &Vec<u8>)]) {
        let mut lock = "version: 1\nkeycloak: 26.7.5\nproviders:\n".to_owned();
        for (coordinates, bytes) in jars {
            self.repository.put(&path_of(coordinates, "jar"), bytes);
            let parts: Vec<&str> = coordinates.split(':').collect();
            lock += &format!(
                "- file: {1}-{2}.jar\n  purl: pkg:maven/{0}/{1}@{2}\n  sha256: {3}\n  size: {4}\n  origin: maven-central\n",
                parts[0],
                parts[1],
                parts[2],
                sha256(bytes),
                bytes.len()
            );
        }
        std::fs::write(self.path("docker/providers.lock"), lock).unwrap();
    }

    fn fetch(&self) -> Ended {
        self.step.run("verify-providers", &["--operation", "fetch"])
    }

    /// Names in `providers/`, but for the record of fetched jars.
    fn there(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path("docker/providers")) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .flatten()
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.retain(|name| name != ".fetched");
        names.sort();
        names
    }

    fn assert_both_are_there(&self) {
        assert_eq!(self.there(), ["one-1.0.jar", "two-1.0.jar"]);
        for (name, bytes) in ["one-1.0.jar", "two-1.0.jar"].iter().zip(&self.jars) {
            assert_eq!(
                std::fs::read(self.path("docker/providers").join(name)).unwrap(),
                *bytes
            );
        }
    }
}

#[test]
fn a_download_goes_on_where_it_was_cut() {
    let team = Team::new();
    let path = path_of(ONE, "jar");
    team.repository
        .will(&path, &[Way::Cut(100), Way::Status(503), Way::Cut(50)]);
    let ended = team.fetch();
    assert_eq!(ended.code, 0, "{}", ended.log);
    team.assert_both_are_there();
    assert_eq!(
        team.repository.asked(&path),
        [None, Some(100), Some(100), Some(150)]
    );
}

#[test]
fn a_server_that_cannot_go_on_starts_again() {
    let team = Team::new();
    let path = path_of(ONE, "jar");
    team.repository
        .will(&path, &[Way::Cut(100), Way::FromTheStart]);
    let ended = team.fetch();
    assert_eq!(ended.code, 0, "{}", ended.log);
    team.assert_both_are_there();
}

#[test]
fn what_does_not_come_is_a_clear_error_and_leaves_nothing() {
    let cases: [(&[Way], i32, &str); 6] = [
        (&[Way::Status(500); 4], 6, "status 500"),
        (&[Way::Status(404)], 2, "there is no http"),
        (&[Way::Status(403)], 6, "status 403"),
        (&[Way::Cut(0); 4], 6, "broke off"),
        (&[Way::Page], 3, "the lock says"),
        (&[Way::Cut(10), Way::Page], 3, "the lock says"),
    ];
    for (ways, code, words) in cases {
        let team = Team::new();
        team.repository.will(&path_of(ONE, "jar"), ways);
        let ended = team.fetch();
        assert_eq!(ended.code, code, "{ways:?}: {}", ended.log);
        assert!(ended.log.contains(words), "{ways:?}: {}", ended.log);
        assert_eq!(ended.log.matches("::error ").count(), 1, "{}", ended.log);
        let there = team.there();
        assert!(
            there.iter().all(|name| name == "two-1.0.jar"),
            "{ways:?}: {there:?}"
        );
        let again = team.fetch();
        assert_eq!(again.code, 0, "{}", again.log);
        team.assert_both_are_there();
    }
}

#[test]
fn a_fetch_that_was_killed_is_gone_on_with() {
    let team = Team::new();
    let path = path_of(ONE, "jar");
    team.repository.will(&path, &[Way::Silent(100)]);
    let mut command = team
        .step
        .command("verify-providers", &["--operation", "fetch"]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let part = team.path("docker/providers/.one-1.0.jar.part");
    let until = Instant::now() + Duration::from_secs(60);
    while std::fs::metadata(&part).map_or(0, |file| file.len()) < 100 {
        assert!(Instant::now() < until, "the first bytes come");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    let stale = team.path("docker/providers/.gone-1.0.jar.part");
    std::fs::write(&stale, "x").unwrap();
    team.repository.asked(&path);
    let ended = team.fetch();
    assert_eq!(ended.code, 0, "{}", ended.log);
    team.assert_both_are_there();
    assert_eq!(team.repository.asked(&path), [Some(100)]);
}

#[test]
fn a_part_of_another_file_is_not_gone_on_with() {
    let team = Team::new();
    std::fs::create_dir_all(team.path("docker/providers")).unwrap();
    for (file, bytes) in [("one", vec![7; 100]), ("two", vec![7; 1_000_000])] {
        std::fs::write(
            team.path(&format!("docker/providers/.{file}-1.0.jar.part")),
            bytes,
        )
        .unwrap();
    }
    let ended = team.fetch();
    assert_eq!(ended.code, 0, "{}", ended.log);
    team.assert_both_are_there();
}

#[test]
fn a_disk_that_takes_no_more_is_a_clear_error() {
    let team = Team::new();
    let large: Vec<u8> = [jar("org/example/One"), vec![0; 200_000]].concat();
    team.lock(&[(ONE, &large), (TWO, &team.jars[1])]);
    // The kernel refuses to write past 100 kB, as it does on a full disk.
    let binary = crate::support::binaries().join("verify-providers");
    let limited = format!(
        "trap '' XFSZ; ulimit -f 100; exec '{}' --operation fetch",
        binary.display()
    );
    let mut command = Command::new("bash");
    command
        .args(["-c", &limited])
        .env_clear()
        .current_dir(team.step.folder.path());
    let same = team.step.command("verify-providers", &[]);
    command.envs(
        same.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let ended = team.step.ended(&command.output().unwrap());
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(
        ended.log.contains("could not write") && ended.log.contains("one-1.0.jar"),
        "{}",
        ended.log
    );
    assert!(
        team.there().iter().all(|name| name == "two-1.0.jar"),
        "{:?}",
        team.there()
    );
}

#[test]
fn what_the_lock_no_longer_lists_goes_and_what_is_somebody_elses_stays() {
    let team = Team::new();
    assert_eq!(team.fetch().code, 0);
    std::fs::write(team.path("docker/providers/ours.jar"), jar("x/Ours")).unwrap();
    team.lock(&[(ONE, &team.jars[0])]);
    let ended = team.fetch();
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.log.contains("removed two-1.0.jar"), "{}", ended.log);
    assert!(
        ended.log.contains("::warning title=unlisted jar::"),
        "{}",
        ended.log
    );
    assert_eq!(team.there(), ["one-1.0.jar", "ours.jar"]);
    // A jar that was fetched and then changed is somebody's work.
    team.lock(&[(TWO, &team.jars[1])]);
    std::fs::write(team.path("docker/providers/one-1.0.jar"), "changed").unwrap();
    assert_eq!(team.fetch().code, 0);
    assert_eq!(team.there(), ["one-1.0.jar", "ours.jar", "two-1.0.jar"]);
}

#[test]
fn a_proxy_is_asked_for_what_is_not_on_this_machine() {
    let team = Team::new();
    for (coordinates, bytes) in [ONE, TWO].iter().zip(&team.jars) {
        let path = format!(
            "http://repository.example/maven2/{}",
            path_of(coordinates, "jar")
        );
        team.repository.put(&path, bytes);
    }
    let proxy = team.repository.address.clone();
    let step = team.step.env("HTTP_PROXY", &proxy);
    let step = step.env("KECS_MAVEN_REPOSITORY", "http://repository.example/maven2/");
    let team = Team { step, ..team };
    let ended = team.fetch();
    assert_eq!(ended.code, 0, "{}", ended.log);
    team.assert_both_are_there();
}

#[test]
fn a_terminal_shows_a_live_line() {
    let team = Team::new();
    let binary = crate::support::binaries().join("verify-providers");
    let in_a_terminal =
        "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let mut command = Command::new(crate::support::python());
    command
        .args(["-c", in_a_terminal])
        .arg(binary)
        .args(["--operation", "fetch"]);
    let same = team.step.command("verify-providers", &[]);
    command.env_clear().current_dir(team.step.folder.path());
    command.envs(
        same.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = command
        .env_remove("GITHUB_ACTIONS")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}");
    assert!(
        shown.contains("\r\x1b[Kfetching: 0/2 jars, 0.0 MB/0.0 MB"),
        "{shown}"
    );
    assert!(
        shown.contains("2 jars in docker/providers: 2 fetched"),
        "{shown}"
    );
}
