//! Deployments that fail.

use serde_json::json;

use super::super::cause::Cause;
use super::super::model::{RolloutState, Status};
use super::{Behaviour, Scene, breaker, definition};

#[test]
fn the_circuit_breaker_rolls_back_to_the_deployment_before() {
    let mut scene = Scene::steady(breaker(true));
    let old = scene.service().completed.clone().unwrap();
    let ours = scene.deploy(Behaviour::exits(1, 10.0).logging(["boom"]));
    scene.until(Status::RollbackRequested);
    assert_eq!(
        scene.described_rollout()["deploymentCircuitBreaker"]["status"],
        "TRIGGERED"
    );
    assert_eq!(
        scene.described_rollout()["deploymentCircuitBreaker"]["threshold"],
        3
    );
    assert!(scene.rollout().failures >= 3);
    scene.until(Status::RollbackInProgress);
    let service = scene.described();
    assert_eq!(service["deployments"][0]["id"], format!("ecs-svc/{old}"));
    assert_eq!(service["deployments"][0]["rolloutState"], "IN_PROGRESS");
    assert_eq!(
        service["deployments"][0]["rolloutStateReason"],
        format!("ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/{old}.")
    );
    scene.pass(30.0);
    let service = scene.described();
    assert_eq!(service["deployments"][1]["id"], format!("ecs-svc/{ours}"));
    assert_eq!(service["deployments"][1]["status"], "ACTIVE");
    assert_eq!(service["deployments"][1]["rolloutState"], "FAILED");
    scene.until(Status::RollbackSuccessful);
    let rollout = scene.described_rollout();
    assert_eq!(
        rollout["statusReason"],
        "Service deployment rolled back because the circuit breaker threshold was exceeded."
    );
    assert!(
        rollout["rollback"]["serviceRevisionArn"]
            .as_str()
            .unwrap()
            .ends_with(&old)
    );
    assert!(scene.told(&format!(
        "(deployment ecs-svc/{ours}) deployment failed: tasks failed to start."
    )));
    assert!(scene.told(&format!("rolling back to deployment ecs-svc/{old}.")));
    assert!(
        scene.described()["taskDefinition"]
            .as_str()
            .unwrap()
            .ends_with("idp:1")
    );
    assert_eq!(scene.service().deployments.len(), 1);
    let (code, reason, exit) = scene.stops(&ours)[0].clone();
    assert_eq!(code, "EssentialContainerExited");
    assert_eq!(reason, "Essential container in task exited");
    assert_eq!(exit, Some(1));
    let logs = scene.around.logs.borrow();
    assert!(logs[0].0.starts_with("kc/idp/"));
    assert_eq!(logs[0].1, "boom");
}

