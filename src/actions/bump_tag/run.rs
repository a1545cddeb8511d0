//! Read, plan, print, apply.

use std::time::Duration;

use super::args::Args;
use super::changes::{self, Asked};
use super::elsewhere::Elsewhere;
use super::event::Event;
use super::plan::{self, New, Verdict};
use super::tags::{self, Reserved, Tags};
use super::{Outputs, summary};
use crate::action::Context;
use crate::domain::bump::{Fault, Wish};
use crate::domain::inputs::{Difference, Inputs};
use crate::domain::release_record::Record;
use crate::domain::tag::{Census, Source, Version, alias};
use crate::error::{Error, Kind, Result};
use crate::github::{self, Repository};

/// Faults of GitHub's that are outlived in one run.
const MOST_FAULTS: u32 = 6;

/// What does not change while a tag is looked for.
struct Task<'a> {
    args: &'a Args,
    context: &'a Context,
    event: Event,
    repository: Repository,
    inputs: Inputs,
    prefix: &'a str,
    adopted: Option<(&'a str, Version)>,
    elsewhere: Elsewhere,
}

/// Everything that was decided.
struct Decision {
    outputs: Outputs,
    git_tag: String,
    differences: Vec<Difference>,
    new: Option<New>,
    notes: Vec<String>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Outputs> {
    let inputs = args.inputs()?;
    let prefix = args.prefix()?;
    let adopted = args.adopted()?;
    args.check_repository()?;
    let mut elsewhere = Elsewhere::deployed(&args)?;
    let event = Event::read(&context.env)?;
    may_reserve(&args, &event)?;
    let token = github::token(context, args.token.as_deref())?;
    let repository =
        Repository::new(context, None, &token).map_err(|error| match error.kind() {
            // The input `repository` is the image's.
            Kind::Usage => {
                error.hint("Set GITHUB_REPOSITORY to the repository on GitHub, as owner/name.")
            }
            _ => error,
        })?;
    elsewhere.ask(&args, context, &event).await?;
    let task = Task {
        args: &args,
        context,
        event,
        repository,
        inputs,
        prefix,
        adopted,
        elsewhere,
    };
    context.runner.line(format!(
        "input {}: Keycloak {}, {} provider jars",
        task.inputs.digest,
        task.inputs.keycloak,
        task.inputs.providers.len()
    ));
    let decision = task.decide_and_reserve().await?;
    task.tell(&decision)?;
    Ok(decision.outputs)
}

fn random() -> Result<u32> {
    getrandom::u32().map_err(|error| Error::bug("no random number").because(error))
}

/// A reservation points to a commit that stays.
fn may_reserve(args: &Args, event: &Event) -> Result<()> {
    if args.dry_run {
        return Ok(());
    }
    if event.pull_request.is_some() {
        return Err(
            Error::usage("a pull request reserves no tag: its commit is on no branch yet")
                .hint("Set `dry-run: true` here, and reserve the tag after the merge."),
        );
    }
    if event.is_queued {
        return Err(Error::usage(
            "a merge queue reserves no tag: its commit may never get to the branch",
        )
        .hint("Set `dry-run: true` here, and reserve the tag after the merge."));
    }
    let told = match event.sha.as_deref() {
        None => "GITHUB_SHA is not set: no commit to reserve a tag for".to_owned(),
        Some(sha) if !is_commit(sha) => {
            format!("GITHUB_SHA is {sha:?}, not the full hash of a commit")
        }
        Some(_) => return Ok(()),
    };
    Err(Error::usage(told)
        .hint("Set it to the commit that the image is built from, or give `dry-run`."))
}

/// The hash of a commit, SHA-1 or SHA-256, in full.
fn is_commit(text: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    [40, 64].contains(&text.len()) && text.bytes().all(hex)
}

impl Task<'_> {
    async fn decide_and_reserve(&self) -> Result<Decision> {
        let clock = self.context.clock;
        let patience = Duration::from_secs(self.args.timeout_seconds.into());
        let deadline = clock.elapsed() + patience;
        let mut taken = Vec::new();
        let mut asked = Asked::default();
        let (mut attempt, mut faults) = (0, 0);
        loop {
            attempt += 1;
            let (pause, error) = match self.attempt(&taken, &mut asked).await {
                Ok(Ok(decision)) => return Ok(decision),
                Ok(Err(version)) => {
                    self.context.runner.line(format!(
                        "{}{version} was made by another run meanwhile; looking again",
                        self.prefix
                    ));
                    taken.push(version);
                    (plan::pause(attempt, random()?), None)
                }
                Err(error) => {
                    faults += 1;
                    let pause = match error.wait() {
                        Some(wait) => wait,
                        None if error.may_pass() && faults < MOST_FAULTS => {
                            plan::pause(faults + 1, random()?)
                        }
                        None => return Err(error),
                    };
                    self.context.runner.line(format!(
                        "{}; looking again in {:.1} s",
                        error.message(),
                        pause.as_secs_f64()
                    ));
                    (pause, Some(error))
                }
            };
            if clock.elapsed() + pause > deadline {
                return Err(error.unwrap_or_else(|| {
                    Error::new(
                        Kind::TimedOut,
                        format!(
                            "could not reserve a tag in {} s: in {attempt} attempts another run was faster",
                            patience.as_secs()
                        ),
                    )
                    .hint("Run the job again, and let releases of one branch wait for each other by `concurrency`.")
                }));
            }
            clock.sleep(pause).await;
        }
    }

