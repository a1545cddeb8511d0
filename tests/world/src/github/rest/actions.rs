//! `/actions`: variables, runs, `workflow_dispatch`; `repository_dispatch`.

use serde_json::{Map, Value, json};

use crate::github::api::{Answer, Call, Failure};
use crate::github::events::{self, Event};
use crate::github::model::Repository;
use crate::github::runs::{Job, Run, Step};
use crate::github::shape::{Shape, time};
use crate::github::workflow::dispatch_inputs;

pub async fn variables(call: Call) -> Result<Answer, Failure> {
    let now = time(call.world.clock.now());
    let options = &call.repository()?.options;
    let variables = options.variables.iter().map(
        |(name, value)| json!({"name": name, "value": value, "created_at": now, "updated_at": now}),
    );
    Ok(call.pages_named("variables", variables.collect()))
}

/// `workflow-run`.
async fn shown(call: &Call, repository: &Repository, run: &Run) -> Value {
    let shape = Shape(&call.world);
    let url = format!(
        "{}/repos/{}/actions/runs/{}",
        shape.api(),
        run.repository,
        run.id
    );
    let web = format!("{}/{}/actions/runs/{}", shape.web(), run.repository, run.id);
    let minimal = shape.repository(repository);
    let commit = repository.git.commit(&run.head_sha).await.map(|commit| {
        json!({
            "id": commit.sha,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": commit.committer.date,
            "author": {"name": commit.author.name, "email": commit.author.email},
            "committer": {"name": commit.committer.name, "email": commit.committer.email},
        })
    });
    let workflow = repository.id;
    let mut value = json!({
        "id": run.id,
        "name": run.workflow,
        "node_id": format!("WFR_{}", run.id),
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.workflow_path,
        "run_number": run.number,
        "run_attempt": 1,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": workflow,
        "display_title": run.title,
        "pull_requests": [],
        "actor": shape.user(&run.actor),
        "triggering_actor": shape.user(&run.actor),
        "created_at": time(run.created),
        "run_started_at": time(run.started.unwrap_or(run.created)),
        "updated_at": time(run.ended.or(run.started).unwrap_or(run.created)),
        "head_commit": commit,
        "repository": minimal,
        "head_repository": minimal,
        "url": url,
        "html_url": web,
        "check_suite_url": format!("{}/repos/{}/check-suites/{}", shape.api(), run.repository, run.id),
        "workflow_url": format!("{}/repos/{}/actions/workflows/{workflow}", shape.api(), run.repository),
    });
    for (name, path) in [
        ("jobs", "jobs"),
        ("logs", "logs"),
        ("artifacts", "artifacts"),
        ("cancel", "cancel"),
        ("rerun", "rerun"),
    ] {
        value[format!("{name}_url")] = format!("{url}/{path}").into();
    }
    value
}

pub async fn runs(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let wanted = |name: &str, value: &str| call.query(name).is_none_or(|query| query == value);
    let mut runs = call.github().runs();
    runs.retain(|run| {
        run.repository == repository.full_name()
            && wanted("event", &run.event)
            && wanted("branch", &run.head_branch)
            && wanted("head_sha", &run.head_sha)
            && wanted("actor", &run.actor)
            && call.query("status").is_none_or(|status| {
                run.status == status || run.conclusion.as_deref() == Some(status)
            })
    });
    let mut values = Vec::new();
    for run in runs.iter().rev() {
        values.push(shown(&call, repository, run).await);
    }
    Ok(call.pages_named("workflow_runs", values))
}

fn find(call: &Call) -> Result<Run, Failure> {
    let id = call.number("run_id")?;
    let name = call.repository()?.full_name();
    let runs = call.github().runs();
    runs.into_iter()
        .find(|run| run.id == id && run.repository == name)
        .ok_or_else(Failure::not_found)
}

pub async fn run(call: Call) -> Result<Answer, Failure> {
    Answer::ok(shown(&call, call.repository()?, &find(&call)?).await)
}

pub async fn cancel(call: Call) -> Result<Answer, Failure> {
    let run = find(&call)?;
    if run.status == "completed" {
        return Err(Failure::new(
            409,
            "Cannot cancel a workflow run that is completed.",
        ));
    }
    call.github().cancel(run.id);
    Ok(Answer::new(202, json!({})))
}

pub async fn jobs(call: Call) -> Result<Answer, Failure> {
    let run = find(&call)?;
    let shape = Shape(&call.world);
    let jobs = run
        .jobs
        .iter()
        .enumerate()
        .map(|(at, job)| one_job(shape, &run, at, job));
    Ok(call.pages_named("jobs", jobs.collect()))
}

