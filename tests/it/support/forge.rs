//! A GitHub with one repository, `acme/idp`, and what people and steps do with it.

use std::sync::Arc;

use serde_json::{Value, json};
use world::github::{Access, Permissions, PullRequest, Repository, RepositoryOptions};
use world::{Settings, World};

use super::Step;

pub(crate) const REPOSITORY: &str = "acme/idp";
/// The rights that the shipped workflows give.
pub(crate) const RIGHTS: [(&str, Access); 2] = [
    ("contents", Access::Write),
    ("pull-requests", Access::Write),
];

/// A world whose repository has some files on `main`.
pub(crate) struct Forge {
    pub(crate) world: Arc<World>,
    pub(crate) person: String,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Forge {
    pub(crate) fn new(options: RepositoryOptions, files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let world = runtime
            .block_on(World::start(Settings::new(folder.path())))
            .unwrap();
        let made = world
            .github
            .create_repository("acme", "idp", "main", options);
        runtime.block_on(made).unwrap();
        let person = world.github.person_token("ada");
        let forge = Self {
            person,
            client: keycloak_ecs_actions::http::client().unwrap(),
            runtime,
            world,
            _folder: folder,
        };
        for (path, content) in files {
            forge.put("main", path, content);
        }
        forge
    }

    /// A repository whose job tokens may open pull requests.
    pub(crate) fn open(files: &[(&str, &[u8])]) -> Self {
        Self::new(
            RepositoryOptions {
                actions_can_create_pull_requests: true,
                ..RepositoryOptions::default()
            },
            files,
        )
    }

    fn repository(&self) -> Repository {
        self.world.github.repository(REPOSITORY).unwrap()
    }

    pub(crate) fn job_token(&self, rights: &[(&str, Access)]) -> String {
        let rights = Permissions::of(rights.iter().copied());
        self.world.github.job_token(REPOSITORY, 77, rights)
    }

    pub(crate) fn app_token(&self) -> String {
        self.world
            .github
            .app_token("release-bot", Permissions::of(RIGHTS))
    }

    /// A step of a run with this token.
    pub(crate) fn step(&self, token: &str) -> Step {
        let urls = &self.world.urls;
        Step::new()
            .env("GITHUB_API_URL", &format!("{}/api", urls.github))
            .env(
                "GITHUB_GRAPHQL_URL",
                &format!("{}/api/graphql", urls.github),
            )
            .env("GITHUB_SERVER_URL", &urls.github)
            .env("GITHUB_REPOSITORY", REPOSITORY)
            .env("GITHUB_RUN_ID", "77")
            .env("KECS_TOKEN", token)
    }

    /// One request of a person.
    pub(crate) fn request(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        self.request_as(&self.person, method, path, body)
    }

    pub(crate) fn request_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Value {
        let (status, answer) = self.send(token, method, path, body);
        assert!(
            (200..300).contains(&status),
            "{method} {path}: {status} {answer}"
        );
        answer
    }

    fn send(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}/api/repos/{path}", self.world.urls.github);
        let mut request = self
            .client
            .request(method.parse().unwrap(), url)
            .bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.json::<Value>().await.unwrap_or_default())
        })
    }

    /// A person's commit of one file, tried again while others commit to the same branch.
    pub(crate) fn put(&self, branch: &str, path: &str, content: &[u8]) {
        loop {
            match self.put_once(branch, path, content) {
                (409, _) => {}
                (200 | 201, _) => return,
                (status, answer) => panic!("{path}: {status} {answer}"),
            }
        }
    }

    /// A person's commit of a symbolic link, with git.
    pub(crate) fn link(&self, path: &str, target: &str) {
        let folder = tempfile::tempdir().unwrap();
        let url = self.world.urls.github.replace(
            "http://",
            &format!("http://x-access-token:{}@", self.person),
        );
        let git = |arguments: &[&str]| {
            let done = std::process::Command::new("git")
                .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
                .arg("-C")
                .arg(folder.path())
                .args(arguments)
                .status();
            assert!(done.unwrap().success(), "{arguments:?}");
        };
        git(&["clone", "-q", &format!("{url}/{REPOSITORY}"), "."]);
        std::os::unix::fs::symlink(target, folder.path().join(path)).unwrap();
        git(&["add", "--all"]);
        git(&["commit", "-q", "-m", "Add a link"]);
        git(&["push", "-q", "origin", "HEAD:main"]);
    }

    fn put_once(&self, branch: &str, path: &str, content: &[u8]) -> (u16, Value) {
        use base64::Engine as _;
        let mut body = json!({
            "message": format!("Write {path}"),
            "content": base64::engine::general_purpose::STANDARD.encode(content),
            "branch": branch,
        });
        if let Some(old) = self.blob(branch, path) {
            body["sha"] = old.into();
        }
        let path = format!("{REPOSITORY}/contents/{path}");
        self.send(&self.person, "PUT", &path, Some(body))
    }

    fn blob(&self, branch: &str, path: &str) -> Option<String> {
        let name = format!("refs/heads/{branch}:{path}");
        let git = self.repository().git;
        self.runtime.block_on(git.resolve(&name, "blob"))
    }

    /// Bytes of a file on a branch.
    pub(crate) fn bytes(&self, branch: &str, path: &str) -> Vec<u8> {
        let blob = self.blob(branch, path).expect("the file is there");
        let git = self.repository().git;
        self.runtime.block_on(git.object(&blob)).unwrap().1
    }

    pub(crate) fn text(&self, branch: &str, path: &str) -> String {
        String::from_utf8(self.bytes(branch, path)).unwrap()
    }

    /// Tip of a branch.
    pub(crate) fn tip(&self, branch: &str) -> Option<String> {
        let git = self.repository().git;
        let name = format!("refs/heads/{branch}");
        self.runtime.block_on(git.reference(&name))
    }

    /// What git says.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let git = self.repository().git;
        self.runtime.block_on(git.text(arguments)).unwrap()
    }

    pub(crate) fn pulls(&self) -> Vec<PullRequest> {
        self.world.github.pull_requests(REPOSITORY)
    }

    pub(crate) fn open_pulls(&self) -> Vec<PullRequest> {
        let mut pulls = self.pulls();
        pulls.retain(|pull| pull.open);
        pulls
    }

    /// Operations of all requests to GitHub so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        let entries = self.world.journal.entries();
        let calls = entries.iter().filter(|entry| entry.service == "github");
        calls.map(|entry| entry.operation.clone()).collect()
    }

    /// What makes two worlds differ: references and pull requests.
    pub(crate) fn everything(&self) -> String {
        let references = self.git(&["for-each-ref"]);
        format!("{references}\n{:?}", self.pulls())
    }

    pub(crate) fn merge(&self, number: u64, method: &str) {
        self.request(
            "PUT",
            &format!("{REPOSITORY}/pulls/{number}/merge"),
            Some(json!({"merge_method": method})),
        );
    }

    pub(crate) fn patch(&self, number: u64, change: Value) {
        self.request(
            "PATCH",
            &format!("{REPOSITORY}/pulls/{number}"),
            Some(change),
        );
    }
}
