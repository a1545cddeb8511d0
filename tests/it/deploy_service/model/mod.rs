//! The state machine against the model of ECS, in simulated time alone: whatever tasks, people and alarms do, and however
//! old the answers are, no verdict is wrong.

mod bounds;
mod cases;
mod picture;
mod scene;
mod truth;

use keycloak_ecs_actions::domain::rollout::{End, Until};
use proptest::prelude::*;
use world::ecs::model::Status;

use cases::{Case, any_case, failing_hook_case, plain_case, quiet_case};
use scene::Scene;
use truth::{Judged, Truth};

/// Seconds between two looks.
const LOOK: f64 = 3.0;
/// Seconds for which a sign that may be an old state must last.
const SETTLE: f64 = 15.0;

/// What was true at some instant that the last looks may have shown.
fn at_some_instant(case: &Case, judged: &Judged, is: impl Fn(&Truth) -> bool) -> bool {
    let now = judged.course.last().expect("a course").at;
    let oldest = now - case.lags.iter().copied().fold(0.0, f64::max);
    let recent = judged.course.iter().rposition(|truth| truth.at <= oldest);
    judged.course[recent.unwrap_or(0)..].iter().any(is)
}

/// Whether ECS has given our deployment up.
fn given_up(truth: &Truth) -> bool {
    use Status::{
        RollbackFailed, RollbackInProgress, RollbackRequested, RollbackSuccessful, StopRequested,
        Stopped,
    };
    let given_up = [
        RollbackFailed,
        RollbackInProgress,
        RollbackRequested,
        RollbackSuccessful,
        StopRequested,
        Stopped,
    ];
    truth.failed || given_up.contains(&truth.status)
}

/// Whether a verdict is true at the instant at which it is given.
fn check(case: &Case, judged: &Judged) -> Result<(), String> {
    let some = |is: &dyn Fn(&Truth) -> bool| at_some_instant(case, judged, is);
    let right = match judged.verdict.end {
        End::Deployed if case.until == Until::Live => {
            some(&|truth| truth.primary && (truth.whole || truth.status == Status::Successful))
        }
        End::Deployed => {
            some(&|truth| truth.primary && (truth.completed || truth.status == Status::Successful))
        }
        End::TimedOutLive => some(&|truth| truth.whole),
        End::TimedOut => judged.after >= case.timeout,
        // Until ECS says that it is done, tasks that end again and again condemn it even while they are healthy.
        End::Failed => some(&|truth| {
            let done = truth.primary && truth.completed && truth.serves;
            let returns = case.history && truth.returns;
            truth.deleted || !returns && (given_up(truth) || !done)
        }),
        End::RolledBack => some(&|truth| given_up(truth)),
        End::Superseded => some(&|truth| truth.superseded),
        End::NoOp | End::Cancelled | End::CredentialsLost => false,
    };
    if right {
        Ok(())
    } else {
        Err(told(case, judged))
    }
}

/// Whether a verdict came as soon as it could.
fn check_delay(case: &Case, judged: &Judged) -> Result<(), String> {
    if !case.history && case.configuration["strategy"] != "ROLLING" {
        // Then not even the service shows a state, and an event tells no more than some ends.
        return Ok(());
    }
    let now = judged.course.last().expect("a course").at;
    let lag = case.lags.iter().copied().fold(0.0, f64::max);
    let certain = now - lag - 2.0 * LOOK - SETTLE - 1.0;
    let started = now - judged.after;
    let mut course = judged.course.iter().rev();
    let at = course.find(|truth| truth.at <= certain);
    match at {
        Some(truth) if truth.at > started => {
            let over = truth.deleted
                || truth.superseded
                || (truth.primary && truth.completed)
                || given_up(truth);
            if over {
                Err(told(case, judged))
            } else {
                Ok(())
            }
        }
        _ => Ok(()),
    }
}

fn told(case: &Case, judged: &Judged) -> String {
    let last = judged.course.last();
    let lines = judged.lines.len().saturating_sub(40);
    format!(
        "{case:#?}\n{}\n{:#?}\nafter {} s, where in truth {last:?}",
        judged.lines[lines..].join("\n"),
        judged.verdict,
        judged.after,
    )
}

/// 64 cases, or as many as `PROPTEST_CASES` says.
fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").is_ok();
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: if asked { usual.cases } else { 64 },
        failure_persistence: None,
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_verdict_is_wrong_at_its_instant(case in any_case()) {
        let judged = Scene::new(&case).judge(&case);
        prop_assume!(judged.is_some());
        let judged = judged.expect("a verdict");
        check(&case, &judged).map_err(TestCaseError::fail)?;
        check_delay(&case, &judged).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn without_fail_fast_a_verdict_holds_to_the_end(case in quiet_case()) {
        let mut scene = Scene::new(&case);
        let judged = scene.judge(&case).expect("a verdict");
        check(&case, &judged).map_err(TestCaseError::fail)?;
        let end = scene.end();
        let right = match judged.verdict.end {
            End::Deployed => end.status == Status::Successful,
            End::Failed | End::RolledBack => end.deleted || end.status != Status::Successful,
            End::Superseded => end.superseded,
            _ => true,
        };
        prop_assert!(right, "{}\nat the end {end:?}", told(&case, &judged));
    }
}

#[test]
fn a_task_that_replaces_one_that_ended_is_not_taken_for_healthy() {
    let case = Case {
        desired: 3,
        behaviour: world::ecs::Behaviour::exits(0, 66.2),
        until: Until::Live,
        fail_fast: false,
        ..plain_case("ROLLING", 1)
    };
    let judged = Scene::new(&case).judge(&case).expect("a verdict");
    check(&case, &judged).expect("a true verdict");
}

#[test]
fn without_the_history_an_event_tells_the_end_of_a_blue_green_deployment() {
    let case = Case {
        history: false,
        ..plain_case("BLUE_GREEN", 0)
    };
    let judged = Scene::new(&case).judge(&case).expect("a verdict");
    check(&case, &judged).expect("a true verdict");
    assert_eq!(judged.verdict.end, End::Deployed);
}

#[test]
fn a_hook_that_fails_is_a_rollback_whenever_it_is_looked_at() {
    for history in [true, false] {
        for late in 0..60 {
            let case = Case {
                history,
                // The service is some seconds ahead of its deployments, which say last that they roll back.
                lags: [0.0, 2.0, 0.0, 0.0],
                late: 20.0 + f64::from(late) / 4.0,
                ..failing_hook_case("BLUE_GREEN")
            };
            let judged = Scene::new(&case).judge(&case).expect("a verdict");
            assert_eq!(
                judged.verdict.end,
                End::RolledBack,
                "{}",
                told(&case, &judged)
            );
        }
    }
}
