//! ECS: a model that rolls deployments over simulated time.
//!
//! Nothing here answers from a list: tasks go through their states, the scheduler replaces them, the circuit breaker
//! counts, and each answer is a picture of that at the instant of the request (or, where a test asks for stale reads,
//! of an instant before it). A test says how the tasks of a revision behave ([`Behaviour`]), how long phases take
//! ([`Timing`]) and what goes wrong with requests ([`Injection`]).
//!
//! | room | holds |
//! |---|---|
//! | `model`, `task`, `ids` | what is kept |
//! | `engine` | the clock that jumps from one thing that happens to the next |
//! | `tasks`, `behaviour`, `running` | the life of a task |
//! | `deploy`, `rollout`, `stages`, `hooks` | deployments: rolling, and through lifecycle stages |
//! | `verdict`, `cause`, `ending` | how they end |
//! | `surroundings` | registry and logs, as tasks use them |
//! | `events`, `view`, `view_task` | what is told |
//! | `api`, `service`, `faults` | requests |
//!
//! Each room says which of its sequences and texts come from captures and which from documentation.

mod api;
pub mod behaviour;
pub mod cause;
mod deploy;
mod ending;
pub mod engine;
mod events;
mod faults;
mod hooks;
mod ids;
pub mod model;
mod rollout;
mod running;
mod service;
mod stages;
mod surroundings;
pub mod task;
mod tasks;
#[cfg(test)]
mod tests;
mod verdict;
mod view;
mod view_task;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use serde_json::{Value, json};

pub use api::handle;
pub use behaviour::{Behaviour, Fate, Timing};
pub use faults::{Fault, Injection};
pub use hooks::HookAnswer;
pub use running::RunningTask;

use crate::World;
use crate::aws::ApiError;
use engine::Outside;
use faults::Faults;
use model::State;
use surroundings::Surroundings;

/// The account's ECS, on the world's clock.
pub struct Ecs {
    world: Weak<World>,
    model: Mutex<Model>,
}

struct Model {
    state: State,
    /// The state at instants before now, oldest first, as far back as the longest lag.
    past: VecDeque<State>,
    faults: Faults,
    skew: f64,
    /// When time was stopped.
    held: Option<f64>,
    /// Seconds that time stood still so far.
    behind: f64,
}

impl Ecs {
    /// An ECS without clusters, in a world that may not be there yet.
    pub fn new(settings: &crate::Settings, world: Weak<World>) -> Self {
        let seed = uuid::Uuid::new_v4().as_u64_pair().0;
        Self {
            world,
            model: Mutex::new(Model {
                state: State::new(&settings.account, &settings.region, 0.0, seed),
                past: VecDeque::new(),
                faults: Faults::default(),
                skew: 0.0,
                held: None,
                behind: 0.0,
            }),
        }
    }

    /// The model as it is now.
    fn model(&self) -> (MutexGuard<'_, Model>, Surroundings) {
        let outside = Surroundings(self.world.upgrade());
        let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(world) = &outside.0 {
            let now = model.held.unwrap_or_else(|| world.clock.unix()) - model.behind;
            model.advance(now, &outside);
        }
        (model, outside)
    }

    /// Reads the state as an operation sees it: now, or as long ago as its reads lag.
    fn read<T>(&self, operation: &str, read: impl FnOnce(&State) -> T) -> T {
        let (model, _) = self.model();
        read(model.seen_by(operation))
    }

    fn write<T>(&self, write: impl FnOnce(&mut State, &dyn Outside) -> T) -> T {
        let (mut model, outside) = self.model();
        let answer = write(&mut model.state, &outside);
        let now = model.state.now;
        model.advance(now, &outside);
        model.remember();
        answer
    }

    fn fault_of(&self, operation: &str) -> Option<Fault> {
        let (mut model, _) = self.model();
        let now = model.state.now;
        model.faults.of(operation, now)
    }

    fn skew(&self, answer: &mut Value) {
        let (model, _) = self.model();
        if model.skew != 0.0 {
            shift_times(answer, model.skew);
        }
    }

