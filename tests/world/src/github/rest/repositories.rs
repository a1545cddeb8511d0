//! `/repos/{owner}/{repo}`, branches, tags, forks, `/user`.

use serde_json::{Value, json};

use crate::github::api::{Answer, Call, Failure};
use crate::github::model::{RepositoryOptions, TokenKind};
use crate::github::shape::{Shape, time};

pub async fn user(call: Call) -> Result<Answer, Failure> {
    match call.identity.kind {
        TokenKind::Member | TokenKind::Outsider => {}
        TokenKind::Anonymous => return Err(Failure::new(401, "Requires authentication")),
        TokenKind::App(_) | TokenKind::Job { .. } => {
            return Err(Failure::new(403, "Resource not accessible by integration"));
        }
    }
    let mut user = Shape(&call.world).user(&call.identity.login);
    for name in [
        "name", "company", "blog", "location", "email", "hireable", "bio",
    ] {
        user[name] = Value::Null;
    }
    for name in ["public_repos", "public_gists", "followers", "following"] {
        user[name] = 0.into();
    }
    for name in ["created_at", "updated_at"] {
        user[name] = time(call.world.clock.now()).into();
    }
    Answer::ok(user)
}

/// Creates a repository of the caller's.
pub async fn create(call: Call) -> Result<Answer, Failure> {
    if !matches!(call.identity.kind, TokenKind::Member | TokenKind::Outsider) {
        return Err(Failure::new(401, "Requires authentication"));
    }
    let (owner, name) = (&call.identity.login, call.text("name")?);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err(Failure::field("Repository", "name", "invalid"));
    }
    let options = RepositoryOptions {
        private: call.flag("private"),
        allow_auto_merge: call.flag("allow_auto_merge"),
        ..RepositoryOptions::default()
    };
    let made = call
        .github()
        .create_repository(owner, name, "main", options)
        .await;
    let taken = || {
        Failure::invalid(json!({
            "resource": "Repository", "code": "custom", "field": "name",
            "message": "name already exists on this account",
        }))
    };
    let made = made.map_err(|_| taken())?;
    Answer::created(Shape(&call.world).repository(&made))
}

pub async fn get(call: Call) -> Result<Answer, Failure> {
    Answer::ok(Shape(&call.world).repository(call.repository()?))
}

pub async fn fork(call: Call) -> Result<Answer, Failure> {
    let parent = call.repository()?;
    if !matches!(call.identity.kind, TokenKind::Member | TokenKind::Outsider) {
        return Err(Failure::new(403, "Resource not accessible by integration"));
    }
    let owner = &call.identity.login;
    let name = call.optional("name")?.unwrap_or(&parent.name);
    let github = call.github();
    if let Some(existing) = github.repository(&format!("{owner}/{name}")) {
        return match existing.fork_of == Some(parent.full_name()) {
            true => Ok(Answer::new(202, Shape(&call.world).repository(&existing))),
            false => Err(Failure::field("Fork", "name", "already_exists")),
        };
    }
    let options = RepositoryOptions {
        private: parent.options.private,
        ..RepositoryOptions::default()
    };
    let origin = Some(parent.full_name());
    let fork = github
        .add(owner, name, &parent.default_branch, options, origin)
        .await?;
    for kind in ["heads", "tags"] {
        let all = format!("refs/{kind}/*");
        fork.git.take(&parent.git, &all, &all).await?;
    }
    Ok(Answer::new(202, Shape(&call.world).repository(&fork)))
}

pub async fn tags(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let shape = Shape(&call.world);
    let url = format!("{}/repos/{}", shape.api(), repository.full_name());
    let mut tags = Vec::new();
    let format = "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname)";
    let all = repository
        .git
        .text(&["for-each-ref", format, "refs/tags/"])
        .await?;
    for line in all.lines() {
        // The fields of what a tag object points to are empty for a lightweight tag.
        let fields: Vec<&str> = line.splitn(5, ' ').collect();
        let (sha, name) = match fields[..] {
            ["commit", sha, "", "", name] | [_, _, "commit", sha, name] => (sha, name),
            _ => continue,
        };
        let short = name.trim_start_matches("refs/tags/");
        tags.push(json!({
            "name": short,
            "node_id": format!("REF_{}_{name}", repository.id),
            "commit": {"sha": sha, "url": format!("{url}/commits/{sha}")},
            "zipball_url": format!("{url}/zipball/{name}"),
            "tarball_url": format!("{url}/tarball/{name}"),
        }));
    }
    tags.reverse();
    Ok(call.pages(tags))
}

pub async fn branch(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let name = call.param("branch");
    let missing = || Failure::new(404, "Branch not found");
    let reference = format!("refs/heads/{name}");
    let sha = repository
        .git
        .reference(&reference)
        .await
        .ok_or_else(missing)?;
    let commit = repository.git.commit(&sha).await.ok_or_else(missing)?;
    let shape = Shape(&call.world);
    let url = format!(
        "{}/repos/{}/branches/{name}",
        shape.api(),
        repository.full_name()
    );
    let web = format!("{}/{}/tree/{name}", shape.web(), repository.full_name());
    Answer::ok(json!({
        "name": name,
        "commit": shape.commit(repository, &commit),
        "_links": {"self": url, "html": web},
        "protected": false,
        "protection": {
            "enabled": false,
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        },
        "protection_url": format!("{url}/protection"),
    }))
}
