//! What the API shows of the model, read as the product reads it, without a wire in between: thousands of looks a second.
//! The scenarios read the same answers over the wire, with the product's own conversion.

use keycloak_ecs_actions::domain::rollout::{
    Breaker, BreakerPolicy, Counts, DeploymentId, Event, Hook, HookStatus, Monitor, Role,
    RolloutState, Service, ServiceDeployment, Slot, Stage, Status, StoppedTask, Strategy,
    TaskContainer,
};
use serde_json::Value;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> i32 {
    value
        .as_i64()
        .and_then(|number| i32::try_from(number).ok())
        .unwrap_or_default()
}

fn list<T>(value: &Value, each: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().into_iter().flatten().map(each).collect()
}

/// Reads an answer of `DescribeServices`.
pub(super) fn service(shown: &Value) -> Service {
    let configuration = &shown["deploymentConfiguration"];
    let breaker = &configuration["deploymentCircuitBreaker"];
    let watches = configuration["alarms"]["enable"] == true;
    Service {
        arn: text(&shown["serviceArn"]),
        name: text(&shown["serviceName"]),
        status: text(&shown["status"]),
        controller: text(&shown["deploymentController"]["type"]),
        scheduling: text(&shown["schedulingStrategy"]),
        strategy: match configuration["strategy"].as_str() {
            Some("BLUE_GREEN") => Strategy::BlueGreen,
            Some("LINEAR") => Strategy::Linear,
            Some("CANARY") => Strategy::Canary,
            _ => Strategy::Rolling,
        },
        task_definition: text(&shown["taskDefinition"]),
        desired: number(&shown["desiredCount"]),
        running: number(&shown["runningCount"]),
        pending: number(&shown["pendingCount"]),
        minimum_percent: number(&configuration["minimumHealthyPercent"]),
        maximum_percent: number(&configuration["maximumPercent"]),
        breaker: BreakerPolicy {
            enabled: breaker["enable"] == true,
            rollback: breaker["rollback"] == true,
        },
        alarms: if watches {
            list(&configuration["alarms"]["alarmNames"], text)
        } else {
            Vec::new()
        },
        load_balanced: !list(&shown["loadBalancers"], text).is_empty(),
        grace_seconds: shown["healthCheckGracePeriodSeconds"]
            .as_i64()
            .and_then(|seconds| i32::try_from(seconds).ok()),
        slots: list(&shown["deployments"], slot),
        events: list(&shown["events"], |event| Event {
            id: text(&event["id"]),
            at: event["createdAt"].as_f64().unwrap_or_default(),
            message: text(&event["message"]),
        }),
    }
}

fn slot(shown: &Value) -> Slot {
    Slot {
        id: DeploymentId::parse(&text(&shown["id"])).expect("the id of a deployment"),
        role: if shown["status"] == "PRIMARY" {
            Role::Primary
        } else {
            Role::Active
        },
        task_definition: text(&shown["taskDefinition"]),
        rollout: match shown["rolloutState"].as_str() {
            Some("IN_PROGRESS") => Some(RolloutState::InProgress),
            Some("COMPLETED") => Some(RolloutState::Completed),
            Some("FAILED") => Some(RolloutState::Failed),
            _ => None,
        },
        reason: shown["rolloutStateReason"].as_str().map(str::to_owned),
        desired: number(&shown["desiredCount"]),
        running: number(&shown["runningCount"]),
        pending: number(&shown["pendingCount"]),
        failed: number(&shown["failedTasks"]),
        created: shown["createdAt"].as_f64(),
    }
}

fn status(name: &Value) -> Status {
    match name.as_str().unwrap_or_default() {
        "PENDING" => Status::Pending,
        "IN_PROGRESS" => Status::InProgress,
        "SUCCESSFUL" => Status::Successful,
        "STOP_REQUESTED" => Status::StopRequested,
        "STOPPED" => Status::Stopped,
        "ROLLBACK_REQUESTED" => Status::RollbackRequested,
        "ROLLBACK_IN_PROGRESS" => Status::RollbackInProgress,
        "ROLLBACK_SUCCESSFUL" => Status::RollbackSuccessful,
        "ROLLBACK_FAILED" => Status::RollbackFailed,
        other => panic!("no status: {other}"),
    }
}

