//! What must hold for any looks at all, however old, torn or absurd.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::sample::{OURS, begun, counts, exit, id, service, slot};
use crate::domain::rollout::{
    End, Policy, Role, Rollout, RolloutState, Service, Stage, Status, Until, View,
};

const STATUSES: [Status; 9] = [
    Status::Pending,
    Status::InProgress,
    Status::Successful,
    Status::StopRequested,
    Status::Stopped,
    Status::RollbackRequested,
    Status::RollbackInProgress,
    Status::RollbackSuccessful,
    Status::RollbackFailed,
];

prop_compose! {
    fn any_service()(
        primary in 1_u32..4,
        other in proptest::option::of(1_u32..4),
        states in prop::array::uniform2(select(vec![RolloutState::InProgress, RolloutState::Completed, RolloutState::Failed])),
        running in prop::array::uniform2(0_i32..3),
        dated in any::<bool>(),
        rollback in any::<bool>(),
    ) -> Service {
        let mut slots = vec![slot(primary, Role::Primary, states[0])];
        slots[0].running = running[0];
        if let Some(other) = other.filter(|other| *other != primary) {
            slots.push(slot(other, Role::Active, states[1]));
            slots[1].running = running[1];
        }
        if !dated {
            slots.iter_mut().for_each(|slot| slot.created = None);
        }
        let mut service = service(slots);
        service.breaker.rollback = rollback;
        service
    }
}

prop_compose! {
    fn any_view()(
        service in any_service(),
        shown in any::<bool>(),
        history in any::<bool>(),
        status in select(STATUSES.to_vec()),
        target in prop::array::uniform3(0_i32..3),
        sources in prop::array::uniform3(0_i32..3),
        stage in proptest::option::of(select(vec![Stage::ScaleUp, Stage::BakeTime, Stage::CleanUp])),
        stops in 0_usize..3,
    ) -> View {
        let mut view = begun();
        view.service = service;
        view.history = history;
        if let Some(ours) = &mut view.ours {
            ours.status = status;
            ours.target = counts(target[0], target[1], target[2]);
            ours.sources = Some(counts(sources[0], sources[1], sources[2]));
            ours.stage = stage;
        }
        if !(shown && history) {
            view.ours = None;
        }
        view.stopped = (0..stops).map(|_| exit(1, None, 2010.0, 2020.0)).collect();
        view
    }
}

/// The verdict of the looks, and the view that led to it.
fn judge(views: &[View], policy: Policy) -> Option<(End, &View)> {
    let mut rollout = Rollout::new(id(OURS), policy);
    views.iter().enumerate().find_map(|(at, view)| {
        let now = Duration::from_secs(3 * u64::try_from(at).unwrap());
        rollout
            .observe(view, now)
            .verdict
            .map(|verdict| (verdict.end, view))
    })
}

fn ours_is_newest(view: &View) -> bool {
    view.service
        .primary()
        .is_some_and(|primary| primary.id == id(OURS))
}

proptest! {
    #![proptest_config(crate::domain::tries(2000))]

    #[test]
    fn deployed_means_that_ours_is_the_newest_and_ecs_says_it_is_done(
        views in prop::collection::vec(any_view(), 1..12),
        fail_fast in any::<bool>(),
    ) {
        let policy = Policy { until: Until::Deployed, fail_fast, timeout: Duration::from_secs(3600) };
        if let Some((End::Deployed, view)) = judge(&views, policy) {
            prop_assert!(ours_is_newest(view));
            let said = view.ours.as_ref().map(|ours| ours.status == Status::Successful);
            let slot = view.service.primary().and_then(|slot| slot.rollout);
            prop_assert!(said.unwrap_or(slot == Some(RolloutState::Completed)));
        }
    }

    #[test]
    fn live_means_that_every_task_of_ours_runs(views in prop::collection::vec(any_view(), 1..12)) {
        let policy = Policy { until: Until::Live, fail_fast: false, timeout: Duration::from_secs(3600) };
        if let Some((End::Deployed, view)) = judge(&views, policy) {
            prop_assert!(ours_is_newest(view));
            let done = view.ours.as_ref().map_or(
                view.service.primary().is_some_and(|slot| slot.rollout == Some(RolloutState::Completed) || slot.running >= slot.desired),
                |ours| ours.status == Status::Successful || (ours.target.running >= ours.target.requested && ours.target.requested > 0),
            );
            prop_assert!(done);
        }
    }

    #[test]
    fn what_serves_as_ecs_says_is_never_called_failed_or_rolled_back(
        mut views in prop::collection::vec(any_view(), 1..12),
    ) {
        for view in &mut views {
            if let Some(ours) = &mut view.ours {
                ours.status = Status::Successful;
            }
            view.service.slots.iter_mut().for_each(|slot| slot.rollout = Some(RolloutState::Completed));
        }
        let policy = Policy { until: Until::Deployed, fail_fast: false, timeout: Duration::from_secs(3600) };
        if let Some((end, view)) = judge(&views, policy) && ours_is_newest(view) {
            prop_assert_eq!(end, End::Deployed);
        }
    }

    #[test]
    fn time_is_up_when_it_is_up(view in any_view()) {
        let policy = Policy { until: Until::Deployed, fail_fast: true, timeout: Duration::from_secs(60) };
        let mut rollout = Rollout::new(id(OURS), policy);
        prop_assert!(rollout.observe(&view, Duration::from_secs(60)).verdict.is_some());
    }
}
