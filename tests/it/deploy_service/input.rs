//! Bad input: exit code 2, one annotation that names it, nothing changed.

use serde_json::json;

use super::stage::{Stage, Told, told};

#[track_caller]
fn refused(told: &Told, says: &[&str]) {
    let log = &told.ended.log;
    assert_eq!(told.ended.code, 2, "{log}");
    assert_eq!(log.matches("::error ").count(), 1, "{log}");
    assert_eq!(
        (told.ended.outputs.as_str(), told.ended.stdout.as_str()),
        ("", "")
    );
    for word in says {
        assert!(log.contains(word), "{word} is not in\n{log}");
    }
}

fn told_of(stage: &Stage, variable: &str, value: &str) -> Told {
    told(&stage.step().env(variable, value), &[])
}

#[test]
fn unknown_names_lead_to_those_that_are_there() {
    let stage = Stage::new();
    let service = told(&stage.step().env("KECS_SERVICE", "keycloack"), &[]);
    refused(
        &service,
        &["no service keycloack", "Did you mean keycloak?"],
    );
    let cluster = told(&stage.step().env("KECS_CLUSTER", "prd"), &[]);
    refused(&cluster, &["no cluster prd", "Did you mean prod?"]);
    for name in ["staging", "production-eu", "development"] {
        stage.ecs().create_cluster(name);
    }
    for (wanted, told) in [
        ("stagign", "Did you mean staging?"),
        ("Production", "Did you mean production-eu or prod?"),
        ("keycloak-main", "The clusters there: "),
    ] {
        let cluster = told_of(&stage, "KECS_CLUSTER", wanted);
        refused(&cluster, &[&format!("no cluster {wanted}"), told]);
    }
}

#[test]
fn a_region_without_the_cluster_says_so() {
    let stage = Stage::new();
    let arn = "arn:aws:ecs:us-east-1:123456789012:cluster/prod";
    let elsewhere = told(&stage.step().env("KECS_CLUSTER", arn), &[]);
    refused(
        &elsewhere,
        &["`cluster` is in us-east-1, but the region is eu-central-1"],
    );
}

#[test]
fn arns_of_another_account_are_refused() {
    let stage = Stage::new();
    let arn = "arn:aws:ecs:eu-central-1:999999999999:task-definition/keycloak:1";
    refused(
        &stage.run(&["--task-definition", arn]),
        &["999999999999", "123456789012"],
    );
    let mixed = stage.run(&[
        "--cluster=arn:aws:ecs:eu-central-1:123456789012:cluster/prod",
        "--service=arn:aws:ecs:eu-central-1:999999999999:service/prod/keycloak",
    ]);
    refused(&mixed, &["`service` belongs to account 999999999999"]);
    let cluster = stage.run(&["--cluster=arn:aws:ecs:eu-central-1:999999999999:cluster/prod"]);
    refused(&cluster, &["999999999999"]);
}

#[test]
fn what_is_no_value_of_an_input_is_refused_before_any_call() {
    let stage = Stage::new();
    for (flags, says) in [
        (&["--timeout-seconds", "0"][..], "`timeout-seconds` is"),
        (&["--until", "soon"], "`until` is"),
        (&["--deployment-id", "7"], "`deployment-id` is \"7\""),
        (
            &[
                "--deployment-id",
                "arn:aws:ecs:eu-central-1:123456789012:service/prod/keycloak",
            ],
            "not the ARN of a service-deployment",
        ),
        (&["--task-definition", "keycloak"], "names no revision"),
        (
            &[
                "--task-definition",
                "keycloak:1",
                "--deployment-id",
                "ecs-svc/1",
            ],
            "both given",
        ),
        (&["--cluster", "a b"], "neither a name nor an ARN"),
        (
            &[
                "--service",
                "arn:aws:ecs:eu-central-1:123456789012:service/staging/keycloak",
            ],
            "belongs to the cluster staging",
        ),
        (
            &["--image", "r.example/keycloak:2"],
            "means nothing to the operation `wait`",
        ),
        (
            &["--operation", "deploy"],
            "missing: `image` or `task-definition`",
        ),
        (
            &["--operation", "restart", "--deployment-id", "ecs-svc/1"],
            "means nothing to the operation `restart`",
        ),
        (
            &["--operation=deploy", "--image=not an image"],
            "which names no image",
        ),
        (
            &["--operation=deploy", "--task-definition=no.json"],
            "`task-definition` no.json",
        ),
        (&["--aws-region", "x y"], "no AWS region"),
        (&["--timeout-seconds", "-5"], "`timeout-seconds` is \"-5\""),
        (&["--until=live", "--until=live"], "--until is given twice"),
    ] {
        refused(&stage.run(flags), &[says]);
    }
    assert_eq!(stage.asked("DescribeServices"), 0);
}

