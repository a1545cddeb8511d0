//! The order of Maven versions.
//!
//! Source: "Version Order Specification" in the POM reference of Apache Maven, November 2026.

use std::cmp::Ordering;

use crate::domain::coordinates::is_name;

/// Qualifiers that come before a release, in their order.
const BEFORE: [&str; 5] = ["alpha", "beta", "milestone", "rc", "snapshot"];
/// Qualifiers that mean the release itself.
const RELEASE: [&str; 4] = ["", "ga", "final", "release"];

/// A part of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    /// Digits without leading zeros.
    Number(String),
    /// Lower-case letters.
    Word(String),
    /// What follows a hyphen, or a change between digits and letters.
    List(Vec<Self>),
}

impl Item {
    fn is_null(&self) -> bool {
        match self {
            Self::Number(digits) => digits.is_empty(),
            Self::Word(word) => RELEASE.contains(&word.as_str()),
            Self::List(items) => items.is_empty(),
        }
    }
}

/// Compares two versions as Maven does: `1.0` = `1`, `1-rc1` < `1` < `1-sp1` < `1.1`.
pub fn compare(left: &str, right: &str) -> Ordering {
    compare_lists(&parse(left), &parse(right))
}

/// Whether a version is a release: no snapshot, alpha, beta, milestone or candidate.
pub fn is_release(version: &str) -> bool {
    fn sound(items: &[Item]) -> bool {
        items.iter().all(|item| match item {
            Item::Number(_) => true,
            Item::Word(word) => {
                !BEFORE.contains(&word.as_str())
                    && !["dev", "ea", "pre", "preview", "nightly"].contains(&word.as_str())
            }
            Item::List(items) => sound(items),
        })
    }
    sound(&parse(version))
}

/// The newest release after `current` that is of its kind: what follows the numbers is the same, as in `33.4.0-jre`.
pub fn newest<'a>(current: &str, versions: &'a [String]) -> Option<&'a str> {
    let kind =
        |version: &'a str| version.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let ours = current.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    versions
        .iter()
        .map(String::as_str)
        .filter(|version| is_release(version) && kind(version) == ours && is_name(version))
        .filter(|version| compare(version, current).is_gt())
        .max_by(|left, right| compare(left, right))
}

fn parse(version: &str) -> Vec<Item> {
    let version = version.to_ascii_lowercase();
    // The innermost list is the last; every hyphen and every change of kind opens one.
    let mut stack: Vec<Vec<Item>> = vec![Vec::new()];
    let mut rest = version.as_str();
    let push = |stack: &mut Vec<Vec<Item>>, item| {
        if let Some(list) = stack.last_mut() {
            list.push(item);
        }
    };
    loop {
        let digits = rest.starts_with(|c: char| c.is_ascii_digit());
        let end = rest
            .find(|c: char| c.is_ascii_digit() != digits || ".-".contains(c))
            .unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        let next = after.chars().next();
        if digits || token.is_empty() {
            push(
                &mut stack,
                Item::Number(token.trim_start_matches('0').to_owned()),
            );
        } else {
            let followed_by_digit = next.is_some_and(|c| c.is_ascii_digit());
            push(&mut stack, Item::Word(qualifier(token, followed_by_digit)));
        }
        match next {
            None => break,
            Some('.') => rest = &after[1..],
            Some(c) => {
                stack.push(Vec::new());
                rest = if ".-".contains(c) { &after[1..] } else { after };
            }
        }
    }
    let mut inner: Option<Vec<Item>> = None;
    while let Some(mut list) = stack.pop() {
        if let Some(inner) = inner.take() {
            list.push(Item::List(inner));
        }
        normalize(&mut list);
        inner = Some(list);
    }
    inner.unwrap_or_default()
}

fn qualifier(word: &str, followed_by_digit: bool) -> String {
    match (word, followed_by_digit) {
        ("a", true) => "alpha",
        ("b", true) => "beta",
        ("m", true) => "milestone",
        ("cr", _) => "rc",
        _ => word,
    }
    .to_owned()
}

/// Trailing nulls say nothing: before the end, and before each inner list.
fn normalize(list: &mut Vec<Item>) {
    let mut at = list.len();
    while at > 0 {
        at -= 1;
        if list[at].is_null() {
            list.remove(at);
        } else if !matches!(list[at], Item::List(_)) {
            break;
        }
    }
}

