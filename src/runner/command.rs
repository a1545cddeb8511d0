//! Workflow commands, escaped as `@actions/core` escapes them.
//!
//! Source: `packages/core/src/command.ts` of actions/toolkit, and "Workflow commands for GitHub Actions" in GitHub's
//! documentation, both read in November 2026.

use crate::error::Place;

/// The level of an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Notice,
    Warning,
    Error,
}

impl Level {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// `::error file=…,line=…,title=…::message`.
pub(super) fn annotation(
    level: Level,
    title: &str,
    message: &str,
    place: Option<&Place>,
) -> String {
    let mut properties = Vec::new();
    if let Some(place) = place {
        properties.push(format!("file={}", escape_property(&place.file)));
        if let Some(line) = place.line {
            properties.push(format!("line={line}"));
        }
    }
    properties.push(format!("title={}", escape_property(title)));
    format!(
        "::{} {}::{}",
        level.name(),
        properties.join(","),
        escape_data(message)
    )
}

/// `::name::message` without properties.
pub(super) fn plain(name: &str, message: &str) -> String {
    format!("::{name}::{}", escape_data(message))
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A line that the runner cannot take for a command: neither `::command::` at the start nor `##[command]` anywhere.
/// Source: `ActionCommand.TryParse` and `TryParseV2` in actions/runner.
pub(super) fn harmless(line: &str) -> String {
    let line = line.replace("##[", "# #[");
    if line.trim_start().starts_with("::") {
        format!("| {line}")
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_end_its_command() {
        let place = Place {
            file: "a,b:c.yml".to_owned(),
            line: Some(7),
        };
        assert_eq!(
            annotation(Level::Error, "t:1,2", "100%\r\n::add-mask::x", Some(&place)),
            "::error file=a%2Cb%3Ac.yml,line=7,title=t%3A1%2C2::100%25%0D%0A::add-mask::x"
        );
    }

    #[test]
    fn a_line_of_somebody_else_is_no_command() {
        assert_eq!(harmless("::error::x"), "| ::error::x");
        assert_eq!(harmless("  ::stop-commands::x"), "|   ::stop-commands::x");
        assert_eq!(harmless("see ##[error]x"), "see # #[error]x");
        assert_eq!(harmless("plain :: text"), "plain :: text");
    }
}
