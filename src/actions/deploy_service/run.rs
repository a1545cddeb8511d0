//! Read, plan, print, apply.

use aws_sdk_ecs::primitives::{DateTime, DateTimeFormat};

use super::Outputs;
use super::args::{Args, Operation, Reaction};
use super::deploy::Start;
use super::plan;
use super::session::Session;
use super::start::Return;
use crate::action::{Context, Outcome};
use crate::aws;
use crate::domain::rollout::{
    Attach, DeploymentId, End, Pin, RolloutState, TaskFacts, Verdict, attach, remarks,
};
use crate::error::{Error, Result};

/// What is left to do after a rollback that was asked for.
const OWNED_BY_TERRAFORM: &str = "If Terraform owns the service, set the last healthy tag there too: the next apply would deploy the bad one again.";

pub(super) async fn run(args: &Args, context: &Context) -> Result<Outcome<Outputs>> {
    let region = aws::region(context, args.aws_region.as_deref())?;
    let request = plan::request(args, &region, |path| std::fs::read_to_string(path))?;
    let session = Session::new(context, &request).await;
    let work = async {
        let verdict = session.perform().await?;
        session.gather(verdict.as_ref()).await;
        Ok(verdict)
    };
    let ended = tokio::select! {
        biased;
        () = context.cancelled() => None,
        verdict = work => Some(verdict?),
    };
    // What was decided before the signal came stays decided.
    let decided = session.known.borrow().decided.clone();
    let verdict = match ended.or(decided) {
        Some(verdict) => verdict,
        None => Some(session.cancelled().await),
    };
    session.conclude(verdict.as_ref())
}

