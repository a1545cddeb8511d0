//! What STS does instead of its work, as a test wants it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::aws::ApiError;

/// One answer that is none of STS's ordinary ones.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An error: status, code, message.
    Error(u16, &'static str, &'static str),
    /// A status with a body that is no answer of STS's, as a gateway sends it.
    Gateway(u16),
    /// An answer that breaks off in its body.
    Broken,
    /// No answer, for longer than anybody waits.
    Silence,
}

/// Faults to come, and the skew of the clock that answers are dated by.
#[derive(Debug, Default)]
pub struct Faults(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Fault>,
    skew: i64,
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next calls end so, in this order; those after them are answered as ever.
    pub fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().queue.extend(faults);
    }

    /// Dates answers this many seconds later than the machine's clock says.
    pub fn date_ahead(&self, seconds: i64) {
        self.state().skew = seconds;
    }

    pub(super) fn take(&self) -> Option<Fault> {
        self.state().queue.pop_front()
    }

    /// The `Date` of an answer, if it is not to be the machine's own.
    pub(super) fn date(&self) -> Option<String> {
        let skew = self.state().skew;
        (skew != 0).then(|| {
            let time = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(skew);
            time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
        })
    }
}

impl Fault {
    pub(super) fn error(&self) -> Option<ApiError> {
        match self {
            Self::Error(status, code, message) => Some(ApiError::new(*status, *code, *message)),
            Self::Gateway(_) | Self::Broken | Self::Silence => None,
        }
    }
}
