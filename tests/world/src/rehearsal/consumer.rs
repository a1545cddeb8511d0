//! The scratch repository of a team, and what its people do: push, open, merge, dispatch. Nothing here starts a run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::shell::{self, run};
use crate::World;
use crate::github::RepositoryOptions;

/// The team's repository.
pub const REPOSITORY: &str = "acme/idp";
/// The environment that the workflows deploy to.
pub const ENVIRONMENT: &str = "production";

/// What GitHub numbers the repository and its owner; OIDC subjects are made of them.
pub struct Repository {
    pub id: u64,
    pub owner_id: u64,
}

/// A person with a clone of the repository.
pub struct Person {
    world: Arc<World>,
    /// The person's token for git and the API.
    pub token: String,
    /// Where the clone is.
    pub clone: PathBuf,
}

/// Creates the repository, empty.
pub async fn create(world: &World) -> Result<Repository, String> {
    let (owner, name) = REPOSITORY.split_once('/').unwrap_or((REPOSITORY, ""));
    let options = RepositoryOptions {
        actions_can_create_pull_requests: true,
        ..RepositoryOptions::default()
    };
    let made = world
        .github
        .create_repository(owner, name, "main", options)
        .await
        .map_err(|error| error.0)?;
    Ok(Repository {
        id: made.id,
        owner_id: made.owner_id,
    })
}

impl Person {
    /// Somebody who may write to the repository, with a clone of it.
    pub async fn new(world: &Arc<World>, name: &str, folder: &Path) -> Result<Self, String> {
        let token = world.github.person_token(name);
        let clone = folder.join(name);
        let address = world
            .urls
            .github
            .replacen("http://", &format!("http://{name}:{token}@"), 1);
        let target = clone.to_string_lossy();
        let address = format!("{address}/{REPOSITORY}.git");
        shell::git(folder, &["clone", "--quiet", &address, &target]).await?;
        shell::git(&clone, &["checkout", "--quiet", "-B", "main"]).await?;
        Ok(Self {
            world: world.clone(),
            token,
            clone,
        })
    }

    /// Copies what git knows of a folder of the product into the clone.
    pub async fn copy(&self, product: &Path, from: &str, to: &str) -> Result<(), String> {
        let files = shell::git(product, &["ls-files", "--", from]).await?;
        for file in files.lines() {
            let inner = file
                .strip_prefix(from)
                .unwrap_or(file)
                .trim_start_matches('/');
            let target = self.clone.join(to).join(inner);
            let told = |error: std::io::Error| format!("{}: {error}", target.display());
            std::fs::create_dir_all(target.parent().unwrap_or(&self.clone)).map_err(told)?;
            std::fs::copy(product.join(file), &target).map_err(told)?;
        }
        Ok(())
    }

    /// Replaces a text that stands in a file exactly once.
    pub fn edit(&self, path: &str, old: &str, new: &str) -> Result<(), String> {
        let file = self.clone.join(path);
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{path}: {error}"))?;
        if text.matches(old).count() != 1 {
            return Err(format!("{path} does not hold {old:?} exactly once"));
        }
        std::fs::write(&file, text.replacen(old, new, 1))
            .map_err(|error| format!("{path}: {error}"))
    }

    /// Adds a text at the end of a file.
    pub fn append(&self, path: &str, text: &str) -> Result<(), String> {
        let file = self.clone.join(path);
        let old = std::fs::read_to_string(&file).map_err(|error| format!("{path}: {error}"))?;
        std::fs::write(&file, old + text).map_err(|error| format!("{path}: {error}"))
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) -> Result<(), String> {
        let file = self.clone.join(path);
        let told = |error: std::io::Error| format!("{path}: {error}");
        std::fs::create_dir_all(file.parent().unwrap_or(&self.clone)).map_err(told)?;
        std::fs::write(&file, text).map_err(told)
    }

    /// Starts a branch at the newest `main`.
    pub async fn branch(&self, name: &str) -> Result<(), String> {
        shell::git(&self.clone, &["fetch", "--quiet", "origin", "main"]).await?;
        let start = ["checkout", "--quiet", "-B", name, "origin/main"];
        shell::git(&self.clone, &start).await.map(drop)
    }

    /// Commits everything and pushes it to the branch of the same name.
    pub async fn push(&self, branch: &str, message: &str) -> Result<(), String> {
        shell::git(&self.clone, &["add", "--all", "."]).await?;
        shell::git(&self.clone, &["commit", "--quiet", "--message", message]).await?;
        let to = format!("HEAD:refs/heads/{branch}");
        shell::git(&self.clone, &["push", "--quiet", "origin", &to])
            .await
            .map(drop)
    }

    /// Opens a pull request to `main`; its number.
    pub async fn open(&self, branch: &str, title: &str) -> Result<u64, String> {
        let body = json!({"title": title, "head": branch, "base": "main"});
        let opened = self.call("POST", "pulls", Some(&body)).await?;
        opened
            .get("number")
            .and_then(Value::as_u64)
            .ok_or_else(|| format!("no pull request was opened: {opened}"))
    }

    /// Merges a pull request.
    pub async fn merge(&self, number: u64) -> Result<(), String> {
        let body = json!({"merge_method": "squash"});
        let path = format!("pulls/{number}/merge");
        self.call("PUT", &path, Some(&body)).await.map(drop)
    }

    /// Starts a workflow by hand.
    pub async fn dispatch(&self, workflow: &str, inputs: Value) -> Result<(), String> {
        let path = format!("actions/workflows/{workflow}/dispatches");
        let body = json!({"ref": "main", "inputs": inputs});
        self.call("POST", &path, Some(&body)).await.map(drop)
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let address = format!("{}/api/repos/{REPOSITORY}/{path}", self.world.urls.github);
        let header = format!("Authorization: Bearer {}", self.token);
        let body = body.map_or_else(String::new, Value::to_string);
        let arguments = [
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--request",
            method,
            "--header",
            &header,
            "--header",
            "Content-Type: application/json",
            "--data",
            &body,
            &address,
        ];
        let text = run(&self.clone, "curl", &arguments, &[]).await?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| format!("{method} {path}: {error}: {text}"))
    }
}
