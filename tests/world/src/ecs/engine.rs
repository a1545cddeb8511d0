//! The clock of the model: it jumps from one thing that happens to the next.

use std::collections::{BTreeMap, BTreeSet};

use super::behaviour::Timing;
use super::ids::Ids;
use super::model::{Definition, Service, State};

/// Seconds that a stopped task can be described.
const REMEMBERED: f64 = 3600.0;

/// What a registry says of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// Of a registry that is not the world's: taken as there.
    Foreign,
    /// The digest of its manifest, and the architecture that it is for: empty if it is for several.
    Found(String, String),
    Missing,
}

/// What the model needs of the rest of the world.
pub trait Outside {
    fn image(&self, image: &str) -> Image;
    /// Writes lines of a container; the log group is taken as there.
    fn log(&self, group: &str, stream: &str, at: f64, lines: &[String]);
}

impl State {
    pub fn new(account: &str, region: &str, now: f64, seed: u64) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            now,
            ids: Ids::new(seed),
            timing: Timing::default(),
            clusters: BTreeMap::new(),
            definitions: BTreeMap::new(),
            services: Vec::new(),
            tasks: Vec::new(),
            behaviours: Vec::new(),
            alarms: BTreeSet::new(),
            hooks: BTreeMap::new(),
            addresses: 0,
        }
    }

    /// `arn:aws:ecs:<region>:<account>:<rest>`.
    pub fn arn(&self, rest: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{rest}", self.region, self.account)
    }

    /// When something happens next.
    pub fn next_due(&self) -> Option<f64> {
        let tasks = self.tasks.iter().filter_map(|task| task.next_step());
        let services = self.services.iter().filter_map(|service| service.wake);
        tasks.chain(services).reduce(f64::min)
    }

    /// Lets everything happen that is due until `to`; `after` sees each instant.
    pub fn advance(&mut self, to: f64, outside: &dyn Outside, mut after: impl FnMut(&Self)) {
        while let Some(at) = self.next_due().filter(|at| *at <= to) {
            self.now = self.now.max(at);
            self.happen(outside);
            self.forget();
            after(self);
        }
        self.now = self.now.max(to);
        self.forget();
    }

    fn forget(&mut self) {
        let oldest = self.now - REMEMBERED;
        self.tasks
            .retain(|task| task.stopped_at.is_none_or(|at| at > oldest));
    }

    /// Everything of this instant: first the tasks, then the scheduler.
    fn happen(&mut self, outside: &dyn Outside) {
        let now = self.now;
        for index in 0..self.tasks.len() {
            let mut due: Vec<_> = Vec::new();
            self.tasks[index].steps.retain(|(at, step)| {
                let keep = *at > now;
                if !keep {
                    due.push((*at, step.clone()));
                }
                keep
            });
            due.sort_by(|left, right| left.0.total_cmp(&right.0));
            for (_, step) in due {
                self.take(index, step, outside);
            }
        }
        for index in 0..self.services.len() {
            if self.services[index].wake.is_some_and(|at| at <= now) {
                self.services[index].wake = None;
                let pause = self.look(index);
                self.services[index].wake = Some(now + pause);
            }
        }
    }

    /// Lets the scheduler look at a service at once.
    pub fn wake(&mut self, cluster: &str, service: &str) {
        let now = self.now;
        if let Some(found) = self.find_service_mut(cluster, service) {
            found.wake = Some(now);
        }
    }

    /// The task definition with an ARN, `family:revision` or `family` (its latest active revision).
    pub fn find_definition(&self, name: &str) -> Option<&Definition> {
        let short = match name.split_once(":task-definition/") {
            Some((_, short)) => short,
            None => name,
        };
        let (family, revision) = match short.split_once(':') {
            Some((family, revision)) => (family, Some(revision.parse::<usize>().ok()?)),
            None => (short, None),
        };
        let revisions = self.definitions.get(family)?;
        let found = match revision {
            Some(revision) => revisions.get(revision.checked_sub(1)?),
            None => revisions.iter().rev().find(|one| one.active),
        };
        found.filter(|one| !name.starts_with("arn:") || one.arn == name)
    }

    pub fn find_service(&self, cluster: &str, name: &str) -> Option<&Service> {
        self.services
            .iter()
            .rev()
            .find(|one| one.cluster == cluster && one.name == name)
    }

    pub fn find_service_mut(&mut self, cluster: &str, name: &str) -> Option<&mut Service> {
        self.services
            .iter_mut()
            .rev()
            .find(|one| one.cluster == cluster && one.name == name)
    }

    /// Indexes of the tasks of a service, oldest first.
    pub fn tasks_of(&self, service: usize) -> Vec<usize> {
        let service = &self.services[service];
        (0..self.tasks.len())
            .filter(|index| {
                let task = &self.tasks[*index];
                task.cluster == service.cluster
                    && task.service == service.name
                    && service.created_at <= task.created_at
            })
            .collect()
    }
}
