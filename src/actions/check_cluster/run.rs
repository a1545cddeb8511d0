//! Read, judge, wait, print.

use std::time::Duration;

use super::args::Args;
use super::reader::Reader;
use super::{Outputs, plan, report};
use crate::action::{Context, Outcome};
use crate::aws::{self, Refusal, refusal};
use crate::domain::cluster::{Evidence, Finding, Verdict, judge};
use crate::error::{Error, Kind, Result};

/// Pause between two readings.
const PAUSE: Duration = Duration::from_secs(5);

pub(super) async fn run(args: Args, context: &Context) -> Result<Outcome<Outputs>> {
    plan::check(&args)?;
    let region = aws::region(context, None)?;
    let subject = format!(
        "service {} in {region}, cluster {}",
        plan::service_name(&args.service),
        args.cluster
    );
    let started = context.clock.elapsed();
    let (evidence, finding, place) = match look(&args, &region, context).await {
        Ok(looked) => looked,
        // Without reading there is no evidence, and that is an answer.
        Err(error) if error.kind() == Kind::Refused => {
            return Ok(Outcome::failed(outputs(&Finding::default()), error));
        }
        Err(error) => return Err(error),
    };
    let waited = context.clock.elapsed().saturating_sub(started).as_secs();
    let markdown = report::markdown(&subject, place.as_deref(), &evidence, &finding);
    context.runner.summary(&markdown)?;
    let outputs = outputs(&finding);
    if let Some(failure) = plan::failure(&finding, &subject, waited) {
        return Ok(Outcome::failed(outputs, failure));
    }
    context.runner.line(format!(
        "{}: {subject}: {}; {} members, coordinator {}",
        finding.verdict.word(),
        finding.verdict.meaning(),
        finding.members,
        outputs.coordinator
    ));
    if finding.verdict == Verdict::Stale {
        let causes: Vec<String> = finding.causes.iter().map(ToString::to_string).collect();
        let message = format!("{}\n{}", causes.join("; "), finding.next_steps().join("\n"));
        context.runner.warning("check-cluster: stale", &message);
    }
    Ok(Outcome::from(outputs))
}

/// The last evidence, the verdict on it, and where the list of peers is.
async fn look(
    args: &Args,
    region: &str,
    context: &Context,
) -> Result<(Evidence, Finding, Option<String>)> {
    let reader = Reader::open(args, region, context).await?;
    let (evidence, finding) = watch(args, context, &reader).await?;
    Ok((evidence, finding, reader.place()))
}

fn outputs(finding: &Finding) -> Outputs {
    Outputs {
        verdict: finding.verdict.word(),
        members: finding.members,
        coordinator: finding.coordinators.join(","),
    }
}

/// Reads until there is a verdict that time does not change, or the time is up.
async fn watch(args: &Args, context: &Context, reader: &Reader<'_>) -> Result<(Evidence, Finding)> {
    let timeout = Duration::from_secs(u64::from(args.timeout_seconds));
    let started = context.clock.elapsed();
    let mut progress = context.runner.progress();
    let mut seen: Option<(Evidence, Finding)> = None;
    loop {
        let trouble = match reader.read().await {
            Ok(evidence) => {
                let finding = judge(&evidence);
                let waited = context.clock.elapsed().saturating_sub(started);
                progress.show(&report::state(&evidence, &finding), waited);
                let last = finding.verdict != Verdict::Forming;
                seen = Some((evidence, finding));
                if last {
                    break;
                }
                None
            }
            Err(error) => Some(passing(error, seen.is_some())?),
        };
        let waited = context.clock.elapsed().saturating_sub(started);
        let Some(rest) = timeout.checked_sub(waited).filter(|rest| !rest.is_zero()) else {
            if let Some(error) = trouble {
                return Err(error);
            }
            break;
        };
        if let Some(error) = trouble {
            progress.line(&format!("{}; trying again", error.message()));
        }
        context.clock.sleep(PAUSE.min(rest)).await;
    }
    seen.ok_or_else(|| Error::bug("the time was up before anything was read"))
}

/// An error that may pass; any other ends the wait.
fn passing(error: Error, waited: bool) -> Result<Error> {
    match refusal(&error) {
        Refusal::Throttled => Ok(error),
        Refusal::Passing if error.kind() == Kind::Refused => Ok(error),
        Refusal::Expired if waited => Err(Error::new(Kind::CredentialsLost, error.message())
            .hint("Log in again right before this step; the nodes are not touched by it.")),
        _ => Err(error),
    }
}
