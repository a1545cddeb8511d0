//! Looks to start from: a service with two old tasks, and our deployment that replaces them.

use std::time::Duration;

use crate::domain::rollout::{
    Breaker, BreakerPolicy, Counts, DeploymentId, End, Event, Monitor, Note, Policy, Role, Rollout,
    RolloutState, Service, ServiceDeployment, Slot, Status, StoppedTask, TaskContainer, Until,
    Verdict, View,
};

pub(super) fn id(number: u32) -> DeploymentId {
    DeploymentId::parse(&format!("ecs-svc/{number}")).unwrap()
}

/// Our deployment is number 2; number 1 was there before.
pub(super) const OURS: u32 = 2;

pub(super) fn slot(number: u32, role: Role, state: RolloutState) -> Slot {
    Slot {
        id: id(number),
        role,
        task_definition: format!("arn:aws:ecs:r:1:task-definition/kc:{number}"),
        rollout: Some(state),
        reason: None,
        desired: 2,
        running: 0,
        pending: 0,
        failed: 0,
        created: Some(f64::from(number) * 1000.0),
    }
}

pub(super) fn service(slots: Vec<Slot>) -> Service {
    Service {
        arn: "arn:aws:ecs:r:1:service/c/kc".to_owned(),
        name: "kc".to_owned(),
        status: "ACTIVE".to_owned(),
        controller: "ECS".to_owned(),
        scheduling: "REPLICA".to_owned(),
        task_definition: slots[0].task_definition.clone(),
        desired: 2,
        running: 2,
        minimum_percent: 100,
        maximum_percent: 150,
        breaker: BreakerPolicy {
            enabled: true,
            rollback: true,
        },
        slots,
        ..Service::default()
    }
}

/// Ours has just begun.
pub(super) fn begun() -> View {
    let ours = slot(OURS, Role::Primary, RolloutState::InProgress);
    let mut old = slot(1, Role::Active, RolloutState::Completed);
    old.running = 2;
    View {
        service: service(vec![ours, old]),
        ours: Some(ServiceDeployment {
            arn: "arn:aws:ecs:r:1:service-deployment/c/kc/abc".to_owned(),
            id: id(OURS),
            revision: "arn:aws:ecs:r:1:service-revision/c/kc/2".to_owned(),
            status: Status::InProgress,
            reason: None,
            stage: None,
            hooks: Vec::new(),
            target: counts(2, 0, 0),
            sources: Some(counts(2, 2, 0)),
            breaker: Breaker {
                status: Monitor::Monitoring,
                failures: 0,
                threshold: 3,
            },
            triggered_alarms: Vec::new(),
            alarms: Monitor::Disabled,
            rollback_reason: None,
            rollback_to: None,
            created: Some(2000.0),
        }),
        history: true,
        stopped: Vec::new(),
        never_good: false,
    }
}

pub(super) fn counts(requested: i32, running: i32, pending: i32) -> Counts {
    Counts {
        requested,
        running,
        pending,
        traffic: None,
    }
}

/// Changes a view as ECS would.
pub(super) trait Change {
    fn ours(&mut self) -> &mut ServiceDeployment;
    fn target(&mut self, requested: i32, running: i32, pending: i32);
    fn old(&mut self, requested: i32, running: i32);
    fn status(&mut self, status: Status, reason: &str);
    fn returned(&mut self);
    fn replaced(&mut self, by: u32);
    fn stop(&mut self, task: StoppedTask);
    fn event(&mut self, at: f64, message: &str);
    fn no_history(&mut self);
}

impl Change for View {
    fn ours(&mut self) -> &mut ServiceDeployment {
        self.ours.as_mut().unwrap()
    }

    /// Tasks of the new revision, in both places that tell.
    fn target(&mut self, requested: i32, running: i32, pending: i32) {
        if let Some(ours) = &mut self.ours {
            ours.target = counts(requested, running, pending);
        }
        if let Some(slot) = self
            .service
            .slots
            .iter_mut()
            .find(|slot| slot.id == id(OURS))
        {
            (slot.desired, slot.running, slot.pending) = (requested, running, pending);
        }
    }

    /// Tasks of the old revision, in both places that tell.
    fn old(&mut self, requested: i32, running: i32) {
        if let Some(ours) = &mut self.ours {
            ours.sources = Some(counts(requested, running, 0));
        }
        if let Some(slot) = self.service.slots.iter_mut().find(|slot| slot.id == id(1)) {
            (slot.desired, slot.running) = (requested, running);
        }
    }

