//! The state behind the stand-in, and what tests and the rehearsal do with it directly.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast;

use super::events::Decision;
use super::git::{Git, GitError};
use super::model::{Identity, Permissions, PullRequest, Repository, RepositoryOptions, TokenKind};
use super::record::Recorder;
use super::runs::{self, Progress, Run, RunSettings};
use crate::{Settings, World};

/// One GitHub: its repositories, actors, tokens, decisions and workflow runs.
#[derive(Debug)]
pub struct GitHub {
    root: PathBuf,
    state: Mutex<State>,
    pub(super) recorder: Recorder,
    pub(super) progress: broadcast::Sender<Progress>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub repositories: BTreeMap<String, Repository>,
    pub pulls: BTreeMap<String, Vec<PullRequest>>,
    pub users: BTreeMap<String, u64>,
    pub tokens: HashMap<String, Identity>,
    /// Requests made with each token: the rate limit.
    pub used: HashMap<String, u64>,
    /// Writes to refuse with the secondary rate limit, and the seconds that it then asks to wait.
    pub slow_down: (u32, u64),
    pub decisions: Vec<Decision>,
    pub runs: Vec<Run>,
    pub run_settings: Option<RunSettings>,
    /// Commits that GitHub made itself, and therefore signs.
    pub signed: BTreeSet<String>,
    /// Runs that are executed, and how to tell them to end.
    pub cancels: BTreeMap<u64, runs::Cancel>,
    pub groups: runs::Groups,
    last_id: u64,
}

impl State {
    /// The next free number for whatever needs one.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Number of a user, made up when the login is first seen.
    pub fn user_id(&mut self, login: &str) -> u64 {
        if let Some(id) = self.users.get(login) {
            return *id;
        }
        let id = match login {
            "github-actions[bot]" => 41_898_282,
            "web-flow" => 19_864_447,
            _ => 1_000 + self.next_id(),
        };
        self.users.insert(login.to_owned(), id);
        id
    }

    /// The open or closed pull request with that number.
    pub fn pull(&mut self, repository: &str, number: u64) -> Option<&mut PullRequest> {
        self.pulls
            .get_mut(repository)?
            .iter_mut()
            .find(|pull| pull.number == number)
    }
}

