//! PGP signatures, made by GnuPG.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::jar;
use super::loopback::{Repository, path_of};
use crate::support::{Ended, Step};

/// A person with a key.
struct Person {
    home: tempfile::TempDir,
    fingerprint: String,
}

impl Person {
    fn new(algorithm: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let alone = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(home.path(), alone).unwrap();
        let make = [
            "--passphrase",
            "",
            "--quick-generate-key",
            "x@example.org",
            algorithm,
            "sign",
            "never",
        ];
        gpg(home.path(), &make);
        let listed = gpg(home.path(), &["--with-colons", "--list-keys"]);
        let listed = String::from_utf8(listed).unwrap();
        let fingerprint = listed.lines().find_map(|line| line.strip_prefix("fpr:"));
        let fingerprint = fingerprint.unwrap().trim_matches(':').to_owned();
        Self { home, fingerprint }
    }

    fn key(&self) -> Vec<u8> {
        gpg(self.home.path(), &["--armor", "--export"])
    }

    fn signature(&self, bytes: &[u8]) -> Vec<u8> {
        let file = self.home.path().join("x");
        std::fs::write(&file, bytes).unwrap();
        gpg(
            self.home.path(),
            &[
                "--armor",
                "--output",
                "-",
                "--detach-sign",
                file.to_str().unwrap(),
            ],
        )
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let ended = Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.home.path())
            .args(["--kill", "all"])
            .status();
        drop(ended);
    }
}

fn gpg(home: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("gpg")
        .arg("--homedir")
        .arg(home)
        .args(["--batch", "--quiet", "--pinentry-mode", "loopback"])
        .args(arguments)
        .output()
        .expect("GnuPG");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

struct Team {
    step: Step,
    repository: Repository,
}

impl Team {
    fn new(keys: &[&Person]) -> Self {
        let repository = Repository::new();
        let step = Step::new().env("KECS_MAVEN_REPOSITORY", &repository.address);
        let team = Self { step, repository };
        std::fs::create_dir(team.step.folder.path().join("docker")).unwrap();
        team.write("Dockerfile", b"ARG KEYCLOAK_VERSION=26.7.5\n");
        let keys: Vec<Vec<u8>> = keys.iter().map(|person| person.key()).collect();
        team.write("providers.keys", &keys.concat());
        team
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.step.folder.path().join("docker").join(name), bytes).unwrap();
    }

    fn lock_text(&self) -> String {
        let lock = self.step.folder.path().join("docker/providers.lock");
        std::fs::read_to_string(lock).unwrap_or_default()
    }

    fn serve(&self, version: &str, signed: Option<&Person>) {
        let name = path_of(&format!("g:a:{version}"), "jar");
        let bytes = jar(&format!("g/A{version}"));
        self.repository.put(&name, &bytes);
        if let Some(person) = signed {
            self.repository
                .put(&format!("{name}.asc"), &person.signature(&bytes));
        }
    }

    fn lock(&self, version: &str) -> Ended {
        let wanted = format!("providers:\n  - g:a:{version}\n");
        self.write("providers.yml", wanted.as_bytes());
        self.step.run("verify-providers", &["--operation", "lock"])
    }

    fn refused(&self, version: &str, told: &str) {
        let before = self.lock_text();
        let ended = self.lock(version);
        assert_eq!(ended.code, 3, "{told}: {}", ended.log);
        assert!(ended.log.contains(told), "{told}: {}", ended.log);
        assert_eq!(self.lock_text(), before, "nothing is written");
    }
}

#[test]
fn who_signed_is_pinned_in_the_lock() {
    let (first, second) = (Person::new("ed25519"), Person::new("rsa3072"));
    let team = Team::new(&[&first, &second]);
    for version in ["1", "2"] {
        team.serve(version, Some(&first));
        let ended = team.lock(version);
        assert_eq!(ended.code, 0, "{}", ended.log);
        let line = format!("  signature: {}\n", first.fingerprint);
        assert!(team.lock_text().contains(&line), "{}", team.lock_text());
    }
    team.serve("3", None);
    team.refused(
        "3",
        "g:a:3 has no signature, and the one before is signed by",
    );
    team.serve("4", Some(&second));
    team.refused(
        "4",
        &format!(
            "g:a:4 is signed by {}, and the one before by",
            second.fingerprint
        ),
    );
    std::fs::remove_file(team.step.folder.path().join("docker/providers.keys")).unwrap();
    team.refused("2", "there is no file of keys docker/providers.keys");
}

#[test]
fn a_jar_that_was_exchanged_under_its_signature_is_refused() {
    let person = Person::new("rsa3072");
    let team = Team::new(&[&person]);
    team.serve("1", Some(&person));
    team.repository
        .put(&path_of("g:a:1", "jar"), &jar("g/Evil"));
    team.refused(
        "1",
        &format!("g:a:1 is not what {} signed", person.fingerprint),
    );
    let signature = format!("{}.asc", path_of("g:a:1", "jar"));
    team.repository
        .put(&signature, b"<html>no such page</html>");
    team.refused("1", "cannot be read");
}

#[test]
fn a_key_that_nobody_listed_signs_nothing() {
    let (known, other) = (Person::new("ed25519"), Person::new("ed25519"));
    let team = Team::new(&[&known]);
    team.serve("1", Some(&other));
    let ended = team.lock("1");
    assert_eq!(ended.code, 0, "{}", ended.log);
    let told = format!(
        "g:a:1 is signed by {}, whose key docker/providers.keys does not have",
        other.fingerprint
    );
    assert!(ended.log.contains(&told), "{}", ended.log);
    assert!(
        !team.lock_text().contains("signature"),
        "{}",
        team.lock_text()
    );
    team.write("providers.keys", b"not a key\n");
    let ended = team.lock("1");
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("gpg --export --armor"), "{}", ended.log);
}
