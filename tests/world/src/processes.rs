//! Processes below others, from proc(5), and signals to them.

use std::time::Duration;

use tokio::process::Command;

const POLL: Duration = Duration::from_millis(20);

/// The parent of a process.
fn parent(process: u32) -> Option<u32> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before it may have blanks and parentheses.
    let (_, rest) = text.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (state != "Z").then_some(parent)
}

/// The processes that a process started and that still run.
pub(crate) fn children(of: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process| parent(*process) == Some(of))
        .collect()
}

/// All processes below one.
fn below(of: u32) -> Vec<u32> {
    let mut found = children(of);
    let mut at = 0;
    while let Some(process) = found.get(at) {
        found.extend(children(*process));
        at += 1;
    }
    found
}

/// Sends a signal such as `TERM`.
pub(crate) async fn signal(name: &str, process: u32) {
    let mut command = Command::new("kill");
    command.args([&format!("-{name}"), &process.to_string()]);
    // A process that is gone needs no signal.
    let _ = command.stderr(std::process::Stdio::null()).status().await;
}

/// Ends everything below a process: SIGTERM, and SIGKILL for what still runs after `patience`.
pub async fn end_below(process: u32, patience: Duration) {
    // A parent that has ended hides its children.
    let all = below(process);
    let running = |all: &[u32]| -> Vec<u32> {
        all.iter()
            .copied()
            .filter(|one| parent(*one).is_some())
            .collect()
    };
    for (name, patience) in [("TERM", patience), ("KILL", Duration::from_secs(1))] {
        for one in running(&all) {
            signal(name, one).await;
        }
        let end = tokio::time::Instant::now() + patience;
        while !running(&all).is_empty() && tokio::time::Instant::now() < end {
            tokio::time::sleep(POLL).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[tokio::test]
    async fn what_a_process_started_ends_and_so_does_what_that_started_also_if_it_ignores_sigterm()
    {
        let script = "(trap '' TERM; sleep 1000 & sleep 1000 & wait) & sleep 1000";
        let mut top = Command::new("bash")
            .args(["-c", script])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let process = top.id().unwrap();
        while below(process).len() < 4 {
            tokio::time::sleep(POLL).await;
        }
        let all = below(process);
        end_below(process, Duration::from_millis(100)).await;
        assert!(all.iter().all(|one| parent(*one).is_none()), "{all:?}");
        top.wait().await.unwrap();
    }
}
