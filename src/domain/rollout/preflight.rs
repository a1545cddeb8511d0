//! What the settings of a service cost or risk, before anything happens.

use super::notes::Note;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rollout::BreakerPolicy;

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
