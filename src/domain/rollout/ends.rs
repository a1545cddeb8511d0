//! What the ends of several tasks say together.

use super::cause::{Cause, Weight, classify};
use super::view::{StoppedTask, View};

/// The end of a task that says most: a fatal one, else the last one that counts.
pub(super) fn worst(view: &View) -> Option<Cause> {
    let causes = || {
        view.stopped
            .iter()
            .map(|task| classify(task, &view.service.events))
    };
    causes()
        .find(|cause| cause.weight == Weight::Fatal)
        .or_else(|| causes().rfind(|cause| cause.weight != Weight::Never))
}

/// A task that can never start, or one that ended as another did before it.
pub(super) fn hopeless(view: &View) -> Option<Cause> {
    let ends: Vec<_> = view
        .stopped
        .iter()
        .map(|task| (task, classify(task, &view.service.events)))
        .collect();
    if let Some((_, cause)) = ends.iter().find(|(_, cause)| cause.weight == Weight::Fatal) {
        return Some(cause.clone());
    }
    ends.iter().enumerate().find_map(|(at, (later, cause))| {
        let repeats = ends[..at]
            .iter()
            .filter(|(_, earlier)| earlier.key == cause.key)
            .any(|(earlier, _)| match cause.weight {
                Weight::Twice => true,
                Weight::Again => replaces(later, earlier),
                Weight::Fatal | Weight::Never => false,
            });
        repeats.then(|| cause.clone())
    })
}

/// Whether `later` was started when most of the life of `earlier` was over: tasks that start together do not replace each
/// other, and a replacement starts a moment before the task that it replaces is told to stop.
fn replaces(later: &StoppedTask, earlier: &StoppedTask) -> bool {
    let end = earlier.stopping.or(earlier.stopped);
    match (earlier.created, end, later.created) {
        (Some(start), Some(end), Some(created)) => created >= start + 0.8 * (end - start),
        _ => false,
    }
}
