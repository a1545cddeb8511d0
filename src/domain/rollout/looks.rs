//! When to look at what. Pure.
//!
//! Half a second after the start, then after 1, 2 and 3 seconds, then every 3 seconds: the service deployment at each
//! look, the service at every second one, stopped tasks only when something moved. That is about 0.6 calls a second,
//! where ECS allows 20 to all callers of an account.

use std::time::Duration;

use super::view::{DeploymentId, Status, View};

const FIRST: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(1),
];
const STEADY: Duration = Duration::from_secs(3);
const LONGEST: Duration = Duration::from_secs(20);
/// Stopped tasks are listed at least this often: what moved may have moved back between two looks.
const TASKS: Duration = Duration::from_secs(8);

/// The pace of a wait.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    count: usize,
    hampered: Option<Duration>,
    tasks_at: Option<Duration>,
    mark: Mark,
}

/// What moves when a task stops.
#[derive(Clone, Debug, Default, PartialEq)]
struct Mark {
    failures: i32,
    counts: (i32, i32),
    failed: i32,
    event: Option<String>,
}

impl Looks {
    /// The pause before the next look.
    pub fn pause(&mut self) -> Duration {
        let usual = FIRST.get(self.count).copied().unwrap_or(STEADY);
        self.count += 1;
        self.hampered.unwrap_or(usual)
    }

    /// A look was throttled or failed: the pause doubles, up to 20 s, and is spread by `random` so that jobs that wait
    /// for the same account do not come back together.
    pub fn hampered(&mut self, random: u8) {
        let longer = self.hampered.unwrap_or(STEADY) * 2;
        let spread = 0.75 + f64::from(random) / 255.0 / 2.0;
        self.hampered = Some(longer.mul_f64(spread).min(LONGEST));
    }

    /// A look succeeded.
    pub fn answered(&mut self) {
        self.hampered = None;
    }

    /// Whether the service is looked at now: a verdict is never given on an old look at it.
    pub fn service_is_due(&self, view: &View) -> bool {
        let in_flight = view
            .ours
            .as_ref()
            .is_some_and(|ours| ours.status.in_flight());
        !in_flight || self.count.is_multiple_of(2)
    }

    /// Whether stopped tasks are looked at now.
    pub fn tasks_are_due(&mut self, view: &View, id: &DeploymentId, now: Duration) -> bool {
        let slot = view.service.slot(id);
        let ours = view.ours.as_ref();
        let mark = Mark {
            failures: ours.map_or(0, |ours| ours.breaker.failures),
            counts: ours.map_or_else(
                || slot.map_or((0, 0), |slot| (slot.running, slot.pending)),
                |ours| (ours.target.running, ours.target.pending),
            ),
            failed: slot.map_or(0, |slot| slot.failed),
            event: view.service.events.first().map(|event| event.id.clone()),
        };
        let moved = std::mem::replace(&mut self.mark, mark) != self.mark;
        let ended =
            ours.is_some_and(|ours| !ours.status.in_flight() && ours.status != Status::Successful);
        let stale = self
            .tasks_at
            .is_none_or(|at| now.saturating_sub(at) >= TASKS);
        let due = moved || ended || stale;
        if due {
            self.tasks_at = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_quick_at_first_and_steady_then() {
        let mut looks = Looks::default();
        let pauses: Vec<u128> = (0..6).map(|_| looks.pause().as_millis()).collect();
        assert_eq!(pauses, [500, 500, 1000, 1000, 3000, 3000]);
    }

    #[test]
    fn trouble_slows_down_to_a_limit_and_an_answer_ends_that() {
        let mut looks = Looks::default();
        for random in [0, 255, 128, 255, 255] {
            looks.hampered(random);
            let pause = looks.pause();
            assert!(pause > STEADY && pause <= LONGEST, "{pause:?}");
        }
        assert_eq!(looks.pause(), LONGEST);
        looks.answered();
        assert_eq!(looks.pause(), STEADY);
    }

    #[test]
    fn tasks_are_listed_when_something_moved_and_now_and_then() {
        let id = DeploymentId::parse("ecs-svc/2").unwrap();
        let mut looks = Looks::default();
        let mut view = View::default();
        let mut due = |view: &View, at| looks.tasks_are_due(view, &id, Duration::from_secs(at));
        assert!(due(&view, 0));
        assert!(!due(&view, 3));
        view.service.events.push(super::super::view::Event {
            id: "e".to_owned(),
            at: 1.0,
            message: String::new(),
        });
        assert!(due(&view, 6));
        assert!(!due(&view, 9));
        assert!(due(&view, 14));
    }
}
