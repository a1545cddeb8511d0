//! From an event to a run that has ended.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::cancel::Cancel;
use super::concurrency::{self, Group, Place};
use super::facts::{self, Facts};
use super::files;
use super::graph::{self, Sources};
use super::model::{Progress, Run, RunSettings, Source};
use super::schedule::{self, Frame};
use crate::World;
use crate::github::events::{self, Event};
use crate::github::expression::Scope;
use crate::github::merge;
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
        annotations: Vec::new(),
        jobs: Vec::new(),
        source: Source {
            event: event.clone(),
            document: workflow.document.clone(),
            taken: false,
        },
    };
    let progress = tell(&run);
    state.runs.push(run);
    drop(state);
    // Nobody may be listening.
    let _ = github.progress.send(progress);
    id
}

fn tell(run: &Run) -> Progress {
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

/// Begins with what nobody has begun with: it may still have to wait for its turn in a concurrency group.
pub fn wake(world: &Arc<World>) {
    loop {
        let taken = {
            let mut state = world.github.state();
            let Some(settings) = state.run_settings.clone() else {
                return;
            };
            let Some(run) = state.runs.iter_mut().find(|run| !run.source.taken) else {
                return;
            };
            run.source.taken = true;
            (settings, run.clone())
        };
        let (settings, run) = taken;
        let cancel = Cancel::new();
        let inputs = run.source.event.payload.get("inputs").cloned();
        let contexts =
            json!({"github": facts::github(world, &run), "inputs": inputs, "vars": null});
        let scope = Scope {
            contexts: &contexts,
            status: None,
        };
        let group = Group::of(&run.source.document, scope);
        let place = {
            let mut state = world.github.state();
            state.cancels.insert(run.id, cancel.clone());
            let enter = |group: Option<Group>| {
                let groups = &mut state.groups;
                group.map(|group| {
                    (
                        concurrency::enter(world, groups, &run.repository, &group, &cancel),
                        group.name,
                    )
                })
            };
            group.map(enter)
        };
        let world = world.clone();
        tokio::spawn(async move { execute(&world, &settings, run, cancel, place).await });
    }
}

/// Executes a run to its end, and then what waits for it.
async fn execute(
    world: &Arc<World>,
    settings: &RunSettings,
    run: Run,
    cancel: Cancel,
    place: Result<Option<(Place, String)>, String>,
) {
    let (id, repository) = (run.id, run.repository.clone());
    let ended = attempt(world, settings, run, &cancel, place).await;
    let (conclusion, reason) = match (ended, cancel.reason()) {
        (_, Some(reason)) => ("cancelled", Some(reason)),
        (Ok(result), None) => (result, None),
        (Err(reason), None) => ("startup_failure", Some(reason)),
    };
    let progress = {
        let mut state = world.github.state();
        state.cancels.remove(&id);
        let Some(run) = state.runs.iter_mut().find(|run| run.id == id) else {
            return;
        };
        run.status = "completed";
        run.conclusion = Some(conclusion.to_owned());
        run.reason = reason;
        run.ended = Some(SystemTime::now());
        tell(run)
    };
    let _ = world.github.progress.send(progress);
    Box::pin(merge::auto_merge(world, &repository)).await;
}

async fn attempt(
    world: &Arc<World>,
    settings: &RunSettings,
    run: Run,
    cancel: &Cancel,
    place: Result<Option<(Place, String)>, String>,
) -> Result<&'static str, String> {
    let mut place = place.map_err(|error| format!("concurrency: {error}"))?;
    if let Some((place, _)) = &mut place {
        place.turn(cancel).await?;
    }
    let repository = world
        .github
        .repository(&run.repository)
        .ok_or("the repository is gone")?;
    let workflow = Workflow {
        path: run.workflow_path.clone(),
        document: run.source.document.clone(),
    };
    let own = events::workflows(&repository, &run.sha).await;
    let sources = Sources {
        settings,
        own: own.into_iter().collect(),
    };
    let inputs = inputs(&workflow, &run);
    let level = Arc::new(graph::build(workflow, &sources)?);
    let facts = Arc::new(Facts::new(world, settings, repository, run));
    files::prepare(settings, &facts.folder)?;
    facts.change(|run| {
        run.status = "in_progress";
        run.started = Some(SystemTime::now());
        Some(tell(run))
    });
    let frame = Frame {
        inputs,
        secrets: facts.secrets(),
        prefix: String::new(),
        held: place.iter().map(|(_, name)| name.clone()).collect(),
        cancel: cancel.clone(),
    };
    let ends = schedule::run(facts, level, Arc::new(frame)).await;
    Ok(schedule::worst(ends.values().map(|end| end.result)))
}

/// The `inputs` context of a dispatched run: flags are flags.
fn inputs(workflow: &Workflow, run: &Run) -> Value {
    let mut inputs = run
        .source
        .event
        .payload
        .get("inputs")
        .cloned()
        .unwrap_or_else(|| json!({}));
    let trigger = workflow.trigger("workflow_dispatch").unwrap_or_default();
    for (name, value) in inputs.as_object_mut().into_iter().flatten() {
        let input = trigger
            .get("inputs")
            .and_then(|inputs| inputs.get(name.as_str()));
        let kind = input
            .and_then(|input| input.get("type"))
            .and_then(serde_yaml::Value::as_str);
        match (kind, value.as_str()) {
            (Some("boolean"), Some(text)) => *value = (text == "true").into(),
            (Some("number"), Some(text)) => {
                *value = text.parse::<f64>().map_or(Value::Null, Value::from)
            }
            _ => {}
        }
    }
    inputs
}

/// Cancels a run that nobody has begun with; `false` if there is none with that number.
pub fn cancel_queued(runs: &mut [Run], id: u64) -> bool {
    let queued = |run: &&mut Run| run.id == id && !run.source.taken;
    let Some(run) = runs.iter_mut().find(queued) else {
        return false;
    };
    run.source.taken = true;
    run.status = "completed";
    run.conclusion = Some("cancelled".to_owned());
    run.ended = Some(SystemTime::now());
    true
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
