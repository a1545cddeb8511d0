//! `/issues`: labels and comments of pull requests. There are no other issues here.

use serde_json::Value;

use crate::github::api::{Answer, Call, Failure};
use crate::github::model::{Comment, PullRequest};
use crate::github::shape::Shape;

/// Works on the pull request that the path names.
fn with<T>(call: &Call, work: impl FnOnce(&mut PullRequest) -> T) -> Result<T, Failure> {
    let number = call.number("issue_number")?;
    let name = call.repository()?.full_name();
    let mut state = call.github().state();
    let pull = state.pull(&name, number);
    pull.map(work).ok_or_else(Failure::not_found)
}

fn label_list(call: &Call, names: Vec<String>) -> Result<Vec<Value>, Failure> {
    let repository = call.repository()?;
    let shape = Shape(&call.world);
    let labels = names.iter().map(|name| shape.label(repository, name));
    Ok(labels.collect())
}

pub async fn labels(call: Call) -> Result<Answer, Failure> {
    let names = with(&call, |pull| pull.labels.clone())?;
    Ok(call.pages(label_list(&call, names)?))
}

pub async fn add_labels(call: Call) -> Result<Answer, Failure> {
    let given = call.body.get("labels").unwrap_or(&call.body);
    let names: Option<Vec<String>> = given.as_array().and_then(|names| {
        let text = |name: &Value| {
            name.as_str()
                .or_else(|| name.get("name")?.as_str())
                .map(str::to_owned)
        };
        names.iter().map(text).collect()
    });
    let invalid = || Failure::field("Label", "name", "invalid");
    let names = names
        .filter(|names| !names.is_empty())
        .ok_or_else(invalid)?;
    let now = call.world.clock.now();
    let all = with(&call, |pull| {
        for name in names {
            if !pull.labels.contains(&name) {
                pull.labels.push(name);
            }
        }
        pull.updated = now;
        pull.labels.clone()
    })?;
    Answer::ok(label_list(&call, all)?.into())
}

pub async fn comments(call: Call) -> Result<Answer, Failure> {
    let number = call.number("issue_number")?;
    let comments = with(&call, |pull| pull.comments.clone())?;
    let repository = call.repository()?;
    let shape = Shape(&call.world);
    let comments = comments
        .iter()
        .map(|comment| shape.comment(repository, number, comment));
    Ok(call.pages(comments.collect()))
}

pub async fn add_comment(call: Call) -> Result<Answer, Failure> {
    let number = call.number("issue_number")?;
    let now = call.world.clock.now();
    let comment = Comment {
        id: call.github().state().next_id(),
        author: call.identity.login.clone(),
        body: call.text("body")?.to_owned(),
        created: now,
        updated: now,
    };
    with(&call, |pull| pull.comments.push(comment.clone()))?;
    Answer::created(Shape(&call.world).comment(call.repository()?, number, &comment))
}

pub async fn update_comment(call: Call) -> Result<Answer, Failure> {
    let id = call.number("comment_id")?;
    let body = call.text("body")?.to_owned();
    let now = call.world.clock.now();
    let repository = call.repository()?;
    let changed = {
        let mut state = call.github().state();
        let pulls = state.pulls.entry(repository.full_name()).or_default();
        pulls.iter_mut().find_map(|pull| {
            let number = pull.number;
            let comment = pull.comments.iter_mut().find(|comment| comment.id == id)?;
            comment.body.clone_from(&body);
            comment.updated = now;
            Some((number, comment.clone()))
        })
    };
    let (number, comment) = changed.ok_or_else(Failure::not_found)?;
    Answer::ok(Shape(&call.world).comment(repository, number, &comment))
}
