//! Release tags: their order, their alias, and which tags of a repository are releases at all.
//!
//! A release is `X.Y.Z`. A suffix is not used: `26.7.3-1` sorts below `26.7.3`, `-r10` below `-r9`, and `+` is no
//! character of an image tag (OCI distribution specification 1.1, "Pulling manifests").

use std::fmt;

pub use semver::Version;

/// Longest tag of an image (OCI distribution specification 1.1).
const LONGEST: usize = 128;

/// `X.Y.Z` and nothing else.
pub fn release(text: &str) -> Option<Version> {
    Version::parse(text)
        .ok()
        .filter(|version| version.pre.is_empty() && version.build.is_empty())
}

/// The immutable second name of an image: `X.Y.Z-kc<Keycloak's version>`.
pub fn alias(version: &Version, keycloak: &str) -> String {
    format!("{version}-kc{keycloak}")
}

/// Whether a text can be the tag of an image.
pub fn is_image_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= LONGEST
        && text.starts_with(word)
        && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

/// What keeps a text from being the name of a git tag; nothing if it can be one.
///
/// Source: `git help check-ref-format` of git 2.47.
pub fn git_tag_fault(name: &str) -> Option<&'static str> {
    let forbidden = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    if name.is_empty() || name.starts_with('/') || name.ends_with('/') || name.contains("//") {
        Some("has an empty part")
    } else if name.contains(forbidden) {
        Some("holds a space or one of ~ ^ : ? * [ \\")
    } else if name.contains("..") || name.contains("@{") {
        Some("holds .. or @{")
    } else if name.split('/').any(|part| part.starts_with('.')) {
        Some("has a part that starts with a dot")
    } else if name.split('/').any(|part| part.ends_with(".lock")) {
        Some("has a part that ends with .lock")
    } else if name.ends_with('.') {
        Some("ends with a dot")
    } else {
        None
    }
}

/// The version inside a tag that was made by hand, such as `v1.4.2`, `26.7.3-4` or `release/2.0`. What follows the
/// third number is dropped: the next release is higher than it under semantic versioning and under `sort -V` alike.
pub fn adopted(tag: &str) -> Option<Version> {
    let start = tag.char_indices().find_map(|(at, c)| {
        let before = tag[..at].chars().next_back();
        let begins = before.is_none_or(|before| !before.is_ascii_digit() && before != '.');
        (c.is_ascii_digit() && begins && dotted(&tag[at..])).then_some(at)
    })?;
    let run = tag[start..]
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next()?;
    let mut numbers = run.split('.').filter(|number| !number.is_empty());
    let mut next = || numbers.next().map_or(Some(0), |number| number.parse().ok());
    Some(Version::new(next()?, next()?, next()?))
}

/// Whether a text starts with two numbers and a dot between them.
fn dotted(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.strip_prefix('.')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// What a tag is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A release of this image.
    Release(Version),
    /// The second name of a release.
    Alias,
    /// A signature or attestation: `sha256-<digest>`, with or without a suffix (cosign's and OCI's referrers scheme).
    Signature,
    /// A build cache.
    Cache,
    /// Everything else: other products, hand-made tags, branches.
    Foreign,
}

/// What a tag of a repository is; `prefix` is that of git tags, and empty for those of images.
pub fn classify(tag: &str, prefix: &str) -> Kind {
    let Some(rest) = tag.strip_prefix(prefix) else {
        return Kind::Foreign;
    };
    if let Some(version) = release(rest) {
        return Kind::Release(version);
    }
    let is_alias = rest
        .split_once("-kc")
        .is_some_and(|(version, keycloak)| release(version).is_some() && !keycloak.is_empty());
    let is_signature = rest.strip_prefix("sha256-").is_some_and(|rest| {
        rest.len() >= 64 && rest.bytes().take(64).all(|byte| byte.is_ascii_hexdigit())
    });
    let is_cache = rest
        .split(['-', '_', '.'])
        .any(|word| word == "cache" || word == "buildcache");
    if is_alias {
        Kind::Alias
    } else if is_signature {
        Kind::Signature
    } else if is_cache {
        Kind::Cache
    } else {
        Kind::Foreign
    }
}

