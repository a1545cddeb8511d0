//! What act tells of a job, line by line: `--json` records of steps, annotations and summaries.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::facts::Facts;
use super::files::OUTPUTS_STEP;
use super::model::{Annotation, Progress, Run, Step};

/// Follows one job.
pub(super) struct Listener {
    facts: Arc<Facts>,
    index: usize,
    name: String,
    file: File,
    /// Texts that are never written.
    masks: Vec<String>,
    began: bool,
    steps: Vec<Declared>,
    /// Identifier of the step that is in progress.
    current: Option<String>,
    /// What act complained of last.
    trouble: Option<String>,
    /// Step of a composite action whose summary was heard last: act repeats it for the step that calls the action.
    inner_summary: Option<(String, String)>,
}

/// A step as its workflow has it.
struct Declared {
    /// act's identifier of it.
    id: String,
    condition: String,
    named: bool,
}

impl Listener {
    pub(super) fn new<'a>(
        facts: &Arc<Facts>,
        index: usize,
        name: &str,
        definition: &serde_yaml::Value,
        secrets: impl Iterator<Item = &'a String>,
    ) -> std::io::Result<Self> {
        let steps = definition
            .get("steps")
            .and_then(serde_yaml::Value::as_sequence);
        let declared = |(at, step): (usize, &serde_yaml::Value)| {
            let text = |name| step.get(name).and_then(serde_yaml::Value::as_str);
            Declared {
                id: text("id").map_or_else(|| at.to_string(), str::to_owned),
                condition: text("if").unwrap_or_default().to_owned(),
                named: text("name").is_some(),
            }
        };
        Ok(Self {
            facts: facts.clone(),
            index,
            name: name.to_owned(),
            file: File::options()
                .create(true)
                .append(true)
                .open(&facts.run.log_path)?,
            masks: secrets
                .filter(|secret| !secret.is_empty())
                .cloned()
                .collect(),
            began: false,
            steps: steps
                .into_iter()
                .flatten()
                .enumerate()
                .map(declared)
                .collect(),
            current: None,
            trouble: None,
            inner_summary: None,
        })
    }

    /// Whether act has begun with the job.
    pub(super) fn began(&self) -> bool {
        self.began
    }

    fn declared(&self, id: Option<&str>) -> Option<&Declared> {
        self.steps.iter().find(|step| Some(step.id.as_str()) == id)
    }

    /// Whether the current step is one that goes on when the run is cancelled.
    pub(super) fn goes_on(&self) -> bool {
        let step = self.declared(self.current.as_deref());
        step.is_some_and(|step| {
            let text = step.condition.replace("!cancelled()", "");
            text.contains("always()") || text.contains("cancelled()")
        })
    }

    /// Whether a text has something secret in it.
    pub(super) fn hides(&self, text: &str) -> bool {
        self.masks.iter().any(|mask| text.contains(mask))
    }

    /// The text without secrets.
    pub(super) fn mask(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for mask in &self.masks {
            text = text.replace(mask, "***");
        }
        text
    }

    fn write(&mut self, text: &str) {
        let text = self.mask(text);
        for line in text.trim_end_matches(['\n', '\r']).split('\n') {
            // A log that cannot be written is no reason to end a run.
            let _ = writeln!(self.file, "{} | {}", self.name, line.trim_end_matches('\r'));
        }
    }

    /// Takes in what act said beside its records; its warnings are of no interest.
    pub(super) fn complain(&mut self, text: &str) {
        for line in text
            .lines()
            .filter(|line| !line.contains("\"level\":\"warning\""))
        {
            self.write(line);
        }
    }

    /// Takes in one line of act's output.
    pub(super) fn hear(&mut self, line: &str) {
        let Ok(record) = serde_json::from_str::<Value>(line) else {
            self.write(line);
            return;
        };
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        match text("command") {
            // This record has the secret in clear.
            Some("add-mask") => self
                .masks
                .extend(text("arg").into_iter().flat_map(masks_of)),
            Some("summary") => self.summary(&record),
            Some(level @ ("error" | "warning" | "notice")) => self.annotation(level, &record),
            Some("set-output") => {}
            _ => self.change(&record),
        }
    }

    fn summary(&mut self, record: &Value) {
        let content = record
            .get("content")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let path = step_path(record);
        let heard = (
            path.first().copied().unwrap_or_default().to_owned(),
            content.to_owned(),
        );
        if path.len() > 1 {
            self.inner_summary = Some(heard);
        } else if self.inner_summary.as_ref() == Some(&heard) {
            return;
        }
        let content = self.mask(content);
        self.facts.change(|run| {
            run.jobs.get_mut(self.index)?.summaries.push(content);
            None
        });
    }

    fn annotation(&mut self, level: &str, record: &Value) {
        let raw = record.get("raw").and_then(Value::as_str);
        let pair = |name: &str| {
            let kept = record.pointer(&format!("/kvPairs/{name}"));
            let value = raw
                .map(|raw| property(raw, name))
                .unwrap_or_else(|| kept.and_then(Value::as_str).map(str::to_owned));
            value.map(|value| self.mask(&value))
        };
        let argument = record.get("arg").and_then(Value::as_str);
        let message = raw
            .and_then(message)
            .unwrap_or_else(|| argument.unwrap_or_default().to_owned());
        let annotation = Annotation {
            level: level.to_owned(),
            title: pair("title").unwrap_or_default(),
            message: self.mask(&message),
            file: pair("file"),
            line: pair("line"),
            job: self.name.clone(),
        };
        // As GitHub's log has it: `Error: …`.
        let mut shown = level.to_owned();
        shown[..1].make_ascii_uppercase();
        self.write(&format!("{shown}: {message}"));
        self.facts.annotate(annotation);
    }

    /// The beginning or end of the job or a step, or a line that a step wrote.
    fn change(&mut self, record: &Value) {
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        let message = text("msg").unwrap_or_default().trim_start();
        let path = step_path(record);
        self.began |= text("job").is_some();
        if path.first() == Some(&OUTPUTS_STEP) {
            return;
        }
        if record.get("raw_output") == Some(&Value::Bool(true)) {
            self.write(message);
        } else if text("stage") == Some("Main") && path.len() == 1 {
            let named = self
                .declared(path.first().copied())
                .is_some_and(|step| step.named);
            let mut name = self.mask(text("step").unwrap_or_default());
            if !named {
                // GitHub shows the first line.
                name = format!("Run {}", name.lines().next().unwrap_or_default());
            }
            // act measures in nanoseconds.
            let nanoseconds = record.get("executionTime").and_then(Value::as_f64);
            let seconds = nanoseconds.unwrap_or_default() / 1e9;
            match text("stepResult") {
                Some(result) => {
                    self.current = None;
                    if result == "failure" {
                        self.failed();
                    }
                    self.facts
                        .change(|run| end_step(run, self.index, &name, result, seconds));
                }
                None if message.starts_with("⭐ Run Main") => {
                    self.current = path.first().map(|id| (*id).to_owned());
                    self.write(&format!("── {name}"));
                    self.facts.change(|run| begin_step(run, self.index, &name));
                }
                None => self.trouble(record),
            }
        } else if text("stepResult").is_none() {
            self.trouble(record);
        }
    }

    /// What act itself complains of.
    fn trouble(&mut self, record: &Value) {
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        if !["error", "fatal"].contains(&text("level")) {
            return;
        }
        let message = text("msg").trim();
        let told = match message.strip_prefix("exit status ") {
            Some(code) => format!("Process completed with exit code {code}."),
            None if message.starts_with("this step has been cancelled") => {
                "The operation was canceled.".to_owned()
            }
            // Said of every job that fails.
            None if message.starts_with("Job '") => return,
            None => message.to_owned(),
        };
        self.trouble = Some(told);
    }

    /// Says why a step or the job failed, as GitHub does.
    pub(super) fn failed(&mut self) {
        let Some(why) = self.trouble.take() else {
            return;
        };
        let why = self.mask(&why);
        self.write(&format!("Error: {why}"));
        self.facts.annotate(Annotation::error(&self.name, &why));
    }
}