    /// One look at everything, and one attempt to reserve; the version that somebody else took, if that is how it ends.
    async fn attempt(
        &self,
        taken: &[Version],
        asked: &mut Asked,
    ) -> Result<Result<Decision, Version>> {
        let commit = self.event.sha.as_deref();
        let mut census = Census::default();
        let tags = Tags::read(&self.repository, self.prefix, commit, &mut census).await?;
        self.count(&tags, taken, &mut census)?;
        if let Some((release, record, why)) = plan::known(&tags, &self.inputs, commit) {
            let verdict = Verdict {
                tag: &release.version,
                previous: record.previous.as_deref(),
                level: None,
                because: why,
                census: &census,
                not_asked: self.elsewhere.not_asked,
            };
            return Ok(Ok(Decision {
                outputs: self.outputs(&release.version, record.previous.clone(), false, &verdict),
                git_tag: format!("{}{}", self.prefix, release.version),
                differences: Vec::new(),
                new: None,
                notes: plan::besides(&release.version, &census, self.event.pull_request.as_ref()),
            }));
        }
        let decision = self.next(&tags, census, asked).await?;
        if self.args.dry_run {
            return Ok(Ok(decision));
        }
        let (Some(commit), Some(new)) = (commit, &decision.new) else {
            return Err(Error::bug("a reservation without a commit"));
        };
        if !taken.is_empty() && tags::is_there(&self.repository, &decision.git_tag).await? {
            return Ok(Err(new.next.version.clone()));
        }
        let record = Record {
            inputs: self.inputs.clone(),
            previous: new.previous.clone(),
        };
        let message = record.message(&new.next.version, &decision.outputs.reason);
        match tags::reserve(&self.repository, &decision.git_tag, commit, &message).await? {
            Reserved::Yes => Ok(Ok(decision)),
            Reserved::Taken => Ok(Err(new.next.version.clone())),
        }
    }

    /// Counts what is not a git tag.
    fn count(&self, tags: &Tags, taken: &[Version], census: &mut Census) -> Result<()> {
        self.elsewhere.count(census);
        for version in taken {
            census.version(version.clone(), Source::Taken);
        }
        let is_start = census.base().is_none();
        let Some((tag, version)) = &self.adopted else {
            return self.elsewhere.check_start(census.base());
        };
        let there = tags.names.iter().any(|name| name == tag) || self.elsewhere.has(tag);
        let all_seen = self.elsewhere.not_asked.is_none() || self.args.repository.is_none();
        if is_start && !there && all_seen {
            let images = self.args.repository.as_ref();
            return Err(Error::usage(format!(
                "`adopt-from` is {tag:?}, and {} has no such git tag{}",
                self.repository.full_name(),
                images.map_or_else(String::new, |name| format!(
                    ", nor the image repository {name} such a tag"
                ))
            ))
            .hint("Give the newest hand-made tag as it is written."));
        }
        if !there && all_seen {
            self.context.runner.warning(
                "bump-tag",
                &format!("`adopt-from` is {tag:?}, which is neither a git tag nor a tag of the image: it does not count"),
            );
            return Ok(());
        }
        census.version(version.clone(), Source::Adopted);
        Ok(())
    }

    /// A tag for an input that has none.
    async fn next(&self, tags: &Tags, census: Census, asked: &mut Asked) -> Result<Decision> {
        let differences = plan::changed(tags, &self.inputs);
        let workspace = self.context.env.get("GITHUB_WORKSPACE");
        let path = self.args.repository_path(workspace);
        let before = tags.latest().map(|(release, _)| release.commit.as_str());
        let found = changes::read(
            &self.repository,
            &self.event,
            path.as_deref(),
            before,
            asked,
        )
        .await?;
        let adopted = self.adopted.as_ref().map(|(tag, _)| *tag);
        let new = Wish::of(&found.all)
            .and_then(|wish| plan::new(tags, &census, adopted, &differences, &wish))
            .map_err(refuse)?;
        let verdict = Verdict {
            tag: &new.next.version,
            previous: new.previous.as_deref(),
            level: Some(new.next.level),
            because: &new.next.because,
            census: &census,
            not_asked: self.elsewhere.not_asked,
        };
        let mut notes = self.elsewhere.notes.clone();
        notes.extend(found.notes);
        notes.extend(new.next.notes.iter().cloned());
        Ok(Decision {
            outputs: self.outputs(&new.next.version, new.previous.clone(), true, &verdict),
            git_tag: format!("{}{}", self.prefix, new.next.version),
            differences,
            new: Some(new),
            notes,
        })
    }

    fn outputs(
        &self,
        version: &Version,
        previous_tag: Option<String>,
        changed: bool,
        verdict: &Verdict<'_>,
    ) -> Outputs {
        Outputs {
            tag: version.to_string(),
            alias: alias(version, &self.inputs.keycloak),
            previous_tag,
            changed,
            reason: verdict.line(),
        }
    }

    fn tell(&self, decision: &Decision) -> Result<()> {
        let runner = &self.context.runner;
        for difference in &decision.differences {
            runner.line(format!("{}: {}", difference.level, difference.text));
        }
        for note in &decision.notes {
            runner.warning("bump-tag", note);
        }
        let reserved_at = self
            .event
            .sha
            .as_deref()
            .filter(|_| decision.new.is_some() && !self.args.dry_run);
        runner.line(&decision.outputs.reason);
        match reserved_at {
            Some(commit) => runner.line(format!("reserved {} at {commit}", decision.git_tag)),
            None if decision.new.is_some() => runner.line("dry run: nothing is reserved"),
            None => {}
        }
        let facts = summary::Facts {
            inputs: &self.inputs,
            git_tag: &decision.git_tag,
            level: decision.new.as_ref().map(|new| new.next.level),
            differences: &decision.differences,
            reserved_at,
            dry_run: self.args.dry_run,
            notes: &decision.notes,
        };
        runner.summary(&summary::markdown(&decision.outputs, &facts))
    }
}

fn refuse(fault: Fault) -> Error {
    Error::usage(fault.message).hint(fault.hint)
}
