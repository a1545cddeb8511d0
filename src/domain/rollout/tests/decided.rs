//! Scenarios that ECS or a person decides, by their numbers in the table of the README.

use super::sample::{Change as _, OURS, begun, ends, exit, expect, open, policy, slot};
use crate::domain::rollout::{End, Policy, Role, RolloutState, Status, Until, View};

const BREAKER: &str =
    "Service deployment rolled back because the circuit breaker threshold was exceeded.";

#[test]
fn s02_a_rollback_is_certain_when_it_begins() {
    let patient = Policy {
        fail_fast: false,
        ..policy()
    };
    expect(
        "breaker",
        patient,
        End::RolledBack,
        &["circuit breaker", "ecs-svc/1", "exited with code 1"],
        &[
            (0, &|view| view.stop(exit(1, None, 2010.0, 2020.0))),
            (30, &|view| view.stop(exit(1, None, 2030.0, 2040.0))),
            (60, &|view| {
                view.status(Status::RollbackInProgress, BREAKER);
                view.returned();
            }),
        ],
    );
    expect(
        "without history",
        patient,
        End::RolledBack,
        &["ecs-svc/1"],
        &[
            (0, &|view| view.no_history()),
            (60, &|view| view.returned()),
        ],
    );
}

#[test]
fn s03_a_breaker_without_rollback_is_a_failure() {
    for history in [true, false] {
        ends(
            "gave up",
            End::Failed,
            &["tasks failed to start"],
            &[
                (0, &|view| {
                    view.service.breaker.rollback = false;
                    if !history {
                        view.no_history();
                    }
                }),
                (60, &|view| {
                    view.status(Status::StopRequested, "stopped");
                    view.service.slots[0].rollout = Some(RolloutState::Failed);
                    view.service.slots[0].reason =
                        Some("ECS deployment circuit breaker: tasks failed to start.".to_owned());
                }),
            ],
        );
    }
}

#[test]
fn s13_s14_a_newer_deployment_is_no_rollback() {
    ends(
        "history",
        End::Superseded,
        &["ecs-svc/3", "Nothing was rolled back"],
        &[
            (0, &|_| {}),
            (10, &|view| view.status(Status::StopRequested, "")),
            (13, &|view| view.replaced(3)),
        ],
    );
    ends(
        "the same task definition",
        End::Superseded,
        &["ecs-svc/3"],
        &[
            (0, &|view| view.no_history()),
            (10, &|view| {
                view.replaced(3);
                view.service.slots[0].task_definition =
                    view.service.slots[1].task_definition.clone();
            }),
        ],
    );
    ends(
        "ours is gone",
        End::Superseded,
        &["ecs-svc/3"],
        &[
            (0, &|view| view.no_history()),
            (10, &|view| {
                view.service.slots = vec![slot(3, Role::Primary, RolloutState::Completed)]
            }),
        ],
    );
}

#[test]
fn s15_a_person_who_stops_it_is_named() {
    ends(
        "user",
        End::RolledBack,
        &["by user", "Somebody"],
        &[
            (0, &|_| {}),
            (10, &|view| {
                view.status(
                    Status::RollbackRequested,
                    "Service deployment rolled back by user.",
                )
            }),
        ],
    );
}

#[test]
fn s16_old_states_decide_nothing() {
    open(
        "the old service, no deployment yet",
        &[
            (0, &|view| {
                view.ours = None;
                view.service.slots = vec![slot(1, Role::Primary, RolloutState::Completed)];
                view.service.slots[0].running = 2;
            }),
            (30, &|_| {}),
        ],
    );
    open(
        "an old look in between",
        &[
            (0, &|_| {}),
            (3, &|view| {
                view.service.slots = vec![slot(1, Role::Primary, RolloutState::Completed)]
            }),
            (6, &|view| view.service.slots = begun().service.slots),
            (9, &|view| {
                view.service.slots = vec![slot(1, Role::Primary, RolloutState::Completed)]
            }),
        ],
    );
    ends(
        "successful before the service shows it",
        End::Deployed,
        &[],
        &[
            (0, &|view| {
                view.service.slots = vec![slot(1, Role::Primary, RolloutState::Completed)]
            }),
            (3, &|view| view.ours().status = Status::Successful),
            (6, &|view| {
                view.service.slots = vec![slot(OURS, Role::Primary, RolloutState::Completed)]
            }),
        ],
    );
}