impl Session<'_> {
    /// Does what was asked for; no verdict while a deployment that is only shown is in flight.
    async fn perform(&self) -> Result<Option<Verdict>> {
        self.meet().await?;
        match self.request.operation {
            Operation::Wait => {
                let id = self.attach().await?;
                self.wait_for(id, true).await.map(Some)
            }
            Operation::Restart => {
                let id = match self.in_flight().await? {
                    Some(id) => {
                        self.line(format!(
                            "{id} is in flight and replaces every task: waiting for it"
                        ));
                        id
                    }
                    None => {
                        self.check_registered(&self.service().task_definition)
                            .await?;
                        self.start(None, true).await?
                    }
                };
                self.wait_for(id, false).await.map(Some)
            }
            Operation::Deploy => match self.deploy().await? {
                Start::Waiting(id) => self.wait_for(id, false).await.map(Some),
                Start::Serves(id) => {
                    self.begin(id.clone());
                    Ok(Some(self.no_op(&id)))
                }
            },
            Operation::Rollback => self.roll_back().await.map(Some),
            Operation::Status => {
                let id = self.shown().await?;
                self.status(&id).await
            }
        }
    }

    /// Waits for a deployment. `found` if it was there before, so that it may be over already.
    async fn wait_for(&self, id: DeploymentId, found: bool) -> Result<Verdict> {
        self.begin(id.clone());
        self.learn_definition().await?;
        self.check();
        self.line(format!(
            "waiting for {} of {} in the cluster {}, {}",
            self.named(&id),
            self.request.service,
            self.request.cluster,
            self.request.region
        ));
        if found && self.starts(&id) {
            self.foresee().await;
        }
        let verdict = self.follow().await?;
        let was_over = {
            let known = self.known.borrow();
            known
                .rollout
                .as_ref()
                .is_some_and(|rollout| rollout.was_over())
        };
        match verdict.end {
            End::Deployed if found && was_over => Ok(self.no_op(&id)),
            End::Failed if self.request.on_failure == Reaction::Rollback => {
                self.roll_back_failed(verdict).await
            }
            _ => Ok(verdict),
        }
    }

    /// Whether a deployment is under way, as the service shows it.
    fn starts(&self, id: &DeploymentId) -> bool {
        let service = self.service();
        let slot = service.slot(id);
        slot.is_some_and(|slot| slot.rollout == Some(RolloutState::InProgress))
    }

    fn no_op(&self, id: &DeploymentId) -> Verdict {
        Verdict::new(
            End::NoOp,
            format!("nothing to do: {} serves already", self.named(id)),
            "",
        )
    }

    /// Tells what the settings cost or risk.
    fn check(&self) {
        let facts = self
            .known
            .borrow()
            .definition
            .as_ref()
            .map(|definition| TaskFacts {
                stop_timeout: definition.stop_timeout(),
                health_interval: definition.health_interval(),
            });
        self.tell(remarks(&self.service(), facts.as_ref()));
        self.check_credentials();
    }

    /// Warns if the credentials of `aws-login` may end before the wait does.
    fn check_credentials(&self) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let text = self.context.env.get("KECS_CREDENTIALS_EXPIRE");
        let expire = text.and_then(|text| DateTime::from_str(text, DateTimeFormat::DateTime).ok());
        if let (Some(text), None) = (text, &expire) {
            self.reader.notice(format!(
                "KECS_CREDENTIALS_EXPIRE is {text:?}, no time: whether the credentials outlive the wait is not checked"
            ));
        }
        let (Ok(now), Some(expire)) = (now, expire) else {
            return;
        };
        let left = (expire.as_secs_f64() - now.as_secs_f64()).max(0.0);
        let limit = self.request.policy.timeout.as_secs_f64();
        if left < limit {
            self.warn(&format!(
                "the credentials end in {:.0} min, and the wait may take {:.0}: raise `role-duration-seconds` of aws-login, \
                 or lower `timeout-seconds`",
                left / 60.0,
                limit / 60.0
            ));
        }
    }

    /// The deployment that `status` shows.
    async fn shown(&self) -> Result<DeploymentId> {
        let history = self.history().await?;
        let found = attach(&self.request.pin, &self.service(), history.as_deref(), &[]);
        match found {
            Attach::Found(id) | Attach::Perhaps(id) => {
                self.remember(&id, history.as_deref().unwrap_or_default());
                Ok(id)
            }
            Attach::NotYet => Err(self.no_such_deployment()),
        }
    }

    pub(super) fn no_such_deployment(&self) -> Error {
        Error::usage(format!("{} has no such deployment", self.request.service))
            .hint("Leave `deployment-id` out for the newest one.")
    }

    async fn roll_back(&self) -> Result<Verdict> {
        let wanted = match &self.request.pin {
            Pin::Deployment(id) => Some(id.clone()),
            Pin::ServiceDeployment(_) => Some(self.shown().await?),
            Pin::TaskDefinition(_) | Pin::Newest => None,
        };
        match self.go_back(wanted.as_ref()).await? {
            Return::Stopped(id) => {
                self.begin(id);
                self.learn_definition().await?;
                let verdict = self.await_return().await?;
                Ok(match verdict.end {
                    End::Deployed => Verdict::new(
                        End::Failed,
                        format!("{}: it was done before it could be stopped", verdict.what),
                        "Run `operation: rollback` again: it then deploys the revision before.",
                    ),
                    End::RolledBack => Verdict {
                        next: OWNED_BY_TERRAFORM.to_owned(),
                        ..verdict
                    },
                    _ => verdict,
                })
            }
            Return::Started(id) => {
                let verdict = self.wait_for(id.clone(), false).await?;
                Ok(match verdict.end {
                    End::Deployed => Verdict::new(
                        End::RolledBack,
                        format!("rolled back by {}", self.named(&id)),
                        OWNED_BY_TERRAFORM,
                    ),
                    _ => verdict,
                })
            }
            Return::Done(id, what) => {
                self.begin(id);
                Ok(Verdict::new(
                    End::NoOp,
                    format!("nothing to do: {what}"),
                    "",
                ))
            }
        }
    }

    /// Waits for the end of a rollback that we asked for.
    async fn await_return(&self) -> Result<Verdict> {
        let limit = self.now() + self.request.policy.timeout;
        if let Some(rollout) = &mut self.known.borrow_mut().rollout {
            rollout.await_rollback(limit);
        }
        self.follow().await
    }

    /// Takes back a deployment that failed, since the caller wants that.
    async fn roll_back_failed(&self, failed: Verdict) -> Result<Verdict> {
        self.line(format!("{}; rolling back (on-failure)", failed.what));
        let id = self.ours();
        let returned = match self.go_back(id.as_ref()).await {
            Ok(Return::Stopped(_)) => self.await_return().await?,
            Ok(Return::Started(id)) => {
                self.begin(id);
                self.follow().await?
            }
            Ok(Return::Done(..)) => failed.clone(),
            Err(error) => {
                self.warn(&format!("the rollback did not begin: {}", error.message()));
                return Ok(failed);
            }
        };
        Ok(match returned.end {
            End::RolledBack | End::Deployed => Verdict {
                end: End::RolledBack,
                what: format!("{}; rolled back as `on-failure` says", failed.what),
                next: "Mend the cause, then deploy again.".to_owned(),
                cause: None,
            }
            .because(failed.cause),
            _ => Verdict {
                what: format!("{}; and the rollback: {}", failed.what, returned.what),
                ..failed
            },
        })
    }
}
