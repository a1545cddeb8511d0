//! From the types of the SDK to those of the domain. What the domain does not know counts as unknown, never as good.

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{self as sdk, DeploymentLifecycleHookStatus, DeploymentRolloutState};

use super::{Revision, StartedTask, last};
use crate::domain::rollout::{
    Breaker, BreakerPolicy, Brief, Counts, DeploymentId, Epoch, Event, Hook, HookStatus, Monitor,
    Role, RolloutState, Service, ServiceDeployment, Slot, Stage, Status, StoppedTask, Strategy,
    TaskContainer,
};

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

fn epoch(time: Option<&DateTime>) -> Option<Epoch> {
    time.map(DateTime::as_secs_f64)
}

pub(super) fn service(service: &sdk::Service) -> Service {
    let configuration = service.deployment_configuration();
    let breaker =
        configuration.and_then(|configuration| configuration.deployment_circuit_breaker());
    let alarms = configuration
        .and_then(|configuration| configuration.alarms())
        .filter(|alarms| alarms.enable());
    Service {
        arn: text(service.service_arn()),
        name: text(service.service_name()),
        status: text(service.status()),
        controller: service.deployment_controller().map_or_else(
            || "ECS".to_owned(),
            |controller| controller.r#type().as_str().to_owned(),
        ),
        scheduling: service.scheduling_strategy().map_or_else(
            || "REPLICA".to_owned(),
            |strategy| strategy.as_str().to_owned(),
        ),
        strategy: match configuration.and_then(|configuration| configuration.strategy()) {
            Some(sdk::DeploymentStrategy::BlueGreen) => Strategy::BlueGreen,
            Some(sdk::DeploymentStrategy::Linear) => Strategy::Linear,
            Some(sdk::DeploymentStrategy::Canary) => Strategy::Canary,
            _ => Strategy::Rolling,
        },
        task_definition: text(service.task_definition()),
        desired: service.desired_count(),
        running: service.running_count(),
        pending: service.pending_count(),
        minimum_percent: configuration
            .and_then(|configuration| configuration.minimum_healthy_percent())
            .unwrap_or(100),
        maximum_percent: configuration
            .and_then(|configuration| configuration.maximum_percent())
            .unwrap_or(200),
        breaker: breaker.map_or_else(BreakerPolicy::default, |breaker| BreakerPolicy {
            enabled: breaker.enable(),
            rollback: breaker.rollback(),
        }),
        alarms: alarms.map_or_else(Vec::new, |alarms| alarms.alarm_names().to_vec()),
        load_balanced: !service.load_balancers().is_empty(),
        grace_seconds: service.health_check_grace_period_seconds(),
        slots: service.deployments().iter().filter_map(slot).collect(),
        events: service
            .events()
            .iter()
            .map(|event| Event {
                id: text(event.id()),
                at: epoch(event.created_at()).unwrap_or(0.0),
                message: text(event.message()),
            })
            .collect(),
    }
}

fn slot(deployment: &sdk::Deployment) -> Option<Slot> {
    Some(Slot {
        id: DeploymentId::parse(deployment.id()?)?,
        role: match deployment.status() {
            Some("PRIMARY") => Role::Primary,
            Some("ACTIVE") => Role::Active,
            _ => Role::Inactive,
        },
        task_definition: text(deployment.task_definition()),
        rollout: match deployment.rollout_state() {
            Some(DeploymentRolloutState::InProgress) => Some(RolloutState::InProgress),
            Some(DeploymentRolloutState::Completed) => Some(RolloutState::Completed),
            Some(DeploymentRolloutState::Failed) => Some(RolloutState::Failed),
            _ => None,
        },
        reason: deployment.rollout_state_reason().map(str::to_owned),
        desired: deployment.desired_count(),
        running: deployment.running_count(),
        pending: deployment.pending_count(),
        failed: deployment.failed_tasks(),
        created: epoch(deployment.created_at()),
    })
}

/// None for a status that is newer than this program: it counts as not there.
fn status(status: Option<&sdk::ServiceDeploymentStatus>) -> Option<Status> {
    Some(match status? {
        sdk::ServiceDeploymentStatus::Pending => Status::Pending,
        sdk::ServiceDeploymentStatus::InProgress => Status::InProgress,
        sdk::ServiceDeploymentStatus::Successful => Status::Successful,
        sdk::ServiceDeploymentStatus::StopRequested => Status::StopRequested,
        sdk::ServiceDeploymentStatus::Stopped => Status::Stopped,
        sdk::ServiceDeploymentStatus::RollbackRequested => Status::RollbackRequested,
        sdk::ServiceDeploymentStatus::RollbackInProgress => Status::RollbackInProgress,
        sdk::ServiceDeploymentStatus::RollbackSuccessful => Status::RollbackSuccessful,
        sdk::ServiceDeploymentStatus::RollbackFailed => Status::RollbackFailed,
        _ => return None,
    })
}

