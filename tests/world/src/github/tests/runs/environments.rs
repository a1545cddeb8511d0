//! More than one environment: an image goes from one to the next, and full applies have an environment of their own.

use serde_json::{Value, json};

use super::shipped::{image, names, pairs};
use super::{Stage, jobs, log};
use crate::github::{Environment, RepositoryOptions};

/// Its plan is what the folder's `plan.json` says.
pub(super) const TERRAFORM: &str = "#!/bin/sh
case $1 in
  version) echo 'Terraform v0' ;;
  init) ;;
  plan) for given in \"$@\"; do case $given in -out=*) echo planned >\"${given#-out=}\" ;; esac; done ;;
  show)
    if [ \"$2\" != -json ]; then echo 'Plan: 1 to change.'
    elif [ -f plan.json ]; then cat plan.json
    else echo '{}'; fi ;;
  apply) echo \"applied $*\"; if [ -f half-way ]; then exit 1; fi ;;
  output) printf %s \"the-$3\" ;;
esac
";

fn variables_file(environment: &str) -> String {
    format!("terraform/environments/{environment}/image.auto.tfvars")
}

fn role(name: &str) -> Environment {
    Environment {
        variables: pairs(&[("AWS_ROLE_TO_ASSUME", &format!("arn:aws:iam::1:role/{name}"))]),
        ..Environment::default()
    }
}

