//! What happens to a service, and what both programs say of it.

use serde_json::json;
use world::ecs::{Behaviour, Fault, HookAnswer, Injection};

use super::super::settings::{balanced, patient};
use super::super::stage::{SCALE, Stage};

const IMAGE: &str = "r.example/keycloak:1.1.0";
const EVERYTHING: &[&str] = &["ecs:*", "logs:*", "ecr:*"];

/// One course, and what both say of it.
pub(super) struct Scenario {
    pub(super) number: u8,
    pub(super) happens: &'static str,
    /// The outcome of `deploy-service`.
    pub(super) ours: &'static str,
    /// Whether the aws CLI says that the service is stable.
    pub(super) stable: bool,
    /// A service, and the deployment that both wait for; the ARN of its task definition.
    pub(super) make: fn() -> (Stage, String),
    /// What happens after the first look.
    pub(super) meanwhile: fn(&Stage),
    pub(super) may: &'static [&'static str],
}

fn nothing(_: &Stage) {}

const fn scenario(
    number: u8,
    happens: &'static str,
    ours: &'static str,
    stable: bool,
    make: fn() -> (Stage, String),
) -> Scenario {
    Scenario {
        number,
        happens,
        ours,
        stable,
        make,
        meanwhile: nothing,
        may: EVERYTHING,
    }
}

impl Scenario {
    const fn meanwhile(mut self, act: fn(&Stage)) -> Self {
        self.meanwhile = act;
        self
    }
}

/// A service whose circuit breaker rolls back after six failures.
fn with_breaker(behaviour: Behaviour) -> (Stage, String) {
    let six = json!({"type": "COUNT", "value": 6});
    let stage = Stage::with(json!({"deploymentConfiguration": {
        "deploymentCircuitBreaker": {"thresholdConfiguration": six},
    }}));
    put_out(stage, behaviour)
}

fn put_out(stage: Stage, behaviour: Behaviour) -> (Stage, String) {
    let (_, revision) = stage.apply_behaving(behaviour);
    (stage, revision)
}

fn breaker(enable: bool, rollback: bool) -> Stage {
    Stage::with(json!({"deploymentConfiguration": {
        "deploymentCircuitBreaker": {"enable": enable, "rollback": rollback},
    }}))
}

fn short_lived() -> (Stage, String) {
    let mut settings = balanced(120);
    settings["deploymentConfiguration"] =
        json!({"deploymentCircuitBreaker": {"enable": false, "rollback": false}});
    let stage = Stage::with(settings);
    stage
        .ecs()
        .timing(|timing| timing.deregistration_delay = 300.0);
    put_out(stage, Behaviour::exits(1, 60.0))
}

fn alarms() -> Stage {
    Stage::with(json!({"deploymentConfiguration": {
        "alarms": {"alarmNames": ["kc-5xx"], "enable": true, "rollback": true},
        "bakeTimeInMinutes": 4,
    }}))
}

fn stale(behaviour: Behaviour) -> (Stage, String) {
    let stage = Stage::new();
    stage.ecs().lag("*", 10.0);
    let (stage, revision) = put_out(stage, behaviour);
    stage.ecs().release();
    (stage, revision)
}

fn first_one() -> (Stage, String) {
    let stage = Stage::without_service(SCALE);
    stage.ecs().behave(IMAGE, Behaviour::cannot_pull(IMAGE));
    let revision = stage.revision(IMAGE);
    stage.ecs().hold();
    let service = json!({
        "cluster": "prod", "serviceName": "keycloak", "taskDefinition": revision, "desiredCount": 2,
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}},
    });
    stage.ecs().create_service(&service).unwrap();
    (stage, revision)
}

fn blue_green(hook: HookAnswer) -> (Stage, String) {
    let function = "arn:aws:lambda:eu-central-1:123456789012:function:check";
    let mut settings = balanced(120);
    settings["deploymentConfiguration"] = json!({
        "strategy": "BLUE_GREEN",
        "minimumHealthyPercent": 100,
        "maximumPercent": 200,
        "bakeTimeInMinutes": 1,
        "deploymentCircuitBreaker": {"enable": false, "rollback": false},
        "lifecycleHooks": [{
            "hookTargetArn": function,
            "roleArn": "arn:aws:iam::123456789012:role/hooks",
            "lifecycleStages": ["POST_SCALE_UP"],
        }],
    });
    let stage = Stage::with(settings);
    stage.ecs().hook(function, hook);
    put_out(stage, Behaviour::healthy())
}

fn newer(stage: &Stage) {
    let newest = stage.revision("r.example/keycloak:1.2.0");
    stage.update(json!({"taskDefinition": newest}));
}

fn forced(stage: &Stage) {
    stage.update(json!({"forceNewDeployment": true}));
}

fn stopped(stage: &Stage) {
    let arn = stage.rollout(&stage.newest());
    let how = json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"});
    stage.call("StopServiceDeployment", how);
}

fn alarmed(stage: &Stage) {
    stage.until("the old tasks are gone", |state| {
        state.services.last().unwrap().deployments.len() == 1
    });
    stage.ecs().alarm("kc-5xx", true);
}

fn scaled(stage: &Stage) {
    stage.update(json!({"desiredCount": 6}));
}

fn deleted(stage: &Stage) {
    stage.call(
        "DeleteService",
        json!({"service": "keycloak", "force": true}),
    );
}

