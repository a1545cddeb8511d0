//! Which profiles of a POM are active: on Linux, x86-64, Java 17, without properties of a command line.

use roxmltree::Node;

use super::parse::{child, value};
use super::version;

/// The Java version that conditions are compared with.
const JAVA: &str = "17";

/// Whether a profile is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activation {
    Active,
    /// Unless another one of the same POM is active.
    ByDefault,
    Inactive,
}

/// Every condition that is given must hold.
pub(super) fn activation(profile: Node<'_, '_>) -> Activation {
    let Some(activation) = child(profile, "activation") else {
        return Activation::Inactive;
    };
    let mut conditions = Vec::new();
    if let Some(range) = value(activation, "jdk") {
        conditions.push(java(&range));
    }
    if let Some(os) = child(activation, "os") {
        conditions.push(system(os));
    }
    if let Some(property) = child(activation, "property") {
        // No property is set: only the absence of one can be asked for.
        conditions.push(value(property, "name").is_some_and(|name| name.starts_with('!')));
    }
    if child(activation, "file").is_some() {
        conditions.push(false);
    }
    let by_default = value(activation, "activeByDefault").is_some_and(|text| text == "true");
    match (conditions.is_empty(), conditions.iter().all(|holds| *holds)) {
        (false, true) => Activation::Active,
        _ if by_default => Activation::ByDefault,
        _ => Activation::Inactive,
    }
}

fn java(range: &str) -> bool {
    if let Some(other) = range.strip_prefix('!') {
        return !JAVA.starts_with(other);
    }
    if range.starts_with(['[', '(']) {
        return version::Range::parse(range).is_some_and(|range| range.holds(JAVA));
    }
    JAVA.starts_with(range)
}

fn system(os: Node<'_, '_>) -> bool {
    [
        ("family", &["unix", "linux"][..]),
        ("name", &["linux"]),
        ("arch", &["amd64"]),
        ("version", &[]),
    ]
    .into_iter()
    .all(|(part, ours)| {
        value(os, part).is_none_or(|wanted| {
            let wanted = wanted.to_ascii_lowercase();
            match wanted.strip_prefix('!') {
                Some(other) => !ours.contains(&other),
                None => ours.contains(&wanted.as_str()),
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_conditions() {
        for (range, holds) in [
            ("17", true),
            ("1.8", false),
            ("!1.8", true),
            ("!17", false),
            ("[1.8,)", true),
            ("[1.5,9)", false),
            ("(,17]", true),
            ("[21,)", false),
        ] {
            assert_eq!(java(range), holds, "{range}");
        }
    }
}
