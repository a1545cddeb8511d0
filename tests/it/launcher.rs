//! `actions/launch.sh`: the commit fixes the bytes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{binaries, repository};

/// A copy of the launcher with a release of its own: one archive with one program, served from a folder.
struct Release {
    folder: tempfile::TempDir,
}

const TARGET: &str = if cfg!(target_arch = "aarch64") {
    "aarch64-unknown-linux-musl"
} else {
    "x86_64-unknown-linux-musl"
};

impl Release {
    fn new() -> Self {
        let release = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for folder in ["actions", "mirror/v1.0.0", "cache", "temp", "source"] {
            std::fs::create_dir_all(release.path(folder)).unwrap();
        }
        std::fs::copy(
            repository().join("actions/launch.sh"),
            release.path("actions/launch.sh"),
        )
        .unwrap();
        let program = release.path("source/demo");
        std::fs::write(&program, "#!/bin/sh\necho \"demo ran: $*\"\n").unwrap();
        let archive = release.path(&format!("mirror/v1.0.0/demo-{TARGET}.tar.xz"));
        let packed = Command::new("tar")
            .arg("-cJf")
            .arg(&archive)
            .arg("-C")
            .arg(release.path("source"))
            .arg("demo")
            .status()
            .unwrap();
        assert!(packed.success());
        let row = |file: &str, path: &Path| format!("1.0.0\t{TARGET}\t{file}\t{}\n", sha256(path));
        std::fs::write(
            release.path("actions/release.tsv"),
            row(&format!("demo-{TARGET}.tar.xz"), &archive) + &row("demo", &program),
        )
        .unwrap();
        release
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn cached(&self) -> PathBuf {
        self.path(&format!("cache/keycloak-ecs-actions/1.0.0/{TARGET}/demo"))
    }

    fn launch(&self, environment: &[(&str, &str)]) -> Output {
        Command::new("bash")
            .arg(self.path("actions/launch.sh"))
            .args(["demo", "one", "two"])
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("RUNNER_TOOL_CACHE", self.path("cache"))
            .env("RUNNER_TEMP", self.path("temp"))
            .env(
                "KECS_MIRROR",
                format!("file://{}", self.path("mirror").display()),
            )
            .envs(environment.iter().copied())
            .output()
            .unwrap()
    }
}

fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_release_is_fetched_once_and_then_found() {
    let release = Release::new();
    let first = release.launch(&[]);
    assert_eq!(text(&first), "demo ran: one two\n", "{first:?}");
    std::fs::remove_dir_all(release.path("mirror")).unwrap();
    assert_eq!(text(&release.launch(&[])), "demo ran: one two\n");
}

#[test]
fn a_changed_binary_in_the_cache_is_replaced_before_it_runs() {
    let release = Release::new();
    release.launch(&[]);
    std::fs::write(release.cached(), "#!/bin/sh\necho evil\n").unwrap();
    assert_eq!(text(&release.launch(&[])), "demo ran: one two\n");
}

#[test]
fn where_the_tool_cache_takes_nothing_the_jobs_folder_does() {
    let release = Release::new();
    std::fs::write(release.path("file"), "").unwrap();
    let below_a_file = release.path("file/cache");
    let below_a_file = below_a_file.to_str().unwrap();
    let closed = [("RUNNER_TOOL_CACHE", below_a_file)];
    let first = release.launch(&closed);
    assert_eq!(text(&first), "demo ran: one two\n", "{first:?}");
    std::fs::remove_dir_all(release.path("mirror")).unwrap();
    assert_eq!(text(&release.launch(&closed)), "demo ran: one two\n");
    let nowhere = release.launch(&[
        ("RUNNER_TOOL_CACHE", below_a_file),
        ("RUNNER_TEMP", below_a_file),
    ]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(
        text(&nowhere).starts_with("::error title=demo::cannot write to "),
        "{nowhere:?}"
    );
}

#[test]
fn a_mirror_without_tls_is_refused_before_anything_is_asked_of_it() {
    let output = Release::new().launch(&[("KECS_MIRROR", "http://127.0.0.1:9/mirror")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("starts with https://"), "{output:?}");
}

#[test]
fn an_archive_with_another_hash_is_never_unpacked() {
    let release = Release::new();
    let archive = release.path(&format!("mirror/v1.0.0/demo-{TARGET}.tar.xz"));
    let mut bytes = std::fs::read(&archive).unwrap();
    bytes.push(0);
    std::fs::write(&archive, bytes).unwrap();
    let output = release.launch(&[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output).contains("nothing was run"));
    assert!(!release.cached().exists());
}

#[test]
fn a_commit_that_is_no_release_says_so() {
    let release = Release::new();
    std::fs::write(release.path("actions/release.tsv"), "# no rows\n").unwrap();
    let output = release.launch(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).starts_with("::error title=demo::this commit is no release"));
}

#[test]
fn a_folder_of_own_binaries_never_falls_through_to_a_download() {
    let release = Release::new();
    let output = release.launch(&[("KECS_BIN_DIR", "/nonexistent")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!release.cached().exists());
}

#[test]
fn own_binaries_are_run_as_they_are() {
    let output = Command::new("bash")
        .arg(repository().join("actions/launch.sh"))
        .args(["aws-login", "--version"])
        .env("KECS_BIN_DIR", binaries())
        .output()
        .unwrap();
    assert!(text(&output).starts_with("aws-login "), "{output:?}");
}

#[test]
fn an_empty_endpoint_of_aws_is_an_unset_one() {
    let release = Release::new();
    let program = "#!/bin/sh\nenv | grep ^AWS_ENDPOINT || true\n";
    std::fs::create_dir(release.path("bin")).unwrap();
    std::fs::write(release.path("bin/demo"), program).unwrap();
    let made = Command::new("chmod")
        .arg("+x")
        .arg(release.path("bin/demo"))
        .status();
    assert!(made.unwrap().success());
    let output = release.launch(&[
        ("KECS_BIN_DIR", release.path("bin").to_str().unwrap()),
        ("AWS_ENDPOINT_URL", ""),
        ("AWS_ENDPOINT_URL_STS", "https://sts.example"),
    ]);
    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(told, "AWS_ENDPOINT_URL_STS=https://sts.example\n");
}
