//! More than one environment: an image goes from one to the next, and full applies have an environment of their own.

use serde_json::{Value, json};

use super::shipped::{image, names, pairs};
use super::{Stage, jobs, log};
use crate::github::{Environment, RepositoryOptions};

const TERRAFORM: &str = "#!/bin/sh
case $1 in
  version) echo 'Terraform v0' ;;
  init) ;;
  plan) for given in \"$@\"; do case $given in -out=*) echo planned >\"${given#-out=}\" ;; esac; done ;;
  show) echo 'Plan: 1 to change.' ;;
  apply) echo \"applied $*\" ;;
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