pub(super) fn brief(brief: &sdk::ServiceDeploymentBrief) -> Option<Brief> {
    let revision = brief.target_service_revision_arn()?;
    Some(Brief {
        arn: brief.service_deployment_arn()?.to_owned(),
        id: DeploymentId::of_revision(revision)?,
        revision: revision.to_owned(),
        status: status(brief.status())?,
        created: epoch(brief.created_at()).or_else(|| epoch(brief.started_at())),
    })
}

pub(super) fn deployment(deployment: &sdk::ServiceDeployment) -> Option<ServiceDeployment> {
    let target = deployment.target_service_revision()?;
    let revision = target.arn()?;
    let sources = deployment.source_service_revisions();
    let breaker = deployment.deployment_circuit_breaker();
    let alarms = deployment.alarms();
    let rollback = deployment.rollback();
    Some(ServiceDeployment {
        arn: deployment.service_deployment_arn()?.to_owned(),
        id: DeploymentId::of_revision(revision)?,
        revision: revision.to_owned(),
        status: status(deployment.status())?,
        reason: deployment.status_reason().map(str::to_owned),
        stage: deployment
            .lifecycle_stage()
            .and_then(|stage| Stage::parse(stage.as_str())),
        hooks: deployment
            .lifecycle_hook_details()
            .iter()
            .map(hook)
            .collect(),
        target: counts(target),
        sources: (!sources.is_empty()).then(|| {
            sources
                .iter()
                .map(counts)
                .fold(Counts::default(), |sum, one| Counts {
                    requested: sum.requested + one.requested,
                    running: sum.running + one.running,
                    pending: sum.pending + one.pending,
                    traffic: None,
                })
        }),
        breaker: breaker.map_or_else(Breaker::default, |breaker| Breaker {
            status: monitor(breaker.status()),
            failures: breaker.failure_count(),
            threshold: breaker.threshold(),
        }),
        triggered_alarms: alarms
            .map_or_else(Vec::new, |alarms| alarms.triggered_alarm_names().to_vec()),
        alarms: monitor(alarms.and_then(|alarms| alarms.status())),
        rollback_reason: rollback
            .and_then(|rollback| rollback.reason())
            .map(str::to_owned),
        rollback_to: rollback
            .and_then(|rollback| rollback.service_revision_arn())
            .and_then(DeploymentId::of_revision),
        created: epoch(deployment.created_at()),
    })
}

fn counts(revision: &sdk::ServiceRevisionSummary) -> Counts {
    Counts {
        requested: revision.requested_task_count(),
        running: revision.running_task_count(),
        pending: revision.pending_task_count(),
        traffic: revision.requested_production_traffic_weight(),
    }
}

fn monitor(status: Option<&sdk::ServiceDeploymentRollbackMonitorsStatus>) -> Monitor {
    match status {
        Some(sdk::ServiceDeploymentRollbackMonitorsStatus::Monitoring) => Monitor::Monitoring,
        Some(sdk::ServiceDeploymentRollbackMonitorsStatus::MonitoringComplete) => Monitor::Complete,
        Some(sdk::ServiceDeploymentRollbackMonitorsStatus::Triggered) => Monitor::Triggered,
        _ => Monitor::Disabled,
    }
}

fn hook(hook: &sdk::DeploymentLifecycleHookDetail) -> Hook {
    Hook {
        id: text(hook.hook_id()),
        target: hook.target_arn().map(str::to_owned),
        status: match hook.status() {
            Some(DeploymentLifecycleHookStatus::Succeeded) => HookStatus::Succeeded,
            Some(DeploymentLifecycleHookStatus::Failed) => HookStatus::Failed,
            Some(DeploymentLifecycleHookStatus::TimedOut) => HookStatus::TimedOut,
            Some(DeploymentLifecycleHookStatus::AwaitingAction) => HookStatus::AwaitingAction,
            _ => HookStatus::InProgress,
        },
    }
}

pub(super) fn revision(revision: &sdk::ServiceRevision) -> Option<Revision> {
    let digest = |image: &sdk::ContainerImage| {
        Some((
            image.container_name()?.to_owned(),
            image.image_digest()?.to_owned(),
        ))
    };
    Some(Revision {
        id: DeploymentId::of_revision(revision.service_revision_arn()?)?,
        task_definition: text(revision.task_definition()),
        digests: revision
            .container_images()
            .iter()
            .filter_map(digest)
            .collect(),
    })
}

pub(super) fn task(task: &sdk::Task) -> Option<StartedTask> {
    let arn = task.task_arn()?;
    let containers = task.containers().iter().map(|container| TaskContainer {
        name: text(container.name()),
        image: text(container.image()),
        exit_code: container.exit_code(),
        reason: container.reason().map(str::to_owned),
    });
    Some(StartedTask {
        arn: arn.to_owned(),
        started_by: text(task.started_by()),
        ended: task.last_status() == Some("STOPPED"),
        task: StoppedTask {
            id: last(arn).to_owned(),
            stop_code: task
                .stop_code()
                .map_or_else(String::new, |code| code.as_str().to_owned()),
            reason: text(task.stopped_reason()),
            created: epoch(task.created_at()),
            stopping: epoch(task.stopping_at()),
            stopped: epoch(task.stopped_at()),
            containers: containers.collect(),
            log: Vec::new(),
        },
    })
}
