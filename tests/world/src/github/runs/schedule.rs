//! Which job runs when, and with what: conditions, matrices, groups, called workflows.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::call;
use super::cancel::Cancel;
use super::concurrency::{self, Group};
use super::facts::Facts;
use super::graph::{Level, Node};
use super::matrix::{Leg, legs};
use super::model::{Annotation, Job};
use super::runner::{self, Work};
use crate::github::expression::{self, Scope, Status};
use crate::github::model::{Access, Permissions};

/// How a job ended.
#[derive(Clone, Debug)]
pub(super) struct End {
    /// `success`, `failure`, `cancelled`, `skipped`.
    pub result: &'static str,
    pub outputs: BTreeMap<String, String>,
}

impl End {
    pub(super) fn of(result: &'static str) -> Self {
        Self {
            result,
            outputs: BTreeMap::new(),
        }
    }
}

/// What a workflow is called with.
pub(super) struct Frame {
    pub inputs: Value,
    pub secrets: BTreeMap<String, String>,
    /// In front of the names of its jobs.
    pub prefix: String,
    /// Concurrency groups that the run, or the jobs that called, are in.
    pub held: Vec<String>,
    pub cancel: Cancel,
}

pub(super) type Ends = BTreeMap<String, End>;

/// The worst of several results.
pub(super) fn worst<'a>(results: impl Iterator<Item = &'a str> + Clone) -> &'static str {
    let has = |wanted: &str| results.clone().any(|result| result == wanted);
    match () {
        () if has("failure") => "failure",
        () if has("cancelled") => "cancelled",
        () if has("success") => "success",
        () => "skipped",
    }
}

/// Runs all jobs of a workflow, each as soon as those that it needs have ended.
pub(super) fn run(
    facts: Arc<Facts>,
    level: Arc<Level>,
    frame: Arc<Frame>,
) -> Pin<Box<dyn Future<Output = Ends> + Send>> {
    Box::pin(async move {
        let mut ends = Ends::new();
        let mut started = BTreeSet::new();
        let mut running = JoinSet::new();
        loop {
            let ready = level.nodes.iter().position(|node| {
                !started.contains(&node.id) && node.needs.iter().all(|need| ends.contains_key(need))
            });
            if let Some(at) = ready {
                let node = &level.nodes[at];
                started.insert(node.id.clone());
                let contexts = contexts(&facts, &frame, node, &ends);
                let status = status(&level, node, &ends, &frame.cancel);
                match admitted(node, &contexts, status) {
                    Ok(true) => {
                        let parts = (facts.clone(), level.clone(), frame.clone());
                        running.spawn(async move {
                            let (facts, level, frame) = parts;
                            let end = job(&facts, &level, &frame, at, contexts).await;
                            (level.nodes[at].id.clone(), end)
                        });
                    }
                    Ok(false) => {
                        let result = if frame.cancel.reason().is_some() {
                            "cancelled"
                        } else {
                            "skipped"
                        };
                        left_out(&facts, &frame, node, result, None);
                        ends.insert(node.id.clone(), End::of(result));
                    }
                    Err(error) => {
                        left_out(&facts, &frame, node, "failure", Some(error));
                        ends.insert(node.id.clone(), End::of("failure"));
                    }
                }
                continue;
            }
            match running.join_next().await {
                None => return ends,
                Some(Ok((id, end))) => {
                    ends.insert(id, end);
                }
                Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
            }
        }
    })
}

/// What the expressions of a job can see.
fn contexts(facts: &Facts, frame: &Frame, node: &Node, ends: &Ends) -> Value {
    json!({
        "github": facts.github,
        "inputs": frame.inputs,
        "needs": call::results(ends.iter().filter(|(id, _)| node.needs.contains(id))),
        "vars": facts.variables(None),
    })
}

