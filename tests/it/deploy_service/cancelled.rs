//! Signals, as a runner sends them, on a clock that runs at its real speed.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use world::ecs::Behaviour;
use world::ecs::{Fault, Injection};

use super::stage::{Stage, Told};
use crate::support::Step;

fn start(step: &Step, flags: &[&str]) -> Child {
    let flags = [flags, &["--json"]].concat();
    step.command("deploy-service", &flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends a signal; what was told until the end, and how long that took.
fn signal(step: &Step, child: Child, name: &str) -> (Told, Duration) {
    let sent = Instant::now();
    let status = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
    let output = child.wait_with_output().unwrap();
    (Told::of(step.ended(&output)), sent.elapsed())
}

/// A runner sends SIGTERM 7.5 s after SIGINT and kills 2.5 s later; the promise is 2 s.
const PROMISE: Duration = Duration::from_secs(2);

#[test]
fn s32_a_cancelled_wait_leaves_the_deployment_and_says_so() {
    for name in ["INT", "TERM"] {
        let stage = Stage::at(20.0);
        let (id, revision) = stage.apply_behaving(Behaviour::healthy_after(36_000.0));
        let step = stage.step();
        stage.ecs().release();
        let child = start(&step, &["--task-definition", &revision]);
        stage.until_asked("DescribeServiceDeployments", 2);
        let (told, took) = signal(&step, child, name);
        told.is(
            "cancelled",
            &["goes on by itself", &id, "operation: rollback"],
        );
        assert!(took < PROMISE, "{took:?}");
        assert_eq!(stage.asked("StopServiceDeployment"), 0);
    }
}

#[test]
fn s32_a_cancelled_wait_rolls_back_if_told_to() {
    let stage = Stage::at(20.0);
    let (id, revision) = stage.apply_behaving(Behaviour::healthy_after(36_000.0));
    let step = stage.step();
    let child = start(
        &step,
        &["--task-definition", &revision, "--on-cancel", "rollback"],
    );
    stage.until_asked("DescribeServiceDeployments", 2);
    let (told, took) = signal(&step, child, "INT");
    told.is("cancelled", &["was stopped", &id]);
    assert!(took < PROMISE, "{took:?}");
    assert_eq!(stage.asked("StopServiceDeployment"), 1);
}

#[test]
fn s32_a_wait_that_is_cancelled_at_once_has_changed_nothing() {
    let stage = Stage::at(20.0);
    stage
        .ecs()
        .faults([Injection::new("ListServiceDeployments", Fault::Slow(400.0))]);
    let step = stage.step();
    let child = start(&step, &[]);
    stage.until_asked("DescribeServices", 1);
    let (told, took) = signal(&step, child, "INT");
    told.is("cancelled", &["before anything was changed"]);
    assert!(took < PROMISE, "{took:?}");
}

#[test]
fn s32_a_deployment_that_was_named_is_stopped_also_before_it_was_found() {
    let stage = Stage::at(20.0);
    let (id, _) = stage.apply_behaving(Behaviour::healthy_after(36_000.0));
    stage.ecs().release();
    stage
        .ecs()
        .faults([Injection::new("ListServiceDeployments", Fault::Slow(400.0)).times(1)]);
    let step = stage.step();
    let flags = ["--deployment-id", &id, "--on-cancel", "rollback"];
    let child = start(&step, &flags);
    stage.until_spent();
    let (told, took) = signal(&step, child, "INT");
    told.is("cancelled", &["was stopped", &id]);
    assert!(took < PROMISE, "{took:?}");
    assert_eq!(stage.asked("StopServiceDeployment"), 1);
}

#[test]
fn s33_an_update_on_its_way_is_not_called_nothing() {
    let stage = Stage::at(20.0);
    stage.ecs().faults([
        Injection::new("UpdateService", Fault::Slow(400.0)),
        Injection::new("DescribeServices", Fault::throttled()).after(1),
    ]);
    let step = stage.step();
    let child = start(&step, &["--operation", "restart"]);
    stage.until("the update is done", |state| {
        state.services[0].deployments.len() == 2
    });
    let (told, took) = signal(&step, child, "INT");
    told.is("cancelled", &["on its way", "operation: status"]);
    assert!(took < PROMISE, "{took:?}");
}

#[test]
fn s33_a_restart_that_is_cancelled_before_its_answer_reports_what_it_started() {
    for (flags, stops) in [
        (&["--on-cancel=leave"][..], 0),
        (&["--on-cancel=rollback"][..], 1),
    ] {
        let stage = Stage::at(20.0);
        stage
            .ecs()
            .faults([Injection::new("UpdateService", Fault::Slow(400.0))]);
        let step = stage.step();
        let child = start(&step, &[&["--operation", "restart"], flags].concat());
        stage.until("the update is done", |state| {
            state.services[0].deployments.len() == 2
        });
        let id = stage
            .ecs()
            .inspect(|state| state.services[0].primary().unwrap().id());
        let (told, took) = signal(&step, child, "INT");
        told.is("cancelled", &[&id]);
        assert_eq!(told.id(), id);
        assert!(took < PROMISE, "{took:?}");
        assert_eq!(stage.asked("StopServiceDeployment"), stops);
    }
}

#[test]
fn a_cancelled_run_does_not_wait_for_aws_for_ever() {
    let stage = Stage::at(20.0);
    let (_, revision) = stage.apply_behaving(Behaviour::healthy_after(36_000.0));
    let step = stage.step();
    let child = start(
        &step,
        &["--task-definition", &revision, "--on-cancel", "rollback"],
    );
    stage.until_asked("DescribeServiceDeployments", 2);
    stage
        .ecs()
        .faults([Injection::new("StopServiceDeployment", Fault::Slow(400.0))]);
    let (told, took) = signal(&step, child, "INT");
    told.is("cancelled", &["did not answer in time"]);
    assert!(took < PROMISE + Duration::from_millis(500), "{took:?}");
}
