//! Deployments that succeed, and those that others replace.

use serde_json::json;

use super::super::model::{RolloutState, Status};
use super::{Behaviour, Scene, breaker};

#[test]
fn the_first_deployment_becomes_steady() {
    let mut scene = Scene::fresh(json!({}));
    assert_eq!(scene.status(), Status::Pending);
    scene.pass(2.0);
    assert_eq!(scene.status(), Status::InProgress);
    assert_eq!(scene.described()["pendingCount"], 2);
    scene.until(Status::Successful);
    let service = scene.described();
    assert_eq!(service["runningCount"], 2);
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(service["deployments"][0]["failedTasks"], 0);
    scene.pass(1.0);
    assert!(scene.told("(service idp) has reached a steady state."));
}

#[test]
fn a_rolling_deployment_has_the_events_of_a_captured_one() {
    let mut scene = Scene::steady(json!({}));
    let before = scene.messages().len();
    let number = scene.deploy(Behaviour::healthy());
    let old = scene.service().completed.clone().unwrap();
    scene.until(Status::Successful);
    scene.pass(2.0);
    let told: Vec<String> = scene.messages()[before..]
        .iter()
        .map(|message| {
            let message = message.replace(&number, "NEW").replace(&old, "OLD");
            message
                .split("(task ")
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    let count = |text: &str| {
        told.iter()
            .filter(|message| message.starts_with(text))
            .count()
    };
    assert_eq!(told[0], "(service idp) has started 2 tasks: ");
    assert_eq!(
        count("(service idp) registered 1 targets in (target-group arn:tg)"),
        2
    );
    assert_eq!(
        count("(service idp) deregistered 1 targets in (target-group arn:tg)"),
        2
    );
    let draining = "(service idp, taskSet ecs-svc/OLD) has begun draining connections on 1 tasks.";
    assert_eq!(count(draining), 2);
    assert_eq!(
        told[told.len() - 2..],
        [
            "(service idp) (deployment ecs-svc/NEW) deployment completed.".to_owned(),
            "(service idp) has reached a steady state.".to_owned(),
        ]
    );
}

#[test]
fn old_tasks_serve_until_new_ones_are_healthy_and_count_until_they_have_drained() {
    let mut scene = Scene::steady(json!({}));
    scene.state.timing.deregistration_delay = 300.0;
    let number = scene.deploy(Behaviour::healthy());
    let (mut least, mut seen_draining) = (usize::MAX, false);
    while scene.status() != Status::Successful {
        scene.pass(1.0);
        let service = scene.described();
        let healthy = scene
            .state
            .tasks
            .iter()
            .filter(|task| task.is_healthy())
            .count();
        least = least.min(healthy);
        let rollout = scene.described_rollout();
        if rollout["targetServiceRevision"]["runningTaskCount"] == 2
            && service["runningCount"] == 4
            && service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
        {
            seen_draining = true;
        }
    }
    assert_eq!(least, 2, "two healthy tasks at every moment");
    assert!(seen_draining, "old tasks count while they drain");
    assert_eq!(
        scene.described()["deployments"].as_array().unwrap().len(),
        1
    );
    assert!(
        scene.described()["taskDefinition"]
            .as_str()
            .unwrap()
            .ends_with("idp:2")
    );
    let stops = scene.stops(&scene.rollout().sources[0].clone());
    assert!(stops.is_empty(), "they end after that");
    scene.pass(20.0);
    let stops = scene.stops(&scene.rollout().sources[0].clone());
    assert_eq!(stops.len(), 2);
    assert_eq!(stops[0].0, "ServiceSchedulerInitiated");
    assert!(
        stops[0]
            .1
            .starts_with("Scaling activity initiated by (deployment ecs-svc/")
    );
    assert_eq!(stops[0].2, Some(143));
    assert_eq!(scene.rollout().target, number);
}

#[test]
fn a_limit_of_one_hundred_percent_both_ways_stalls() {
    let tight = json!({"maximumPercent": 100, "minimumHealthyPercent": 100});
    let mut scene = Scene::steady(tight);
    scene.deploy(Behaviour::healthy());
    scene.pass(900.0);
    assert_eq!(scene.status(), Status::InProgress);
    let stalls = scene.messages();
    let stalls = stalls
        .iter()
        .filter(|text| text.contains("was unable to stop or start tasks"));
    assert_eq!(stalls.count(), 1);
    scene.update(&json!({"deploymentConfiguration": {"minimumHealthyPercent": 50}}));
    scene.until(Status::Successful);
}

#[test]
fn only_changes_that_need_it_start_a_deployment() {
    let mut scene = Scene::steady(json!({}));
    let first = scene.service().deployments[0].number.clone();
    assert_eq!(scene.update(&json!({"desiredCount": 3})), first);
    assert_eq!(scene.update(&json!({"taskDefinition": "idp:1"})), first);
    assert_eq!(
        scene.update(&json!({"healthCheckGracePeriodSeconds": 90})),
        first
    );
    scene.pass(300.0);
    assert_eq!(scene.described()["runningCount"], 3);
    let second = scene.update(&json!({"forceNewDeployment": true}));
    assert_ne!(second, first);
    let third = scene.update(&json!({"platformVersion": "1.4.0"}));
    assert_ne!(third, second);
}

#[test]
fn a_newer_deployment_stops_the_one_before() {
    let mut scene = Scene::steady(breaker(true));
    let ours = scene.deploy(Behaviour::healthy());
    scene.pass(20.0);
    let newer = scene.deploy(Behaviour::healthy());
    let service = scene.described();
    assert_eq!(service["deployments"][0]["id"], format!("ecs-svc/{newer}"));
    assert_eq!(service["deployments"][1]["id"], format!("ecs-svc/{ours}"));
    assert_eq!(service["deployments"][1]["status"], "ACTIVE");
    let rollouts = &scene.service().rollouts;
    assert_eq!(rollouts[rollouts.len() - 2].status, Status::StopRequested);
    assert_eq!(scene.rollout().sources.len(), 2);
    scene.pass(10.0);
    let rollouts = &scene.service().rollouts;
    assert_eq!(rollouts[rollouts.len() - 2].status, Status::Stopped);
    scene.until(Status::Successful);
    assert_eq!(scene.service().completed.as_deref(), Some(newer.as_str()));
}

#[test]
fn no_tasks_are_wanted_and_the_deployment_succeeds_with_none() {
    let mut scene = Scene::steady(json!({}));
    scene.update(&json!({"desiredCount": 0}));
    scene.pass(120.0);
    scene.deploy(Behaviour::exits(1, 1.0));
    assert!(scene.until(Status::Successful) < 10.0);
}

#[test]
fn autoscaling_in_the_middle_is_followed() {
    let mut scene = Scene::steady(json!({}));
    scene.deploy(Behaviour::healthy());
    scene.pass(20.0);
    scene.update(&json!({"desiredCount": 6}));
    scene.until(Status::Successful);
    let target = &scene.described_rollout()["targetServiceRevision"];
    assert_eq!(target["requestedTaskCount"], 6);
    assert_eq!(target["runningTaskCount"], 6);
}

#[test]
fn early_success_does_not_wait_for_old_tasks() {
    let mut scene = Scene::steady(json!({"earlySuccessCriteria": {
        "enable": true, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED",
    }}));
    scene.state.timing.deregistration_delay = 300.0;
    scene.deploy(Behaviour::healthy());
    assert!(scene.until(Status::Successful) < 120.0);
    assert_eq!(scene.service().deployments.len(), 2);
    assert_eq!(
        scene.service().deployments[0].state,
        RolloutState::InProgress
    );
    scene.pass(400.0);
    assert_eq!(
        scene.service().deployments[0].state,
        RolloutState::Completed
    );
}

#[test]
fn half_an_hour_of_silence_ends_with_a_second_steady_event_six_hours_later() {
    let mut scene = Scene::steady(json!({}));
    let steady = |scene: &Scene| {
        let messages = scene.messages();
        messages
            .iter()
            .filter(|text| text.contains("steady state"))
            .count()
    };
    scene.pass(1800.0);
    assert_eq!(steady(&scene), 1);
    scene.pass(6.0 * 3600.0);
    assert_eq!(steady(&scene), 2);
}

#[test]
fn a_service_that_is_deleted_drains_and_becomes_inactive() {
    let mut scene = Scene::steady(json!({}));
    let place = scene.place();
    let now = scene.state.now;
    let service = &mut scene.state.services[place];
    service.desired = 0;
    service.status = super::super::model::ServiceStatus::Draining;
    service.wake = Some(now);
    scene.pass(1.0);
    assert_eq!(scene.described()["status"], "DRAINING");
    scene.pass(120.0);
    assert_eq!(scene.described()["status"], "INACTIVE");
    assert_eq!(scene.described()["runningCount"], 0);
}
