//! One job through act, as a runner of GitHub's would do it.
//!
//! act hands its whole environment to the steps, so that it is started with a small one of its own and a scratch HOME.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use super::cancel::Cancel;
use super::facts::Facts;
use super::files::{Files, Given};
use super::graph::Level;
use super::interrupt;
use super::log::Listener;
use super::model::Annotation;
use super::schedule::End;
use crate::github::expression::{self, Scope};
use crate::github::model::{Access, Permissions};
use crate::oidc::JobIdentity;

/// One job, or one leg of a job's matrix.
pub(super) struct Work {
    /// Its index in the run's list of jobs.
    pub index: usize,
    pub name: String,
    pub level: Arc<Level>,
    /// Which node of the level it is.
    pub at: usize,
    pub contexts: Value,
    /// Those of the repository, or what the caller handed on.
    pub secrets: BTreeMap<String, String>,
    pub permissions: Permissions,
    pub cancel: Cancel,
}

/// Minutes that a job may take unless it says otherwise.
const TIMEOUT: f64 = 360.0;

pub(super) async fn run(facts: &Arc<Facts>, work: Work) -> Result<End, String> {
    let definition = &work.level.nodes[work.at].definition;
    let scope = Scope {
        contexts: &work.contexts,
        status: None,
    };
    let environment = match definition.get("environment") {
        None => None,
        Some(value) => {
            let name = expression::yaml(value.get("name").unwrap_or(value), scope)?;
            name.as_str()
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
        }
    };
    let minutes = match definition.get("timeout-minutes") {
        None => TIMEOUT,
        Some(value) => expression::yaml(value, scope)?
            .as_f64()
            .ok_or("`timeout-minutes` is no number")?,
    };
    let mut secrets = work.secrets.clone();
    let own = facts.environment(environment.as_deref());
    secrets.extend(own.map(|own| own.secrets.clone()).unwrap_or_default());
    let world = &facts.world;
    let token = world.github.job_token(
        &facts.run.repository,
        facts.run.id,
        work.permissions.clone(),
    );
    secrets.insert("GITHUB_TOKEN".to_owned(), token.clone());
    let mut more = BTreeMap::new();
    let mut request = None;
    if work.permissions.allow("id-token", Access::Write) {
        let (url, token) = world
            .oidc
            .allow(identity(facts, &work, environment.clone()));
        request = Some(token.clone());
        // act masks secrets only.
        secrets.insert("WORLD_OIDC_REQUEST".to_owned(), token.clone());
        more.insert("ACTIONS_ID_TOKEN_REQUEST_URL".to_owned(), url);
        more.insert("ACTIONS_ID_TOKEN_REQUEST_TOKEN".to_owned(), token);
    }
    let variables = facts.variables(environment.as_deref());
    facts.with_job(work.index, |job| {
        job.status = "in_progress";
        job.started = Some(SystemTime::now());
        job.environment = environment;
    });
    let given = Given {
        secrets: &secrets,
        variables: &variables,
        environment: &more,
    };
    let ended = match Files::write(facts, &work, &given) {
        Ok(files) => drive(facts, &work, &files, &secrets, minutes).await,
        Err(error) => Err(error),
    };
    world.github.revoke(&token);
    if let Some(request) = request {
        world.oidc.forbid(&request);
    }
    ended
}

/// Who a job is to those who check its OIDC tokens.
fn identity(facts: &Facts, work: &Work, environment: Option<String>) -> JobIdentity {
    let run = &facts.run;
    let own = format!("{}/{}@{}", run.repository, run.workflow_path, run.git_ref);
    JobIdentity {
        repository: run.repository.clone(),
        repository_id: facts.repository.id,
        repository_owner_id: facts.repository.owner_id,
        git_ref: run.git_ref.clone(),
        sha: run.sha.clone(),
        event_name: run.event.clone(),
        environment,
        job_workflow_ref: work.level.called_as.clone().unwrap_or(own),
        actor: run.actor.clone(),
        run_id: run.id,
        subject: facts.settings.subject,
    }
}

