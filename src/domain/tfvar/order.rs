//! Which of two values is the older one.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use semver::Version;

/// How values come from others, judged by those that are semantic versions. Digests have no order: they follow the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// All values are equal.
    Same,
    /// At least one is newer, none is older.
    Newer,
    /// At least one is older.
    Older,
    /// They differ, and nothing says which is older.
    Unknown,
}

/// Order of two values: semantic versions, with or without `v` before them, or numbers between dots, alone or as the tag of
/// an image of the same repository. `None` if one is none.
fn compare(from: &str, to: &str) -> Option<Ordering> {
    let ((from_name, from), (to_name, to)) = (tagged(from), tagged(to));
    (from_name == to_name).then_some(())?;
    semantic(from, to).or_else(|| numbers(from, to))
}

/// Order of two texts that are numbers between dots behind the same letters: `27`, `26.7`, `2026.10.01`, `kc-1.2.3.4`.
fn numbers(from: &str, to: &str) -> Option<Ordering> {
    let parts = |text: &str| -> Option<(String, Vec<u64>)> {
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let (name, rest) = text.split_at(start);
        let numbers: Result<Vec<u64>, _> = rest.split('.').map(str::parse).collect();
        let letters = |c: char| c.is_ascii_alphabetic() || c == '-' || c == '_';
        let name = if name.eq_ignore_ascii_case("v") {
            ""
        } else {
            name
        };
        (name.chars().all(letters)).then_some((name.to_owned(), numbers.ok()?))
    };
    let ((from_name, mut from), (to_name, mut to)) = (parts(from)?, parts(to)?);
    let length = from.len().max(to.len());
    from.resize(length, 0);
    to.resize(length, 0);
    (from_name == to_name).then(|| to.cmp(&from))
}

fn semantic(from: &str, to: &str) -> Option<Ordering> {
    let version = |text: &str| Version::parse(text.strip_prefix(['v', 'V']).unwrap_or(text)).ok();
    Some(version(to)?.cmp_precedence(&version(from)?))
}

/// The name in front of a tag, and the tag: `r/k:1.4.2@sha256:…` is an image, `1.4.2` a tag alone.
fn tagged(text: &str) -> (&str, &str) {
    let image = text.split('@').next().unwrap_or(text);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => ("", text),
    }
}

/// Whether `new` is a lower semantic version than `old`.
pub fn is_downgrade(old: &str, new: &str) -> bool {
    compare(old, new) == Some(Ordering::Less)
}

/// How `to` comes from `from`, by what both have.
pub fn course(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) -> Course {
    let mut course = Course::Same;
    for (name, new) in to {
        let Some(old) = from.get(name).filter(|old| *old != new) else {
            continue;
        };
        match compare(old, new) {
            Some(Ordering::Less) => return Course::Older,
            Some(Ordering::Greater) => course = Course::Newer,
            _ if course == Course::Same => course = Course::Unknown,
            _ => {}
        }
    }
    course
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn only_a_lower_semantic_version_is_a_downgrade() {
        for (old, new, wanted) in [
            ("1.2.3", "1.2.2", true),
            ("1.10.0", "1.9.0", true),
            ("v1.2.3", "1.2.2", true),
            ("1.2.3", "1.2.3-rc.1", true),
            ("1.2.3", "1.2.4", false),
            ("1.2.3+a", "1.2.3+b", false),
            ("", "1.2.3", false),
            ("1.2.3", "", false),
            ("latest", "1.2.3", false),
            ("26.7", "26.6", true),
            ("26.7", "26.10", false),
            ("26.7.5", "26.7", true),
            ("27", "26", true),
            ("v27", "v26", true),
            ("2026.10.01", "2026.09.01", true),
            ("keycloak-1.4.2", "keycloak-1.4.1", true),
            ("keycloak-1.4.2", "other-1.4.1", false),
            ("26.7.4.2", "26.7.4.1", true),
            ("26.7.4.1", "26.7.4.2", false),
            ("26.7", "26.7.0", false),
            ("r.io:5000/k:1.4.2", "r.io:5000/k:1.4.1", true),
            ("r/k:1.4.2@sha256:aa", "r/k:1.4.1@sha256:bb", true),
            ("r/k:1.4.2", "r/other:1.4.1", false),
            ("r.io:5000/k", "r.io:5000/j", false),
            ("sha256:bb", "sha256:aa", false),
        ] {
            assert_eq!(is_downgrade(old, new), wanted, "{old} {new}");
        }
    }

    #[test]
    fn a_digest_follows_its_tag() {
        let old = values(&[("tag", "1.2.3"), ("digest", "sha256:b")]);
        let newer = values(&[("tag", "1.2.4"), ("digest", "sha256:a")]);
        let other = values(&[("tag", "1.2.3"), ("digest", "sha256:a")]);
        assert_eq!(course(&old, &newer), Course::Newer);
        assert_eq!(course(&newer, &old), Course::Older);
        assert_eq!(course(&old, &other), Course::Unknown);
        assert_eq!(course(&old, &old), Course::Same);
    }

    #[test]
    fn one_older_value_makes_the_whole_older() {
        let old = values(&[("a", "1.0.0"), ("b", "2.0.0")]);
        let new = values(&[("a", "1.1.0"), ("b", "1.9.0")]);
        assert_eq!(course(&old, &new), Course::Older);
    }
}
