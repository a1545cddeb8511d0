//! How it ended, told everywhere.

use super::args::Operation;
use super::report::Report;
use super::session::Session;
use super::{Outputs, summary};
use crate::action::Outcome;
use crate::domain::rollout::{DeploymentId, End, Verdict, hindsight, serving, short};
use crate::error::Result;

use super::reader::Permission;

/// Version of the report's schema.
const VERSION: u32 = 1;

impl Session<'_> {
    /// Reads what belongs to a verdict: the log of the task that it is about, the digest that runs.
    pub(super) async fn gather(&self, verdict: Option<&Verdict>) {
        self.known.borrow_mut().decided = Some(verdict.cloned());
        let cause = verdict.and_then(|verdict| verdict.cause.as_ref());
        if let Some(cause) = cause.filter(|cause| cause.ran) {
            let tail = self.tail(cause).await;
            self.known.borrow_mut().tail = Some(tail);
        }
        if let Some(id) = self.ours() {
            let digest = self.digest(&id).await;
            self.known.borrow_mut().digest = digest;
        }
    }

    /// A deployment and its task definition, as far as that is known: `ecs-svc/1 (keycloak:7)`.
    pub(super) fn named(&self, id: &DeploymentId) -> String {
        match self.definition_of(id) {
            Some(definition) => format!("{id} ({})", short(&definition)),
            None => id.to_string(),
        }
    }

    /// ARN of the task definition of a deployment.
    pub(super) fn definition_of(&self, id: &DeploymentId) -> Option<String> {
        let known = self.known.borrow();
        if let Some(slot) = known.view.service.slot(id) {
            return Some(slot.task_definition.clone());
        }
        let (of, name) = known.definition_name.as_ref()?;
        (of == id).then(|| name.clone())
    }

    /// The digest of the deployment's image, as ECS resolved it.
    async fn digest(&self, id: &DeploymentId) -> Option<String> {
        let revision = self.revision(id).await?;
        let wanted = self.request.container.as_ref();
        let named = revision
            .digests
            .iter()
            .find(|(container, _)| Some(container) == wanted);
        named
            .or_else(|| revision.digests.first())
            .map(|(_, digest)| digest.clone())
    }

    /// The service revision of a deployment.
    pub(super) async fn revision(&self, id: &DeploymentId) -> Option<crate::aws::ecs::Revision> {
        let service = self.service().arn;
        let number = id.as_str().rsplit('/').next()?;
        let arn = format!(
            "{}/{number}",
            service.replacen(":service/", ":service-revision/", 1)
        );
        let arns = [arn];
        let call = self.reader.ecs.revisions(&arns);
        let found = self.reader.optional(Permission::Revisions, call).await;
        found.ok().flatten()?.into_iter().next()
    }

    /// Tells how it ended; no verdict while a deployment that is only shown is in flight.
    pub(super) fn conclude(&self, verdict: Option<&Verdict>) -> Result<Outcome<Outputs>> {
        let mut report = Report {
            version: VERSION,
            operation: self.request.operation.name(),
            region: self.request.region.clone(),
            cluster: self.request.cluster.clone(),
            service: self.request.service.clone(),
            serves_now: serving(&self.known.borrow().view),
            notices: self.reader.notices(),
            duration_seconds: self.now().as_secs(),
            calls: self.reader.calls(),
            ..Report::default()
        };
        if let Some(id) = self.ours() {
            report.task_definition = self.definition_of(&id);
            report.deployment_id = Some(id.to_string());
        }
        let known = self.known.borrow();
        report.verdict.clone_from(&known.line);
        report.warnings.clone_from(&known.warnings);
        report.image_digest.clone_from(&known.digest);
        if let Some(verdict) = verdict {
            report.conclude(verdict, known.tail.clone());
        }
        let mut hint = None;
        if let Some(rollout) = &known.rollout {
            report.phases_of(rollout.spans());
            hint = hindsight(rollout.spans(), &known.view.service);
        }
        drop(known);
        if let Some(hint) = hint {
            self.line(hint);
        }
        self.publish(report, verdict.map(|verdict| verdict.end))
    }

    fn publish(&self, report: Report, end: Option<End>) -> Result<Outcome<Outputs>> {
        let operation = self.request.operation;
        let asked = operation == Operation::Rollback && end == Some(End::RolledBack);
        let failure = end
            .filter(|_| !asked && operation != Operation::Status)
            .and_then(|end| report.failure(end));
        self.context.runner.summary(&summary::markdown(&report))?;
        if failure.is_none() {
            self.line(&report.verdict);
            self.line(format!("serves now: {}", report.serves_now));
            if !report.next_step.is_empty() {
                self.line(format!("next: {}", report.next_step));
            }
        }
        let outputs = Outputs {
            outcome: report.outcome.map(str::to_owned),
            deployment_id: report.deployment_id.clone(),
            task_definition: report.task_definition.clone(),
            image_digest: report.image_digest.clone(),
            duration_seconds: Some(report.duration_seconds),
            reason: Some(report.reason()),
            report: Some(report),
        };
        Ok(Outcome { outputs, failure })
    }
}
