//! One run: what is known so far, and the loop that learns more.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use super::plan::Request;
use super::reader::{Permission, Reader, Tail};
use crate::action::Context;
use crate::aws::{Refusal, refusal};
use crate::domain::rollout::{
    Brief, Cause, DeploymentId, End, Looks, Note, Rollout, Service, Status, Step, Verdict, View,
};
use crate::domain::task_definition::TaskDefinition;
use crate::error::{Error, Result};
use crate::runner::Progress;

const SECOND: Duration = Duration::from_secs(1);
/// How long a service must be missing, once it was there: one answer may be an old or a wrong one.
const GONE: Duration = Duration::from_secs(15);
/// How long something else may answer in the place of AWS, once AWS did.
const FOREIGN: Duration = Duration::from_secs(60);

/// What is known so far. A cancelled run reports from it.
#[derive(Default)]
pub(super) struct Known {
    pub(super) view: View,
    pub(super) rollout: Option<Rollout>,
    /// A deployment, and the ARN of its service deployment.
    pub(super) arn: Option<(DeploymentId, String)>,
    pub(super) definition: Option<TaskDefinition>,
    /// A deployment that the service does not show any more, and its task definition.
    pub(super) definition_name: Option<(DeploymentId, String)>,
    /// While an update is under way: the deployments that were there before.
    pub(super) updating: Option<BTreeSet<DeploymentId>>,
    /// The state on one line.
    pub(super) line: String,
    pub(super) warnings: Vec<String>,
    /// What was decided, once it was.
    pub(super) decided: Option<Option<Verdict>>,
    /// The log and the digest that belong to it.
    pub(super) tail: Option<Tail>,
    pub(super) digest: Option<String>,
    /// ARNs of stopped tasks that need no second look.
    seen: BTreeSet<String>,
    /// Since when the service is missing, or something else answers in the place of AWS.
    missing: Option<Duration>,
    foreign: Option<Duration>,
}

/// One run of the action.
pub(super) struct Session<'a> {
    pub(super) context: &'a Context,
    pub(super) request: &'a Request,
    pub(super) reader: Reader<'a>,
    pub(super) known: RefCell<Known>,
}

impl<'a> Session<'a> {
    pub(super) async fn new(context: &'a Context, request: &'a Request) -> Self {
        let known = Known {
            view: View {
                history: true,
                ..View::default()
            },
            ..Known::default()
        };
        Self {
            context,
            request,
            reader: Reader::new(context, &request.region, &request.cluster).await,
            known: RefCell::new(known),
        }
    }

    /// Time since the start of this process.
    pub(super) fn now(&self) -> Duration {
        self.context.clock.elapsed()
    }

    pub(super) fn service(&self) -> Service {
        self.known.borrow().view.service.clone()
    }

    pub(super) fn line(&self, text: impl AsRef<str>) {
        self.context.runner.line(text);
    }

    /// A warning that the report repeats.
    pub(super) fn warn(&self, text: &str) {
        self.context.runner.warning("deploy-service", text);
        self.known.borrow_mut().warnings.push(text.to_owned());
    }

    /// Tells remarks of the domain.
    pub(super) fn tell(&self, notes: Vec<Note>) {
        for note in notes {
            match note {
                Note::Line(text) => self.line(text),
                Note::Warning(text) => self.warn(&text),
            }
        }
    }

    /// Begins the wait for a deployment.
    pub(super) fn begin(&self, id: DeploymentId) {
        let mut known = self.known.borrow_mut();
        known.updating = None;
        known.view.ours = None;
        known.view.stopped.clear();
        known.seen.clear();
        let mut rollout = Rollout::new(id, self.request.policy);
        rollout.remember(&known.view);
        known.rollout = Some(rollout);
    }

    /// Looks until something is certain.
    pub(super) async fn follow(&self) -> Result<Verdict> {
        let mut looks = Looks::default();
        let mut progress = self.context.runner.progress();
        loop {
            match self.look(&mut looks).await {
                Ok(()) => {
                    looks.answered();
                    self.known.borrow_mut().foreign = None;
                    let step = self.observe()?;
                    progress.show(&step.line, self.now());
                    for note in step.notes {
                        match note {
                            Note::Line(text) => progress.line(&text),
                            Note::Warning(text) => {
                                progress.warning("deploy-service", &text);
                                self.known.borrow_mut().warnings.push(text);
                            }
                        }
                    }
                    if let Some(verdict) = step.verdict {
                        return Ok(verdict);
                    }
                }
                Err(error) => {
                    if let Some(verdict) = self.trouble(&mut looks, error)? {
                        return Ok(verdict);
                    }
                }
            }
            self.pause(looks.pause(), &mut progress).await;
        }
    }

