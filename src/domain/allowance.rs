//! Findings that somebody accepts for a while: each with its reason, and the day on which it ends.

use serde::Deserialize;

/// An entry of `allow` in `providers.yml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "the keys `check`, `match`, `reason` and `until`"
)]
pub struct Allowance {
    /// Name of the check.
    pub check: String,
    /// A text that the file or the sentence of the finding has.
    #[serde(rename = "match")]
    pub words: String,
    pub reason: String,
    /// The last day on which it counts, as `2027-01-31`, in UTC.
    pub until: String,
}

impl Allowance {
    /// What is wrong with it.
    pub fn fault(&self) -> Option<String> {
        let Self {
            check,
            words,
            reason,
            until,
        } = self;
        if words.trim().is_empty() {
            Some(format!(
                "the allowance of {check} matches everything: `match` is empty"
            ))
        } else if reason.trim().is_empty() {
            Some(format!("{words} is allowed without a reason"))
        } else if !is_day(until) {
            Some(format!(
                "{until:?} is no day such as 2027-01-31, on which the allowance of {words} ends"
            ))
        } else {
            None
        }
    }

    /// Whether it is for a finding of `check`, whether it still counts or not.
    pub fn is_for(&self, check: &str, file: &str, what: &str) -> bool {
        self.check == check && (file.contains(&self.words) || what.contains(&self.words))
    }

    /// Whether it counts on a day such as `2026-11-26`.
    pub fn counts_on(&self, day: &str) -> bool {
        day <= self.until.as_str()
    }
}

/// Whether a text is a day of the Gregorian calendar, as ISO 8601 writes it.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else {
        return false;
    };
    let number = |text: &str, length: usize| {
        let digits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=last).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(until: &str) -> Allowance {
        Allowance {
            check: "linkage".to_owned(),
            words: "org.example.Gone".to_owned(),
            reason: "behind a switch that is off".to_owned(),
            until: until.to_owned(),
        }
    }

    #[test]
    fn days_are_told_from_other_texts() {
        for day in ["2026-11-26", "2028-02-29", "2000-02-29", "9999-12-31"] {
            assert_eq!(allowance(day).fault(), None, "{day}");
        }
        for text in [
            "",
            "2026-11",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-1-1",
            "26-11-2026",
            "2026-11-31",
            "+026-11-01",
        ] {
            assert!(
                allowance(text).fault().unwrap().contains("no day"),
                "{text}"
            );
        }
    }

    #[test]
    fn it_counts_to_the_end_of_its_last_day_and_for_its_own_finding() {
        let allowance = allowance("2026-11-26");
        assert!(allowance.counts_on("2026-11-26"));
        assert!(!allowance.counts_on("2026-11-27"));
        assert!(allowance.is_for("linkage", "a.jar", "uses org.example.Gone.x"));
        assert!(!allowance.is_for("services", "a.jar", "uses org.example.Gone.x"));
        assert!(!allowance.is_for("linkage", "a.jar", "uses org.example.Here"));
    }

    #[test]
    fn it_needs_a_reason_and_something_to_match() {
        let no_reason = Allowance {
            reason: " ".to_owned(),
            ..allowance("2027-01-31")
        };
        assert!(no_reason.fault().unwrap().contains("without a reason"));
        let everything = Allowance {
            words: String::new(),
            ..allowance("2027-01-31")
        };
        assert!(everything.fault().unwrap().contains("everything"));
    }
}
