//! Which run is executed when.
//!
//! Source: "Control the concurrency of workflows and jobs", GitHub's documentation, November 2026: of one group one run is in
//! progress and one waits; a newer one takes the place of the one that waits. Groups of jobs are not told apart here:
//! runs of a workflow whose jobs have a `concurrency` follow each other, and none is dropped.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::execute;
use super::model::{Progress, Run, RunSettings, Source};
use crate::World;
use crate::github::events::Event;
use crate::github::expression;
use crate::github::workflow::Workflow;

/// Lets runs be executed from now on, also those that are queued.
pub fn configure(world: &Arc<World>, mut settings: RunSettings) {
    for (name, folder) in RunSettings::stand_ins() {
        if !settings.local_actions.iter().any(|(own, _)| *own == name) {
            settings.local_actions.push((name, folder));
        }
    }
    world.github.state().run_settings = Some(settings);
    wake(world);
}

/// Creates a run in the queue.
pub fn create(world: &World, event: &Event, workflow: &Workflow) -> u64 {
    let github = &world.github;
    let mut state = github.state();
    let id = 7_000_000 + state.next_id();
    let same =
        |run: &&Run| run.repository == event.repository && run.workflow_path == workflow.path;
    let number = state.runs.iter().filter(same).count() as u64 + 1;
    let title = event
        .payload
        .pointer("/pull_request/title")
        .or_else(|| event.payload.pointer("/head_commit/message"))
        .and_then(Value::as_str)
        .and_then(|title| title.lines().next())
        .unwrap_or_else(|| workflow.name())
        .to_owned();
    let run = Run {
        id,
        number,
        repository: event.repository.clone(),
        workflow: workflow.name().to_owned(),
        workflow_path: workflow.path.clone(),
        event: event.name.clone(),
        actor: event.by.login.clone(),
        sha: event.sha.clone(),
        head_sha: event.head_sha.clone(),
        head_branch: event.head_branch.clone(),
        git_ref: event.git_ref.clone(),
        title,
        status: "queued",
        conclusion: None,
        reason: None,
        created: SystemTime::now(),
        started: None,
        ended: None,
        log_path: github
            .root()
            .join("runs")
            .join(id.to_string())
            .join("log.txt"),
        summaries: Vec::new(),
        annotations: Vec::new(),
        jobs: Vec::new(),
        source: Source {
            event: event.clone(),
            document: workflow.document.clone(),
        },
    };
    let progress = tell(&run);
    state.runs.push(run);
    drop(state);
    // Nobody may be listening.
    let _ = github.progress.send(progress);
    id
}

pub(super) fn tell(run: &Run) -> Progress {
    Progress {
        run: run.id,
        workflow: run.workflow.clone(),
        job: None,
        step: None,
        status: run.status,
        conclusion: run.conclusion.clone(),
        seconds: run.seconds(),
    }
}

/// Starts what can start.
pub fn wake(world: &Arc<World>) {
    let (start, dropped) = {
        let mut state = world.github.state();
        let Some(settings) = state.run_settings.clone() else {
            return;
        };
        let (start, dropped) = choose(&state.runs);
        for run in &mut state.runs {
            if let Some((_, reason)) = dropped.iter().find(|(id, _)| *id == run.id) {
                run.status = "completed";
                run.conclusion = Some("cancelled".to_owned());
                run.reason = Some(reason.clone());
                run.ended = Some(SystemTime::now());
            }
            if start.contains(&run.id) {
                run.status = "in_progress";
                run.started = Some(SystemTime::now());
            }
        }
        let chosen = |ids: &[u64]| -> Vec<Run> {
            let runs = state.runs.iter().filter(|run| ids.contains(&run.id));
            runs.cloned().collect()
        };
        let dropped: Vec<u64> = dropped.iter().map(|(id, _)| *id).collect();
        ((settings, chosen(&start)), chosen(&dropped))
    };
    for run in dropped {
        let _ = world.github.progress.send(tell(&run));
    }
    let (settings, runs) = start;
    for run in runs {
        let _ = world.github.progress.send(tell(&run));
        let (world, settings) = (world.clone(), settings.clone());
        tokio::spawn(async move { execute::execute(&world, &settings, run).await });
    }
}

/// Runs that start now, and queued ones that a newer one takes the place of.
fn choose(runs: &[Run]) -> (Vec<u64>, Vec<(u64, String)>) {
    let mut start = Vec::new();
    let mut dropped = Vec::new();
    let mut busy: Vec<Group> = runs
        .iter()
        .filter(|run| run.status == "in_progress")
        .filter_map(group)
        .collect();
    let queued: Vec<&Run> = runs.iter().filter(|run| run.status == "queued").collect();
    for (at, run) in queued.iter().enumerate() {
        let Some(group) = group(run) else {
            start.push(run.id);
            continue;
        };
        if !busy.contains(&group) {
            busy.push(group);
            start.push(run.id);
            continue;
        }
        let newer = queued[at + 1..]
            .iter()
            .find(|newer| group.drops && self::group(newer).as_ref() == Some(&group));
        if let Some(newer) = newer {
            let reason = format!(
                "canceling since a higher priority waiting request for '{}' exists: run {}",
                group.name, newer.id
            );
            dropped.push((run.id, reason));
        }
    }
    (start, dropped)
}

/// A concurrency group, in its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    repository: String,
    name: String,
    /// Whether a newer run takes the place of one that waits.
    drops: bool,
}

fn group(run: &Run) -> Option<Group> {
    let document = &run.source.document;
    let of_workflow = document.get("concurrency");
    let repository = run.repository.clone();
    if let Some(concurrency) = of_workflow {
        let text = concurrency.get("group").unwrap_or(concurrency).as_str()?;
        // A group that cannot be worked out is taken for one of the whole workflow: rather too slow than too fast.
        let name = expression::interpolate(text, &contexts(run));
        let name = name.unwrap_or_else(|_| run.workflow_path.clone());
        return Some(Group {
            repository,
            name,
            drops: true,
        });
    }
    // The jobs of called workflows have the groups, which depend on what only the runner knows.
    let calls = document
        .get("jobs")?
        .as_mapping()?
        .values()
        .any(|job| job.get("concurrency").is_some() || job.get("uses").is_some());
    calls.then(|| Group {
        repository,
        name: run.workflow_path.clone(),
        drops: false,
    })
}

/// The contexts that a workflow's own `concurrency` may use.
fn contexts(run: &Run) -> Value {
    let event = &run.source.event;
    json!({
        "github": {
            "workflow": run.workflow,
            "ref": run.git_ref,
            "ref_name": run.head_branch,
            "head_ref": if run.event == "pull_request" { run.head_branch.as_str() } else { "" },
            "sha": run.sha,
            "run_id": run.id,
            "event_name": run.event,
            "repository": run.repository,
            "actor": run.actor,
            "event": event.payload,
        },
        "inputs": event.payload.get("inputs").cloned().unwrap_or_default(),
    })
}

/// Waits until no run is queued or in progress; `false` if that takes longer than `limit`.
pub async fn idle(world: &World, limit: Duration) -> bool {
    let end = tokio::time::Instant::now() + limit;
    loop {
        let busy = {
            let state = world.github.state();
            state.runs.iter().any(|run| run.status != "completed")
        };
        if !busy {
            return true;
        }
        if tokio::time::Instant::now() >= end {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
