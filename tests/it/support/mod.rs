//! What tests share.

pub(crate) mod account;
pub(crate) mod forge;
pub(crate) mod images;
pub(crate) mod keycloak;
pub(crate) mod team;
pub(crate) mod untrusted;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root of this repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder that `tests/tools/setup.sh` fills.
pub(crate) fn cache() -> PathBuf {
    std::env::var("KECS_TEST_CACHE").map_or_else(|_| repository().join(".cache"), PathBuf::from)
}

/// The Python with the packages of `tests/tools/requirements.txt`.
pub(crate) fn python() -> PathBuf {
    cache().join("venv/bin/python")
}

/// The folder with the binaries under test.
pub(crate) fn binaries() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_aws-login"))
        .parent()
        .expect("a binary has a folder")
        .to_owned()
}

/// A step of a workflow run on a runner: a temporary folder with the runner's files, and no other environment.
pub(crate) struct Step {
    pub(crate) folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// What a step left behind.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) log: String,
    pub(crate) outputs: String,
    pub(crate) exported: String,
    pub(crate) summary: String,
}

/// Variables whose values are for nobody's eyes.
const CONFIDENTIAL: [&str; 6] = [
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "KECS_TOKEN",
];
/// Shorter texts may stand anywhere by chance.
const SHORTEST: usize = 8;

impl Step {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut step = Self {
            folder,
            environment: Vec::new(),
        };
        for (name, file) in [
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_ENV", "env"),
            ("GITHUB_STEP_SUMMARY", "summary"),
        ] {
            let path = step.folder.path().join(file);
            std::fs::write(&path, "").unwrap();
            step = step.env(name, path.to_str().unwrap());
        }
        let temporary = step.folder.path().join("temp");
        std::fs::create_dir(&temporary).unwrap();
        step.env("RUNNER_TEMP", temporary.to_str().unwrap())
            .env("GITHUB_ACTIONS", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("PATH", &std::env::var("PATH").unwrap_or_default())
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(present, _)| present != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs a binary to its end.
    pub(crate) fn run(&self, binary: &str, arguments: &[&str]) -> Ended {
        let output = self.command(binary, arguments).output();
        self.ended(&output.expect("the binary starts"))
    }

    /// A binary that is about to be started in this step.
    pub(crate) fn command(&self, binary: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(binaries().join(binary));
        command
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path());
        command
    }

    /// What the step left behind when its binary had ended.
    pub(crate) fn ended(&self, output: &Output) -> Ended {
        let file = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap();
        let ended = Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            log: String::from_utf8_lossy(&output.stderr).into_owned(),
            outputs: file("output"),
            exported: file("env"),
            summary: file("summary"),
        };
        self.no_secret_is_shown(&ended);
        ended
    }

    /// Neither what the binary masked nor what it was given in confidence is anywhere that people read. Every run of
    /// every test comes by here.
    fn no_secret_is_shown(&self, ended: &Ended) {
        let mask = "::add-mask::";
        let masked = ended.log.lines().filter_map(|line| line.strip_prefix(mask));
        let given = self
            .environment
            .iter()
            .filter(|(name, _)| CONFIDENTIAL.contains(&name.as_str()))
            .map(|(_, value)| value.as_str());
        let told: String = ended
            .log
            .lines()
            .filter(|line| !line.starts_with(mask))
            .collect();
        let asked_for = ended.outputs.contains("aws-secret-access-key");
        // An account id is masked by the runner alone: it stands in every ARN.
        let account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        for secret in masked
            .chain(given)
            .filter(|secret| secret.len() >= SHORTEST && !account(secret))
        {
            for (place, text) in [
                ("the log", &told),
                ("standard output", &ended.stdout),
                ("the summary", &ended.summary),
            ] {
                assert!(!text.contains(secret), "a secret is in {place}: {text}");
            }
            let shown = !asked_for && ended.outputs.contains(secret);
            assert!(!shown, "a secret is an output: {}", ended.outputs);
        }
    }
}
