//! One course of the model, and one wait that watches it.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use keycloak_ecs_actions::domain::rollout::{DeploymentId, Looks, Policy, Rollout, View};
use serde_json::{Value, json};
use world::ecs::cause::Cause;
use world::ecs::engine::{Image, Outside};
use world::ecs::model::{Service, ServiceStatus, State, Status};
use world::ecs::{Behaviour, HookAnswer};

use super::cases::{Act, Case, HOOK};
use super::picture;
use super::truth::{Judged, Truth};

const CLUSTER: &str = "prod";
const NAME: &str = "idp";
const START: f64 = 1_000_000.0;

/// A registry that has everything, and logs that nobody reads.
struct Around;

impl Outside for Around {
    fn image(&self, _image: &str) -> Image {
        Image::Foreign
    }

    fn log(&self, _group: &str, _stream: &str, _at: f64, _lines: &[String]) {}
}

/// The model on its way through a case.
pub(super) struct Scene {
    state: State,
    /// States of the last seconds, as far back as the longest lag.
    past: VecDeque<State>,
    lag: f64,
    course: Vec<Truth>,
    ours: String,
    /// The fewest tasks that the service has wanted since.
    least: usize,
    /// Numbers of deployments that were there as ours was asked for.
    before: BTreeSet<String>,
    acts: VecDeque<(f64, Act)>,
}

impl Scene {
    pub(super) fn new(case: &Case) -> Self {
        let mut state = State::new("123456789012", "eu-central-1", START, case.seed);
        state.timing.successful_after_drain = case.drained;
        state.hooks.insert(HOOK.to_owned(), HookAnswer::Succeeded);
        state.create_cluster(CLUSTER, json!([]));
        let first = if case.replaces {
            Behaviour::healthy()
        } else {
            case.behaviour.clone()
        };
        let definition = register(&mut state, first);
        let balancers = json!([
            {"targetGroupArn": "arn:tg", "containerName": "idp", "containerPort": 8080},
        ]);
        let input = json!({
            "serviceName": NAME,
            "taskDefinition": definition,
            "desiredCount": case.desired,
            "loadBalancers": if case.balanced { balancers } else { json!([]) },
            "deploymentConfiguration": case.configuration,
        });
        state
            .create_service(CLUSTER, &input, "test", &Around)
            .expect("a service");
        if case.replaces {
            let to = state.now + 1200.0;
            state.advance(to, &Around, |_| {});
        }
        state.hooks.insert(HOOK.to_owned(), case.hook);
        let before = numbers(state.find_service(CLUSTER, NAME).expect("the service"));
        let (before, ours) = if case.replaces {
            let definition = register(&mut state, case.behaviour.clone());
            let input = json!({"taskDefinition": definition});
            (before, update(&mut state, &input))
        } else {
            let ours = before.first().cloned().expect("its first deployment");
            (BTreeSet::new(), ours)
        };
        let mut at = state.now;
        let acts = case.acts.iter().map(|(gap, act)| {
            at += gap;
            (at, act.clone())
        });
        let acts = acts.collect();
        let lag = case.lags.iter().copied().fold(0.0, f64::max);
        let mut scene = Self {
            past: VecDeque::from([state.clone()]),
            state,
            lag,
            course: Vec::new(),
            ours,
            least: usize::MAX,
            before,
            acts,
        };
        scene.note();
        scene
    }

    /// Waits as the action does, until it has a verdict; none where the deployment is never found, which the action says
    /// before it waits.
    pub(super) fn judge(&mut self, case: &Case) -> Option<Judged> {
        let id = DeploymentId::parse(&format!("ecs-svc/{}", self.ours)).expect("an id");
        let policy = Policy {
            until: case.until,
            fail_fast: case.fail_fast,
            timeout: Duration::from_secs_f64(case.timeout),
        };
        self.pass(case.late);
        let mut rollout = Rollout::new(id.clone(), policy);
        let mut looks = Looks::default();
        let mut view = View {
            history: case.history,
            ..View::default()
        };
        let mut seen = BTreeSet::new();
        let mut arn = None;
        let mut lines = Vec::new();
        // As the action does: it finds the deployment before it waits for it.
        for _ in 0..6 {
            view.service = self.service(case);
            if case.history || view.service.slot(&id).is_some() {
                break;
            }
            self.pass(3.0);
        }
        if !case.history && view.service.slot(&id).is_none() {
            return None;
        }
        rollout.remember(&view);
        let start = self.state.now;
        loop {
            let now = Duration::from_secs_f64(self.state.now - start);
            self.look(case, &mut view, &mut arn, &id);
            if looks.service_is_due(&view) {
                view.service = self.service(case);
            }
            if looks.tasks_are_due(&view, &id, now) && case.tasks {
                self.look_at_tasks(case, &mut view, &mut seen);
            }
            let step = rollout.observe(&view, now);
            lines.push(format!("{:>6.1} {}", now.as_secs_f64(), step.line));
            if let Some(verdict) = step.verdict {
                return Some(Judged {
                    verdict,
                    after: now.as_secs_f64(),
                    course: self.course.clone(),
                    lines,
                });
            }
            self.pass(looks.pause().as_secs_f64());
        }
    }