fn monitor(name: &Value) -> Monitor {
    match name.as_str() {
        Some("MONITORING") => Monitor::Monitoring,
        Some("MONITORING_COMPLETE") => Monitor::Complete,
        Some("TRIGGERED") => Monitor::Triggered,
        _ => Monitor::Disabled,
    }
}

fn counts(shown: &Value) -> Counts {
    Counts {
        requested: number(&shown["requestedTaskCount"]),
        running: number(&shown["runningTaskCount"]),
        pending: number(&shown["pendingTaskCount"]),
        traffic: shown["requestedProductionTrafficWeight"].as_f64(),
    }
}

/// Reads an answer of `DescribeServiceDeployments`.
pub(super) fn deployment(shown: &Value) -> ServiceDeployment {
    let target = &shown["targetServiceRevision"];
    let sources = list(&shown["sourceServiceRevisions"], counts);
    let breaker = &shown["deploymentCircuitBreaker"];
    let revision = |arn: &Value| DeploymentId::of_revision(arn.as_str()?);
    ServiceDeployment {
        arn: text(&shown["serviceDeploymentArn"]),
        id: revision(&target["arn"]).expect("the revision of a deployment"),
        revision: text(&target["arn"]),
        status: status(&shown["status"]),
        reason: shown["statusReason"].as_str().map(str::to_owned),
        stage: shown["lifecycleStage"].as_str().and_then(Stage::parse),
        hooks: list(&shown["lifecycleHookDetails"], |hook| Hook {
            id: text(&hook["hookId"]),
            target: hook["targetArn"].as_str().map(str::to_owned),
            status: match hook["status"].as_str() {
                Some("SUCCEEDED") => HookStatus::Succeeded,
                Some("FAILED") => HookStatus::Failed,
                Some("TIMED_OUT") => HookStatus::TimedOut,
                Some("AWAITING_ACTION") => HookStatus::AwaitingAction,
                _ => HookStatus::InProgress,
            },
        }),
        target: counts(target),
        sources: (!sources.is_empty()).then(|| {
            sources.iter().fold(Counts::default(), |sum, one| Counts {
                requested: sum.requested + one.requested,
                running: sum.running + one.running,
                pending: sum.pending + one.pending,
                traffic: None,
            })
        }),
        breaker: Breaker {
            status: monitor(&breaker["status"]),
            failures: number(&breaker["failureCount"]),
            threshold: number(&breaker["threshold"]),
        },
        triggered_alarms: list(&shown["alarms"]["triggeredAlarmNames"], text),
        alarms: monitor(&shown["alarms"]["status"]),
        rollback_reason: shown["rollback"]["reason"].as_str().map(str::to_owned),
        rollback_to: revision(&shown["rollback"]["serviceRevisionArn"]),
        created: shown["createdAt"].as_f64(),
    }
}

/// Reads an entry of `DescribeTasks`.
pub(super) fn task(shown: &Value) -> StoppedTask {
    StoppedTask {
        id: text(&shown["taskArn"])
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned(),
        stop_code: text(&shown["stopCode"]),
        reason: text(&shown["stoppedReason"]),
        created: shown["createdAt"].as_f64(),
        stopping: shown["stoppingAt"].as_f64(),
        stopped: shown["stoppedAt"].as_f64(),
        containers: list(&shown["containers"], |container| TaskContainer {
            name: text(&container["name"]),
            image: text(&container["image"]),
            exit_code: container["exitCode"]
                .as_i64()
                .and_then(|code| i32::try_from(code).ok()),
            reason: container["reason"].as_str().map(str::to_owned),
        }),
        log: Vec::new(),
    }
}
