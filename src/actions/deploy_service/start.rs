//! Deployments that this action starts or takes back.

use std::collections::BTreeSet;

use super::reader::Permission;
use super::session::Session;
use crate::aws::{Refusal, refusal};
use crate::domain::rollout::Looks;
use crate::domain::rollout::{
    Brief, DeploymentId, RolloutState, Service, Status, same_task_definition, short,
};
use crate::error::{Error, Result};

/// Attempts at an update.
const ATTEMPTS: u32 = 4;
/// Successful deployments that are looked through for one to return to.
const REVISIONS: usize = 20;

/// What became of the wish to roll back.
pub(super) enum Return {
    /// ECS returns; wait for the end of this deployment's rollback.
    Stopped(DeploymentId),
    /// A deployment of the revision before has begun.
    Started(DeploymentId),
    /// It is rolled back already; which, and in words.
    Done(DeploymentId, String),
}

impl Session<'_> {
    /// Starts a deployment; answers its id. It is never started twice: after an update that got no answer, the service
    /// is looked at first.
    pub(super) async fn start(
        &self,
        definition: Option<&str>,
        force: bool,
    ) -> Result<DeploymentId> {
        let before: BTreeSet<DeploymentId> = self
            .service()
            .slots
            .iter()
            .map(|slot| slot.id.clone())
            .collect();
        self.known.borrow_mut().updating = Some(before.clone());
        let mut looks = Looks::default();
        let mut attempt = 1;
        loop {
            let call = self
                .reader
                .ecs
                .update(&self.request.service, definition, force);
            let error = match self.reader.needed(call).await {
                Ok(service) => {
                    if let Some(id) = begun(&service, &before, definition) {
                        self.known.borrow_mut().view.service = service;
                        return Ok(id);
                    }
                    return self.await_start(&before, definition).await;
                }
                Err(error) => error,
            };
            match refusal(&error) {
                Refusal::Passing => {
                    self.line(format!(
                        "{}; looking whether it took effect",
                        error.message()
                    ));
                    if let Ok(id) = self.await_start(&before, definition).await {
                        return Ok(id);
                    }
                }
                Refusal::Throttled => {}
                Refusal::Denied => {
                    return Err(error.hint(
                        "The role needs ecs:UpdateService for this service, and iam:PassRole for the roles of the task \
                         definition.",
                    ));
                }
                _ => return Err(error),
            }
            if attempt == ATTEMPTS {
                return Err(error);
            }
            attempt += 1;
            looks.hampered(128);
            self.context.clock.sleep(looks.pause()).await;
        }
    }

    /// The deployment that an update has started, once the service shows it.
    async fn await_start(
        &self,
        before: &BTreeSet<DeploymentId>,
        definition: Option<&str>,
    ) -> Result<DeploymentId> {
        let mut looks = Looks::default();
        for _ in 0..6 {
            self.context.clock.sleep(looks.pause()).await;
            if self.look_at_service().await.is_ok()
                && let Some(id) = begun(&self.service(), before, definition)
            {
                return Ok(id);
            }
            // The service may be shown as it was a while ago; the list is another source.
            if let Some(id) = self.listed_start(before, definition).await {
                return Ok(id);
            }
        }
        Err(Error::refused(format!(
            "the update of {} started no deployment",
            self.request.service
        ))
        .hint("Look at the service's events, then try again."))
    }

    /// A deployment in flight that the service did not show before, if it is of the wanted task definition.
    async fn listed_start(
        &self,
        before: &BTreeSet<DeploymentId>,
        definition: Option<&str>,
    ) -> Option<DeploymentId> {
        let newest = self.history().await.ok()??.into_iter().next()?;
        if before.contains(&newest.id) || !newest.status.in_flight() {
            return None;
        }
        if let Some(wanted) = definition {
            let revision = self.revision(&newest.id).await?;
            if !same_task_definition(&revision.task_definition, wanted) {
                return None;
            }
        }
        Some(newest.id)
    }

    /// The service deployments, newest first.
    pub(super) async fn history(&self) -> Result<Option<Vec<Brief>>> {
        let list = self.reader.ecs.deployments(&self.request.service);
        let list = self.reader.optional(Permission::History, list).await?;
        Ok(list.map(|mut list| {
            let at = |brief: &Brief| brief.created.unwrap_or(0.0);
            list.sort_by(|one, other| at(other).total_cmp(&at(one)));
            list
        }))
    }

    /// The deployment in flight, if there is one.
    pub(super) async fn in_flight(&self) -> Result<Option<DeploymentId>> {
        if let Some(newest) = self
            .history()
            .await?
            .and_then(|list| list.into_iter().next())
            && newest.status.in_flight()
        {
            self.remember(&newest.id, std::slice::from_ref(&newest));
            return Ok(Some(newest.id));
        }
        let service = self.service();
        let primary = service.primary();
        Ok(primary
            .filter(|slot| slot.rollout == Some(RolloutState::InProgress))
            .filter(|_| !self.reader.may(Permission::History))
            .map(|slot| slot.id.clone()))
    }

    /// Stops a deployment in flight and has ECS return to the revision before.
    pub(super) async fn stop(&self, arn: &str) -> Result<()> {
        self.patiently(|| self.reader.ecs.roll_back(arn))
            .await
            .map_err(|error| match refusal(&error) {
                Refusal::Denied => error.hint(
                    "The role needs ecs:StopServiceDeployment for this service's deployments.",
                ),
                _ => error,
            })
    }

    /// Rolls back `wanted`, or the newest deployment: one in flight is stopped, one that is over gives way to the last
    /// successful revision before it.
    pub(super) async fn go_back(&self, wanted: Option<&DeploymentId>) -> Result<Return> {
        let Some(history) = self.history().await? else {
            return Err(
                Error::refused("cannot roll back without ecs:ListServiceDeployments").hint(
                    "The role needs ecs:ListServiceDeployments and ecs:StopServiceDeployment.",
                ),
            );
        };
        let Some(newest) = history.first() else {
            return Err(Error::refused(format!(
                "{} has no deployment",
                self.request.service
            )));
        };
        if let Some(wanted) = wanted
            && !history.iter().any(|brief| brief.id == *wanted)
        {
            return Err(self.no_such_deployment());
        }
        if let Some(wanted) = wanted
            && newest.id != *wanted
        {
            return Err(Error::refused(format!(
                "{wanted} is not the newest deployment of {}: {} is",
                self.request.service, newest.id
            ))
            .hint("Rolling it back would take the newer one away too. Name that one, or none."));
        }
        self.remember(&newest.id, &history);
        match newest.status {
            Status::Pending | Status::InProgress => {
                self.line(format!(
                    "stopping {}: ECS returns to the revision before",
                    newest.id
                ));
                self.stop(&newest.arn).await?;
                Ok(Return::Stopped(newest.id.clone()))
            }
            Status::RollbackRequested | Status::RollbackInProgress | Status::StopRequested => {
                Ok(Return::Stopped(newest.id.clone()))
            }
            Status::RollbackSuccessful => Ok(Return::Done(
                newest.id.clone(),
                format!("{} is rolled back already", newest.id),
            )),
            Status::Successful | Status::Stopped | Status::RollbackFailed => {
                self.deploy_earlier(&history).await
            }
        }
    }

    /// Deploys the task definition of the last successful deployment before the present task definition came.
    async fn deploy_earlier(&self, history: &[Brief]) -> Result<Return> {
        let present = self.service().task_definition;
        let good: Vec<&Brief> = history
            .iter()
            .filter(|brief| brief.status == Status::Successful)
            .take(REVISIONS)
            .collect();
        let arns: Vec<String> = good.iter().map(|brief| brief.revision.clone()).collect();
        let revisions = self
            .patiently(|| self.reader.ecs.revisions(&arns))
            .await
            .map_err(|error| {
                error.hint("The role needs ecs:DescribeServiceRevisions for this service.")
            })?;
        let definition = |brief: &&&Brief| {
            revisions
                .iter()
                .find(|revision| revision.id == brief.id)
                .map(|revision| revision.task_definition.clone())
        };
        let of_present = |brief: &&&Brief| {
            definition(brief).is_some_and(|name| same_task_definition(&name, &present))
        };
        if let (Some(back), Some(newest)) = (went_back(&good, of_present), history.first()) {
            let further = definition(&back).unwrap_or_default();
            return Ok(Return::Done(
                newest.id.clone(),
                format!(
                    "{} serves again, to which {} went back; to go back further, deploy an earlier one by its name, not {}",
                    short(&present),
                    newest.id,
                    short(&further)
                ),
            ));
        }
        let first = good.iter().rposition(|brief| of_present(&brief));
        let earlier = match first {
            Some(first) => &good[first + 1..],
            None => &good[..],
        };
        let target = earlier.iter().find_map(|brief| definition(&brief));
        let Some(target) = target else {
            return Err(Error::refused(format!(
                "{} has no successful deployment before {} to return to",
                self.request.service,
                short(&present)
            ))
            .hint("Deploy a good image or task definition instead."));
        };
        self.check_registered(&target).await?;
        self.line(format!(
            "deploying {} again, the last that was deployed well",
            short(&target)
        ));
        self.start(Some(&target), false)
            .await
            .map(Return::Started)
            .map_err(|error| match refusal(&error) {
                Refusal::Wrong => error.hint(format!(
                    "If {} was deregistered, register it again, or deploy another one.",
                    short(&target)
                )),
                _ => error,
            })
    }
}

/// What the newest deployments went back from, if they did: the present task definition was deployed before it already.
fn went_back<'a>(
    good: &'a [&'a Brief],
    of_present: impl Fn(&&&Brief) -> bool,
) -> Option<&'a &'a Brief> {
    let newest = good.iter().position(|brief| !of_present(&brief))?;
    let present_is_newest = newest > 0;
    let before = good[newest..].iter().any(|brief| of_present(&brief));
    (present_is_newest && before).then(|| &good[newest])
}

/// The newest deployment, if it was not there before and is of the wanted task definition.
fn begun(
    service: &Service,
    before: &BTreeSet<DeploymentId>,
    definition: Option<&str>,
) -> Option<DeploymentId> {
    let primary = service.primary()?;
    let fits = definition.is_none_or(|name| same_task_definition(&primary.task_definition, name));
    (fits && !before.contains(&primary.id)).then(|| primary.id.clone())
}
