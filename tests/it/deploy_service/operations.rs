//! Deployments that the action starts, joins, leaves alone or takes back.

use serde_json::{Value, json};
use world::ecs::{Behaviour, Fault, Injection};

use super::stage::{Stage, told};

/// Deployments that the service ever had.
fn deployments(stage: &Stage) -> usize {
    stage
        .ecs()
        .inspect(|state| state.services[0].rollouts.len())
}

#[test]
fn a_wait_with_nothing_in_flight_finds_nothing_to_do() {
    let stage = Stage::new();
    for flags in [&[][..], &["--task-definition", "keycloak:1"][..]] {
        let told = stage.run(flags);
        told.is("no-op", &["nothing to do", "keycloak:1"]);
        assert!(told.json["image-digest"].is_string());
    }
}

#[test]
fn a_wait_without_a_name_does_not_call_a_rollback_nothing_to_do() {
    let stage = Stage::new();
    let (id, revision) = stage.apply_behaving(Behaviour::exits(1, 2.0));
    stage.until_over();
    for flags in [
        &[][..],
        &["--task-definition", &revision],
        &["--deployment-id", &id],
    ] {
        let told = stage.run(flags);
        told.is("rolled-back", &["has rolled", &id]);
        assert_eq!(told.json["task-definition"], revision.as_str());
    }
    let blind = told(&stage.step_allowed(&["ecs:DescribeServices"]), &[]);
    blind.is("rolled-back", &[&id]);
}

#[test]
fn a_deployment_is_found_by_either_of_its_names() {
    let stage = Stage::new();
    let (id, _) = stage.apply_behaving(Behaviour::healthy());
    let arn = stage
        .ecs()
        .inspect(|state| state.services[0].rollouts.last().unwrap().arn.clone());
    let told = stage.run(&["--deployment-id", &arn]);
    told.is("deployed", &[]);
    assert_eq!(told.id(), id);
    stage.run(&["--deployment-id", &id]).is("no-op", &[]);
}

#[test]
fn a_restart_starts_new_tasks_of_the_same_revision_once() {
    let stage = Stage::new();
    let told = stage.run(&["--operation", "restart"]);
    told.is("deployed", &[]);
    assert!(stage.serves(told.id()));
    assert_eq!(deployments(&stage), 2);
    let desired = stage.ecs().inspect(|state| state.services[0].desired);
    assert_eq!(desired, 2);
}

#[test]
fn s38_an_update_whose_answer_is_lost_is_not_made_twice() {
    let stage = Stage::new();
    stage
        .ecs()
        .faults([Injection::new("UpdateService", Fault::Lost).times(1)]);
    let told = stage.run(&["--operation", "restart"]);
    told.is("deployed", &["looking whether it took effect"]);
    assert_eq!(deployments(&stage), 2);
    assert!(stage.serves(told.id()));
}

#[test]
fn an_update_that_failed_is_made_again() {
    let stage = Stage::new();
    stage.ecs().faults([
        Injection::new("UpdateService", Fault::throttled()).times(1),
        Injection::new(
            "UpdateService",
            Fault::error(500, "ServerException", "Service Unavailable"),
        )
        .times(1),
    ]);
    let told = stage.run(&["--operation", "restart"]);
    told.is("deployed", &[]);
    assert_eq!(deployments(&stage), 2);
}

#[test]
fn s39_a_repeated_restart_joins_the_one_in_flight() {
    let stage = Stage::new();
    let (id, _) = stage.apply_behaving(Behaviour::healthy());
    let told = stage.run(&["--operation", "restart"]);
    told.is("deployed", &["is in flight and replaces every task"]);
    assert_eq!(told.id(), id);
    assert_eq!(stage.asked("UpdateService"), 0);
}

#[test]
fn s35_a_deploy_keeps_what_it_does_not_know() {
    let stage = Stage::new();
    let future = json!({"z": [1.5, null, {"b": "é"}], "a": "x"});
    let revision = stage.ecs().register_task_definition(json!({
        "family": "keycloak",
        "futureField": future,
        "tags": [{"key": "team", "value": "idp"}],
        "containerDefinitions": [{"name": "keycloak", "image": "r.example/keycloak:1.0.1", "futureFlag": future}],
    }));
    stage.update(json!({"taskDefinition": revision}));
    stage.wait(&revision).is("deployed", &[]);
    let told = stage.run(&[
        "--operation",
        "deploy",
        "--image",
        "r.example/keycloak:1.1.0",
    ]);
    told.is("deployed", &["registered keycloak:3"]);
    stage.ecs().inspect(|state| {
        let definition = &state.definitions["keycloak"][2];
        assert_eq!(definition.raw["futureField"], future);
        assert_eq!(
            definition.raw["containerDefinitions"][0]["futureFlag"],
            future
        );
        assert_eq!(definition.images(), ["r.example/keycloak:1.1.0"]);
        assert_eq!(definition.tags, json!([{"key": "team", "value": "idp"}]));
    });
    assert!(stage.serves(told.id()));
}

#[test]
fn s34_s39_a_deploy_of_what_serves_or_flies_changes_nothing() {
    let image = format!("r.example/keycloak@sha256:{}", "5".repeat(64));
    let stage = Stage::new();
    let (id, _) = stage.apply(&image);
    let joined = stage.run(&["--operation", "deploy", "--image", &image]);
    joined.is("deployed", &["waiting for it"]);
    assert_eq!(joined.id(), id);
    let again = stage.run(&["--operation", "deploy", "--image", &image]);
    again.is("no-op", &["serves already"]);
    assert_eq!(
        (
            stage.asked("UpdateService"),
            stage.asked("RegisterTaskDefinition")
        ),
        (0, 0)
    );
    assert_eq!(
        again.json["image-digest"],
        format!("sha256:{}", "5".repeat(64))
    );
}

