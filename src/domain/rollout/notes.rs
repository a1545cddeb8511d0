//! Remarks on the way, each made once.

use std::collections::BTreeSet;

use super::cause::{Weight, classify};
use super::ends;
use super::events::{self, Topic, topic};
use super::phase::paused;
use super::verdict::{End, Verdict};
use super::view::{Epoch, View};

/// A remark on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A line of the log.
    Line(String),
    /// Something that a person should know even when all ends well.
    Warning(String),
}

/// What was remarked already.
#[derive(Debug, Default)]
pub(super) struct Notes(BTreeSet<String>);

impl Notes {
    /// What a view tells that was not told before. Events from before `created`, when our deployment was, are not
    /// about it.
    pub(super) fn of(
        &mut self,
        view: &View,
        created: Option<Epoch>,
        verdict: Option<&Verdict>,
    ) -> Vec<Note> {
        let mut notes = Vec::new();
        let events = view.service.events.iter().rev();
        for event in events.filter(|event| created.is_some() && events::since(event, created)) {
            let topic = topic(&event.message);
            let warn = matches!(topic, Topic::Protected | Topic::Stall)
                || event.message.contains("was unable to place");
            if topic != Topic::Noise {
                self.add(&mut notes, warn, event.message.clone());
            }
        }
        for task in &view.stopped {
            let cause = classify(task, &view.service.events);
            let warn = cause.weight == Weight::Again || cause.key == "capacity";
            self.add(
                &mut notes,
                warn,
                format!("task {} stopped: {}", cause.task, cause.what),
            );
        }
        // A failure tells its cause itself.
        let well = verdict.is_none_or(|verdict| verdict.end == End::Deployed);
        if let Some(cause) = ends::hopeless(view).filter(|_| well) {
            let told = match cause.weight {
                Weight::Fatal => "a task of the new revision could not start",
                _ => "tasks of the new revision end the same way again and again",
            };
            self.add(&mut notes, true, format!("{told}: {}", cause.what));
        }
        if let Some(hook) = paused(view) {
            let told = format!("paused at the hook {hook}. {}", go_on(view, hook));
            self.add(&mut notes, true, told);
        }
        if created.is_some() && view.service.desired == 0 {
            let told = "the service has 0 desired tasks: a deployment proves nothing";
            self.add(&mut notes, true, told.to_owned());
        }
        notes
    }

    fn add(&mut self, notes: &mut Vec<Note>, warn: bool, text: String) {
        if self.0.insert(text.clone()) {
            notes.push(if warn {
                Note::Warning(text)
            } else {
                Note::Line(text)
            });
        }
    }
}

/// How a person takes a paused deployment on.
pub(super) fn go_on(view: &View, hook: &str) -> String {
    let arn = view.ours.as_ref().map_or("<arn>", |ours| ours.arn.as_str());
    format!(
        "It goes on with `aws ecs continue-service-deployment --service-deployment-arn {arn} --hook-id {hook} \
         --action CONTINUE`."
    )
}
