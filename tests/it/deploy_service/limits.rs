//! Time that is up, and credentials that end.

use world::ecs::Behaviour;

use super::settings::balanced;
use super::stage::{Stage, told};

#[test]
fn s28_credentials_that_end_have_an_outcome_of_their_own() {
    let stage = Stage::new();
    let (id, revision) = stage.apply_behaving(Behaviour::healthy_after(36_000.0));
    let (step, key) = stage.step_with_key(&["ecs:*", "logs:*"]);
    let told = stage.play(&step, &["--task-definition", &revision], || {
        stage.world().iam.end_session(&key);
    });
    told.is(
        "credentials-lost",
        &[
            "the deployment goes on",
            "last seen: ",
            "ExpiredToken",
            "role-duration-seconds",
        ],
    );
    assert_eq!(told.id(), id);
}

#[test]
fn credentials_that_ended_before_are_a_refusal() {
    let stage = Stage::new();
    let (step, key) = stage.step_with_key(&["ecs:*"]);
    stage.world().iam.end_session(&key);
    let told = told(&step, &[]);
    assert_eq!(told.ended.code, 6, "{}", told.ended.log);
    assert!(told.ended.log.contains("aws-login"), "{}", told.ended.log);
}

#[test]
fn credentials_that_are_no_good_are_not_blamed_on_names() {
    let stage = Stage::new();
    let step = stage.step().env("AWS_SECRET_ACCESS_KEY", "not the key");
    let told = told(&step, &[]);
    assert_eq!(told.ended.code, 6, "{}", told.ended.log);
    for says in ["InvalidSignatureException", "Run aws-login"] {
        assert!(told.ended.log.contains(says), "{}", told.ended.log);
    }
}

#[test]
fn s31_out_of_time_while_the_old_tasks_drain_is_not_a_failure() {
    let stage = Stage::with(balanced(120));
    stage
        .ecs()
        .timing(|timing| timing.deregistration_delay = 36_000.0);
    let (id, revision) = stage.apply_behaving(Behaviour::healthy());
    let told = stage.run(&["--task-definition", &revision, "--timeout-seconds", "600"]);
    told.is(
        "timed-out-live",
        &["new revision is live", "old ", "until: live"],
    );
    assert_eq!(told.id(), id);
}

#[test]
fn out_of_time_without_certainty_says_how_far_it_was() {
    let stage = Stage::new();
    let (_, revision) = stage.apply_behaving(Behaviour::healthy_after(36_000.0));
    let told = stage.run(&["--task-definition", &revision, "--timeout-seconds", "120"]);
    told.is(
        "timed-out",
        &["nothing is certain", "/2", "operation: status"],
    );
}

#[test]
fn s36_a_pause_that_nobody_ends_is_named_when_time_is_up() {
    let stage = Stage::new();
    stage.pause_at("POST_SCALE_UP");
    let (_, revision) = stage.apply_behaving(Behaviour::healthy());
    let told = stage.run(&["--task-definition", &revision, "--timeout-seconds", "300"]);
    told.is(
        "timed-out",
        &["paused at the hook", "continue-service-deployment"],
    );
}

#[test]
fn a_wait_asks_for_less_than_seven_answers_in_ten_seconds() {
    let stage = Stage::new();
    let (_, revision) = stage.apply_behaving(Behaviour::healthy_after(200.0));
    let told = stage.wait(&revision);
    told.is("deployed", &[]);
    let calls = told.report()["calls"].as_f64().unwrap();
    let seconds = told.report()["duration-seconds"].as_f64().unwrap();
    assert!(calls / seconds < 0.7, "{calls} calls in {seconds} s");
}

#[test]
fn credentials_that_may_end_before_the_wait_are_worth_a_warning() {
    let stage = Stage::new();
    let advice = "`role-duration-seconds` of aws-login";
    for (expire, warned) in [
        ("2026-01-01T00:00:00Z", true),
        ("2126-01-01T00:00:00Z", false),
    ] {
        let (_, revision) = stage.apply_behaving(Behaviour::healthy());
        let step = stage.step().env("KECS_CREDENTIALS_EXPIRE", expire);
        let told = stage.play(&step, &["--task-definition", &revision], || {});
        told.is("deployed", &[]);
        let log = &told.ended.log;
        assert_eq!(log.contains(advice), warned, "{expire}: {log}");
    }
}
