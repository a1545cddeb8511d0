//! Who and what a pull request is for: reviewers, assignees, milestone.
//!
//! Texts of refusals as users report them (peter-evans/create-pull-request#155 and #1175, read in November 2026).

use serde_json::{Value, json};

use crate::github::api::{Answer, Call, Failure};
use crate::github::model::{PullRequest, TokenKind};
use crate::github::shape::{Shape, time};

fn names(call: &Call, field: &str) -> Result<Vec<String>, Failure> {
    let Some(list) = call.body.get(field) else {
        return Ok(Vec::new());
    };
    let names = list.as_array().and_then(|names| {
        let text = |name: &Value| name.as_str().map(str::to_owned);
        names.iter().map(text).collect()
    });
    let invalid = || {
        Failure::new(
            422,
            format!("Invalid request.\n\n{field} is not a list of strings."),
        )
    };
    names.ok_or_else(invalid)
}

/// Whether somebody has a member's token.
fn is_member(call: &Call, login: &str) -> bool {
    let state = call.github().state();
    let mut known = state.tokens.values();
    known.any(|identity| identity.login == login && identity.kind == TokenKind::Member)
}

fn pull(call: &Call, number: &str) -> Result<PullRequest, Failure> {
    let (number, name) = (call.number(number)?, call.repository()?.full_name());
    let pull = call.github().state().pull(&name, number).cloned();
    pull.ok_or_else(Failure::not_found)
}

fn change(
    call: &Call,
    number: u64,
    work: impl FnOnce(&mut PullRequest),
) -> Result<PullRequest, Failure> {
    let (name, now) = (call.repository()?.full_name(), call.world.clock.now());
    let mut state = call.github().state();
    let pull = state.pull(&name, number).ok_or_else(Failure::not_found)?;
    work(pull);
    pull.updated = now;
    Ok(pull.clone())
}

fn add(list: &mut Vec<String>, names: Vec<String>) {
    for name in names {
        if !list.contains(&name) {
            list.push(name);
        }
    }
}

pub async fn request_reviews(call: Call) -> Result<Answer, Failure> {
    let pull = pull(&call, "pull_number")?;
    let repository = call.repository()?;
    let (people, teams) = (names(&call, "reviewers")?, names(&call, "team_reviewers")?);
    if people.contains(&pull.author) {
        let text = "Review cannot be requested from pull request author.";
        return Err(Failure::new(422, text));
    }
    if !people.iter().all(|login| is_member(&call, login)) {
        let text = format!(
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the {} repository.",
            repository.full_name()
        );
        return Err(Failure::new(422, text));
    }
    if let (Some(team), true) = (teams.first(), call.identity.is_job()) {
        let text = format!("Could not resolve to a node with the global id of 'T_{team}'.");
        return Err(Failure::new(422, text));
    }
    let changed = change(&call, pull.number, |pull| {
        add(&mut pull.reviewers, people);
        add(&mut pull.team_reviewers, teams);
    })?;
    Answer::created(Shape(&call.world).pull(repository, &changed))
}

/// People without write access are left out in silence.
pub async fn add_assignees(call: Call) -> Result<Answer, Failure> {
    let pull = pull(&call, "issue_number")?;
    let mut people = names(&call, "assignees")?;
    people.retain(|login| is_member(&call, login));
    let changed = change(&call, pull.number, |pull| add(&mut pull.assignees, people))?;
    Answer::created(issue(&call, &changed)?)
}

/// Of all that can be changed, the milestone.
pub async fn update_issue(call: Call) -> Result<Answer, Failure> {
    let pull = pull(&call, "issue_number")?;
    let wanted = call.body.get("milestone").and_then(Value::as_u64);
    let wanted = wanted.and_then(|number| usize::try_from(number).ok());
    let known = call.repository()?.options.milestones.len();
    let number = wanted
        .filter(|number| (1..=known).contains(number))
        .ok_or_else(|| Failure::field("Issue", "milestone", "invalid"))?;
    let changed = change(&call, pull.number, |pull| pull.milestone = Some(number))?;
    Answer::ok(issue(&call, &changed)?)
}

/// `issue`, of a pull request.
fn issue(call: &Call, pull: &PullRequest) -> Result<Value, Failure> {
    let repository = call.repository()?;
    let shape = Shape(&call.world);
    let mut value = shape.pull(repository, pull);
    let api = format!("{}/repos/{}", shape.api(), repository.full_name());
    let url = format!("{api}/issues/{}", pull.number);
    for name in ["comments", "events", "labels"] {
        let end = if name == "labels" { "{/name}" } else { "" };
        value[format!("{name}_url")] = format!("{url}/{name}{end}").into();
    }
    value["url"] = url.into();
    value["repository_url"] = api.clone().into();
    value["comments"] = pull.comments.len().into();
    let title = pull
        .milestone
        .and_then(|number| repository.options.milestones.get(number - 1));
    if let (Some(number), Some(title)) = (pull.milestone, title) {
        let web = format!(
            "{}/{}/milestone/{number}",
            shape.web(),
            repository.full_name()
        );
        let at = time(repository.created);
        value["milestone"] = json!({
            "id": number,
            "node_id": format!("MI_{}_{number}", repository.id),
            "url": format!("{api}/milestones/{number}"),
            "html_url": web,
            "labels_url": format!("{api}/milestones/{number}/labels"),
            "number": number,
            "title": title,
            "description": null,
            "state": "open",
            "creator": shape.user(&repository.owner),
            "open_issues": 1,
            "closed_issues": 0,
            "created_at": at,
            "updated_at": at,
            "closed_at": null,
            "due_on": null,
        });
    }
    Ok(value)
}