    /// Waits; the live line goes on counting.
    async fn pause(&self, pause: Duration, progress: &mut Progress<'_>) {
        let end = self.now() + pause;
        loop {
            let left = end.saturating_sub(self.now());
            self.context.clock.sleep(left.min(SECOND)).await;
            if left <= SECOND {
                return;
            }
            let line = self.known.borrow().line.clone();
            progress.show(&line, self.now());
        }
    }

    fn observe(&self) -> Result<Step> {
        let now = self.now();
        let mut known = self.known.borrow_mut();
        let known = &mut *known;
        let rollout = known
            .rollout
            .as_mut()
            .ok_or_else(|| Error::bug("waits for no deployment"))?;
        let step = rollout.observe(&known.view, now);
        step.line.clone_into(&mut known.line);
        Ok(step)
    }

    /// A look that failed: slower for a while, or the end.
    fn trouble(&self, looks: &mut Looks, error: Error) -> Result<Option<Verdict>> {
        let now = self.now();
        match refusal(&error) {
            Refusal::Throttled | Refusal::Passing => {
                looks.hampered(random());
                self.context.runner.debug(error.message());
                let known = self.known.borrow();
                let rollout = known.rollout.as_ref();
                Ok(rollout.and_then(|rollout| rollout.overdue(&known.view, now)))
            }
            Refusal::Expired => {
                let known = self.known.borrow();
                Ok(Some(Verdict::new(
                    End::CredentialsLost,
                    format!(
                        "the credentials ended while the deployment goes on; last seen: {}. {}",
                        known.line,
                        error.message()
                    ),
                    "Log in for longer than the deployment takes (role-duration-seconds), and wait again: nothing was \
                     changed.",
                )))
            }
            Refusal::Missing => {
                self.is_missing();
                Ok(self.observe()?.verdict)
            }
            Refusal::Foreign => {
                let mut known = self.known.borrow_mut();
                let since = *known.foreign.get_or_insert(now);
                if known.line.is_empty() || now.saturating_sub(since) >= FOREIGN {
                    return Err(error);
                }
                looks.hampered(random());
                self.context.runner.debug(error.message());
                Ok(None)
            }
            Refusal::Denied | Refusal::Wrong => Err(error.hint(
                "The action needs ecs:DescribeServices, ecs:ListServiceDeployments and ecs:DescribeServiceDeployments.",
            )),
        }
    }

