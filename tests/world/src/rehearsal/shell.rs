//! Commands that a person would type.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

/// Runs a program in a folder; its standard output, or what it said when it failed.
pub async fn run(
    folder: &Path,
    program: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error| format!("could not start {program}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(format!(
        "`{program} {}` ended with {}: {} {}",
        arguments.first().copied().unwrap_or(""),
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    ))
}

/// Runs git as a person whose configuration is nobody's.
pub async fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let environment = [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_SYSTEM", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.org"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.org"),
        ("GIT_TERMINAL_PROMPT", "0"),
    ];
    run(folder, "git", arguments, &environment).await
}