#[test]
fn without_rollback_a_failed_deployment_stays_the_primary_one() {
    let mut scene = Scene::steady(breaker(false));
    scene.deploy(Behaviour::cannot_pull("registry/idp:next"));
    scene.until(Status::Stopped);
    scene.pass(1800.0);
    let service = scene.described();
    assert_eq!(service["deployments"][0]["status"], "PRIMARY");
    assert_eq!(service["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(service["deployments"][0]["runningCount"], 0);
    assert_eq!(service["deployments"][1]["status"], "ACTIVE");
    assert_eq!(service["deployments"][1]["runningCount"], 2);
    assert_eq!(scene.rollout().rollback.as_ref().map(|_| ()), None);
}

#[test]
fn failed_tasks_are_counted_only_until_one_runs() {
    let mut scene = Scene::steady(json!({}));
    scene.deploy(Behaviour::cannot_pull("registry/idp:next"));
    scene.pass(40.0);
    assert_eq!(scene.described()["deployments"][0]["failedTasks"], 2);
    let ours = scene.deploy(Behaviour::exits(1, 10.0));
    scene.pass(600.0);
    assert_eq!(scene.described()["deployments"][0]["failedTasks"], 0);
    assert!(scene.stops(&ours).len() >= 4);
    assert_eq!(scene.status(), Status::InProgress);
    assert_eq!(
        scene.rollout().failures,
        0,
        "nothing counts with the breaker off"
    );
}

#[test]
fn an_application_that_dies_after_it_was_healthy_never_trips_the_breaker() {
    let mut scene = Scene::steady(breaker(true));
    let ours = scene.deploy(Behaviour::exits(1, 60.0));
    scene.pass(1800.0);
    assert!(scene.stops(&ours).len() > 10);
    assert_eq!(scene.rollout().failures, 0);
    assert!(!scene.told("deployment failed"));
    assert!(scene.rollout().rollback.is_none());
}

#[test]
fn a_first_deployment_that_fails_has_nothing_to_go_back_to() {
    let mut scene = Scene::with(breaker(true), &|state| {
        let behaviour = Behaviour::cannot_pull("registry/idp:1");
        state.behaviours.push(("idp".to_owned(), behaviour));
    });
    scene.until(Status::RollbackFailed);
    assert_eq!(
        scene.rollout().reason.as_deref(),
        Some("No rollback candidate was found to run the rollback.")
    );
    scene.pass(600.0);
    assert_eq!(scene.described()["runningCount"], 0);
    assert_eq!(scene.service().deployments[0].state, RolloutState::Failed);
}

#[test]
fn a_rollback_whose_tasks_cannot_start_fails() {
    let mut scene = Scene::steady(breaker(true));
    scene.deploy(Behaviour::exits(1, 10.0));
    scene.pass(20.0);
    let broken = Behaviour::cannot_pull("registry/idp:1");
    scene.state.behaviours.push(("idp:1".to_owned(), broken));
    scene.until(Status::RollbackRequested);
    for index in 0..scene.state.tasks.len() {
        if scene.state.tasks[index].is_healthy() {
            scene
                .state
                .stop(index, "UserInitiated", "Task stopped by user");
        }
    }
    scene.until(Status::RollbackFailed);
}

#[test]
fn somebody_stops_a_deployment() {
    let mut scene = Scene::steady(json!({}));
    let old = scene.service().completed.clone().unwrap();
    scene.deploy(Behaviour::healthy_after(50.0));
    scene.pass(45.0);
    let place = scene.place();
    scene.state.fail(place, &Cause::User);
    assert_eq!(scene.status(), Status::RollbackRequested);
    scene.until(Status::RollbackSuccessful);
    assert_eq!(
        scene.rollout().reason.as_deref(),
        Some("Service deployment rolled back by user.")
    );
    assert_eq!(scene.service().deployments[0].number, old);
}

#[test]
fn an_alarm_during_the_bake_rolls_back_and_one_that_was_there_before_does_not() {
    let alarms = json!({"alarms": {
        "alarmNames": ["old", "errors"], "enable": true, "rollback": true,
    }});
    let mut scene = Scene::steady(alarms);
    scene.state.alarms.insert("old".to_owned());
    scene.deploy(Behaviour::healthy());
    scene.pass(180.0);
    assert_eq!(scene.status(), Status::InProgress, "it bakes");
    assert_eq!(
        scene.described()["deployments"][0]["rolloutState"],
        "IN_PROGRESS"
    );
    assert_eq!(
        scene.described()["deployments"].as_array().unwrap().len(),
        1
    );
    scene.state.alarms.insert("errors".to_owned());
    scene.until(Status::RollbackSuccessful);
    let rollout = scene.described_rollout();
    assert_eq!(rollout["alarms"]["triggeredAlarmNames"], json!(["errors"]));
    assert_eq!(
        rollout["statusReason"],
        "Service deployment rolled back because of one or more active alarms."
    );
    assert!(scene.told("deployment failed: alarm detected."));
    scene.deploy(Behaviour::healthy());
    scene.until(Status::Successful);
}

#[test]
fn an_unhealthy_target_is_replaced() {
    let mut scene = Scene::steady(breaker(true));
    let ours = scene.deploy(Behaviour::never_healthy("503").first(1));
    scene.until(Status::Successful);
    scene.pass(60.0);
    assert!(scene.told(
        "(port 8080) is unhealthy in (target-group arn:tg) due to (reason Health checks failed with these codes: [503])."
    ));
    assert!(scene.told("Amazon ECS replaced 1 tasks due to an unhealthy status."));
    let (code, reason, _) = scene.stops(&ours)[0].clone();
    assert_eq!(code, "ServiceSchedulerInitiated");
    assert_eq!(
        reason,
        "Task failed ELB health checks in (target-group arn:tg)"
    );
}

#[test]
fn a_grace_period_that_is_too_short_kills_a_slow_application() {
    let mut scene = Scene::steady(breaker(true));
    scene.deploy(Behaviour::healthy_after(120.0));
    scene.until(Status::RollbackSuccessful);
    scene.update(&json!({"healthCheckGracePeriodSeconds": 180}));
    scene.deploy(Behaviour::healthy_after(120.0));
    scene.until(Status::Successful);
}

#[test]
fn a_reclaimed_task_is_no_failure() {
    let mut scene = Scene::steady(breaker(true));
    let ours = scene.deploy(Behaviour::reclaimed(10.0).first(1));
    scene.until(Status::Successful);
    scene.pass(120.0);
    let stops = scene.stops(&ours);
    assert_eq!(stops[0].0, "SpotInterruption");
    assert_eq!(scene.rollout().failures, 0);
}

#[test]
fn a_lack_of_capacity_is_told_once_and_waited_for() {
    let mut scene = Scene::steady(breaker(true));
    scene.deploy(Behaviour::healthy().without_capacity_for(180.0));
    scene.pass(170.0);
    assert_eq!(scene.described()["pendingCount"], 0);
    let told = scene.messages();
    let told = told
        .iter()
        .filter(|text| text.contains("Capacity is unavailable at this time"));
    assert_eq!(told.count(), 1);
    assert!(scene.until(Status::Successful) > 60.0);
}

#[test]
fn an_image_that_its_registry_lacks_cannot_be_pulled() {
    let mut scene = Scene::steady(breaker(true));
    let arn = scene.state.register(definition("world/missing:1"), "test");
    let ours = scene.update(&json!({"taskDefinition": arn}));
    scene.until(Status::RollbackSuccessful);
    let (code, reason, exit) = scene.stops(&ours)[0].clone();
    assert_eq!(code, "TaskFailedToStart");
    assert!(reason.starts_with("CannotPullContainerError: pull image manifest has been retried"));
    assert!(reason.ends_with("world/missing:1: not found"));
    assert_eq!(exit, None);
}

#[test]
fn an_image_of_another_architecture_cannot_be_executed() {
    let mut scene = Scene::steady(breaker(true));
    let arn = scene.state.register(definition("world/arm:1"), "test");
    let ours = scene.update(&json!({"taskDefinition": arn}));
    scene.until(Status::RollbackSuccessful);
    assert_eq!(scene.stops(&ours)[0].2, Some(255));
    let logs = scene.around.logs.borrow();
    assert!(logs[0].1.ends_with("exec format error"));
    drop(logs);
    let mut input = definition("world/arm:1");
    input["runtimePlatform"] = json!({"cpuArchitecture": "ARM64"});
    let arn = scene.state.register(input, "test");
    scene.update(&json!({"taskDefinition": arn}));
    scene.until(Status::Successful);
}

#[test]
fn the_threshold_is_what_the_configuration_says() {
    let mut scene = Scene::steady(breaker(true));
    let threshold = |scene: &mut Scene, count: u64, configuration: serde_json::Value| {
        scene.update(&json!({"desiredCount": count, "deploymentConfiguration": {
            "deploymentCircuitBreaker": {
                "enable": true, "rollback": true, "thresholdConfiguration": configuration,
            },
        }}));
        scene.state.threshold(scene.place())
    };
    assert_eq!(threshold(&mut scene, 2, json!(null)), 3);
    assert_eq!(threshold(&mut scene, 25, json!(null)), 13);
    assert_eq!(threshold(&mut scene, 500, json!(null)), 200);
    assert_eq!(
        threshold(&mut scene, 2, json!({"type": "COUNT", "value": 7})),
        7
    );
    let share = json!({"type": "UNBOUNDED_PERCENT", "value": 50});
    assert_eq!(threshold(&mut scene, 3, share), 2);
}

#[test]
fn events_are_at_most_a_hundred_and_the_newest_come_first() {
    let mut scene = Scene::steady(json!({}));
    scene.deploy(Behaviour::exits(1, 5.0));
    scene.pass(12.0 * 3600.0);
    let events = scene.described()["events"].as_array().unwrap().clone();
    assert_eq!(events.len(), 100);
    assert!(events[0]["createdAt"].as_f64() >= events[99]["createdAt"].as_f64());
    assert!(
        scene.state.tasks.len() < 400,
        "stopped tasks are forgotten after an hour"
    );
}
