//! Simulated time: real time, sped up by a constant factor.

use std::time::{Duration, Instant, SystemTime};

/// A clock that starts at the real time and then runs `scale` times as fast.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    epoch: SystemTime,
    scale: f64,
}

impl Clock {
    pub fn new(scale: f64) -> Self {
        Self {
            started: Instant::now(),
            epoch: SystemTime::now(),
            scale,
        }
    }

    /// Simulated time since the world started.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed().mul_f64(self.scale)
    }

    /// Simulated wall-clock time.
    pub fn now(&self) -> SystemTime {
        self.epoch + self.elapsed()
    }

    /// Simulated seconds since the Unix epoch, as the JSON protocols of AWS write timestamps.
    pub fn unix(&self) -> f64 {
        self.now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map(|since| since.as_secs_f64())
            .unwrap_or_default()
    }

    /// Sleeps for a simulated duration.
    pub async fn sleep(&self, simulated: Duration) {
        tokio::time::sleep(simulated.div_f64(self.scale)).await;
    }
}

/// Simulated seconds since the Unix epoch as in HTTP headers: `Thu, 26 Nov 2026 00:02:00 GMT`.
pub fn http_date(unix: f64) -> String {
    formatted(unix, "%a, %d %b %Y %H:%M:%S GMT")
}

/// Simulated seconds since the Unix epoch, the whole ones, in UTC.
pub fn formatted(unix: f64, format: &str) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of this century")]
    let seconds = unix as i64;
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| String::new(), |time| time.strftime(format).to_string())
}
