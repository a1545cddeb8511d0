//! What Keycloak's image is: its version and its Java.

use crate::domain::coordinates::is_name;

/// The version in `ARG KEYCLOAK_VERSION=…`, the one place where a Dockerfile pins it. The digest of the base image may stand
/// behind it, as in `26.7.5@sha256:…`: it belongs to what the image is made from.
pub fn pinned_keycloak(dockerfile: &str) -> Option<&str> {
    let pinned = dockerfile
        .lines()
        .find_map(argument)
        .map(|version| version.trim_matches('"'))?;
    let (version, digest) = match pinned.split_once('@') {
        Some((version, digest)) => (version, Some(digest)),
        None => (pinned, None),
    };
    let hexadecimal = |text: &str| {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text.len() == 64 && text.bytes().all(digit)
    };
    let whole = digest.is_none_or(|digest| digest.strip_prefix("sha256:").is_some_and(hexadecimal));
    // `latest` and `nightly` are other images tomorrow.
    let numbered = version.starts_with(|first: char| first.is_ascii_digit());
    (is_name(version) && numbered && whole).then_some(version)
}

/// The value of `KEYCLOAK_VERSION` in a line `ARG …`, which may name several.
fn argument(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    words
        .next()
        .filter(|word| word.eq_ignore_ascii_case("ARG"))?;
    words.find_map(|word| word.strip_prefix("KEYCLOAK_VERSION="))
}

/// The Java version of the official image of a Keycloak version.
///
/// Source: `quarkus/container/Dockerfile` of Keycloak 22.0.11 (17), the image of 26.7.5 (21), keycloak/keycloak#45830 (25 from
/// 27 on); November 2026.
pub fn java(keycloak: &str) -> u32 {
    let major = keycloak
        .split('.')
        .next()
        .and_then(|text| text.parse().ok());
    match major {
        Some(..=24_u32) => 17,
        Some(25 | 26) | None => 21,
        Some(27..) => 25,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_java_of_an_image_is_that_of_its_keycloak() {
        assert_eq!(
            ["24.0.5", "26.7.5", "27.0.0", "nightly"].map(java),
            [17, 21, 25, 21]
        );
    }

    #[test]
    fn keycloak_may_be_pinned_with_the_digest_of_its_image() {
        let digest = "a1".repeat(32);
        for (pinned, version) in [
            ("26.7.5".to_owned(), Some("26.7.5")),
            ("\"26.7.5\"".to_owned(), Some("26.7.5")),
            (format!("26.7.5@sha256:{digest}"), Some("26.7.5")),
            (format!("26.7.5@sha256:{}", &digest[1..]), None),
            (format!("26.7.5@sha512:{digest}"), None),
            ("26.7.5@".to_owned(), None),
            (String::new(), None),
        ] {
            let text = format!("# x\nARG KEYCLOAK_VERSION={pinned}\nFROM scratch\n");
            assert_eq!(pinned_keycloak(&text), version, "{pinned}");
        }
    }

    #[test]
    fn the_dockerfile_pins_keycloak() {
        assert_eq!(
            pinned_keycloak("# x\nARG KEYCLOAK_VERSION=26.7.5\nFROM y"),
            Some("26.7.5")
        );
        for (line, version) in [
            ("arg KEYCLOAK_VERSION=26.7.5", Some("26.7.5")),
            ("  ARG A=1 KEYCLOAK_VERSION=26.7.5 B", Some("26.7.5")),
            ("ARG KEYCLOAK_VERSION=latest", None),
            ("ENV KEYCLOAK_VERSION=26.7.5", None),
            ("# ARG KEYCLOAK_VERSION=26.7.5", None),
        ] {
            assert_eq!(pinned_keycloak(line), version, "{line}");
        }
        assert_eq!(pinned_keycloak("ARG KEYCLOAK_VERSION\n"), None);
        assert_eq!(pinned_keycloak("ARG KEYCLOAK_VERSION=../x"), None);
    }
}
