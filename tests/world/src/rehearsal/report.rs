//! The report: what was real, what was not, the timeline, and what each run showed.

use super::script::Fault;
use super::story::Story;
use crate::github::Run;

/// Lines of a failed run's log that are shown.
pub const TAIL: usize = 25;

/// What people read afterwards.
pub struct Report {
    fault: Option<Fault>,
    runs: Vec<String>,
}

impl Report {
    pub fn new(fault: Option<Fault>) -> Self {
        Self {
            fault,
            runs: Vec::new(),
        }
    }

    /// What is played by a stand-in.
    pub fn stand_ins(&self) -> [&'static str; 6] {
        [
            "stand-in: GitHub and AWS (tests/world); GitHub alone decides which events start runs",
            "stand-in: the runner is act; actions/checkout and hashicorp/setup-terraform are local ones (tests/world/actions)",
            "stand-in: the base image, where its registry is out of reach: made from Keycloak's distribution in Maven Central",
            "stand-in: terraform calls ECS as an apply of terraform/environments/production would",
            "stand-in: the running nodes; their tasks need the real image in the registry, and keep the peer list as S3_PING does",
            "real: workflows, actions, binaries, git, provider jars, kc.sh build, buildah, the push, OIDC tokens, signatures, policies",
        ]
    }

    /// Adds what a run showed.
    pub fn add(&mut self, run: &Run) {
        let mut text = format!(
            "## {} #{}: {} ({:.0} s)\n\n{}, by {}\n",
            run.workflow,
            run.number,
            run.conclusion.as_deref().unwrap_or("unknown"),
            run.seconds(),
            run.event,
            run.actor,
        );
        for job in &run.jobs {
            let result = job.conclusion.as_deref().unwrap_or("-");
            text += &format!("\n| {} | seconds | {result} |\n|---|---:|---|\n", job.name);
            for step in &job.steps {
                let result = step.conclusion.as_deref().unwrap_or("-");
                text += &format!("| {} | {:.1} | {result} |\n", step.name, step.seconds);
            }
        }
        for annotation in &run.annotations {
            let message = annotation.message.replace('\n', "\n> ");
            text += &format!(
                "\n> **{}** {}: {message}\n",
                annotation.level, annotation.title
            );
        }
        for summary in run.jobs.iter().flat_map(|job| &job.summaries) {
            text += &format!(
                "\n<details open><summary>Job summary</summary>\n\n{summary}\n\n</details>\n"
            );
        }
        if run.conclusion.as_deref() != Some("success") {
            text += &format!("\n```text\n{}\n```\n", tail(run).join("\n"));
        }
        self.runs.push(text);
    }

    /// The whole report.
    pub fn markdown(&self, story: &Story) -> String {
        let title = match self.fault {
            None => "# Rehearsal".to_owned(),
            Some(fault) => format!("# Rehearsal with a fault: {fault:?}"),
        };
        let stand_ins = self.stand_ins().join("\n- ");
        format!(
            "{title}\n\n- {stand_ins}\n\n{}\n{}\n{}",
            story.timeline(),
            story.gantt(),
            self.runs.join("\n")
        )
    }
}

/// The last lines of a run's log.
pub fn tail(run: &Run) -> Vec<String> {
    let log = std::fs::read_to_string(&run.log_path).unwrap_or_default();
    let lines: Vec<String> = log
        .lines()
        .filter(|line| !line.trim_end().ends_with('|'))
        .map(str::to_owned)
        .collect();
    lines[lines.len().saturating_sub(TAIL)..].to_vec()
}
