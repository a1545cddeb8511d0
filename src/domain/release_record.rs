//! What a release was made from, as the message of its git tag keeps it.
//!
//! The last paragraph of the message is a block of git trailers (`git help interpret-trailers`), one fact a line:
//!
//! ```text
//! Image-Record: 1
//! Input-Digest: sha256:<64 hexadecimal digits>
//! Keycloak-Version: 26.7.5
//! Previous-Tag: 1.4.1
//! Provider: org.jgroups.aws:jgroups-aws:4.0.0.Final
//! Part: sha256:<64 hexadecimal digits> Dockerfile
//! ```
//!
//! `Previous-Tag` is missing in the first release; `Provider` is there once for each jar, `Part` once for each entry at
//! the top of the build context. Unknown trailers are allowed.

use super::inputs::{Inputs, one_line};
use super::tag::Version;

/// Version of the format.
const FORMAT: &str = "1";

/// A release and what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub inputs: Inputs,
    /// Tag of the release before it.
    pub previous: Option<String>,
}

impl Record {
    /// The message of the git tag: a title, the reason, the trailers.
    pub fn message(&self, version: &Version, reason: &str) -> String {
        let inputs = &self.inputs;
        let mut text = format!(
            "Keycloak image {version} (Keycloak {keycloak})\n\n{reason}\n\nImage-Record: {FORMAT}\n\
             Input-Digest: {digest}\nKeycloak-Version: {keycloak}\n",
            keycloak = inputs.keycloak,
            reason = one_line(reason),
            digest = inputs.digest,
        );
        if let Some(previous) = &self.previous {
            text += &format!("Previous-Tag: {}\n", one_line(previous));
        }
        for jar in &inputs.providers {
            text += &format!("Provider: {jar}\n");
        }
        for (name, digest) in &inputs.parts {
            text += &format!("Part: {digest} {name}\n");
        }
        text
    }

    /// Reads the message of a git tag; nothing if it has no record, or one that this version does not know.
    pub fn parse(message: &str) -> Option<Self> {
        let message = message.replace("\r\n", "\n");
        let trailers = message.trim_end().rsplit("\n\n").next()?;
        let facts: Vec<(&str, &str)> = trailers
            .lines()
            .filter_map(|line| line.split_once(": "))
            .collect();
        let fact = |name: &str| {
            facts
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.trim())
        };
        let all = |name: &'static str| {
            facts
                .iter()
                .filter(move |(known, _)| *known == name)
                .map(|(_, value)| value.trim())
        };
        if fact("Image-Record") != Some(FORMAT) {
            return None;
        }
        let digest = fact("Input-Digest").filter(|digest| is_digest(digest))?;
        Some(Self {
            inputs: Inputs {
                digest: digest.to_owned(),
                keycloak: fact("Keycloak-Version")?.to_owned(),
                providers: all("Provider")
                    .map(|jar| jar.parse().ok())
                    .collect::<Option<_>>()?,
                parts: all("Part")
                    .map(|part| {
                        let (digest, name) = part.split_once(' ')?;
                        is_digest(digest).then(|| (name.to_owned(), digest.to_owned()))
                    })
                    .collect::<Option<_>>()?,
            },
            previous: fact("Previous-Tag").map(str::to_owned),
        })
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(c: &str) -> String {
        format!("sha256:{}", c.repeat(64))
    }

    fn inputs(keycloak: &str, jars: &[&str], parts: &[(&str, &str)]) -> Inputs {
        Inputs {
            digest: sha("0"),
            keycloak: keycloak.to_owned(),
            providers: jars.iter().map(|jar| jar.parse().unwrap()).collect(),
            parts: parts
                .iter()
                .map(|(name, c)| ((*name).to_owned(), sha(c)))
                .collect(),
        }
    }

    #[test]
    fn a_record_survives_its_message() {
        let record = Record {
            inputs: inputs(
                "26.7.5",
                &["g:a:1", "g:b:2"],
                &[("Dockerfile", "a"), ("my themes/", "b")],
            ),
            previous: Some("26.7.3-4".to_owned()),
        };
        let message = record.message(&Version::new(1, 4, 2), "a reason\n\nImage-Record: 9");
        assert_eq!(Record::parse(&message), Some(record), "{message}");
        assert!(message.starts_with("Keycloak image 1.4.2 (Keycloak 26.7.5)\n\n"));
        let crlf = message.trim_end().replace('\n', "\r\n");
        assert!(Record::parse(&crlf).is_some());
    }

    #[test]
    fn a_message_without_a_sound_record_has_none() {
        let record = Record {
            inputs: inputs("26.7.5", &["g:a:1"], &[("Dockerfile", "a")]),
            previous: None,
        };
        let message = record.message(&Version::new(1, 0, 0), "first release");
        for (part, other) in [
            ("Image-Record: 1", "Image-Record: 2"),
            ("Input-Digest: sha256:0", "Input-Digest: sha256:x"),
            ("Keycloak-Version", "Keycloak"),
            ("Provider: g:a:1", "Provider: g:a"),
            ("Part: sha256:a", "Part: a"),
        ] {
            assert!(message.contains(part));
            assert_eq!(
                Record::parse(&message.replace(part, other)),
                None,
                "{other}"
            );
        }
        for text in ["", "Release 1.0.0", "\n\n"] {
            assert_eq!(Record::parse(text), None);
        }
    }
}
