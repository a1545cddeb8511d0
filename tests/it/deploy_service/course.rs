//! What happens on the way.

use serde_json::json;
use world::ecs::Behaviour;
use world::ecs::{Fault, Injection};

use super::settings::{balanced, patient};
use super::stage::Stage;

#[test]
fn s16_old_states_decide_nothing() {
    // Every read is ten seconds old: the service looks steady, and no deployment is listed.
    for flags in [&["--fail-fast=true"][..], &["--until=live"][..]] {
        let stage = Stage::new();
        stage.ecs().lag("*", 10.0);
        let (id, revision) = stage.apply_behaving(Behaviour::healthy());
        stage.ecs().release();
        let flags = [&["--task-definition", &revision], flags].concat();
        let told = stage.run(&flags);
        told.is("deployed", &[]);
        assert_eq!(told.id(), id);
    }
}

#[test]
fn s16_an_old_state_does_not_hide_a_rollback() {
    let stage = Stage::new();
    stage.ecs().lag("*", 5.0);
    let (_, revision) = stage.apply_behaving(Behaviour::exits(1, 2.0));
    stage.ecs().release();
    let told = stage.run(&["--task-definition", &revision, "--fail-fast=false"]);
    told.is("rolled-back", &[]);
}

#[test]
fn s16_the_field_that_lags_is_not_used() {
    let stage = Stage::new();
    stage.ecs().lag("currentServiceDeployment", 600.0);
    let (id, _) = stage.apply_behaving(Behaviour::healthy());
    let told = stage.run(&[]);
    told.is("deployed", &[]);
    assert_eq!(told.id(), id);
}

#[test]
fn s17_old_tasks_are_not_new_ones() {
    let stage = Stage::new();
    let (id, revision) = stage.apply_behaving(Behaviour::healthy_after(60.0));
    stage.wait(&revision).is("deployed", &[]);
    assert!(stage.serves(&id));
}

#[test]
fn s18_live_does_not_wait_for_the_bake_time_and_deployed_does() {
    let alarms = json!({"deploymentConfiguration": {"alarms": {"alarmNames": ["kc-5xx"], "enable": true, "rollback": true}}});
    let stage = Stage::with(alarms.clone());
    stage.ecs().timing(|timing| timing.alarm_bake = 36_000.0);
    let (id, revision) = stage.apply_behaving(Behaviour::healthy());
    let live = stage.run(&["--task-definition", &revision, "--until", "live"]);
    live.is("deployed", &["is live"]);
    assert!(!stage.serves(&id), "the deployment is still under way");

    let stage = Stage::with(alarms);
    let (id, revision) = stage.apply_behaving(Behaviour::healthy());
    stage.wait(&revision).is("deployed", &[]);
    assert!(stage.serves(&id));
}

#[test]
fn s18_live_comes_before_the_drain() {
    let stage = Stage::with(balanced(120));
    stage
        .ecs()
        .timing(|timing| timing.deregistration_delay = 36_000.0);
    let (id, revision) = stage.apply_behaving(Behaviour::healthy());
    let told = stage.run(&["--task-definition", &revision, "--until", "live"]);
    told.is("deployed", &["is live"]);
    let healthy = stage.ecs().inspect(|state| {
        let number = id.trim_start_matches("ecs-svc/");
        let tasks = state.tasks.iter().filter(|task| task.deployment == number);
        tasks.filter(|task| task.is_healthy()).count()
    });
    assert_eq!(healthy, 2);
    assert!(!stage.serves(&id), "old tasks are still draining");
}

#[test]
fn s20_no_desired_task_proves_nothing_and_says_so() {
    let stage = Stage::with(json!({"desiredCount": 0}));
    let (_, revision) = stage.apply_behaving(Behaviour::cannot_pull("x"));
    let told = stage.wait(&revision);
    assert_eq!(told.ended.code, 0, "{}", told.ended.log);
    assert!(told.ended.log.contains("::warning "), "{}", told.ended.log);
    assert!(
        told.ended.log.contains("0 desired tasks"),
        "{}",
        told.ended.log
    );
}

