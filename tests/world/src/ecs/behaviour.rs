//! What a test author says of a revision: how its tasks behave, and how long the phases of a task take.
//!
//! The texts of stopped reasons are from captures, unless marked here as documentation. Captures are outputs that
//! operators published (issues, runbooks, incident notes; read in November 2026); documentation is "Amazon ECS
//! stopped task error messages" and the API reference, November 2026.

/// Durations of the phases of a task and of the scheduler, in simulated seconds.
///
/// The defaults are estimates for Fargate behind an Application Load Balancer; the two that AWS documents are marked.
#[derive(Clone, Debug)]
pub struct Timing {
    /// From the request of a deployment to its start: `PENDING` of a service deployment.
    pub start: f64,
    /// `PROVISIONING`: placement and network interface.
    pub provisioning: f64,
    /// `PENDING`: the image is pulled.
    pub pull: f64,
    /// `ACTIVATING`: secrets, log stream, registration with the target group.
    pub activating: f64,
    /// From `RUNNING` until the application answers its health check.
    pub healthy: f64,
    /// From `RUNNING` until a task counts as healthy where nothing checks its health (documented: 40 seconds).
    pub unchecked: f64,
    /// From the first failed check until a target is called unhealthy: interval times threshold.
    pub unhealthy: f64,
    /// From the decision to stop a task until its target is deregistered.
    pub deregistering: f64,
    /// `DEACTIVATING`: the deregistration delay of the target group. The default of AWS is 300 seconds (documented).
    pub deregistration_delay: f64,
    /// From `SIGTERM` until the process has ended.
    pub terminate: f64,
    /// `DEPROVISIONING`.
    pub deprovisioning: f64,
    /// Bake time that ECS takes by itself when a deployment watches alarms.
    pub alarm_bake: f64,
    /// How long a rollback takes at least; the failed deployment stays listed as long. A capture shows 106 seconds.
    pub rollback: f64,
    /// One step of a blue/green, linear or canary deployment: a traffic shift or a hook of Lambda.
    pub stage: f64,
    /// Whether a service deployment becomes `SUCCESSFUL` only after the old tasks have drained, as the guide says
    /// ("source service revision cleaned up"). One capture of September 2026 shows it 38 seconds before that.
    pub successful_after_drain: bool,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            start: 1.5,
            provisioning: 12.0,
            pull: 15.0,
            activating: 3.0,
            healthy: 20.0,
            unchecked: 40.0,
            unhealthy: 60.0,
            deregistering: 10.0,
            deregistration_delay: 30.0,
            terminate: 5.0,
            deprovisioning: 5.0,
            alarm_bake: 240.0,
            rollback: 60.0,
            stage: 10.0,
            successful_after_drain: true,
        }
    }
}

/// What becomes of a task. Durations are simulated seconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// Starts, becomes healthy `after` it runs (default: [`Timing::healthy`]), and stays so.
    Healthy { after: Option<f64> },
    /// The process exits `after` it ran for so long, healthy or not.
    Exits {
        code: i64,
        after: f64,
        reason: Option<String>,
    },
    /// Runs, but its health checks fail: `Health checks failed with these codes: [503]`, `Request timed out`.
    Unhealthy { why: String },
    /// Never runs: `stoppedReason`, the reason of the container, its exit code, and how long it takes until it stops.
    CannotStart {
        reason: String,
        container_reason: Option<String>,
        code: Option<i64>,
        after: f64,
    },
    /// Fargate Spot takes the capacity back `after` the task ran for so long.
    Reclaimed { after: f64 },
}

/// How the tasks of a revision behave.
#[derive(Clone, Debug)]
pub struct Behaviour {
    pub fate: Fate,
    /// Lines that the container writes: as it ends, or as it becomes healthy.
    pub log: Vec<String>,
    /// Seconds from the start of a deployment in which no task can be placed.
    pub no_capacity: f64,
    /// Only so many tasks of a deployment behave like this; the rest are healthy.
    pub first: Option<usize>,
}

impl Behaviour {
    fn of(fate: Fate) -> Self {
        Self {
            fate,
            log: Vec::new(),
            no_capacity: 0.0,
            first: None,
        }
    }

    fn cannot_start_within(after: f64, reason: impl Into<String>) -> Self {
        Self::of(Fate::CannotStart {
            reason: reason.into(),
            container_reason: None,
            code: None,
            after,
        })
    }

    /// Starts and becomes healthy.
    pub fn healthy() -> Self {
        Self::of(Fate::Healthy { after: None })
    }

    /// Becomes healthy so many seconds after it runs.
    pub fn healthy_after(seconds: f64) -> Self {
        Self::of(Fate::Healthy {
            after: Some(seconds),
        })
    }

