//! Read, judge, wait, print.

use std::time::Duration;

use aws_config::SdkConfig;

use super::args::Args;
use super::reader::Reader;
use super::{Outputs, plan, report};
use crate::action::{Context, Outcome};
use crate::aws::{self, Refusal, refusal};
use crate::domain::cluster::{Evidence, Finding, Verdict, judge};
use crate::domain::ecs_names::Names;
use crate::error::{Error, Kind, Result};
use crate::runner::Progress;

/// Pause between two readings.
const PAUSE: Duration = Duration::from_secs(5);

pub(super) async fn run(args: Args, context: &Context) -> Result<Outcome<Outputs>> {
    let region = aws::region(context, None)?;
    let names = plan::check(&args, &region)?;
    let subject = format!(
        "service {} in {region}, cluster {}",
        names.service, names.cluster
    );
    let config = aws::config(context, region).await;
    aws::require_login(&config).await?;
    let started = context.clock.elapsed();
    let (evidence, finding, place) = match look(&args, &names, &config, context).await {
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
    names: &Names,
    config: &SdkConfig,
    context: &Context,
) -> Result<(Evidence, Finding, Option<String>)> {
    let mut wait = Wait::new(args, context);
    let reader = loop {
        match Reader::open(args, names, config, context).await {
            Ok(reader) => break reader,
            Err(error) => wait.outlive(error, false).await?,
        }
    };
    let (evidence, finding) = watch(&mut wait, context, &reader).await?;
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
async fn watch(
    wait: &mut Wait<'_>,
    context: &Context,
    reader: &Reader<'_>,
) -> Result<(Evidence, Finding)> {
    let mut waited = false;
    loop {
        match reader.read().await {
            Ok(evidence) => {
                let finding = judge(&evidence);
                wait.progress
                    .show(&report::state(&evidence, &finding), wait.spent());
                let Some(pause) = wait.pause().filter(|_| finding.verdict == Verdict::Forming)
                else {
                    return Ok((evidence, finding));
                };
                waited = true;
                context.clock.sleep(pause).await;
            }
            Err(error) => wait.outlive(error, waited).await?,
        }
    }
}

/// The time that the check may take.
struct Wait<'a> {
    context: &'a Context,
    started: Duration,
    timeout: Duration,
    progress: Progress<'a>,
}

impl<'a> Wait<'a> {
    fn new(args: &Args, context: &'a Context) -> Self {
        Self {
            context,
            started: context.clock.elapsed(),
            timeout: Duration::from_secs(u64::from(args.timeout_seconds)),
            progress: context.runner.progress(),
        }
    }

    fn spent(&self) -> Duration {
        self.context.clock.elapsed().saturating_sub(self.started)
    }

    /// The pause before the next look; none if the time is up.
    fn pause(&self) -> Option<Duration> {
        let rest = self.timeout.checked_sub(self.spent())?;
        (!rest.is_zero()).then(|| PAUSE.min(rest))
    }

    /// Waits for an error to pass; gives it back if it will not, or if the time is up.
    async fn outlive(&mut self, error: Error, waited: bool) -> Result<()> {
        let error = passing(error, waited)?;
        let Some(pause) = self.pause() else {
            return Err(error);
        };
        self.progress.line(&format!(
            "{}; trying again in {:.0} s",
            error.message(),
            pause.as_secs_f64()
        ));
        self.context.clock.sleep(pause).await;
        Ok(())
    }
}

/// An error that may pass; any other ends the wait.
fn passing(error: Error, waited: bool) -> Result<Error> {
    match refusal(&error) {
        Refusal::Throttled => Ok(error),
        Refusal::Passing if error.kind() == Kind::Refused => Ok(error),
        Refusal::Expired if waited => Err(Error::new(Kind::CredentialsLost, error.message())
            .hint("Log in again right before this step; the nodes are not touched by it.")),
        Refusal::Expired => Err(error.hint(
            "Run aws-login before this step: these credentials have ended or are no good, or the clock of this machine is wrong.",
        )),
        _ => Err(error),
    }
}