#[test]
fn s21_autoscaling_moves_the_goal() {
    let stage = Stage::new();
    let (id, revision) = stage.apply_behaving(Behaviour::healthy());
    let step = stage.step();
    let told = stage.play(&step, &["--task-definition", &revision], || {
        stage.update(json!({"desiredCount": 6}));
    });
    told.is("deployed", &["6 tasks of keycloak:2"]);
    assert!(stage.serves(&id));
}

#[test]
fn s22_no_room_to_move_is_a_failure_with_the_remedy() {
    let stage = Stage::with(json!({"deploymentConfiguration": {"maximumPercent": 100}}));
    let (_, revision) = stage.apply_behaving(Behaviour::healthy());
    let told = stage.wait(&revision);
    told.is(
        "failed",
        &[
            "no task can be started or stopped",
            "Set maximumPercent to 150",
        ],
    );
}

#[test]
fn s23_missing_capacity_is_a_warning() {
    let stage = Stage::new();
    let (id, revision) = stage.apply_behaving(Behaviour::healthy().without_capacity_for(180.0));
    let told = stage.wait(&revision);
    told.is("deployed", &["::warning ", "was unable to place a task"]);
    assert!(stage.serves(&id));
}

#[test]
fn s27_throttling_slows_down_and_decides_nothing() {
    let stage = Stage::new();
    let (id, revision) = stage.apply_behaving(Behaviour::healthy());
    let step = stage.step();
    let told = stage.play(&step, &["--task-definition", &revision], || {
        stage
            .ecs()
            .faults([Injection::new("*", Fault::throttled()).for_seconds(30.0)]);
    });
    told.is("deployed", &[]);
    assert!(stage.serves(&id));
}

#[test]
fn s27_faults_of_the_servers_decide_nothing() {
    let stage = Stage::new();
    let (id, revision) = stage.apply_behaving(Behaviour::healthy());
    stage.ecs().faults([
        Injection::new(
            "DescribeServices",
            Fault::error(500, "ServerException", "Service Unavailable"),
        )
        .times(2),
        Injection::new("DescribeServiceDeployments", Fault::Lost)
            .after(1)
            .times(2),
        Injection::new(
            "ListServiceDeployments",
            Fault::error(503, "ServiceUnavailable", "try later"),
        )
        .times(2),
    ]);
    stage.wait(&revision).is("deployed", &[]);
    assert!(stage.serves(&id));
}

#[test]
fn s29_three_permissions_are_enough_and_even_one_is() {
    let needed = [
        "ecs:DescribeServices",
        "ecs:ListServiceDeployments",
        "ecs:DescribeServiceDeployments",
    ];
    let stage = Stage::new();
    let (id, revision) = stage.apply_behaving(Behaviour::healthy());
    let step = stage.step_allowed(&needed);
    let three = stage.play(&step, &["--task-definition", &revision], || {});
    three.is(
        "deployed",
        &[
            "without ecs:ListTasks",
            "without ecs:DescribeTaskDefinition",
        ],
    );
    assert_eq!(three.json["image-digest"], serde_json::Value::Null);
    assert!(stage.serves(&id));
    let notices = three.report()["notices"].as_array().unwrap();
    assert_eq!(
        three.ended.log.matches("::notice ").count(),
        notices.len(),
        "{}",
        three.ended.log
    );

    for (behaviour, outcome, says) in [
        (Behaviour::healthy(), "deployed", ""),
        (
            Behaviour::exits(1, 5.0),
            "rolled-back",
            "tasks failed to start",
        ),
    ] {
        let stage = Stage::new();
        let (_, revision) = stage.apply_behaving(behaviour);
        let one = stage.play(
            &stage.step_allowed(&needed[..1]),
            &["--task-definition", &revision],
            || {},
        );
        one.is(outcome, &["the service alone has to tell", says]);
    }
}