/// How many tags did not count, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    pub aliases: usize,
    pub signatures: usize,
    pub caches: usize,
    pub foreign: usize,
}

impl Ignored {
    fn add(&mut self, kind: &Kind) {
        match kind {
            Kind::Release(_) => {}
            Kind::Alias => self.aliases += 1,
            Kind::Signature => self.signatures += 1,
            Kind::Cache => self.caches += 1,
            Kind::Foreign => self.foreign += 1,
        }
    }

    pub fn total(&self) -> usize {
        self.aliases + self.signatures + self.caches + self.foreign
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.aliases, "aliases"),
            (self.signatures, "signatures"),
            (self.caches, "caches"),
            (self.foreign, "foreign"),
        ];
        let named: Vec<String> = kinds
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{name}: {count}"))
            .collect();
        match self.total() {
            0 => f.write_str("no tag ignored"),
            1 => write!(f, "1 tag ignored ({})", named.concat()),
            total => write!(f, "{total} tags ignored ({})", named.join(", ")),
        }
    }
}

/// Where the version to go on from was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A git tag.
    Git,
    /// A tag of an image.
    Registry,
    /// The variable in a Terraform file.
    Terraform,
    /// The tag that the caller names.
    Adopted,
    /// A tag that another run made meanwhile.
    Taken,
}

impl Source {
    pub fn name(self) -> &'static str {
        match self {
            Self::Git => "git tag",
            Self::Registry => "image tag",
            Self::Terraform => "Terraform variable",
            Self::Adopted => "adopted tag",
            Self::Taken => "tag of another run",
        }
    }
}

/// Every release that is known, and what did not count.
#[derive(Clone, Debug, Default)]
pub struct Census {
    releases: Vec<(Version, Source)>,
    pub ignored: Ignored,
}

impl Census {
    /// Counts a tag; whether it is a release.
    pub fn tag(&mut self, tag: &str, prefix: &str, source: Source) -> Option<Version> {
        let kind = classify(tag, prefix);
        self.ignored.add(&kind);
        match kind {
            Kind::Release(version) => {
                self.version(version.clone(), source);
                Some(version)
            }
            _ => None,
        }
    }

    pub fn version(&mut self, version: Version, source: Source) {
        self.releases.push((version, source));
    }

    /// The highest release of all; of equal ones the first that was counted.
    pub fn base(&self) -> Option<(&Version, Source)> {
        self.releases
            .iter()
            .rev()
            .max_by_key(|(version, _)| version)
            .map(|(version, source)| (version, *source))
    }