/// What the status functions say: of all jobs before, not only of those that are named in `needs`.
fn status(level: &Level, node: &Node, ends: &Ends, cancel: &Cancel) -> Status {
    let mut before: Vec<&String> = node.needs.iter().collect();
    let mut at = 0;
    while at < before.len() {
        let found = level.nodes.iter().find(|other| other.id == *before[at]);
        for need in found.into_iter().flat_map(|found| &found.needs) {
            if !before.contains(&need) {
                before.push(need);
            }
        }
        at += 1;
    }
    let is = |id: &&String, result: &str| ends.get(*id).is_some_and(|end| end.result == result);
    let cancelled = cancel.reason().is_some();
    Status {
        success: !cancelled && before.iter().all(|id| is(id, "success")),
        failure: before.iter().any(|id| is(id, "failure")),
        cancelled,
    }
}

fn admitted(node: &Node, contexts: &Value, status: Status) -> Result<bool, String> {
    let text = match node.definition.get("if") {
        None => String::new(),
        Some(serde_yaml::Value::Bool(flag)) => flag.to_string(),
        Some(value) => value.as_str().unwrap_or_default().to_owned(),
    };
    let scope = Scope {
        contexts,
        status: Some(status),
    };
    expression::condition(&text, scope).map_err(|error| format!("if: {error}"))
}

/// A job that does not run.
fn left_out(
    facts: &Facts,
    frame: &Frame,
    node: &Node,
    result: &'static str,
    error: Option<String>,
) {
    let name = node
        .definition
        .get("name")
        .and_then(serde_yaml::Value::as_str);
    let name = name
        .filter(|name| !name.contains("${{"))
        .unwrap_or(&node.id);
    let name = format!("{}{name}", frame.prefix);
    let mut job = Job::new(&node.id, &name);
    job.end(result);
    facts.add(job);
    if let Some(message) = error {
        facts.annotate(Annotation::error(&name, &message));
    }
}

async fn job(
    facts: &Arc<Facts>,
    level: &Arc<Level>,
    frame: &Arc<Frame>,
    at: usize,
    contexts: Value,
) -> End {
    let node = &level.nodes[at];
    let scope = Scope {
        contexts: &contexts,
        status: None,
    };
    let matrix = match legs(&node.definition, scope) {
        Ok(matrix) => matrix,
        Err(error) => {
            left_out(facts, frame, node, "failure", Some(error));
            return End::of("failure");
        }
    };
    // A job that runs although the run was cancelled, runs to its end.
    let all = match frame.cancel.reason() {
        None => frame.cancel.child(),
        Some(_) => Cancel::new(),
    };
    let mut running = JoinSet::new();
    for (index, leg) in matrix.legs.iter().enumerate() {
        let mut contexts = contexts.clone();
        contexts["matrix"] = Value::Object(leg.values.clone());
        contexts["strategy"] = json!({
            "fail-fast": matrix.fail_fast, "job-index": index, "job-total": matrix.legs.len(),
        });
        let (facts, level, frame) = (facts.clone(), level.clone(), frame.clone());
        let (leg, cancel) = (leg.clone(), all.child());
        running.spawn(async move { one(&facts, &level, &frame, at, &leg, contexts, cancel).await });
    }
    let mut ends: Vec<End> = Vec::new();
    while let Some(joined) = running.join_next().await {
        let end = joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        if end.result == "failure" && matrix.fail_fast {
            all.cancel("another job of the matrix failed");
        }
        ends.push(end);
    }
    let result = worst(ends.iter().map(|end| end.result));
    // The last leg that set an output has the say.
    let outputs = ends
        .into_iter()
        .flat_map(|end| end.outputs)
        .filter(|(_, value)| !value.is_empty());
    End {
        result,
        outputs: outputs.collect(),
    }
}