#[test]
fn s19_alarms_are_named() {
    ends(
        "alarm",
        End::RolledBack,
        &["kc-5xx"],
        &[
            (0, &|_| {}),
            (60, &|view| {
                view.status(
                    Status::RollbackRequested,
                    "Service deployment rolled back because of one or more active alarms.",
                );
                view.ours().triggered_alarms = vec!["kc-5xx".to_owned()];
            }),
        ],
    );
}

#[test]
fn s19_a_rollback_that_begins_a_moment_after_the_failure_is_one() {
    for alarms in [&["kc-5xx"][..], &[]] {
        ends(
            "alarm in the bake time, when no old task is left",
            End::RolledBack,
            &["kc-5xx"],
            &[
                (0, &|view| {
                    view.service.breaker.rollback = alarms.is_empty();
                    view.service.alarms = alarms.iter().map(ToString::to_string).collect();
                }),
                (60, &|view| {
                    view.target(2, 2, 0);
                    view.old(0, 0);
                    view.service.slots.truncate(1);
                    view.service.slots[0].rollout = Some(RolloutState::Failed);
                    view.service.slots[0].reason =
                        Some("ECS deployment failed: alarm detected.".to_owned());
                }),
                (63, &|view| {
                    view.status(
                        Status::RollbackRequested,
                        "Service deployment rolled back because of one or more active alarms.",
                    );
                    view.ours().triggered_alarms = vec!["kc-5xx".to_owned()];
                }),
            ],
        );
    }
}

#[test]
fn s20_no_desired_task_proves_nothing_and_says_so() {
    ends(
        "zero",
        End::Deployed,
        &["nothing was proven"],
        &[
            (0, &|view| view.service.desired = 0),
            (6, &|view| view.status(Status::Successful, "")),
        ],
    );
}

#[test]
fn s25_a_first_deployment_has_nothing_to_return_to() {
    let first: &dyn Fn(&mut View) = &|view| {
        view.service.slots.truncate(1);
        view.ours().sources = None;
    };
    ends(
        "crash loop",
        End::Failed,
        &["no revision to roll back to"],
        &[
            (0, first),
            (40, &|view| view.stop(exit(1, None, 2010.0, 2040.0))),
            (80, &|view| view.stop(exit(1, None, 2045.0, 2080.0))),
        ],
    );
    ends(
        "by the breaker",
        End::Failed,
        &["no revision to roll back to"],
        &[
            (0, first),
            (80, &|view| view.status(Status::RollbackRequested, BREAKER)),
        ],
    );
}

#[test]
fn s26_a_rollback_that_fails_is_the_loudest() {
    ends(
        "failed",
        End::Failed,
        &["COULD NOT ROLL BACK", "at once"],
        &[(0, &|view| {
            view.status(
                Status::RollbackFailed,
                "Service deployment rollback failed because tasks failed to start.",
            );
        })],
    );
}

#[test]
fn s37_a_service_that_is_deleted_meanwhile_ends_the_wait() {
    ends(
        "draining",
        End::Failed,
        &["DRAINING"],
        &[
            (0, &|_| {}),
            (6, &|view| view.service.status = "DRAINING".to_owned()),
        ],
    );
}

#[test]
fn a_rollback_that_was_asked_for_is_awaited_to_its_end() {
    let asked = Policy {
        until: Until::RolledBack,
        ..policy()
    };
    expect(
        "to the end",
        asked,
        End::RolledBack,
        &["has rolled"],
        &[
            (0, &|view| {
                view.status(
                    Status::RollbackRequested,
                    "Service deployment rolled back by user.",
                )
            }),
            (6, &|view| {
                view.status(
                    Status::RollbackInProgress,
                    "Service deployment rolled back by user.",
                );
                view.returned();
            }),
            (60, &|view| {
                view.status(
                    Status::RollbackSuccessful,
                    "Service deployment rolled back by user.",
                )
            }),
        ],
    );
    expect(
        "too late",
        asked,
        End::Deployed,
        &[],
        &[
            (0, &|_| {}),
            (6, &|view| view.status(Status::Successful, "")),
        ],
    );
}
