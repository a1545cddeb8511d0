//! What all jobs of a run share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::model::{Annotation, Job, Progress, Run, RunSettings};
use crate::World;
use crate::github::model::{Environment, Repository};

/// One run while it is executed.
pub(super) struct Facts {
    pub world: Arc<World>,
    pub settings: RunSettings,
    pub repository: Repository,
    /// As it was when it was created.
    pub run: Run,
    /// Folder for everything of this run.
    pub folder: PathBuf,
    /// The `github` context, without `token` and what only the runner knows.
    pub github: Value,
}

impl Facts {
    pub(super) fn new(
        world: &Arc<World>,
        settings: &RunSettings,
        repository: Repository,
        run: Run,
    ) -> Self {
        let folder = run.log_path.parent().map(PathBuf::from).unwrap_or_default();
        Self {
            github: github(world, &run),
            world: world.clone(),
            settings: settings.clone(),
            repository,
            run,
            folder,
        }
    }

    /// Whether it is of a pull request from a fork: then there are no secrets, no variables, no OIDC tokens, and
    /// `GITHUB_TOKEN` can only read.
    pub(super) fn fork(&self) -> bool {
        self.run.source.event.from_fork
    }

    /// Configuration variables of the repository, over them those of an environment.
    pub(super) fn variables(&self, environment: Option<&str>) -> BTreeMap<String, String> {
        let mut variables = match self.fork() {
            true => BTreeMap::new(),
            false => self.repository.options.variables.clone(),
        };
        let own = self.environment(environment);
        variables.extend(own.map(|own| own.variables.clone()).unwrap_or_default());
        variables
    }

    /// What is configured in an environment. One that nobody made is empty, as on GitHub.
    pub(super) fn environment(&self, name: Option<&str>) -> Option<&Environment> {
        let found = self.repository.options.environments.get(name?);
        found.filter(|_| !self.fork())
    }

    /// Secrets of the repository.
    pub(super) fn secrets(&self) -> BTreeMap<String, String> {
        match self.fork() {
            true => BTreeMap::new(),
            false => self.repository.options.secrets.clone(),
        }
    }

    /// Adds an annotation.
    pub(super) fn annotate(&self, annotation: Annotation) {
        self.change(|run| {
            run.annotations.push(annotation);
            None
        });
    }

    /// Changes the run, tells what came of it.
    pub(super) fn change(&self, work: impl FnOnce(&mut Run) -> Option<Progress>) {
        let progress = {
            let mut state = self.world.github.state();
            let run = state.runs.iter_mut().find(|run| run.id == self.run.id);
            run.and_then(work)
        };
        if let Some(progress) = progress {
            // Nobody may be listening.
            let _ = self.world.github.progress.send(progress);
        }
    }

    /// Adds a job; its index.
    pub(super) fn add(&self, job: Job) -> usize {
        let mut index = 0;
        self.change(|run| {
            index = run.jobs.len();
            let progress = job.progress(run);
            run.jobs.push(job);
            Some(progress)
        });
        index
    }

    /// Changes a job and tells of it.
    pub(super) fn with_job(&self, index: usize, work: impl FnOnce(&mut Job)) {
        self.change(|run| {
            let mut job = run.jobs.get(index)?.clone();
            work(&mut job);
            let progress = job.progress(run);
            run.jobs[index] = job;
            Some(progress)
        });
    }
}

/// The `github` context of a run.
pub(super) fn github(world: &World, run: &Run) -> Value {
    let event = &run.source.event;
    let pull = event.payload.get("pull_request");
    let end = |name: &str| {
        let branch = pull.and_then(|pull| pull.pointer(&format!("/{name}/ref")));
        branch.cloned().unwrap_or_else(|| "".into())
    };
    let short = ["refs/heads/", "refs/tags/", "refs/pull/"]
        .iter()
        .find_map(|start| run.git_ref.strip_prefix(start))
        .unwrap_or(&run.git_ref);
    let tag = run.git_ref.starts_with("refs/tags/");
    let owner = run.repository.split('/').next().unwrap_or_default();
    let (actor, owner_id, repository_id) = {
        let mut state = world.github.state();
        let repository = state
            .repositories
            .get(&run.repository)
            .map(|found| found.id);
        (state.user_id(&run.actor), state.user_id(owner), repository)
    };
    let base = &world.urls.github;
    json!({
        "actor": run.actor,
        "actor_id": actor.to_string(),
        "api_url": format!("{base}/api"),
        "base_ref": end("base"),
        "event": event.payload,
        "event_name": run.event,
        "graphql_url": format!("{base}/api/graphql"),
        "head_ref": end("head"),
        "ref": run.git_ref,
        "ref_name": short,
        "ref_protected": "false",
        "ref_type": if tag { "tag" } else { "branch" },
        "repository": run.repository,
        "repository_id": repository_id.unwrap_or_default().to_string(),
        "repository_owner": owner,
        "repository_owner_id": owner_id.to_string(),
        "run_attempt": "1",
        "run_id": run.id.to_string(),
        "run_number": run.number.to_string(),
        "server_url": base,
        "sha": run.sha,
        "triggering_actor": run.actor,
        "workflow": run.workflow,
        "workflow_ref": format!("{}/{}@{}", run.repository, run.workflow_path, run.git_ref),
        "workflow_sha": run.sha,
    })
}
