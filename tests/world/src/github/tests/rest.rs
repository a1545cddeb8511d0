//! The REST API.

use std::sync::Arc;

use axum::http::Method;
use serde_json::json;

use super::client::{REPOSITORY, Scene};
use crate::github::{Access, RepositoryOptions};

#[tokio::test]
async fn of_many_who_reserve_a_tag_one_wins() {
    let scene = Arc::new(Scene::new(RepositoryOptions::default()).await);
    let sha = scene.tip("main").await;
    let tries = (0..20).map(|_| {
        let (scene, sha) = (scene.clone(), sha.clone());
        tokio::spawn(async move {
            let body = json!({"ref": "refs/tags/keycloak-1.0.0", "sha": sha});
            let reply = scene.post(&scene.person, "/git/refs", body).await;
            (reply.status, reply.message())
        })
    });
    let mut created = 0;
    for reply in tries.collect::<Vec<_>>() {
        match reply.await.expect("an answer") {
            (201, _) => created += 1,
            (status, message) => {
                assert_eq!(
                    (status, message.as_str()),
                    (422, "Reference already exists")
                );
            }
        }
    }
    assert_eq!(created, 1);
}

#[tokio::test]
async fn pull_requests_are_refused_with_githubs_words() {
    let scene = Scene::new(RepositoryOptions::default()).await;
    assert_eq!(
        scene.propose(&scene.person, "topic", "a.txt").await.status,
        201
    );
    let body = json!({"title": "Again", "head": "topic", "base": "main"});
    let again = scene.post(&scene.person, "/pulls", body.clone()).await;
    assert_eq!(again.status, 422);
    assert_eq!(
        again.message(),
        "A pull request already exists for acme:topic."
    );
    let sha = scene.tip("main").await;
    let branch = json!({"ref": "refs/heads/same", "sha": sha});
    scene.post(&scene.person, "/git/refs", branch).await;
    let same = json!({"title": "Same", "head": "same", "base": "main"});
    let same = scene.post(&scene.person, "/pulls", same).await;
    assert_eq!(same.message(), "No commits between main and same");
    let job = scene.job_token(&[
        ("contents", Access::Write),
        ("pull-requests", Access::Write),
    ]);
    let refused = scene.post(&job, "/pulls", body.clone()).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.message(),
        "GitHub Actions is not permitted to create or approve pull requests."
    );
    scene.world.github.configure(REPOSITORY, |options| {
        options.actions_can_create_pull_requests = true;
    });
    assert_eq!(scene.post(&job, "/pulls", body).await.status, 422);
}

#[tokio::test]
async fn tokens_do_what_they_may() {
    let scene = Scene::new(RepositoryOptions::default()).await;
    let reader = scene.job_token(&[("contents", Access::Read)]);
    let body = json!({"ref": "refs/heads/x", "sha": scene.tip("main").await});
    let refused = scene.post(&reader, "/git/refs", body.clone()).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.message(), "Resource not accessible by integration");
    assert_eq!(
        refused.headers["x-accepted-github-permissions"],
        "contents=write"
    );
    assert_eq!(scene.post("", "/git/refs", body.clone()).await.status, 401);
    let wrong = scene.get("ghp_wrong", "").await;
    assert_eq!(
        (wrong.status, wrong.message().as_str()),
        (401, "Bad credentials")
    );
    let outsider = scene.world.github.outsider_token("eve");
    assert_eq!(scene.get(&outsider, "").await.status, 200);
    assert_eq!(scene.post(&outsider, "/git/refs", body).await.status, 403);
    scene
        .world
        .github
        .configure(REPOSITORY, |options| options.private = true);
    assert_eq!(scene.get(&outsider, "").await.status, 404);
    assert_eq!(scene.get("", "").await.status, 404);
    assert_eq!(scene.get(&reader, "/git/ref/heads/main").await.status, 200);
    scene.world.github.revoke(&reader);
    assert_eq!(scene.get(&reader, "/git/ref/heads/main").await.status, 401);
}

#[tokio::test]
async fn merges_are_real() {
    let scene = Scene::new(RepositoryOptions::default()).await;
    scene.propose(&scene.person, "one", "a.txt").await;
    scene.propose(&scene.person, "two", "a.txt").await;
    let path = format!("/repos/{REPOSITORY}/pulls/1/merge");
    let stale = json!({"sha": "0".repeat(40)});
    let stale = scene
        .request(&scene.person, Method::PUT, &path, Some(stale))
        .await;
    assert_eq!(stale.status, 409);
    let squash = json!({"merge_method": "squash"});
    let merged = scene
        .request(&scene.person, Method::PUT, &path, Some(squash))
        .await;
    assert_eq!(merged.status, 200, "{merged:?}");
    assert_eq!(scene.tip("main").await, merged.text("/sha"));
    let commit = scene
        .get(&scene.person, &format!("/commits/{}", merged.text("/sha")))
        .await;
    assert_eq!(commit.text("/commit/message"), "Write a.txt (#1)");
    assert_eq!(commit.body["commit"]["verification"]["verified"], true);
    assert_eq!(commit.text("/files/0/filename"), "a.txt");
    // The same file with the same content merges; another content conflicts.
    scene.put(&scene.person, "two", "a.txt", "other\n").await;
    let pull = scene.get(&scene.person, "/pulls/2").await;
    assert_eq!(pull.text("/mergeable_state"), "dirty");
    assert_eq!(scene.merge(&scene.person, 2).await.status, 405);
    assert_eq!(scene.merge(&scene.person, 1).await.status, 405);
}

#[tokio::test]
async fn lists_have_pages() {
    let scene = Scene::new(RepositoryOptions::default()).await;
    for name in ["a", "b", "c"] {
        scene.propose(&scene.person, name, name).await;
    }
    let page = scene
        .get(&scene.person, "/pulls?state=open&per_page=2")
        .await;
    assert_eq!(page.body.as_array().map(Vec::len), Some(2));
    let link = page.headers["link"].to_str().expect("a text");
    assert!(link.contains("page=2>; rel=\"next\""), "{link}");
    assert!(link.contains("state=open"), "{link}");
    let head = scene
        .get(&scene.person, "/pulls?head=acme:b&base=main")
        .await;
    assert_eq!(head.body.as_array().map(Vec::len), Some(1));
    assert_eq!(page.headers["x-ratelimit-limit"], "5000");
}