    fn look(&self, case: &Case, view: &mut View, arn: &mut Option<String>, id: &DeploymentId) {
        if !case.history {
            return;
        }
        let listed = self.seen(case.lags[2]);
        let service = listed.find_service(CLUSTER, NAME).expect("the service");
        let number = |one: &&world::ecs::model::Rollout| format!("ecs-svc/{}", one.target);
        if arn.is_none() {
            let found = service
                .rollouts
                .iter()
                .find(|one| number(one) == id.as_str());
            *arn = found.map(|one| one.arn.clone());
        }
        let shown = self.seen(case.lags[1]);
        let place = shown.services.len() - 1;
        let rollouts = shown.services[place].rollouts.iter();
        let found = rollouts
            .into_iter()
            .find(|one| arn.as_ref() == Some(&one.arn));
        if let Some(found) = found {
            view.ours = Some(picture::deployment(&shown.rollout_json(place, found)));
        }
    }

    fn service(&self, case: &Case) -> keycloak_ecs_actions::domain::rollout::Service {
        let shown = self.seen(case.lags[0]);
        picture::service(&shown.service_json(shown.services.len() - 1, false))
    }

    fn look_at_tasks(&self, case: &Case, view: &mut View, seen: &mut BTreeSet<String>) {
        let shown = self.seen(case.lags[3]);
        for task in shown.tasks.iter().filter(|task| task.stopped_at.is_some()) {
            if task.deployment == self.ours && seen.insert(task.arn.clone()) {
                view.stopped.push(picture::task(&shown.task_json(task)));
            }
        }
        view.stopped.sort_by(|one, other| {
            let stopped = |task: &keycloak_ecs_actions::domain::rollout::StoppedTask| {
                task.stopped.unwrap_or_default()
            };
            stopped(one).total_cmp(&stopped(other))
        });
    }

    fn seen(&self, lag: f64) -> &State {
        if lag == 0.0 {
            return &self.state;
        }
        let at = self.state.now - lag;
        let older = self.past.iter().rev().find(|state| state.now <= at);
        older.or(self.past.front()).unwrap_or(&self.state)
    }

    /// Lets the model go on, with everything that is to happen meanwhile.
    fn pass(&mut self, seconds: f64) {
        let to = self.state.now + seconds;
        while let Some((at, _)) = self.acts.front().filter(|(at, _)| *at <= to) {
            let at = *at;
            self.advance(at);
            if let Some((_, act)) = self.acts.pop_front() {
                self.act(act);
                self.note();
            }
        }
        self.advance(to);
        let oldest = self.state.now - self.lag;
        while self.past.len() > 1 && self.past[1].now < oldest {
            self.past.pop_front();
        }
    }

    fn advance(&mut self, to: f64) {
        while let Some(at) = self.state.next_due().filter(|at| *at <= to) {
            self.state.advance(at, &Around, |_| {});
            self.note();
        }
        self.state.advance(to, &Around, |_| {});
        self.note();
    }

    /// Runs the model to its end, with nobody who interferes; what is true then.
    pub(super) fn end(mut self) -> Truth {
        self.acts.clear();
        self.state.alarms.clear();
        self.lag = 0.0;
        for _ in 0..240 {
            self.pass(60.0);
            if !self.state.services[0]
                .rollouts
                .iter()
                .any(|one| one.is_open())
            {
                break;
            }
        }
        self.truth()
    }

