//! Scenarios on the way, by their numbers in the table of the README.

use std::time::Duration;

use super::sample::{Change as _, OURS, begun, counts, ends, expect, id, open, policy};
use crate::domain::rollout::{
    End, Hook, HookStatus, Monitor, Note, Phase, Policy, Rollout, Stage, Status, Strategy, Until,
    View,
};

#[test]
fn s01_a_rolling_deployment_ends_well_and_its_phases_are_timed() {
    let mut view = begun();
    let mut rollout = Rollout::new(id(OURS), policy());
    let mut look = |view: &View, at| rollout.observe(view, Duration::from_secs(at)).verdict;
    assert_eq!(look(&view, 0), None);
    view.target(2, 0, 1);
    assert_eq!(look(&view, 10), None);
    view.target(2, 2, 0);
    assert_eq!(look(&view, 40), None);
    view.old(0, 2);
    assert_eq!(look(&view, 60), None);
    view.old(0, 0);
    view.status(Status::Successful, "");
    assert_eq!(look(&view, 90).unwrap().end, End::Deployed);
    let phases: Vec<_> = rollout
        .spans()
        .iter()
        .map(|span| (span.phase, span.from.as_secs()))
        .collect();
    assert_eq!(
        phases,
        [
            (Phase::Pending, 0),
            (Phase::Starting, 10),
            (Phase::Checking, 40),
            (Phase::Draining, 60),
            (Phase::Over, 90)
        ]
    );
}

#[test]
fn s17_old_tasks_prove_nothing() {
    open(
        "2 old, 0 new",
        &[(0, &|view| view.no_history()), (60, &|_| {})],
    );
}

#[test]
fn s18_the_bake_time_belongs_to_deployed_and_not_to_live() {
    let baking: &dyn Fn(&mut View) = &|view| {
        view.target(2, 2, 0);
        view.old(0, 0);
        view.ours().stage = Some(Stage::BakeTime);
        view.ours().alarms = Monitor::Monitoring;
    };
    open("deployed", &[(0, &|_| {}), (60, baking)]);
    let live = Policy {
        until: Until::Live,
        ..policy()
    };
    expect(
        "live",
        live,
        End::Deployed,
        &["live"],
        &[(0, &|_| {}), (60, baking)],
    );
    expect(
        "live while draining",
        live,
        End::Deployed,
        &["live"],
        &[
            (0, &|_| {}),
            (30, &|view| view.target(2, 2, 0)),
            (60, &|view| view.old(0, 2)),
        ],
    );
    let (_, verdict) = super::sample::play(
        "running is not healthy",
        live,
        &[
            (0, &|view| view.old(0, 0)),
            (30, &|view| view.target(2, 2, 0)),
        ],
    );
    assert_eq!(verdict, None);
}

#[test]
fn s21_autoscaling_moves_the_goal() {
    ends(
        "2 to 6",
        End::Deployed,
        &[],
        &[
            (0, &|_| {}),
            (30, &|view| view.target(2, 2, 0)),
            (40, &|view| {
                view.service.desired = 6;
                view.target(6, 2, 4);
            }),
            (90, &|view| {
                view.target(6, 6, 0);
                view.status(Status::Successful, "");
            }),
        ],
    );
}

#[test]
fn s22_no_room_to_move_is_a_failure_with_the_remedy() {
    let event = "(service kc) was unable to stop or start tasks during a deployment because of the service deployment configuration.";
    ends(
        "event",
        End::Failed,
        &["cannot begin", "maximumPercent to 150"],
        &[
            (0, &|view| view.service.maximum_percent = 100),
            (6, &|view| view.event(2010.0, event)),
        ],
    );
    ends(
        "the event was said within 6 hours",
        End::Failed,
        &["cannot begin"],
        &[
            (0, &|view| view.service.maximum_percent = 100),
            (61, &|_| {}),
        ],
    );
    open(
        "an event of another deployment",
        &[
            (0, &|view| view.service.maximum_percent = 100),
            (6, &|view| view.event(1500.0, event)),
        ],
    );
}

#[test]
fn s23_missing_capacity_is_a_warning() {
    let event =
        "(service kc) was unable to place a task. Reason: Capacity is unavailable at this time.";
    let warnings = open(
        "capacity",
        &[
            (0, &|_| {}),
            (6, &|view| view.event(2010.0, event)),
            (180, &|view| view.target(2, 2, 0)),
        ],
    );
    assert_eq!(warnings, [event]);
}

