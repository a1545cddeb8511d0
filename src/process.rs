//! Child processes: arguments as a list, never through a shell; a time limit; the last lines kept.

use std::cell::RefCell;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use crate::error::{Error, Kind, Result};
use crate::runner::{Runner, Secret};

/// Lines of output that an error shows.
pub const TAIL: usize = 20;
/// Characters of a line that an error keeps of its beginning, and of its end.
const ENDS: (usize, usize) = (1500, 500);

/// A child process to be started.
pub struct Child<'a> {
    program: &'a str,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    limit: Duration,
    show: bool,
    input: Option<Secret>,
}

/// What a child process that succeeded wrote to its standard output.
pub struct Output(pub String);

impl<'a> Child<'a> {
    /// `program` is looked up in `PATH`; it may run for `limit` of real time.
    pub fn new(program: &'a str, limit: Duration) -> Self {
        Self {
            program,
            arguments: Vec::new(),
            environment: Vec::new(),
            limit,
            show: false,
            input: None,
        }
    }

    #[must_use]
    pub fn args<T: Into<String>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Shows each line while the child runs.
    #[must_use]
    pub fn shown(mut self) -> Self {
        self.show = true;
        self
    }

    /// Text for the child's standard input: the way to hand over a secret.
    #[must_use]
    pub fn input(mut self, secret: Secret) -> Self {
        self.input = Some(secret);
        self
    }

    /// Runs the child to its end. A child that cannot be started, fails or takes too long is an error with the last
    /// lines that it wrote; the caller adds what to do next.
    pub async fn run(self, runner: &Runner) -> Result<Output> {
        let show = self.show;
        self.watched(&|line| {
            if show {
                runner.line(line);
            }
        })
        .await
    }

    /// Runs the child to its end as [`run`](Self::run) does, and tells each line as it comes.
    pub async fn watched(self, tell: &dyn Fn(&str)) -> Result<Output> {
        let mut child = Command::new(self.program)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(if self.input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                Error::usage(format!("could not start {}", self.program))
                    .because(error)
                    .hint(format!(
                        "Install {} and see that it is in PATH.",
                        self.program
                    ))
            })?;
        if let (Some(secret), Some(mut stdin)) = (&self.input, child.stdin.take()) {
            let written = stdin.write_all(secret.expose().as_bytes()).await;
            written.map_err(|error| {
                Error::refused(format!("{} did not read its input", self.program)).because(error)
            })?;
        }
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        // Both streams in the order in which they came: the error of one is explained by the lines of the other.
        let said = RefCell::new(Vec::new());
        let told = |line: &str| {
            tell(line);
            said.borrow_mut().push(line.to_owned());
        };
        let both = async {
            let (out, _) = tokio::join!(read_lines(stdout, &told), read_lines(stderr, &told));
            (out, child.wait().await)
        };
        let Ok((out, status)) = tokio::time::timeout(self.limit, both).await else {
            return Err(Error::new(
                Kind::TimedOut,
                format!(
                    "{} took longer than {} s",
                    self.program,
                    self.limit.as_secs()
                ),
            ));
        };
        let status = status.map_err(|error| {
            Error::bug(format!("lost sight of {}", self.program)).because(error)
        })?;
        if status.success() {
            return Ok(Output(out.join("\n")));
        }
        let said = said.borrow();
        let last = said[said.len().saturating_sub(TAIL)..].iter();
        let tail = last.map(|line| cut(line)).collect::<Vec<_>>().join("\n");
        Err(Error::refused(format!(
            "`{} {}` ended with {status}; it said:\n{tail}",
            self.program,
            self.arguments.first().map_or("", String::as_str),
        )))
    }
}

/// Both ends of a line that is too long for an annotation: builders write whole data structures on one.
fn cut(line: &str) -> std::borrow::Cow<'_, str> {
    let (first, last) = ENDS;
    let begins = |number: usize| line.char_indices().nth(number).map(|(at, _)| at);
    let count = line.chars().count();
    match (begins(first), begins(count.saturating_sub(last))) {
        (Some(head), Some(tail)) if count > first + last => {
            format!("{} … {}", &line[..head], &line[tail..]).into()
        }
        _ => line.into(),
    }
}

async fn read_lines(stream: Option<impl AsyncRead + Unpin>, tell: &dyn Fn(&str)) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(stream) = stream else {
        return lines;
    };
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while reader
        .read_until(b'\n', &mut bytes)
        .await
        .is_ok_and(|count| count > 0)
    {
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        tell(&line);
        lines.push(line);
        bytes.clear();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn both_ends_of_a_long_line_stay() {
        assert_eq!(cut("short"), "short");
        let long = format!("error{}: no space left on device", " &{Go}".repeat(1000));
        let kept = cut(&long);
        assert!(kept.starts_with("error") && kept.ends_with("no space left on device"));
        assert_eq!(kept.chars().count(), 2003);
        assert_eq!(cut(&"ü".repeat(2000)), "ü".repeat(2000));
    }
}
