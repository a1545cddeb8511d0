//! The model by itself, on a clock that the test sets.

mod failures;
mod invariants;
mod rolling;
mod services;
mod stages;

use std::cell::RefCell;

use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::engine::{Image, Outside};
use super::model::{Rollout, Service, State, Status};

/// A registry that has everything, and logs that are kept.
#[derive(Default)]
struct Around {
    logs: RefCell<Vec<(String, String)>>,
}

impl Outside for Around {
    fn image(&self, image: &str) -> Image {
        match image.split(':').next() {
            Some("world/missing") => Image::Missing,
            Some("world/arm") => Image::Found("sha256:aa".to_owned(), "arm64".to_owned()),
            _ if image.starts_with("world/arm@") => {
                Image::Found("sha256:aa".to_owned(), "arm64".to_owned())
            }
            _ => Image::Foreign,
        }
    }

    fn log(&self, _group: &str, stream: &str, _at: f64, lines: &[String]) {
        let mut logs = self.logs.borrow_mut();
        logs.extend(lines.iter().map(|line| (stream.to_owned(), line.clone())));
    }
}

/// A service `idp` of two tasks behind a load balancer, and the world around it.
struct Scene {
    state: State,
    around: Around,
}

impl Scene {
    /// With a first deployment that has completed.
    fn steady(configuration: Value) -> Self {
        let mut scene = Self::fresh(configuration);
        scene.pass(600.0);
        assert!(scene.service().steady, "{:?}", scene.messages());
        scene
    }

    /// With a first deployment that has just been asked for.
    fn fresh(configuration: Value) -> Self {
        Self::with(configuration, &|_| {})
    }

    fn with(configuration: Value, prepare: &dyn Fn(&mut State)) -> Self {
        let mut state = State::new("123456789012", "eu-central-1", 1_000_000.0, 7);
        state.create_cluster("prod", json!([]));
        state.register(definition("registry/idp:1"), "test");
        prepare(&mut state);
        let around = Around::default();
        state
            .create_service("prod", &service(&configuration), "test", &around)
            .expect("a service");
        Self { state, around }
    }

    fn pass(&mut self, seconds: f64) {
        let to = self.state.now + seconds;
        self.state.advance(to, &self.around, |_| {});
    }

    /// Registers a revision and deploys it.
    fn deploy(&mut self, behaviour: Behaviour) -> String {
        let arn = self.state.register(definition("registry/idp:next"), "test");
        self.state.behaviours.push((arn.clone(), behaviour));
        self.update(&json!({"taskDefinition": arn}))
    }

    fn update(&mut self, input: &Value) -> String {
        let place = self
            .state
            .update_service("prod", "idp", input, &self.around)
            .expect("an update");
        self.state.services[place].deployments[0].number.clone()
    }

    fn service(&self) -> &Service {
        self.state.find_service("prod", "idp").expect("the service")
    }

    fn place(&self) -> usize {
        self.state.services.len() - 1
    }

    fn rollout(&self) -> &Rollout {
        self.service().rollouts.last().expect("a rollout")
    }

    fn status(&self) -> Status {
        self.rollout().status
    }

    /// Passes time until the newest service deployment has a status; the seconds that it took.
    fn until(&mut self, status: Status) -> f64 {
        let start = self.state.now;
        while self.status() != status {
            assert!(
                self.state.now < start + 7200.0,
                "{:?} after two hours: {:#?}",
                self.status(),
                self.messages()
            );
            self.pass(1.0);
        }
        self.state.now - start
    }

    /// Events, oldest first, without the name of the service and with short names for tasks and deployments.
    fn messages(&self) -> Vec<String> {
        let events = self.service().events.iter().rev();
        events.map(|event| event.message.clone()).collect()
    }

    fn told(&self, part: &str) -> bool {
        self.messages().iter().any(|message| message.contains(part))
    }

    /// What `DescribeServices` answers.
    fn described(&self) -> Value {
        self.state.service_json(self.place(), false)
    }

    /// What `DescribeServiceDeployments` answers of the newest.
    fn described_rollout(&self) -> Value {
        self.state.rollout_json(self.place(), self.rollout())
    }

    /// Reasons and codes of stopped tasks of a deployment.
    fn stops(&self, number: &str) -> Vec<(String, String, Option<i64>)> {
        let tasks = self.state.tasks.iter();
        tasks
            .filter(|task| task.deployment == number && task.stopped_at.is_some())
            .map(|task| {
                (
                    task.stop_code.unwrap_or_default().to_owned(),
                    task.stopped_reason.clone().unwrap_or_default(),
                    task.exit_code,
                )
            })
            .collect()
    }
}

fn definition(image: &str) -> Value {
    json!({
        "family": "idp",
        "cpu": "1024",
        "containerDefinitions": [{
            "name": "idp",
            "image": image,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/ecs/idp", "awslogs-stream-prefix": "kc"},
            },
        }],
    })
}

/// The input of CreateService for `idp`.
fn service(configuration: &Value) -> Value {
    json!({
        "serviceName": "idp",
        "taskDefinition": "idp",
        "desiredCount": 2,
        "loadBalancers": [
            {"targetGroupArn": "arn:tg", "containerName": "idp", "containerPort": 8080},
        ],
        "deploymentConfiguration": configuration,
    })
}

/// A configuration with the circuit breaker on.
fn breaker(rollback: bool) -> Value {
    json!({"deploymentCircuitBreaker": {"enable": true, "rollback": rollback}})
}
