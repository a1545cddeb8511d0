//! How soon a verdict comes: the scenarios of `docs/scenarios.md` in simulated time, each from the instant at which the API
//! shows what decides it. However the looks fall, and without a real clock.

use keycloak_ecs_actions::domain::rollout::{End, Until};
use serde_json::{Value, json};
use world::ecs::Behaviour;

use super::cases::{Act, Case, failing_hook_case, plain_case};
use super::scene::Scene;
use super::truth::Truth;
use super::{LOOK, given_up};

/// Seconds after a stopped task: stopped tasks are looked for when something moved.
const STOP: f64 = 10.0;
/// Instants within two looks at which a wait begins.
const PHASES: u32 = 24;

struct Bound {
    scenario: &'static str,
    case: Case,
    end: End,
    decides: fn(&Truth) -> bool,
    within: f64,
}

fn breaker(case: Case, rollback: bool) -> Case {
    let mut case = case;
    case.configuration["deploymentCircuitBreaker"] = json!({"enable": true, "rollback": rollback});
    case
}

fn tasks(behaviour: Behaviour) -> Case {
    Case {
        behaviour,
        ..breaker(plain_case("ROLLING", 0), true)
    }
}

fn meanwhile(seconds: f64, act: Act) -> Case {
    Case {
        acts: vec![(seconds, act)],
        ..tasks(Behaviour::healthy_after(300.0))
    }
}

/// A case that is left to ECS.
fn patient(case: Case) -> Case {
    Case {
        fail_fast: false,
        ..case
    }
}

fn alarms() -> Value {
    json!({"alarmNames": ["errors"], "enable": true, "rollback": true})
}

fn bounds() -> Vec<Bound> {
    let bound = |scenario, case, end, decides, within| Bound {
        scenario,
        case,
        end,
        decides,
        within,
    };
    let done: fn(&Truth) -> bool = |truth| truth.completed;
    let first: fn(&Truth) -> bool = |truth| truth.stops >= 1;
    let second: fn(&Truth) -> bool = |truth| truth.stops >= 2;
    let balanced = |behaviour| Case {
        balanced: true,
        ..tasks(behaviour)
    };
    let mut baking = plain_case("ROLLING", 4);
    baking.configuration["alarms"] = alarms();
    let alarmed = Case {
        acts: vec![(200.0, Act::Alarm(true))],
        ..baking.clone()
    };
    let off = plain_case("ROLLING", 0);
    let secret = Behaviour::secret_denied("arn:role/execution", "arn:secret");
    vec![
        bound("1", off.clone(), End::Deployed, done, LOOK),
        bound(
            "2",
            patient(tasks(Behaviour::exits(1, 5.0))),
            End::RolledBack,
            given_up,
            LOOK,
        ),
        bound(
            "3",
            patient(breaker(
                Case {
                    behaviour: Behaviour::exits(1, 5.0),
                    ..off.clone()
                },
                false,
            )),
            End::Failed,
            given_up,
            LOOK,
        ),
        bound(
            "4",
            Case {
                behaviour: Behaviour::exits(1, 20.0),
                ..off.clone()
            },
            End::Failed,
            second,
            STOP,
        ),
        bound(
            "6",
            tasks(Behaviour::cannot_pull("registry/idp:1")),
            End::Failed,
            first,
            STOP,
        ),
        bound("8", tasks(secret), End::Failed, first, STOP),
        bound(
            "9",
            tasks(Behaviour::wrong_platform("linux/arm64")),
            End::Failed,
            first,
            STOP,
        ),
        bound(
            "10",
            tasks(Behaviour::out_of_memory(10.0)),
            End::Failed,
            second,
            STOP,
        ),
        bound(
            "12",
            balanced(Behaviour::never_healthy("503")),
            End::Failed,
            second,
            STOP,
        ),
        bound(
            "13",
            meanwhile(20.0, Act::Deploy(Behaviour::healthy())),
            End::Superseded,
            |truth| truth.superseded,
            LOOK,
        ),
        bound(
            "14",
            meanwhile(20.0, Act::Restart),
            End::Superseded,
            |truth| truth.superseded,
            LOOK,
        ),
        bound(
            "15",
            meanwhile(20.0, Act::StopDeployment),
            End::RolledBack,
            given_up,
            LOOK,
        ),
        bound(
            "18, live",
            Case {
                until: Until::Live,
                ..baking.clone()
            },
            End::Deployed,
            |truth| truth.whole,
            LOOK,
        ),
        bound("18, deployed", baking, End::Deployed, done, LOOK),
        bound("19", alarmed, End::RolledBack, given_up, LOOK),
        bound(
            "36",
            failing_hook_case("BLUE_GREEN"),
            End::RolledBack,
            given_up,
            LOOK,
        ),
        bound(
            "37",
            meanwhile(20.0, Act::Delete),
            End::Failed,
            |truth| truth.deleted,
            2.0 * LOOK,
        ),
    ]
}

#[test]
fn each_scenario_is_decided_in_its_time() {
    let mut late = Vec::new();
    for bound in bounds() {
        let mut slowest: f64 = 0.0;
        for phase in 0..PHASES {
            let case = Case {
                late: f64::from(phase) * 2.0 * LOOK / f64::from(PHASES),
                seed: phase.into(),
                ..bound.case.clone()
            };
            let judged = Scene::new(&case).judge(&case).expect("a verdict");
            let told = || super::told(&case, &judged);
            assert_eq!(
                judged.verdict.end,
                bound.end,
                "{}: {}",
                bound.scenario,
                told()
            );
            let now = judged.course.last().expect("a course").at;
            let decided = judged.course.iter().find(|truth| (bound.decides)(truth));
            let at = decided
                .unwrap_or_else(|| panic!("{}: {}", bound.scenario, told()))
                .at;
            slowest = slowest.max(now - at);
        }
        if slowest > bound.within + 1e-6 {
            late.push(format!(
                "{}: {slowest:.1} s, not {:.1} s",
                bound.scenario, bound.within
            ));
        }
    }
    assert!(late.is_empty(), "{late:#?}");
}
