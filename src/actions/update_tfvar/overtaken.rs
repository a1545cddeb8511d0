//! The base has what was asked for, or something newer: what becomes of the pull requests that are open.

use super::body::{self, Mark};
use super::plan::{Plan, Values, close, describe, on_branch, values};
use super::request::Request;
use super::state::{Pull, State};
use crate::domain::tfvar::{Assignment, Course, Edited, course, edit};
use crate::error::Result;

/// The base has what was asked for: proposals that are no newer are closed.
pub(super) fn by_base(
    request: &Request,
    state: &State,
    edited: &Edited,
    own: Option<&Pull>,
    rivals: &[(&Pull, Mark)],
) -> Result<Plan> {
    let base = values(&edited.changes, |change| &change.new);
    let reason = format!("{} has this already.", state.base);
    let over = |proposed: &Values| course(&base, proposed) != Course::Newer;
    let mut plan = Plan::idle(
        edited,
        body::title(request, &edited.changes),
        None,
        Some(format!("{} has it already", state.base)),
    );
    if let Some(own) = own
        && let Some(proposed) = proposed(request, state).unwrap_or_default()
    {
        let people = state.branch.as_ref().is_some_and(|branch| branch.people);
        if over(&proposed) && (people || Mark::of(&own.body).is_none()) {
            plan.note = Some(format!(
                "{} has it already; #{} stays open, since it holds work of people",
                state.base, own.number
            ));
            plan.pull = Some(own.clone());
        } else if over(&proposed) {
            plan.steps.push(close(own, &reason));
            plan.pull = Some(own.clone());
        } else if let Some(told) = tell(request, state, own, &proposed)? {
            plan = told;
        }
    }
    let rivals = rivals.iter().filter(|(_, mark)| over(&mark.to));
    plan.steps
        .extend(rivals.map(|(pull, _)| close(pull, &reason)));
    Ok(plan)
}

/// What is left to do when this run has written, and now the base has a newer value than it wanted: the pull request says
/// what its branch holds, or is closed if this run opened it for nothing.
pub(super) fn settle(request: &Request, state: &State, opened: bool) -> Result<Option<Plan>> {
    let own = state.open.iter().find(|pull| pull.head == request.branch);
    let (Some(own), Some(proposed)) = (own, proposed(request, state)?) else {
        return Ok(None);
    };
    let edited = edit(&request.file, &state.file, &request.wanted)?;
    let base = values(&edited.changes, |change| &change.old);
    if course(&base, &proposed) == Course::Newer {
        return tell(request, state, own, &proposed);
    }
    let title = body::title(request, &edited.changes);
    let idle = Plan::idle(&edited, title, Some(own.clone()), None);
    let reason = format!("{} has a newer value.", state.base);
    Ok(opened.then(|| Plan {
        steps: vec![close(own, &reason)],
        ..idle
    }))
}

/// The values that the branch has, if there is one.
pub(super) fn proposed(request: &Request, state: &State) -> Result<Option<Values>> {
    let branch = state.branch.as_ref();
    branch.map_or(Ok(None), |branch| on_branch(request, branch))
}

/// The pull request is to say what its branch holds, which a run at the same time may have changed before this one
/// opened or described it. `None` if it does.
fn tell(request: &Request, state: &State, own: &Pull, proposed: &Values) -> Result<Option<Plan>> {
    let held = request.wanted.iter().filter_map(|one| {
        Some(Assignment {
            address: one.address.clone(),
            value: proposed.get(&one.address.to_string())?.clone(),
        })
    });
    let edited = edit(&request.file, &state.file, &held.collect::<Vec<_>>())?;
    let step = describe(request, own, &edited.changes);
    Ok(step.map(|step| Plan {
        steps: vec![step],
        ..Plan::idle(
            &edited,
            body::title(request, &edited.changes),
            Some(own.clone()),
            Some("its branch has a newer value, which stays".to_owned()),
        )
    }))
}