/// What is masked for one `add-mask`: the runner hides each line of it, too.
fn masks_of(text: &str) -> impl Iterator<Item = String> {
    let whole = std::iter::once(text).chain(text.lines());
    let masks: Vec<String> = whole
        .map(str::trim)
        .filter(|mask| !mask.is_empty())
        .map(str::to_owned)
        .collect();
    masks.into_iter()
}

/// Identifiers of a step and of the steps of composite actions in it.
fn step_path(record: &Value) -> Vec<&str> {
    let path = record.get("stepID").and_then(Value::as_array);
    path.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn progress(run: &Run, job: usize, step: &Step) -> Option<Progress> {
    Some(Progress {
        run: run.id,
        workflow: run.workflow.clone(),
        job: Some(run.jobs.get(job)?.name.clone()),
        step: Some(step.name.clone()),
        status: if step.conclusion.is_some() {
            "completed"
        } else {
            "in_progress"
        },
        conclusion: step.conclusion.clone(),
        seconds: step.seconds,
    })
}

fn begin_step(run: &mut Run, job: usize, name: &str) -> Option<Progress> {
    let step = Step {
        name: name.to_owned(),
        conclusion: None,
        seconds: 0.0,
        started: SystemTime::now(),
    };
    run.jobs.get_mut(job)?.steps.push(step.clone());
    progress(run, job, &step)
}

fn end_step(run: &mut Run, job: usize, name: &str, result: &str, seconds: f64) -> Option<Progress> {
    let steps = &mut run.jobs.get_mut(job)?.steps;
    let open = steps
        .iter_mut()
        .rev()
        .find(|step| step.conclusion.is_none())?;
    open.conclusion = Some(result.to_owned());
    open.seconds = seconds;
    name.clone_into(&mut open.name);
    let step = open.clone();
    progress(run, job, &step)
}

/// The message of `::error title=x::message`. act takes the last `::` for its start, the runner the first one behind the
/// properties (`ActionCommand.cs`, November 2026): an ARN has `::` in it.
fn message(raw: &str) -> Option<String> {
    let (_, message) = raw.trim_start().strip_prefix("::")?.split_once("::")?;
    let message = message.trim_end_matches(['\r', '\n']);
    Some(
        message
            .replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%25", "%"),
    )
}

/// A property of `::error title=x,file=y::message`.
fn property(raw: &str, name: &str) -> Option<String> {
    let (head, _) = raw.trim_start().strip_prefix("::")?.split_once("::")?;
    let (_, properties) = head.split_once(' ')?;
    let value = properties
        .split(',')
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(
        value
            .replace("%3A", ":")
            .replace("%2C", ",")
            .replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%25", "%"),
    )
}

#[cfg(test)]
mod tests {
    use super::{message, property};

    #[test]
    fn a_message_begins_at_the_first_separator_behind_the_properties() {
        let raw =
            "::error title=aws-login::could not assume arn:aws:iam::1:role/x%0Anext: 100%25\n";
        let read = message(raw);
        assert_eq!(
            read.as_deref(),
            Some("could not assume arn:aws:iam::1:role/x\nnext: 100%")
        );
        assert_eq!(property(raw, "title").as_deref(), Some("aws-login"));
        assert_eq!(property(raw, "file"), None);
        assert_eq!(message("::error::plain").as_deref(), Some("plain"));
        assert_eq!(message("no command"), None);
    }
}
