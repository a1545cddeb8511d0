//! Stages, their progress and their timeline.

use std::future::Future;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// One stage that has ended.
#[derive(Clone, Debug)]
pub struct Stage {
    pub title: String,
    pub seconds: f64,
    /// What it did, or why it failed.
    pub result: Result<String, String>,
}

/// The stages so far, told while they happen.
pub struct Story {
    live: bool,
    stages: Vec<Stage>,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            live: std::io::stderr().is_terminal(),
            stages: Vec::new(),
        }
    }
}

impl Story {
    /// Plays one stage. The work says what it did, beside its value.
    pub async fn stage<T>(
        &mut self,
        title: &str,
        work: impl Future<Output = Result<(T, String), String>>,
    ) -> Result<T, String> {
        let started = Instant::now();
        self.say(&format!("▶ {title}"));
        let result = self.watch(title, started, work).await;
        let seconds = started.elapsed().as_secs_f64();
        let (value, told) = match result {
            Ok((value, told)) => (Ok(value), Ok(told)),
            Err(reason) => (Err(reason.clone()), Err(reason)),
        };
        let (mark, text) = match &told {
            Ok(text) => ("✔", text),
            Err(text) => ("✘", text),
        };
        self.say(&format!("{mark} {title} ({seconds:.1} s): {text}"));
        self.stages.push(Stage {
            title: title.to_owned(),
            seconds,
            result: told,
        });
        value
    }

    /// Waits for the work and counts the seconds: on a line of its own on a terminal, each half minute in a log.
    async fn watch<T>(
        &self,
        title: &str,
        started: Instant,
        work: impl Future<Output = Result<T, String>>,
    ) -> Result<T, String> {
        let pause = Duration::from_secs(if self.live { 1 } else { 30 });
        let mut work = std::pin::pin!(work);
        loop {
            match tokio::time::timeout(pause, &mut work).await {
                Ok(result) => {
                    self.live_line("");
                    return result;
                }
                Err(_) => {
                    let text = format!("  {title}: {} s", started.elapsed().as_secs());
                    if self.live {
                        self.live_line(&text);
                    } else {
                        self.say(&text);
                    }
                }
            }
        }
    }

    fn live_line(&self, text: &str) {
        if self.live {
            let mut stderr = std::io::stderr().lock();
            let shown = write!(stderr, "\r\x1b[K{text}").and_then(|()| stderr.flush());
            drop(shown);
        }
    }

    pub fn say(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let shown = writeln!(stderr, "{text}");
        drop(shown);
    }

    pub fn succeeded(&self) -> bool {
        !self.stages.is_empty() && self.stages.iter().all(|stage| stage.result.is_ok())
    }

    /// The stages that failed, each with its reason.
    pub fn failures(&self) -> Vec<(&str, &str)> {
        let failed = self.stages.iter().filter_map(|stage| {
            let reason = stage.result.as_ref().err()?;
            Some((stage.title.as_str(), reason.as_str()))
        });
        failed.collect()
    }

    /// The timeline as a Markdown table.
    pub fn timeline(&self) -> String {
        let mut text = String::from("| stage | seconds | result |\n|---|---:|---|\n");
        for stage in &self.stages {
            let result = match &stage.result {
                Ok(told) => format!("✔ {told}"),
                Err(reason) => format!("✘ {}", reason.lines().next().unwrap_or_default()),
            };
            let result = result.replace('|', "\\|");
            text += &format!("| {} | {:.1} | {result} |\n", stage.title, stage.seconds);
        }
        text
    }

    /// The stages as a Mermaid Gantt chart, in seconds since the start.
    pub fn gantt(&self) -> String {
        let mut text = String::from(
            "```mermaid\ngantt\n  dateFormat X\n  axisFormat %M:%S\n  section Rehearsal\n",
        );
        let mut start = 0.0;
        for stage in &self.stages {
            let end = start + stage.seconds.max(1.0);
            let mark = if stage.result.is_ok() { "done" } else { "crit" };
            let title = stage.title.replace([':', ';', ',', '#'], " ");
            text += &format!("  {title} :{mark}, {start:.0}, {end:.0}\n");
            start = end;
        }
        text + "```\n"
    }
}
