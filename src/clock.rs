//! Waiting, and the seam that lets tests wait less.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::runner::Env;

/// Environment variables that say where AWS and GitHub are.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL", "GITHUB_API_URL"];

/// What a loaded machine may take for an answer over loopback.
const MOMENT: Duration = Duration::from_secs(2);

/// Real time, or real time sped up by `KECS_TIME_SCALE`.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    scale: f64,
    started: Instant,
}

impl Clock {
    /// Reads `KECS_TIME_SCALE`, the number of seconds that pass in one real second. It is refused unless AWS and
    /// GitHub are both on loopback, so that nobody shortens a real wait by accident.
    pub fn from_env(env: &Env) -> Result<Self> {
        let started = Instant::now();
        let Some(text) = env.get("KECS_TIME_SCALE") else {
            return Ok(Self {
                scale: 1.0,
                started,
            });
        };
        let scale = text
            .parse::<f64>()
            .ok()
            .filter(|scale| scale.is_finite() && *scale >= 1.0)
            .ok_or_else(|| {
                Error::usage(format!(
                    "KECS_TIME_SCALE is {text:?}, not a number from 1 up"
                ))
            })?;
        for name in env.names_starting_with("AWS_ENDPOINT_URL").chain(ENDPOINTS) {
            if !env.get(name).is_some_and(is_loopback) {
                return Err(Error::usage(format!(
                    "KECS_TIME_SCALE is for tests against loopback, but {name} is {}",
                    env.get(name).unwrap_or("not set")
                ))
                .hint("Unset KECS_TIME_SCALE."));
            }
        }
        Ok(Self { scale, started })
    }

    /// How much faster than real time this clock runs.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Time on this clock since the process started.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed().mul_f64(self.scale)
    }

    /// Sleeps for `duration` on this clock.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(self.real(duration)).await;
    }

    /// The real time to wait for an answer: also where time is sped up a machine gets a moment to give it.
    pub fn patience(&self, duration: Duration) -> Duration {
        self.real(duration).max(duration.min(MOMENT))
    }

    /// The real time that `duration` takes.
    pub fn real(&self, duration: Duration) -> Duration {
        duration.div_f64(self.scale)
    }
}

fn is_loopback(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(pairs: &[(&str, &str)]) -> Result<Clock> {
        Clock::from_env(&Env::of(pairs))
    }

    #[test]
    fn a_scale_needs_every_endpoint_on_loopback() {
        let local = [
            ("KECS_TIME_SCALE", "60"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("GITHUB_API_URL", "http://[::1]:2/api"),
        ];
        let fast = clock(&local).unwrap();
        assert!((fast.scale() - 60.0).abs() < f64::EPSILON);
        let patience = |seconds| fast.patience(Duration::from_secs(seconds)).as_secs();
        assert_eq!([1, 10, 600].map(patience), [1, 2, 10]);
        let remote = [
            local[0],
            local[1],
            ("GITHUB_API_URL", "https://api.github.com"),
        ];
        assert!(clock(&remote).is_err());
        let one_service_remote = [
            local[0],
            local[1],
            local[2],
            (
                "AWS_ENDPOINT_URL_ECS",
                "https://ecs.eu-central-1.amazonaws.com",
            ),
        ];
        assert!(clock(&one_service_remote).is_err());
        assert!(clock(&local[..1]).is_err());
    }

    #[test]
    fn a_scale_below_one_is_refused() {
        for text in ["0", "0.5", "-1", "nan", "fast"] {
            assert!(clock(&[("KECS_TIME_SCALE", text)]).is_err(), "{text}");
        }
    }
}
