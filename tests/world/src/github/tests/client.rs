//! A world with one repository, and clients for it.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::github::{Access, Permissions, RepositoryOptions};
use crate::{Settings, World};

pub(super) const REPOSITORY: &str = "acme/idp";

/// One answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    pub(super) fn message(&self) -> String {
        let nested = self.body.pointer("/errors/0/message");
        let message = nested.or_else(|| self.body.get("message"));
        message
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    pub(super) fn text(&self, pointer: &str) -> String {
        let value = self.body.pointer(pointer).and_then(Value::as_str);
        value
            .unwrap_or_else(|| panic!("{pointer} in {}", self.body))
            .to_owned()
    }
}

/// A world whose repository has one commit with `README.md`.
pub(super) struct Scene {
    pub world: Arc<World>,
    pub folder: tempfile::TempDir,
    pub person: String,
}

impl Scene {
    pub(super) async fn new(options: RepositoryOptions) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let settings = Settings::new(folder.path().join("world"));
        let world = World::start(settings).await.expect("a world");
        let made = world
            .github
            .create_repository("acme", "idp", "main", options);
        made.await.expect("a repository");
        let person = world.github.person_token("ada");
        let scene = Self {
            world,
            folder,
            person,
        };
        scene
            .put(&scene.person, "main", "README.md", "Keycloak\n")
            .await;
        scene
    }

    pub(super) async fn request(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        self.send(token, method, path, body, false).await
    }

    /// Sends a request of which GitHub's own descriptions say that it is wrong, too.
    pub(super) async fn wrong(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.send(&self.person, method, path, body, true).await
    }

    async fn send(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
        wrong: bool,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/api{path}", self.world.urls.github));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if wrong {
            request = request.header(crate::github::record::WRONG, "yes");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = request.body(body).expect("a request");
        let answer = client.request(request).await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        Reply {
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }

    pub(super) async fn get(&self, token: &str, path: &str) -> Reply {
        self.request(
            token,
            Method::GET,
            &format!("/repos/{REPOSITORY}{path}"),
            None,
        )
        .await
    }

    pub(super) async fn post(&self, token: &str, path: &str, body: Value) -> Reply {
        let path = format!("/repos/{REPOSITORY}{path}");
        self.request(token, Method::POST, &path, Some(body)).await
    }

    pub(super) async fn graphql(&self, token: &str, query: &str, variables: Value) -> Reply {
        let body = json!({"query": query, "variables": variables});
        self.request(token, Method::POST, "/graphql", Some(body))
            .await
    }

    /// Commits one file by the contents API; the new commit.
    pub(super) async fn put(&self, token: &str, branch: &str, path: &str, text: &str) -> String {
        let there = self
            .get(token, &format!("/contents/{path}?ref={branch}"))
            .await;
        let mut body = json!({
            "message": format!("Write {path}"),
            "content": crate::github::rest::encode(text.as_bytes()),
            "branch": branch,
        });
        if there.status == 200 {
            body["sha"] = there.body["sha"].clone();
        }
        let path = format!("/repos/{REPOSITORY}/contents/{path}");
        let reply = self.request(token, Method::PUT, &path, Some(body)).await;
        assert!([200, 201].contains(&reply.status), "{reply:?}");
        reply.text("/commit/sha")
    }

    /// Tip of a branch.
    pub(super) async fn tip(&self, branch: &str) -> String {
        let reply = self
            .get(&self.person, &format!("/git/ref/heads/{branch}"))
            .await;
        reply.text("/object/sha")
    }

    /// Makes a branch at the tip of main with one file more, and a pull request of it.
    pub(super) async fn propose(&self, token: &str, branch: &str, path: &str) -> Reply {
        let sha = self.tip("main").await;
        let body = json!({"ref": format!("refs/heads/{branch}"), "sha": sha});
        assert_eq!(self.post(token, "/git/refs", body).await.status, 201);
        self.put(token, branch, path, "content\n").await;
        let body = json!({"title": format!("Add {path}"), "head": branch, "base": "main"});
        self.post(token, "/pulls", body).await
    }

    pub(super) async fn merge(&self, token: &str, number: u64) -> Reply {
        let path = format!("/repos/{REPOSITORY}/pulls/{number}/merge");
        self.request(token, Method::PUT, &path, None).await
    }

    pub(super) fn job_token(&self, pairs: &[(&str, Access)]) -> String {
        let permissions = Permissions::of(pairs.iter().copied());
        self.world.github.job_token(REPOSITORY, 1, permissions)
    }

    /// Address for git, with a token.
    pub(super) fn remote(&self, token: &str, repository: &str) -> String {
        let url = &self.world.urls.github;
        url.replace("http://", &format!("http://x-access-token:{token}@")) + "/" + repository
    }
}

/// Runs the real git client in a folder; standard output, or standard error of a failure.
pub(super) async fn git(folder: &Path, args: &[&str]) -> Result<String, String> {
    let mut command = crate::github::git::command(args);
    command
        .current_dir(folder)
        .env("GIT_AUTHOR_NAME", "Ada")
        .env("GIT_AUTHOR_EMAIL", "ada@example.org")
        .env("GIT_COMMITTER_NAME", "Ada")
        .env("GIT_COMMITTER_EMAIL", "ada@example.org");
    let output = crate::github::git::output(command, None).await;
    output
        .map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
        .map_err(|error| error.0)
}
