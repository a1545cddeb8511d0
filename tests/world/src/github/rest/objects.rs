//! `/git/blobs`, `/git/trees`, `/git/commits`, `/git/tags`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::github::api::{Answer, Call, Failure};
use crate::github::commits::author;
use crate::github::git::Signature;
use crate::github::shape::{Shape, signature};
use crate::github::write::{NewCommit, Put};

/// Base address of a kind of object.
fn url(call: &Call, kind: &str) -> Result<String, Failure> {
    let api = Shape(&call.world).api();
    Ok(format!(
        "{api}/repos/{}/git/{kind}",
        call.repository()?.full_name()
    ))
}

/// Who is named in a body, by default the caller now.
fn person(call: &Call, value: Option<&Value>, default: &Signature) -> Result<Signature, Failure> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(default.clone());
    };
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let missing = |name: &str| {
        Failure::new(
            422,
            format!("Invalid request.\n\n\"{name}\" wasn't supplied."),
        )
    };
    let date = match text("date") {
        None => author(&call.world, &call.identity.login).date,
        Some(date) => date
            .parse::<jiff::Timestamp>()
            .map_err(|_| Failure::new(422, "Invalid request.\n\n\"date\" is no time"))?
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
    };
    Ok(Signature {
        name: text("name").ok_or_else(|| missing("name"))?,
        email: text("email").ok_or_else(|| missing("email"))?,
        date,
    })
}

pub async fn blob(call: Call) -> Result<Answer, Failure> {
    let git = &call.repository()?.git;
    let sha = call.param("file_sha");
    let Some((kind, content)) = git.object(sha).await else {
        return Err(Failure::not_found());
    };
    if kind != "blob" {
        return Err(Failure::not_found());
    }
    if call.accept.contains("raw") {
        let mut answer = Answer::new(200, Value::Null);
        answer.raw = Some(("application/vnd.github.raw; charset=utf-8", content));
        return Ok(answer);
    }
    Answer::ok(json!({
        "sha": sha,
        "node_id": format!("B_{sha}"),
        "size": content.len(),
        "url": format!("{}/{sha}", url(&call, "blobs")?),
        "content": super::contents::wrapped(&content),
        "encoding": "base64",
    }))
}

pub async fn create_blob(call: Call) -> Result<Answer, Failure> {
    let content = call.text("content")?;
    let bytes = match call.optional("encoding")?.unwrap_or("utf-8") {
        "base64" => super::contents::decode(content)?,
        "utf-8" => content.as_bytes().to_vec(),
        _ => return Err(Failure::new(422, "Invalid encoding")),
    };
    let sha = call.repository()?.git.write_blob(&bytes).await?;
    let url = format!("{}/{sha}", url(&call, "blobs")?);
    Answer::created(json!({"sha": sha, "url": url}))
}

pub async fn tree(call: Call) -> Result<Answer, Failure> {
    let git = &call.repository()?.git;
    let name = call.param("tree_sha");
    let sha = match git.resolve(name, "tree").await {
        Some(sha) => sha,
        None => {
            let commit = git.commit_of(name).await.ok_or_else(Failure::not_found)?;
            git.resolve(&commit, "tree")
                .await
                .ok_or_else(Failure::not_found)?
        }
    };
    tree_answer(&call, &sha, call.query("recursive").is_some(), 200).await
}

async fn tree_answer(
    call: &Call,
    sha: &str,
    recursive: bool,
    status: u16,
) -> Result<Answer, Failure> {
    let entries = call.repository()?.git.tree(sha, recursive).await?;
    let base = url(call, "")?;
    let entries = entries.iter().map(|entry| {
        let kind = format!("{}s", entry.kind);
        let mut value = json!({
            "path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha,
            "url": format!("{base}{kind}/{}", entry.sha),
        });
        if let Some(size) = entry.size {
            value["size"] = size.into();
        }
        value
    });
    let body = json!({
        "sha": sha,
        "url": format!("{base}trees/{sha}"),
        "tree": entries.collect::<Vec<_>>(),
        "truncated": false,
    });
    Ok(Answer::new(status, body))
}

