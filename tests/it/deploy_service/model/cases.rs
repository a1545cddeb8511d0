//! Cases: what a service is like, how its tasks behave, and what happens meanwhile.

use keycloak_ecs_actions::domain::rollout::Until;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use world::ecs::{Behaviour, HookAnswer};

/// What may happen beside the deployment that is watched.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Deploy(Behaviour),
    Restart,
    Scale(u64),
    Configure(Value),
    StopDeployment,
    StopTask(usize),
    Alarm(bool),
    Delete,
}

/// Everything that a case is made of.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) seed: u64,
    pub(super) configuration: Value,
    pub(super) desired: u64,
    pub(super) balanced: bool,
    pub(super) drained: bool,
    pub(super) behaviour: Behaviour,
    /// Whether the service was there, and steady, before the deployment.
    pub(super) replaces: bool,
    /// Seconds after the one before it, and what happens then.
    pub(super) acts: Vec<(f64, Act)>,
    /// Seconds from the start of the deployment to the first look.
    pub(super) late: f64,
    /// How old answers about services, service deployments, lists of them, and tasks are, in seconds.
    pub(super) lags: [f64; 4],
    pub(super) history: bool,
    pub(super) tasks: bool,
    pub(super) until: Until,
    pub(super) fail_fast: bool,
    pub(super) timeout: f64,
    /// What the function answers that hooks of the configuration call.
    pub(super) hook: HookAnswer,
}

pub(super) const HOOK: &str = "arn:aws:lambda:eu-central-1:123456789012:function:check";

/// Hooks of the one function, at a stage.
fn hooks(stage: &str) -> Value {
    json!([{"hookTargetArn": HOOK, "lifecycleStages": [stage]}])
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let any = prop_oneof![
        6 => Just(Behaviour::healthy()),
        2 => (5.0..200.0).prop_map(Behaviour::healthy_after),
        2 => (0_i64..3, 1.0..120.0).prop_map(|(code, after)| Behaviour::exits(code, after)),
        1 => Just(Behaviour::cannot_pull("registry/idp:1")),
        1 => Just(Behaviour::never_healthy("503")),
        1 => (1.0..60.0).prop_map(Behaviour::out_of_memory),
        1 => (1.0..90.0).prop_map(Behaviour::reclaimed),
        1 => (10.0..200.0).prop_map(|seconds| Behaviour::healthy().without_capacity_for(seconds)),
        1 => Just(Behaviour::cannot_reach_registry("registry/idp:1")),
    ];
    (any, proptest::option::weighted(0.4, 1_usize..4)).prop_map(|(behaviour, first)| match first {
        Some(count) => behaviour.first(count),
        None => behaviour,
    })
}

prop_compose! {
    fn configuration()(
        breaker in prop_oneof![
            1 => Just((false, false)), 1 => Just((true, false)), 4 => Just((true, true)),
        ],
        least in select(vec![0, 50, 100]),
        most in select(vec![100, 150, 200]),
        strategy in prop_oneof![
            6 => Just("ROLLING"), 1 => Just("BLUE_GREEN"), 1 => Just("CANARY"), 1 => Just("LINEAR"),
        ],
        alarms in proptest::option::weighted(0.3, any::<bool>()),
        bake in select(vec![0, 0, 0, 1, 5]),
        stage in proptest::option::weighted(0.3, select(vec![
            "PRE_SCALE_UP", "POST_SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT",
        ])),
    ) -> Value {
        let mut configuration = json!({
            "deploymentCircuitBreaker": {"enable": breaker.0, "rollback": breaker.1},
            "minimumHealthyPercent": least,
            "maximumPercent": most,
            "strategy": strategy,
            "bakeTimeInMinutes": bake,
        });
        if let Some(stage) = stage {
            configuration["lifecycleHooks"] = hooks(stage);
        }
        if let Some(rollback) = alarms {
            configuration["alarms"] =
                json!({"alarmNames": ["errors"], "enable": true, "rollback": rollback});
        }
        configuration
    }
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => behaviour().prop_map(Act::Deploy),
        1 => Just(Act::Restart),
        2 => (0_u64..5).prop_map(Act::Scale),
        1 => configuration().prop_map(Act::Configure),
        2 => Just(Act::StopDeployment),
        3 => any::<usize>().prop_map(Act::StopTask),
        3 => any::<bool>().prop_map(Act::Alarm),
        1 => Just(Act::Delete),
    ]
}

fn lag() -> impl Strategy<Value = f64> {
    prop_oneof![3 => Just(0.0), 1 => 0.0..12.0_f64]
}

prop_compose! {
    /// Any case at all.
    pub(super) fn any_case()(
        seed in any::<u64>(),
        configuration in configuration(),
        desired in prop_oneof![9 => 1_u64..4, 1 => Just(0_u64)],
        (balanced, drained) in (any::<bool>(), any::<bool>()),
        behaviour in behaviour(),
        replaces in prop::bool::weighted(0.85),
        acts in vec((0.0..240.0_f64, act()), 0..4),
        late in prop_oneof![4 => 0.0..5.0_f64, 1 => 5.0..900.0_f64],
        lags in [lag(), lag(), lag(), lag()],
        history in prop::bool::weighted(0.8),
        tasks in prop::bool::weighted(0.8),
        until in select(vec![Until::Deployed, Until::Deployed, Until::Live]),
        fail_fast in prop::bool::weighted(0.7),
        (timeout, hook) in (
            prop_oneof![4 => Just(900.0), 1 => 60.0..600.0_f64],
            select(vec![HookAnswer::Succeeded, HookAnswer::Failed, HookAnswer::Hangs]),
        ),
    ) -> Case {
        Case {
            seed, configuration, desired, balanced, drained, behaviour, replaces, acts, late, lags, history,
            tasks, until, fail_fast, timeout, hook,
        }
    }
}

prop_compose! {
    /// A case that is left to ECS, and that nobody interferes with once there is a verdict.
    pub(super) fn quiet_case()(case in any_case()) -> Case {
        Case {
            until: Until::Deployed,
            fail_fast: false,
            history: true,
            timeout: 1200.0,
            ..case
        }
    }
}

/// A deployment of healthy tasks that replaces another, with nothing that disturbs it.
pub(super) fn plain_case(strategy: &str, bake_minutes: u64) -> Case {
    Case {
        seed: 0,
        configuration: json!({
            "minimumHealthyPercent": 100,
            "maximumPercent": 150,
            "strategy": strategy,
            "bakeTimeInMinutes": bake_minutes,
        }),
        desired: 2,
        balanced: false,
        drained: true,
        behaviour: Behaviour::healthy(),
        replaces: true,
        acts: Vec::new(),
        late: 0.0,
        lags: [0.0; 4],
        history: true,
        tasks: true,
        until: Until::Deployed,
        fail_fast: true,
        timeout: 900.0,
        hook: HookAnswer::Succeeded,
    }
}

/// The same with a hook that fails at the stage after the new tasks run.
pub(super) fn failing_hook_case(strategy: &str) -> Case {
    let mut case = plain_case(strategy, 0);
    case.configuration["lifecycleHooks"] = hooks("POST_SCALE_UP");
    case.hook = HookAnswer::Failed;
    case
}
