//! Which tag the input has or gets. Pure.

use std::time::Duration;

use super::event::PullRequest;
use super::tags::{Release, Tags};
use crate::domain::bump::{Before, Fault, Level, Next, Wish, next};
use crate::domain::inputs::{Difference, Inputs, differences};
use crate::domain::release_record::Record;
use crate::domain::tag::{Census, Source, Version};

/// Longest pause after the first attempt that another run was faster than; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause of all.
const LONGEST_PAUSE: Duration = Duration::from_secs(16);

/// A random pause after the `attempt`-th lost race, counted from 1: many who lost together do not meet again.
pub(super) fn pause(attempt: u32, random: u32) -> Duration {
    let longest = FIRST_PAUSE
        .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)))
        .min(LONGEST_PAUSE);
    longest.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// The release that this input has already, and how that is known.
///
/// The newest release has it if nothing changed since. An older one has it only for the commit that reserved it: that is
/// a run which is started again. The same input on another commit is a step back, and gets a new tag that sorts above.
pub(super) fn known<'a>(
    tags: &'a Tags,
    inputs: &Inputs,
    commit: Option<&str>,
) -> Option<(&'a Release, &'a Record, &'static str)> {
    let same = |record: &Record| record.inputs.digest == inputs.digest;
    if let Some((release, record)) = tags.latest().filter(|(_, record)| same(record)) {
        let why = if Some(release.commit.as_str()) == commit {
            "this commit has reserved it for the same input"
        } else {
            "the input has not changed"
        };
        return Some((release, record, why));
    }
    tags.releases
        .iter()
        .filter(|release| Some(release.commit.as_str()) == commit)
        .find_map(|release| {
            let record = release.record.as_ref().filter(|record| same(record))?;
            Some((
                release,
                record,
                "this commit has reserved it for the same input",
            ))
        })
}

/// What the reader should know of an input that keeps its tag: what is higher elsewhere, and what was asked for in vain.
pub(super) fn besides(
    tag: &Version,
    census: &Census,
    pull_request: Option<&PullRequest>,
) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((higher, source)) = census.base().filter(|(base, _)| *base > tag) {
        notes.push(format!(
            "{higher} ({}) is higher than {tag}, which this input keeps",
            source.name()
        ));
    }
    let asks = pull_request.is_some_and(|pull| {
        Wish::of(std::slice::from_ref(&pull.change))
            .is_ok_and(|wish| wish.labelled.is_some() || wish.release_as.is_some())
    });
    if asks {
        notes.push(
            "the label or the `Release-As` of this pull request does not count: nothing that the image is made from changes"
                .to_owned(),
        );
    }
    notes
}

/// What has changed since the newest release with a record; nothing without one.
pub(super) fn changed(tags: &Tags, inputs: &Inputs) -> Vec<Difference> {
    tags.latest()
        .map(|(_, record)| differences(&record.inputs, inputs))
        .unwrap_or_default()
}

/// A new tag, and the tag of the release before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct New {
    pub(super) next: Next,
    pub(super) previous: Option<String>,
}

/// The next release after everything that is known.
pub(super) fn new(
    tags: &Tags,
    census: &Census,
    adopted: Option<&str>,
    differences: &[Difference],
    wish: &Wish,
) -> Result<New, Fault> {
    let (before, previous) = match (census.base(), tags.latest()) {
        (None, _) => (Before::Nothing, None),
        (Some((base, source)), latest) => {
            let before = match latest {
                Some(_) => Before::Differs(base, differences),
                None => Before::Unrecorded(base),
            };
            let name = match (source, adopted) {
                (Source::Adopted, Some(tag)) => tag.to_owned(),
                _ => base.to_string(),
            };
            (before, Some(name))
        }
    };
    Ok(New {
        next: next(before, wish)?,
        previous,
    })
}

/// The verdict in one line.
pub(super) struct Verdict<'a> {
    pub(super) tag: &'a Version,
    pub(super) previous: Option<&'a str>,
    /// How far the version moves; nothing if it does not.
    pub(super) level: Option<Level>,
    pub(super) because: &'a str,
    pub(super) census: &'a Census,
    pub(super) not_asked: Option<&'a str>,
}

