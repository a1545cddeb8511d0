//! What the settings of a service cost or risk, before anything happens.

use std::time::Duration;

use super::notes::Note;
use super::phase::{Phase, Span};
use super::stall;
use super::view::{Service, Strategy};

/// Settings of a task definition that cost time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFacts {
    /// The longest `stopTimeout` of its containers, in seconds.
    pub stop_timeout: Option<i64>,
    /// The longest `healthCheck.interval` of its containers, in seconds.
    pub health_interval: Option<i64>,
}

/// A setting that costs less is not worth a word.
const WORTH_A_WORD: i64 = 60;

/// Remarks about a service and, where it could be read, its task definition.
pub fn remarks(service: &Service, task: Option<&TaskFacts>) -> Vec<Note> {
    let mut notes = Vec::new();
    if let Some(why) = stall::stall(service) {
        notes.push(Note::Warning(format!("{why}. {}", stall::remedy(service))));
    }
    if service.strategy == Strategy::Rolling && !service.breaker.enabled {
        notes.push(Note::Warning(
            "the deployment circuit breaker is off: ECS never gives a bad revision up by itself. Turn \
             deploymentCircuitBreaker on, with rollback."
                .to_owned(),
        ));
    }
    if service.load_balanced && service.grace_seconds.unwrap_or(0) == 0 {
        notes.push(Note::Warning(
            "healthCheckGracePeriodSeconds is 0: the load balancer may have a task killed while it starts".to_owned(),
        ));
    }
    let mut costs = |seconds: Option<i64>, what: &str| {
        if let Some(seconds) = seconds.filter(|seconds| *seconds > WORTH_A_WORD) {
            notes.push(Note::Line(format!("{what} may cost up to {seconds} s")));
        }
    };
    if let Some(task) = task {
        costs(task.stop_timeout, "stopping an old task (stopTimeout)");
        costs(
            task.health_interval,
            "the first health check of a new task (healthCheck.interval)",
        );
    }
    notes
}

/// What the drain of the old tasks took, where that is worth a word. ECS does not show the target group's deregistration
/// delay, so only its effect can be told.
pub fn hindsight(spans: &[Span], service: &Service) -> Option<String> {
    let draining = spans.iter().filter(|span| span.phase == Phase::Draining);
    let seconds = draining
        .map(|span| span.to.saturating_sub(span.from))
        .sum::<Duration>()
        .as_secs();
    if i64::try_from(seconds).unwrap_or(i64::MAX) <= WORTH_A_WORD {
        return None;
    }
    let setting = if service.load_balanced {
        "deregistration_delay.timeout_seconds of the target group, or stopTimeout of the container"
    } else {
        "stopTimeout of the container"
    };
    Some(format!(
        "the old tasks took {seconds} s to leave: lower {setting}, or wait with `until: live`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rollout::BreakerPolicy;

    #[test]
    fn a_long_drain_is_told_with_the_setting_that_causes_it() {
        let span = |phase, from, to| Span {
            phase,
            from: Duration::from_secs(from),
            to: Duration::from_secs(to),
        };
        let mut service = service();
        let told = |seconds: u64, service: &Service| {
            let spans = [
                span(Phase::Starting, 0, 90),
                span(Phase::Draining, 90, 90 + seconds),
            ];
            hindsight(&spans, service)
        };
        assert_eq!(told(60, &service), None);
        assert!(told(300, &service).is_some_and(|text| text.contains("300 s")));
        service.load_balanced = true;
        assert!(told(300, &service).is_some_and(|text| text.contains("deregistration_delay")));
    }

    fn service() -> Service {
        Service {
            desired: 2,
            minimum_percent: 100,
            maximum_percent: 150,
            breaker: BreakerPolicy {
                enabled: true,
                rollback: true,
            },
            ..Service::default()
        }
    }

    #[test]
    fn a_sound_service_gets_no_remark() {
        assert_eq!(remarks(&service(), Some(&TaskFacts::default())), []);
    }

    #[test]
    fn each_risk_and_cost_is_told_with_its_number() {
        let mut service = service();
        service.maximum_percent = 100;
        service.breaker.enabled = false;
        service.load_balanced = true;
        let task = TaskFacts {
            stop_timeout: Some(90),
            health_interval: Some(30),
        };
        let notes = remarks(&service, Some(&task));
        assert_eq!(notes.len(), 4, "{notes:?}");
        assert!(matches!(&notes[0], Note::Warning(text) if text.contains("maximumPercent to 150")));
        assert!(matches!(&notes[3], Note::Line(text) if text.contains("90 s")));
    }
}
