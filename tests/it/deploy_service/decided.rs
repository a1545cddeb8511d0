//! What ECS or a person decides.

use serde_json::json;
use world::ecs::{Behaviour, HookAnswer};

use super::settings::balanced;
use super::stage::Stage;

#[test]
fn s01_a_rolling_deployment_ends_well_and_its_phases_are_timed() {
    let stage = Stage::new();
    let (id, revision) = stage.apply_behaving(Behaviour::healthy());
    let told = stage.wait(&revision);
    told.is("deployed", &["waiting for", "pending", &id]);
    assert!(stage.serves(&id));
    assert_eq!(told.id(), id);
    assert_eq!(told.json["task-definition"], revision.as_str());
    let digest = told.json["image-digest"].as_str().unwrap();
    assert!(
        digest.starts_with("sha256:") && digest.len() == 71,
        "{digest}"
    );
    let phases = told.report()["phases"].as_array().unwrap();
    assert!(
        phases.iter().any(|phase| phase["phase"] == "pending"),
        "{phases:?}"
    );
    assert!(
        told.ended.summary.contains("```mermaid\ngantt"),
        "{}",
        told.ended.summary
    );
    assert!(
        told.ended.summary.contains("| pending |"),
        "{}",
        told.ended.summary
    );
    assert!(
        told.ended.outputs.contains("outcome<<"),
        "{}",
        told.ended.outputs
    );
}

#[test]
fn s02_a_rollback_by_the_circuit_breaker_is_a_rollback_with_its_cause() {
    let stage = Stage::new();
    let (id, revision) =
        stage.apply_behaving(Behaviour::exits(1, 5.0).logging(["no database", "giving up"]));
    let told = stage.run(&["--task-definition", &revision, "--fail-fast=false"]);
    told.is(
        "rolled-back",
        &[
            // It says so before it has a sentence for it; how soon the action looks decides which one it shows.
            "circuit breaker",
            "exit code 1",
            "giving up",
            "keycloak:1",
        ],
    );
    assert_eq!(told.id(), id);
    assert!(!stage.serves(&id));
}

#[test]
fn s03_a_circuit_breaker_without_rollback_leaves_a_failure() {
    let stage = Stage::with(
        json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"rollback": false}}}),
    );
    let (_, revision) = stage.apply_behaving(Behaviour::exits(1, 5.0));
    let told = stage.run(&["--task-definition", &revision, "--fail-fast=false"]);
    told.is(
        "failed",
        &["gave", "2 tasks of keycloak:1", "operation: rollback"],
    );
}

#[test]
fn s13_a_newer_deployment_supersedes_and_is_no_rollback() {
    let stage = Stage::new();
    let (old, revision) = stage.apply_behaving(Behaviour::healthy_after(3600.0));
    let step = stage.step();
    let newest = stage.revision("r.example/keycloak:1.2.0");
    let told = stage.play(&step, &["--task-definition", &revision], || {
        stage.update(json!({"taskDefinition": newest}));
    });
    told.is("superseded", &[&stage.newest(), "Nothing was rolled back"]);
    assert_eq!(told.id(), old);
}

#[test]
fn s14_a_forced_deployment_of_the_same_task_definition_supersedes_too() {
    let stage = Stage::new();
    let (_, revision) = stage.apply_behaving(Behaviour::healthy_after(3600.0));
    let step = stage.step();
    let told = stage.play(&step, &["--task-definition", &revision], || {
        stage.update(json!({"forceNewDeployment": true}));
    });
    told.is("superseded", &[&stage.newest()]);
}

#[test]
fn s15_a_person_who_stops_the_deployment_is_named() {
    let stage = Stage::new();
    let (id, revision) = stage.apply_behaving(Behaviour::healthy_after(3600.0));
    let step = stage.step();
    let told = stage.play(&step, &["--task-definition", &revision], || {
        stage.call(
            "StopServiceDeployment",
            json!({"serviceDeploymentArn": stage.rollout(&id), "stopType": "ROLLBACK"}),
        );
    });
    told.is(
        "rolled-back",
        &["by user", "Somebody stopped the deployment"],
    );
}

