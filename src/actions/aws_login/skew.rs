//! The runner's clock against that of AWS. A token's exchange does not depend on it; every signed call after it does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_sdk_sts::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sts::error::BoxError;
use aws_sdk_sts::primitives::{DateTime, DateTimeFormat};

use crate::action::Context;

/// Seconds from which on the difference is worth a word: the time that a request takes is far less.
const NOTABLE: u64 = 30;
/// Seconds from which on AWS refuses signatures ("Troubleshooting AWS SigV4", AWS IAM user guide, November 2026: five
/// minutes).
const FATAL: u64 = 300;

/// The difference between this machine's clock and the `Date` of the newest answer, in seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct ReplyDate(Arc<Mutex<Option<i64>>>, Arc<AtomicBool>);

impl ReplyDate {
    /// Warns once, if the clocks differ.
    pub(super) fn warn(&self, context: &Context) {
        // Time that is sped up is nobody's wall clock.
        if context.clock.scale() > 1.0 {
            return;
        }
        let seconds = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(seconds) = seconds.filter(|seconds| seconds.unsigned_abs() >= NOTABLE) else {
            return;
        };
        if self.1.swap(true, Ordering::Relaxed) {
            return;
        }
        let direction = if seconds > 0 { "ahead of" } else { "behind" };
        let what_follows = if seconds.unsigned_abs() >= FATAL {
            "AWS will refuse the signed calls that follow (RequestExpired, SignatureDoesNotMatch)"
        } else {
            "from 300 s on AWS refuses signed calls"
        };
        context.runner.warning(
            "Clock skew",
            &format!(
                "this runner's clock is {} s {direction} that of AWS; {what_follows}. Set the clock by NTP.",
                seconds.unsigned_abs()
            ),
        );
    }
}

impl Intercept for ReplyDate {
    fn name(&self) -> &'static str {
        "ReplyDate"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context
            .response()
            .headers()
            .get("date")
            .and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()
            .and_then(|now| i64::try_from(now.as_secs()).ok());
        if let (Some(date), Some(now)) = (date, now) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now - date.secs());
        }
        Ok(())
    }
}
