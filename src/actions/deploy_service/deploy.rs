//! The operation `deploy`: an image or a task definition, for services that Terraform does not own.

use super::plan::Definition;
use super::reader::Permission;
use super::session::Session;
use crate::aws::{Refusal, refusal};
use crate::domain::rollout::{
    DeploymentId, RolloutState, Slot, Status, same_task_definition, short,
};
use crate::domain::task_definition::TaskDefinition;
use crate::error::{Error, Result};

/// What `deploy` led to.
pub(super) enum Start {
    /// A deployment of ours, or one in flight of what was asked for.
    Waiting(DeploymentId),
    /// What was asked for serves already.
    Serves(DeploymentId),
}

/// What there is to do, once both sides are known.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// The deployment in flight is of what was asked for.
    Join,
    Nothing,
    /// A new revision is needed.
    Register,
    /// The revision is there, and the service has another one.
    Update,
    /// The same revision, whose tag may mean another image by now.
    Renew,
}

impl Session<'_> {
    pub(super) async fn deploy(&self) -> Result<Start> {
        let base = self.base().await?;
        let wanted = self.with_image(&base)?;
        let service = self.service();
        let primary = service
            .primary()
            .ok_or_else(|| Error::refused(format!("{} has no deployment", service.name)))?;
        let changed = wanted.is_some() || base.arn().is_none();
        let digest = match &self.request.image {
            Some(image) => self.check_image(image, &base).await?,
            None => None,
        };
        let moving = !changed && self.moves(digest.as_deref(), &primary.id).await;
        let state = self.state(primary).await?;
        let step = step(primary, state, base.arn(), changed, moving);
        let definition = wanted.unwrap_or(base);
        if self.request.image.is_none() && matches!(step, Step::Register | Step::Update) {
            self.check_images(&definition).await?;
        }
        let id = match step {
            Step::Join => {
                self.line(format!(
                    "{} is in flight with that already: waiting for it",
                    primary.id
                ));
                return Ok(Start::Waiting(primary.id.clone()));
            }
            Step::Nothing => return Ok(Start::Serves(primary.id.clone())),
            Step::Register => {
                let arn = self.register(&definition).await?;
                self.line(format!("registered {}", short(&arn)));
                self.start(Some(&arn), false).await?
            }
            Step::Update => self.start(definition.arn(), false).await?,
            Step::Renew => {
                self.line(if moving {
                    "the image has no digest: deploying the same revision anew, so that its tag is read again"
                } else {
                    "the last deployment of that revision did not end well: deploying it anew"
                });
                self.start(definition.arn(), true).await?
            }
        };
        self.known.borrow_mut().definition = Some(definition);
        Ok(Start::Waiting(id))
    }

    /// The task definition to start from.
    async fn base(&self) -> Result<TaskDefinition> {
        let name = match &self.request.definition {
            Some(Definition::File(wanted)) => return self.registered_like(wanted).await,
            Some(Definition::Registered(name)) => name.clone(),
            None => self.service().task_definition,
        };
        let found = self
            .patiently(|| self.reader.ecs.task_definition(&name))
            .await
            .map_err(|error| match refusal(&error) {
                Refusal::Denied => error.hint("The role needs ecs:DescribeTaskDefinition on *."),
                Refusal::Wrong | Refusal::Missing => Error::usage(error.message())
                    .hint("Check `task-definition`: its family, revision, account and region."),
                _ => error,
            })?;
        if !found.active() {
            return Err(
                Error::usage(format!("the task definition {name} was deregistered"))
                    .hint("Register it again, or name another revision."),
            );
        }
        Ok(found)
    }

    /// What a file holds: the service's task definition if that says the same, else the file, to be registered.
    async fn registered_like(&self, wanted: &TaskDefinition) -> Result<TaskDefinition> {
        let name = self.service().task_definition;
        let call = self.reader.ecs.task_definition(&name);
        let there = self.reader.optional(Permission::Definition, call).await?;
        let same = there.filter(|there| wanted.says_the_same(there) && there.active());
        Ok(same.unwrap_or_else(|| wanted.clone()))
    }

    /// Where the newest deployment stands. Only rolling ones say it themselves.
    async fn state(&self, primary: &Slot) -> Result<Option<RolloutState>> {
        if primary.rollout.is_some() {
            return Ok(primary.rollout);
        }
        let history = self.history().await?.unwrap_or_default();
        let newest = history.iter().find(|brief| brief.id == primary.id);
        Ok(newest.map(|brief| match brief.status {
            Status::Successful => RolloutState::Completed,
            status if status.in_flight() => RolloutState::InProgress,
            _ => RolloutState::Failed,
        }))
    }

    /// The task definition with the image, where that changes it.
    fn with_image(&self, base: &TaskDefinition) -> Result<Option<TaskDefinition>> {
        let Some(image) = &self.request.image else {
            return Ok(None);
        };
        let container = base.container_for(self.request.container.as_deref(), image)?;
        if container.image == *image {
            return Ok(None);
        }
        let name = container.name.clone();
        base.clone().with_image(&name, image).map(Some)
    }

    /// Whether the same name may mean another image than the one that runs: it has no digest, and the registry names
    /// another one, or none.
    async fn moves(&self, there: Option<&str>, id: &DeploymentId) -> bool {
        let named = self.request.image.as_deref();
        if named.is_none_or(|image| image.contains("@sha256:")) {
            return false;
        }
        let runs = self.revision(id).await;
        let runs = runs.iter().flat_map(|revision| &revision.digests);
        !runs
            .into_iter()
            .any(|(_, digest)| Some(digest.as_str()) == there)
    }

    async fn register(&self, definition: &TaskDefinition) -> Result<String> {
        self.patiently(|| self.reader.ecs.register(definition))
            .await
            .map_err(|error| match refusal(&error) {
                Refusal::Denied => error.hint(
                    "The role needs ecs:RegisterTaskDefinition on *, and iam:PassRole for the roles of the task definition.",
                ),
                Refusal::Wrong => Error::usage(error.message())
                    .hint("ECS refuses the task definition itself; nothing was deployed."),
                _ => error,
            })
    }

    /// Reads the task definition of the deployment, for its log and its settings.
    pub(super) async fn learn_definition(&self) -> Result<()> {
        if self.known.borrow().definition.is_some() {
            return Ok(());
        }
        let Some(id) = self.ours() else {
            return Ok(());
        };
        if self.definition_of(&id).is_none()
            && let Some(revision) = self.revision(&id).await
        {
            self.known.borrow_mut().definition_name = Some((id.clone(), revision.task_definition));
        }
        let Some(name) = self.definition_of(&id) else {
            return Ok(());
        };
        let call = self.reader.ecs.task_definition(&name);
        match self.reader.optional(Permission::Definition, call).await {
            Ok(found) => self.known.borrow_mut().definition = found,
            Err(error) => self.context.runner.debug(error.message()),
        }
        Ok(())
    }
}