/// `job`.
fn one_job(shape: Shape<'_>, run: &Run, at: usize, job: &Job) -> Value {
    let id = run.id * 1000 + at as u64;
    let api = format!("{}/repos/{}", shape.api(), run.repository);
    let steps = job
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| one_step(at, step));
    json!({
        "id": id,
        "run_id": run.id,
        "run_url": format!("{api}/actions/runs/{}", run.id),
        "node_id": format!("CR_{id}"),
        "head_sha": run.head_sha,
        "head_branch": run.head_branch,
        "workflow_name": run.workflow,
        "name": job.name,
        "url": format!("{api}/actions/jobs/{id}"),
        "html_url": format!("{}/{}/actions/runs/{}/job/{id}", shape.web(), run.repository, run.id),
        "check_run_url": format!("{api}/check-runs/{id}"),
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": time(run.created),
        "started_at": time(job.started.unwrap_or(run.created)),
        "completed_at": job.ended.map(time),
        "labels": [],
        "runner_id": null,
        "runner_name": "act",
        "runner_group_id": null,
        "runner_group_name": null,
        "steps": steps.collect::<Vec<_>>(),
    })
}

fn one_step(at: usize, step: &Step) -> Value {
    let ended = step.started + std::time::Duration::from_secs_f64(step.seconds);
    let done = step.conclusion.is_some();
    json!({
        "name": step.name,
        "status": if done { "completed" } else { "in_progress" },
        "conclusion": step.conclusion,
        "number": at + 1,
        "started_at": time(step.started),
        "completed_at": done.then(|| time(ended)),
    })
}

/// An event at the tip of a branch or tag.
async fn at_tip(call: &Call, reference: &str) -> Result<Event, Failure> {
    let repository = call.repository()?;
    let short = reference
        .strip_prefix("refs/heads/")
        .or_else(|| reference.strip_prefix("refs/tags/"))
        .unwrap_or(reference);
    for (kind, tag) in [("heads", false), ("tags", true)] {
        let git_ref = format!("refs/{kind}/{short}");
        let Some(sha) = repository.git.resolve(&git_ref, "commit").await else {
            continue;
        };
        return Ok(Event {
            name: String::new(),
            action: None,
            repository: repository.full_name(),
            git_ref,
            sha: sha.clone(),
            head_sha: sha,
            head_branch: short.to_owned(),
            branch: None,
            tag,
            paths: None,
            by: call.identity.clone(),
            from_fork: false,
            payload: json!({}),
        });
    }
    Err(Failure::new(422, format!("No ref found for: {reference}")))
}

pub async fn dispatch(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let file = call.param("workflow_id");
    let mut event = at_tip(&call, call.text("ref")?).await?;
    let found = events::workflows(repository, &event.sha).await;
    let path = format!(".github/workflows/{file}");
    let workflow = found
        .into_iter()
        .find_map(|(name, workflow)| (name == path).then_some(workflow))
        .ok_or_else(Failure::not_found)?
        .map_err(|error| Failure::new(422, error))?;
    let trigger = workflow
        .trigger("workflow_dispatch")
        .ok_or_else(|| Failure::new(422, "Workflow does not have 'workflow_dispatch' trigger"))?;
    let none = Map::new();
    let given = call
        .body
        .get("inputs")
        .and_then(Value::as_object)
        .unwrap_or(&none);
    let environments: Vec<String> = repository.options.environments.keys().cloned().collect();
    let inputs = dispatch_inputs(&trigger, given, &environments)
        .map_err(|error| Failure::new(422, error))?;
    event.payload = json!({
        "inputs": inputs,
        "ref": event.git_ref,
        "workflow": workflow.path,
    });
    let world = &call.world;
    let started = events::dispatch(
        world,
        repository,
        "workflow_dispatch",
        Some(&workflow),
        event,
    )
    .await;
    if !call.flag("return_run_details") {
        return Answer::empty();
    }
    let shape = Shape(world);
    let name = repository.full_name();
    let id = started.first();
    Answer::ok(json!({
        "workflow_run_id": id,
        "run_url": format!("{}/repos/{name}/actions/runs/{}", shape.api(), id.unwrap_or(&0)),
        "html_url": format!("{}/{name}/actions/runs/{}", shape.web(), id.unwrap_or(&0)),
    }))
}

pub async fn repository_dispatch(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let kind = call.text("event_type")?.to_owned();
    let main = format!("refs/heads/{}", repository.default_branch);
    let mut event = at_tip(&call, &main).await?;
    event.payload = json!({
        "action": kind,
        "branch": repository.default_branch,
        "client_payload": call.body.get("client_payload").cloned().unwrap_or_else(|| json!({})),
    });
    event.action = Some(kind);
    events::dispatch(&call.world, repository, "repository_dispatch", None, event).await;
    Answer::empty()
}