#[test]
fn s19_an_alarm_that_trips_in_the_bake_time_is_named() {
    // A bake that outlasts every test: only the alarm ends it, however slow the machine is.
    let alarms = json!({
        "alarms": {"alarmNames": ["kc-5xx"], "enable": true, "rollback": true},
        "bakeTimeInMinutes": 1440,
    });
    let stage = Stage::new();
    stage.update(json!({"deploymentConfiguration": alarms}));
    stage.until_over();
    let (_, revision) = stage.apply_behaving(Behaviour::healthy());
    let step = stage.step();
    let told = stage.play(&step, &["--task-definition", &revision], || {
        stage.until("the old tasks are gone", |state| {
            let service = state.services.last().unwrap();
            service.deployments.len() == 1
        });
        stage.ecs().alarm("kc-5xx", true);
    });
    told.is("rolled-back", &["kc-5xx"]);
}

#[test]
fn s25_a_first_deployment_that_fails_has_nothing_to_return_to() {
    let stage = Stage::without_service(120.0);
    let image = "r.example/keycloak:1.0.0";
    stage.ecs().behave(image, Behaviour::exits(1, 5.0));
    let revision = stage.revision(image);
    let id = stage
        .ecs()
        .create_service(&json!({
            "cluster": "prod",
            "serviceName": "keycloak",
            "taskDefinition": revision,
            "desiredCount": 2,
            "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}},
        }))
        .unwrap();
    let told = stage.wait(&revision);
    told.is("failed", &["no revision to roll back to", "exit code 1"]);
    assert_eq!(told.id(), id);
}

#[test]
fn s26_a_rollback_that_fails_is_told_the_loudest() {
    let stage = Stage::new();
    let (_, revision) = stage.apply_behaving(Behaviour::exits(1, 5.0));
    // The old revision cannot start any more either.
    stage.ecs().behave("*:1.0.0", Behaviour::exits(1, 5.0));
    stage.update(json!({"desiredCount": 4}));
    stage.ecs().release();
    stage.until("the rollback has failed", |state| {
        let service = state.services.last().unwrap();
        service.rollouts.last().unwrap().status == world::ecs::model::Status::RollbackFailed
    });
    let told = stage.wait(&revision);
    told.is("failed", &["COULD NOT ROLL BACK", "at once"]);
}

#[test]
fn s36_blue_green_shows_its_stages_and_a_failed_hook_names_itself() {
    let hook = "arn:aws:lambda:eu-central-1:123456789012:function:check";
    let settings = |hooks: serde_json::Value| {
        let mut settings = balanced(120);
        settings["deploymentConfiguration"] = json!({
            "strategy": "BLUE_GREEN",
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
            "bakeTimeInMinutes": 1,
            "deploymentCircuitBreaker": {"enable": false, "rollback": false},
            "lifecycleHooks": hooks,
        });
        settings
    };
    let stage = Stage::with(settings(json!([])));
    let (id, revision) = stage.apply_behaving(Behaviour::healthy());
    stage.wait(&revision).is("deployed", &["traffic 0 %"]);
    assert!(stage.serves(&id));

    let stage = Stage::with(settings(json!([{
        "hookTargetArn": hook,
        "roleArn": "arn:aws:iam::123456789012:role/hooks",
        "lifecycleStages": ["POST_SCALE_UP"],
    }])));
    stage.ecs().hook(hook, HookAnswer::Failed);
    let (_, revision) = stage.apply_behaving(Behaviour::healthy());
    stage.wait(&revision).is("rolled-back", &["function:check"]);
}

#[test]
fn s37_a_service_that_is_deleted_meanwhile_ends_the_wait() {
    let stage = Stage::new();
    let (_, revision) = stage.apply_behaving(Behaviour::healthy());
    let step = stage.step();
    let told = stage.play(&step, &["--task-definition", &revision], || {
        stage.call(
            "DeleteService",
            json!({"service": "keycloak", "force": true}),
        );
    });
    told.is("failed", &["somebody deletes it"]);
}
