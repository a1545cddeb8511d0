//! The same run once more, what is there already, and answers that must decide nothing.

use serde_json::json;
use world::ecs::{Behaviour, Fault, Injection};

use super::settings::balanced;
use super::stage::{Stage, told};

/// Requests that register and that deploy.
fn writes(stage: &Stage) -> (usize, usize) {
    (
        stage.asked("RegisterTaskDefinition"),
        stage.asked("UpdateService"),
    )
}

fn definition(stage: &Stage) -> String {
    let name = stage
        .ecs()
        .inspect(|state| state.services[0].definition.clone());
    name.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn what_was_printed_and_edited_is_registered_and_what_was_not_edited_is_left_alone() {
    let stage = Stage::new();
    let mut printed = stage.call(
        "DescribeTaskDefinition",
        json!({"taskDefinition": "keycloak:1"}),
    );
    let step = stage.step();
    let file = step.folder.path().join("printed.json");
    let flags = ["--operation=deploy", "--task-definition=printed.json"];
    std::fs::write(&file, printed.to_string()).unwrap();
    told(&step, &flags).is("no-op", &["serves already"]);
    assert_eq!(writes(&stage), (0, 0));

    let container = &mut printed["taskDefinition"]["containerDefinitions"][0];
    container["image"] = json!("r.example/keycloak:2.0.0");
    container["environment"] = json!([{"name": "KC_LOG_LEVEL", "value": "debug"}]);
    std::fs::write(&file, printed.to_string()).unwrap();
    told(&step, &flags).is("deployed", &["registered keycloak:2"]);
    assert_eq!(writes(&stage), (1, 1));
    told(&step, &flags).is("no-op", &["serves already"]);
    assert_eq!(writes(&stage), (1, 1));
}

#[test]
fn s34_a_written_file_is_registered_once() {
    let stage = Stage::new();
    let step = stage.step();
    let written = json!({
        "family": "keycloak", "cpu": "1024", "memory": "2048", "networkMode": "awsvpc",
        "containerDefinitions": [{"name": "keycloak", "image": "r.example/keycloak:2.0.0"}],
    });
    std::fs::write(step.folder.path().join("own.json"), written.to_string()).unwrap();
    let flags = ["--operation=deploy", "--task-definition=own.json"];
    told(&step, &flags).is("deployed", &["registered keycloak:2"]);
    told(&step, &flags).is("no-op", &[]);
    assert_eq!(writes(&stage), (1, 1));
}

#[test]
fn a_rollback_that_is_run_again_goes_no_further_back() {
    let stage = Stage::new();
    for image in ["r.example/keycloak:2", "r.example/keycloak:3"] {
        stage.apply(image);
        stage.until_over();
    }
    let first = stage.run(&["--operation", "rollback"]);
    assert_eq!(
        (first.ended.code, definition(&stage).as_str()),
        (0, "keycloak:2")
    );
    let again = stage.run(&["--operation", "rollback"]);
    again.is("no-op", &["went back", "keycloak:2", "not keycloak:3"]);
    assert_eq!(definition(&stage), "keycloak:2");
    stage
        .run(&["--operation", "deploy", "--task-definition", "keycloak:1"])
        .is("deployed", &[]);
}

#[test]
fn s39_blue_green_that_serves_is_left_alone_and_one_in_flight_is_joined() {
    let mut settings = balanced(120);
    settings["deploymentConfiguration"] = json!({
        "strategy": "BLUE_GREEN", "minimumHealthyPercent": 100, "maximumPercent": 200, "bakeTimeInMinutes": 1,
        "deploymentCircuitBreaker": {"enable": false, "rollback": false},
    });
    let stage = Stage::with(settings);
    let flags = ["--operation", "deploy", "--task-definition", "keycloak:1"];
    stage.run(&flags).is("no-op", &["serves already"]);
    assert_eq!(writes(&stage), (0, 0));
    let (id, revision) = stage.apply("r.example/keycloak:2");
    let joined = stage.run(&["--operation", "deploy", "--task-definition", &revision]);
    joined.is("deployed", &["is in flight with that already"]);
    assert_eq!(joined.id(), id);
    assert_eq!(writes(&stage), (0, 0));
}

#[test]
fn stopped_tasks_that_cannot_be_looked_at_do_not_decide() {
    for fault in [
        Fault::throttled(),
        Fault::error(500, "ServerException", "wrong"),
        Fault::error(400, "InvalidParameterException", "wrong"),
    ] {
        let stage = Stage::new();
        stage.ecs().faults([
            Injection::new("ListTasks", fault.clone()),
            Injection::new("DescribeTasks", fault),
        ]);
        let (_, revision) = stage.apply_behaving(Behaviour::healthy());
        let told = stage.wait(&revision);
        told.is("deployed", &["could not be looked at"]);
        assert_eq!(told.ended.log.matches("::notice ").count(), 1);
    }
}

#[test]
fn one_answer_that_the_service_is_gone_is_not_believed() {
    let stage = Stage::new();
    let (_, revision) = stage.apply_behaving(Behaviour::healthy());
    let gone = Fault::error(400, "ClusterNotFoundException", "Cluster not found.");
    let step = stage.step();
    stage
        .play(&step, &["--task-definition", &revision], || {
            stage
                .ecs()
                .faults([Injection::new("DescribeServices", gone).times(1)]);
        })
        .is("deployed", &[]);
}

#[test]
fn where_no_revision_was_ever_good_nobody_promises_a_rollback() {
    let stage = Stage::without_service(90.0);
    let bad = "r.example/keycloak:1.0.0";
    stage.ecs().behave(bad, Behaviour::exits(1, 2.0));
    stage.create_unsteady();
    stage.until_over();
    for fail_fast in ["true", "false"] {
        let told = stage.run(&["--operation", "restart", "--fail-fast", fail_fast]);
        // Which of the signs comes first differs; none of them is a rollback, or a promise of one.
        told.is("failed", &[]);
        assert!(
            !told.ended.log.contains("rolls back by itself"),
            "{}",
            told.ended.log
        );
        stage.until_over();
    }
}
