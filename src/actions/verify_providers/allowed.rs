//! Findings that `allow` in `providers.yml` accepts for a while. Pure.

use super::plan::{Entry, Finding, finding};
use crate::domain::allowance::Allowance;

/// The findings, of which those that are allowed on the day `today` are notes.
pub(super) fn with_allowances(
    mut findings: Vec<Finding>,
    allow: &[Allowance],
    today: &str,
) -> Vec<Finding> {
    for one in allow {
        let mut used = false;
        for finding in &mut findings {
            if !one.is_for(finding.check, &finding.file, &finding.what) {
                continue;
            }
            used = true;
            if one.counts_on(today) && !finding.note {
                finding.note = true;
                finding.remedy = format!("Allowed until {}: {}.", one.until, one.reason);
            } else if !finding.note {
                finding.remedy += &format!(" Its allowance ended on {}.", one.until);
            }
        }
        if !used {
            let what = format!(
                "allows {} for {:?}, and nothing of that is found",
                one.check, one.words
            );
            let entry = Entry::Manifest(one.words.clone());
            let note = finding("allow", "providers.yml", what, "Remove the entry.", entry);
            findings.push(Finding { note: true, ..note });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_a_note_until_its_day_and_what_is_not_found_is_said() {
        let allow = |words: &str| Allowance {
            check: "linkage".to_owned(),
            words: words.to_owned(),
            reason: "off".to_owned(),
            until: "2026-11-26".to_owned(),
        };
        let found = || {
            let entry = Entry::locked("a.jar");
            vec![finding(
                "linkage",
                "a.jar",
                "uses x.Gone".to_owned(),
                "Mend it.",
                entry,
            )]
        };
        let allowed = with_allowances(found(), &[allow("x.Gone")], "2026-11-26");
        assert!(allowed[0].note && allowed[0].remedy.contains("until 2026-11-26: off"));
        let late = with_allowances(found(), &[allow("x.Gone")], "2026-11-27");
        assert!(!late[0].note && late[0].remedy.ends_with("ended on 2026-11-26."));
        let unused = with_allowances(found(), &[allow("y.Other")], "2026-11-26");
        assert!(!unused[0].note);
        assert_eq!((unused[1].check, unused[1].note), ("allow", true));
    }
}
