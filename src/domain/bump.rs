//! How far the next release moves, and why.
//!
//! What changed sets a floor. One label `semver:*` of the pull request, or without one its title as a conventional
//! commit, may raise it; `Release-As: X.Y.Z` overrides both if it is greater.

use std::fmt;

use super::inputs::{Difference, one_line};
use super::tag::{Version, release};

/// The first release of all.
const FIRST: Version = Version::new(1, 0, 0);
/// How many causes a reason names.
const NAMED: usize = 3;

/// Which number of a version grows. The order is that of weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    #[default]
    None,
    Patch,
    Minor,
    Major,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        [Self::None, Self::Patch, Self::Minor, Self::Major]
            .into_iter()
            .find(|level| level.name() == name)
    }

    /// The version that a step of this level leads to; nothing after the last one that there is.
    pub fn after(self, version: &Version) -> Option<Version> {
        let (major, minor, patch) = (version.major, version.minor, version.patch);
        Some(match self {
            Self::None => version.clone(),
            Self::Patch => Version::new(major, minor, patch.checked_add(1)?),
            Self::Minor => Version::new(major, minor.checked_add(1)?, 0),
            Self::Major => Version::new(major.checked_add(1)?, 0, 0),
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A pull request, or a commit that none brought in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// `#12`, or the first digits of a commit.
    pub name: String,
    pub title: String,
    /// Text below the title; trailers of the commits belong to it.
    pub body: String,
    pub labels: Vec<String>,
}

/// What the people who made the changes asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub level: Level,
    /// Who asked for that level, such as "label semver:minor of #12".
    pub by: String,
    /// The highest label, if every change has one.
    pub labelled: Option<Level>,
    /// The greatest `Release-As`, and whose it is.
    pub release_as: Option<(Version, String)>,
    /// What was not understood.
    pub notes: Vec<String>,
}

/// A refusal: what is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
    pub hint: String,
}

impl Wish {
    /// The strongest wish of all changes.
    pub fn of(changes: &[Change]) -> Result<Self, Fault> {
        let mut wish = Self::default();
        let mut labelled = Vec::new();
        for change in changes {
            let label = label(change)?;
            labelled.push(label);
            let (level, by) = match label {
                Some(level) => (level, format!("label semver:{level} of {}", change.name)),
                None => {
                    let title = title_level(&change.title);
                    (title, format!("the title of {}", change.name))
                }
            };
            if level > wish.level {
                (wish.level, wish.by) = (level, by);
            }
            for text in release_as(&change.body) {
                match release(text) {
                    Some(version) => {
                        let greater = wish
                            .release_as
                            .as_ref()
                            .is_none_or(|(was, _)| *was < version);
                        if greater {
                            wish.release_as = Some((version, change.name.clone()));
                        }
                    }
                    None => wish.notes.push(format!(
                        "`Release-As: {}` of {} does not count: it takes X.Y.Z",
                        one_line(text),
                        change.name
                    )),
                }
            }
        }
        wish.labelled = labelled
            .into_iter()
            .collect::<Option<Vec<Level>>>()
            .and_then(|levels| levels.into_iter().max());
        Ok(wish)
    }
}

/// The level that the label of a change asks for.
fn label(change: &Change) -> Result<Option<Level>, Fault> {
    let mut found: Vec<(String, Level)> = Vec::new();
    for label in &change.labels {
        let lower = label.to_lowercase();
        let Some(name) = lower.strip_prefix("semver:") else {
            continue;
        };
        let level = Level::of_name(name.trim()).ok_or_else(|| Fault {
            message: format!("{} has the label {:?}", change.name, one_line(label)),
            hint: "The labels are semver:major, semver:minor, semver:patch and semver:none."
                .to_owned(),
        })?;
        found.push((one_line(label), level));
    }
    match found[..] {
        [] => Ok(None),
        [(_, level)] => Ok(Some(level)),
        _ => {
            let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            Err(Fault {
                message: format!(
                    "{} has {} labels: {}",
                    change.name,
                    names.len(),
                    names.join(", ")
                ),
                hint: "Leave one of them, and run the job again.".to_owned(),
            })
        }
    }
}

