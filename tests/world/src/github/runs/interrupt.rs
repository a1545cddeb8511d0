//! Cancelling a job as GitHub's runner does.
//!
//! The runner signals the process of the current step: SIGINT, after 7.5 seconds SIGTERM, after 2.5 more it kills
//! (actions/runner, `ProcessInvoker.cs`, read in November 2026); then come the steps with `always()` and `cancelled()`.
//! act knows of the latter, but kills the step at once. So steps are run by `step.sh`, and act is told when the step that
//! it runs has ended.

use std::path::Path;
use std::time::Duration;

use serde_yaml::Value;

use crate::processes::{children, signal};

const POLL: Duration = Duration::from_millis(20);
/// Name of the script that runs steps.
const SCRIPT: &str = "step.sh";

/// Ends the current step of an act, unless it is one that goes on, and then tells act.
pub(super) async fn interrupt(act: Option<u32>, end_step: bool) {
    let Some(act) = act else { return };
    let wrappers = children(act)
        .into_iter()
        .filter(|process| runs_step(*process));
    for wrapper in wrappers.filter(|_| end_step) {
        signal("INT", wrapper).await;
        let _ = ended(wrapper, Duration::from_secs_f64(7.5)).await
            || again("TERM", wrapper, Duration::from_secs_f64(2.5)).await
            || again("KILL", wrapper, Duration::from_secs(1)).await;
    }
    signal("INT", act).await;
}

async fn again(name: &str, wrapper: u32, patience: Duration) -> bool {
    for step in children(wrapper) {
        signal(name, step).await;
    }
    ended(wrapper, patience).await
}

/// Waits until a wrapper's step has ended; `false` if that takes too long.
async fn ended(wrapper: u32, patience: Duration) -> bool {
    let end = tokio::time::Instant::now() + patience;
    while !children(wrapper).is_empty() {
        if tokio::time::Instant::now() >= end {
            return false;
        }
        tokio::time::sleep(POLL).await;
    }
    true
}

fn runs_step(process: u32) -> bool {
    let line = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains(SCRIPT)
}

/// Writes the script into a run's folder.
pub(super) fn install(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(SCRIPT);
    std::fs::write(&path, include_str!("step.sh"))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

/// Lets the script run the shells of all steps, with the options that the runner gives them. Source: "Workflow syntax for
/// GitHub Actions", `jobs.<job_id>.steps[*].shell`, November 2026. Steps with other shells are killed at once.
pub(super) fn wrap(steps: Option<&mut Value>, default: Option<&str>, folder: &Path) {
    let steps = steps.and_then(Value::as_sequence_mut);
    for step in steps
        .into_iter()
        .flatten()
        .filter_map(Value::as_mapping_mut)
    {
        if !step.contains_key("run") {
            continue;
        }
        let shell = step.get("shell").and_then(Value::as_str).or(default);
        let command = match shell {
            None => "bash -e {0}",
            Some("bash") => "bash --noprofile --norc -eo pipefail {0}",
            Some("sh") => "sh -e {0}",
            Some(_) => continue,
        };
        let script = folder.join(SCRIPT);
        step.insert(
            "shell".into(),
            format!("{} {command}", script.display()).into(),
        );
    }
}
