//! What tests of images share: a build context, buildah with a storage of its own, skopeo.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::account::Account;
use super::{Ended, Step};

pub(crate) const LABEL: &str = "io.github.keycloak-ecs-actions.input-digest";

/// An account with the repository `keycloak`, and a folder with a small image to build.
pub(crate) struct Yard {
    pub(crate) account: Account,
    pub(crate) folder: tempfile::TempDir,
    credentials: [(&'static str, String); 3],
}

/// What a role needs to build, push and read again.
pub(crate) fn rights() -> Value {
    json!({"Statement": [
        {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {"Effect": "Allow", "Resource": "arn:aws:ecr:eu-central-1:123456789012:repository/*", "Action": [
            "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer",
            "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage",
            "ecr:ListImages",
        ]},
    ]})
}

impl Yard {
    pub(crate) fn new() -> Self {
        Self::with_rights(rights())
    }

    pub(crate) fn with_rights(rights: Value) -> Self {
        let account = Account::new();
        let world = &account.world;
        world
            .iam
            .put_role("build", json!({"Statement": []}), rights);
        world.ecr.create_repository("keycloak", true);
        let session = world
            .iam
            .session("build", "test", world.clock.unix() + 3600.0);
        let yard = Self {
            credentials: [
                ("AWS_ACCESS_KEY_ID", session.access_key),
                ("AWS_SECRET_ACCESS_KEY", session.secret),
                ("AWS_SESSION_TOKEN", session.token),
            ],
            account,
            folder: tempfile::tempdir().unwrap(),
        };
        let storage = format!(
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"{0}/graph\"\nrunroot = \"{0}/run\"\n",
            yard.folder.path().display()
        );
        yard.write("storage.conf", &storage);
        yard.write(
            "docker/themes/acme/theme.properties",
            "parent=keycloak.v2\n",
        );
        yard.write(
            "docker/Dockerfile",
            "ARG KEYCLOAK_VERSION=26.7.5\nFROM scratch AS builder\nCOPY themes/ /themes/\n\
             FROM scratch\nCOPY --from=builder /themes/ /themes/\nHEALTHCHECK CMD [\"true\"]\n",
        );
        yard
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A program that stands before the real ones in `PATH`.
    pub(crate) fn program(&self, name: &str, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        self.write(&format!("bin/{name}"), &format!("#!/bin/bash\n{script}\n"));
        let path = self.path(&format!("bin/{name}"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A step without AWS.
    pub(crate) fn bare(&self) -> Step {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let path = std::env::var("PATH").unwrap_or_default();
        Step::new()
            .env("HOME", &text(self.path("home")))
            .env("PATH", &format!("{}:{path}", text(self.path("bin"))))
            .env("CONTAINERS_STORAGE_CONF", &text(self.path("storage.conf")))
            .env("KECS_CONTEXT", &text(self.path("docker")))
            .env("KECS_BUILDER", "buildah")
            .env("GITHUB_SHA", "0123abc")
            .env("GITHUB_SERVER_URL", "https://github.example.org")
            .env("GITHUB_REPOSITORY", "acme/idp")
    }

    /// A step with the credentials of the role.
    pub(crate) fn step(&self) -> Step {
        let mut step = self
            .bare()
            .env("AWS_ENDPOINT_URL", &self.account.world.urls.aws)
            .env("AWS_REGION", "eu-central-1");
        for (name, value) in &self.credentials {
            step = step.env(name, value);
        }
        step
    }

    /// A step that finds no builder: what succeeds here has built nothing.
    pub(crate) fn without_builder(&self) -> Step {
        self.step().env("PATH", self.path("bin").to_str().unwrap())
    }

    /// Host of the account's registry.
    pub(crate) fn host(&self) -> &str {
        self.account
            .world
            .urls
            .registry
            .trim_start_matches("http://")
    }

    /// Requests of this method to the registry that were answered well.
    pub(crate) fn requests(&self, method: &str) -> usize {
        let entries = self.account.world.journal.entries();
        let of_registry = entries.iter().filter(|entry| entry.service == "registry");
        of_registry
            .filter(|entry| entry.operation.starts_with(method) && entry.status < 400)
            .count()
    }

    /// A file of logins for the account's registry.
    pub(crate) fn auth_file(&self) -> PathBuf {
        let world = &self.account.world;
        let session = world
            .iam
            .session("build", "skopeo", world.clock.unix() + 3600.0);
        let password = world.ecr.password(&session.principal);
        write_auth(&self.path("auth.json"), self.host(), "AWS", &password)
    }

    /// What skopeo says of an image of the account's registry.
    pub(crate) fn skopeo(&self, image: &str) -> Value {
        inspect(&format!("{}/{image}", self.host()), &self.auth_file())
    }

    /// The manifest or index of an image of the account's registry, by skopeo.
    pub(crate) fn manifest(&self, image: &str) -> Value {
        let image = format!("{}/{image}", self.host());
        skopeo(&["inspect", "--raw"], &image, &self.auth_file())
    }
}

/// Writes a file of logins, as `docker login` does.
pub(crate) fn write_auth(file: &Path, host: &str, user: &str, password: &str) -> PathBuf {
    use base64::Engine as _;
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, json!({"auths": {host: {"auth": auth}}}).to_string()).unwrap();
    file.to_owned()
}

/// What skopeo says of an image.
pub(crate) fn inspect(image: &str, auth: &Path) -> Value {
    skopeo(&["inspect"], image, auth)
}

fn skopeo(command: &[&str], image: &str, auth: &Path) -> Value {
    let output = Command::new("skopeo")
        .args(command)
        .args(["--tls-verify=false", "--authfile"])
        .arg(auth)
        .arg(format!("docker://{image}"))
        .output()
        .expect("skopeo; run `tests/tools/setup.sh image`");
    assert!(
        output.status.success(),
        "{image}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The result of `--json`.
pub(crate) fn result(ended: &Ended) -> Value {
    assert_eq!(ended.code, 0, "{}", ended.log);
    serde_json::from_str(&ended.stdout).unwrap()
}

/// Where a program is, whatever stands before it in the `PATH` of a step.
pub(crate) fn which(program: &str) -> String {
    let path = std::env::var("PATH").unwrap();
    let mut candidates = path.split(':').map(|folder| format!("{folder}/{program}"));
    candidates
        .find(|path| std::path::Path::new(path).is_file())
        .unwrap_or_else(|| panic!("{program} is not there; run `tests/tools/setup.sh image`"))
}