impl GitHub {
    pub fn new(settings: &Settings) -> Self {
        let root = settings.root.join("github");
        Self {
            root: std::path::absolute(&root).unwrap_or(root),
            state: Mutex::default(),
            recorder: Recorder::default(),
            progress: broadcast::channel(4096).0,
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Folder for repositories and runs.
    pub(super) fn root(&self) -> &PathBuf {
        &self.root
    }

    /// Creates an empty repository. Its first commits come by `git push` or the contents API.
    pub async fn create_repository(
        &self,
        owner: &str,
        name: &str,
        default_branch: &str,
        options: RepositoryOptions,
    ) -> Result<Repository, GitError> {
        self.add(owner, name, default_branch, options, None).await
    }

    pub(super) async fn add(
        &self,
        owner: &str,
        name: &str,
        default_branch: &str,
        options: RepositoryOptions,
        fork_of: Option<String>,
    ) -> Result<Repository, GitError> {
        let dir = self.root.join(owner).join(format!("{name}.git"));
        if dir.exists() {
            return Err(GitError(format!("{owner}/{name} is there already")));
        }
        std::fs::create_dir_all(&dir).map_err(|error| GitError(error.to_string()))?;
        let git = Git::create(&dir, default_branch).await?;
        super::transport::install_hook(&git).map_err(|error| GitError(error.to_string()))?;
        let mut state = self.state();
        if let Some(id) = options.owner_id {
            state.users.insert(owner.to_owned(), id);
        }
        let id = match options.repository_id {
            Some(id) => id,
            None => 500_000 + state.next_id(),
        };
        let repository = Repository {
            owner: owner.to_owned(),
            name: name.to_owned(),
            id,
            owner_id: state.user_id(owner),
            default_branch: default_branch.to_owned(),
            fork_of,
            options,
            created: SystemTime::now(),
            git,
        };
        state
            .repositories
            .insert(repository.full_name(), repository.clone());
        Ok(repository)
    }

    /// A repository as it is now.
    pub fn repository(&self, full_name: &str) -> Option<Repository> {
        self.state().repositories.get(full_name).cloned()
    }

    /// Changes the settings of a repository, as its administrator does; `false` if there is no such repository.
    pub fn configure(&self, full_name: &str, change: impl FnOnce(&mut RepositoryOptions)) -> bool {
        match self.state().repositories.get_mut(full_name) {
            Some(repository) => {
                change(&mut repository.options);
                true
            }
            None => false,
        }
    }

    /// The pull requests of a repository, oldest first.
    pub fn pull_requests(&self, full_name: &str) -> Vec<PullRequest> {
        let state = self.state();
        state.pulls.get(full_name).cloned().unwrap_or_default()
    }

    /// A token of a member: write access to every repository, and their events start workflows.
    pub fn person_token(&self, login: &str) -> String {
        self.token(login, TokenKind::Member, "ghp_")
    }

    /// A token of somebody who is no member: reads public repositories, writes to their own forks.
    pub fn outsider_token(&self, login: &str) -> String {
        self.token(login, TokenKind::Outsider, "ghp_")
    }

    /// A token of an App's installation; the actor is `<slug>[bot]`, and its events start workflows.
    pub fn app_token(&self, slug: &str, permissions: Permissions) -> String {
        let login = format!("{slug}[bot]");
        self.token(&login, TokenKind::App(permissions), "ghs_")
    }

    /// The `GITHUB_TOKEN` of a run. `run` need not be a run that this stand-in started.
    pub fn job_token(&self, repository: &str, run: u64, permissions: Permissions) -> String {
        let kind = TokenKind::Job {
            run,
            repository: repository.to_owned(),
            permissions,
        };
        self.token("github-actions[bot]", kind, "ghs_")
    }

    fn token(&self, login: &str, kind: TokenKind, prefix: &str) -> String {
        let token = format!("{prefix}{}", uuid::Uuid::new_v4().simple());
        let identity = Identity {
            login: login.to_owned(),
            kind,
        };
        let mut state = self.state();
        state.user_id(login);
        state.tokens.insert(token.clone(), identity);
        token
    }

    /// Refuses the next `writes` with GitHub's secondary rate limit, which asks to wait for `seconds`.
    pub fn slow_down(&self, writes: u32, seconds: u64) {
        self.state().slow_down = (writes, seconds);
    }

    /// Makes a token worthless, as the end of a run does with its own.
    pub fn revoke(&self, token: &str) {
        self.state().tokens.remove(token);
    }

    /// Whose token it is.
    pub fn identify(&self, token: &str) -> Option<Identity> {
        self.state().tokens.get(token).cloned()
    }

    /// Every decision so far about starting a workflow, in order: also "not started, because".
    pub fn decisions(&self) -> Vec<Decision> {
        self.state().decisions.clone()
    }

    /// Every run so far, in order of creation.
    pub fn runs(&self) -> Vec<Run> {
        self.state().runs.clone()
    }

    /// Lets runs be executed from now on, also those that are queued.
    pub fn run_workflows(world: &Arc<World>, settings: RunSettings) {
        runs::configure(world, settings);
    }

    /// Waits until no run is queued or in progress; `false` if that takes longer than `limit` of real time.
    pub async fn idle(world: &World, limit: Duration) -> bool {
        runs::idle(world, limit).await
    }

    /// Cancels a run that waits or is in progress, as a person does on its page; `false` if there is none with that
    /// number.
    pub fn cancel(&self, run: u64) -> bool {
        let mut state = self.state();
        match state.cancels.get(&run).cloned() {
            Some(cancel) => {
                drop(state);
                cancel.cancel("The run was canceled.");
                true
            }
            None => runs::cancel_queued(&mut state.runs, run),
        }
    }

    /// Changes of runs, jobs and steps as they happen.
    pub fn progress(&self) -> broadcast::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Writes every REST and GraphQL request from now on, and its answer, to a new file in a folder.
    pub fn record_in(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let name = format!("{}.jsonl", uuid::Uuid::new_v4());
        self.recorder.start(&folder.join(name))
    }
}
