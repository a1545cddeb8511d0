//! One exchange after the other until STS agrees, refuses for good, or the time is up.

use std::time::Duration;

use super::args::Args;
use super::refusal::{Class, DENIED_ATTEMPTS};
use crate::action::Context;
use crate::domain::region::{self, fallback, is_known};
use crate::error::{Error, Result};

/// The first pause; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The pause after access was denied: one, so that the whole stays below five seconds.
const DENIED_PAUSE: Duration = Duration::from_secs(3);

/// An attempt that failed.
pub(super) struct Failed {
    /// Whether another attempt can help.
    pub(super) class: Class,
    /// Whether no answer came at all.
    pub(super) silent: bool,
    /// What the reader is told, without a hint.
    pub(super) error: Error,
    /// What to do next, if this was the last attempt.
    pub(super) hint: String,
}

/// Makes attempts; each is told which region to ask.
pub(super) async fn persist<T>(
    args: &Args,
    context: &Context,
    region: &str,
    mut attempt: impl AsyncFnMut(&str) -> Result<Result<T, Failed>>,
) -> Result<T> {
    let started = context.clock.elapsed();
    let limit = Duration::from_secs(args.action_timeout_s);
    let most = if args.disable_retry {
        1
    } else {
        args.retry_max_attempts
    };
    let mut asked = region;
    let mut pause = FIRST_PAUSE;
    let mut count = 1;
    // Passing faults before a refusal are no attempts at it.
    let mut refused = 0;
    let mut last = None;
    loop {
        let left = limit.saturating_sub(context.clock.elapsed().saturating_sub(started));
        // What is on its way when the time is up would outlast it.
        let attempted = tokio::time::timeout(context.clock.patience(left), attempt(asked)).await;
        let failed = match attempted {
            Err(_) => last.take().unwrap_or_else(|| too_slow(limit)),
            Ok(attempted) => match attempted? {
                Ok(done) => return Ok(done),
                Err(failed) => failed,
            },
        };
        let class = failed.class;
        refused += u32::from(class == Class::Denied);
        let nowhere = failed.silent && class == Class::Elsewhere && !is_known(region);
        let is_last = match class {
            Class::Permanent => true,
            // No answer, from a region that may not be there.
            _ if nowhere => count >= DENIED_ATTEMPTS,
            Class::Denied => refused >= DENIED_ATTEMPTS,
            Class::Passing | Class::Elsewhere => false,
        };
        let wait = jittered(if class == Class::Denied {
            DENIED_PAUSE
        } else {
            pause
        });
        let spent = context.clock.elapsed().saturating_sub(started);
        if is_last || count >= most || spent + wait > limit {
            if count > 1 {
                let seconds = spent.as_secs_f64();
                context
                    .runner
                    .line(format!("gave up after {count} attempts in {seconds:.1} s"));
            }
            if nowhere {
                return Err(unknown(region, &failed.error));
            }
            return Err(failed.error.hint(failed.hint));
        }
        let mut then = format!("trying again in {:.1} s", wait.as_secs_f64());
        // That another region answers says nothing about one that may not be there.
        if class == Class::Elsewhere && is_known(region) {
            asked = if asked == region {
                fallback(region)
            } else {
                region
            };
            then += &format!(", in {asked}");
        } else if class == Class::Denied && asked != region {
            // A policy may allow the region that was asked for alone.
            asked = region;
            then += &format!(", in {asked}");
        }
        context.runner.line(format!(
            "attempt {count}: {}; {then}",
            failed.error.message()
        ));
        context.clock.sleep(wait).await;
        last = Some(failed);
        count += 1;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// No answer from a region that nobody knows: perhaps it is a slip of the pen.
fn unknown(name: &str, error: &Error) -> Error {
    let near = region::near(name);
    let known = match near[..] {
        [] => String::new(),
        _ => format!(" Near {name:?} are {}.", near.join(", ")),
    };
    Error::usage(format!(
        "no AWS answers in the region {name}: {}",
        error.message()
    ))
    .hint(format!("Is `aws-region` right?{known}"))
}

/// The time was up within the first attempt.
fn too_slow(limit: Duration) -> Failed {
    Failed {
        class: Class::Elsewhere,
        silent: true,
        error: Error::refused(format!("no answer within {} s", limit.as_secs())),
        hint: "Check that the runner reaches GitHub and AWS (HTTPS_PROXY, `aws-region`), and raise `action-timeout-s` if they \
               are slow."
            .to_owned(),
    }
}

/// Between half of the pause and all of it: jobs that failed together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    pause.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}
