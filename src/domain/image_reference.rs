//! Where images are: the host of a registry, and a repository in it.
//!
//! Source: OCI distribution specification 1.1, "Pulling manifests" (names); Amazon ECR user guide, "Amazon ECR private
//! registry" (host names), November 2026.

use std::net::IpAddr;

use super::tag::is_image_tag;
use crate::error::{Error, Result};

/// Longest name that every client takes: 255 characters with the host and the slash.
const LONGEST: usize = 255;

/// Whether a text is the name of a repository, such as `keycloak` or `team/keycloak`.
pub fn is_repository(text: &str) -> bool {
    text.len() <= LONGEST && text.split('/').all(is_path_part)
}

/// Small letters and digits, with single separators between them: `.`, `_`, `__`, any number of `-`.
fn is_path_part(part: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = part.split(word).filter(|separator| !separator.is_empty());
    part.starts_with(word)
        && part.ends_with(word)
        && separators.into_iter().all(|separator| {
            [".", "_", "__"].contains(&separator) || separator.bytes().all(|byte| byte == b'-')
        })
}

/// Whether a text is the host of a registry, with a port if need be, such as `ghcr.io` or `127.0.0.1:5000`.
pub fn is_host(text: &str) -> bool {
    let (host, port) = split_port(text);
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let named = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c));
    // Without a dot or a port, clients take the first part of a name for a repository of Docker Hub.
    let recognised = host.contains('.') || port.is_some() || host == "localhost";
    named && recognised && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((front, port)) if !port.contains(']') => (front, Some(port)),
        _ => (host, None),
    }
}

/// Refuses what cannot be the name of a repository; `input` is where it stands.
pub fn check_repository(input: &str, name: &str) -> Result<()> {
    let first = name.split('/').next().unwrap_or("");
    if ecr_region(first).is_some() {
        return Err(Error::usage(format!("`{input}` is {name:?}, which holds the host of a registry"))
            .hint("Give the name of the repository alone, such as keycloak; the host belongs into `registry`."));
    }
    if is_repository(name) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "`{input}` is {name:?}, which cannot be the name of an image repository"
    ))
    .hint(
        "It takes small letters, digits and single separators, such as keycloak or team/keycloak.",
    ))
}

/// Refuses what cannot name an image: `[host/]repository[:tag][@digest]`; `input` is where it stands.
pub fn check_image(input: &str, text: &str) -> Result<()> {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    let hexadecimal = |digits: &str| {
        digits.len() == 64
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let whole = digest.is_none_or(|digest| digest.strip_prefix("sha256:").is_some_and(hexadecimal));
    let last = name.rsplit('/').next().unwrap_or(name);
    let (name, tagged) = match last.split_once(':') {
        Some((_, tag)) => (&name[..name.len() - tag.len() - 1], is_image_tag(tag)),
        None => (name, true),
    };
    let repository = match name.split_once('/') {
        Some((host, repository)) if is_host(host) => repository,
        _ => name,
    };
    if whole && tagged && is_repository(repository) {
        return Ok(());
    }
    Err(
        Error::usage(format!("`{input}` is {text:?}, which names no image")).hint(
            "It looks like 123456789012.dkr.ecr.eu-central-1.amazonaws.com/keycloak:1.2.3, with or without @sha256:….",
        ),
    )
}

/// Refuses what cannot be the host of a registry; `input` is where it stands.
pub fn check_host(input: &str, host: &str) -> Result<()> {
    if is_host(host) {
        return Ok(());
    }
    Err(Error::usage(format!("`{input}` is {host:?}, which is not the host of a registry")).hint(
        "Give the host alone, such as ghcr.io or 123456789012.dkr.ecr.eu-central-1.amazonaws.com: no https://, and no path, \
         which belongs into `repository`.",
    ))
}

/// Whether a registry is on this machine: there, and only there, plain HTTP is spoken.
pub fn is_loopback(host: &str) -> bool {
    let (name, _) = split_port(host);
    name == "localhost"
        || name
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The region of an ECR registry: `<account>.dkr.ecr.<region>.amazonaws.com`, also with `dkr.ecr-fips`, with `.cn`, and
/// the dual-stack form `<account>.dkr-ecr.<region>.on.aws`.
pub fn ecr_region(host: &str) -> Option<&str> {
    let (account, rest) = host.split_once('.')?;
    let account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let rest = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."]
        .into_iter()
        .find_map(|mark| rest.strip_prefix(mark))?;
    let (region, domain) = rest.split_once('.')?;
    let known = ["amazonaws.com", "amazonaws.com.cn", "on.aws"].contains(&domain);
    (account && known && !region.is_empty()).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_image_is_refused() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for good in [
            "keycloak",
            "r.example/keycloak:1.2.3",
            "localhost:5000/team/keycloak:1",
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com/keycloak",
        ] {
            assert!(check_image("image", good).is_ok(), "{good}");
            assert!(
                check_image("image", &format!("{good}@{digest}")).is_ok(),
                "{good}"
            );
        }
        for bad in [
            "",
            "not an image",
            "r.example/Keycloak:1",
            "r.example/keycloak:",
            "r.example/keycloak:a b",
            "https://r.example/keycloak",
            "r.example/keycloak@sha256:0a",
            "r.example/",
        ] {
            assert!(check_image("image", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_repository_is_made_of_words_with_separators() {
        for name in ["keycloak", "team/keycloak", "a1.b_c__d---e", "0"] {
            assert!(is_repository(name), "{name}");
        }
        for name in [
            "", "Keycloak", "/a", "a/", "a//b", "a..b", "a_-b", "-a", "a:1", "a___b",
        ] {
            assert!(!is_repository(name), "{name}");
        }
    }

    #[test]
    fn a_host_is_no_address_and_no_path() {
        for host in [
            "ghcr.io",
            "127.0.0.1:5000",
            "localhost",
            "registry:5000",
            "[::1]:5000",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "",
            "https://ghcr.io",
            "ghcr.io/acme",
            "keycloak",
            "a b.c",
            "ghcr.io:http",
            "ghcr.io:99999",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.1:5000",
            "127.9.9.9",
            "[::1]:5000",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "10.0.0.1:5000",
            "localhost.example.org",
            "127.0.0.1.example.org:80",
            "ghcr.io",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn the_region_stands_in_the_host_of_ecr() {
        for (host, region) in [
            (
                "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
                Some("eu-central-1"),
            ),
            (
                "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
                Some("us-east-1"),
            ),
            (
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
                Some("cn-north-1"),
            ),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", Some("eu-west-1")),
            ("public.ecr.aws", None),
            ("12345.dkr.ecr.eu-central-1.amazonaws.com", None),
            ("123456789012.dkr.ecr.eu-central-1.example.org", None),
        ] {
            assert_eq!(ecr_region(host), region, "{host}");
        }
    }
}
