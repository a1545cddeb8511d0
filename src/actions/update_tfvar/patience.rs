//! When another look is worth it: somebody else may have been faster, or GitHub asks to wait.

use std::time::Duration;

use super::plan::Step;
use crate::action::Context;
use crate::error::{Error, Kind, Result};

/// From the first refusal, requests included.
const LIMIT: Duration = Duration::from_secs(60);
/// What GitHub may ask to wait in all.
const ASKED: Duration = Duration::from_secs(180);
/// Rounds of writes, before it is said that others never stop.
const ROUNDS: u32 = 40;
/// Rounds of the very same steps.
const TRIES: u32 = 4;
/// First pause at most; it doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);
/// Refusals that say that somebody else was faster.
const RACES: [&str; 2] = ["409", "STALE_DATA"];
/// Refusals that no waiting mends.
const FINAL: [&str; 9] = [
    "400",
    "401",
    "403",
    "404",
    "FORBIDDEN",
    "INSUFFICIENT_SCOPES",
    "RATE_LIMITED",
    "undefinedField",
    super::merge::UNSTABLE,
];

/// Counts rounds and pauses.
pub(super) struct Patience<'a> {
    context: &'a Context,
    /// When the first refusal came.
    since: Option<Duration>,
    asked: Duration,
    round: u32,
    tries: u32,
    last: Vec<Step>,
}

impl<'a> Patience<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        Self {
            context,
            since: None,
            asked: Duration::ZERO,
            round: 0,
            tries: 0,
            last: Vec::new(),
        }
    }

    /// Waits before the next look, or gives the error back when there is no point in one. The same steps on the same
    /// commits are tried a few times only: if nothing changed in between, nobody was faster.
    pub(super) async fn after_refusal(&mut self, error: Error, steps: &[Step]) -> Result<()> {
        let is_final = error
            .code()
            .map_or_else(|| !error.may_pass(), |code| FINAL.contains(&code));
        if error.wait().is_none() && (error.kind() != Kind::Refused || is_final) {
            return Err(error);
        }
        self.count(steps);
        let asked = error.wait().unwrap_or_default();
        let pause = asked + self.jitter()?;
        let now = self.context.clock.elapsed();
        let spent = now.saturating_sub(*self.since.get_or_insert(now));
        let code = error.code().unwrap_or("");
        // Somebody was faster, or a fault of GitHub's or of the network's.
        let passing =
            RACES.contains(&code) || error.may_pass() || error.message().contains("already exists");
        self.asked += asked;
        let late = spent.saturating_sub(self.asked) + pause.saturating_sub(asked) > LIMIT;
        if self.tries >= TRIES && asked.is_zero() && !passing || late || self.asked > ASKED {
            return Err(error);
        }
        let seconds = pause.as_secs_f64();
        self.context.runner.line(format!(
            "{}; looking again in {seconds:.1} s",
            error.message()
        ));
        self.pause(pause).await;
        Ok(())
    }

    /// After a round that went well. GitHub may need a moment to show what was written.
    pub(super) async fn after_success(&mut self, steps: &[Step]) -> Result<()> {
        self.count(steps);
        if self.round > ROUNDS || self.tries >= TRIES {
            return Err(
                Error::refused("what was written does not stay, or does not show").hint(
                    "Somebody else may write to the same branch all the time. Start this again.",
                ),
            );
        }
        if self.tries > 1 {
            let pause = self.jitter()?;
            self.pause(pause).await;
        }
        Ok(())
    }

    fn count(&mut self, steps: &[Step]) {
        self.round += 1;
        self.tries = if self.last == steps {
            self.tries + 1
        } else {
            1
        };
        self.last = steps.to_vec();
    }

    async fn pause(&self, pause: Duration) {
        self.context.clock.sleep(pause).await;
    }

    /// A random time, so that runs that met once do not meet again.
    fn jitter(&self) -> Result<Duration> {
        let mut bytes = [0_u8; 4];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::bug("the system gave no random bytes").because(error.to_string())
        })?;
        let share = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
        let most = (PAUSE * 2_u32.pow(self.round.min(6))).min(LONGEST);
        Ok(most.mul_f64(0.2 + 0.8 * share))
    }
}
