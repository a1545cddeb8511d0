//! Workflow runs through act, on this machine instead of a hosted runner.
//!
//! act hands its whole environment to the steps, so it is started with a small one of its own and a scratch HOME.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// A workflow to be run.
pub struct Run<'a> {
    /// Checkout that holds the workflow.
    pub checkout: &'a Path,
    /// Path of the workflow file in the checkout.
    pub workflow: &'a str,
    pub event: &'a str,
    /// Scratch folder: HOME, act's cache.
    pub scratch: &'a Path,
    /// Environment of the steps.
    pub environment: BTreeMap<String, String>,
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Ended {
    pub succeeded: bool,
    /// Everything that the steps wrote, a line each; masked by act.
    pub log: Vec<String>,
    /// The job summaries, in Markdown.
    pub summaries: Vec<String>,
    /// Messages of error annotations.
    pub errors: Vec<String>,
}

impl Run<'_> {
    /// Runs the workflow to its end; `step` hears of each step that ended.
    pub async fn play(self, step: impl Fn(&str, &str)) -> Result<Ended, String> {
        let home = self.scratch.join("home");
        let cache = self.scratch.join("act");
        for folder in [&home, &cache] {
            std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        }
        let mut command = Command::new("act");
        command
            .arg(self.event)
            .args(["-W", self.workflow, "--json", "--no-cache-server"])
            .args(["-P", "ubuntu-24.04=-self-hosted", "--action-cache-path"])
            .arg(&cache)
            .args(["-s", "GITHUB_TOKEN=ghs_rehearsal_token"])
            .current_dir(self.checkout)
            .env_clear()
            .env("HOME", &home)
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        for (name, value) in &self.environment {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        let mut child = command.spawn().map_err(|error| {
            format!("could not start act: {error}; run tests/tools/setup.sh act")
        })?;
        let stdout = child.stdout.take().ok_or("act has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let mut ended = Ended::default();
        while let Some(line) = lines.next_line().await.map_err(|error| error.to_string())? {
            ended.hear(&line, &step);
        }
        let status = child.wait().await.map_err(|error| error.to_string())?;
        ended.succeeded = status.success();
        Ok(ended)
    }
}

/// Lines of a failed run that are shown.
const TAIL: usize = 25;

impl Ended {
    /// What a stage says of the run: `told`, or the errors behind the last lines of the log.
    pub fn verdict(&self, told: String) -> Result<((), String), String> {
        if self.succeeded {
            return Ok(((), told));
        }
        let tail = &self.log[self.log.len().saturating_sub(TAIL)..];
        let teller = super::story::Story::default();
        for line in tail {
            teller.say(&format!("    {line}"));
        }
        Err(self
            .errors
            .first()
            .cloned()
            .unwrap_or_else(|| "the run failed".to_owned()))
    }

    fn hear(&mut self, line: &str, step: impl Fn(&str, &str)) {
        let Ok(record) = serde_json::from_str::<Value>(line) else {
            return;
        };
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        match text("command") {
            // act repeats a composite action's summary for the step that calls it.
            Some("summary") => {
                let summary = text("content").unwrap_or("").to_owned();
                if !self.summaries.contains(&summary) {
                    self.summaries.push(summary);
                }
            }
            Some("error") => self.errors.extend(text("arg").map(str::to_owned)),
            // The record of a mask holds the secret in clear.
            Some("add-mask") => return,
            _ => {}
        }
        // A step of a composite action has the identifiers of two steps, and act adds stages of its own.
        let outermost = text("stage") == Some("Main")
            && record
                .get("stepID")
                .and_then(Value::as_array)
                .is_some_and(|path| path.len() == 1);
        if let (Some(result), Some(name), true) = (text("stepResult"), text("step"), outermost) {
            step(name, result);
        }
        let raw = record.get("raw_output").and_then(Value::as_bool) == Some(true);
        let failed = text("level") == Some("error") && text("command").is_none();
        if let Some(message) = text("msg").filter(|_| raw || failed) {
            self.log
                .extend(message.trim_end().lines().map(str::to_owned));
        }
    }
}

/// A copy of the product in which act can resolve its own actions: `uses: $/x` becomes `uses: ./x`.
pub async fn rewritten_copy(product: &Path, target: &Path) -> Result<PathBuf, String> {
    let files =
        super::shell::git(product, &["ls-files", "--", "actions", ".github", "docker"]).await?;
    for file in files.lines() {
        let to = target.join(file);
        let parent = to.parent().ok_or("a file has a folder")?;
        std::fs::create_dir_all(parent).map_err(|error| error.to_string())?;
        std::fs::copy(product.join(file), &to).map_err(|error| error.to_string())?;
        if file.ends_with(".yml") {
            let text = std::fs::read_to_string(&to).map_err(|error| error.to_string())?;
            std::fs::write(&to, text.replace("uses: $/", "uses: ./"))
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(target.to_owned())
}
