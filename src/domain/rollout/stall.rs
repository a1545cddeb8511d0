//! How many tasks a rolling deployment may have at a time.

use super::view::{Service, Strategy};

/// The lowest number of healthy tasks and the highest number of tasks during a rolling deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    lowest: i32,
    highest: i32,
}

/// `minimumHealthyPercent` is rounded up, `maximumPercent` down.
/// Source: `DeploymentConfiguration` in the Amazon ECS API reference, November 2026.
pub(super) fn bounds(desired: i32, minimum_percent: i32, maximum_percent: i32) -> Bounds {
    let percent = |percent: i32| i64::from(desired) * i64::from(percent);
    let whole = |hundredths: i64| i32::try_from(hundredths / 100).unwrap_or(i32::MAX);
    Bounds {
        lowest: whole(percent(minimum_percent) + 99),
        highest: whole(percent(maximum_percent)),
    }
}

impl Bounds {
    /// Whether no task can be started before one stops, and none stopped before one starts.
    fn stalls(self, desired: i32) -> bool {
        desired > 0 && self.lowest >= desired && self.highest <= desired
    }
}

/// Whether a rolling deployment of this service can never begin, and the words for it.
pub(super) fn stall(service: &Service) -> Option<String> {
    let bounds = bounds(
        service.desired,
        service.minimum_percent,
        service.maximum_percent,
    );
    let stalls = service.strategy == Strategy::Rolling && bounds.stalls(service.desired);
    stalls.then(|| {
        format!(
            "with {} desired tasks, minimumHealthyPercent {} keeps {} and maximumPercent {} allows {}: no task can be \
             started or stopped",
            service.desired,
            service.minimum_percent,
            bounds.lowest,
            service.maximum_percent,
            bounds.highest,
        )
    })
}

/// What to change so that a deployment of this service can begin: room for one more task.
pub(super) fn remedy(service: &Service) -> String {
    let desired = service.desired.max(1);
    let percent = (100 * (desired + 1) + desired - 1) / desired;
    format!(
        "Set maximumPercent to {percent} or more (one task more than desired), or minimumHealthyPercent below 100."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_decides_who_stalls() {
        for (desired, minimum, maximum, stalls) in [
            (2, 100, 100, true),
            (2, 100, 150, false),
            (2, 100, 149, true),
            (3, 100, 133, true),
            (3, 100, 134, false),
            (2, 75, 100, true),
            (2, 50, 100, false),
            (1, 0, 100, false),
            (1, 100, 200, false),
            (0, 100, 100, false),
        ] {
            assert_eq!(
                bounds(desired, minimum, maximum).stalls(desired),
                stalls,
                "{desired} {minimum}/{maximum}"
            );
        }
    }

    #[test]
    fn the_remedy_makes_room() {
        for desired in 1..40 {
            let service = Service {
                desired,
                minimum_percent: 100,
                maximum_percent: 100,
                ..Service::default()
            };
            let text = remedy(&service);
            let percent: i32 = text
                .split(|c: char| !c.is_ascii_digit())
                .find(|number| !number.is_empty())
                .and_then(|number| number.parse().ok())
                .unwrap();
            assert!(
                !bounds(desired, 100, percent).stalls(desired),
                "{desired}: {percent}"
            );
            assert!(
                bounds(desired, 100, percent - 1).stalls(desired),
                "{desired}: {percent}"
            );
        }
    }
}
