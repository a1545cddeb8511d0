//! Scenarios that stopped tasks decide, by their numbers in the table of the README.

use super::sample::{Change as _, ends, exit, open, policy, task};
use crate::domain::rollout::{End, Policy};

const START: &str = "TaskFailedToStart";
const ELB: &str = "Task failed ELB health checks in (target-group arn:tg)";

#[test]
fn s04_s05_the_same_exit_twice_is_a_crash_loop() {
    ends(
        "exit 1",
        End::Failed,
        &["crash loop", "code 1", "circuit breaker is off"],
        &[
            (0, &|view| view.service.breaker.enabled = false),
            (40, &|view| view.stop(exit(1, None, 2010.0, 2040.0))),
            (80, &|view| view.stop(exit(1, None, 2045.0, 2080.0))),
        ],
    );
    open(
        "different exits",
        &[
            (40, &|view| view.stop(exit(1, None, 2010.0, 2040.0))),
            (80, &|view| view.stop(exit(2, None, 2045.0, 2080.0))),
        ],
    );
    let leave = Policy {
        fail_fast: false,
        ..policy()
    };
    let (_, verdict) = super::sample::play(
        "fail-fast off",
        leave,
        &[
            (40, &|view| view.stop(exit(1, None, 2010.0, 2040.0))),
            (80, &|view| view.stop(exit(1, None, 2045.0, 2080.0))),
        ],
    );
    assert_eq!(verdict, None);
}

#[test]
fn s06_s08_s09_what_can_never_start_ends_the_wait_at_the_first_stop() {
    for (reason, says) in [
        (
            "CannotPullContainerError: failed to resolve ref r/kc:2: r/kc:2: not found",
            "not found",
        ),
        (
            "ResourceInitializationError: unable to pull secrets: failed to fetch secret arn:aws:secretsmanager:r:1:secret:db \
             from secrets manager: AccessDeniedException: User: arn:aws:sts::1:assumed-role/exec/t is not authorized to \
             perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:r:1:secret:db",
            "execution role exec",
        ),
        (
            "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
            "architecture",
        ),
    ] {
        ends(
            reason,
            End::Failed,
            &[says],
            &[
                (0, &|_| {}),
                (20, &|view| view.stop(task(START, reason, 2010.0, 2020.0))),
            ],
        );
    }
}

#[test]
fn s07_a_pull_that_times_out_once_is_a_warning() {
    let reason = "CannotPullContainerError: dial tcp 10.0.0.2:443: i/o timeout";
    let warnings = open(
        "once",
        &[
            (20, &|view| view.stop(task(START, reason, 2010.0, 2020.0))),
            (30, &|view| view.target(2, 2, 0)),
        ],
    );
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    open(
        "twice at the same time",
        &[(20, &|view| {
            view.stop(task(START, reason, 2010.0, 2020.0));
            view.stop(task(START, reason, 2011.0, 2021.0));
        })],
    );
    ends(
        "and again",
        End::Failed,
        &["i/o timeout"],
        &[
            (20, &|view| view.stop(task(START, reason, 2010.0, 2020.0))),
            (60, &|view| view.stop(task(START, reason, 2025.0, 2060.0))),
        ],
    );
}

#[test]
fn s10_out_of_memory_twice_says_memory() {
    let reason = Some("OutOfMemoryError: Container killed due to memory usage");
    ends(
        "oom",
        End::Failed,
        &["out of memory", "more memory"],
        &[
            (40, &|view| view.stop(exit(137, reason, 2010.0, 2040.0))),
            (80, &|view| view.stop(exit(137, reason, 2045.0, 2080.0))),
        ],
    );
}

#[test]
fn s11_s12_a_health_check_that_fails_condemns_only_when_the_replacement_fails_too() {
    let code = "(service kc) (task task2100) (port 8080) is unhealthy in (target-group arn:tg) due to (reason Health checks failed with these codes: [503]).";
    open(
        "both of the first",
        &[(60, &|view| {
            view.stop(task("ServiceSchedulerInitiated", ELB, 2010.0, 2060.0));
            view.stop(task("ServiceSchedulerInitiated", ELB, 2011.0, 2061.0));
        })],
    );
    ends(
        "and the replacement",
        End::Failed,
        &["unhealthy (503)", "healthCheckGracePeriodSeconds"],
        &[
            (60, &|view| {
                view.stop(task("ServiceSchedulerInitiated", ELB, 2010.0, 2060.0))
            }),
            (150, &|view| {
                view.event(2150.0, code);
                view.stop(task("ServiceSchedulerInitiated", ELB, 2100.0, 2150.0));
            }),
        ],
    );
}

#[test]
fn s24_what_spot_takes_back_is_not_counted() {
    open(
        "spot",
        &[(60, &|view| {
            for at in [2010.0, 2040.0, 2070.0] {
                view.stop(task(
                    "SpotInterruption",
                    "Your Spot Task was interrupted.",
                    at,
                    at + 20.0,
                ));
            }
        })],
    );
}
