//! Progress of long work: one live line on a terminal, one line for each change in a log.

use super::Runner;

/// A live line. Dropping it leaves the cursor on a fresh line.
pub struct Progress<'a> {
    runner: &'a Runner,
    live: bool,
    shown: String,
}

impl<'a> Progress<'a> {
    pub(super) fn new(runner: &'a Runner, live: bool) -> Self {
        Self {
            runner,
            live,
            shown: String::new(),
        }
    }

    /// Whether there is a terminal to show a live line on.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Shows `state`, and on a terminal `elapsed` behind it, which alone is no change.
    pub fn show(&mut self, state: &str, elapsed: std::time::Duration) {
        if self.live {
            let text = format!("\r\x1b[K{state} · {} s", elapsed.as_secs());
            self.runner.write_raw(&text);
        } else if self.shown != state {
            self.runner.line(state);
        }
        state.clone_into(&mut self.shown);
    }

    /// A fact that stays, above the live line.
    pub fn line(&self, text: &str) {
        if self.live {
            self.runner.write_raw("\r\x1b[K");
        }
        self.runner.line(text);
    }

    /// A warning, above the live line.
    pub fn warning(&self, title: &str, message: &str) {
        if self.live {
            self.runner.write_raw("\r\x1b[K");
        }
        self.runner.warning(title, message);
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.live && !self.shown.is_empty() {
            self.runner.write_raw("\n");
        }
    }
}