#[test]
fn s31_out_of_time_while_draining_is_not_a_failure() {
    let short = Policy {
        timeout: Duration::from_secs(60),
        ..policy()
    };
    expect(
        "draining",
        short,
        End::TimedOutLive,
        &["live"],
        &[
            (0, &|_| {}),
            (50, &|view| view.target(2, 2, 0)),
            (60, &|view| view.old(0, 2)),
        ],
    );
    expect(
        "starting",
        short,
        End::TimedOut,
        &["new 1/2"],
        &[(0, &|view| view.target(2, 1, 1)), (60, &|_| {})],
    );
}

#[test]
fn s36_blue_green_shows_its_stages_and_its_hooks() {
    let mut view = begun();
    view.service.strategy = Strategy::BlueGreen;
    view.ours().target = counts(2, 2, 0);
    view.ours().target.traffic = Some(50.0);
    view.ours().stage = Some(Stage::ProductionTrafficShift);
    let mut rollout = Rollout::new(
        id(OURS),
        Policy {
            until: Until::Live,
            ..policy()
        },
    );
    let step = rollout.observe(&view, Duration::from_secs(1));
    assert!(
        step.line.contains("PRODUCTION_TRAFFIC_SHIFT") && step.line.contains("50 %"),
        "{}",
        step.line
    );
    assert_eq!((step.phase, step.verdict), (Phase::Shifting, None));

    view.ours().hooks = vec![Hook {
        id: "h1".to_owned(),
        target: None,
        status: HookStatus::AwaitingAction,
    }];
    let step = rollout.observe(&view, Duration::from_secs(2));
    assert_eq!(step.phase, Phase::Paused);
    assert!(
        matches!(&step.notes[..], [Note::Warning(text)] if text.contains("continue-service-deployment")),
        "{:?}",
        step.notes
    );
    let late = rollout
        .observe(&view, Duration::from_secs(1801))
        .verdict
        .unwrap();
    assert!(
        late.end == End::TimedOut && late.what.contains("paused"),
        "{late:?}"
    );

    view.ours().hooks = Vec::new();
    view.ours().target.traffic = Some(100.0);
    view.ours().stage = Some(Stage::PostProductionTrafficShift);
    assert_eq!(
        rollout
            .observe(&view, Duration::from_secs(3))
            .verdict
            .unwrap()
            .end,
        End::Deployed
    );

    view.ours().hooks = vec![Hook {
        id: "h2".to_owned(),
        target: Some("arn:aws:lambda:r:1:function:check".to_owned()),
        status: HookStatus::Failed,
    }];
    view.status(Status::RollbackRequested, "lifecycle hook(s) failed");
    let verdict = rollout
        .observe(&view, Duration::from_secs(4))
        .verdict
        .unwrap();
    assert!(verdict.what.contains("function:check"), "{verdict:?}");
}

#[test]
fn s40_each_event_of_ours_is_told_once() {
    let mut view = begun();
    view.event(1500.0, "(service kc) has started 1 tasks: (task old).");
    for number in 0..100 {
        view.event(
            2001.0 + f64::from(number),
            &format!("(service kc) has started 1 tasks: (task {}).", number / 2),
        );
    }
    view.event(2200.0, "(service kc) has reached a steady state.");
    let mut rollout = Rollout::new(id(OURS), policy());
    assert_eq!(
        rollout.observe(&view, Duration::from_secs(1)).notes.len(),
        50
    );
    assert_eq!(rollout.observe(&view, Duration::from_secs(2)).notes, []);
}

#[test]
fn what_was_in_flight_before_the_first_look_was_not_over() {
    let mut over = begun();
    over.old(0, 0);
    over.status(Status::Successful, "");
    let now = Duration::from_secs(1);
    let mut found = Rollout::new(id(OURS), policy());
    found.observe(&over, now);
    assert!(found.was_over());
    // Attached to in flight; then AWS could not answer until it had ended.
    let mut attached = Rollout::new(id(OURS), policy());
    attached.remember(&begun());
    assert_eq!(
        attached.observe(&over, now).verdict.unwrap().end,
        End::Deployed
    );
    assert!(!attached.was_over());
}