#[test]
fn s29_the_service_alone_tells_a_newer_deployment_and_a_lasting_failure() {
    let stage = Stage::new();
    let (_, revision) = stage.apply_behaving(Behaviour::healthy_after(3600.0));
    let step = stage.step_allowed(&["ecs:DescribeServices"]);
    let newest = stage.revision("r.example/keycloak:1.2.0");
    let superseded = stage.play(&step, &["--task-definition", &revision], || {
        stage.update(json!({"taskDefinition": newest}));
    });
    superseded.is("superseded", &["keycloak:3"]);

    let stage = Stage::with(
        json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"rollback": false}}}),
    );
    let (_, revision) = stage.apply_behaving(Behaviour::exits(1, 5.0));
    let step = stage.step_allowed(&["ecs:DescribeServices"]);
    stage
        .play(&step, &["--task-definition", &revision], || {})
        .is("failed", &["tasks failed to start"]);
}

#[test]
fn s30_a_log_that_may_not_be_read_costs_a_notice() {
    let stage = Stage::with(patient());
    let (_, revision) =
        stage.apply_behaving(Behaviour::exits(3, 5.0).logging(["secret of the log"]));
    let told = stage.play(
        &stage.step_allowed(&["ecs:*"]),
        &["--task-definition", &revision],
        || {},
    );
    told.is(
        "failed",
        &[
            "exit code 3",
            "without logs:GetLogEvents",
            "no log lines: logs:GetLogEvents is not allowed",
        ],
    );
    assert!(!told.ended.log.contains("secret of the log"));
}

#[test]
fn s36_a_paused_deployment_says_how_it_goes_on_and_goes_on() {
    let stage = Stage::new();
    stage.pause_at("POST_SCALE_UP");
    let (id, revision) = stage.apply_behaving(Behaviour::healthy());
    let step = stage.step();
    let told = stage.play(&step, &["--task-definition", &revision], || {
        stage.until("it is paused", |state| {
            let rollout = state.services[0].rollout();
            rollout.is_some_and(|rollout| {
                rollout
                    .hooks
                    .iter()
                    .any(|hook| hook.status == "AWAITING_ACTION")
            })
        });
        let (arn, hook, seen) = stage.ecs().inspect(|state| {
            let rollout = state.services[0].rollout().unwrap();
            (
                rollout.arn.clone(),
                rollout.hooks[0].id.clone(),
                stage.asked("DescribeServiceDeployments"),
            )
        });
        stage.until_asked("DescribeServiceDeployments", seen + 2);
        stage.call(
            "ContinueServiceDeployment",
            json!({"serviceDeploymentArn": arn, "hookId": hook, "action": "CONTINUE"}),
        );
    });
    told.is(
        "deployed",
        &[
            "::warning ",
            "aws ecs continue-service-deployment",
            "paused:",
        ],
    );
    assert!(stage.serves(&id));
}

#[test]
fn s40_each_event_of_ours_is_told_once_whatever_the_clocks_say() {
    for skew in [-300.0, 300.0] {
        let stage = Stage::new();
        for number in 0..120 {
            stage.ecs().event(
                "prod",
                "keycloak",
                &format!("(service keycloak) (task old{number}) failed container health checks."),
            );
        }
        stage.ecs().set_skew(skew);
        let (id, revision) = stage.apply_behaving(Behaviour::healthy());
        let told = stage.wait(&revision);
        told.is("deployed", &["has started 1 tasks"]);
        let log = &told.ended.log;
        assert!(!log.contains("(task old"), "{log}");
        let mut events: Vec<&str> = log
            .lines()
            .filter(|line| line.starts_with("(service keycloak)"))
            .collect();
        let count = events.len();
        events.sort_unstable();
        events.dedup();
        assert_eq!(events.len(), count, "{log}");
        assert!(stage.serves(&id));
    }
}