fn compare_lists(left: &[Item], right: &[Item]) -> Ordering {
    (0..left.len().max(right.len()))
        .map(|at| match (left.get(at), right.get(at)) {
            (Some(left), Some(right)) => compare_items(left, right),
            (Some(left), None) => compare_to_nothing(left),
            (None, Some(right)) => compare_to_nothing(right).reverse(),
            (None, None) => Ordering::Equal,
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn compare_to_nothing(item: &Item) -> Ordering {
    match item {
        Item::Number(digits) if digits.is_empty() => Ordering::Equal,
        Item::Number(_) => Ordering::Greater,
        Item::Word(word) => rank(word).cmp(&rank("")),
        Item::List(items) => items
            .iter()
            .map(compare_to_nothing)
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal),
    }
}

fn compare_items(left: &Item, right: &Item) -> Ordering {
    let kind = |item: &Item| match item {
        Item::Word(_) => 0,
        Item::List(_) => 1,
        Item::Number(_) => 2,
    };
    match (left, right) {
        (Item::Number(left), Item::Number(right)) => {
            left.len().cmp(&right.len()).then_with(|| left.cmp(right))
        }
        (Item::Word(left), Item::Word(right)) => rank(left).cmp(&rank(right)),
        (Item::List(left), Item::List(right)) => compare_lists(left, right),
        _ => kind(left).cmp(&kind(right)),
    }
}

/// Known qualifiers have places of their own; unknown ones follow `sp`, by the alphabet.
fn rank(word: &str) -> (usize, &str) {
    if RELEASE.contains(&word) {
        return (BEFORE.len(), "");
    }
    if word == "sp" {
        return (BEFORE.len() + 1, "");
    }
    match BEFORE.iter().position(|known| *known == word) {
        Some(at) => (at, ""),
        None => (BEFORE.len() + 2, word),
    }
}

/// `[1,2)`: one interval of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    from: Option<(String, bool)>,
    to: Option<(String, bool)>,
}

impl Range {
    /// Whether a text is a range, of whatever form.
    pub fn is_one(text: &str) -> bool {
        text.starts_with(['[', '(']) || text.contains(',')
    }

    /// Reads one interval.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let open = text.chars().next()?;
        let close = text.chars().last()?;
        if !"[(".contains(open) || !"])".contains(close) || text.len() < 2 {
            return None;
        }
        let inner = &text[1..text.len() - 1];
        if inner.contains(['[', '(', ')', ']']) {
            return None;
        }
        let bound = |version: &str, closed| {
            let version = version.trim();
            (!version.is_empty()).then(|| (version.to_owned(), closed))
        };
        let (from, to) = inner.split_once(',').unwrap_or((inner, inner));
        Some(Self {
            from: bound(from, open == '['),
            to: bound(to, close == ']'),
        })
    }

    /// The one version that the range allows.
    pub fn only(&self) -> Option<&str> {
        match (&self.from, &self.to) {
            (Some((from, true)), Some((to, true))) if from == to => Some(from),
            _ => None,
        }
    }

    /// The newest of these versions that lies in it.
    pub fn newest<'a>(&self, versions: &'a [String]) -> Option<&'a str> {
        let inside = versions
            .iter()
            .map(String::as_str)
            .filter(|version| self.holds(version));
        inside.max_by(|left, right| compare(left, right))
    }

    pub fn holds(&self, version: &str) -> bool {
        let above = self
            .from
            .as_ref()
            .is_none_or(|(from, closed)| match compare(version, from) {
                Ordering::Less => false,
                Ordering::Equal => *closed,
                Ordering::Greater => true,
            });
        let below = self
            .to
            .as_ref()
            .is_none_or(|(to, closed)| match compare(version, to) {
                Ordering::Less => true,
                Ordering::Equal => *closed,
                Ordering::Greater => false,
            });
        above && below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_maven() {
        // The examples of the specification, and versions that Keycloak's providers have.
        let rising = [
            "0.9",
            "1-alpha-1",
            "1-alpha2",
            "1-beta1",
            "1-m1",
            "1-rc1",
            "1-cr2",
            "1-snapshot",
            "1",
            "1-sp",
            "1-foo",
            "1-1",
            "1.1",
            "2.40.9",
            "2.40.10",
            "4.0.0.Beta1",
            "4.0.0.CR1",
            "4.0.0.Final",
            "4.0.1.Final",
            "26.7.5",
            "26.10.0",
            "20240101",
        ];
        for (at, lower) in rising.iter().enumerate() {
            for higher in &rising[at + 1..] {
                assert_eq!(compare(lower, higher), Ordering::Less, "{lower} < {higher}");
                assert_eq!(
                    compare(higher, lower),
                    Ordering::Greater,
                    "{higher} > {lower}"
                );
            }
        }
        for (left, right) in [
            ("1", "1.0.0"),
            ("1-ga", "1"),
            ("1.0.0.Final", "1"),
            ("1-a1", "1-alpha-1"),
            ("1.0-cr1", "1-rc1"),
            ("01", "1"),
        ] {
            assert_eq!(compare(left, right), Ordering::Equal, "{left} = {right}");
        }
    }

    #[test]
    fn candidates_are_no_releases() {
        for version in [
            "1.0",
            "4.0.0.Final",
            "33.5.0-jre",
            "42.7.4",
            "1.0-sp1",
            "12.8.1.jre11",
        ] {
            assert!(is_release(version), "{version}");
        }
        for version in [
            "1.0-SNAPSHOT",
            "5.0.0.CR1",
            "2.0.0-M1",
            "1.0-beta-2",
            "3.0.0.Alpha1",
            "1.0-rc.1",
            "13.1.0-preview",
        ] {
            assert!(!is_release(version), "{version}");
        }
    }

    #[test]
    fn the_newest_release_of_the_same_kind() {
        let versions = [
            "33.4.0-jre",
            "33.5.0-android",
            "33.10.0-jre",
            "33.9.0-jre",
            "34.0.0-rc1-jre",
        ]
        .map(str::to_owned);
        assert_eq!(newest("33.4.0-jre", &versions), Some("33.10.0-jre"));
        assert_eq!(newest("33.10.0-jre", &versions), None);
        let versions = ["4.0.0.Final", "4.1.0.CR1", "4.0.1.Final"].map(str::to_owned);
        assert_eq!(newest("4.0.0.Final", &versions), Some("4.0.1.Final"));
    }

    #[test]
    fn a_range_holds_what_lies_in_it() {
        assert_eq!(Range::parse("[1.0]").unwrap().only(), Some("1.0"));
        let range = Range::parse("[1.0,2.0)").unwrap();
        assert!(
            range.holds("1.0")
                && range.holds("1.9.9")
                && !range.holds("2.0")
                && !range.holds("0.9")
        );
        assert_eq!(range.only(), None);
        for text in ["", "[", "1.0", "[1,2],[3,4]"] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
