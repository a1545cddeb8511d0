//! A service that is steady, and a step that is to look after it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use world::World;
use world::ecs::model::{RolloutState, State};
use world::ecs::{Behaviour, Ecs, Timing};
use world::iam::Principal;

use super::settings::merge;
use crate::support::account::Account;
use crate::support::{Ended, Step};

/// Simulated seconds in a real one.
pub(super) const SCALE: f64 = 90.0;
/// Real time after which a test that waits for the model gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Real time between two looks at the model.
const PAUSE: Duration = Duration::from_millis(2);

pub(super) const CLUSTER: &str = "prod";
pub(super) const SERVICE: &str = "keycloak";
pub(super) const GROUP: &str = "/ecs/keycloak";
pub(super) const TARGETS: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/kc/73e2d6bc24d8a067";

/// An account with the service `keycloak` in the cluster `prod`: two tasks of `keycloak:1`, one more allowed during a
/// deployment, circuit breaker with rollback.
pub(super) struct Stage {
    account: Account,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self::with(json!({}))
    }

    /// A service with other settings: fields of `CreateService`.
    pub(super) fn with(changes: Value) -> Self {
        let stage = Self::without_service(SCALE);
        stage.create(changes);
        stage
    }

    /// A service at another speed.
    pub(super) fn at(scale: f64) -> Self {
        let stage = Self::without_service(scale);
        stage.create(json!({}));
        stage
    }

    /// A cluster without a service.
    pub(super) fn without_service(scale: f64) -> Self {
        let stage = Self {
            account: Account::at_scale(scale),
        };
        stage.ecs().create_cluster(CLUSTER);
        stage
    }

    fn create(&self, changes: Value) {
        self.create_service(changes, true);
    }

    /// The service, whose first deployment need not end well.
    pub(super) fn create_unsteady(&self) {
        self.create_service(json!({}), false);
    }

    fn create_service(&self, changes: Value, steady: bool) {
        let mut input = json!({
            "cluster": CLUSTER,
            "serviceName": SERVICE,
            "taskDefinition": self.revision("r.example/keycloak:1.0.0"),
            "desiredCount": 2,
            "deploymentConfiguration": {
                "minimumHealthyPercent": 100,
                "maximumPercent": 150,
                "deploymentCircuitBreaker": {"enable": true, "rollback": true},
            },
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        });
        merge(&mut input, changes);
        let quick = Timing {
            start: 0.1,
            provisioning: 0.1,
            pull: 0.1,
            activating: 0.1,
            healthy: 0.1,
            unchecked: 0.1,
            ..Timing::default()
        };
        self.ecs().timing(|timing| *timing = quick);
        self.ecs().create_service(&input).unwrap();
        if input["deploymentController"]["type"].is_null() && steady {
            self.until("the service is steady", |state| {
                let service = state.services.last().unwrap();
                service.rollout().is_none()
                    && service.primary().unwrap().state == RolloutState::Completed
            });
        }
        self.ecs().timing(|timing| *timing = Timing::default());
    }

    pub(super) fn world(&self) -> &Arc<World> {
        &self.account.world
    }

    pub(super) fn ecs(&self) -> &Ecs {
        &self.account.world.ecs
    }

    /// Registers the next revision of `keycloak`; its ARN.
    pub(super) fn revision(&self, image: &str) -> String {
        self.ecs().register_task_definition(json!({
            "family": "keycloak",
            "cpu": "1024",
            "memory": "2048",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [{
                "name": "keycloak",
                "image": image,
                "essential": true,
                "stopTimeout": 90,
                "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": GROUP,
                    "awslogs-region": "eu-central-1",
                    "awslogs-stream-prefix": "kc",
                }},
            }],
        }))
    }

    /// Puts a new revision out, as Terraform would; the id of its deployment and the ARN of its task definition. Time
    /// stands still until the action has looked once.
    pub(super) fn apply(&self, image: &str) -> (String, String) {
        let revision = self.revision(image);
        self.ecs().hold();
        let id = self.update(json!({"taskDefinition": revision}));
        (id, revision)
    }

    /// Puts a revision out whose tasks behave like this.
    pub(super) fn apply_behaving(&self, behaviour: Behaviour) -> (String, String) {
        let image = "r.example/keycloak:1.1.0";
        self.ecs().behave(image, behaviour);
        self.apply(image)
    }

    /// Changes the service; the id of its newest deployment.
    pub(super) fn update(&self, changes: Value) -> String {
        let mut input = json!({"cluster": CLUSTER, "service": SERVICE});
        merge(&mut input, changes);
        self.ecs().update_service(&input).unwrap()
    }

    /// Pauses the deployments that begin from now on at this stage.
    pub(super) fn pause_at(&self, lifecycle_stage: &str) {
        let hook = json!({"targetType": "PAUSE", "lifecycleStages": [lifecycle_stage]});
        self.update(json!({"deploymentConfiguration": {"lifecycleHooks": [hook]}}));
    }

    /// A request of somebody else's to ECS.
    pub(super) fn call(&self, operation: &str, mut input: Value) -> Value {
        merge(&mut input, json!({"cluster": CLUSTER}));
        let somebody = Principal {
            arn: "arn:aws:sts::123456789012:assumed-role/admin/ada".to_owned(),
            role: "admin".to_owned(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime
            .unwrap()
            .block_on(world::ecs::handle(
                self.world(),
                operation,
                &input,
                &somebody,
            ))
            .unwrap()
    }

    /// A step with credentials that may do these actions.
    pub(super) fn step_allowed(&self, actions: &[&str]) -> Step {
        self.step_with_key(actions).0
    }

    /// The same, and its access key.
    pub(super) fn step_with_key(&self, actions: &[&str]) -> (Step, String) {
        let world = self.world();
        let permissions =
            json!({"Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
        world
            .iam
            .put_role("deployer", json!({"Statement": []}), permissions);
        let expires = world.clock.unix() + 1e9;
        let session = world.iam.session("deployer", "test", expires);
        let step = Step::new()
            .env("AWS_ENDPOINT_URL", &world.urls.aws)
            .env("GITHUB_API_URL", &world.urls.github)
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", &session.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &session.secret)
            .env("AWS_SESSION_TOKEN", &session.token)
            .env("KECS_TIME_SCALE", &world.settings.time_scale.to_string())
            .env("KECS_CLUSTER", CLUSTER)
            .env("KECS_SERVICE", SERVICE);
        (step, session.access_key)
    }

    pub(super) fn step(&self) -> Step {
        self.step_allowed(&["ecs:*", "logs:*", "ecr:*", "iam:PassRole"])
    }

    /// Runs the action with these flags.
    pub(super) fn run(&self, flags: &[&str]) -> Told {
        self.play(&self.step(), flags, || {})
    }

    /// Runs the action in a step; after its first look at the deployment, something happens meanwhile.
    pub(super) fn play(&self, step: &Step, flags: &[&str], meanwhile: impl FnOnce()) -> Told {
        self.during(2, || told(step, flags), meanwhile)
    }

    /// Runs something that looks at the service; after its first look at the deployment, or as many at the service,
    /// something happens meanwhile.
    pub(super) fn during<T: Send>(
        &self,
        services: usize,
        run: impl FnOnce() -> T + Send,
        meanwhile: impl FnOnce(),
    ) -> T {
        let looks = || {
            (
                self.asked("DescribeServiceDeployments"),
                self.asked("DescribeServices"),
            )
        };
        let before = looks();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(run);
            let looked = || looks().0 > before.0 || looks().1 >= before.1 + services;
            while !looked() && !waiting.is_finished() {
                std::thread::park_timeout(PAUSE);
            }
            self.ecs().release();
            meanwhile();
            waiting.join().unwrap()
        })
    }

    /// Waits for a task definition.
    pub(super) fn wait(&self, revision: &str) -> Told {
        self.run(&["--task-definition", revision])
    }

    /// Waits until nothing is in flight any more.
    pub(super) fn until_over(&self) {
        self.ecs().release();
        self.until("the deployment is over", |state| {
            state.services[0].rollout().is_none()
        });
    }

    /// Waits for something to become true of the model, at most a minute.
    pub(super) fn until(&self, what: &str, mut true_of: impl FnMut(&State) -> bool) {
        let started = std::time::Instant::now();
        while !self.ecs().inspect(&mut true_of) {
            assert!(started.elapsed() < PATIENCE, "never: {what}");
            std::thread::park_timeout(PAUSE);
        }
    }

    /// Waits until the action has asked for this so often.
    pub(super) fn until_asked(&self, operation: &str, times: usize) {
        self.until(operation, |_| {
            self.world().journal.count("ecs", operation) >= times
        });
    }

    /// Waits until the injected faults have happened, or are happening.
    pub(super) fn until_spent(&self) {
        let started = std::time::Instant::now();
        while !self.ecs().faults_spent() {
            assert!(started.elapsed() < PATIENCE, "the faults never happen");
            std::thread::park_timeout(PAUSE);
        }
    }

    /// Requests of the action to ECS by operation.
    pub(super) fn asked(&self, operation: &str) -> usize {
        self.world().journal.count("ecs", operation)
    }

    /// Id of the newest deployment.
    pub(super) fn newest(&self) -> String {
        self.ecs()
            .inspect(|state| state.services[0].primary().unwrap().id())
    }

    /// ARN of the service deployment of a deployment.
    pub(super) fn rollout(&self, id: &str) -> String {
        let number = id.trim_start_matches("ecs-svc/");
        self.ecs().inspect(|state| {
            let mut rollouts = state.services[0].rollouts.iter();
            rollouts
                .find(|rollout| rollout.target == number)
                .unwrap()
                .arn
                .clone()
        })
    }

    /// Whether this deployment is the newest of the service, and has completed.
    pub(super) fn serves(&self, id: &str) -> bool {
        self.ecs().inspect(|state| {
            let primary = state.services.last().unwrap().primary().unwrap();
            primary.id() == id && primary.state == RolloutState::Completed
        })
    }
}

/// Runs the action in a step; its JSON is on standard output.
pub(super) fn told(step: &Step, flags: &[&str]) -> Told {
    let mut flags = flags.to_vec();
    flags.push("--json");
    Told::of(step.run("deploy-service", &flags))
}

/// What the action told at its end.
pub(super) struct Told {
    pub(super) ended: Ended,
    pub(super) json: Value,
}

impl Told {
    pub(super) fn of(ended: Ended) -> Self {
        let json = serde_json::from_str(&ended.stdout).unwrap_or(Value::Null);
        Self { ended, json }
    }

    /// Holds outcome and exit code against what must be; then every word against what was told.
    #[track_caller]
    pub(super) fn is(&self, outcome: &str, says: &[&str]) -> &Self {
        let code = match outcome {
            "deployed" | "no-op" => 0,
            "failed" => 4,
            "timed-out" => 5,
            "superseded" => 7,
            "rolled-back" => 8,
            "timed-out-live" => 9,
            "credentials-lost" => 10,
            "cancelled" => 130,
            other => panic!("{other} is no outcome"),
        };
        let log = &self.ended.log;
        assert_eq!(self.json["outcome"], outcome, "{log}");
        assert_eq!(self.ended.code, code, "{log}");
        assert_eq!(
            log.matches("::error ").count(),
            usize::from(code != 0),
            "{log}"
        );
        for word in says {
            assert!(log.contains(word), "{word} is not in\n{log}");
        }
        self
    }

    pub(super) fn report(&self) -> &Value {
        &self.json["report"]
    }

    pub(super) fn id(&self) -> &str {
        self.json["deployment-id"].as_str().unwrap_or("")
    }

    /// The text of the one error, as the runner shows it.
    pub(super) fn error(&self) -> String {
        let log = &self.ended.log;
        let line = log.lines().find(|line| line.starts_with("::error "));
        let text = line.and_then(|line| line.split_once("::").unwrap().1.split_once("::"));
        text.map_or_else(String::new, |(_, text)| {
            text.replace("%0A", "\n").replace("%25", "%")
        })
    }
}
