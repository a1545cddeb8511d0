//! The composite actions in workflow runs: the stand-in for GitHub starts them, act executes them, and launcher and
//! binaries are the real ones.

use std::time::Duration;

use world::github::{GitHub, Run, RunSettings};

use crate::support::team::{REPOSITORY, Team};
use crate::support::{binaries, repository};

const TFVARS: &str = "terraform/environments/production/image.auto.tfvars";

/// Where workflows say `ACTIONS`, they mean this.
const ACTIONS: &str = "keycloak-ecs-actions/keycloak-ecs-actions/actions";

/// The run that a push of this workflow starts, and everything that it wrote.
fn run(team: &Team, workflow: &str) -> (Run, String) {
    let world = &team.account.world;
    world.github.configure(REPOSITORY, |options| {
        options.actions_can_create_pull_requests = true;
    });
    let binaries = binaries().to_str().unwrap().to_owned();
    let settings = RunSettings {
        product: repository().to_owned(),
        product_name: "keycloak-ecs-actions/keycloak-ecs-actions".to_owned(),
        extra_env: [("KECS_BIN_DIR".to_owned(), binaries)].into(),
        ..RunSettings::default()
    };
    team.account
        .wait(async { GitHub::run_workflows(world, settings) });
    let workflow = workflow.replace("ACTIONS/", &format!("{ACTIONS}/"));
    team.commit(
        "Add a workflow",
        &[(".github/workflows/own.yml", &workflow)],
    );
    let idle = GitHub::idle(world, Duration::from_secs(300));
    assert!(team.account.wait(idle), "the run has no end");
    let run = world.github.runs().remove(0);
    let log = std::fs::read_to_string(&run.log_path).unwrap();
    (run, log)
}

fn conclusion(run: &Run) -> &str {
    run.conclusion.as_deref().unwrap_or_default()
}

#[test]
fn a_job_logs_in_with_its_own_token_and_leaves_nothing_behind() {
    let team = Team::with(&[("README.md", "Keycloak\n")]);
    let (run, log) = run(
        &team,
        "
on: push
jobs:
  login:
    runs-on: ubuntu-24.04
    environment: production
    permissions: {id-token: write}
    steps:
      - id: login
        uses: ACTIONS/aws-login@0123456789012345678901234567890123456789
        with: {role-to-assume: 'arn:aws:iam::123456789012:role/deploy', aws-region: eu-central-1}
      - run: echo \"arn=$ARN token=$AWS_SESSION_TOKEN ${#AWS_SESSION_TOKEN}\"; echo \"$AWS_SESSION_TOKEN\" >kept
        env: {ARN: '${{ steps.login.outputs.authenticated-arn }}'}
      - uses: ACTIONS/aws-login@0123456789012345678901234567890123456789
        if: always()
        with: {operation: logout}
      - run: echo \"after=[$AWS_SESSION_TOKEN] was=$(wc -c <kept)\"
  other:
    needs: login
    runs-on: ubuntu-24.04
    permissions: {contents: read}
    steps:
      - uses: ACTIONS/aws-login@0123456789012345678901234567890123456789
        with: {role-to-assume: 'arn:aws:iam::123456789012:role/deploy', aws-region: eu-central-1}
",
    );
    let arn = "arn=arn:aws:sts::123456789012:assumed-role/deploy/gha-";
    assert!(log.contains(&format!("login | {arn}")), "{log}");
    assert!(log.contains("token=*** "), "{log}");
    assert!(log.contains("login | after=[] was="), "{log}");
    assert_eq!(run.jobs[0].conclusion.as_deref(), Some("success"), "{log}");
    // The one without `id-token: write` is told what it lacks.
    assert_eq!(run.jobs[1].conclusion.as_deref(), Some("failure"), "{log}");
    let annotations = &run.annotations;
    let told = annotations
        .iter()
        .find(|told| told.message.contains("id-token: write"))
        .unwrap_or_else(|| panic!("{annotations:?}"));
    assert_eq!((told.level.as_str(), told.job.as_str()), ("error", "other"));
}

#[test]
fn a_job_reserves_a_tag_and_proposes_it() {
    let team = Team::with(&[
        (
            "docker/Dockerfile",
            "ARG KEYCLOAK_VERSION=26.7.5\nFROM quay.io/keycloak/keycloak:${KEYCLOAK_VERSION}\n",
        ),
        (TFVARS, "keycloak_image_tag = \"\" # the release\n"),
    ]);
    let (run, log) = run(
        &team,
        "
on: push
permissions: {}
jobs:
  release:
    runs-on: ubuntu-24.04
    permissions: {contents: write, pull-requests: write}
    steps:
      - uses: actions/checkout@0123456789012345678901234567890123456789
      - id: tag
        uses: ACTIONS/bump-tag@0123456789012345678901234567890123456789
      - uses: ACTIONS/update-tfvar@0123456789012345678901234567890123456789
        with:
          file: terraform/environments/production/image.auto.tfvars
          variables: keycloak_image_tag=${{ steps.tag.outputs.tag }}
",
    );
    assert_eq!(conclusion(&run), "success", "{log}");
    let tag = team.git(&["ls-remote", "--tags", "--refs", "origin"]);
    let tag = tag.rsplit("refs/tags/keycloak-").next().unwrap().trim();
    let github = &team.account.world.github;
    let pull = &github.pull_requests(REPOSITORY)[0];
    assert_eq!(pull.author, "github-actions[bot]");
    team.git(&["fetch", "-q", "origin", &pull.head_branch]);
    let proposed = team.git(&["show", &format!("FETCH_HEAD:{TFVARS}")]);
    assert_eq!(
        proposed,
        format!("keycloak_image_tag = \"{tag}\" # the release")
    );
    let summaries = &run.jobs[0].summaries;
    assert_eq!(summaries.len(), 2, "{summaries:?}");
    assert!(
        summaries.iter().all(|summary| summary.contains(tag)),
        "{summaries:?}"
    );
    // What a job's own token pushed and proposed starts nothing.
    assert_eq!(github.runs().len(), 1);
}