    /// One look at everything that is due.
    async fn look(&self, looks: &mut Looks) -> Result<()> {
        let Some(id) = self.ours() else {
            return Err(Error::bug("waits for no deployment"));
        };
        self.look_at_ours(&id).await?;
        let due = looks.service_is_due(&self.known.borrow().view);
        if due {
            self.look_at_service().await?;
        }
        let now = self.now();
        let due = looks.tasks_are_due(&self.known.borrow().view, &id, now);
        if due && let Err(error) = self.look_at_tasks(&id).await {
            if refusal(&error) == Refusal::Expired {
                return Err(error);
            }
            // They explain; service and deployment decide.
            self.context.runner.debug(error.message());
            self.reader.notice(
                "stopped tasks could not be looked at: fail-fast and causes wait until they can"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// The service is missing: it counts as gone once that has lasted.
    fn is_missing(&self) {
        let now = self.now();
        let mut known = self.known.borrow_mut();
        let since = *known.missing.get_or_insert(now);
        if now.saturating_sub(since) >= GONE {
            known.view.service.status = "INACTIVE".to_owned();
        }
    }

    /// Id of our deployment.
    pub(super) fn ours(&self) -> Option<DeploymentId> {
        let known = self.known.borrow();
        known.rollout.as_ref().map(|rollout| rollout.id().clone())
    }

    pub(super) async fn look_at_ours(&self, id: &DeploymentId) -> Result<()> {
        let mut arn = self.arn_of(id);
        if arn.is_none() {
            let list = self.reader.ecs.deployments(&self.request.service);
            let list = self.reader.optional(Permission::History, list).await?;
            let list = list.unwrap_or_default();
            self.remember(id, &list);
            self.known.borrow_mut().view.never_good = never_good(id, &list);
            arn = self.arn_of(id);
        }
        let shown = match &arn {
            Some(arn) => {
                let call = self.reader.ecs.deployment(arn);
                self.reader
                    .optional(Permission::History, call)
                    .await?
                    .flatten()
            }
            None => None,
        };
        let may = self.reader.may(Permission::History);
        let mut known = self.known.borrow_mut();
        known.view.history = may;
        if !may || shown.is_some() {
            known.view.ours = shown.filter(|_| may);
        }
        Ok(())
    }

    /// ARN of the service deployment of a deployment, once it was listed.
    pub(super) fn arn_of(&self, id: &DeploymentId) -> Option<String> {
        let known = self.known.borrow();
        let (of, arn) = known.arn.as_ref()?;
        (of == id).then(|| arn.clone())
    }

    /// Remembers the ARN of a deployment, if it is listed.
    pub(super) fn remember(&self, id: &DeploymentId, list: &[Brief]) {
        if let Some(brief) = list.iter().find(|brief| brief.id == *id) {
            self.known.borrow_mut().arn = Some((id.clone(), brief.arn.clone()));
        }
    }

    /// Looks at the service; one that stays away counts as inactive.
    pub(super) async fn look_at_service(&self) -> Result<()> {
        let call = self.reader.ecs.service(&self.request.service);
        let service = self.reader.needed(call).await?;
        match service {
            Some(service) => {
                let mut known = self.known.borrow_mut();
                known.missing = None;
                known.view.service = service;
            }
            None => self.is_missing(),
        }
        Ok(())
    }

    async fn look_at_tasks(&self, id: &DeploymentId) -> Result<()> {
        let list = self.reader.ecs.stopped_tasks(&self.request.service);
        let list = self.reader.optional(Permission::Tasks, list).await?;
        let fresh: Vec<String> = {
            let known = self.known.borrow();
            let fresh = list.unwrap_or_default().into_iter();
            fresh.filter(|arn| !known.seen.contains(arn)).collect()
        };
        if fresh.is_empty() {
            return Ok(());
        }
        let call = self.reader.ecs.tasks(&fresh);
        let tasks = self.reader.optional(Permission::Tasks, call).await?;
        for mut started in tasks.unwrap_or_default() {
            let ours = started.started_by == id.as_str();
            if ours && !started.ended {
                continue;
            }
            // Only its log tells an image of another architecture from a program that failed.
            let puzzling = |code: &i32| [1, 126, 255].contains(code);
            if ours
                && started
                    .task
                    .containers
                    .iter()
                    .any(|one| one.exit_code.as_ref().is_some_and(puzzling))
            {
                let cause = crate::domain::rollout::classify(&started.task, &[]);
                started.task.log = self.tail(&cause).await.lines;
            }
            let mut known = self.known.borrow_mut();
            known.seen.insert(started.arn);
            if ours {
                known.view.stopped.push(started.task);
            }
        }
        let mut known = self.known.borrow_mut();
        known.view.stopped.sort_by(|one, other| {
            one.stopped
                .unwrap_or(0.0)
                .total_cmp(&other.stopped.unwrap_or(0.0))
        });
        Ok(())
    }

    /// The last lines of the container that a cause is about.
    pub(super) async fn tail(&self, cause: &Cause) -> Tail {
        let definition = self.known.borrow().definition.clone();
        self.reader.tail(definition.as_ref(), cause).await
    }
}

/// Whether no other deployment that is listed led to a good end.
fn never_good(id: &DeploymentId, list: &[Brief]) -> bool {
    let mut others = list.iter().filter(|brief| brief.id != *id);
    others.clone().next().is_some()
        && !others.any(|brief| {
            matches!(
                brief.status,
                Status::Successful | Status::RollbackSuccessful
            )
        })
}

/// A random byte, or the middle where the system has none.
fn random() -> u8 {
    let mut byte = [128];
    match getrandom::fill(&mut byte) {
        Ok(()) => byte[0],
        Err(_) => 128,
    }
}
