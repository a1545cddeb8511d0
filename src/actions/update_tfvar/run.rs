//! Read, plan, print, apply; again until nothing is left to do.

use super::apply::{Done, Writer};
use super::args::Args;
use super::body::code;
use super::patience::Patience;
use super::plan::{self, Plan, Step};
use super::request::Request;
use super::{Outputs, local, overtaken, state};
use crate::action::{Context, Outcome};
use crate::domain::tfvar::{Change, Edited};
use crate::error::{Error, Result};
use crate::github::{Repository, token};

pub(super) async fn run(args: Args, context: &Context) -> Result<Outcome<Outputs>> {
    let on_disk = args.local.unwrap_or(!context.runner.on_github());
    let request = Request::new(&args, on_disk, &context.env)?;
    if on_disk {
        return edit_on_disk(&args, &request, context);
    }
    let token = token(context, args.token.as_deref())?;
    let repository = Repository::new(context, args.repository.as_deref(), &token)?;
    if args.check {
        let state = state::read(&repository, &request).await?;
        let edited = plan::edit_base(&request, &state.file, &state.beside)?;
        return check(&request, context, &state.file, &edited);
    }
    propose(&request, &repository, context).await
}

fn edit_on_disk(args: &Args, request: &Request, context: &Context) -> Result<Outcome<Outputs>> {
    let file = local::read(request)?;
    let edited = plan::edit_base(request, &file.bytes, &file.beside)?;
    if args.check {
        return check(request, context, &file.bytes, &edited);
    }
    let diff = plan::difference(&request.file, &file.bytes, &edited.bytes);
    show(context, &diff);
    if edited.is_change() {
        file.write(&edited.bytes)?;
    } else {
        context
            .runner
            .line(format!("{} has it already", request.file));
    }
    let title = if edited.is_change() {
        "edited"
    } else {
        "no change"
    };
    context.runner.summary(&summary(
        &format!("{title}: {}", request.file),
        &edited.changes,
        &diff,
    ))?;
    Ok(Outcome::from(Outputs {
        changed: edited.is_change(),
        ..Outputs::default()
    }))
}

/// The difference, and exit code 3 if there is one.
fn check(
    request: &Request,
    context: &Context,
    before: &[u8],
    edited: &Edited,
) -> Result<Outcome<Outputs>> {
    let outputs = Outputs {
        changed: edited.is_change(),
        ..Outputs::default()
    };
    let different: Vec<&Change> = edited
        .changes
        .iter()
        .filter(|change| change.old != change.new)
        .collect();
    let Some(first) = different.first() else {
        context
            .runner
            .line(format!("{} has it already", request.file));
        return Ok(Outcome::from(outputs));
    };
    let diff = plan::difference(&request.file, before, &edited.bytes);
    show(context, &diff);
    context
        .runner
        .summary(&summary("a difference", &edited.changes, &diff))?;
    let others = match different.len() {
        1 => String::new(),
        more => format!(" (and {} more)", more - 1),
    };
    let failure = Error::verification(format!(
        "{} is {:?}, not {:?}{others}",
        first.address, first.old, first.new
    ))
    .at(&request.file, Some(first.line))
    .hint("Nothing was written. Without `check` the value is set.");
    Ok(Outcome::failed(outputs, failure))
}

async fn propose(
    request: &Request,
    repository: &Repository,
    context: &Context,
) -> Result<Outcome<Outputs>> {
    let writer = Writer {
        context,
        repository,
        request,
    };
    let mut patience = Patience::new(context);
    let mut done = Done::default();
    let mut shown = String::new();
    loop {
        let state = match state::read(repository, request).await {
            Ok(state) => state,
            Err(error) if error.code() == Some("NOT_FOUND") => return Err(error),
            Err(error) => {
                patience.after_refusal(error, &[]).await?;
                continue;
            }
        };
        if request.branch == state.base {
            return Err(Error::usage(format!(
                "`branch` is {}, which the pull request would be for",
                request.branch
            ))
            .hint(
                "Leave `branch` out, or name another one: nothing is committed to the base itself.",
            ));
        }
        let plan = match plan::decide(request, &state) {
            Ok(plan) => plan,
            Err(error) => match left_to_do(request, &state, &done)? {
                Some(plan) => plan,
                None => return Err(error),
            },
        };
        if plan.diff != shown {
            show(context, &plan.diff);
            shown.clone_from(&plan.diff);
        }
        let open = plan.steps.iter().any(|step| match step {
            // A person may have turned it off since: it is asked for with a change, not again and again.
            Step::AutoMerge { .. } => done.merge.is_none() && done.operation.is_some(),
            _ => true,
        });
        writer.adopt(&plan, &mut done).await;
        if !open {
            return finish(request, context, &plan, done);
        }
        let Err(error) = writer.apply(&state, &plan, &mut done).await else {
            patience.after_success(&plan.steps).await?;
            continue;
        };
        match patience.after_refusal(error, &plan.steps).await {
            Ok(()) => {}
            Err(error) if done.number.is_some() => {
                return Ok(Outcome::failed(outputs(&plan, done), error));
            }
            Err(error) => return Err(error),
        }
    }
}

