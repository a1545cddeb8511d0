//! A team with a repository on GitHub, and a clone of it that the real git works in.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use world::github::{Access, Permissions, RepositoryOptions};

use super::Step;
use super::account::Account;

pub(crate) const REPOSITORY: &str = "acme/idp";

/// The repository `acme/idp` with one commit on `main`, and `ada`, who may write to it.
pub(crate) struct Team {
    pub(crate) account: Account,
    pub(crate) ada: String,
    folder: tempfile::TempDir,
}

impl Team {
    /// The first commit has these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let account = Account::new();
        let github = &account.world.github;
        account
            .wait(github.create_repository("acme", "idp", "main", RepositoryOptions::default()))
            .unwrap();
        let team = Self {
            ada: github.person_token("ada"),
            folder: tempfile::tempdir().unwrap(),
            account,
        };
        team.git(&["init", "-q", "--initial-branch=main", "."]);
        let remote = team.remote(&team.ada);
        team.git(&["remote", "add", "origin", &remote]);
        team.commit("Start", files);
        team
    }

    fn remote(&self, token: &str) -> String {
        let url = &self.account.world.urls.github;
        url.replace("http://", &format!("http://x-access-token:{token}@")) + "/" + REPOSITORY
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs git in the clone.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(self.folder.path(), arguments)
    }

    /// Writes files (an empty text removes one), and commits them on the branch of the clone; the new commit.
    pub(crate) fn commit_here(&self, message: &str, files: &[(&str, &str)]) -> String {
        for (name, text) in files {
            let path = self.path(name);
            if text.is_empty() {
                std::fs::remove_file(path).unwrap();
            } else {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Commits to `main` and pushes it; the new commit.
    pub(crate) fn commit(&self, message: &str, files: &[(&str, &str)]) -> String {
        let sha = self.commit_here(message, files);
        self.git(&["push", "-q", "origin", "main"]);
        sha
    }

    /// `POST`, `PUT` or `PATCH` to a path below the repository, as a person does; the answer must be a success.
    pub(crate) fn api(&self, token: &str, method: &str, path: &str, body: &Value) -> Value {
        let url = format!(
            "{}/api/repos/{REPOSITORY}/{path}",
            self.account.world.urls.github
        );
        let request = keycloak_ecs_actions::http::client()
            .unwrap()
            .request(method.parse().unwrap(), url)
            .bearer_auth(token)
            .body(body.to_string());
        let (status, answer) = self.account.wait(async {
            let answer = request.send().await.unwrap();
            (answer.status(), answer.text().await.unwrap())
        });
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }

    /// Opens a pull request with one commit and labels; its number.
    pub(crate) fn propose(
        &self,
        title: &str,
        body: &str,
        labels: &[&str],
        files: &[(&str, &str)],
    ) -> u64 {
        let branch = format!(
            "topic-{}",
            self.account.world.github.pull_requests(REPOSITORY).len()
        );
        self.git(&["checkout", "-q", "-b", &branch]);
        self.commit_here(title, files);
        self.git(&["push", "-q", "origin", &branch]);
        self.git(&["checkout", "-q", "main"]);
        let pull = json!({"title": title, "body": body, "head": branch, "base": "main"});
        let pull = self.api(&self.ada, "POST", "pulls", &pull);
        let number = pull["number"].as_u64().unwrap();
        if !labels.is_empty() {
            let path = format!("issues/{number}/labels");
            self.api(&self.ada, "POST", &path, &json!({"labels": labels}));
        }
        number
    }

    /// Merges a pull request by `merge` or `squash`; the new commit of `main`, which the clone has too.
    pub(crate) fn merge(&self, number: u64, method: &str) -> String {
        let path = format!("pulls/{number}/merge");
        let merged = self.api(&self.ada, "PUT", &path, &json!({"merge_method": method}));
        self.git(&["pull", "-q", "--ff-only", "origin", "main"]);
        merged["sha"].as_str().unwrap().to_owned()
    }

    /// A token of a job with permissions such as `("contents", Access::Write)`.
    pub(crate) fn job_token(&self, permissions: &[(&str, Access)]) -> String {
        let permissions = Permissions::of(permissions.iter().copied());
        self.account
            .world
            .github
            .job_token(REPOSITORY, 1, permissions)
    }

    /// A step of a job on `main` at a commit, with what is checked out there.
    pub(crate) fn step(&self, commit: &str) -> Step {
        let step = Step::new();
        let sha = &self.git(&["rev-parse", commit]);
        let archive = self.path(".git").join(format!("{sha}.tar"));
        let archive = archive.to_str().unwrap();
        self.git(&["archive", "--output", archive, sha]);
        let unpacked = Command::new("tar")
            .args(["-x", "-f", archive, "-C"])
            .arg(step.folder.path())
            .status()
            .unwrap();
        assert!(unpacked.success());
        let urls = &self.account.world.urls;
        step.env("AWS_ENDPOINT_URL", &urls.aws)
            .env("GITHUB_API_URL", &format!("{}/api", urls.github))
            .env(
                "GITHUB_GRAPHQL_URL",
                &format!("{}/api/graphql", urls.github),
            )
            .env("GITHUB_SERVER_URL", &urls.github)
            .env("GITHUB_REPOSITORY", REPOSITORY)
            .env("GITHUB_EVENT_NAME", "push")
            .env("GITHUB_REF_NAME", "main")
            .env("GITHUB_SHA", sha)
    }

    /// Number of requests to GitHub that would change something.
    pub(crate) fn writes(&self) -> usize {
        let entries = self.account.world.journal.entries();
        entries
            .iter()
            .filter(|entry| entry.service == "github" && !entry.operation.starts_with("GET "))
            .count()
    }
}

/// Runs the real git without anything of this machine's configuration.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Ada")
        .env("GIT_AUTHOR_EMAIL", "ada@example.org")
        .env("GIT_COMMITTER_NAME", "Ada")
        .env("GIT_COMMITTER_EMAIL", "ada@example.org")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(
        output.status.success(),
        "git {arguments:?}: {told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    told
}
