//! Services and task definitions as they are made, changed and shown.

use serde_json::{Value, json};

use super::super::model::Status;
use super::{Around, Behaviour, Scene, definition, service};

#[test]
fn a_field_that_nobody_knows_survives_in_a_task_definition() {
    let mut scene = Scene::fresh(json!({}));
    let mut input = definition("registry/idp:2");
    input["quantumMode"] = json!({"entangled": [1, null, "x"]});
    input["containerDefinitions"][0]["mood"] = json!(-0.5);
    let arn = scene.state.register(input.clone(), "test");
    let raw = &scene.state.find_definition(&arn).expect("it").raw;
    assert_eq!(raw["quantumMode"], input["quantumMode"]);
    assert_eq!(raw["containerDefinitions"][0]["mood"], json!(-0.5));
    assert_eq!(raw["revision"], 2);
}

#[test]
fn a_running_service_is_there_at_once_and_older_ones_go_on() {
    let mut scene = Scene::fresh(json!({}));
    scene.pass(10.0);
    scene.state.create_cluster("test", json!([]));
    let around = Around::default();
    let input = service(&json!({}));
    let place = scene
        .state
        .create_running_service("test", &input, "test", &around)
        .expect("a service");
    let shown = scene.state.service_json(place, false);
    assert_eq!(shown["runningCount"], 2);
    assert_eq!(shown["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(scene.state.service_json(0, false)["runningCount"], 0);
    assert_eq!(scene.state.service_json(0, false)["pendingCount"], 2);
    scene.pass(300.0);
    assert_eq!(scene.state.service_json(0, false)["runningCount"], 2);
    let mut addresses: Vec<&String> = scene.state.tasks.iter().map(|one| &one.address).collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), 4, "each task has its own address");
}

/// A service with another controller or strategy, shown.
fn other(fields: &Value) -> (Scene, Value) {
    let mut scene = Scene::fresh(json!({}));
    let mut input = service(&json!({}));
    input["serviceName"] = json!("other");
    for (name, value) in fields.as_object().expect("fields") {
        input[name] = value.clone();
    }
    let around = Around::default();
    let place = scene
        .state
        .create_running_service("prod", &input, "test", &around)
        .expect("a service");
    let shown = scene.state.service_json(place, false);
    (scene, shown)
}

#[test]
fn services_of_other_controllers_have_task_sets_and_no_deployments() {
    for controller in ["CODE_DEPLOY", "EXTERNAL"] {
        let (mut scene, shown) = other(&json!({"deploymentController": {"type": controller}}));
        assert_eq!(shown["deployments"], json!([]));
        assert_eq!(shown["taskSets"][0]["stabilityStatus"], "STEADY_STATE");
        assert_eq!(shown["runningCount"], 2);
        assert_eq!(shown.get("currentServiceDeployment"), None);
        let around = Around::default();
        let forced = json!({"forceNewDeployment": true});
        let refused = scene
            .state
            .update_service("prod", "other", &forced, &around);
        assert_eq!(
            refused.expect_err("a refusal").code,
            "InvalidParameterException"
        );
        let scaled = json!({"desiredCount": 3});
        scene
            .state
            .update_service("prod", "other", &scaled, &around)
            .expect("a scaling");
    }
}

#[test]
fn a_daemon_service_names_no_count() {
    let (_, shown) = other(&json!({"schedulingStrategy": "DAEMON", "desiredCount": null}));
    assert_eq!(shown["schedulingStrategy"], "DAEMON");
    assert_eq!(shown["runningCount"], 1);
}

#[test]
fn a_process_that_ends_by_itself_is_replaced() {
    let mut scene = Scene::steady(json!({}));
    let place = scene.state.tasks.iter().position(|one| one.is_running());
    let step = super::super::task::Step::Exit(1, None);
    scene
        .state
        .take(place.expect("a task"), step, &scene.around);
    assert_eq!(scene.described()["runningCount"], 1);
    scene.pass(120.0);
    assert_eq!(scene.described()["runningCount"], 2);
    assert!(scene.rollout().status == Status::Successful);
}

#[test]
fn a_behaviour_can_be_that_of_an_image() {
    let mut scene = Scene::steady(json!({}));
    let behaviour = Behaviour::exits(9, 1.0);
    scene
        .state
        .behaviours
        .push(("*:next".to_owned(), behaviour));
    let arn = scene
        .state
        .register(definition("registry/idp:next"), "test");
    let ours = scene.update(&json!({"taskDefinition": arn}));
    scene.pass(60.0);
    assert_eq!(scene.stops(&ours)[0].2, Some(9));
}