/// After a refusal: nothing, unless this run has written already.
fn left_to_do(request: &Request, state: &state::State, done: &Done) -> Result<Option<Plan>> {
    if done.operation.is_none() {
        return Ok(None);
    }
    let plan = overtaken::settle(request, state, done.operation == Some("created"))?;
    Ok(plan.filter(|plan| !plan.steps.is_empty()))
}

/// Nothing is left to do: says what there is.
fn finish(
    request: &Request,
    context: &Context,
    plan: &Plan,
    done: Done,
) -> Result<Outcome<Outputs>> {
    let merge = done.merge.clone();
    let outputs = outputs(plan, done);
    let operation = outputs.pull_request_operation.unwrap_or_default();
    let what = match operation {
        "none" => "stays as it is",
        operation => operation,
    };
    let url = outputs.pull_request_url.as_deref().unwrap_or("");
    let (line, title) = match outputs.pull_request_number {
        None => (
            "nothing to propose".to_owned(),
            "nothing to propose".to_owned(),
        ),
        Some(number) => (
            format!("#{number} {what}: {url}"),
            format!("[#{number}]({url}) {what}"),
        ),
    };
    let note = plan.note.as_ref().map(|note| format!("{note}."));
    let next = (!plan.diff.is_empty() && merge.is_none()).then(|| {
        "A person merges it: a merge with the job's own token would start no workflow.".to_owned()
    });
    let mut text = summary(&title, &plan.changes, &plan.diff);
    for fact in [note, merge, next].into_iter().flatten() {
        context.runner.line(&fact);
        text.push_str(&format!("\n{fact}\n"));
    }
    context.runner.line(&line);
    context.runner.summary(&text)?;
    let conflict = plan
        .pull
        .as_ref()
        .is_some_and(|pull| pull.mergeable == "CONFLICTING");
    if conflict {
        let message = format!(
            "the branch {} conflicts with its base; a person has to merge the base into it, or close the pull request \
             and delete the branch",
            request.branch
        );
        context.runner.warning("update-tfvar", &message);
    }
    Ok(Outcome::from(outputs))
}

fn outputs(plan: &Plan, done: Done) -> Outputs {
    let pull = plan.pull.as_ref();
    Outputs {
        pull_request_number: done.number.or(pull.map(|pull| pull.number)),
        pull_request_url: done.url.or(pull.map(|pull| pull.url.clone())),
        pull_request_operation: Some(done.operation.unwrap_or("none")),
        pull_request_head_sha: pull.map(|pull| pull.head_ref_oid.clone()).or(done.head),
        changed: plan.changes.iter().any(|change| change.old != change.new),
    }
}

fn show(context: &Context, diff: &str) {
    for line in diff.lines() {
        context.runner.line(line);
    }
}

fn summary(title: &str, changes: &[Change], diff: &str) -> String {
    let rows: String = changes
        .iter()
        .map(|change| {
            format!(
                "| {} | {} | {} |\n",
                code(&change.address.to_string()),
                code(&change.old),
                code(&change.new)
            )
        })
        .collect();
    let diff = match diff {
        "" => String::new(),
        diff => format!("\n~~~diff\n{diff}~~~\n"),
    };
    format!("### update-tfvar: {title}\n\n| variable | from | to |\n|---|---|---|\n{rows}{diff}")
}
