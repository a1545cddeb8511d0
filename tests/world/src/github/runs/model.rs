//! Runs, their jobs and steps, and how they are executed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;

use crate::github::events::Event;
use crate::oidc::SubjectForm;

/// How runs are executed. Without it they stay queued, as on a GitHub that has no runner.
#[derive(Clone, Debug, Default)]
pub struct RunSettings {
    /// Checkout of the product, whose workflows and actions the callers name by commit.
    pub product: PathBuf,
    /// `owner/name` of the product, as callers write it.
    pub product_name: String,
    /// Folders that stand for actions of others, whatever their ref: `hashicorp/setup-terraform` and its folder. Those of
    /// `tests/world/actions` are always there ([`RunSettings::stand_ins`]), unless they are named here.
    pub local_actions: Vec<(String, PathBuf)>,
    /// Environment of all steps.
    pub extra_env: BTreeMap<String, String>,
    /// Folders in front of the steps' PATH.
    pub extra_path: Vec<PathBuf>,
    /// The form of OIDC subjects.
    pub subject: SubjectForm,
}

impl RunSettings {
    /// The actions of others that this machine plays, and their folders.
    pub fn stand_ins() -> Vec<(String, PathBuf)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("actions");
        [
            ("actions/checkout", "checkout"),
            ("hashicorp/setup-terraform", "setup-terraform"),
        ]
        .map(|(name, path)| (name.to_owned(), folder.join(path)))
        .into()
    }
}

/// One run of one workflow.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    pub id: u64,
    pub number: u64,
    pub repository: String,
    /// The workflow's `name`.
    pub workflow: String,
    /// `.github/workflows/deploy.yml`.
    pub workflow_path: String,
    /// `push`, `pull_request`, `workflow_dispatch`.
    pub event: String,
    pub actor: String,
    /// `GITHUB_SHA`.
    pub sha: String,
    /// The commit that the run is shown at.
    pub head_sha: String,
    pub head_branch: String,
    pub git_ref: String,
    pub title: String,
    /// `queued`, `in_progress`, `completed`.
    pub status: &'static str,
    /// `success`, `failure`, `cancelled`, `skipped`, `startup_failure`.
    pub conclusion: Option<String>,
    /// Why it did not start, or was cancelled.
    pub reason: Option<String>,
    /// Real time, unlike other times of the stand-in: steps take as long as they take.
    #[serde(skip)]
    pub created: SystemTime,
    #[serde(skip)]
    pub started: Option<SystemTime>,
    #[serde(skip)]
    pub ended: Option<SystemTime>,
    /// What the steps wrote, secrets masked.
    pub log_path: PathBuf,
    pub annotations: Vec<Annotation>,
    pub jobs: Vec<Job>,
    #[serde(skip)]
    pub(super) source: Source,
}

/// What a run was made from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub event: Event,
    pub document: serde_yaml::Value,
    /// Whether its execution has begun.
    pub taken: bool,
}

/// One job of a run, or one leg of a job's matrix.
#[derive(Clone, Debug, Serialize)]
pub struct Job {
    /// The job's key in the workflow file.
    pub id: String,
    /// `Deploy`, or `Call / Deploy` in a called workflow.
    pub name: String,
    /// The environment that it is deployed to.
    pub environment: Option<String>,
    /// `queued`, `in_progress`, `completed`.
    pub status: &'static str,
    /// `success`, `failure`, `cancelled`, `skipped`.
    pub conclusion: Option<String>,
    #[serde(skip)]
    pub started: Option<SystemTime>,
    #[serde(skip)]
    pub ended: Option<SystemTime>,
    pub steps: Vec<Step>,
    /// What its steps wrote to `GITHUB_STEP_SUMMARY`, in Markdown.
    pub summaries: Vec<String>,
}

impl Job {
    pub(super) fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            environment: None,
            status: "queued",
            conclusion: None,
            started: None,
            ended: None,
            steps: Vec::new(),
            summaries: Vec::new(),
        }
    }

    pub(super) fn end(&mut self, result: &str) {
        self.status = "completed";
        self.conclusion = Some(result.to_owned());
        self.ended = Some(SystemTime::now());
    }

    /// Seconds that it took, or has taken so far.
    pub fn seconds(&self) -> f64 {
        between(self.started, self.ended)
    }

    pub(super) fn progress(&self, run: &Run) -> Progress {
        Progress {
            run: run.id,
            workflow: run.workflow.clone(),
            job: Some(self.name.clone()),
            step: None,
            status: self.status,
            conclusion: self.conclusion.clone(),
            seconds: self.seconds(),
        }
    }
}

fn between(started: Option<SystemTime>, ended: Option<SystemTime>) -> f64 {
    let Some(started) = started else { return 0.0 };
    let ended = ended.unwrap_or_else(SystemTime::now);
    ended
        .duration_since(started)
        .unwrap_or_default()
        .as_secs_f64()
}

/// One step of a job. Steps that did not run because of their `if` are not in the list: act does not tell of them.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    pub name: String,
    /// `success`, `failure`.
    pub conclusion: Option<String>,
    pub seconds: f64,
    #[serde(skip)]
    pub started: SystemTime,
}

/// `::error::`, `::warning::` or `::notice::`.
#[derive(Clone, Debug, Serialize)]
pub struct Annotation {
    pub level: String,
    pub title: String,
    pub message: String,
    pub file: Option<String>,
    pub line: Option<String>,
    pub job: String,
}

impl Annotation {
    /// What GitHub itself says of a job.
    pub(super) fn error(job: &str, message: &str) -> Self {
        Self {
            level: "error".to_owned(),
            title: String::new(),
            message: message.to_owned(),
            file: None,
            line: None,
            job: job.to_owned(),
        }
    }
}

/// A change of a run, a job or a step.
#[derive(Clone, Debug, Serialize)]
pub struct Progress {
    pub run: u64,
    pub workflow: String,
    pub job: Option<String>,
    pub step: Option<String>,
    /// `queued`, `in_progress`, `completed`.
    pub status: &'static str,
    pub conclusion: Option<String>,
    pub seconds: f64,
}

impl Run {
    /// Seconds that it took, or has taken so far.
    pub fn seconds(&self) -> f64 {
        between(self.started, self.ended)
    }
}
