//! `/pulls`.

use serde_json::json;

use super::commits::file;
use crate::github::api::{Answer, Call, Failure};
use crate::github::merge::{self, Wish};
use crate::github::model::PullRequest;
use crate::github::pulls::{self, NewPull};
use crate::github::shape::Shape;

fn find(call: &Call) -> Result<PullRequest, Failure> {
    let number = call.number("pull_number")?;
    let name = call.repository()?.full_name();
    let pull = call.github().state().pull(&name, number).cloned();
    pull.ok_or_else(Failure::not_found)
}

async fn shown(call: &Call, number: u64, status: u16) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let pull = call
        .github()
        .state()
        .pull(&repository.full_name(), number)
        .cloned();
    let pull = pull.ok_or_else(Failure::not_found)?;
    Ok(Answer::new(
        status,
        pulls::full(&call.world, repository, &pull).await,
    ))
}

pub async fn get(call: Call) -> Result<Answer, Failure> {
    shown(&call, call.number("pull_number")?, 200).await
}

pub async fn list(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let state = call.query("state").unwrap_or("open");
    if !["open", "closed", "all"].contains(&state) {
        return Err(Failure::field("PullRequest", "state", "invalid"));
    }
    let mut pulls = call.github().pull_requests(&repository.full_name());
    let owner = |pull: &PullRequest| {
        let owner = pull.head_repository.split('/').next().unwrap_or_default();
        format!("{owner}:{}", pull.head_branch)
    };
    pulls.retain(|pull| {
        (state == "all" || pull.open == (state == "open"))
            && call.query("base").is_none_or(|base| pull.base_branch == base)
            // GitHub ignores a head that does not name its owner.
            && call.query("head").is_none_or(|head| !head.contains(':') || owner(pull) == head)
    });
    if call.query("direction") != Some("asc") {
        pulls.reverse();
    }
    let shape = Shape(&call.world);
    let pulls = pulls.iter().map(|pull| shape.pull(repository, pull));
    Ok(call.pages(pulls.collect()))
}

pub async fn create(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let missing = |field| Failure::field("PullRequest", field, "missing_field");
    let text = |field| {
        let text = call.optional(field)?.filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| missing(field))
    };
    let new = NewPull {
        title: text("title")?,
        body: call.optional("body")?.map(str::to_owned),
        head: text("head")?,
        base: text("base")?,
        draft: call.flag("draft"),
    };
    let pull = pulls::open(&call.world, repository, new, &call.identity).await?;
    shown(&call, pull.number, 201).await
}

pub async fn update(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let pull = find(&call)?;
    let (title, body) = (call.optional("title")?, call.optional("body")?);
    let state = call.optional("state")?;
    if state.is_some_and(|state| !["open", "closed"].contains(&state)) {
        return Err(Failure::field("PullRequest", "state", "invalid"));
    }
    if call
        .optional("base")?
        .is_some_and(|base| base != pull.base_branch)
    {
        return Err(Failure::field("PullRequest", "base", "invalid"));
    }
    if let Some(pull) = call
        .github()
        .state()
        .pull(&repository.full_name(), pull.number)
    {
        if let Some(title) = title {
            title.clone_into(&mut pull.title);
        }
        if let Some(body) = body {
            pull.body = Some(body.to_owned());
        }
        pull.updated = call.world.clock.now();
    }
    if let Some(state) = state {
        let open = state == "open";
        pulls::set_open(&call.world, repository, pull.number, open, &call.identity).await?;
    }
    shown(&call, pull.number, 200).await
}

pub async fn files(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let pull = find(&call)?;
    let git = &repository.git;
    let base = git.merge_base(&pull.base_sha, &pull.head_sha).await;
    let base = base.unwrap_or_else(|| pull.base_sha.clone());
    let changes = git.changes(&base, &pull.head_sha).await?;
    let files = changes
        .iter()
        .map(|change| file(&call, repository, change, &pull.head_sha));
    Ok(call.pages(files.collect()))
}

pub async fn merge(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let text = |field| Ok::<_, Failure>(call.optional(field)?.map(str::to_owned));
    let wish = Wish {
        method: merge::method(call.optional("merge_method")?)?,
        headline: text("commit_title")?,
        body: text("commit_message")?,
        expected_head: text("sha")?,
    };
    let number = call.number("pull_number")?;
    let sha = merge::merge(&call.world, repository, number, &wish, &call.identity).await?;
    Answer::ok(json!({
        "sha": sha,
        "merged": true,
        "message": "Pull Request successfully merged",
    }))
}