impl Verdict<'_> {
    pub(super) fn line(&self) -> String {
        let tag = self.tag;
        let mut line = match (self.level, self.previous) {
            (None, _) => format!("{tag} again: {}", self.because),
            (Some(_), None) => format!("{tag}: {}", self.because),
            (Some(level), Some(previous)) => {
                format!(
                    "{tag} after {previous}: {level}, because of {}",
                    self.because
                )
            }
        };
        if self.census.ignored.total() > 0 {
            line += &format!("; {}", self.census.ignored);
        }
        if let Some(reason) = self.not_asked {
            line += &format!("; image tags not consulted: {reason}");
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(digest: &str) -> Inputs {
        Inputs {
            digest: digest.to_owned(),
            keycloak: "26.7.5".to_owned(),
            providers: Vec::new(),
            parts: [("Dockerfile".to_owned(), digest.to_owned())].into(),
        }
    }

    /// Releases, highest first: version, commit, digest.
    fn tags(releases: &[(&str, &str, Option<&str>)]) -> Tags {
        Tags {
            names: Vec::new(),
            releases: releases
                .iter()
                .map(|(version, commit, digest)| Release {
                    version: version.parse().unwrap(),
                    commit: (*commit).to_owned(),
                    record: digest.map(|digest| Record {
                        inputs: inputs(digest),
                        previous: None,
                    }),
                })
                .collect(),
        }
    }

    fn known_as(tags: &Tags, digest: &str, commit: &str) -> Option<String> {
        known(tags, &inputs(digest), Some(commit)).map(|(release, ..)| release.version.to_string())
    }

    #[test]
    fn an_input_keeps_its_tag_until_another_one_came() {
        let there = tags(&[("1.0.1", "two", Some("b")), ("1.0.0", "one", Some("a"))]);
        assert_eq!(known_as(&there, "b", "three").as_deref(), Some("1.0.1"));
        assert_eq!(known_as(&there, "c", "three"), None);
        // The run of the first commit again, and a third commit that takes the second back.
        assert_eq!(known_as(&there, "a", "one").as_deref(), Some("1.0.0"));
        assert_eq!(known_as(&there, "a", "three"), None);
        assert_eq!(known_as(&there, "c", "one"), None);
        assert_eq!(known_as(&tags(&[("1.0.0", "one", None)]), "a", "one"), None);
    }

    #[test]
    fn a_tag_without_a_record_counts_for_the_order_alone() {
        let there = tags(&[("2.0.0", "two", None), ("1.0.0", "one", Some("a"))]);
        let mut census = Census::default();
        for release in &there.releases {
            census.version(release.version.clone(), Source::Git);
        }
        let differences = changed(&there, &inputs("b"));
        let found = new(&there, &census, None, &differences, &Wish::default()).unwrap();
        assert_eq!(found.next.version.to_string(), "2.0.1");
        assert_eq!(found.previous.as_deref(), Some("2.0.0"));
        assert_eq!(found.next.because, "Dockerfile changed");
    }

    #[test]
    fn an_adopted_tag_is_the_release_before() {
        let mut census = Census::default();
        census.version(Version::new(26, 7, 3), Source::Adopted);
        let none = tags(&[]);
        let found = new(&none, &census, Some("26.7.3-4"), &[], &Wish::default()).unwrap();
        assert_eq!(found.previous.as_deref(), Some("26.7.3-4"));
        assert_eq!(found.next.version.to_string(), "26.8.0");
    }

    #[test]
    fn a_verdict_is_one_line_with_everything_that_counted() {
        let mut census = Census::default();
        census.tag("v9.0.0", "keycloak-", Source::Git);
        let tag = Version::new(1, 5, 0);
        let verdict = |level, previous| Verdict {
            tag: &tag,
            previous,
            level,
            because: "g:a 1 added",
            census: &census,
            not_asked: Some("this is a pull request"),
        };
        assert_eq!(
            verdict(Some(Level::Minor), Some("1.4.2")).line(),
            "1.5.0 after 1.4.2: minor, because of g:a 1 added; 1 tag ignored (foreign: 1); image tags not consulted: \
             this is a pull request"
        );
        assert!(
            verdict(None, None)
                .line()
                .starts_with("1.5.0 again: g:a 1 added")
        );
    }

    #[test]
    fn what_is_higher_than_a_tag_that_is_kept_is_told() {
        let mut census = Census::default();
        census.version(Version::new(1, 4, 2), Source::Git);
        assert_eq!(
            besides(&Version::new(1, 4, 2), &census, None),
            Vec::<String>::new()
        );
        census.version(Version::new(30, 0, 0), Source::Registry);
        let told = besides(&Version::new(1, 4, 2), &census, None);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("30.0.0 ("), "{told:?}");
    }

    #[test]
    fn pauses_grow_and_stay_short() {
        assert_eq!(pause(1, 0), Duration::ZERO);
        assert_eq!(pause(1, u32::MAX), FIRST_PAUSE);
        assert_eq!(pause(3, u32::MAX), Duration::from_secs(2));
        assert_eq!(pause(u32::MAX, u32::MAX), LONGEST_PAUSE);
    }
}
