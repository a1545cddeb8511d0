//! `/commits`, `/compare`.

use serde_json::{Value, json};

use crate::github::api::{Answer, Call, Failure};
use crate::github::git::{Change, EMPTY_TREE};
use crate::github::model::Repository;
use crate::github::shape::Shape;

/// `diff-entry`.
pub fn file(call: &Call, repository: &Repository, change: &Change, sha: &str) -> Value {
    let shape = Shape(&call.world);
    let (name, path) = (repository.full_name(), &change.path);
    json!({
        "sha": change.sha,
        "filename": path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": format!("{}/{name}/blob/{sha}/{path}", shape.web()),
        "raw_url": format!("{}/{name}/raw/{sha}/{path}", shape.web()),
        "contents_url": format!("{}/repos/{name}/contents/{path}?ref={sha}", shape.api()),
    })
}

pub async fn list(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let git = &repository.git;
    let start = call.query("sha").unwrap_or(&repository.default_branch);
    let Some(sha) = git.commit_of(start).await else {
        return match git.references("refs/heads/").await?.is_empty() {
            true => Err(Failure::new(409, "Git Repository is empty.")),
            false => Err(Failure::not_found()),
        };
    };
    let commits = git.log(&sha, call.query("path"), 0, 10_000).await?;
    let shape = Shape(&call.world);
    let commits = commits
        .iter()
        .map(|commit| shape.commit(repository, commit));
    Ok(call.pages(commits.collect()))
}

pub async fn get(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let git = &repository.git;
    // A branch may have slashes in its name.
    let name = match call.param("rest") {
        "" => call.param("ref").to_owned(),
        rest => format!("{}/{rest}", call.param("ref")),
    };
    let missing = || Failure::new(422, format!("No commit found for SHA: {name}"));
    let sha = git.commit_of(&name).await.ok_or_else(missing)?;
    let commit = git.commit(&sha).await.ok_or_else(missing)?;
    let parent = commit.parents.first().map_or(EMPTY_TREE, String::as_str);
    let changes = git.changes(parent, &sha).await?;
    let mut body = Shape(&call.world).commit(repository, &commit);
    let (additions, deletions) = changes.iter().fold((0, 0), |(added, deleted), change| {
        (added + change.additions, deleted + change.deletions)
    });
    body["stats"] =
        json!({"additions": additions, "deletions": deletions, "total": additions + deletions});
    body["files"] = changes
        .iter()
        .map(|change| file(&call, repository, change, &sha))
        .collect();
    Answer::ok(body)
}

/// The pull requests of a commit: of one on the default branch those that brought it in, of another one also the open
/// ones that have it.
pub async fn pulls(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let git = &repository.git;
    let name = call.param("ref");
    let sha = git.commit_of(name).await;
    let sha = sha.ok_or_else(|| Failure::new(422, format!("No commit found for SHA: {name}")))?;
    let main = format!("refs/heads/{}", repository.default_branch);
    let landed = git.is_ancestor(&sha, &main).await;
    let mut found = Vec::new();
    for pull in call.github().pull_requests(&repository.full_name()) {
        let has = match &pull.merged {
            Some(merge) if merge.sha == sha => true,
            Some(merge) => {
                let before = format!("{}^1", merge.sha);
                git.is_ancestor(&sha, &pull.head_sha).await && !git.is_ancestor(&sha, &before).await
            }
            None => {
                !landed
                    && pull.open
                    && git.is_ancestor(&sha, &pull.head_sha).await
                    && !git.is_ancestor(&sha, &pull.base_sha).await
            }
        };
        if has {
            found.push(Shape(&call.world).pull(repository, &pull));
        }
    }
    Ok(call.pages(found))
}

pub async fn compare(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let git = &repository.git;
    let range = call.param("basehead");
    let (base, head) = range.split_once("...").ok_or_else(Failure::not_found)?;
    let base_sha = git.commit_of(base).await.ok_or_else(Failure::not_found)?;
    let head_sha = git.commit_of(head).await.ok_or_else(Failure::not_found)?;
    let merge_base = git.merge_base(&base_sha, &head_sha).await;
    let merge_base = merge_base.ok_or_else(|| {
        Failure::new(
            404,
            format!("No common ancestor between {base} and {head}."),
        )
    })?;
    let commits = git
        .log(&format!("{base_sha}..{head_sha}"), None, 0, 250)
        .await?;
    let behind = git.count(&format!("{head_sha}..{base_sha}")).await;
    let changes = git.changes(&merge_base, &head_sha).await?;
    let shape = Shape(&call.world);
    let one = async |sha: &str| match git.commit(sha).await {
        Some(commit) => Ok(shape.commit(repository, &commit)),
        None => Err(Failure::not_found()),
    };
    let url = format!(
        "{}/repos/{}/compare/{range}",
        shape.api(),
        repository.full_name()
    );
    let web = format!("{}/{}/compare/{range}", shape.web(), repository.full_name());
    let ahead = commits.len();
    Answer::ok(json!({
        "url": url,
        "html_url": web,
        "permalink_url": format!("{}/{}/compare/{base_sha}...{head_sha}", shape.web(), repository.full_name()),
        "diff_url": format!("{web}.diff"),
        "patch_url": format!("{web}.patch"),
        "base_commit": one(&base_sha).await?,
        "merge_base_commit": one(&merge_base).await?,
        "status": match (ahead, behind) {
            (0, 0) => "identical",
            (_, 0) => "ahead",
            (0, _) => "behind",
            _ => "diverged",
        },
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": commits.iter().rev().map(|commit| shape.commit(repository, commit)).collect::<Vec<_>>(),
        "files": changes.iter().map(|change| file(&call, repository, change, &head_sha)).collect::<Vec<_>>(),
    }))
}
