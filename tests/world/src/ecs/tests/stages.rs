//! Deployments that walk through lifecycle stages.

use serde_json::{Value, json};

use super::super::hooks::HookAnswer;
use super::super::model::Status;
use super::super::stages::Stage;
use super::{Behaviour, Scene};

/// Passes time; the stages and production weights in the order in which they were seen.
fn walk(scene: &mut Scene, until: Status) -> Vec<(String, f64)> {
    let mut seen: Vec<(String, f64)> = Vec::new();
    for _ in 0..7200 {
        scene.pass(1.0);
        let rollout = scene.described_rollout();
        if let Some(stage) = rollout["lifecycleStage"].as_str() {
            let target = &rollout["targetServiceRevision"];
            let weight = target["requestedProductionTrafficWeight"]
                .as_f64()
                .unwrap_or(0.0);
            if seen.last() != Some(&(stage.to_owned(), weight)) {
                seen.push((stage.to_owned(), weight));
            }
        }
        if scene.status() == until {
            return seen;
        }
    }
    panic!("{:?}: {seen:?}", scene.status());
}

fn stages(seen: &[(String, f64)]) -> Vec<&str> {
    let mut names: Vec<&str> = seen.iter().map(|(stage, _)| stage.as_str()).collect();
    names.dedup();
    names
}

fn hook(target_type: &str, stage: &str) -> Value {
    let mut hook = json!({"targetType": target_type, "lifecycleStages": [stage]});
    if target_type == "AWS_LAMBDA" {
        hook["hookTargetArn"] = json!("arn:lambda");
    }
    hook
}

fn configure(scene: &mut Scene, configuration: Value) {
    scene.update(&json!({"deploymentConfiguration": configuration}));
}

#[test]
fn blue_green_walks_through_its_stages() {
    let mut scene = Scene::steady(json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 2}));
    scene.deploy(Behaviour::healthy());
    let seen = walk(&mut scene, Status::Successful);
    assert_eq!(
        stages(&seen),
        [
            "PRE_SCALE_UP",
            "SCALE_UP",
            "POST_SCALE_UP",
            "TEST_TRAFFIC_SHIFT",
            "POST_TEST_TRAFFIC_SHIFT",
            "PRE_PRODUCTION_TRAFFIC_SHIFT",
            "PRODUCTION_TRAFFIC_SHIFT",
            "POST_PRODUCTION_TRAFFIC_SHIFT",
            "BAKE_TIME",
            "CLEAN_UP",
        ]
    );
    let service = scene.described();
    assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(service["deployments"][0]["rolloutState"], Value::Null);
}

#[test]
fn a_canary_takes_a_share_of_the_traffic_first() {
    let mut scene = Scene::steady(json!({"strategy": "CANARY", "canaryConfiguration": {
        "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1,
    }}));
    scene.deploy(Behaviour::healthy());
    let seen = walk(&mut scene, Status::Successful);
    let mut weights: Vec<f64> = seen.iter().map(|(_, weight)| *weight).collect();
    weights.dedup();
    assert_eq!(weights, [0.0, 10.0, 100.0]);
    let shifts = stages(&seen);
    let shifts = shifts
        .iter()
        .filter(|stage| **stage == "PRODUCTION_TRAFFIC_SHIFT");
    assert_eq!(shifts.count(), 2);
}

#[test]
fn a_linear_deployment_shifts_in_equal_steps() {
    let mut scene = Scene::steady(json!({"strategy": "LINEAR", "linearConfiguration": {
        "stepPercent": 30.0, "stepBakeTimeInMinutes": 1,
    }}));
    scene.deploy(Behaviour::healthy());
    let seen = walk(&mut scene, Status::Successful);
    let mut weights: Vec<f64> = seen.iter().map(|(_, weight)| *weight).collect();
    weights.dedup();
    assert_eq!(weights, [0.0, 30.0, 60.0, 90.0, 100.0]);
}

#[test]
fn a_failing_hook_rolls_back_and_is_named() {
    let mut scene = Scene::steady(json!({"strategy": "BLUE_GREEN",
        "lifecycleHooks": [hook("AWS_LAMBDA", "POST_TEST_TRAFFIC_SHIFT")]}));
    scene
        .state
        .hooks
        .insert("arn:lambda".to_owned(), HookAnswer::Failed);
    scene.deploy(Behaviour::healthy());
    scene.until(Status::RollbackRequested);
    assert_eq!(
        scene.described_rollout()["lifecycleHookDetails"][0]["status"],
        "FAILED"
    );
    scene.until(Status::RollbackSuccessful);
    assert_eq!(
        scene.rollout().reason.as_deref(),
        Some(
            "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. Lifecycle hook \
             target arn:lambda returned FAILED status."
        )
    );
    assert_eq!(scene.described()["runningCount"], 2);
}

#[test]
fn a_pause_waits_for_an_answer_in_a_rolling_deployment_too() {
    let mut scene = Scene::steady(json!({}));
    configure(
        &mut scene,
        json!({"lifecycleHooks": [hook("PAUSE", "PRE_SCALE_UP")]}),
    );
    scene.deploy(Behaviour::healthy());
    scene.pass(1800.0);
    let rollout = scene.described_rollout();
    assert_eq!(rollout["lifecycleStage"], "PRE_SCALE_UP");
    let waiting = &rollout["lifecycleHookDetails"][0];
    assert_eq!(waiting["status"], "AWAITING_ACTION");
    assert_eq!(waiting["targetType"], "PAUSE");
    assert_eq!(rollout["targetServiceRevision"]["runningTaskCount"], 0);
    let id = waiting["hookId"].as_str().unwrap().to_owned();
    let place = scene.place();
    assert!(!scene.state.answer_hook(place, "another", "CONTINUE"));
    assert!(scene.state.answer_hook(place, &id, "CONTINUE"));
    scene.until(Status::Successful);
}

#[test]
fn a_pause_that_nobody_answers_times_out() {
    let mut scene = Scene::steady(json!({}));
    let mut pause = hook("PAUSE", "POST_SCALE_UP");
    pause["timeoutConfiguration"] = json!({"timeoutInMinutes": 10, "action": "ROLLBACK"});
    configure(&mut scene, json!({"lifecycleHooks": [pause]}));
    scene.deploy(Behaviour::healthy());
    assert!(scene.until(Status::RollbackSuccessful) > 600.0);
    let reason = scene.rollout().reason.clone().unwrap();
    assert!(
        reason.contains("POST_SCALE_UP lifecycle hook(s) failed"),
        "{reason}"
    );
}

#[test]
fn a_person_rolls_back_at_a_pause() {
    let mut scene = Scene::steady(json!({"strategy": "BLUE_GREEN"}));
    configure(
        &mut scene,
        json!({"lifecycleHooks": [hook("PAUSE", "POST_SCALE_UP")]}),
    );
    scene.deploy(Behaviour::healthy());
    scene.pass(200.0);
    assert_eq!(scene.rollout().stage, Some(Stage::PostScaleUp));
    let id = scene.rollout().hooks[0].id.clone();
    let place = scene.place();
    assert!(scene.state.answer_hook(place, &id, "ROLLBACK"));
    scene.until(Status::RollbackSuccessful);
}

#[test]
fn a_green_revision_that_cannot_start_trips_the_breaker() {
    let mut scene = Scene::steady(json!({"strategy": "BLUE_GREEN",
        "deploymentCircuitBreaker": {"enable": true, "rollback": true}}));
    scene.deploy(Behaviour::exits(1, 3.0));
    scene.until(Status::RollbackSuccessful);
    assert_eq!(scene.described()["runningCount"], 2);
}
