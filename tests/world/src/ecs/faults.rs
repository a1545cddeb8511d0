//! What goes wrong with requests: throttling, injected errors, lost answers, stale reads, clocks that differ.
//!
//! From documentation: the rates ("Request throttling for the Amazon ECS API", November 2026), here in simulated time;
//! `ThrottlingException` comes with status 400. How stale a read may be is not documented.

use std::collections::BTreeMap;

use crate::aws::ApiError;

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is refused with a status, a code and a message.
    Error(u16, String, String),
    /// It is done, but the connection breaks before the answer is through.
    Lost,
    /// It is done, but the answer takes so many simulated seconds.
    Slow(f64),
}

impl Fault {
    pub fn throttled() -> Self {
        Self::error(400, "ThrottlingException", "Rate exceeded")
    }

    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Error(status, code.to_owned(), message.to_owned())
    }
}

/// A fault of one operation, or of all of them.
#[derive(Clone, Debug)]
pub struct Injection {
    operation: String,
    fault: Fault,
    after: usize,
    times: usize,
    seconds: f64,
}

impl Injection {
    /// `operation` such as `UpdateService`, or `*`. Without a limit it lasts for ever.
    pub fn new(operation: &str, fault: Fault) -> Self {
        Self {
            operation: operation.to_owned(),
            fault,
            after: 0,
            times: usize::MAX,
            seconds: f64::INFINITY,
        }
    }

    /// So many requests go well first.
    #[must_use]
    pub fn after(mut self, requests: usize) -> Self {
        self.after = requests;
        self
    }

    /// It happens so many times.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// It happens for so many simulated seconds from now.
    #[must_use]
    pub fn for_seconds(mut self, seconds: f64) -> Self {
        self.seconds = seconds;
        self
    }
}

/// Burst and sustained requests per second of the operations that share a bucket.
const RATES: [(&str, f64, f64, &[&str]); 8] = [
    (
        "services",
        100.0,
        20.0,
        &["DescribeServices", "ListServices"],
    ),
    ("tasks", 100.0, 20.0, &["DescribeTasks", "ListTasks"]),
    (
        "deployments",
        50.0,
        20.0,
        &["DescribeServiceDeployments", "ListServiceDeployments"],
    ),
    ("revisions", 50.0, 20.0, &["DescribeServiceRevisions"]),
    ("update", 50.0, 5.0, &["UpdateService", "CreateService"]),
    (
        "register",
        20.0,
        1.0,
        &["RegisterTaskDefinition", "DeregisterTaskDefinition"],
    ),
    ("definitions", 50.0, 20.0, &["DescribeTaskDefinition"]),
    ("stop", 100.0, 40.0, &["StopTask"]),
];

/// The faults of the account.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    injections: Vec<(Injection, f64)>,
    /// How many seconds old the answers of an operation are.
    lags: BTreeMap<String, f64>,
    /// Tokens left, and when they were counted.
    buckets: BTreeMap<&'static str, (f64, f64)>,
}

impl Faults {
    pub fn inject(&mut self, now: f64, injection: Injection) {
        let until = now + injection.seconds;
        self.injections.push((injection, until));
    }

    pub fn clear(&mut self) {
        self.injections.clear();
        self.lags.clear();
    }

    /// Whether every injected fault has happened as often as it was to.
    pub fn spent(&self) -> bool {
        self.injections.iter().all(|(one, _)| one.times == 0)
    }

    pub fn set_lag(&mut self, operation: &str, seconds: f64) {
        self.lags.insert(operation.to_owned(), seconds);
    }

    /// How old the answers of an operation are; `None` if they are current.
    pub fn lag(&self, operation: &str) -> Option<f64> {
        self.lags
            .get(operation)
            .or_else(|| self.lags.get("*"))
            .copied()
            .filter(|lag| *lag > 0.0)
    }

    pub fn longest_lag(&self) -> f64 {
        self.lags.values().copied().fold(0.0, f64::max)
    }

    /// What happens to a request that comes now.
    pub fn of(&mut self, operation: &str, now: f64) -> Option<Fault> {
        for (injection, until) in &mut self.injections {
            if injection.operation != "*" && injection.operation != operation {
                continue;
            }
            if now > *until || injection.times == 0 {
                continue;
            }
            if injection.after > 0 {
                injection.after -= 1;
                continue;
            }
            injection.times -= 1;
            return Some(injection.fault.clone());
        }
        self.exceeds(operation, now).then(Fault::throttled)
    }

    fn exceeds(&mut self, operation: &str, now: f64) -> bool {
        let Some((name, burst, rate, _)) = RATES
            .iter()
            .find(|(_, _, _, operations)| operations.contains(&operation))
        else {
            return false;
        };
        let (tokens, counted) = self.buckets.entry(name).or_insert((*burst, now));
        *tokens = (*tokens + (now - *counted).max(0.0) * rate).min(*burst);
        *counted = now;
        if *tokens < 1.0 {
            return true;
        }
        *tokens -= 1.0;
        false
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Error(status, code, message) => Self::new(status, code, message),
            Fault::Lost | Fault::Slow(_) => Self::new(200, crate::aws::LOST, ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let mut faults = Faults::default();
        let mut refused = 0;
        for _ in 0..60 {
            refused += usize::from(faults.of("DescribeServiceDeployments", 0.0).is_some());
        }
        assert_eq!(refused, 10);
        assert!(faults.of("ListServiceDeployments", 0.1).is_none());
        assert!(faults.of("DescribeServices", 0.0).is_none());
    }

    #[test]
    fn an_injection_ends_after_its_time_or_its_number() {
        let mut faults = Faults::default();
        faults.inject(
            0.0,
            Injection::new("*", Fault::throttled()).for_seconds(5.0),
        );
        faults.inject(
            0.0,
            Injection::new("StopTask", Fault::Lost).after(1).times(1),
        );
        assert!(matches!(faults.of("StopTask", 1.0), Some(Fault::Error(..))));
        assert!(faults.of("StopTask", 6.0).is_none());
        assert!(matches!(faults.of("StopTask", 6.0), Some(Fault::Lost)));
        assert!(faults.of("StopTask", 6.0).is_none());
    }
}