    /// Exits with `code` so many seconds after it runs. Behind health checks it is healthy in between if it lives
    /// longer than [`Timing::healthy`].
    pub fn exits(code: i64, after: f64) -> Self {
        Self::of(Fate::Exits {
            code,
            after,
            reason: None,
        })
    }

    /// Killed for memory so many seconds after it runs: exit code 137.
    pub fn out_of_memory(after: f64) -> Self {
        Self::of(Fate::Exits {
            code: 137,
            after,
            reason: Some("OutOfMemoryError: Container killed due to memory usage".to_owned()),
        })
    }

    /// Runs, but the load balancer gets this status: `503`.
    pub fn never_healthy(code: &str) -> Self {
        Self::of(Fate::Unhealthy {
            why: format!("Health checks failed with these codes: [{code}]"),
        })
    }

    /// Runs, but does not answer its health check.
    pub fn health_check_times_out() -> Self {
        Self::of(Fate::Unhealthy {
            why: "Request timed out".to_owned(),
        })
    }

    /// The image is not in its registry.
    pub fn cannot_pull(image: &str) -> Self {
        Self::cannot_start_within(20.0, not_found(image))
    }

    /// The registry does not answer.
    pub fn cannot_reach_registry(image: &str) -> Self {
        let host = image.split('/').next().unwrap_or_default();
        Self::cannot_start_within(
            60.0,
            format!(
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {image}: \
                 failed to do request: Head \"https://{host}/v2/\": dial tcp 10.0.0.2:443: i/o timeout"
            ),
        )
    }

    /// The image has no manifest for the architecture of the task.
    pub fn wrong_platform(platform: &str) -> Self {
        Self::cannot_start_within(
            60.0,
            format!(
                "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not \
                 contain descriptor matching platform '{platform}'"
            ),
        )
    }

    /// The binary is of another architecture. Not from a capture of the container's state, but of its log line.
    pub fn exec_format_error() -> Self {
        Self::exits(255, 1.0).logging(["exec /opt/keycloak/bin/kc.sh: exec format error"])
    }

    /// The execution role may not read a secret.
    pub fn secret_denied(role: &str, secret: &str) -> Self {
        Self::cannot_start_within(
            5.0,
            format!(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval \
                 failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch \
                 secret {secret} from secrets manager: AccessDeniedException: User: {role} is not authorized to \
                 perform: secretsmanager:GetSecretValue on resource: {secret} because no identity-based policy allows \
                 the secretsmanager:GetSecretValue action"
            ),
        )
    }

    /// The log group of the task definition is not there.
    pub fn log_group_missing() -> Self {
        Self::cannot_start_within(
            5.0,
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: \
             failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not \
             exist. : exit status 1",
        )
    }

    /// Stops before it runs, with any reason.
    pub fn cannot_start(reason: &str) -> Self {
        Self::cannot_start_within(5.0, reason)
    }

    /// Fargate Spot takes a task back so many seconds after it runs.
    pub fn reclaimed(after: f64) -> Self {
        Self::of(Fate::Reclaimed { after })
    }

    /// No task can be placed in the first so many seconds of a deployment.
    #[must_use]
    pub fn without_capacity_for(mut self, seconds: f64) -> Self {
        self.no_capacity = seconds;
        self
    }

    /// The container writes these lines.
    #[must_use]
    pub fn logging<Line: Into<String>>(mut self, lines: impl IntoIterator<Item = Line>) -> Self {
        self.log = lines.into_iter().map(Into::into).collect();
        self
    }

    /// Only the first `count` tasks of each deployment behave like this; the rest are healthy.
    #[must_use]
    pub fn first(mut self, count: usize) -> Self {
        self.first = Some(count);
        self
    }
}

/// The stopped reason of a task whose image is not there.
pub fn not_found(image: &str) -> String {
    format!(
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: \
         {image}: not found"
    )
}

/// Whether `pattern` (`*` stands for any text) names a task definition (ARN, `family:revision`, `family`) or one of
/// its images.
pub fn applies(pattern: &str, definition: &str, images: &[&str]) -> bool {
    let short = definition.rsplit('/').next().unwrap_or(definition);
    let family = short.split(':').next().unwrap_or(short);
    [definition, short, family]
        .iter()
        .chain(images)
        .any(|name| glob(pattern, name))
}

fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_a_family_a_revision_or_an_image() {
        let definition = "arn:aws:ecs:eu-central-1:123456789012:task-definition/keycloak:7";
        let applies = |pattern| applies(pattern, definition, &["registry/keycloak:1.2.3"]);
        assert!(applies("keycloak"));
        assert!(applies("keycloak:7"));
        assert!(applies(definition));
        assert!(applies("*/keycloak:1.2.3"));
        assert!(applies("*:1.2.*"));
        assert!(applies("*"));
        assert!(!applies("keycloak:8"));
        assert!(!applies("keycloak:"));
        assert!(!applies("*:1.2.4"));
    }
}
