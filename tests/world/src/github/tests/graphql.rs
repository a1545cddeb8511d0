//! The GraphQL API.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};

use super::client::{REPOSITORY, Scene};
use crate::github::{Access, RepositoryOptions};

const COMMIT: &str = "mutation($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid message } ref { name prefix } }
}";

fn commit_input(head: &str, path: &str) -> Value {
    json!({"input": {
        "branch": {"repositoryNameWithOwner": REPOSITORY, "branchName": "main"},
        "expectedHeadOid": head,
        "message": {"headline": "Set the tag", "body": "Why."},
        "fileChanges": {"additions": [{
            "path": path,
            "contents": crate::github::rest::encode(b"image_tag = \"1.0.0\"\r\n"),
        }]},
    }})
}

#[tokio::test]
async fn a_commit_on_a_branch_is_real() {
    let scene = Scene::new(RepositoryOptions::default()).await;
    let head = scene.tip("main").await;
    let reply = scene
        .graphql(&scene.person, COMMIT, commit_input(&head, "a/b.tfvars"))
        .await;
    let sha = reply.text("/data/createCommitOnBranch/commit/oid");
    assert_eq!(scene.tip("main").await, sha);
    let query = "query($o: String!, $n: String!) { repository(owner: $o, name: $n) {
        defaultBranchRef { name target { oid ... on Commit { messageHeadline } } }
        file: object(expression: \"main:a/b.tfvars\") { __typename ... on Blob { ...content } }
        none: object(expression: \"main:none\") { oid }
        pullRequests(first: 5, states: [OPEN]) { totalCount nodes { number } }
      } } fragment content on Blob { text isBinary }";
    let names = json!({"o": "acme", "n": "idp"});
    let reply = scene.graphql(&scene.person, query, names).await;
    let found = &reply.body["data"]["repository"];
    assert_eq!(
        found["defaultBranchRef"]["target"]["messageHeadline"],
        "Set the tag"
    );
    assert_eq!(
        found["file"]["text"], "image_tag = \"1.0.0\"\r\n",
        "{reply:?}"
    );
    assert_eq!(found["file"]["__typename"], "Blob");
    assert_eq!(found["none"], Value::Null);
    assert_eq!(found["pullRequests"]["totalCount"], 0);
    let stale = scene
        .graphql(&scene.person, COMMIT, commit_input(&head, "c"))
        .await;
    assert_eq!(stale.body["data"], json!({"createCommitOnBranch": null}));
    assert_eq!(stale.text("/errors/0/type"), "STALE_DATA");
    assert_eq!(
        stale.message(),
        format!("Expected branch to point to \"{head}\" but it did not.  Pull and try again.")
    );
}

#[tokio::test]
async fn of_many_commits_on_one_head_one_wins() {
    let scene = Arc::new(Scene::new(RepositoryOptions::default()).await);
    let head = scene.tip("main").await;
    let tries = (0..20).map(|n| {
        let (scene, input) = (scene.clone(), commit_input(&head, &format!("file-{n}")));
        tokio::spawn(async move { scene.graphql(&scene.person, COMMIT, input).await })
    });
    let mut won = 0;
    for reply in tries.collect::<Vec<_>>() {
        let reply = reply.await.expect("an answer");
        match reply.body.get("errors") {
            None => won += 1,
            Some(_) => assert_eq!(reply.text("/errors/0/type"), "STALE_DATA"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn what_is_not_known_is_an_error_and_nothing_is_done() {
    let scene = Scene::new(RepositoryOptions::default()).await;
    let head = scene.tip("main").await;
    let query = COMMIT.replace("oid message", "oid sha");
    let ask = async |query: &str, variables: Value| {
        let body = json!({"query": query, "variables": variables});
        scene.wrong(Method::POST, "/graphql", Some(body)).await
    };
    let reply = ask(&query, commit_input(&head, "x")).await;
    assert_eq!(
        reply.message(),
        "Field 'sha' doesn't exist on type 'Commit'"
    );
    assert_eq!(scene.tip("main").await, head);
    for query in [
        "{ repository(owner: \"acme\", nam: \"idp\") { id } }",
        "{ repository(owner: \"acme\", name: \"idp\") }",
        "{ viewer { login { x } } }",
        "{ repository(owner: \"acme\", name: \"idp\") { ... on User { login } } }",
        "{ viewer { ...missing } }",
        "{ viewer { login }",
    ] {
        let reply = ask(query, json!({})).await;
        assert!(reply.body.get("data").is_none(), "{query}: {reply:?}");
        assert!(!reply.message().is_empty());
    }
    let reader = scene.job_token(&[("contents", Access::Read)]);
    let refused = scene
        .graphql(&reader, COMMIT, commit_input(&head, "x"))
        .await;
    assert_eq!(refused.text("/errors/0/type"), "FORBIDDEN");
    assert_eq!(
        scene
            .graphql("", COMMIT, commit_input(&head, "x"))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn auto_merge_is_refused_with_githubs_words() {
    let scene = Scene::new(RepositoryOptions::default()).await;
    let pull = scene
        .propose(&scene.person, "topic", "a.txt")
        .await
        .text("/node_id");
    let query = "mutation($id: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $id,
        mergeMethod: SQUASH}) { pullRequest { number autoMergeRequest { mergeMethod enabledBy { login } } } } }";
    let reply = scene
        .graphql(&scene.person, query, json!({"id": pull}))
        .await;
    assert_eq!(
        reply.message(),
        "Auto merge is not allowed for this repository"
    );
    scene
        .world
        .github
        .configure(REPOSITORY, |options| options.allow_auto_merge = true);
    let reply = scene
        .graphql(&scene.person, query, json!({"id": pull}))
        .await;
    assert_eq!(
        reply.message(),
        "Pull request Pull request is in clean status"
    );
    scene.world.github.configure(REPOSITORY, |options| {
        options.required_workflows = vec!["pull-request.yml".to_owned()];
    });
    let reply = scene
        .graphql(&scene.person, query, json!({"id": pull}))
        .await;
    let request = &reply.body["data"]["enablePullRequestAutoMerge"]["pullRequest"];
    assert_eq!(
        request["autoMergeRequest"]["mergeMethod"], "SQUASH",
        "{reply:?}"
    );
    assert_eq!(request["autoMergeRequest"]["enabledBy"]["login"], "ada");
    assert_eq!(scene.merge(&scene.person, 1).await.status, 405);
    let gone = scene
        .graphql(&scene.person, query, json!({"id": "PR_1_1"}))
        .await;
    assert_eq!(gone.text("/errors/0/type"), "NOT_FOUND");
}
