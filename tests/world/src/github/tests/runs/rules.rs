//! GitHub's rules: what starts a run, what its jobs may do, how they hang together.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::json;

use super::super::client::REPOSITORY;
use super::{Stage, log};
use crate::github::{Environment, RepositoryOptions};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_github_token_does_starts_nothing() {
    let workflow = "
on: {push: {branches: [main], paths: ['docs/**', '!docs/draft']}, pull_request: {}}
jobs: {a: {runs-on: ubuntu-24.04, steps: [{run: 'true'}]}}
";
    let stage = Stage::with(RepositoryOptions::default(), workflow).await;
    for (path, message) in [
        ("docs/draft", "Draft"),
        ("docs/a", "A page [skip ci]"),
        ("docs/b", "Another page"),
    ] {
        stage.file(path, "text\n");
        stage.push("main", message).await;
    }
    let writes = [
        ("contents", crate::github::Access::Write),
        ("pull-requests", crate::github::Access::Write),
    ];
    let job = stage.scene.job_token(&writes);
    stage.file("docs/c", "text\n");
    stage.push("topic", "A third page").await;
    stage.scene.world.github.configure(REPOSITORY, |options| {
        options.actions_can_create_pull_requests = true
    });
    stage.propose(&job, "topic").await;
    assert_eq!(stage.scene.merge(&job, 1).await.status, 200);
    let run = stage.only("success").await;
    assert_eq!(run.title, "Another page");
    let decisions = stage.decisions();
    for (expected, times) in [
        (
            "push .github/workflows/own.yml: paths: no changed file matches",
            2,
        ),
        (
            "push .github/workflows/own.yml: the head commit's message has [skip ci]",
            1,
        ),
        ("push .github/workflows/own.yml: push by ada (person)", 1),
        (
            "pull_request .github/workflows/own.yml: caused by github-actions[bot] (GITHUB_TOKEN of run 1): GITHUB_TOKEN starts no runs",
            1,
        ),
        (
            "push .github/workflows/own.yml: caused by github-actions[bot] (GITHUB_TOKEN of run 1): GITHUB_TOKEN starts no runs",
            1,
        ),
        (
            "push .github/workflows/own.yml: branches: topic matches none of",
            1,
        ),
    ] {
        let found = decisions
            .iter()
            .filter(|decision| decision.starts_with(expected))
            .count();
        assert_eq!(found, times, "{expected}: {decisions:#?}");
    }
}

