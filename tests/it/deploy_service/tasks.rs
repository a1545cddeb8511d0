//! What the ends of tasks decide.

use serde_json::json;
use world::ecs::{Behaviour, Fault, Injection};

use super::settings::{balanced, patient};
use super::stage::Stage;

const IMAGE: &str = "r.example/keycloak:1.1.0";
const EXECUTION: &str = "arn:aws:sts::123456789012:assumed-role/keycloak-execution/abc";
const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-Ab12Cd";

#[test]
fn s04_without_a_circuit_breaker_the_same_exit_code_twice_is_a_failure() {
    let off = json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": false, "rollback": false}}});
    let stage = Stage::with(off);
    let lines: Vec<String> = (0..30).map(|number| format!("line {number}")).collect();
    let (_, revision) = stage.apply_behaving(Behaviour::exits(1, 20.0).logging(lines));
    let told = stage.wait(&revision);
    told.is(
        "failed",
        &[
            "crash loop",
            "exit code 1",
            "line 29",
            "circuit breaker is off",
        ],
    );
    assert_eq!(told.report()["cause"]["exit-code"], 1);
    assert_eq!(told.report()["log"]["lines"].as_array().unwrap().len(), 20);
    let error = told.error();
    assert!(error.lines().count() <= 25, "{error}");
}

#[test]
fn s05_healthy_for_a_minute_and_then_gone_is_a_crash_loop() {
    let mut settings = balanced(120);
    settings["deploymentConfiguration"] =
        json!({"deploymentCircuitBreaker": {"enable": false, "rollback": false}});
    let stage = Stage::with(settings);
    stage
        .ecs()
        .timing(|timing| timing.deregistration_delay = 300.0);
    let (_, revision) = stage.apply_behaving(Behaviour::exits(1, 60.0));
    stage
        .wait(&revision)
        .is("failed", &["crash loop", "exit code 1"]);
}

#[test]
fn s06_an_image_that_is_not_there_ends_the_wait_at_the_first_task() {
    let stage = Stage::with(patient());
    let (_, revision) = stage.apply_behaving(Behaviour::cannot_pull(IMAGE));
    let told = stage.wait(&revision);
    told.is(
        "failed",
        &["can never start", "not found", "ECS rolls back by itself"],
    );
    assert!(
        told.error().contains(&format!("See that {IMAGE} exists")),
        "{}",
        told.error()
    );
}

#[test]
fn s07_a_pull_that_times_out_once_is_a_warning() {
    let stage = Stage::with(patient());
    let (id, revision) = stage.apply_behaving(Behaviour::cannot_reach_registry(IMAGE).first(1));
    let told = stage.wait(&revision);
    told.is("deployed", &["::warning ", "i/o timeout"]);
    assert!(stage.serves(&id));
}

#[test]
fn s08_a_secret_that_may_not_be_read_names_itself_and_the_role() {
    let stage = Stage::with(patient());
    let (_, revision) = stage.apply_behaving(Behaviour::secret_denied(EXECUTION, SECRET));
    stage
        .wait(&revision)
        .is("failed", &["execution role keycloak-execution", SECRET]);
}

#[test]
fn s09_an_image_of_another_architecture_says_so() {
    for behaviour in [
        Behaviour::exec_format_error(),
        Behaviour::wrong_platform("linux/arm64"),
    ] {
        let stage = Stage::with(patient());
        let (_, revision) = stage.apply_behaving(behaviour);
        stage.wait(&revision).is("failed", &["architecture"]);
    }
}

#[test]
fn s10_out_of_memory_twice_says_memory() {
    let stage = Stage::with(patient());
    let (_, revision) = stage.apply_behaving(Behaviour::out_of_memory(10.0));
    stage
        .wait(&revision)
        .is("failed", &["out of memory", "exit code 137", "more memory"]);
}

#[test]
fn s11_a_task_that_is_replaced_once_for_its_health_is_no_failure() {
    let stage = Stage::with(balanced(5));
    let (id, revision) = stage.apply_behaving(Behaviour::never_healthy("503").first(1));
    let told = stage.wait(&revision);
    told.is("deployed", &["unhealthy"]);
    assert!(stage.serves(&id));
}

#[test]
fn s12_a_replacement_that_is_never_healthy_either_is_a_failure_with_the_code() {
    let stage = Stage::with(balanced(5));
    let (_, revision) = stage.apply_behaving(Behaviour::never_healthy("503"));
    let told = stage.wait(&revision);
    told.is(
        "failed",
        &["health check 503", "healthCheckGracePeriodSeconds"],
    );
    assert_eq!(told.report()["cause"]["health-code"], "503");
}

#[test]
fn s24_a_task_that_spot_takes_back_is_not_counted() {
    let stage = Stage::with(patient());
    let (id, revision) = stage.apply_behaving(Behaviour::reclaimed(5.0).first(3));
    stage.wait(&revision).is("deployed", &[]);
    assert!(stage.serves(&id));
}

#[test]
fn with_fail_fast_off_the_verdict_is_left_to_ecs() {
    let stage = Stage::new();
    let (_, revision) = stage.apply_behaving(Behaviour::cannot_pull(IMAGE));
    let told = stage.run(&["--task-definition", &revision, "--fail-fast=false"]);
    told.is("rolled-back", &["circuit breaker", "not found"]);
}

#[test]
fn with_on_failure_rollback_a_hopeless_deployment_is_taken_back_at_once() {
    let stage = Stage::with(patient());
    let (id, revision) = stage.apply_behaving(Behaviour::cannot_pull(IMAGE));
    let told = stage.run(&["--task-definition", &revision, "--on-failure", "rollback"]);
    told.is("rolled-back", &["can never start", "as `on-failure` says"]);
    assert_eq!(told.id(), id);
    assert_eq!(stage.asked("StopServiceDeployment"), 1);
    let primary = stage
        .ecs()
        .inspect(|state| state.services[0].definition.clone());
    assert!(primary.ends_with("keycloak:1"), "{primary}");
}

#[test]
fn a_rollback_that_is_refused_leaves_the_verdict_and_says_why() {
    let stage = Stage::with(patient());
    stage.ecs().faults([Injection::new(
        "StopServiceDeployment",
        Fault::error(
            400,
            "AccessDeniedException",
            "User is not authorized to perform: ecs:StopServiceDeployment",
        ),
    )]);
    let (_, revision) = stage.apply_behaving(Behaviour::cannot_pull(IMAGE));
    let told = stage.run(&["--task-definition", &revision, "--on-failure", "rollback"]);
    told.is(
        "failed",
        &["the rollback did not begin", "AccessDeniedException"],
    );
}