async fn drive(
    facts: &Arc<Facts>,
    work: &Work,
    files: &Files,
    secrets: &BTreeMap<String, String>,
    minutes: f64,
) -> Result<End, String> {
    let mut child = command(facts, files).spawn().map_err(|error| {
        format!(
            "could not start act (WORLD_ACT, or act on PATH): {error}; run tests/tools/setup.sh act"
        )
    })?;
    let stdout = child.stdout.take().ok_or("act has no output")?;
    let mut stderr = child.stderr.take().ok_or("act has no error output")?;
    let definition = &work.level.nodes[work.at].definition;
    let mut listener = Listener::new(facts, work.index, &work.name, definition, secrets.values())
        .map_err(|error| format!("{}: {error}", facts.run.log_path.display()))?;
    let mut lines = BufReader::new(stdout).lines();
    let mut complaint = String::new();
    let mut limit = Box::pin(tokio::time::sleep(Duration::from_secs_f64(minutes * 60.0)));
    let mut late = false;
    let mut stopping = None;
    let hear = async {
        loop {
            tokio::select! {
                line = lines.next_line() => match line {
                    Ok(Some(line)) => listener.hear(&line),
                    _ => break,
                },
                _ = work.cancel.cancelled(), if stopping.is_none() => {
                    stopping = Some(tokio::spawn(interrupt::interrupt(child.id(), !listener.goes_on())));
                }
                () = &mut limit, if !late => {
                    late = true;
                    let why = format!("The job has exceeded the maximum execution time of {minutes} minutes.");
                    facts.annotate(Annotation::error(&work.name, &why));
                    work.cancel.cancel(&why);
                }
            }
        }
    };
    let (_, told) = tokio::join!(hear, stderr.read_to_string(&mut complaint));
    told.map_err(|error| error.to_string())?;
    let status = child.wait().await.map_err(|error| error.to_string())?;
    let (began, cancelled) = (listener.began(), work.cancel.reason().is_some());
    if !began && !cancelled {
        listener.complain(&complaint);
        let why = complaint
            .lines()
            .find_map(|line| line.strip_prefix("Error: "));
        return Err(listener.mask(why.unwrap_or("act could not run the job")));
    }
    let result = match (cancelled, status.success()) {
        (true, _) => "cancelled",
        (_, true) => "success",
        (_, false) => {
            listener.failed();
            "failure"
        }
    };
    let mut outputs = files.outputs();
    outputs.retain(|name, value| {
        let kept = !listener.hides(value);
        if !kept {
            let why = format!("Skip output '{name}' since it may contain secret.");
            facts.annotate(Annotation {
                level: "warning".to_owned(),
                ..Annotation::error(&work.name, &why)
            });
        }
        kept
    });
    Ok(End { result, outputs })
}

fn command(facts: &Facts, files: &Files) -> Command {
    let act = std::env::var_os("WORLD_ACT").unwrap_or_else(|| OsString::from("act"));
    let path = facts.settings.extra_path.iter().cloned().chain(
        std::env::var_os("PATH")
            .iter()
            .flat_map(std::env::split_paths)
            .collect::<Vec<PathBuf>>(),
    );
    let mut command = Command::new(act);
    command
        .arg(&facts.run.event)
        .args(["--json", "--no-cache-server", "--no-skip-checkout"])
        .args(["--actor", &facts.run.actor])
        .args(["-P", &format!("{}=-self-hosted", files.label)]);
    for (option, file) in [
        ("-W", "workflow.yml"),
        ("--eventpath", "event.json"),
        ("--secret-file", "secrets.yml"),
        ("--var-file", "vars.yml"),
        ("--env-file", "env.yml"),
        ("--action-cache-path", "cache"),
    ] {
        command.arg(option).arg(files.path(file));
    }
    for (spec, folder) in &files.local {
        command
            .arg("--local-repository")
            .arg(format!("{spec}={}", folder.display()));
    }
    command
        .current_dir(files.path("work"))
        .env_clear()
        .env("HOME", files.path("home"))
        .env("PATH", std::env::join_paths(path).unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}