    /// Makes a cluster; its ARN.
    pub fn create_cluster(&self, name: &str) -> String {
        self.write(|state, _| state.create_cluster(name, json!([])).arn.clone())
    }

    /// Registers a task definition (the input of RegisterTaskDefinition); its ARN.
    pub fn register_task_definition(&self, input: Value) -> String {
        self.write(|state, _| {
            let by = format!("arn:aws:iam::{}:role/terraform", state.account);
            state.register(input, &by)
        })
    }

    /// Makes a service (the input of CreateService); the id of its first deployment, `ecs-svc/N`.
    pub fn create_service(&self, input: &Value) -> Result<String, ApiError> {
        self.write(|state, outside| {
            let by = format!("arn:aws:iam::{}:role/terraform", state.account);
            let cluster = cluster_name(input);
            let place = state.create_service(&cluster, input, &by, outside)?;
            Ok(primary_id(state, place))
        })
    }

    /// Makes a service that has been there for two hours: its first deployment has completed, unless its tasks cannot
    /// start. The id of that deployment.
    pub fn create_running_service(&self, input: &Value) -> Result<String, ApiError> {
        self.write(|state, outside| {
            let by = format!("arn:aws:iam::{}:role/terraform", state.account);
            let cluster = cluster_name(input);
            let place = state.create_running_service(&cluster, input, &by, outside)?;
            Ok(primary_id(state, place))
        })
    }

    /// Changes a service (the input of UpdateService), as Terraform would; the id of its primary deployment, which is
    /// a new one if the change starts one.
    pub fn update_service(&self, input: &Value) -> Result<String, ApiError> {
        self.write(|state, outside| {
            let cluster = cluster_name(input);
            let name = input["service"].as_str().unwrap_or_default();
            let place = state.update_service(&cluster, api::last(name), input, outside)?;
            Ok(primary_id(state, place))
        })
    }

    /// How the tasks of task definitions behave that `pattern` names: `family`, `family:revision`, an ARN, an image;
    /// `*` stands for any text. The last pattern that applies counts, for tasks that start from now on.
    pub fn behave(&self, pattern: &str, behaviour: Behaviour) {
        self.write(|state, _| state.behaviours.push((pattern.to_owned(), behaviour)));
    }

    /// Changes how long phases take, from now on.
    pub fn timing(&self, change: impl FnOnce(&mut Timing)) {
        self.write(|state, _| change(&mut state.timing));
    }

    /// The process of a running task ends by itself, now. `false` if no such task runs.
    pub fn exit(&self, task: &str, code: i64) -> bool {
        self.write(|state, outside| {
            let mut tasks = state.tasks.iter();
            let found = tasks.position(|one| one.id == task && one.is_running());
            if let Some(place) = found {
                state.take(place, task::Step::Exit(code, None), outside);
            }
            found.is_some()
        })
    }

    /// Puts a CloudWatch alarm into the state `ALARM`, or back to `OK`.
    pub fn alarm(&self, name: &str, on: bool) {
        self.write(|state, _| {
            if on {
                state.alarms.insert(name.to_owned());
            } else {
                state.alarms.remove(name);
            }
            let now = state.now;
            for service in &mut state.services {
                service.wake = Some(now);
            }
        });
    }

    /// What a lifecycle hook of Lambda answers.
    pub fn hook(&self, target: &str, answer: HookAnswer) {
        self.write(|state, _| state.hooks.insert(target.to_owned(), answer));
    }

    /// Adds an event to a service, as it stands.
    pub fn event(&self, cluster: &str, service: &str, message: &str) {
        self.write(|state, _| {
            let (mut ids, now) = (state.ids.clone(), state.now);
            if let Some(service) = state.find_service_mut(cluster, service) {
                service.add_event(&mut ids, now, message.to_owned());
            }
            state.ids = ids;
        });
    }

