//! What is told at the end: the same facts as text, annotation, job summary and JSON.

use serde::Serialize;

use super::reader::Tail;
use crate::domain::rollout::{Cause, End, Phase, Span, Verdict};
use crate::error::Error;

/// Lines of a failing container's log that are shown. With the five lines around them, a failure takes 25.
const LINES: usize = 20;

/// The whole report. Its schema is `docs/deploy-service.schema.json`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Report {
    /// Version of the schema.
    pub(super) version: u32,
    pub(super) operation: &'static str,
    pub(super) region: String,
    pub(super) cluster: String,
    pub(super) service: String,
    /// None while a deployment is in flight.
    pub(super) outcome: Option<&'static str>,
    pub(super) deployment_id: Option<String>,
    pub(super) task_definition: Option<String>,
    pub(super) image_digest: Option<String>,
    pub(super) verdict: String,
    pub(super) cause: Option<CauseReport>,
    pub(super) log: Option<Log>,
    /// Which deployments have running tasks.
    pub(super) serves_now: String,
    pub(super) next_step: String,
    pub(super) phases: Vec<PhaseReport>,
    pub(super) warnings: Vec<String>,
    pub(super) notices: Vec<String>,
    pub(super) duration_seconds: u64,
    /// Calls to AWS.
    pub(super) calls: u32,
}

/// Why a task stopped.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct CauseReport {
    what: String,
    task: String,
    container: Option<String>,
    exit_code: Option<i32>,
    health_code: Option<String>,
}

/// The last lines of the failing container.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Log {
    place: String,
    lines: Vec<String>,
}

/// A phase that was seen.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PhaseReport {
    pub(super) phase: &'static str,
    /// Seconds since the start of the wait.
    pub(super) from_seconds: f64,
    pub(super) to_seconds: f64,
}

impl Report {
    /// Takes over what a verdict says.
    pub(super) fn conclude(&mut self, verdict: &Verdict, tail: Option<Tail>) {
        self.outcome = Some(verdict.end.name());
        self.verdict.clone_from(&verdict.what);
        self.next_step.clone_from(&verdict.next);
        self.cause = verdict.cause.as_ref().map(CauseReport::of);
        self.log = tail.map(|tail| {
            let start = tail.lines.len().saturating_sub(LINES);
            Log {
                place: tail.place,
                lines: tail.lines[start..].to_vec(),
            }
        });
    }

    pub(super) fn phases_of(&mut self, spans: &[Span]) {
        self.phases = spans
            .iter()
            .filter(|span| span.phase != Phase::Over)
            .map(|span| PhaseReport {
                phase: span.phase.name(),
                from_seconds: tenths(span.from.as_secs_f64()),
                to_seconds: tenths(span.to.as_secs_f64()),
            })
            .collect();
    }

    /// The verdict and its cause, on one line.
    pub(super) fn reason(&self) -> String {
        match &self.cause {
            Some(cause) => format!("{}: {}", self.verdict, cause.what),
            None => self.verdict.clone(),
        }
    }

    /// The cause with its codes, on one line.
    pub(super) fn cause_line(&self) -> Option<String> {
        let cause = self.cause.as_ref()?;
        Some(format!("{} ({})", cause.what, cause.codes()))
    }

    /// The failure that the outcome is, with everything that a person needs, in at most 25 lines.
    pub(super) fn failure(&self, end: End) -> Option<Error> {
        let kind = end.kind()?;
        let mut lines = vec![self.verdict.clone()];
        if let Some(cause) = &self.cause {
            lines.push(format!("cause: {}", cause.what));
            lines.push(cause.codes());
        }
        match &self.log {
            Some(log) if log.lines.is_empty() => lines.push(format!("no log lines: {}", log.place)),
            Some(log) => {
                if let Some(codes) = lines.get_mut(2) {
                    codes.push_str(&format!("; last lines of {}:", log.place));
                }
                lines.extend(log.lines.iter().map(|line| format!("  {line}")));
            }
            None => {}
        }
        lines.push(format!("serves now: {}", self.serves_now));
        let error = Error::new(kind, lines.join("\n"));
        Some(if self.next_step.is_empty() {
            error
        } else {
            error.hint(self.next_step.clone())
        })
    }
}

impl CauseReport {
    fn of(cause: &Cause) -> Self {
        Self {
            what: cause.what.clone(),
            task: cause.task.clone(),
            container: cause.container.clone(),
            exit_code: cause.exit_code,
            health_code: cause.health.clone(),
        }
    }

    /// Task, container, exit code and health code on one line.
    fn codes(&self) -> String {
        let mut parts = vec![format!("task {}", self.task)];
        parts.extend(
            self.container
                .as_ref()
                .map(|name| format!("container {name}")),
        );
        parts.extend(self.exit_code.map(|code| format!("exit code {code}")));
        parts.extend(
            self.health_code
                .as_ref()
                .map(|code| format!("health check {code}")),
        );
        parts.join(", ")
    }
}

fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rollout::Weight;

    fn failed(lines: usize) -> Report {
        let verdict = Verdict {
            end: End::Failed,
            what: "ecs-svc/2 is in a crash loop".to_owned(),
            cause: Some(Cause {
                weight: Weight::Twice,
                key: String::new(),
                what: "container keycloak exited with code 1".to_owned(),
                remedy: String::new(),
                task: "abc".to_owned(),
                container: Some("keycloak".to_owned()),
                ran: true,
                exit_code: Some(1),
                health: None,
            }),
            next: "Mend it.".to_owned(),
        };
        let mut report = Report {
            serves_now: "2 tasks of kc:1 (ecs-svc/1)".to_owned(),
            ..Report::default()
        };
        let tail = Tail {
            place: "/kc kc/keycloak/abc".to_owned(),
            lines: (0..lines).map(|number| format!("line {number}")).collect(),
        };
        report.conclude(&verdict, Some(tail));
        report
    }

    #[test]
    fn a_failure_takes_at_most_25_lines_with_the_last_20_of_the_log() {
        let error = failed(30).failure(End::Failed).unwrap();
        let message = error.message();
        let shown = message.lines().count() + error.next_step().unwrap().lines().count();
        assert_eq!(shown, 25, "{message}");
        assert!(message.contains("line 29") && message.contains("line 10"));
        assert!(!message.contains("line 9\n"));
        assert!(
            message.contains("exit code 1; last lines of /kc"),
            "{message}"
        );
    }

    #[test]
    fn a_log_without_lines_says_why() {
        let error = failed(0).failure(End::Failed).unwrap();
        assert!(error.message().contains("no log lines: /kc"), "{error}");
    }

    #[test]
    fn success_is_no_failure() {
        assert!(failed(0).failure(End::Deployed).is_none());
    }
}
