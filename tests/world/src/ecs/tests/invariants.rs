//! What holds at every moment, whatever tasks and people do.

use serde_json::{Value, json};

use super::super::ids::Ids;
use super::super::model::{RolloutState, Status};
use super::super::task::TaskStatus;
use super::{Behaviour, Scene};

/// Which statuses may follow a status, from "Amazon ECS service deployments" (November 2026). Rollback statuses may be
/// left for `STOP_REQUESTED` because a newer deployment replaces the rollback; that one is not documented.
fn may_follow(before: Status, after: Status) -> bool {
    use Status::{
        InProgress, Pending, RollbackFailed, RollbackInProgress, RollbackRequested,
        RollbackSuccessful, StopRequested, Stopped, Successful,
    };
    before == after
        || matches!(
            (before, after),
            (Pending, InProgress | StopRequested | RollbackRequested)
                | (InProgress, Successful | StopRequested | RollbackRequested)
                | (
                    RollbackRequested,
                    RollbackInProgress | RollbackFailed | StopRequested
                )
                | (
                    RollbackInProgress,
                    RollbackSuccessful | RollbackFailed | StopRequested
                )
                | (StopRequested, Stopped)
        )
}

struct Dice(Ids);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        let number: u64 = self.0.number().parse().expect("digits");
        number % sides
    }

    fn behaviour(&mut self) -> Behaviour {
        let first = self.roll(3) as usize;
        let behaviour = match self.roll(9) {
            0 => Behaviour::exits(1, 10.0),
            1 => Behaviour::exits(1, 70.0),
            2 => Behaviour::cannot_pull("registry/idp:next"),
            3 => Behaviour::never_healthy("503"),
            4 => Behaviour::reclaimed(30.0),
            5 => Behaviour::healthy().without_capacity_for(60.0),
            6 => Behaviour::out_of_memory(5.0),
            _ => Behaviour::healthy(),
        };
        if first > 0 {
            behaviour.first(first)
        } else {
            behaviour
        }
    }

    fn configuration(&mut self) -> Value {
        let breaks = self.roll(3) > 0;
        let least = self.roll(3) * 50;
        let most = 100 + self.roll(3) * 50;
        let mut configuration = json!({
            "deploymentCircuitBreaker": {"enable": breaks, "rollback": self.roll(2) == 0},
            "minimumHealthyPercent": least,
            "maximumPercent": most,
        });
        if self.roll(4) == 0 {
            configuration["strategy"] =
                json!(["BLUE_GREEN", "CANARY", "LINEAR"][self.roll(3) as usize]);
        }
        if self.roll(3) == 0 {
            configuration["alarms"] =
                json!({"alarmNames": ["errors"], "enable": true, "rollback": true});
        }
        configuration
    }
}

/// Something that a person, an autoscaler or an alarm does.
fn act(scene: &mut Scene, dice: &mut Dice) {
    let place = scene.place();
    match dice.roll(40) {
        0 | 1 => {
            let behaviour = dice.behaviour();
            scene.deploy(behaviour);
        }
        2 => {
            scene.update(&json!({"desiredCount": dice.roll(5)}));
        }
        3 if scene.service().rollout().is_some() => {
            let status = scene.status();
            if matches!(status, Status::Pending | Status::InProgress) {
                scene.state.fail(place, &super::super::cause::Cause::User);
            }
        }
        4 => {
            scene.state.alarms.insert("errors".to_owned());
        }
        5 | 6 => scene.state.alarms.clear(),
        7 => {
            let configuration = json!({"deploymentConfiguration": dice.configuration()});
            scene.update(&configuration);
        }
        8 if !scene.state.tasks.is_empty() => {
            let index = dice.roll(scene.state.tasks.len() as u64) as usize;
            scene
                .state
                .stop(index, "UserInitiated", "Task stopped by user");
        }
        _ => {}
    }
}

fn check(scene: &Scene, before: &[Status]) {
    let service = scene.service();
    for (rollout, before) in service.rollouts.iter().zip(before) {
        assert!(
            may_follow(*before, rollout.status),
            "{before:?} {:?}",
            rollout.status
        );
    }
    let open = service.rollouts.iter().filter(|one| one.is_open()).count();
    let stopping = service
        .rollouts
        .iter()
        .filter(|one| one.status == Status::StopRequested);
    assert!(open <= 1 + stopping.count(), "one deployment at a time");
    let shown = scene.described();
    let deployments = shown["deployments"].as_array().expect("deployments");
    let primary = deployments.iter().filter(|one| one["status"] == "PRIMARY");
    assert_eq!(primary.count(), 1);
    for count in ["runningCount", "pendingCount"] {
        let sum: u64 = deployments
            .iter()
            .filter_map(|one| one[count].as_u64())
            .sum();
        assert_eq!(shown[count], sum, "the counts of deployments add up");
    }
    assert!(service.events.len() <= 100);
    for task in &scene.state.tasks {
        assert_eq!(
            task.status == TaskStatus::Stopped,
            task.stopped_at.is_some()
        );
        assert_eq!(task.stopping, task.stop_code.is_some());
        let known = deployments
            .iter()
            .any(|one| one["id"] == format!("ecs-svc/{}", task.deployment));
        assert!(
            known || !(task.is_running() || task.is_pending()),
            "running tasks have a deployment"
        );
    }
    if let Some(rollout) = service.rollouts.last()
        && rollout.status == Status::Successful
        && service.strategy() == "ROLLING"
    {
        assert_eq!(service.deployments[0].number, rollout.target);
        assert_eq!(service.deployments[0].state, RolloutState::Completed);
    }
}

#[test]
fn whatever_happens_the_pictures_agree() {
    for seed in 0..12 {
        let mut dice = Dice(Ids::new(seed));
        let mut scene = Scene::steady(dice.configuration());
        for _ in 0..500 {
            let before: Vec<Status> = scene
                .service()
                .rollouts
                .iter()
                .map(|one| one.status)
                .collect();
            act(&mut scene, &mut dice);
            check(&scene, &before);
            let before: Vec<Status> = scene
                .service()
                .rollouts
                .iter()
                .map(|one| one.status)
                .collect();
            scene.pass(1.0);
            check(&scene, &before);
        }
        scene.state.alarms.clear();
        scene.update(&json!({"desiredCount": 2, "deploymentConfiguration": {
            "minimumHealthyPercent": 50, "maximumPercent": 200, "strategy": "ROLLING",
        }}));
        scene.deploy(Behaviour::healthy());
        scene.until(Status::Successful);
    }
}
