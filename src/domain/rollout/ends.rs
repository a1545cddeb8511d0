//! What the ends of several tasks say together.

use super::cause::{Cause, Weight, classify};
use super::view::View;

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
                Weight::Again => match (earlier.stopped, later.created) {
                    (Some(stopped), Some(created)) => created >= stopped,
                    _ => false,
                },
                Weight::Fatal | Weight::Never => false,
            });
        repeats.then(|| cause.clone())
    })
}
