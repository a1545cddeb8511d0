//! What can go wrong, what the user can do about it, and how the process then ends.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::http;

/// The result of everything that can fail in front of a user.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The class of an error; it decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A fault of this program.
    Bug,
    /// Bad input, a missing token, an unsupported platform.
    Usage,
    /// Something that was checked is not as it must be.
    Verification,
    /// The deployment failed.
    DeploymentFailed,
    /// The time was up, and nothing certain can be said.
    TimedOut,
    /// AWS, GitHub or a repository refused or could not be reached.
    Refused,
    /// A newer deployment took the place of the one waited for.
    Superseded,
    /// ECS rolled the deployment back.
    RolledBack,
    /// The time was up, but the new revision serves.
    TimedOutLive,
    /// The credentials ended while waiting; the deployment goes on.
    CredentialsLost,
    /// A signal asked the process to stop.
    Cancelled,
}

impl Kind {
    /// Every kind, in the order of the exit codes.
    pub const ALL: [Self; 11] = [
        Self::Bug,
        Self::Usage,
        Self::Verification,
        Self::DeploymentFailed,
        Self::TimedOut,
        Self::Refused,
        Self::Superseded,
        Self::RolledBack,
        Self::TimedOutLive,
        Self::CredentialsLost,
        Self::Cancelled,
    ];

    /// Exit code of a process that ends with this kind of error. 0 is success or nothing to do.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Bug => 1,
            Self::Usage => 2,
            Self::Verification => 3,
            Self::DeploymentFailed => 4,
            Self::TimedOut => 5,
            Self::Refused => 6,
            Self::Superseded => 7,
            Self::RolledBack => 8,
            Self::TimedOutLive => 9,
            Self::CredentialsLost => 10,
            Self::Cancelled => 130,
        }
    }

    /// What the exit code means, as the documentation puts it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Bug => "a fault of the tool itself",
            Self::Usage => "usage, bad input, missing token, unsupported platform",
            Self::Verification => "verification failed",
            Self::DeploymentFailed => "deployment failed",
            Self::TimedOut => "timed out",
            Self::Refused => "AWS, GitHub or a repository refused, or there is no evidence",
            Self::Superseded => "superseded by a newer deployment",
            Self::RolledBack => "rolled back",
            Self::TimedOutLive => "timed out, but the new revision serves",
            Self::CredentialsLost => "credentials lost while waiting",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A place in a file of the user's, for the annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Path as the user wrote it.
    pub file: String,
    /// Line, counted from 1.
    pub line: Option<usize>,
}

/// An error for the user: what was tried and what came back, and what to do next.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    message: String,
    hint: Option<String>,
    place: Option<Place>,
    code: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`. The message is a lowercase fragment without a full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            hint: None,
            place: None,
            code: None,
            retry_after: None,
            source: None,
        }))
    }

    /// Bad input: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A file or folder of the user's that could not be read: exit code 2.
    pub fn unread(path: impl fmt::Display, cause: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let hint = match cause.kind() {
            ErrorKind::NotFound => {
                "Paths are seen from the working directory. In a job, check out the repository before this step."
            }
            ErrorKind::IsADirectory => "Give a file, not a folder.",
            ErrorKind::NotADirectory => "Give a folder, not a file.",
            ErrorKind::PermissionDenied => "Let the user that runs this read it.",
            ErrorKind::InvalidData => "It must be text in UTF-8.",
            _ => "Look at the disk that it is on, and try again.",
        };
        Self::usage(format!("could not read {path}"))
            .because(cause)
            .hint(hint)
    }

    /// A check that failed: exit code 3.
    pub fn verification(message: impl Into<String>) -> Self {
        Self::new(Kind::Verification, message)
    }

    /// A service that refused or did not answer: exit code 6.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// A fault of this program: exit code 1.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Bug, message)
    }

    /// What the reader does next: full sentences.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The file, and if known the line, that the error is about.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, line: Option<usize>) -> Self {
        self.0.place = Some(Place {
            file: file.into(),
            line,
        });
        self
    }

    /// The error code of the service that refused, such as `AccessDenied`.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// The service asks to wait this long before the next request.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// What caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    pub fn next_step(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Whether the same request may succeed in a moment: a service did not answer, or with a fault of its own (5xx).
    pub fn may_pass(&self) -> bool {
        self.kind() == Kind::Refused
            && self.code().map_or_else(
                || http::final_hint(&self.message()).is_none(),
                |code| code.starts_with('5'),
            )
    }

    pub fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The message, followed by its causes.
    pub fn message(&self) -> String {
        let mut text = self.0.message.clone();
        let mut source = self.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            let cause_text = without_number(&cause_text);
            if !text.contains(cause_text) {
                text.push_str(": ");
                text.push_str(cause_text);
            }
            source = cause.source();
        }
        text
    }
}

/// `No such file or directory (os error 2)`: the number says nothing more.
fn without_number(text: &str) -> &str {
    text.split_once(" (os error ")
        .filter(|(_, number)| number.ends_with(')') && !number.contains(' '))
        .map_or(text, |(words, _)| words)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_distinct_and_never_zero() {
        let mut codes: Vec<u8> = Kind::ALL.iter().map(|kind| kind.exit_code()).collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
        assert!(!codes.contains(&0));
    }

    #[test]
    fn what_cannot_be_read_says_what_to_do_in_words() {
        let missing = std::fs::read("/nowhere/at/all").unwrap_err();
        let error = Error::unread("nowhere", missing);
        assert_eq!(
            error.message(),
            "could not read nowhere: No such file or directory"
        );
        assert!(error.next_step().unwrap().contains("check out"));
        let folder = std::fs::read("/").unwrap_err();
        let error = Error::unread("/", folder);
        assert_eq!(error.next_step(), Some("Give a file, not a folder."));
    }

    #[test]
    fn faults_of_a_service_may_pass_and_its_refusals_do_not() {
        assert!(Error::refused("no answer").may_pass());
        assert!(Error::refused("busy").with_code("502").may_pass());
        assert!(!Error::refused("no").with_code("404").may_pass());
        assert!(!Error::usage("no").may_pass());
    }

    #[test]
    fn a_message_names_its_causes_once() {
        let cause = std::io::Error::other("disk is full");
        let error = Error::usage("could not write the lock").because(cause);
        assert_eq!(error.message(), "could not write the lock: disk is full");
    }
}
