//! A Keycloak service in an account: cluster, task role, bucket, log group; its nodes are the world's.

use serde_json::{Value, json};

use super::account::Account;
use super::{Ended, Step};

/// Simulated seconds in a real one, for the world and for the binaries.
const SCALE: f64 = 100.0;

/// The service `keycloak` in the cluster `main`, and the rights of a step that looks at it.
pub(crate) struct Keycloak {
    pub(crate) account: Account,
    environment: Vec<(&'static str, &'static str)>,
    rights: Vec<(&'static str, &'static str)>,
}

impl Keycloak {
    /// Everything but the service, which [`Self::deploy`] makes.
    pub(crate) fn new() -> Self {
        let account = Account::at_scale(SCALE);
        let world = &account.world;
        world.s3.create_bucket("peers");
        world.ecs.create_cluster("main");
        let keycloak = Self {
            environment: vec![
                ("JGROUPS_AWS_S3_REGION_NAME", "eu-central-1"),
                ("JGROUPS_AWS_S3_BUCKET_NAME", "peers"),
                ("JGROUPS_AWS_S3_BUCKET_PREFIX", "keycloak"),
            ],
            rights: vec![
                ("ecs:DescribeServices", "*"),
                ("ecs:ListTasks", "*"),
                ("ecs:DescribeTasks", "*"),
                ("ecs:DescribeTaskDefinition", "*"),
                ("s3:ListBucket", "arn:aws:s3:::peers"),
                ("s3:GetObject", "arn:aws:s3:::peers/*"),
                ("logs:FilterLogEvents", "*"),
            ],
            account,
        };
        keycloak.let_tasks_use_the_bucket(true);
        keycloak
    }

    /// What the task role may do: everything that a node needs, or nothing.
    pub(crate) fn let_tasks_use_the_bucket(&self, allowed: bool) {
        let permissions = json!({"Statement": [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::peers"},
            {
                "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": "arn:aws:s3:::peers/keycloak/*",
            },
        ]});
        let permissions = if allowed { permissions } else { json!({}) };
        let iam = &self.account.world.iam;
        iam.put_role("keycloak-task", json!({}), permissions);
    }

    /// Sets a variable of the tasks; an empty value takes it away.
    pub(crate) fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.retain(|(present, _)| *present != name);
        if !value.is_empty() {
            self.environment.push((name, value));
        }
        self
    }

    /// Takes a right of the step away.
    pub(crate) fn without(mut self, action: &str) -> Self {
        self.rights.retain(|(present, _)| *present != action);
        self
    }

    /// Gives the step one right more.
    pub(crate) fn with(mut self, action: &'static str) -> Self {
        self.rights.push((action, "*"));
        self
    }

    /// Deploys so many tasks.
    pub(crate) fn deploy(self, desired: u16) -> Self {
        let environment: Vec<Value> = self
            .environment
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        let ecs = &self.account.world.ecs;
        let definition = ecs.register_task_definition(json!({
            "family": "keycloak",
            "taskRoleArn": "arn:aws:iam::123456789012:role/keycloak-task",
            "containerDefinitions": [{
                "name": "keycloak",
                "image": "quay.io/keycloak/keycloak:26.7.5",
                "environment": environment,
                "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": "/ecs/keycloak", "awslogs-region": "eu-central-1",
                    "awslogs-stream-prefix": "kc",
                }},
            }],
        }));
        let service = json!({
            "cluster": "main", "serviceName": "keycloak", "taskDefinition": definition, "desiredCount": desired,
        });
        ecs.create_service(&service).unwrap();
        self
    }

    /// Another number of tasks.
    pub(crate) fn scale(&self, desired: u16) {
        let change = json!({"cluster": "main", "service": "keycloak", "desiredCount": desired});
        self.account.world.ecs.update_service(&change).unwrap();
    }

    /// Ids of the tasks that run.
    pub(crate) fn tasks(&self) -> Vec<String> {
        let running = self.account.world.ecs.running_tasks();
        running.into_iter().map(|task| task.task_id).collect()
    }

    /// A step whose role has the rights.
    pub(crate) fn step(&self) -> Step {
        let world = &self.account.world;
        let statements: Vec<Value> = self
            .rights
            .iter()
            .map(|(action, resource)| {
                json!({"Effect": "Allow", "Action": action, "Resource": resource})
            })
            .collect();
        world
            .iam
            .put_role("checker", json!({}), json!({"Statement": statements}));
        let session = world
            .iam
            .session("checker", "step", world.clock.unix() + 1e9);
        Step::new()
            .env("AWS_ENDPOINT_URL", &world.urls.aws)
            .env("GITHUB_API_URL", &format!("{}/api", world.urls.github))
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", &session.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &session.secret)
            .env("AWS_SESSION_TOKEN", &session.token)
            .env("KECS_TIME_SCALE", &SCALE.to_string())
            .env("KECS_CLUSTER", "main")
            .env("KECS_SERVICE", "keycloak")
            .env("KECS_TIMEOUT_SECONDS", "86400")
    }

    /// Runs `check-cluster` in such a step.
    pub(crate) fn check(&self, arguments: &[&str]) -> Ended {
        self.step().run("check-cluster", arguments)
    }
}
