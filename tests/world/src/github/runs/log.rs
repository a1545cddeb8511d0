//! What act tells, line by line: `--json` records of jobs, steps, annotations and summaries.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::model::{Annotation, Job, Progress, Run, Step};
use crate::World;

/// Follows one run.
pub(super) struct Listener {
    world: Arc<World>,
    run: u64,
    file: File,
    /// Texts that are never written.
    masks: Vec<String>,
    /// Step of a composite action whose summary was heard last: act repeats it for the step that calls the action.
    inner_summary: Option<(String, String)>,
}

impl Listener {
    pub(super) fn new<'a>(
        world: &Arc<World>,
        run: u64,
        log: &Path,
        secrets: impl Iterator<Item = &'a String>,
    ) -> std::io::Result<Self> {
        Ok(Self {
            world: world.clone(),
            run,
            file: File::create(log)?,
            masks: secrets
                .filter(|secret| !secret.is_empty())
                .cloned()
                .collect(),
            inner_summary: None,
        })
    }

    /// Number of jobs so far.
    pub(super) fn jobs(&self) -> usize {
        self.with(|run| run.jobs.len()).unwrap_or_default()
    }

    fn with<T>(&self, work: impl FnOnce(&mut Run) -> T) -> Option<T> {
        let mut state = self.world.github.state();
        let run = state.runs.iter_mut().find(|run| run.id == self.run)?;
        Some(work(run))
    }

    /// The text without secrets.
    pub(super) fn mask(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for mask in &self.masks {
            text = text.replace(mask, "***");
        }
        text
    }

    /// Writes what act said beside its records.
    pub(super) fn complain(&mut self, text: &str) {
        for line in text.lines() {
            self.write("act", line);
        }
    }

    fn write(&mut self, job: &str, text: &str) {
        let text = self.mask(text);
        for line in text.trim_end_matches('\n').split('\n') {
            // A log that cannot be written is no reason to end a run.
            let _ = writeln!(self.file, "{job} | {line}");
        }
    }

    /// Takes in one line of act's output.
    pub(super) fn hear(&mut self, line: &str) {
        let Ok(record) = serde_json::from_str::<Value>(line) else {
            self.write("act", line);
            return;
        };
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        if text("command") == Some("add-mask") {
            // This record has the secret in clear.
            self.masks
                .extend(text("arg").filter(|arg| !arg.is_empty()).map(str::to_owned));
            return;
        }
        let Some(job) = text("job") else {
            self.write("act", text("msg").unwrap_or_default());
            return;
        };
        let name = self.name(job);
        if text("command") != Some("summary") {
            self.write(&name, text("msg").unwrap_or_default());
        }
        match text("command") {
            Some("summary") => self.summary(job, &record),
            Some(level @ ("error" | "warning" | "notice")) => {
                self.annotation(level, &name, &record);
            }
            _ => self.change(job, &name, &record),
        }
    }

    /// A job's name as GitHub shows it, from act's `workflow/job` or `caller/workflow/job`.
    fn name(&self, key: &str) -> String {
        let workflow = self.with(|run| run.workflow.clone()).unwrap_or_default();
        let parts: Vec<&str> = key.split('/').collect();
        match (key.strip_prefix(&format!("{workflow}/")), &parts[..]) {
            (Some(job), _) => job.to_owned(),
            (None, [caller, _, job]) => format!("{caller} / {job}"),
            _ => key.to_owned(),
        }
    }

    fn summary(&mut self, job: &str, record: &Value) {
        let content = record
            .get("content")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let path: Vec<&str> = step_path(record);
        let outer = path
            .first()
            .map(|step| format!("{job}/{step}"))
            .unwrap_or_default();
        let heard = (outer, content.to_owned());
        if path.len() > 1 {
            self.inner_summary = Some(heard);
        } else if self.inner_summary.as_ref() == Some(&heard) {
            return;
        }
        let content = self.mask(content);
        self.with(|run| run.summaries.push(content));
    }

    fn annotation(&mut self, level: &str, job: &str, record: &Value) {
        let pair = |name: &str| {
            let value = record
                .pointer(&format!("/kvPairs/{name}"))
                .and_then(Value::as_str);
            value.map(|value| self.mask(value))
        };
        let message = record
            .get("arg")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let annotation = Annotation {
            level: level.to_owned(),
            title: pair("title").unwrap_or_default(),
            message: self.mask(message),
            file: pair("file"),
            line: pair("line"),
            job: job.to_owned(),
        };
        self.with(|run| run.annotations.push(annotation));
    }

    /// The beginning or end of a job or a step.
    fn change(&mut self, key: &str, name: &str, record: &Value) {
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        let message = text("msg").unwrap_or_default().trim_start();
        let setup = record.pointer("/stepid/0").and_then(Value::as_str) == Some("--setup-job");
        let id = text("jobID").unwrap_or_default();
        let progress =
            if setup && text("stepResult").is_none() && message.contains("Run Set up job") {
                self.with(|run| begin_job(run, key, id, name))
            } else if let Some(result) = text("jobResult") {
                let matrix = record.get("matrix").and_then(Value::as_object);
                let leg = matrix.is_some_and(|matrix| !matrix.is_empty());
                self.with(|run| end_job(run, key, result, leg)).flatten()
            } else if text("stage") == Some("Main") && step_path(record).len() == 1 {
                let step = self.mask(text("step").unwrap_or_default());
                // act measures in nanoseconds.
                let nanoseconds = record.get("executionTime").and_then(Value::as_f64);
                let seconds = nanoseconds.unwrap_or_default() / 1e9;
                match text("stepResult") {
                    Some(result) => self
                        .with(|run| end_step(run, key, &step, result, seconds))
                        .flatten(),
                    None if message.starts_with("⭐ Run Main") => {
                        self.with(|run| begin_step(run, key, &step)).flatten()
                    }
                    None => None,
                }
            } else {
                None
            };
        if let Some(progress) = progress {
            // Nobody may be listening.
            let _ = self.world.github.progress.send(progress);
        }
    }
}