    fn status(&mut self, status: Status, reason: &str) {
        if let Some(ours) = &mut self.ours {
            ours.status = status;
            ours.reason = Some(reason.to_owned());
            if status == Status::RollbackInProgress {
                ours.rollback_to = Some(id(1));
            }
        }
        if status == Status::Successful {
            self.service.slots.truncate(1);
            self.service.slots[0].rollout = Some(RolloutState::Completed);
        }
    }

    /// The older deployment is the newest again, ours has failed.
    fn returned(&mut self) {
        self.service.slots = vec![
            slot(1, Role::Primary, RolloutState::InProgress),
            slot(OURS, Role::Active, RolloutState::Failed),
        ];
    }

    fn replaced(&mut self, by: u32) {
        for slot in &mut self.service.slots {
            slot.role = Role::Active;
        }
        self.service
            .slots
            .insert(0, slot(by, Role::Primary, RolloutState::InProgress));
    }

    fn stop(&mut self, task: StoppedTask) {
        self.stopped.push(task);
    }

    fn event(&mut self, at: f64, message: &str) {
        self.service.events.insert(
            0,
            Event {
                id: format!("{at} {message}"),
                at,
                message: message.to_owned(),
            },
        );
    }

    fn no_history(&mut self) {
        self.ours = None;
        self.history = false;
    }
}

/// A task that ran from `created` to `stopped`.
pub(super) fn task(stop_code: &str, reason: &str, created: f64, stopped: f64) -> StoppedTask {
    StoppedTask {
        id: format!("task{created}"),
        stop_code: stop_code.to_owned(),
        reason: reason.to_owned(),
        created: Some(created),
        stopping: None,
        stopped: Some(stopped),
        containers: Vec::new(),
        log: Vec::new(),
    }
}

/// A task whose container exited.
pub(super) fn exit(code: i32, reason: Option<&str>, created: f64, stopped: f64) -> StoppedTask {
    let mut task = task(
        "EssentialContainerExited",
        "Essential container in task exited",
        created,
        stopped,
    );
    task.containers.push(TaskContainer {
        name: "keycloak".to_owned(),
        image: "r/kc:2".to_owned(),
        exit_code: Some(code),
        reason: reason.map(str::to_owned),
    });
    task
}

pub(super) fn policy() -> Policy {
    Policy {
        until: Until::Deployed,
        fail_fast: true,
        timeout: Duration::from_secs(1800),
    }
}

/// Seconds, and what changes until then.
pub(super) type Look<'a> = (u64, &'a dyn Fn(&mut View));

/// Shows looks one after the other; each changes the one before. Answers the warnings and the verdict; an earlier
/// verdict than that of the last look is a failure.
pub(super) fn play(
    what: &str,
    policy: Policy,
    looks: &[Look<'_>],
) -> (Vec<String>, Option<Verdict>) {
    let mut view = begun();
    let mut rollout = Rollout::new(id(OURS), policy);
    let mut warnings = Vec::new();
    let mut verdict = None;
    for (at, change) in looks {
        assert_eq!(verdict, None, "{what}: too early, before {at} s");
        change(&mut view);
        let step = rollout.observe(&view, Duration::from_secs(*at));
        warnings.extend(step.notes.into_iter().filter_map(|note| match note {
            Note::Warning(text) => Some(text),
            Note::Line(_) => None,
        }));
        verdict = step.verdict;
    }
    (warnings, verdict)
}

/// Plays looks that must end like this, with these words in the verdict.
pub(super) fn ends(what: &str, end: End, says: &[&str], looks: &[Look<'_>]) {
    expect(what, policy(), end, says, looks);
}

pub(super) fn expect(what: &str, policy: Policy, end: End, says: &[&str], looks: &[Look<'_>]) {
    let (_, verdict) = play(what, policy, looks);
    let verdict = verdict.unwrap_or_else(|| panic!("{what}: no verdict"));
    assert_eq!(verdict.end, end, "{what}: {verdict:?}");
    let cause = verdict.cause.as_ref().map_or("", |cause| &cause.what);
    let told = format!("{} {cause} {}", verdict.what, verdict.next);
    for word in says {
        assert!(told.contains(word), "{what}: {word} is not in {told}");
    }
}

/// Plays looks that must leave everything open; answers the warnings.
pub(super) fn open(what: &str, looks: &[Look<'_>]) -> Vec<String> {
    let (warnings, verdict) = play(what, policy(), looks);
    assert_eq!(verdict, None, "{what}");
    warnings
}