/// The level of a title as a conventional commit.
///
/// Source: Conventional Commits 1.0.0, items 1 to 7 and 13.
pub fn title_level(title: &str) -> Level {
    let Some((head, _)) = title.split_once(": ") else {
        return Level::None;
    };
    let (head, breaking) = match head.strip_suffix('!') {
        Some(head) => (head, true),
        None => (head, false),
    };
    let kind = match head.split_once('(') {
        Some((kind, scope)) if scope.ends_with(')') && scope.len() > 1 => kind,
        Some(_) => return Level::None,
        None => head,
    };
    let is_word = !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match (is_word, breaking, kind.to_ascii_lowercase().as_str()) {
        (false, ..) => Level::None,
        (_, true, _) => Level::Major,
        (.., "feat") => Level::Minor,
        (.., "fix") => Level::Patch,
        _ => Level::None,
    }
}

/// The values of `Release-As` trailers.
fn release_as(body: &str) -> impl Iterator<Item = &str> {
    body.lines().filter_map(|line| {
        let (name, value) = line.trim().split_once(':')?;
        name.eq_ignore_ascii_case("release-as")
            .then(|| value.trim())
    })
}

/// What is known about the inputs of the release before.
#[derive(Clone, Copy, Debug)]
pub enum Before<'a> {
    /// There is no release at all.
    Nothing,
    /// There is one, but no git tag says what it was made from.
    Unrecorded(&'a Version),
    /// What differs since then.
    Differs(&'a Version, &'a [Difference]),
}

/// The next release, and why it is that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    pub version: Version,
    pub level: Level,
    pub because: String,
    /// Things that the reader should know and that decided nothing.
    pub notes: Vec<String>,
}

/// The release after everything that there is.
pub fn next(before: Before<'_>, wish: &Wish) -> Result<Next, Fault> {
    let mut notes = wish.notes.clone();
    let (base, floor, cause) = match before {
        Before::Nothing => {
            let (version, because) = match &wish.release_as {
                Some((version, by)) => (
                    version.clone(),
                    format!("first release, Release-As of {by}"),
                ),
                None => (FIRST, "first release".to_owned()),
            };
            return Ok(Next {
                version,
                level: Level::Major,
                because,
                notes,
            });
        }
        Before::Unrecorded(base) => (
            base,
            Level::Minor,
            format!("what {base} was made from is not recorded"),
        ),
        Before::Differs(base, differences) => {
            let floor = differences
                .first()
                .map_or(Level::Patch, |first| first.level);
            (base, floor, causes(differences, floor))
        }
    };
    if let Some(label) = wish.labelled
        && label < floor
    {
        return Err(Fault {
            message: format!("the label semver:{label} is below the floor {floor}: {cause}"),
            hint: format!(
                "Set the label semver:{floor} or take the label off, and run the job again."
            ),
        });
    }
    let (mut level, mut because) = if wish.level > floor {
        (wish.level, wish.by.clone())
    } else {
        (floor, cause)
    };
    let mut version = level.after(base).ok_or_else(|| Fault {
        message: format!("there is no {level} version after {base}"),
        hint: "Remove the tag with that number; it is the last one that there can be.".to_owned(),
    })?;
    match &wish.release_as {
        Some((wanted, by)) if *wanted > version => {
            version = wanted.clone();
            level = if version.major > base.major {
                Level::Major
            } else if version.minor > base.minor {
                Level::Minor
            } else {
                Level::Patch
            };
            because = format!("Release-As of {by}");
        }
        Some((wanted, by)) if *wanted < version => notes.push(format!(
            "`Release-As: {wanted}` of {by} does not count: {version} is greater"
        )),
        _ => {}
    }
    Ok(Next {
        version,
        level,
        because,
        notes,
    })
}

/// The differences that set the floor, in words.
fn causes(differences: &[Difference], floor: Level) -> String {
    let causes: Vec<&str> = differences
        .iter()
        .filter(|difference| difference.level == floor)
        .map(|difference| difference.text.as_str())
        .collect();
    let named = causes[..causes.len().min(NAMED)].join(", ");
    match causes.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
#[path = "bump_tests.rs"]
mod tests;
