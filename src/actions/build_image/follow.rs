//! A builder at work: on a terminal as a live step, in a log as a group of its lines.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::pin;
use std::time::{Duration, Instant};

use super::commands::Command;
use super::docker_home::DockerHome;
use super::steps;
use crate::error::Result;
use crate::process::{Child, Output, TAIL};
use crate::runner::Runner;

/// Time that a build or a push may take; a job has a limit of its own.
const LIMIT: Duration = Duration::from_secs(2 * 3600);
/// Lines that are kept of the step at work.
const MOST: usize = 500;
/// Pause between two looks at the clock on a terminal.
const TICK: Duration = Duration::from_secs(1);

/// The process of a command, with the logins of the builder.
pub(super) fn child<'a>(home: &DockerHome, command: Command) -> Child<'a> {
    let variables = command.variables.into_iter();
    let variables = variables.map(|(name, value)| (name, value.to_owned()));
    let mut child = Child::new(command.program, LIMIT).args(command.arguments);
    for (name, value) in variables.chain(home.variables()) {
        child = child.env(name, value);
    }
    child
}

/// Runs a command to its end and shows it.
pub(super) async fn follow(
    runner: &Runner,
    title: &str,
    home: &DockerHome,
    command: Command,
) -> Result<Output> {
    let started = Instant::now();
    let progress = RefCell::new(runner.progress());
    let live = progress.borrow().is_live();
    let _group = (!live).then(|| runner.group(title));
    let step = RefCell::new((title.to_owned(), started));
    let show = || {
        let (text, since) = &*step.borrow();
        progress.borrow_mut().show(text, since.elapsed());
    };
    let done = |next: String| {
        let (text, since) = step.replace((next, Instant::now()));
        let seconds = since.elapsed().as_secs_f64();
        progress.borrow().line(&format!("{text} ({seconds:.1} s)"));
    };
    // What the step at work has said: shown if it fails, since the cause may stand before the last lines.
    let said = RefCell::new(VecDeque::new());
    let tell = |line: &str| match steps::step(line) {
        _ if !live => runner.line(line),
        Some(next) => {
            done(next);
            show();
            said.borrow_mut().clear();
        }
        None => {
            let mut said = said.borrow_mut();
            said.push_back(line.to_owned());
            if said.len() > MOST {
                said.pop_front();
            }
        }
    };
    let mut work = pin!(child(home, command).watched(&tell));
    let ended = loop {
        match tokio::time::timeout(TICK, &mut work).await {
            Ok(ended) => break ended,
            Err(_) if live => show(),
            Err(_) => {}
        }
    };
    if live && ended.is_ok() {
        done(String::new());
    }
    if ended.is_err() {
        // The last ones stand in the error.
        let said = said.borrow();
        let earlier = said.len().saturating_sub(TAIL);
        for line in said.iter().take(earlier) {
            progress.borrow().line(line);
        }
    }
    ended
}
