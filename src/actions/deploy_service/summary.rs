//! The job summary: what happened, and the phases as a table and a Gantt chart.

use super::report::Report;
use crate::runner::cell;

/// The report as Markdown.
pub(super) fn markdown(report: &Report) -> String {
    let mut text = format!(
        "### deploy-service: {} · {} · {}\n\n{}\n\n",
        cell(&report.service),
        report.operation,
        report.outcome.unwrap_or("in flight"),
        cell(&report.verdict)
    );
    text.push_str("| | |\n|---|---|\n");
    let cause = report.cause_line();
    for (name, value) in [
        ("deployment", report.deployment_id.as_deref()),
        ("task definition", report.task_definition.as_deref()),
        ("image", report.image_digest.as_deref()),
        ("cause", cause.as_deref()),
        ("serves now", Some(report.serves_now.as_str())),
        ("next step", Some(report.next_step.as_str())),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            text.push_str(&format!("| {name} | {} |\n", cell(value)));
        }
    }
    text.push_str(&format!(
        "| took | {} s, {} calls |\n",
        report.duration_seconds, report.calls
    ));
    for warning in report.warnings.iter().chain(&report.notices) {
        text.push_str(&format!("| note | {} |\n", cell(warning)));
    }
    if !report.phases.is_empty() {
        text.push_str(&phases(report));
    }
    text
}

fn phases(report: &Report) -> String {
    let mut table = String::from("\n| phase | seconds |\n|---|---|\n");
    let mut gantt = String::from("\n```mermaid\ngantt\n  dateFormat X\n  axisFormat %M:%S\n");
    for phase in &report.phases {
        let seconds = phase.to_seconds - phase.from_seconds;
        table.push_str(&format!("| {} | {seconds:.0} |\n", phase.phase));
        gantt.push_str(&format!(
            "  {} : {:.0}, {:.0}\n",
            phase.phase,
            phase.from_seconds,
            phase.to_seconds.max(phase.from_seconds + 1.0)
        ));
    }
    format!("{table}{gantt}```\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::deploy_service::report::PhaseReport;

    #[test]
    fn phases_are_a_table_and_a_chart_and_text_of_others_stays_in_its_cell() {
        let report = Report {
            service: "kc".to_owned(),
            operation: "wait",
            outcome: Some("deployed"),
            verdict: "a|b <c>".to_owned(),
            phases: vec![PhaseReport {
                phase: "starting",
                from_seconds: 3.0,
                to_seconds: 63.4,
            }],
            ..Report::default()
        };
        let text = markdown(&report);
        assert!(text.contains("a\\|b &lt;c>"), "{text}");
        assert!(text.contains("| starting | 60 |"), "{text}");
        assert!(text.contains("  starting : 3, 63\n"), "{text}");
    }
}