#[test]
fn a_deployment_that_is_not_there_leads_to_those_that_are() {
    let stage = Stage::new();
    let id = stage
        .ecs()
        .inspect(|state| state.services[0].primary().unwrap().id());
    refused(
        &stage.run(&["--deployment-id", "ecs-svc/7"]),
        &["no deployment ecs-svc/7", &id],
    );
    refused(
        &stage.run(&["--task-definition", "keycloak:9"]),
        &["no deployment of keycloak:9", &id],
    );
}

#[test]
fn a_file_that_is_no_task_definition_is_named_and_nothing_is_registered() {
    let stage = Stage::new();
    let step = stage.step();
    std::fs::write(step.folder.path().join("task.json"), "{ no").unwrap();
    let broken = told(
        &step,
        &["--operation=deploy", "--task-definition=task.json"],
    );
    refused(
        &broken,
        &["task.json is no task definition", "file=task.json"],
    );
    let missing = told(
        &step,
        &["--operation=deploy", "--task-definition=gone.json"],
    );
    refused(&missing, &["could not read `task-definition` gone.json"]);
    assert_eq!(
        (
            stage.asked("RegisterTaskDefinition"),
            stage.asked("UpdateService")
        ),
        (0, 0)
    );
}

#[test]
fn s37_services_that_this_action_cannot_judge_are_refused_before_anything_is_written() {
    for (settings, says) in [
        (
            json!({"deploymentController": {"type": "CODE_DEPLOY"}}),
            "CODE_DEPLOY",
        ),
        (
            json!({"deploymentController": {"type": "EXTERNAL"}}),
            "EXTERNAL",
        ),
        (
            json!({"schedulingStrategy": "DAEMON", "deploymentController": {"type": "ECS"}}),
            "DAEMON",
        ),
    ] {
        let stage = Stage::with(settings);
        let told = stage.run(&["--operation", "deploy", "--image", "r.example/keycloak:2"]);
        refused(&told, &[says]);
        assert_eq!(
            (
                stage.asked("RegisterTaskDefinition"),
                stage.asked("UpdateService")
            ),
            (0, 0)
        );
    }
    let stage = Stage::new();
    stage.call(
        "DeleteService",
        json!({"service": "keycloak", "force": true}),
    );
    let told = stage.run(&["--operation", "restart"]);
    refused(&told, &["being deleted"]);
    assert_eq!(stage.asked("UpdateService"), 0);
}

#[test]
fn a_role_that_may_nothing_is_told_which_permission_it_lacks() {
    let stage = Stage::new();
    let told = told(&stage.step_allowed(&["s3:GetObject"]), &[]);
    assert_eq!(told.ended.code, 6, "{}", told.ended.log);
    assert!(
        told.ended.log.contains("ecs:DescribeServices"),
        "{}",
        told.ended.log
    );
    let stage = Stage::new();
    let step = stage.step_allowed(&["ecs:Describe*", "ecs:List*"]);
    let restart = super::stage::told(&step, &["--operation", "restart"]);
    assert_eq!(restart.ended.code, 6, "{}", restart.ended.log);
    assert!(
        restart.ended.log.contains("ecs:UpdateService"),
        "{}",
        restart.ended.log
    );
}

#[test]
fn a_step_without_credentials_is_told_at_once() {
    let stage = Stage::new();
    let told = told(&stage.step().env("AWS_ACCESS_KEY_ID", ""), &[]);
    refused(&told, &["there are no AWS credentials", "aws-login"]);
    assert_eq!(stage.asked("DescribeServices"), 0);
}
