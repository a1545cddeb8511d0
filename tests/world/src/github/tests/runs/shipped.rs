//! The workflows that users copy, calling the real reusable ones, with actions that write down what they are given.

use serde_json::Value;

use super::{Stage, jobs, log};
use crate::github::{Environment, RepositoryOptions};

const IMAGE: &str = "terraform/environments/production/image.auto.tfvars";

pub(super) fn image(tag: &str) -> String {
    format!("keycloak_image_tag    = \"{tag}\"\nkeycloak_image_digest = \"sha256:{tag}\"\n")
}

pub(super) fn pairs(pairs: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

pub(super) fn names(recorded: &[(String, Value)]) -> Vec<&str> {
    recorded.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_that_touches_docker_is_checked() {
    let stage = Stage::shipped(RepositoryOptions::default()).await;
    stage.push("main", "Add the workflows").await;
    stage.file("docker/providers.yml", "providers: []\n");
    stage.push("bump", "Bump a provider").await;
    let mut progress = stage.scene.world.github.progress();
    stage.propose(&stage.scene.person, "bump").await;
    let run = stage.only("success").await;
    let mut heard = Vec::new();
    while let Ok(change) = progress.try_recv() {
        heard.push((change.step.is_some(), change.job.is_some(), change.status));
    }
    let (of_run, of_job, of_step) = ((false, false), (false, true), (true, true));
    let count = |(step, job): (bool, bool), status| {
        heard
            .iter()
            .filter(|one| **one == (step, job, status))
            .count()
    };
    assert_eq!(heard[0], (false, false, "queued"));
    assert_eq!(
        (count(of_run, "in_progress"), count(of_run, "completed")),
        (1, 1)
    );
    assert_eq!(
        (count(of_job, "in_progress"), count(of_job, "completed")),
        (1, 1)
    );
    assert_eq!(
        (count(of_step, "in_progress"), count(of_step, "completed")),
        (5, 5)
    );
    assert_eq!(
        (run.event.as_str(), run.git_ref.as_str()),
        ("pull_request", "refs/pull/1/merge")
    );
    let name = "Pull request / Verify providers and build the image";
    assert_eq!(jobs(&run), [(name, "success")]);
    let recorded = stage.recorded();
    assert_eq!(
        names(&recorded),
        [
            "verify-providers",
            "verify-providers",
            "build-image",
            "bump-tag"
        ]
    );
    assert_eq!(recorded[0].1["operation"], "fetch");
    assert_eq!(recorded[2].1["repository"], "keycloak");
    assert_eq!(recorded[3].1["dry-run"], "true");
    let job = &run.jobs[0];
    let steps: Vec<&str> = job.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        steps,
        [
            "Check out",
            "Fetch the providers",
            "Verify the providers",
            "Build the image",
            "Show the next tag"
        ]
    );
    assert!(
        job.steps
            .iter()
            .all(|step| step.conclusion.as_deref() == Some("success") && step.seconds > 0.0)
    );
    assert_eq!(job.summaries.len(), 4, "{:?}", job.summaries);
    assert_eq!(job.summaries[3], "### bump-tag\n");
    // What the workflow may do is what its job may do.
    let token = recorded[3].1["token"].as_str().expect("a token");
    assert!(
        stage.scene.world.github.identify(token).is_none(),
        "its token outlived the run"
    );
    assert!(!log(&run).contains(token), "the log has the token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_touches_docker_is_released() {
    let options = RepositoryOptions {
        variables: pairs(&[
            ("AWS_ROLE_TO_ASSUME", "arn:aws:iam::1:role/push"),
            ("AWS_REGION", "eu-west-1"),
        ]),
        ..RepositoryOptions::default()
    };
    let stage = Stage::shipped(options).await;
    stage.file(IMAGE, &image(""));
    stage.push("main", "[skip ci] add the workflows").await;
    stage.file("docker/providers.yml", "providers: []\n");
    stage.push("main", "Bump a provider").await;
    let run = stage.only("success").await;
    let recorded = stage.recorded();
    assert_eq!(
        names(&recorded),
        [
            "verify-providers",
            "verify-providers",
            "aws-login",
            "bump-tag",
            "build-image",
            "update-tfvar",
            "aws-login"
        ],
        "{}",
        log(&run)
    );
    let given =
        |at: usize, name: &str| recorded[at].1[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(given(2, "role-to-assume"), "arn:aws:iam::1:role/push");
    assert_eq!(given(2, "aws-region"), "eu-west-1");
    assert_eq!(
        (given(4, "registry"), given(4, "tag")),
        ("registry.example".to_owned(), "1.0.0".to_owned())
    );
    assert_eq!(
        given(5, "variables"),
        "keycloak_image_tag=1.0.0\nkeycloak_image_digest=sha256:0123\n"
    );
    let facts = given(5, "facts");
    assert!(
        facts.starts_with("26 provider jars verified, 0 findings\n"),
        "{facts}"
    );
    assert_eq!(given(6, "operation"), "logout");
    let (workflow, reason) = (&run.workflow_path, stage.decisions());
    assert_eq!(workflow, ".github/workflows/release.yml");
    assert!(
        reason.iter().any(|told| told
            .starts_with("push .github/workflows/deploy.yml: paths: no changed file matches")),
        "{reason:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_was_rolled_back_is_not_proposed_again() {
    let stage = Stage::shipped(RepositoryOptions::default()).await;
    stage.file(IMAGE, "keycloak_image_digest = \"sha256:0123\"\n");
    stage.push("main", "[skip ci] deploy").await;
    stage.file(IMAGE, "keycloak_image_digest = \"\"\n");
    stage.push("main", "[skip ci] roll back").await;
    stage.file("docker/providers.yml", "providers: []\n");
    stage.push("main", "Bump a provider").await;
    let run = stage.only("success").await;
    // Only a checkout with history knows.
    assert!(
        !names(&stage.recorded()).contains(&"update-tfvar"),
        "{}",
        log(&run)
    );
    assert_eq!(run.annotations[0].level, "notice");
    assert!(
        run.annotations[0].message.contains("was taken back"),
        "{:?}",
        run.annotations
    );
}

const PLANS: &str = "#!/bin/bash
case $1 in
  version) echo 'Terraform v0' ;;
  init) ;;
  plan)
    case $(cat main.tf) in
      same) echo 'No changes.' ;;
      more) echo 'Plan: 1 to add, 0 to change, 0 to destroy.'; exit 2 ;;
      *) printf '\\nError: Invalid block definition\\n\\n  on main.tf\\n' >&2; exit 1 ;;
    esac ;;