fn step(
    primary: &Slot,
    state: Option<RolloutState>,
    base: Option<&str>,
    changed: bool,
    moving: bool,
) -> Step {
    if changed {
        return Step::Register;
    }
    let same = base.is_some_and(|base| same_task_definition(base, &primary.task_definition));
    match (same, state) {
        (false, _) => Step::Update,
        (true, Some(RolloutState::InProgress)) => Step::Join,
        (true, Some(RolloutState::Completed)) if !moving => Step::Nothing,
        (true, _) => Step::Renew,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rollout::Role;

    fn primary(rollout: RolloutState) -> Slot {
        Slot {
            id: DeploymentId::parse("ecs-svc/1").unwrap(),
            role: Role::Primary,
            task_definition: "arn:aws:ecs:r:1:task-definition/kc:7".to_owned(),
            rollout: Some(rollout),
            reason: None,
            desired: 2,
            running: 2,
            pending: 0,
            failed: 0,
            created: None,
        }
    }

    #[test]
    fn what_serves_is_left_alone_and_what_flies_is_joined() {
        let seven = Some("arn:aws:ecs:r:1:task-definition/kc:7");
        let eight = Some("arn:aws:ecs:r:1:task-definition/kc:8");
        let done = primary(RolloutState::Completed);
        let flying = primary(RolloutState::InProgress);
        let failed = primary(RolloutState::Failed);
        assert_eq!(
            step(&done, done.rollout, seven, false, false),
            Step::Nothing
        );
        assert_eq!(step(&done, done.rollout, seven, false, true), Step::Renew);
        assert_eq!(
            step(&flying, flying.rollout, seven, false, true),
            Step::Join
        );
        assert_eq!(
            step(&failed, failed.rollout, seven, false, false),
            Step::Renew
        );
        assert_eq!(step(&done, done.rollout, eight, false, false), Step::Update);
        assert_eq!(
            step(&done, done.rollout, seven, true, false),
            Step::Register
        );
        assert_eq!(step(&done, done.rollout, None, true, false), Step::Register);
    }
}