#[test]
fn a_tag_without_a_digest_is_read_again() {
    let stage = Stage::new();
    let told = stage.run(&[
        "--operation",
        "deploy",
        "--image",
        "r.example/keycloak:1.0.0",
    ]);
    told.is("deployed", &["so that its tag is read again"]);
    assert_eq!(
        (
            stage.asked("UpdateService"),
            stage.asked("RegisterTaskDefinition")
        ),
        (1, 0)
    );
}

#[test]
fn a_file_is_registered_and_deployed() {
    let stage = Stage::new();
    let step = stage.step();
    let file =
        json!({"family": "keycloak", "containerDefinitions": [{"name": "keycloak", "image": "x"}]});
    std::fs::write(step.folder.path().join("task.json"), file.to_string()).unwrap();
    let told = told(
        &step,
        &[
            "--operation=deploy",
            "--task-definition=task.json",
            "--image=r.example/keycloak:2.0.0",
        ],
    );
    told.is("deployed", &["registered keycloak:2"]);
    let images = stage
        .ecs()
        .inspect(|state| state.definitions["keycloak"][1].images().join(","));
    assert_eq!(images, "r.example/keycloak:2.0.0");
}

#[test]
fn a_revision_that_is_there_is_deployed_as_it_is() {
    let stage = Stage::new();
    let revision = stage.revision("r.example/keycloak:1.1.0");
    let told = stage.run(&["--operation", "deploy", "--task-definition", "keycloak:2"]);
    told.is("deployed", &[]);
    assert_eq!(told.json["task-definition"], revision.as_str());
    stage
        .run(&["--operation", "deploy", "--task-definition", "keycloak:2"])
        .is("no-op", &[]);
    assert_eq!(deployments(&stage), 2);
}

#[test]
fn a_rollback_stops_the_deployment_in_flight_and_waits_until_ecs_is_back() {
    let stage = Stage::new();
    let (id, _) = stage.apply_behaving(Behaviour::healthy_after(36_000.0));
    let told = stage.run(&["--operation", "rollback"]);
    assert_eq!(told.ended.code, 0, "{}", told.ended.log);
    assert!(
        !told.ended.log.contains("Somebody stopped"),
        "{}",
        told.ended.log
    );
    assert_eq!(
        (&told.json["outcome"], told.id()),
        (&json!("rolled-back"), id.as_str())
    );
    stage.ecs().inspect(|state| {
        let service = &state.services[0];
        assert!(service.rollout().is_none());
        assert!(
            service.definition.ends_with("keycloak:1"),
            "{}",
            service.definition
        );
    });
    let again = stage.run(&["--operation", "rollback"]);
    again.is("no-op", &["rolled back already"]);
}

#[test]
fn a_rollback_of_what_is_over_goes_to_the_last_good_task_definition_and_no_further() {
    let stage = Stage::new();
    stage.apply_behaving(Behaviour::healthy());
    stage.until_over();
    let told = stage.run(&["--operation", "rollback"]);
    assert_eq!(told.ended.code, 0, "{}", told.ended.log);
    assert_eq!(told.json["outcome"], "rolled-back");
    assert!(
        told.ended.log.contains("If Terraform owns the service"),
        "{}",
        told.ended.log
    );
    let definition = stage
        .ecs()
        .inspect(|state| state.services[0].definition.clone());
    assert!(definition.ends_with("keycloak:1"), "{definition}");
    let again = stage.run(&["--operation", "rollback"]);
    again.is("no-op", &["keycloak:1 serves again"]);
}

#[test]
fn a_rollback_of_an_older_deployment_is_refused() {
    let stage = Stage::new();
    let first = stage
        .ecs()
        .inspect(|state| state.services[0].primary().unwrap().id());
    let (newest, _) = stage.apply_behaving(Behaviour::healthy_after(36_000.0));
    let unknown = stage.run(&["--operation=rollback", "--deployment-id=ecs-svc/99"]);
    assert_eq!(unknown.ended.code, 2, "{}", unknown.ended.log);
    let told = stage.run(&["--operation", "rollback", "--deployment-id", &first]);
    assert_eq!(told.ended.code, 6, "{}", told.ended.log);
    assert!(told.ended.log.contains(&newest), "{}", told.ended.log);
    assert_eq!(stage.asked("StopServiceDeployment"), 0);
}

#[test]
fn status_shows_the_service_and_has_no_outcome_while_a_deployment_is_in_flight() {
    let stage = Stage::new();
    let steady = stage.run(&["--operation", "status"]);
    steady.is(
        "deployed",
        &[
            "2 desired, 2 running",
            "Primary ecs-svc/",
            "serves: 2 tasks of keycloak:1",
        ],
    );

    let (id, _) = stage.apply_behaving(Behaviour::healthy_after(36_000.0));
    let flying = stage.run(&["--operation", "status"]);
    assert_eq!(flying.ended.code, 0, "{}", flying.ended.log);
    assert_eq!(
        (&flying.json["outcome"], flying.id()),
        (&Value::Null, id.as_str())
    );
    assert!(
        !flying.ended.outputs.contains("outcome<<"),
        "{}",
        flying.ended.outputs
    );
    assert!(
        flying.ended.outputs.contains("deployment-id<<"),
        "{}",
        flying.ended.outputs
    );

    stage.run(&["--operation", "rollback"]);
    let back = stage.run(&["--operation", "status"]);
    assert_eq!(back.ended.code, 0, "{}", back.ended.log);
    assert_eq!(back.json["outcome"], "rolled-back");
}