async fn stage(environments: &[&str]) -> Stage {
    let named = |name: &&str| ((*name).to_owned(), role(name));
    let options = RepositoryOptions {
        variables: pairs(&[("AWS_REGION", "eu-west-1")]),
        environments: environments.iter().map(named).collect(),
        ..RepositoryOptions::default()
    };
    let stage = Stage::shipped(options).await;
    stage.program("terraform", TERRAFORM);
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staging_runs_healthily_is_proposed_for_production_unless_it_was_taken_back() {
    let stage = stage(&["staging", "production"]).await;
    let caller = ".github/workflows/deploy.yml";
    let text = std::fs::read_to_string(stage.clone.join(caller)).expect("the caller");
    let promoting = text.replace("promote-to: ''", "promote-to: production");
    assert_ne!(text, promoting, "the caller shows the input");
    stage.file(caller, &promoting);
    let (staging, production) = (variables_file("staging"), variables_file("production"));
    stage.file(&production, &image("1.0.0"));
    stage.file(&staging, &image("1.0.0"));
    stage
        .push("main", "[skip ci] add the workflows and the stack")
        .await;
    let mut seen = 0;
    for (changed, tag, proposed) in [
        (&staging, "1.1.0", Some("1.1.0")),
        (&production, "1.1.0", None),
        (&production, "1.0.0", None),
        // Production took 1.1.0 back; staging gets it once more.
        (&staging, "1.0.1", Some("1.0.1")),
        (&staging, "1.1.0", None),
        (&production, "1.2.0", None),
        (&staging, "1.1.1", None),
    ] {
        stage.file(changed, &image(tag));
        stage.push("main", &format!("{tag} in {changed}")).await;
        let run = stage.ended().await.pop().expect("a run");
        assert_eq!(run.conclusion.as_deref(), Some("success"), "{}", log(&run));
        let recorded = stage.recorded().split_off(seen);
        seen += recorded.len();
        let proposal = recorded.iter().find(|(name, _)| name == "update-tfvar");
        let wanted = proposed
            .map(|tag| format!("keycloak_image_tag={tag}\nkeycloak_image_digest=sha256:{tag}\n"));
        let given = |name: &str| proposal.map(|(_, given)| given[name].clone());
        assert_eq!(
            given("variables"),
            wanted.map(Value::from),
            "{changed} {tag}"
        );
        if proposal.is_some() {
            assert_eq!(given("file"), Some(Value::from(production.as_str())));
        }
    }
}

/// Resources that a plan changes, as `terraform show -json` lists them.
fn plan(changes: &[(&str, &[&str])]) -> String {
    let changes: Vec<Value> = changes
        .iter()
        .map(|(kind, actions)| {
            json!({
                "address": format!("module.keycloak.{kind}.keycloak[0]"),
                "type": kind,
                "change": {"actions": actions},
            })
        })
        .collect();
    json!({"format_version": "1.2", "resource_changes": changes}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_not_deployed_together_with_what_its_role_may_not_change() {
    let stage = stage(&["production"]).await;
    let beside = |name: &str| variables_file("production").replace("image.auto.tfvars", name);
    stage.file(&variables_file("production"), &image("1.0.0"));
    stage.push("main", "[skip ci] add the workflows").await;
    let revision: (&str, &[&str]) = ("aws_ecs_task_definition", &["delete", "create"]);
    let update: &[&str] = &["update"];
    let first: Vec<(&str, &[&str])> = [
        "aws_appautoscaling_policy",
        "aws_appautoscaling_target",
        "aws_cloudwatch_metric_alarm",
        "aws_ecs_service",
        "aws_ecs_task_definition",
    ]
    .map(|kind| (kind, &["create"][..]))
    .to_vec();
    let replaced: &[&str] = &["delete", "create"];
    for (number, (changes, waiting)) in [
        (first, None),
        (
            vec![
                revision,
                ("aws_ecs_service", update),
                ("aws_iam_role", &["no-op"]),
                ("aws_vpc", &["read"]),
            ],
            None,
        ),
        (
            vec![revision, ("aws_db_instance", update)],
            Some("module.keycloak.aws_db_instance.keycloak[0]. Nothing"),
        ),
        (
            vec![("aws_ecs_service", replaced)],
            Some("module.keycloak.aws_ecs_service.keycloak[0]. Nothing"),
        ),
        (
            vec![revision, ("aws_cloudwatch_metric_alarm", update)],
            Some("aws_cloudwatch_metric_alarm"),
        ),
        (
            vec![("aws_s3_bucket", update); 8],
            Some("aws_s3_bucket.keycloak[0], 3 more. Nothing"),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        stage.file(&beside("plan.json"), &plan(&changes));
        stage.file(
            &variables_file("production"),
            &image(&format!("1.1.{number}")),
        );
        stage.push("main", &format!("Take 1.1.{number}")).await;
        let run = stage.ended().await.pop().expect("a run");
        let log = log(&run);
        let wanted = if waiting.is_some() {
            "failure"
        } else {
            "success"
        };
        assert_eq!(run.conclusion.as_deref(), Some(wanted), "{log}");
        assert_eq!(log.contains("applied apply"), waiting.is_none(), "{log}");
        if let Some(text) = waiting {
            let told = &run.annotations[0].message;
            assert!(
                told.contains(text) && told.contains("workflow Infrastructure"),
                "{told}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_apply_that_ends_half_way_the_deployment_is_watched_all_the_same() {
    let stage = stage(&["production", "production-infrastructure"]).await;
    let half_way = variables_file("production").replace("image.auto.tfvars", "half-way");
    stage.file(&half_way, "");
    stage.file(&variables_file("production"), &image("1.0.0"));
    stage.push("main", "Add the workflows").await;
    let run = stage.ended().await.pop().expect("a run");
    assert_eq!(run.conclusion.as_deref(), Some("failure"), "{}", log(&run));
    let watched = ["aws-login", "deploy-service", "aws-login"];
    assert_eq!(names(&stage.recorded()), watched, "{}", log(&run));

    let inputs = json!({"operation": "apply", "environment": "production"});
    assert_eq!(
        stage.dispatch("infrastructure.yml", inputs).await.status,
        204
    );
    let run = stage.ended().await.pop().expect("a run");
    assert_eq!(run.conclusion.as_deref(), Some("failure"), "{}", log(&run));
    assert_eq!(
        names(&stage.recorded()[3..]),
        [
            "aws-login",
            "aws-login", // the apply
            "aws-login",
            "deploy-service",
            "check-cluster",
            "aws-login"
        ],
        "{}",
        log(&run)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_apply_has_an_approval_of_its_own_and_is_looked_at_with_the_deploy_role() {
    let stage = stage(&["production", "production-infrastructure"]).await;
    stage.file(&variables_file("production"), &image("1.0.0"));
    stage.push("main", "[skip ci] add the workflows").await;
    let start = async |operation: &str| {
        let inputs = json!({"operation": operation, "environment": "production"});
        let started = stage.dispatch("infrastructure.yml", inputs).await;
        assert_eq!(started.status, 204, "{started:?}");
        let run = stage.ended().await.pop().expect("a run");
        assert_eq!(run.conclusion.as_deref(), Some("success"), "{}", log(&run));
        run
    };
    let run = start("plan").await;
    assert_eq!(
        jobs(&run),
        [
            ("Infrastructure / plan production", "success"),
            ("Infrastructure / look", "skipped")
        ]
    );
    assert!(!log(&run).contains("applied"), "{}", log(&run));
    let run = start("apply").await;
    let ended: Vec<&str> = run
        .jobs
        .iter()
        .filter_map(|job| job.environment.as_deref())
        .collect();
    assert_eq!(ended, ["production-infrastructure", "production"]);
    assert!(
        run.jobs[0]
            .summaries
            .concat()
            .contains("Plan: 1 to change."),
        "{:?}",
        run.jobs[0].summaries
    );
    assert!(
        log(&run).contains("applied apply -input=false"),
        "{}",
        log(&run)
    );
    let recorded = stage.recorded();
    assert_eq!(
        names(&recorded),
        [
            "aws-login",
            "aws-login", // the plan
            "aws-login",
            "aws-login", // the apply
            "aws-login",
            "deploy-service",
            "check-cluster",
            "aws-login",
        ]
    );
    let role_of = |at: usize| recorded[at].1["role-to-assume"].clone();
    assert_eq!(role_of(2), "arn:aws:iam::1:role/production-infrastructure");
    assert_eq!(role_of(4), "arn:aws:iam::1:role/production");
    assert_eq!(recorded[5].1["task-definition"], "the-task_definition_arn");
}