pub async fn create_tree(call: Call) -> Result<Answer, Failure> {
    let git = &call.repository()?.git;
    let entries = call.body.get("tree").and_then(Value::as_array);
    let entries = entries.ok_or_else(|| Failure::new(422, "Invalid tree info"))?;
    let mut puts = Vec::new();
    for entry in entries {
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let path = text("path").ok_or_else(|| Failure::new(422, "tree.path is missing"))?;
        let sha = match (text("sha"), text("content")) {
            (Some(_), Some(_)) => {
                return Err(Failure::new(422, "Only one of tree.sha and tree.content"));
            }
            (None, Some(content)) => Some(git.write_blob(content.as_bytes()).await?),
            (Some(sha), None) => {
                let known = git.resolve(sha, "object").await;
                let missing = || Failure::new(422, format!("tree.sha {sha} does not exist"));
                Some(known.ok_or_else(missing)?)
            }
            (None, None) if entry.get("sha").is_some() => None,
            (None, None) => return Err(Failure::new(422, "tree.sha is missing")),
        };
        puts.push(Put {
            path: path.to_owned(),
            mode: text("mode").unwrap_or("100644").to_owned(),
            sha,
        });
    }
    let sha = git.write_tree(call.optional("base_tree")?, &puts).await?;
    tree_answer(&call, &sha, false, 201).await
}

pub async fn commit(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let sha = repository
        .git
        .resolve(call.param("commit_sha"), "commit")
        .await;
    let sha = sha.ok_or_else(Failure::not_found)?;
    let commit = repository
        .git
        .commit(&sha)
        .await
        .ok_or_else(Failure::not_found)?;
    Answer::ok(Shape(&call.world).git_commit(repository, &commit))
}

pub async fn create_commit(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let git = &repository.git;
    let (message, tree) = (call.text("message")?, call.text("tree")?);
    if git.resolve(tree, "tree").await.is_none() {
        return Err(Failure::new(422, "Tree SHA does not exist"));
    }
    let mut parents = Vec::new();
    for parent in call
        .body
        .get("parents")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let parent = parent.as_str().unwrap_or_default();
        let sha = git.resolve(parent, "commit").await;
        let missing = || Failure::new(422, "Parent SHA does not exist or is not a commit object");
        parents.push(sha.ok_or_else(missing)?);
    }
    let caller = author(&call.world, &call.identity.login);
    let author = person(&call, call.body.get("author"), &caller)?;
    let committer = person(&call, call.body.get("committer"), &author)?;
    let sha = git
        .write_commit(&NewCommit {
            tree,
            parents: &parents,
            message,
            author: &author,
            committer: &committer,
        })
        .await?;
    let commit = git.commit(&sha).await.ok_or_else(Failure::not_found)?;
    Answer::created(Shape(&call.world).git_commit(repository, &commit))
}

pub async fn tag(call: Call) -> Result<Answer, Failure> {
    tag_answer(&call, call.param("tag_sha"), 200).await
}

async fn tag_answer(call: &Call, sha: &str, status: u16) -> Result<Answer, Failure> {
    let tag = call.repository()?.git.tag(sha).await;
    let (object, kind, name, tagger, message) = tag.ok_or_else(Failure::not_found)?;
    let base = url(call, "")?;
    let body = json!({
        "node_id": format!("TA_{sha}"),
        "tag": name,
        "sha": sha,
        "url": format!("{base}tags/{sha}"),
        "message": message,
        "tagger": signature(&tagger),
        "object": {"sha": object, "type": kind, "url": format!("{base}{kind}s/{object}")},
        "verification": {
            "verified": false, "reason": "unsigned", "signature": null, "payload": null,
            "verified_at": null,
        },
    });
    Ok(Answer::new(status, body))
}

pub async fn create_tag(call: Call) -> Result<Answer, Failure> {
    let git = &call.repository()?.git;
    let (name, message) = (call.text("tag")?, call.text("message")?);
    let (object, kind) = (call.text("object")?, call.text("type")?);
    if git.text(&["cat-file", "-t", object]).await.ok().as_deref() != Some(kind) {
        return Err(Failure::new(422, "Object does not exist"));
    }
    let caller = author(&call.world, &call.identity.login);
    let tagger = person(&call, call.body.get("tagger"), &caller)?;
    let sha = git.write_tag(name, object, kind, &tagger, message).await?;
    tag_answer(&call, &sha, 201).await
}

/// Standard base64.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