const TRY: &str = "
on: {pull_request: {}, workflow_dispatch: {inputs: {flag: {type: boolean}, count: {type: number, default: 2}, text: {required: true}}}}
permissions: {contents: read}
jobs:
  plain:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - run: |
          post() { curl -s -o /dev/null -w '%{http_code}' -H \"authorization: bearer $TOKEN\" -d \"{\\\"ref\\\":\\\"refs/tags/$1\\\",\\\"sha\\\":\\\"$(git rev-parse HEAD)\\\"}\" \"$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/git/refs\"; }
          echo \"plain: secret=${SECRET:-none} var=${VAR:-none} oidc=${ACTIONS_ID_TOKEN_REQUEST_URL:-none} write=$(post plain) file=$(cat README.md)\"
        env: {TOKEN: '${{ github.token }}', SECRET: '${{ secrets.KEY }}', VAR: '${{ vars.NAME }}'}
  strong:
    runs-on: ubuntu-24.04
    environment: {name: \"${{ github.event_name == 'workflow_dispatch' && 'staging' || 'production' }}\"}
    permissions: {contents: write, id-token: write}
    steps:
      - uses: actions/checkout@v7
      - run: |
          post() { curl -s -o /dev/null -w '%{http_code}' -H \"authorization: bearer $TOKEN\" -d \"{\\\"ref\\\":\\\"refs/tags/$1\\\",\\\"sha\\\":\\\"$(git rev-parse HEAD)\\\"}\" \"$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/git/refs\"; }
          sub=none
          if [[ -n $ACTIONS_ID_TOKEN_REQUEST_URL ]]; then
            jwt=$(curl -s -H \"authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN\" \"$ACTIONS_ID_TOKEN_REQUEST_URL&audience=x\")
            sub=$(cut -d. -f2 <<<\"$jwt\" | tr _- /+ | base64 -d 2>/dev/null | grep -o '\"sub\":\"[^\"]*\"')
          fi
          echo \"strong: var=${VAR:-none} $sub write=$(post strong) secret=${#SECRET} $INPUTS\"
        env: {TOKEN: '${{ github.token }}', SECRET: '${{ secrets.KEY }}', VAR: '${{ vars.NAME }}', INPUTS: '${{ format(''{0} {1} {2}'', inputs.flag && ''on'' || ''off'', inputs.count, inputs.text) }}'}
";

fn configured() -> RepositoryOptions {
    let map = |value: &str| -> BTreeMap<String, String> {
        [("NAME".to_owned(), value.to_owned())].into()
    };
    let secret =
        |value: &str| -> BTreeMap<String, String> { [("KEY".to_owned(), value.to_owned())].into() };
    RepositoryOptions {
        variables: map("repository"),
        secrets: secret("sesame-of-the-repository"),
        environments: [(
            "staging".to_owned(),
            Environment {
                variables: map("staging"),
                secrets: secret("four"),
            },
        )]
        .into(),
        ..RepositoryOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_may_do_what_it_says_and_no_more() {
    let stage = Stage::with(configured(), TRY).await;
    let missing = stage.dispatch("own.yml", json!({})).await;
    assert_eq!(missing.status, 422, "{missing:?}");
    let started = stage
        .dispatch(
            "own.yml",
            json!({"flag": "false", "text": "it's }} ${{ x }}"}),
        )
        .await;
    assert_eq!(started.status, 204, "{started:?}");
    let run = stage.only("success").await;
    let log = log(&run);
    assert!(
        log.contains("plain: secret=*** var=repository oidc=none write=403 file=Keycloak"),
        "{log}"
    );
    assert!(
        log.contains("strong: var=staging \"sub\":\"repo:acme/idp:environment:staging\" write=201 secret=4 off 2 it's }} ${{ x }}"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_from_a_fork_gets_nothing_secret() {
    let stage = Stage::with(configured(), TRY).await;
    let eve = stage.scene.world.github.outsider_token("eve");
    let fork = stage
        .scene
        .request(
            &eve,
            Method::POST,
            &format!("/repos/{REPOSITORY}/forks"),
            Some(json!({})),
        )
        .await;
    assert_eq!(fork.status, 202, "{fork:?}");
    let content = json!({"message": "Mine", "content": "bWluZQo=", "branch": "main"});
    let made = stage
        .scene
        .request(
            &eve,
            Method::PUT,
            "/repos/eve/idp/contents/mine.txt",
            Some(content),
        )
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    stage.propose(&eve, "eve:main").await;
    stage.file("own.txt", "text\n");
    stage.push("own", "From here").await;
    stage.propose(&stage.scene.person, "own").await;
    let runs = stage.ended().await;
    let pulls: Vec<String> = runs
        .iter()
        .filter(|run| run.event == "pull_request")
        .map(log)
        .collect();
    assert_eq!(pulls.len(), 2, "{:#?}", stage.decisions());
    assert!(
        pulls[0].contains("plain: secret=none var=none oidc=none write=403"),
        "{}",
        pulls[0]
    );
    assert!(
        pulls[0].contains("strong: var=none none write=403 secret=0"),
        "{}",
        pulls[0]
    );
    assert!(
        pulls[1].contains("plain: secret=*** var=repository oidc=none write=403"),
        "{}",
        pulls[1]
    );
    assert!(
        pulls[1].contains(
            "strong: var=repository \"sub\":\"repo:acme/idp:environment:production\" write=201"
        ),
        "{}",
        pulls[1]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_asks_for_more_than_its_caller_has_does_not_start() {
    let stage = Stage::shipped(RepositoryOptions::default()).await;
    let path = stage.clone.join(".github/workflows/release.yml");
    let text = std::fs::read_to_string(&path).expect("the caller");
    std::fs::write(
        &path,
        text.replace("      id-token: write", "      id-token: none"),
    )
    .expect("a file");
    stage.file("docker/a", "text\n");
    stage.push("main", "Add the workflows").await;
    let run = stage.only("startup_failure").await;
    let reason = run.reason.unwrap_or_default();
    assert!(
        reason.contains("is requesting 'id-token: write', but is only allowed 'id-token: none'"),
        "{reason}"
    );
}