/// One leg of a job: act's work, or a workflow that is called.
async fn one(
    facts: &Arc<Facts>,
    level: &Arc<Level>,
    frame: &Arc<Frame>,
    at: usize,
    leg: &Leg,
    contexts: Value,
    cancel: Cancel,
) -> End {
    let node = &level.nodes[at];
    let scope = Scope {
        contexts: &contexts,
        status: None,
    };
    let name = format!("{}{}", frame.prefix, name(node, leg, scope));
    let listed = node
        .called
        .is_none()
        .then(|| facts.add(Job::new(&node.id, &name)));
    let ended = attempt(
        facts,
        level,
        frame,
        at,
        &name,
        listed,
        &contexts,
        cancel.clone(),
    )
    .await;
    let (end, reason) = match ended {
        Ok(end) => (end, None),
        Err(reason) if cancel.reason().is_some() => (End::of("cancelled"), Some(reason)),
        Err(reason) => (End::of("failure"), Some(reason)),
    };
    // A call is listed only if none of its jobs is.
    let listed = listed.or_else(|| {
        reason
            .is_some()
            .then(|| facts.add(Job::new(&node.id, &name)))
    });
    if let Some(message) = reason {
        facts.annotate(Annotation::error(&name, &message));
    }
    if let Some(index) = listed {
        facts.with_job(index, |job| job.end(end.result));
    }
    end
}

/// A job's name as GitHub shows it: values of the matrix behind it, unless it has expressions of its own.
fn name(node: &Node, leg: &Leg, scope: Scope<'_>) -> String {
    let given = node
        .definition
        .get("name")
        .and_then(serde_yaml::Value::as_str);
    let name =
        given.map(|name| expression::interpolate(name, scope).unwrap_or_else(|_| name.to_owned()));
    let name = name.unwrap_or_else(|| node.id.clone());
    match given {
        Some(given) if given.contains("matrix") => name,
        _ if leg.values.is_empty() => name,
        _ => format!("{name} ({})", leg.shown()),
    }
}

#[expect(clippy::too_many_arguments, reason = "what one leg is made of")]
async fn attempt(
    facts: &Arc<Facts>,
    level: &Arc<Level>,
    frame: &Arc<Frame>,
    at: usize,
    name: &str,
    listed: Option<usize>,
    contexts: &Value,
    cancel: Cancel,
) -> Result<End, String> {
    let node = &level.nodes[at];
    let scope = Scope {
        contexts,
        status: None,
    };
    let mut held = frame.held.clone();
    let mut places = Vec::new();
    let call = match &node.called {
        None => None,
        Some(called) => Some((called, call::inputs(node, called, scope)?)),
    };
    let mut groups: Vec<Group> = Group::of(&node.definition, scope)?.into_iter().collect();
    if let Some((called, inputs)) = &call {
        // A called workflow's own group is one of the job that calls it.
        let contexts = json!({"github": facts.github, "vars": contexts["vars"], "inputs": inputs});
        let scope = Scope {
            contexts: &contexts,
            status: None,
        };
        groups.extend(Group::of(&called.workflow.document, scope)?);
    }
    for group in groups {
        if held
            .iter()
            .any(|name| name.eq_ignore_ascii_case(&group.name))
        {
            return Err(format!(
                "Canceling since a deadlock was detected for concurrency group: '{}' between a top level workflow and '{name}'",
                group.name
            ));
        }
        held.push(group.name.clone());
        let mut place = {
            let mut state = facts.world.github.state();
            concurrency::enter(
                &facts.world,
                &mut state.groups,
                &facts.run.repository,
                &group,
                &cancel,
            )
        };
        let turn = place.turn(&cancel).await;
        places.push(place);
        turn?;
    }
    if let Some((called, inputs)) = call {
        let inner = Frame {
            inputs,
            secrets: call::secrets(frame, node, contexts)?,
            prefix: format!("{name} / "),
            held,
            cancel,
        };
        let ends = run(facts.clone(), called.clone(), Arc::new(inner)).await;
        return call::outputs(facts, called, contexts, &ends);
    }
    let permissions = match facts.fork() {
        true => for_fork(&node.permissions),
        false => node.permissions.clone(),
    };
    let work = Work {
        index: listed.unwrap_or_default(),
        name: name.to_owned(),
        level: level.clone(),
        at,
        contexts: contexts.clone(),
        secrets: frame.secrets.clone(),
        permissions,
        cancel,
    };
    runner::run(facts, work).await
}

/// A fork's pull request: what can be written can only be read, and there are no OIDC tokens.
fn for_fork(permissions: &Permissions) -> Permissions {
    let scopes = permissions.0.keys().filter(|scope| *scope != "id-token");
    Permissions(scopes.map(|scope| (scope.clone(), Access::Read)).collect())
}