    /// Stops the time of ECS, so that a client may start as slowly as it likes.
    pub fn hold(&self) {
        let (mut model, outside) = self.model();
        if let Some(world) = &outside.0 {
            model.held.get_or_insert(world.clock.unix());
        }
    }

    /// Lets the time of ECS go on.
    pub fn release(&self) {
        let (mut model, outside) = self.model();
        if let (Some(held), Some(world)) = (model.held.take(), &outside.0) {
            model.behind += world.clock.unix() - held;
        }
    }

    /// Lets requests go wrong.
    pub fn faults(&self, injections: impl IntoIterator<Item = Injection>) {
        let (mut model, _) = self.model();
        let now = model.state.now;
        for injection in injections {
            model.faults.inject(now, injection);
        }
    }

    /// Whether every injected fault has happened as often as it was to.
    pub fn faults_spent(&self) -> bool {
        self.model().0.faults.spent()
    }

    /// Ends all injected faults and lags.
    pub fn clear_faults(&self) {
        let (mut model, _) = self.model();
        model.faults.clear();
        model.skew = 0.0;
    }

    /// Answers of an operation show the state of so many simulated seconds ago. `currentServiceDeployment` is a field
    /// that can lag by itself; `*` names all operations.
    pub fn lag(&self, operation: &str, seconds: f64) {
        let (mut model, _) = self.model();
        if model.faults.longest_lag() == 0.0 {
            let present = model.state.clone();
            model.past = VecDeque::from([present]);
        }
        model.faults.set_lag(operation, seconds);
    }

    /// All times in answers are off by so many seconds, as if the clocks of caller and service differed.
    pub fn set_skew(&self, seconds: f64) {
        self.model().0.skew = seconds;
    }

    /// The tasks whose containers run, draining ones too, in order of start.
    pub fn running_tasks(&self) -> Vec<RunningTask> {
        let (model, _) = self.model();
        let state = &model.state;
        let mut tasks: Vec<RunningTask> = state
            .tasks
            .iter()
            .filter(|task| task.is_running())
            .map(|task| RunningTask::new(state, task))
            .collect();
        tasks.sort_by(|left, right| left.started_at.total_cmp(&right.started_at));
        tasks
    }

    /// Reads the state of the model, for assertions on what truly happened.
    pub fn inspect<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        let (model, _) = self.model();
        look(&model.state)
    }
}

impl Model {
    fn advance(&mut self, to: f64, outside: &dyn Outside) {
        let lag = self.faults.longest_lag();
        let past = &mut self.past;
        if self.state.now == 0.0 {
            self.state.now = to;
        }
        self.state.advance(to, outside, |state| {
            if lag > 0.0 {
                past.push_back(state.clone());
            }
        });
        // The newest picture that is older than the longest lag stays: it is what the most stale read sees.
        while past.len() > 1 && past[1].now < to - lag {
            past.pop_front();
        }
    }

    fn remember(&mut self) {
        if self.faults.longest_lag() > 0.0 {
            self.past.push_back(self.state.clone());
        }
    }

    fn seen_by(&self, operation: &str) -> &State {
        let Some(lag) = self.faults.lag(operation) else {
            return &self.state;
        };
        let at = self.state.now - lag;
        let mut older = self.past.iter().rev();
        older
            .find(|state| state.now <= at)
            .or(self.past.front())
            .unwrap_or(&self.state)
    }
}

fn cluster_name(input: &Value) -> String {
    api::last(input["cluster"].as_str().unwrap_or("default")).to_owned()
}

fn primary_id(state: &State, place: usize) -> String {
    let primary = state.services[place].primary();
    primary.map_or_else(String::new, model::Deployment::id)
}

/// Adds seconds to every time in an answer: numbers in fields that end in `At`.
fn shift_times(value: &mut Value, seconds: f64) {
    match value {
        Value::Array(items) => {
            for item in items {
                shift_times(item, seconds);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_f64() {
                    Some(at) if name.ends_with("At") => *value = view::stamp(at + seconds),
                    _ => shift_times(value, seconds),
                }
            }
        }
        _ => {}
    }
}
