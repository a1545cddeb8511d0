//! What people and the runner get to see.

use std::io::{IsTerminal as _, Write as _};

use super::command::{self, Level};
use super::progress::Progress;
use super::{Env, Secret, files};
use crate::error::{Error, Place, Result};

/// The runner that this process is a step of, or a terminal.
pub struct Runner {
    name: &'static str,
    on_github: bool,
    terminal: bool,
    debug: bool,
    output: Option<String>,
    env: Option<String>,
    summary: Option<String>,
}

impl Runner {
    /// The runner as the environment describes it; `name` is the action's.
    pub fn new(name: &'static str, env: &Env) -> Self {
        let file = |variable: &str| env.get(variable).map(str::to_owned);
        Self {
            name,
            on_github: env.on_github(),
            terminal: !env.on_github() && std::io::stderr().is_terminal(),
            debug: env.get("RUNNER_DEBUG") == Some("1"),
            output: file("GITHUB_OUTPUT"),
            env: file("GITHUB_ENV"),
            summary: file("GITHUB_STEP_SUMMARY"),
        }
    }

    /// Refuses to begin where what comes of it could not be handed over.
    pub fn check_files(&self) -> Result<()> {
        let files = [&self.output, &self.env, &self.summary];
        files
            .into_iter()
            .flatten()
            .try_for_each(|path| files::append(path, ""))
    }

    /// Whether variables reach the steps that follow.
    pub fn hands_over(&self) -> bool {
        self.env.is_some()
    }

    pub fn on_github(&self) -> bool {
        self.on_github
    }

    /// One fact a line. Text of others may be part of it: it cannot become a command.
    pub fn line(&self, text: impl AsRef<str>) {
        for line in text.as_ref().split(['\n', '\r']) {
            self.write(&command::harmless(line));
        }
    }

    /// A detail for whoever debugs; shown when the runner's debug logging is on.
    pub fn debug(&self, text: impl AsRef<str>) {
        if self.on_github {
            self.write(&command::plain("debug", text.as_ref()));
        } else if self.debug {
            self.line(text);
        }
    }

    /// A notice or warning, as an annotation on GitHub.
    pub fn annotate(&self, level: Level, title: &str, message: &str, place: Option<&Place>) {
        if self.on_github {
            self.write(&command::annotation(level, title, message, place));
        } else {
            self.line(format!("{}: {title}: {message}", level.name()));
        }
    }

    pub fn warning(&self, title: &str, message: &str) {
        self.annotate(Level::Warning, title, message, None);
    }

    /// Starts a group of lines; it ends when the value is dropped.
    pub fn group(&self, title: &str) -> Group<'_> {
        if self.on_github {
            self.write(&command::plain("group", title));
        } else {
            self.line(title);
        }
        Group(self)
    }

    /// A live line on a terminal; a line for each change elsewhere.
    pub fn progress(&self) -> Progress<'_> {
        Progress::new(self, self.terminal)
    }

    /// Masks a value in the log and makes it a secret. Each line of it is masked, since the runner compares lines.
    pub fn secret(&self, value: impl Into<String>) -> Secret {
        let value = value.into();
        self.mask(&value);
        Secret::new(value)
    }

    /// A value that travels with secrets without being one.
    pub fn unmasked(&self, value: &str) -> Secret {
        Secret::new(value.to_owned())
    }

    fn mask(&self, value: &str) {
        if !self.on_github {
            return;
        }
        for line in value.lines().filter(|line| !line.trim().is_empty()) {
            self.write(&command::plain("add-mask", line));
        }
    }

    /// Sets an output of the step. Without a runner there is nobody to hand it to.
    pub fn set_output(&self, name: &str, value: &str) -> Result<()> {
        match &self.output {
            Some(path) => files::append_pair(path, name, value),
            None => Ok(()),
        }
    }

    /// Sets an environment variable for the steps that follow. On GitHub this needs `GITHUB_ENV`.
    pub fn export(&self, name: &str, value: &str) -> Result<()> {
        match &self.env {
            Some(path) => files::append_pair(path, name, value),
            None if self.on_github => Err(Error::usage(format!(
                "cannot export {name}: the runner set no GITHUB_ENV"
            ))
            .hint("Run the action in a step of a workflow; the runner sets GITHUB_ENV there.")),
            None => Ok(()),
        }
    }

    /// Adds Markdown to the job summary. A summary that would be too long for the runner is left out with a warning.
    pub fn summary(&self, markdown: &str) -> Result<()> {
        let Some(path) = &self.summary else {
            return Ok(());
        };
        let present = std::fs::metadata(path).map_or(0, |file| file.len());
        let wanted = u64::try_from(markdown.len()).unwrap_or(u64::MAX);
        if present.saturating_add(wanted) > files::SUMMARY_LIMIT {
            self.warning(
                "Job summary",
                "the summary is longer than 1 MiB and was left out",
            );
            return Ok(());
        }
        files::append(path, &format!("{}\n", markdown.trim_end()))
    }

    /// The result of `--json`, on standard output.
    pub fn result(&self, json: &str) {
        let mut stdout = std::io::stdout().lock();
        let closed = writeln!(stdout, "{json}").and_then(|()| stdout.flush());
        drop(closed);
    }

    /// An error: for people, and on GitHub as one annotation and a row of the job summary.
    pub fn error(&self, error: &Error) {
        let message = error.message();
        let hint = error.next_step();
        if self.on_github {
            let text = hint.map_or_else(|| message.clone(), |hint| format!("{message}\n{hint}"));
            self.write(&command::annotation(
                Level::Error,
                self.name,
                &text,
                error.place(),
            ));
        } else {
            let place = error.place().map_or_else(String::new, |place| {
                let line = place
                    .line
                    .map_or_else(String::new, |line| format!(":{line}"));
                format!("{}{line}: ", place.file)
            });
            self.line(format!("error: {place}{message}"));
            if let Some(hint) = hint {
                self.line(format!("next: {hint}"));
            }
        }
        let (heading, told) = (error.kind().meaning(), cell(&message));
        let table = match hint {
            Some(hint) => format!(
                "| what happened | what to do next |\n|---|---|\n| {told} | {} |",
                cell(hint)
            ),
            None => format!("| what happened |\n|---|\n| {told} |"),
        };
        let row = format!("### {}: {heading}\n\n{table}\n", self.name);
        if let Err(unwritten) = self.summary(&row) {
            self.line(format!("the job summary was not written: {unwritten}"));
        }
    }

    pub(super) fn write(&self, line: &str) {
        self.write_raw(&format!("{line}\n"));
    }

    pub(super) fn write_raw(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let closed = stderr.write_all(text.as_bytes());
        drop(closed);
    }
}

/// Text for one cell of a Markdown table: no line break, no column break, no HTML.
pub fn cell(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
        .replace("\r\n", "<br>")
        .replace(['\n', '\r'], "<br>")
}

/// A group of log lines; dropping it ends the group.
#[must_use = "the group ends when this is dropped"]
pub struct Group<'a>(&'a Runner);

impl Drop for Group<'_> {
    fn drop(&mut self) {
        if self.0.on_github {
            self.0.write("::endgroup::");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_break_its_table() {
        assert_eq!(cell("a|b\n<c> & d"), "a\\|b<br>&lt;c> &amp; d");
    }
}
