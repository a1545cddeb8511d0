//! GitHub's own descriptions, held against the stand-in and against requests to it by `tests/foreign/github.sh`.

mod everything;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use everything::{everything, selection};

use super::client::Scene;
use crate::github::RepositoryOptions;

/// What the judge says of a folder, and whether it is content.
fn judge(folder: &Path) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../foreign/github.sh");
    let output = Command::new(script).arg(folder).output().expect("bash");
    let told = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&told).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn github_s_own_descriptions_agree_with_the_stand_in() {
    let options = RepositoryOptions {
        milestones: vec!["26.7".to_owned()],
        variables: [("NAME".to_owned(), "value".to_owned())].into(),
        ..RepositoryOptions::default()
    };
    let scene = Scene::new(options).await;
    let folder = scene.folder.path().join("recorded");
    scene.world.github.record_in(&folder).expect("a folder");
    everything(&scene).await;
    let query = format!(
        "{{ viewer {{ {} }} repository(owner: \"acme\", name: \"idp\") {{ {} }} }}",
        selection("User", 1),
        selection("Repository", 4)
    );
    let reply = scene.graphql(&scene.person, &query, json!({})).await;
    assert!(reply.body.get("errors").is_none(), "{reply:?}");
    let (content, told) = judge(&folder);
    assert!(content, "{told}");
    assert!(
        told.contains("ok REST: ") && told.contains("ok GraphQL: 1 requests"),
        "{told}"
    );
    println!("{told}");
    // No endpoint is left out.
    let asked: BTreeSet<String> = scene
        .world
        .journal
        .entries()
        .into_iter()
        .map(|entry| entry.operation)
        .collect();
    let routes = include_str!("../rest/routes.rs")
        .split('"')
        .skip(1)
        .step_by(2);
    let own = ["/", "/api", "/api/v3", "/contents/", "/{*rest}"];
    // The names of parameters may differ.
    let plain = |path: &str| -> String {
        let parts = path
            .split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    for route in routes.filter(|text| text.starts_with('/') && !own.contains(text)) {
        let known = asked
            .iter()
            .any(|asked| plain(asked).ends_with(&plain(route)));
        assert!(known, "{route} was not asked for: {asked:#?}");
    }
}

/// A record that is right but for one thing.
fn record(change: Value) -> String {
    let mut record = json!({
        "method": "GET", "path": "/repos/acme/idp/tags", "query": [], "body": null, "status": 200, "response": [],
        "raw": false, "caller": "ada", "wrong": false,
    });
    for (name, value) in change.as_object().expect("an object") {
        record[name] = value.clone();
    }
    format!("{record}\n")
}

#[test]
fn what_github_s_descriptions_do_not_know_is_told() {
    let graphql = |body: Value, response: Value| json!({"method": "POST", "path": "/graphql", "body": body, "response": response});
    let reference = |body: Value| {
        json!({"method": "POST", "path": "/repos/acme/idp/git/refs", "body": body, "status": 422,
            "response": {"message": "No", "documentation_url": "http://x"}})
    };
    let viewer = |query: &str, data: Value| graphql(json!({"query": query}), json!({"data": data}));
    let commit = |oid: &str| {
        let input =
            json!({"branch": {"id": "x"}, "message": {"headline": "x"}, "expectedHeadOid": oid});
        let query = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { clientMutationId } }";
        graphql(
            json!({"query": query, "variables": {"input": input}}),
            json!({"data": {"createCommitOnBranch": null}}),
        )
    };
    let sha = "a".repeat(40);
    let cases = [
        (json!({}), None),
        (
            json!({"path": "/repos/acme/idp/tag"}),
            Some("GitHub has no such operation"),
        ),
        (
            json!({"query": [["per_page", "many"]]}),
            Some("query per_page: 'many' is no integer"),
        ),
        (
            json!({"query": [["pages", "1"]]}),
            Some("query has no parameter 'pages'"),
        ),
        (
            json!({"path": "/repos/acme/idp/pulls", "query": [["state", "merged"]]}),
            Some("query state: 'merged' is none of"),
        ),
        (
            json!({"body": {"x": 1}}),
            Some("it has a body, and should have none"),
        ),
        (
            json!({"path": "/repos/acme/idp/pulls/one", "status": 404, "response": {"message": "Not Found"}}),
            Some("path pull_number: 'one' is no integer"),
        ),
        (reference(json!({"ref": "refs/tags/x", "sha": sha})), None),
        (
            reference(json!({"ref": "refs/tags/x"})),
            Some("body: 'sha' is a required property"),
        ),
        (
            reference(json!({"ref": "refs/tags/x", "sha": 1})),
            Some("body.sha: 1 is not of type 'string'"),
        ),
        (
            reference(json!({"ref": "refs/tags/x", "sha": sha, "force": true})),
            Some("body has no field 'force'"),
        ),
        (reference(Value::Null), Some("it has no body")),
        (
            json!({"response": [{"name": "v1", "node_id": "x", "tarball_url": "http://x", "zipball_url": "http://x"}]}),
            Some("answer 200[0]: 'commit' is a required property"),
        ),
        (
            json!({"status": 201}),
            Some("answer 201: this operation answers 200 only"),
        ),
        (
            json!({"status": 403, "response": {"error": 1, "message": 2}}),
            Some("answer 403.message: 2 is not of type 'string'"),
        ),
        (
            json!({"wrong": true}),
            Some("sent wrong on purpose, and nothing is wrong"),
        ),
        (
            viewer("{ viewer { login } }", json!({"viewer": {"login": "ada"}})),
            None,
        ),
        (
            viewer("{ viewer { logins } }", json!(null)),
            Some("Cannot query field \"logins\""),
        ),
        (
            viewer("{ viewer { login ", json!(null)),
            Some("Syntax Error"),
        ),
        (
            viewer("{ viewer { login } }", json!({"viewer": {}})),
            Some("Cannot return null for non-nullable field User.login"),
        ),
        (
            viewer(
                "{ viewer { login } }",
                json!({"viewer": {"login": "a", "id": "b"}}),
            ),
            Some("answer.viewer.id: \"b\" should not be there"),
        ),
        (
            viewer(
                "{ viewer { createdAt } }",
                json!({"viewer": {"createdAt": "now"}}),
            ),
            Some("DateTime: not \"now\""),
        ),
        (
            viewer("{ rateLimit { limit } viewer { bio(x: 1) } }", json!(null)),
            Some("Unknown argument \"x\""),
        ),
        (
            graphql(
                json!({"query": "{ viewer { login } }", "variables": {"x": 1}}),
                json!({"data": {"viewer": {"login": "a"}}}),
            ),
            Some("has no variable $x"),
        ),
        (
            graphql(
                json!({"query": "{ viewer { login } }"}),
                json!({"errors": [{"message": "No"}]}),
            ),
            Some("a good request was refused"),
        ),
        (commit(&sha), None),
        (commit("main"), Some("GitObjectID: not \"main\"")),
    ];
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("all.jsonl");
    let good = cases.iter().filter(|(_, fault)| fault.is_none());
    std::fs::write(
        &file,
        good.map(|(change, _)| record(change.clone()))
            .collect::<String>(),
    )
    .expect("a file");
    let (content, told) = judge(folder.path());
    assert!(content, "{told}");
    std::fs::write(
        &file,
        cases
            .iter()
            .map(|(change, _)| record(change.clone()))
            .collect::<String>(),
    )
    .expect("a file");
    let (content, told) = judge(folder.path());
    assert!(!content, "{told}");
    for (change, fault) in &cases {
        if let Some(fault) = fault {
            assert!(told.contains(fault), "{fault:?} for {change} in\n{told}");
        }
    }
    let faults = cases.iter().filter(|(_, fault)| fault.is_some()).count();
    assert_eq!(told.lines().count(), faults, "{told}");
}
