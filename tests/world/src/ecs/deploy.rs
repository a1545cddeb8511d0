//! The start of a deployment: its number, its revision, its service deployment.
//!
//! From documentation ("Container image resolution", November 2026): the tags of a deployment's images are resolved to
//! digests once. From captures: the three names `ecs-svc/N`, `service-revision/C/S/N` and `service-deployment/C/S/<id>`.

use std::collections::BTreeMap;

use super::engine::{Image, Outside};
use super::model::{Deployment, Monitor, Revision, Rollout, RolloutState, State, Status};

impl State {
    /// Starts a deployment of a task definition; its number. `outside` resolves the tags of its images.
    pub fn deploy(&mut self, service: usize, definition: &str, outside: &dyn Outside) -> String {
        let now = self.now;
        let number = self.ids.number();
        let images = self.resolve(definition, outside);
        let short = self.ids.short();
        let alarms: Vec<String> = self.watched_alarms(service);
        let ignored = alarms
            .iter()
            .filter(|name| self.alarms.contains(*name))
            .cloned()
            .collect();
        let path = {
            let owner = &self.services[service];
            format!("{}/{}", owner.cluster, owner.name)
        };
        let arn = self.arn(&format!("service-deployment/{path}/{short}"));
        self.supersede(service);
        let owner = &mut self.services[service];
        let breaker = &owner.configuration()["deploymentCircuitBreaker"]["enable"];
        let breaker = breaker.as_bool() == Some(true);
        let monitor = |on: bool| {
            if on {
                Monitor::Monitoring
            } else {
                Monitor::Disabled
            }
        };
        let sources = owner.deployments.iter().map(|one| one.number.clone());
        owner.rollouts.push(Rollout {
            arn,
            target: number.clone(),
            sources: sources.collect(),
            status: Status::Pending,
            reason: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            stopped_at: None,
            updated_at: now,
            breaker: monitor(breaker),
            failures: 0,
            alarms: monitor(!alarms.is_empty()),
            ignored,
            triggered: Vec::new(),
            rollback: None,
            stage: None,
            stage_since: now,
            hooks: Vec::new(),
            bake_until: None,
            production: 0.0,
            test: 0.0,
            counted: BTreeMap::new(),
        });
        owner.revisions.push(Revision {
            number: number.clone(),
            definition: definition.to_owned(),
            images,
            given: owner.given.clone(),
            created_at: now,
        });
        owner.deployments.insert(
            0,
            Deployment {
                number: number.clone(),
                definition: definition.to_owned(),
                state: RolloutState::InProgress,
                reason: format!("ECS deployment ecs-svc/{number} in progress."),
                failed_tasks: 0,
                ran: false,
                failures: 0,
                launched: 0,
                retry_at: now,
                created_at: now,
                updated_at: now,
            },
        );
        definition.clone_into(&mut owner.definition);
        owner.steady = false;
        owner.wake = Some(now);
        number
    }

    /// Container, image and digest: a tag is resolved once, as a deployment starts (version consistency).
    fn resolve(
        &self,
        definition: &str,
        outside: &dyn Outside,
    ) -> Vec<(String, String, Option<String>)> {
        let Some(found) = self.find_definition(definition) else {
            return Vec::new();
        };
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        found
            .containers()
            .map(|container| {
                let image = text(&container["image"]);
                let digest = match outside.image(&image) {
                    Image::Found(digest, _) => Some(digest),
                    Image::Foreign => Some(foreign_digest(&image)),
                    Image::Missing => None,
                };
                (text(&container["name"]), image, digest)
            })
            .collect()
    }

    /// The architecture that a task definition runs on, as images name it.
    pub fn architecture(&self, definition: &str) -> &'static str {
        let found = self.find_definition(definition);
        let platform = found.and_then(|one| one.raw.get("runtimePlatform"));
        match platform.and_then(|platform| platform["cpuArchitecture"].as_str()) {
            Some("ARM64") => "arm64",
            _ => "amd64",
        }
    }
}

/// A digest for an image of a registry that nobody can ask.
fn foreign_digest(image: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(image.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    match image.split_once('@') {
        Some((_, digest)) => digest.to_owned(),
        None => format!("sha256:{hex}"),
    }
}

/// An image by digest instead of by tag.
pub fn with_digest(image: &str, digest: &str) -> String {
    let name = image.split('@').next().unwrap_or(image);
    let name = match name.rfind(':') {
        Some(at) if !name[at..].contains('/') => &name[..at],
        _ => name,
    };
    format!("{name}@{digest}")
}
