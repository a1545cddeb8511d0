//! All that the stand-in can be asked.

use axum::http::Method;
use serde_json::{Value, json};

use super::super::client::{REPOSITORY, Reply, Scene};
use crate::github::graphql::schema;

/// Sends a request below the repository's address, which must be granted.
async fn send(scene: &Scene, method: Method, path: &str, body: Value) -> Reply {
    let body = (!body.is_null()).then_some(body);
    let path = match path.strip_prefix('/') {
        Some(_) => path.to_owned(),
        None => format!("/repos/{REPOSITORY}/{path}")
            .trim_end_matches('/')
            .to_owned(),
    };
    let reply = scene
        .request(&scene.person, method.clone(), &path, body)
        .await;
    assert!(
        (200..300).contains(&reply.status),
        "{method} {path}: {reply:?}"
    );
    reply
}

/// Every REST operation that the stand-in has, at least once.
pub(super) async fn everything(scene: &Scene) {
    let (get, post, patch) = (Method::GET, Method::POST, Method::PATCH);
    let head = scene.tip("main").await;
    scene.world.github.person_token("bob");
    let workflow = "on: {workflow_dispatch: {}, repository_dispatch: {}}\njobs: {a: {runs-on: x, steps: []}}\n";
    scene
        .put(&scene.person, "main", ".github/workflows/own.yml", workflow)
        .await;
    let blob = send(scene, post.clone(), "git/blobs", json!({"content": "text"}))
        .await
        .text("/sha");
    let entry = json!({"path": "b.txt", "mode": "100644", "type": "blob", "sha": blob});
    let tree = json!({"base_tree": head, "tree": [entry]});
    let tree = send(scene, post.clone(), "git/trees", tree)
        .await
        .text("/sha");
    let commit = json!({"message": "By hand", "tree": tree, "parents": [head]});
    let commit = send(scene, post.clone(), "git/commits", commit)
        .await
        .text("/sha");
    let tag = json!({"tag": "v1", "message": "One", "object": commit, "type": "commit"});
    let tag = send(scene, post.clone(), "git/tags", tag)
        .await
        .text("/sha");
    for (name, sha) in [
        ("tags/v1", &tag),
        ("heads/topic", &commit),
        ("heads/gone", &commit),
        ("heads/other", &commit),
    ] {
        send(
            scene,
            post.clone(),
            "git/refs",
            json!({"ref": format!("refs/{name}"), "sha": sha}),
        )
        .await;
    }
    send(
        scene,
        patch.clone(),
        "git/refs/heads/gone",
        json!({"sha": head, "force": true}),
    )
    .await;
    send(scene, Method::DELETE, "git/refs/heads/gone", Value::Null).await;
    let pull = json!({"title": "A change", "head": "topic", "base": "main", "body": "Why", "draft": false});
    send(scene, post.clone(), "pulls", pull).await;
    send(
        scene,
        patch.clone(),
        "pulls/1",
        json!({"title": "The change", "body": "Because"}),
    )
    .await;
    send(
        scene,
        post.clone(),
        "pulls/1/requested_reviewers",
        json!({"reviewers": ["bob"]}),
    )
    .await;
    send(
        scene,
        post.clone(),
        "issues/1/assignees",
        json!({"assignees": ["bob"]}),
    )
    .await;
    send(
        scene,
        post.clone(),
        "issues/1/labels",
        json!({"labels": ["image"]}),
    )
    .await;
    send(scene, patch.clone(), "issues/1", json!({"milestone": 1})).await;
    let comment = send(
        scene,
        post.clone(),
        "issues/1/comments",
        json!({"body": "Well"}),
    )
    .await;
    let comment = format!("issues/comments/{}", comment.body["id"]);
    send(scene, patch, &comment, json!({"body": "Well done"})).await;
    let dispatch = json!({"ref": "main", "return_run_details": true});
    let run = send(
        scene,
        post.clone(),
        "actions/workflows/own.yml/dispatches",
        dispatch,
    )
    .await;
    let run = format!("actions/runs/{}", run.body["workflow_run_id"]);
    send(
        scene,
        post.clone(),
        "dispatches",
        json!({"event_type": "ping"}),
    )
    .await;
    for path in [
        "",
        "tags",
        "branches/main",
        "actions/variables?per_page=5",
        "actions/runs?event=workflow_dispatch&status=queued",
        &run,
        &format!("{run}/jobs"),
        "git/ref/tags/v1",
        "git/matching-refs/tags/v",
        &format!("git/tags/{tag}"),
        &format!("git/commits/{commit}"),
        &format!("git/trees/{tree}?recursive=1"),
        &format!("git/blobs/{blob}"),
        "contents/README.md?ref=main",
        "contents/.github/workflows",
        "commits?sha=main&path=README.md&per_page=1",
        "commits/main",
        "commits/heads/main",
        "commits/topic/pulls",
        "compare/main...topic",
        "pulls?state=all&head=acme:topic&base=main&sort=created&direction=desc",
        "pulls/1",
        "pulls/1/files",
        "issues/1/labels",
        "issues/1/comments",
        "/user",
    ] {
        send(scene, get.clone(), path, Value::Null).await;
    }
    send(scene, post.clone(), &format!("{run}/cancel"), Value::Null).await;
    assert_eq!(
        send(scene, get.clone(), &run, Value::Null)
            .await
            .text("/conclusion"),
        "cancelled"
    );
    let merged = send(
        scene,
        Method::PUT,
        "pulls/1/merge",
        json!({"merge_method": "squash"}),
    )
    .await
    .text("/sha");
    let brought_in = send(
        scene,
        get.clone(),
        &format!("commits/{merged}/pulls"),
        Value::Null,
    )
    .await;
    assert_eq!(brought_in.body[0]["number"], 1);
    send(scene, get, "pulls/1", Value::Null).await;
    send(
        scene,
        post.clone(),
        "/user/repos",
        json!({"name": "mine", "private": true}),
    )
    .await;
    let eve = scene.world.github.outsider_token("eve");
    let fork = scene
        .request(&eve, post, &format!("/repos/{REPOSITORY}/forks"), None)
        .await;
    assert_eq!(fork.status, 202, "{fork:?}");
}

/// Every field of a type, and of those that it holds, down to a depth.
pub(super) fn selection(name: &str, depth: usize) -> String {
    aliased(name, depth, "")
}

/// With an alias for each field, since fragments on several types must not give one name to fields of several types.
fn aliased(name: &str, depth: usize, prefix: &str) -> String {
    let Some(found) = schema::find(name) else {
        return String::new();
    };
    let arguments = |field: &str| match field {
        "ref" => "(qualifiedName: \"refs/heads/main\")",
        "object" if name == "Repository" => "(expression: \"main\")",
        "pullRequest" if name == "Repository" => "(number: 1)",
        "pullRequests" | "labels" => "(first: 5)",
        _ => "",
    };
    let mut fields = vec!["__typename".to_owned()];
    for field in found.fields {
        let alias = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}{}: ", field.name)
        };
        let named = format!("{alias}{}{}", field.name, arguments(field.name));
        match field.of {
            "" => fields.push(named),
            _ if depth == 0 => {}
            of => fields.push(format!("{named} {{ {} }}", selection(of, depth - 1))),
        }
    }
    if name == "GitObject" && depth > 0 {
        for kind in ["Blob", "Commit", "Tree", "Tag"] {
            fields.push(format!(
                "... on {kind} {{ {} }}",
                aliased(kind, depth - 1, kind)
            ));
        }
    }
    fields.join(" ")
}