    /// The highest release below a version.
    pub fn below(&self, version: &Version) -> Option<&Version> {
        self.releases
            .iter()
            .map(|(release, _)| release)
            .filter(|release| *release < version)
            .max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_three_numbers() {
        for text in ["0.0.0", "1.4.2", "26.7.10"] {
            assert_eq!(release(text).unwrap().to_string(), text);
        }
        for text in [
            "1.4",
            "v1.4.2",
            "1.4.2-1",
            "1.4.2+r1",
            "01.4.2",
            "1.4.2.1",
            "1.4.2-kc26.7.5",
            "",
            "1.4.2 ",
            "18446744073709551616.0.0",
        ] {
            assert_eq!(release(text), None, "{text}");
        }
    }

    #[test]
    fn tags_that_count_are_told_from_those_that_do_not() {
        let hash = "a".repeat(64);
        let signature = format!("sha256-{hash}.sig");
        let rows: [(&str, &str, Kind); 18] = [
            ("1.4.2", "", Kind::Release(Version::new(1, 4, 2))),
            (
                "keycloak-1.4.2",
                "keycloak-",
                Kind::Release(Version::new(1, 4, 2)),
            ),
            ("idp/1.4.2", "idp/", Kind::Release(Version::new(1, 4, 2))),
            ("v1.4.2", "v", Kind::Release(Version::new(1, 4, 2))),
            ("v9.0.0", "keycloak-", Kind::Foreign),
            ("1.4.2", "keycloak-", Kind::Foreign),
            ("keycloak-operator-1.4.2", "keycloak-", Kind::Foreign),
            ("keycloak-1.4", "keycloak-", Kind::Foreign),
            ("26.7.3-1", "", Kind::Foreign),
            ("latest", "", Kind::Foreign),
            ("1.4.2-kc26.7.5", "", Kind::Alias),
            ("keycloak-1.4.2-kc26.7.5", "keycloak-", Kind::Alias),
            ("1.4.2-kc", "", Kind::Foreign),
            (&signature, "", Kind::Signature),
            ("sha256-abc", "", Kind::Foreign),
            ("cache", "", Kind::Cache),
            ("buildcache-arm64", "", Kind::Cache),
            ("cached", "", Kind::Foreign),
        ];
        for (tag, prefix, kind) in rows {
            assert_eq!(classify(tag, prefix), kind, "{tag}");
        }
    }

    #[test]
    fn the_base_is_the_highest_of_all_sources_and_the_rest_is_counted() {
        let mut census = Census::default();
        for tag in ["keycloak-1.9.0", "keycloak-1.10.0", "v9.0.0"] {
            census.tag(tag, "keycloak-", Source::Git);
        }
        for tag in ["1.10.0", "1.10.0-kc26.7.5", "cache", "latest"] {
            census.tag(tag, "", Source::Registry);
        }
        let ten = Version::new(1, 10, 0);
        assert_eq!(census.base(), Some((&ten, Source::Git)));
        assert_eq!(census.below(&ten), Some(&Version::new(1, 9, 0)));
        assert_eq!(
            census.ignored.to_string(),
            "4 tags ignored (aliases: 1, caches: 1, foreign: 2)"
        );
        census.version(Version::new(2, 0, 0), Source::Terraform);
        assert_eq!(census.base().unwrap().1, Source::Terraform);
    }

    #[test]
    fn a_hand_made_tag_has_a_version_to_go_on_from() {
        for (tag, version) in [
            ("v1.4.2", "1.4.2"),
            ("1.4.2", "1.4.2"),
            ("26.7.3-4", "26.7.3"),
            ("26.7.3.1", "26.7.3"),
            ("26.7.3-r10", "26.7.3"),
            ("26.7.3-debian-12-r2", "26.7.3"),
            ("keycloak-26.7.3-4", "26.7.3"),
            ("release/2.0", "2.0.0"),
            ("kc26.07.3", "26.7.3"),
            ("team2-1.4.2", "1.4.2"),
        ] {
            assert_eq!(adopted(tag).unwrap().to_string(), version, "{tag}");
        }
        for tag in [
            "latest",
            "v3",
            "2026-11-26",
            "sha-abc123",
            "1.99999999999999999999.0",
            "",
        ] {
            assert_eq!(adopted(tag), None, "{tag}");
        }
    }

    #[test]
    fn names_are_legal_or_the_fault_is_named() {
        let alias = alias(&Version::new(1, 4, 2), "26.7.5");
        assert_eq!(alias, "1.4.2-kc26.7.5");
        assert!(is_image_tag(&alias));
        for tag in ["", "-1", ".1", "1+2", "a/b", &"a".repeat(129), "ä"] {
            assert!(!is_image_tag(tag), "{tag}");
        }
        for name in ["keycloak-1.4.2", "idp/keycloak-1.4.2", "@1.4.2"] {
            assert_eq!(git_tag_fault(name), None, "{name}");
        }
    }
}
