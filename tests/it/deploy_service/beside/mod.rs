//! The scenarios beside `aws ecs wait services-stable`: the same courses of the model, watched by the real binary and by the
//! real aws CLI, whose pauses are as much shorter as the model is faster. The table is `docs/scenarios.md`.

mod scenarios;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use scenarios::{Scenario, scenarios};

use super::stage::{SCALE, Stage};
use crate::contract::expect_section_but;
use crate::support::{python, repository};

/// How one program ended, and after how many seconds of the model.
struct Ended {
    told: String,
    seconds: f64,
    /// Whether the new revision served at that instant.
    serves: bool,
}

impl Scenario {
    fn ours(&self) -> Ended {
        let (stage, revision) = (self.make)();
        let step = stage.step_allowed(self.may);
        let arguments = ["--task-definition", &revision, "--json"];
        let (ended, end) = self.watch(&stage, 2, || step.run("deploy-service", &arguments));
        let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
        let told = json["outcome"].as_str().unwrap_or("no outcome");
        assert_eq!(told, self.ours, "{}: {}", self.number, ended.log);
        end.told(told)
    }

    fn theirs(&self) -> Ended {
        let (stage, _) = (self.make)();
        let step = stage.step_allowed(self.may);
        let (output, end) = self.watch(&stage, 1, || {
            let program = repository().join("tests/foreign/aws_fast.py");
            let mut command = step.command("aws-login", &[]);
            let environment: Vec<_> = command
                .get_envs()
                .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
                .collect();
            command = std::process::Command::new(python());
            command
                .arg(program)
                .arg(SCALE.to_string())
                .args(["ecs", "wait", "services-stable"])
                .args(["--cluster", "prod", "--services", "keycloak"])
                .env_clear()
                .envs(environment)
                .env("AWS_DEFAULT_REGION", "eu-central-1");
            command.output().expect("the aws CLI")
        });
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            output.status.success(),
            self.stable,
            "{}: {told}",
            self.number
        );
        let told = match (output.status.success(), told.contains("Max attempts")) {
            (true, _) => "stable",
            (false, true) => "gave up",
            (false, false) => "error",
        };
        end.told(told)
    }

    fn watch<T: Send>(
        &self,
        stage: &Stage,
        looks: usize,
        run: impl FnOnce() -> T + Send,
    ) -> (T, Ended) {
        let now = || stage.ecs().inspect(|state| state.now);
        let target = stage.newest();
        let started = now();
        let result = stage.during(looks, run, || (self.meanwhile)(stage));
        let end = Ended {
            told: String::new(),
            seconds: now() - started,
            serves: serves(stage, &target),
        };
        (result, end)
    }
}

/// Whether this deployment is the newest, is not being taken back, and has all the tasks that the service wants.
fn serves(stage: &Stage, target: &str) -> bool {
    use world::ecs::model::{ServiceStatus, Status};
    stage.ecs().inspect(|state| {
        let Some(service) = state.services.last() else {
            return false;
        };
        let number = target.trim_start_matches("ecs-svc/");
        let back = service.rollouts.iter().any(|rollout| {
            let forth = [Status::Pending, Status::InProgress, Status::Successful];
            rollout.target == number && !forth.contains(&rollout.status)
        });
        let healthy = state
            .tasks
            .iter()
            .filter(|task| task.deployment == number && task.is_healthy());
        service.status == ServiceStatus::Active
            && service
                .primary()
                .is_some_and(|primary| primary.id() == target)
            && !back
            && healthy.count() >= service.desired
    })
}

impl Ended {
    fn told(mut self, told: &str) -> Self {
        told.clone_into(&mut self.told);
        self
    }

    /// What was said, bold where it is not so.
    fn cell(&self) -> String {
        let good = ["deployed", "stable"].contains(&self.told.as_str());
        let bad = ["failed", "rolled-back", "superseded"].contains(&self.told.as_str());
        let mark = if good && !self.serves || bad && self.serves {
            "**"
        } else {
            ""
        };
        format!("{mark}{}{mark}, {:.0} s", self.told, self.seconds)
    }
}

#[test]
fn the_table_of_scenarios_says_what_both_say() {
    let scenarios = scenarios();
    let queue = Mutex::new(scenarios.iter().enumerate());
    let rows = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((at, scenario)) = next else { return };
                    let (ours, theirs) = (scenario.ours(), scenario.theirs());
                    let row = format!(
                        "| {} | {} | {} | {} |",
                        scenario.number,
                        scenario.happens,
                        ours.cell(),
                        theirs.cell()
                    );
                    assert!(!ours.cell().contains("**"), "{row}");
                    rows.lock().unwrap().insert(at, row);
                }
            });
        }
    });
    let mut table = String::from(
        "| | what happens | `deploy-service` | `aws ecs wait services-stable` |\n|---:|---|---|---|\n",
    );
    for row in rows.into_inner().unwrap().values() {
        writeln!(table, "{row}").unwrap();
    }
    let page = repository().join("docs/scenarios.md");
    expect_section_but(&page, "scenarios", &table, without_times);
}

/// Seconds, and what was so at that very instant, are of one run; what was said is of each.
fn without_times(table: &str) -> String {
    let table = table.replace("**", "");
    let mut text = String::new();
    for part in table.split(" |") {
        let words = part
            .rsplit_once(", ")
            .filter(|(_, end)| end.ends_with(" s"));
        text += words.map_or(part, |(words, _)| words);
        text += " |";
    }
    text
}