/// Identifiers of a step and of the steps of composite actions in it.
fn step_path(record: &Value) -> Vec<&str> {
    let path = record.get("stepID").and_then(Value::as_array);
    path.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn progress(run: &Run, job: &str, step: Option<&str>, end: Option<&str>, seconds: f64) -> Progress {
    Progress {
        run: run.id,
        workflow: run.workflow.clone(),
        job: Some(job.to_owned()),
        step: step.map(str::to_owned),
        status: if end.is_some() {
            "completed"
        } else {
            "in_progress"
        },
        conclusion: end.map(str::to_owned),
        seconds,
    }
}

fn begin_job(run: &mut Run, key: &str, id: &str, name: &str) -> Progress {
    run.jobs.push(Job {
        id: id.to_owned(),
        name: name.to_owned(),
        key: key.to_owned(),
        conclusion: None,
        started: Some(SystemTime::now()),
        ended: None,
        steps: Vec::new(),
    });
    progress(run, name, None, None, 0.0)
}

fn end_job(run: &mut Run, key: &str, result: &str, leg: bool) -> Option<Progress> {
    let job = run.jobs.iter_mut().find(|job| job.key == key)?;
    let failed = |step: &Step| step.conclusion.as_deref() == Some("failure");
    // act gives all legs of a matrix the result of the worst one.
    let result = match result {
        "failure" if leg && !job.steps.iter().any(failed) => "success",
        other => other,
    };
    job.conclusion = Some(result.to_owned());
    job.ended = Some(SystemTime::now());
    let took = job.started.and_then(|started| started.elapsed().ok());
    let name = job.name.clone();
    let seconds = took.unwrap_or_default().as_secs_f64();
    Some(progress(run, &name, None, Some(result), seconds))
}

fn begin_step(run: &mut Run, key: &str, name: &str) -> Option<Progress> {
    let job = run.jobs.iter_mut().find(|job| job.key == key)?;
    job.steps.push(Step {
        name: name.to_owned(),
        conclusion: None,
        seconds: 0.0,
        started: SystemTime::now(),
    });
    let job = job.name.clone();
    Some(progress(run, &job, Some(name), None, 0.0))
}

fn end_step(run: &mut Run, key: &str, name: &str, result: &str, seconds: f64) -> Option<Progress> {
    let job = run.jobs.iter_mut().find(|job| job.key == key)?;
    let open = job
        .steps
        .iter_mut()
        .rev()
        .find(|step| step.conclusion.is_none())?;
    open.conclusion = Some(result.to_owned());
    open.seconds = seconds;
    let job = job.name.clone();
    Some(progress(run, &job, Some(name), Some(result), seconds))
}