fn throttled(stage: &Stage) {
    stage
        .ecs()
        .faults([Injection::new("*", Fault::throttled()).for_seconds(300.0)]);
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let healthy = || with_breaker(Behaviour::healthy());
    let slow = || with_breaker(Behaviour::healthy_after(100.0));
    vec![
        scenario(
            1,
            "Two tasks are replaced, one after the other",
            "deployed",
            true,
            healthy,
        ),
        scenario(
            2,
            "The new tasks exit with 1 after five seconds; the circuit breaker rolls back after six",
            "failed",
            true,
            || with_breaker(Behaviour::exits(1, 5.0)),
        ),
        scenario(
            3,
            "The same; the circuit breaker does not roll back",
            "failed",
            false,
            || put_out(breaker(true, false), Behaviour::exits(1, 5.0)),
        ),
        scenario(
            4,
            "The new tasks exit with 1 after twenty seconds; no circuit breaker",
            "failed",
            false,
            || put_out(breaker(false, false), Behaviour::exits(1, 20.0)),
        ),
        scenario(
            5,
            "The new tasks are healthy for a minute, and then exit; no circuit breaker",
            "failed",
            true,
            short_lived,
        ),
        scenario(6, "There is no such image", "failed", true, || {
            with_breaker(Behaviour::cannot_pull(IMAGE))
        }),
        scenario(7, "A pull times out once", "deployed", true, || {
            with_breaker(Behaviour::cannot_reach_registry(IMAGE).first(1))
        }),
        scenario(
            8,
            "The execution role may not read a secret",
            "failed",
            true,
            || {
                let role = "arn:aws:sts::123456789012:assumed-role/keycloak-execution/abc";
                let secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-Ab12Cd";
                with_breaker(Behaviour::secret_denied(role, secret))
            },
        ),
        scenario(
            9,
            "The image is for another architecture",
            "failed",
            true,
            || with_breaker(Behaviour::exec_format_error()),
        ),
        scenario(
            10,
            "The new tasks run out of memory",
            "failed",
            true,
            || with_breaker(Behaviour::out_of_memory(10.0)),
        ),
        scenario(
            11,
            "A task fails the load balancer's check once and is replaced",
            "deployed",
            true,
            || {
                put_out(
                    Stage::with(balanced(5)),
                    Behaviour::never_healthy("503").first(1),
                )
            },
        ),
        scenario(
            12,
            "No task ever passes the load balancer's check",
            "failed",
            false,
            || put_out(Stage::with(balanced(5)), Behaviour::never_healthy("503")),
        ),
        scenario(
            13,
            "Somebody deploys something else meanwhile",
            "superseded",
            true,
            slow,
        )
        .meanwhile(newer),
        scenario(
            14,
            "Somebody forces a new deployment of the same revision",
            "superseded",
            true,
            slow,
        )
        .meanwhile(forced),
        scenario(
            15,
            "Somebody stops the deployment",
            "rolled-back",
            true,
            slow,
        )
        .meanwhile(stopped),
        scenario(
            16,
            "Every answer of ECS is ten seconds old",
            "deployed",
            true,
            || stale(Behaviour::healthy()),
        ),
        scenario(
            17,
            "The new tasks take a minute to get healthy",
            "deployed",
            true,
            || with_breaker(Behaviour::healthy_after(60.0)),
        ),
        scenario(
            18,
            "Alarms are watched for four minutes after the old tasks are gone",
            "deployed",
            true,
            || put_out(alarms(), Behaviour::healthy()),
        ),
        scenario(
            19,
            "One of these alarms goes off",
            "rolled-back",
            true,
            || put_out(alarms(), Behaviour::healthy()),
        )
        .meanwhile(alarmed),
        scenario(20, "The service wants no task", "deployed", true, || {
            put_out(
                Stage::with(json!({"desiredCount": 0})),
                Behaviour::healthy(),
            )
        }),
        scenario(
            21,
            "Autoscaling goes from two tasks to six",
            "deployed",
            true,
            healthy,
        )
        .meanwhile(scaled),
        scenario(
            22,
            "The percentages leave no room for a task",
            "failed",
            false,
            || {
                let tight = json!({"deploymentConfiguration": {"maximumPercent": 100}});
                put_out(Stage::with(tight), Behaviour::healthy())
            },
        ),
        scenario(
            23,
            "Fargate has no capacity for three minutes",
            "deployed",
            true,
            || with_breaker(Behaviour::healthy().without_capacity_for(180.0)),
        ),
        scenario(
            24,
            "Fargate Spot takes three tasks back",
            "deployed",
            true,
            || put_out(Stage::with(patient()), Behaviour::reclaimed(5.0).first(3)),
        ),
        scenario(
            25,
            "The first deployment of all has no such image",
            "failed",
            false,
            first_one,
        ),
        scenario(
            27,
            "ECS refuses all calls for five minutes: too many",
            "deployed",
            false,
            healthy,
        )
        .meanwhile(throttled),
        Scenario {
            may: &[
                "ecs:DescribeServices",
                "ecs:ListServiceDeployments",
                "ecs:DescribeServiceDeployments",
            ],
            ..scenario(
                29,
                "The role has three permissions",
                "deployed",
                true,
                healthy,
            )
        },
        scenario(
            36,
            "Blue/green: the hook says yes",
            "deployed",
            true,
            || blue_green(HookAnswer::Succeeded),
        ),
        scenario(
            36,
            "Blue/green: the hook fails",
            "rolled-back",
            true,
            || blue_green(HookAnswer::Failed),
        ),
        scenario(37, "Somebody deletes the service", "failed", false, healthy).meanwhile(deleted),
    ]
}
