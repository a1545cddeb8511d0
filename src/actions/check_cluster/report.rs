//! The finding as a table: tasks and peers.

use std::fmt::Write as _;

use crate::domain::cluster::{Evidence, Finding, Verdict};
use crate::domain::peers::Peer;
use crate::runner::cell;

/// One line that says how far the nodes are.
pub(super) fn state(evidence: &Evidence, finding: &Finding) -> String {
    let mut text = format!(
        "{}: {} of {} tasks run, {} in one cluster",
        finding.verdict.word(),
        evidence.tasks.len(),
        evidence.expected,
        finding.members,
    );
    if let Some(cause) = finding.causes.first() {
        write!(text, "; {cause}").unwrap_or_default();
    }
    text
}

/// The job summary.
pub(super) fn markdown(
    subject: &str,
    place: Option<&str>,
    evidence: &Evidence,
    finding: &Finding,
) -> String {
    let mut text = format!(
        "### check-cluster: {}\n\n{}: {}.\n\n",
        finding.verdict.word(),
        cell(subject),
        finding.verdict.meaning()
    );
    text += "| task | address | node | list of peers | view in the log |\n|---|---|---|---|---|\n";
    let listed = |peer: &Peer, modified: i64| {
        let role = if peer.coordinator {
            "coordinator"
        } else {
            "member"
        };
        let age = evidence.now.saturating_sub(modified).max(0);
        format!("{role}, written {age} s ago")
    };
    let peers = || {
        let lists = evidence.lists.iter().flatten();
        lists.flat_map(|list| {
            list.peers
                .iter()
                .flatten()
                .map(|peer| (peer, list.modified))
        })
    };
    for task in &evidence.tasks {
        let own: Vec<(&Peer, i64)> = peers()
            .filter(|(peer, _)| Some(peer.address) == task.address)
            .collect();
        let names: Vec<&str> = own.iter().map(|(peer, _)| peer.name.as_str()).collect();
        let places: Vec<String> = own.iter().map(|(peer, at)| listed(peer, *at)).collect();
        let view = match evidence.views.as_ref().map(|views| views.get(&task.id)) {
            None => "not looked at".to_owned(),
            Some(None) => "none".to_owned(),
            Some(Some(logged)) => logged.view.text(),
        };
        let address = task
            .address
            .map_or_else(String::new, |address| address.to_string());
        let place = match (&evidence.lists, places.is_empty()) {
            (None, _) => "none is kept".to_owned(),
            (Some(_), true) => "not listed".to_owned(),
            (Some(_), false) => places.join("; "),
        };
        row(
            &mut text,
            [&task.id, &address, &names.join(", "), &place, &view],
        );
    }
    for (peer, at) in peers() {
        let known = evidence
            .tasks
            .iter()
            .any(|task| task.address == Some(peer.address));
        if !known {
            let leaving = evidence.leaving.iter();
            let leaving = leaving.filter(|task| task.address == Some(peer.address));
            let task = leaving.map(|task| format!("{} (stopping)", task.id)).next();
            let task = task.unwrap_or_else(|| "none of this service".to_owned());
            let address = peer.address.to_string();
            row(
                &mut text,
                [&task, &address, &peer.name, &listed(peer, at), ""],
            );
        }
    }
    if let Some(place) = place {
        write!(text, "\nThe list of peers is in `{place}`.\n").unwrap_or_default();
    }
    if !finding.causes.is_empty() {
        text += "\n";
        for cause in &finding.causes {
            writeln!(text, "- {}", cell(&cause.to_string())).unwrap_or_default();
        }
    }
    if finding.verdict == Verdict::Stale {
        for step in finding.next_steps() {
            write!(text, "\n{}\n", cell(&step)).unwrap_or_default();
        }
    }
    text
}

fn row(text: &mut String, cells: [&str; 5]) {
    let cells = cells.map(cell);
    writeln!(text, "| {} |", cells.join(" | ")).unwrap_or_default();
}
