//! The job summary.

use std::fmt::Write as _;

use super::Outputs;
use crate::domain::bump::Level;
use crate::domain::inputs::{Difference, Inputs};
use crate::runner::cell;

/// What the summary tells besides the outputs.
pub(super) struct Facts<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) git_tag: &'a str,
    pub(super) level: Option<Level>,
    pub(super) differences: &'a [Difference],
    /// The commit that was tagged; nothing if nothing was written.
    pub(super) reserved_at: Option<&'a str>,
    pub(super) dry_run: bool,
    pub(super) notes: &'a [String],
}

pub(super) fn markdown(outputs: &Outputs, facts: &Facts<'_>) -> String {
    let title = match (facts.dry_run, outputs.changed) {
        (true, true) => "the next tag would be",
        (false, true) => "reserved",
        (_, false) => "still",
    };
    let mut text = format!(
        "### bump-tag: {title} `{}`\n\n| previous tag | tag | alias | step | git tag |\n|---|---|---|---|---|\n\
         | {} | **{}** | {} | {} | {} |\n\n{}\n",
        outputs.tag,
        cell(outputs.previous_tag.as_deref().unwrap_or("none")),
        outputs.tag,
        cell(&outputs.alias),
        match (facts.level, &outputs.previous_tag) {
            (Some(_), None) => "first",
            (level, _) => level.map_or("none", Level::name),
        },
        match (facts.reserved_at, outputs.changed) {
            (Some(commit), _) => format!(
                "`{}` at {}",
                facts.git_tag,
                commit.get(..7).unwrap_or(commit)
            ),
            (None, true) => "not made: dry run".to_owned(),
            (None, false) => format!("`{}`, there already", facts.git_tag),
        },
        cell(&outputs.reason),
    );
    if !facts.differences.is_empty() {
        text.push_str("\n| what changed | at least |\n|---|---|\n");
        for difference in facts.differences {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "| {} | {} |",
                cell(&difference.text),
                difference.level
            );
        }
    }
    for note in facts.notes {
        let _ = write!(text, "\n> {}\n", cell(note));
    }
    let inputs = facts.inputs;
    let _ = write!(
        text,
        "\nKeycloak {}, {} provider jars, input `{}`\n",
        cell(&inputs.keycloak),
        inputs.providers.len(),
        inputs.digest
    );
    text
}
