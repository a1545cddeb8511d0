//! Clients that we did not write, run against the stand-ins.

use std::process::Command;

use serde_json::json;
use world::ecs::{Behaviour, Fault, Injection};

use crate::support::account::{Account, job};
use crate::support::{python, repository};

/// Runs a script of `tests/foreign` against a new world.
fn run(script: &str) {
    run_in(&Account::new(), script, &[]);
}

/// Runs a script of `tests/foreign`; it needs the Python packages of `tests/tools/requirements.txt`.
fn run_in(account: &Account, script: &str, environment: &[(&str, String)]) {
    let admin =
        account
            .world
            .iam
            .session("admin", "foreign", account.world.clock.unix() + 36_000.0);
    let (url, token) = account.world.oidc.allow(job(Some("production")));
    let python = python();
    let output = Command::new(&python)
        .arg(repository().join("tests/foreign").join(script))
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("AWS_ENDPOINT_URL", &account.world.urls.aws)
        .env("WORLD_GITHUB_URL", &account.world.urls.github)
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", &admin.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &admin.secret)
        .env("AWS_SESSION_TOKEN", &admin.token)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("SCRATCH", &account.world.settings.root)
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", url)
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "{}: {error}; run `tests/tools/setup.sh python`",
                python.display()
            )
        });
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(told.contains("ok "), "{script} checked nothing");
}

#[test]
fn boto3_and_pyjwt_agree_with_sts_and_the_issuer() {
    run("sts.py");
}

#[test]
fn boto3_and_the_aws_cli_agree_with_s3() {
    let account = Account::new();
    let world = &account.world;
    world.s3.create_bucket("peers");
    world.s3.create_bucket("shut");
    let everything = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [
        "arn:aws:s3:::shut", "arn:aws:s3:::shut/*",
    ]});
    world
        .s3
        .put_policy("shut", json!({"Statement": [everything]}));
    world.iam.put_role(
        "node",
        json!({"Statement": []}),
        json!({"Statement": [
            {
                "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::peers",
                "Condition": {"StringLike": {"s3:prefix": "lab/*"}},
            },
            {
                "Effect": "Allow", "Action": ["s3:GetObject", "s3:DeleteObject"],
                "Resource": "arn:aws:s3:::peers/lab/*",
            },
        ]}),
    );
    let node = world
        .iam
        .session("node", "foreign", world.clock.unix() + 3600.0);
    let environment = [
        ("NODE_ACCESS_KEY_ID", node.access_key),
        ("NODE_SECRET_ACCESS_KEY", node.secret),
        ("NODE_SESSION_TOKEN", node.token),
    ];
    run_in(&account, "s3.py", &environment);
}

#[test]
fn boto3_agrees_with_ecr() {
    let account = Account::new();
    let world = &account.world;
    world.iam.put_role(
        "reader",
        json!({"Statement": []}),
        json!({"Statement": [
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            {"Effect": "Allow", "Action": ["ecr:BatchGetImage", "ecr:ListImages"],
             "Resource": "arn:aws:ecr:eu-central-1:123456789012:repository/team/*"},
        ]}),
    );
    let reader = world
        .iam
        .session("reader", "foreign", world.clock.unix() + 3600.0);
    let environment = [
        ("READER_ACCESS_KEY_ID", reader.access_key),
        ("READER_SECRET_ACCESS_KEY", reader.secret),
        ("READER_SESSION_TOKEN", reader.token),
    ];
    run_in(&account, "ecr.py", &environment);
}

#[test]
fn buildah_and_skopeo_agree_with_the_registry() {
    run("registry.py");
}

#[test]
fn boto3_and_the_aws_cli_agree_with_ecs_and_logs() {
    let account = Account::at_scale(60.0);
    let world = &account.world;
    let crashes = Behaviour::exits(3, 10.0).logging(["starting", "cannot reach the database"]);
    world.ecs.behave("*:crashes", crashes);
    world.iam.put_role(
        "reader",
        json!({"Statement": []}),
        json!({"Statement": [
            {"Effect": "Allow", "Action": "ecs:DescribeServices",
             "Resource": "arn:aws:ecs:eu-central-1:123456789012:service/prod/idp"},
            {"Effect": "Allow", "Action": "ecs:DescribeServiceDeployments",
             "Resource": "arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/idp/*"},
            {"Effect": "Allow", "Action": "ecs:ListTasks", "Resource": "*", "Condition": {
                "ArnEquals": {"ecs:cluster": "arn:aws:ecs:eu-central-1:123456789012:cluster/prod"},
            }},
            {"Effect": "Allow", "Action": "ecs:ListTasks",
             "Resource": "arn:aws:ecs:eu-central-1:123456789012:container-instance/default/*"},
            {"Effect": "Allow", "Action": "ecs:RegisterTaskDefinition", "Resource": "*"},
        ]}),
    );
    let reader = world
        .iam
        .session("reader", "foreign", world.clock.unix() + 36_000.0);
    let environment = [
        ("READER_ACCESS_KEY_ID", reader.access_key),
        ("READER_SECRET_ACCESS_KEY", reader.secret),
        ("READER_SESSION_TOKEN", reader.token),
    ];
    run_in(&account, "ecs.py", &environment);
}

#[test]
fn boto3_outlives_the_faults_of_ecs() {
    let account = Account::at_scale(20.0);
    let world = &account.world;
    world.ecs.create_cluster("prod");
    world.ecs.register_task_definition(json!({
        "family": "idp",
        "containerDefinitions": [{"name": "idp", "image": "registry.example/idp:1"}],
    }));
    let service = json!({
        "cluster": "prod", "serviceName": "idp", "taskDefinition": "idp", "desiredCount": 1,
    });
    world.ecs.create_running_service(&service).unwrap();
    world.ecs.faults([
        Injection::new("ListClusters", Fault::throttled()).times(2),
        Injection::new(
            "ListTaskDefinitions",
            Fault::error(500, "ServerException", "no"),
        )
        .times(1),
        Injection::new("UpdateService", Fault::Lost).times(1),
    ]);
    world.ecs.lag("DescribeServices", 20.0);
    world.ecs.lag("currentServiceDeployment", 600.0);
    world.ecs.set_skew(300.0);
    let created = world.clock.unix();
    let short = world.iam.session("admin", "short", created + 120.0);
    let environment = [
        ("CREATED", created.to_string()),
        ("SHORT_ACCESS_KEY_ID", short.access_key),
        ("SHORT_SECRET_ACCESS_KEY", short.secret),
        ("SHORT_SESSION_TOKEN", short.token),
    ];
    run_in(&account, "ecs_faults.py", &environment);
}