    fn act(&mut self, act: Act) {
        let place = self.state.services.len() - 1;
        if self.state.services[place].status != ServiceStatus::Active {
            return;
        }
        match act {
            Act::Deploy(behaviour) => {
                let definition = register(&mut self.state, behaviour);
                update(&mut self.state, &json!({"taskDefinition": definition}));
            }
            Act::Restart => {
                update(&mut self.state, &json!({"forceNewDeployment": true}));
            }
            Act::Scale(desired) => {
                update(&mut self.state, &json!({"desiredCount": desired}));
            }
            Act::Configure(configuration) => {
                update(
                    &mut self.state,
                    &json!({"deploymentConfiguration": configuration}),
                );
            }
            Act::StopDeployment => {
                let rollout = self.state.services[place].rollout();
                let status = rollout.map(|rollout| rollout.status);
                if matches!(status, Some(Status::Pending | Status::InProgress)) {
                    self.state.fail(place, &Cause::User);
                }
            }
            Act::StopTask(any) => {
                let live: Vec<usize> = (0..self.state.tasks.len())
                    .filter(|index| self.state.tasks[*index].is_live())
                    .collect();
                if !live.is_empty() {
                    let index = live[any % live.len()];
                    self.state
                        .stop(index, "UserInitiated", "Task stopped by user");
                    self.state.wake(CLUSTER, NAME);
                }
            }
            Act::Alarm(on) => {
                if on {
                    self.state.alarms.insert("errors".to_owned());
                } else {
                    self.state.alarms.clear();
                }
                self.state.wake(CLUSTER, NAME);
            }
            Act::Delete => {
                let service = &mut self.state.services[place];
                service.desired = 0;
                service.status = ServiceStatus::Draining;
                self.state.wake(CLUSTER, NAME);
            }
        }
    }

    fn note(&mut self) {
        self.least = self.least.min(self.state.services[0].desired);
        let truth = self.truth();
        self.course.push(truth);
        if self.lag > 0.0 {
            self.past.push_back(self.state.clone());
        }
    }

    fn truth(&self) -> Truth {
        let service = self.state.services.last().expect("the service");
        let slot = service.deployment(&self.ours);
        let rollout = service.rollouts.iter().find(|one| one.target == self.ours);
        let healthy = self
            .state
            .tasks
            .iter()
            .filter(|task| task.deployment == self.ours && task.is_healthy())
            .count();
        let is = |state| slot.is_some_and(|one| one.state == state);
        let ours = self
            .state
            .tasks
            .iter()
            .filter(|task| task.deployment == self.ours);
        let ended = ours.filter(|task| task.stopped_at.is_some());
        Truth {
            at: self.state.now,
            stops: ended.count(),
            status: rollout.map_or(Status::Pending, |one| one.status),
            primary: service.primary().is_some_and(|one| one.number == self.ours),
            completed: is(world::ecs::model::RolloutState::Completed),
            failed: is(world::ecs::model::RolloutState::Failed),
            whole: healthy > 0 && healthy >= self.least,
            serves: healthy >= service.desired,
            superseded: service
                .revisions
                .iter()
                .any(|one| one.number != self.ours && !self.before.contains(&one.number)),
            deleted: service.status != ServiceStatus::Active,
            returns: rollout.is_some_and(|one| match one.status {
                Status::RollbackRequested => one
                    .rollback
                    .as_ref()
                    .is_some_and(|to| !to.revision.is_empty()),
                status => matches!(
                    status,
                    Status::RollbackInProgress | Status::RollbackSuccessful
                ),
            }),
        }
    }
}

fn numbers(service: &Service) -> BTreeSet<String> {
    let revisions = service.revisions.iter();
    revisions.map(|one| one.number.clone()).collect()
}

fn register(state: &mut State, behaviour: Behaviour) -> String {
    let arn = state.register(
        json!({
            "family": NAME,
            "cpu": "1024",
            "containerDefinitions": [{"name": NAME, "image": "registry/idp:1"}],
        }),
        "test",
    );
    state.behaviours.push((arn.clone(), behaviour));
    arn
}

/// Changes the service; the number of its primary deployment.
fn update(state: &mut State, input: &Value) -> String {
    let place = state
        .update_service(CLUSTER, NAME, input, &Around)
        .expect("an update");
    let primary = state.services[place].primary();
    primary.expect("a deployment").number.clone()
}
