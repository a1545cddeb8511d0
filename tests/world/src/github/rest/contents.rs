//! `/contents`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::objects::encode;
use crate::github::api::{Answer, Call, Failure};
use crate::github::commits::{author, commit_files, move_reference};
use crate::github::git::{Signature, TreeEntry, ZERO};
use crate::github::model::Repository;
use crate::github::shape::{Shape, signature};
use crate::github::write::Put;

/// base64 as GitHub sends it: lines of 60 characters.
pub fn wrapped(content: &[u8]) -> String {
    let mut text = String::new();
    for line in encode(content).as_bytes().chunks(60) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text
}

/// base64 with or without line ends.
pub fn decode(text: &str) -> Result<Vec<u8>, Failure> {
    let text: String = text.split_whitespace().collect();
    STANDARD
        .decode(text)
        .map_err(|_| Failure::new(422, "content is not valid Base64"))
}

/// What a file and an entry of a folder have in common.
fn entry(call: &Call, repository: &Repository, entry: &TreeEntry, reference: &str) -> Value {
    let shape = Shape(&call.world);
    let name = repository.full_name();
    let path = &entry.path;
    let url = format!(
        "{}/repos/{name}/contents/{path}?ref={reference}",
        shape.api()
    );
    let git = format!(
        "{}/repos/{name}/git/{}s/{}",
        shape.api(),
        entry.kind,
        entry.sha
    );
    let web = if entry.kind == "tree" { "tree" } else { "blob" };
    let html = format!("{}/{name}/{web}/{reference}/{path}", shape.web());
    let download = format!("{}/{name}/raw/{reference}/{path}", shape.web());
    json!({
        "type": if entry.kind == "tree" { "dir" } else { "file" },
        "name": path.rsplit('/').next(),
        "path": path,
        "sha": entry.sha,
        "size": entry.size.unwrap_or_default(),
        "url": url,
        "git_url": git,
        "html_url": html,
        "download_url": (entry.kind == "blob").then_some(download),
        "_links": {"self": url, "git": git, "html": html},
    })
}

pub async fn get(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let git = &repository.git;
    let reference = call.query("ref").unwrap_or(&repository.default_branch);
    let commit = git.commit_of(reference).await;
    let commit = commit
        .ok_or_else(|| Failure::new(404, format!("No commit found for the ref {reference}")))?;
    let path = call.param("path").trim_matches('/');
    let folder = git.resolve(&format!("{commit}:{path}"), "tree").await;
    if let Some(folder) = folder {
        let entries = git.tree(&folder, false).await?;
        let entries = entries.into_iter().map(|mut found| {
            if !path.is_empty() {
                found.path = format!("{path}/{}", found.path);
            }
            entry(&call, repository, &found, reference)
        });
        return Answer::ok(entries.collect());
    }
    let found = git
        .entry(&commit, path)
        .await
        .ok_or_else(Failure::not_found)?;
    let (_, content) = git
        .object(&found.sha)
        .await
        .ok_or_else(Failure::not_found)?;
    if call.accept.contains("raw") {
        let mut answer = Answer::new(200, Value::Null);
        answer.raw = Some(("application/vnd.github.raw; charset=utf-8", content));
        return Ok(answer);
    }
    let mut body = entry(&call, repository, &found, reference);
    body["content"] = wrapped(&content).into();
    body["encoding"] = "base64".into();
    Answer::ok(body)
}

pub async fn put(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let git = &repository.git;
    let path = call.param("path").trim_matches('/');
    let message = call.text("message")?;
    let content = decode(call.text("content")?)?;
    let branch = call
        .optional("branch")?
        .unwrap_or(&repository.default_branch);
    let name = format!("refs/heads/{branch}");
    let head = git.reference(&name).await;
    let empty = git.references("refs/heads/").await?.is_empty();
    if head.is_none() && !empty {
        return Err(Failure::new(404, format!("Branch {branch} not found")));
    }
    let old = match &head {
        Some(head) => git.entry(head, path).await,
        None => None,
    };
    match (&old, call.optional("sha")?) {
        (Some(_), None) => {
            let text = "Invalid request.\n\n\"sha\" wasn't supplied.";
            return Err(Failure::new(422, text));
        }
        (Some(old), Some(sha)) if old.sha != sha => {
            return Err(Failure::new(409, format!("{path} does not match {sha}")));
        }
        _ => {}
    }
    let named = ["author", "committer"]
        .iter()
        .find_map(|name| call.body.get(*name));
    let mut author = author(&call.world, &call.identity.login);
    if let Some(named) = named {
        let text = |name: &str| named.get(name).and_then(Value::as_str);
        author = Signature {
            name: text("name").unwrap_or(&author.name).to_owned(),
            email: text("email").unwrap_or(&author.email).to_owned(),
            date: author.date,
        };
    }
    let put = Put {
        path: path.to_owned(),
        mode: old.as_ref().map_or("100644", |old| &old.mode).to_owned(),
        sha: Some(git.write_blob(&content).await?),
    };
    let world = &call.world;
    let puts = [put];
    let sha = commit_files(world, repository, head.as_deref(), &puts, message, &author).await?;
    let before = head.as_deref().unwrap_or(ZERO);
    move_reference(world, repository, &name, before, &sha, &call.identity)
        .await
        .map_err(|_| Failure::new(409, format!("{branch} was modified meanwhile")))?;
    let found = git.entry(&sha, path).await.ok_or_else(Failure::not_found)?;
    let commit = git.commit(&sha).await.ok_or_else(Failure::not_found)?;
    let mut shown = Shape(world).git_commit(repository, &commit);
    shown["author"] = signature(&commit.author);
    let body = json!({"content": entry(&call, repository, &found, branch), "commit": shown});
    Ok(Answer::new(if old.is_some() { 200 } else { 201 }, body))
}
