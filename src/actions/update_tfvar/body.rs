//! Title and description of the pull request. The part between our marks is ours, the rest belongs to people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::request::Request;
use crate::domain::tfvar::{Change, literal};
use crate::runner::cell;

const OPEN: &str = "<!-- update-tfvar: ";
const OPENED: &str = " -->";
const CLOSE: &str = "<!-- /update-tfvar -->";
/// The variables of the release contract.
const IMAGE: [&str; 2] = ["keycloak_image_tag", "keycloak_image_digest"];
/// Longest value that a title shows.
const TITLE_VALUE: usize = 40;

/// What the description says to the next run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub file: String,
    /// Values of the base when it was proposed.
    pub from: BTreeMap<String, String>,
    pub to: BTreeMap<String, String>,
    /// The title that was given to the pull request.
    pub title: String,
    /// Why this action closed the pull request; absent if a person did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub closed: Option<String>,
}

impl Mark {
    /// The mark in a description.
    pub(super) fn of(body: &str) -> Option<Self> {
        find(body).map(|(_, mark)| mark)
    }

    pub(super) fn new(request: &Request, changes: &[Change]) -> Self {
        let values = |value: fn(&Change) -> &String| {
            changes
                .iter()
                .map(|change| (change.address.to_string(), value(change).clone()))
                .collect()
        };
        Self {
            file: request.file.clone(),
            from: values(|change| &change.old),
            to: values(|change| &change.new),
            title: title(request, changes),
            closed: None,
        }
    }

    fn comment(&self) -> String {
        // JSON of texts cannot fail; nothing in it may end the comment.
        let json = serde_json::to_string(self).unwrap_or_default();
        let json = json.replace('<', "\\u003c").replace('>', "\\u003e");
        format!("{OPEN}{json}{OPENED}")
    }
}

/// Our part of a description, and its mark. Without the closing comment, the opening one alone is ours.
fn find(body: &str) -> Option<(Range<usize>, Mark)> {
    // What only looks like our mark is not ours.
    let (start, end, mark) = body.match_indices(OPEN).find_map(|(start, _)| {
        let json = start + OPEN.len();
        let end = json + body[json..].find(OPENED)?;
        let mark = serde_json::from_str(&body[json..end]).ok()?;
        Some((start, end, mark))
    })?;
    let opened = end + OPENED.len();
    // A value may hold the closing comment too: the last one is ours.
    let closed = body[opened..].rfind(CLOSE);
    let end = closed.map_or(opened, |at| opened + at + CLOSE.len());
    Some((start..end, mark))
}

/// The description with our part replaced, or added at its end.
pub(super) fn replace(body: &str, part: &str) -> String {
    match find(body) {
        Some((range, _)) => format!("{}{part}{}", &body[..range.start], &body[range.end..]),
        None if body.trim().is_empty() => part.to_owned(),
        None => format!("{}\n\n{part}", body.trim_end()),
    }
}

/// The description of a pull request that this action closes.
pub(super) fn closed(body: &str, reason: &str) -> String {
    let Some((range, mut mark)) = find(body) else {
        return body.to_owned();
    };
    mark.closed = Some(reason.to_owned());
    let end = body[range.start..]
        .find(OPENED)
        .map_or(range.end, |at| range.start + at + OPENED.len());
    format!("{}{}{}", &body[..range.start], mark.comment(), &body[end..])
}

/// The title: the caller's, or one that names the first value that changes.
pub(super) fn title(request: &Request, changes: &[Change]) -> String {
    if let Some(title) = &request.title {
        return title.clone();
    }
    let place = match request.folder().rsplit('/').next() {
        None | Some("") => String::new(),
        Some(folder) => format!("{folder}: "),
    };
    let first = changes.iter().find(|change| change.old != change.new);
    let Some(first) = first.or(changes.first()) else {
        return format!("{place}{}", request.file);
    };
    let value = match first.new.chars().count() {
        0 => "nothing".to_owned(),
        length if length > TITLE_VALUE => {
            let start: String = first.new.chars().take(TITLE_VALUE).collect();
            format!("{start}…")
        }
        _ => first.new.clone(),
    };
    format!("{place}set {} to {value}", first.address)
}

/// The message of the commit below its headline.
pub(super) fn commit_message(request: &Request, changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes.iter().filter(|change| change.old != change.new) {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{}: {} -> {}",
            change.address,
            literal(&change.old),
            literal(&change.new)
        );
    }
    if let Some(run) = &request.run {
        let _ = write!(text, "\n{run}");
    }
    text.trim_end().to_owned()
}

/// Our part of the description.
pub(super) fn part(request: &Request, changes: &[Change], differences: &[String]) -> String {
    let mut text = Mark::new(request, changes).comment();
    let _ = write!(
        text,
        "\nSets in {}:\n\n| variable | from | to |\n|---|---|---|\n",
        code(&request.file)
    );
    for change in changes {
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            code(&change.address.to_string()),
            code(&change.old),
            code(&change.new)
        );
    }
    if !differences.is_empty() {
        text.push_str("\nWhat is different in the image:\n\n");
        for difference in differences {
            let _ = writeln!(text, "- {}", cell(difference));
        }
    }
    if !request.facts.is_empty() {
        text.push_str("\nWhat the run found:\n\n");
        for fact in &request.facts {
            let _ = writeln!(text, "- {}", cell(fact));
        }
    }
    way_back(&mut text, request, changes);
    if let Some(run) = &request.run {
        let _ = write!(text, "\nProposed by [this run]({run}). ");
    }
    text.push_str(
        "Commits of people on this branch stay, and so does what stands outside of this part of the description.\n",
    );
    text.push_str(CLOSE);
    text
}

/// How to undo it after the merge.
fn way_back(text: &mut String, request: &Request, changes: &[Change]) {
    let environment = request
        .file
        .strip_prefix("terraform/environments/")
        .and_then(|rest| rest.strip_suffix("/image.auto.tfvars"))
        .filter(|name| !name.contains('/'));
    let undone: Vec<&Change> = changes
        .iter()
        .filter(|change| change.old != change.new)
        .collect();
    if undone.iter().all(|change| change.old.is_empty()) {
        text.push_str("\nThere is no value before this one to go back to.\n");
        return;
    }
    // The workflow's rollback takes back the image alone.
    let image = |change: &&Change| IMAGE.contains(&change.address.to_string().as_str());
    let command = match environment {
        Some(name) if undone.iter().all(image) => format!(
            "gh workflow run deploy.yml -f operation=rollback -f {}",
            quoted(&format!("environment={name}"))
        ),
        _ => {
            let lines: Vec<String> = undone
                .iter()
                .map(|change| format!("{}={}", change.address, literal(&change.old)))
                .collect();
            format!(
                "update-tfvar --allow-downgrade --file {} --variables {}",
                quoted(&request.file),
                quoted(&lines.join("\n"))
            )
        }
    };
    let _ = write!(
        text,
        "\nTo go back after the merge:\n\n~~~bash\n{command}\n~~~\n"
    );
}

/// A word for a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Text of others as code in a table.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    if text.contains(['`', '\n', '\r']) || text.contains("<!--") || text.contains("-->") {
        return cell(text);
    }
    format!("`{}`", text.replace('|', "\\|"))
}
