//! From what the caller named to one deployment.

use std::future::Future;
use std::time::Duration;

use super::plan;
use super::reader::Permission;
use super::session::Session;
use crate::aws::{self, Refusal, refusal};
use crate::domain::near::instead;
use crate::domain::rollout::Looks;
use crate::domain::rollout::{Attach, Brief, DeploymentId, Pin, attach, short};
use crate::error::{Error, Result};

/// How long a state that may be an old one must last: an update takes up to some seconds to be seen everywhere.
const SETTLE: Duration = Duration::from_secs(6);
/// How long a deployment may take to appear.
const APPEAR: Duration = Duration::from_secs(15);
/// How long a call that is throttled is repeated, when nothing is known yet.
const PATIENCE: Duration = Duration::from_secs(60);
/// Service revisions that are looked through for a task definition.
const REVISIONS: usize = 20;

impl Session<'_> {
    /// Repeats a call that is throttled or meets a passing fault.
    pub(super) async fn patiently<T, F>(&self, call: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let started = self.now();
        let mut looks = Looks::default();
        loop {
            let error = match self.reader.needed(call()).await {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            let passing = matches!(refusal(&error), Refusal::Throttled | Refusal::Passing);
            looks.hampered(128);
            let pause = looks.pause();
            let spent = self.now().saturating_sub(started);
            if !passing || spent + pause > self.patience() {
                return Err(error);
            }
            self.line(format!(
                "{}; trying again in {:.0} s",
                error.message(),
                pause.as_secs_f64()
            ));
            self.context.clock.sleep(pause).await;
        }
    }

    /// How long a fault that may pass is waited for, before anything is known of a deployment.
    fn patience(&self) -> Duration {
        PATIENCE.min(self.request.policy.timeout)
    }

    /// The first look at the service: it must be one that this action can judge.
    pub(super) async fn meet(&self) -> Result<()> {
        aws::require_login(&self.reader.config).await?;
        let name = &self.request.service;
        let found = match self.patiently(|| self.reader.ecs.service(name)).await {
            Ok(found) => found,
            Err(error) => return Err(self.stranger(error).await),
        };
        let Some(service) = found else {
            let names = self.reader.needed(self.reader.ecs.service_names()).await;
            return Err(Error::usage(format!(
                "there is no service {name} in the cluster {}, {}",
                self.request.cluster, self.request.region
            ))
            .hint(instead(name, "services", names)));
        };
        plan::unsuitable(&service, self.request)?;
        self.known.borrow_mut().view.service = service;
        Ok(())
    }

    /// What a refusal of the very first call means to the caller.
    async fn stranger(&self, error: Error) -> Error {
        match refusal(&error) {
            Refusal::Missing => {
                let wanted = &self.request.cluster;
                let names = self.reader.needed(self.reader.ecs.cluster_names()).await;
                let name = wanted.rsplit('/').next().unwrap_or(wanted);
                let hint = match wanted.split(':').nth(4) {
                    // The names of this account's clusters would lead into it.
                    Some(account) if names.as_ref().is_ok_and(|names| names.iter().any(|one| one == name)) => format!(
                        "This account has a cluster {name}, so these credentials are not for account {account}: check which \
                         environment this job is for."
                    ),
                    _ => instead(name, "clusters", names),
                };
                Error::usage(format!(
                    "there is no cluster {wanted} in {}",
                    self.request.region
                ))
                .hint(hint)
            }
            Refusal::Wrong => Error::usage(error.message()).hint(
                "Check `cluster` and `service`: their names, their account and their region.",
            ),
            Refusal::Denied => error.hint("The role needs ecs:DescribeServices for this service."),
            Refusal::Expired => {
                error.hint("Run aws-login before this step: these credentials have ended or are no good, or the clock of this machine is wrong.")
            }
            Refusal::Throttled | Refusal::Passing | Refusal::Foreign => error,
        }
    }

    /// Finds the deployment that the caller named.
    pub(super) async fn attach(&self) -> Result<DeploymentId> {
        let started = self.now();
        let mut looks = Looks::default();
        let mut revisions = Vec::new();
        let mut told = false;
        let mut candidate: Option<(DeploymentId, Duration)> = None;
        loop {
            let list = self.reader.ecs.deployments(&self.request.service);
            let history = self.reader.optional(Permission::History, list).await;
            let now = self.now();
            let looked = match history {
                Ok(history) => {
                    self.remember_revisions(history.as_deref(), &mut revisions)
                        .await?;
                    let service = self.service();
                    let found = attach(&self.request.pin, &service, history.as_deref(), &revisions);
                    Some((found, history.unwrap_or_default()))
                }
                Err(error) => {
                    let passing = matches!(refusal(&error), Refusal::Throttled | Refusal::Passing);
                    if !passing || now.saturating_sub(started) >= self.patience() {
                        return Err(error);
                    }
                    looks.hampered(128);
                    None
                }
            };
            match looked {
                Some((Attach::Found(id), history)) => {
                    self.remember(&id, &history);
                    return Ok(id);
                }
                Some((Attach::Perhaps(id), history)) => match &candidate {
                    Some((same, since)) if *same == id => {
                        if now.saturating_sub(*since) >= SETTLE {
                            self.remember(&id, &history);
                            return Ok(id);
                        }
                    }
                    _ => {
                        self.line(format!(
                            "{id} is over already; looking whether a newer one is on its way"
                        ));
                        candidate = Some((id, now));
                    }
                },
                Some((Attach::NotYet, history)) => {
                    if !told {
                        self.line(
                            "no such deployment yet: an update takes some seconds to be seen",
                        );
                        told = true;
                    }
                    candidate = None;
                    if now.saturating_sub(started) >= APPEAR {
                        return Err(self.not_there(&history));
                    }
                }
                None => {}
            }
            self.context.clock.sleep(looks.pause()).await;
            match self.look_at_service().await {
                Ok(()) => looks.answered(),
                Err(error) => match refusal(&error) {
                    Refusal::Throttled | Refusal::Passing => looks.hampered(128),
                    _ => return Err(error),
                },
            }
        }
    }

    /// Learns the task definitions of the newest deployments, where the service does not show the one wanted.
    async fn remember_revisions(
        &self,
        history: Option<&[Brief]>,
        revisions: &mut Vec<(DeploymentId, String)>,
    ) -> Result<()> {
        let Pin::TaskDefinition(_) = self.request.pin else {
            return Ok(());
        };
        let mut newest: Vec<&Brief> = history.unwrap_or_default().iter().collect();
        newest.sort_by(|one, other| {
            let at = |brief: &Brief| brief.created.unwrap_or(0.0);
            at(other).total_cmp(&at(one))
        });
        let unknown: Vec<String> = newest
            .into_iter()
            .take(REVISIONS)
            .filter(|brief| !revisions.iter().any(|(id, _)| *id == brief.id))
            .map(|brief| brief.revision.clone())
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let call = self.reader.ecs.revisions(&unknown);
        let found = self.reader.optional(Permission::Revisions, call).await?;
        revisions.extend(
            found
                .unwrap_or_default()
                .into_iter()
                .map(|revision| (revision.id, revision.task_definition)),
        );
        Ok(())
    }

    fn not_there(&self, history: &[Brief]) -> Error {
        let service = self.service();
        let wanted = match &self.request.pin {
            Pin::Deployment(id) => format!("no deployment {id}"),
            Pin::ServiceDeployment(arn) => format!("no deployment {arn}"),
            Pin::TaskDefinition(name) => format!("no deployment of {}", short(name)),
            Pin::Newest => "no deployment at all".to_owned(),
        };
        let mut there: Vec<String> = service
            .slots
            .iter()
            .map(|slot| format!("{} ({})", slot.id, short(&slot.task_definition)))
            .collect();
        let older = history
            .iter()
            .filter(|brief| service.slot(&brief.id).is_none());
        there.extend(older.take(3).map(|brief| brief.id.to_string()));
        Error::usage(format!(
            "{} in the cluster {}, {} has {wanted}",
            service.name, self.request.cluster, self.request.region
        ))
        .hint(format!(
            "It has: {}. Was the service updated, in this account and region?",
            if there.is_empty() {
                "none".to_owned()
            } else {
                there.join(", ")
            }
        ))
    }
}