esac
";

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_that_touches_terraform_shows_its_plan() {
    let options = RepositoryOptions {
        variables: pairs(&[
            ("AWS_PLAN_ROLE_TO_ASSUME", "arn:aws:iam::1:role/plan"),
            ("AWS_REGION", "eu-west-1"),
        ]),
        ..RepositoryOptions::default()
    };
    let stage = Stage::shipped(options).await;
    stage.program("terraform", PLANS);
    let main = "terraform/environments/production/main.tf";
    stage.file(main, "same");
    stage.push("main", "Add the stack and the workflows").await;
    for (branch, content, conclusion, told) in [
        (
            "more",
            "more",
            "success",
            "### plan of production: Plan: 1 to add, 0 to change, 0 to destroy.",
        ),
        (
            "note",
            "same",
            "success",
            "### plan of production: no changes",
        ),
        (
            "wrong",
            "}",
            "failure",
            "### plan of production: Error: Invalid block definition",
        ),
    ] {
        stage.file(main, content);
        stage.file("terraform/README.md", branch);
        stage.push(branch, "Change the stack").await;
        stage.propose(&stage.scene.person, branch).await;
        let runs = stage.ended().await;
        let run = runs.last().expect("a run");
        assert_eq!(run.conclusion.as_deref(), Some(conclusion), "{}", log(run));
        assert_eq!(jobs(run), [("Plan / plan production", conclusion)]);
        let summary = run.jobs[0].summaries.concat();
        assert!(summary.contains(told), "{summary}");
        let recorded = stage.recorded();
        let [.., (login, given), (logout, at_end)] = recorded.as_slice() else {
            panic!("{recorded:?}");
        };
        assert_eq!(
            (login.as_str(), logout.as_str()),
            ("aws-login", "aws-login")
        );
        assert_eq!(given["role-to-assume"], "arn:aws:iam::1:role/plan");
        assert_eq!(at_end["operation"], "logout");
    }
    let runs = stage.ended().await;
    let told = &runs.last().expect("a run").annotations[0];
    assert_eq!(told.message, "production: Error: Invalid block definition");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_role_a_plan_is_skipped() {
    let stage = Stage::shipped(RepositoryOptions::default()).await;
    stage.push("main", "Add the workflows").await;
    stage.file("terraform/README.md", "A stack\n");
    stage.push("stack", "Describe the stack").await;
    stage.propose(&stage.scene.person, "stack").await;
    let run = stage.only("skipped").await;
    assert_eq!(jobs(&run), [("Plan", "skipped")]);
    assert!(stage.recorded().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_image_is_deployed_into_its_environment() {
    let environment = Environment {
        variables: pairs(&[("AWS_ROLE_TO_ASSUME", "arn:aws:iam::2:role/production")]),
        ..Environment::default()
    };
    let options = RepositoryOptions {
        variables: pairs(&[
            ("AWS_ROLE_TO_ASSUME", "arn:aws:iam::1:role/any"),
            ("AWS_REGION", "eu-west-1"),
        ]),
        environments: [("production".to_owned(), environment)].into(),
        ..RepositoryOptions::default()
    };
    let stage = Stage::shipped(options).await;
    stage.program("terraform", super::environments::TERRAFORM);
    stage.file(IMAGE, &image("1.0.0"));
    stage.push("main", "[skip ci] add the workflows").await;
    stage.file(IMAGE, &image("1.1.0"));
    stage.push("next", "Take 1.1.0").await;
    stage.propose(&stage.scene.person, "next").await;
    // Nobody set up the role for plans.
    assert_eq!(jobs(&stage.only("skipped").await), [("Plan", "skipped")]);
    assert_eq!(stage.scene.merge(&stage.scene.person, 1).await.status, 200);
    let run = stage.ended().await.pop().expect("a run");
    assert_eq!(run.conclusion.as_deref(), Some("success"), "{}", log(&run));
    assert_eq!(
        jobs(&run),
        [
            ("Deploy / Find the environments", "success"),
            ("Deploy / deploy production", "success")
        ]
    );
    assert_eq!(run.jobs[1].environment.as_deref(), Some("production"));
    let recorded = stage.recorded();
    assert_eq!(
        names(&recorded),
        ["aws-login", "deploy-service", "check-cluster", "aws-login"],
        "{}",
        log(&run)
    );
    assert_eq!(
        recorded[0].1["role-to-assume"],
        "arn:aws:iam::2:role/production"
    );
    assert_eq!(recorded[0].1["aws-region"], "eu-west-1");
    assert_eq!(recorded[1].1["task-definition"], "the-task_definition_arn");
    assert!(
        log(&run).contains("The last healthy tag before 1.1.0: 1.0.0"),
        "{}",
        log(&run)
    );
    assert!(
        run.jobs[1].summaries[1].contains("### Next steps"),
        "{:?}",
        run.jobs[1].summaries
    );
    // By hand, with a choice that the workflow offers and one that it does not.
    let inputs =
        |operation: &str| serde_json::json!({"operation": operation, "environment": "production"});
    let refused = stage.dispatch("deploy.yml", inputs("destroy")).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let started = stage.dispatch("deploy.yml", inputs("rollback")).await;
    assert_eq!(started.status, 204, "{started:?}");
    let runs = stage.ended().await;
    let rollback = runs.last().expect("a run");
    assert_eq!(
        rollback.conclusion.as_deref(),
        Some("success"),
        "{}",
        log(rollback)
    );
    let recorded = stage.recorded();
    assert_eq!(
        names(&recorded[4..]),
        ["aws-login", "deploy-service", "update-tfvar", "aws-login"]
    );
    assert_eq!(
        recorded[6].1["variables"],
        "keycloak_image_tag=1.0.0\nkeycloak_image_digest=sha256:1.0.0\n"
    );
}
