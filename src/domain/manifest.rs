//! The manifest of a jar and the files that sign it.
//!
//! Source: "JAR File Specification", Java SE 25 Edition: "Notes on Manifest and Signature Files", "Signed JAR File" and
//! "Multi-release JAR files". Whose key signed is not looked at: only whether the jar is what was signed.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Where the manifest is.
pub const MANIFEST: &str = "META-INF/MANIFEST.MF";
const DIGEST: &str = "-Digest";

/// Lines up to an empty one. The first section of a manifest is about the jar, the others each about an entry.
#[derive(Debug)]
pub struct Section<'a> {
    /// Its bytes and the empty line behind it: what a signature file has the digest of.
    raw: &'a [u8],
    attributes: Vec<(String, String)>,
}

impl Section<'_> {
    /// The value of an attribute, whose name is in whatever case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.attributes.iter();
        let found = found.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The strongest digest that an attribute such as `SHA-256-Digest` has, with its algorithm.
    fn digest(&self, suffix: &str) -> Option<(Algorithm, &str)> {
        let known = self.attributes.iter().filter_map(|(name, value)| {
            let at = name.len().checked_sub(suffix.len())?;
            let (algorithm, rest) = name.split_at_checked(at)?;
            let algorithm = rest
                .eq_ignore_ascii_case(suffix)
                .then(|| Algorithm::of(algorithm))??;
            Some((algorithm, value.as_str()))
        });
        known.max_by_key(|(algorithm, _)| *algorithm)
    }
}

/// The sections of a manifest or a signature file.
pub fn sections(text: &[u8]) -> Vec<Section<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let start = rest;
        let mut lines: Vec<Vec<u8>> = Vec::new();
        while !rest.is_empty() {
            let (line, after) = line(rest);
            rest = after;
            match (line, lines.last_mut()) {
                ([], _) => break,
                ([b' ', more @ ..], Some(last)) => last.extend(more),
                _ => lines.push(line.to_vec()),
            }
        }
        if !lines.is_empty() {
            found.push(Section {
                raw: &start[..start.len() - rest.len()],
                attributes: lines.iter().filter_map(|line| attribute(line)).collect(),
            });
        }
    }
    found
}

/// A line without its end, and what follows it.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let Some(end) = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
        return (text, &[]);
    };
    let width = if text[end..].starts_with(b"\r\n") {
        2
    } else {
        1
    };
    (&text[..end], &text[end + width..])
}

fn attribute(line: &[u8]) -> Option<(String, String)> {
    let line = String::from_utf8_lossy(line);
    let (name, value) = line.split_once(": ")?;
    Some((name.to_owned(), value.to_owned()))
}

/// Whether the JDK looks at classes under `META-INF/versions`.
pub fn is_multi_release(manifest: &[u8]) -> bool {
    let sections = sections(manifest);
    let value = sections.first().and_then(|main| main.get("Multi-Release"));
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// How a digest is made; the later ones are stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    fn of(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "SHA" | "SHA1" | "SHA-1" => Some(Self::Sha1),
            "SHA-256" => Some(Self::Sha256),
            "SHA-384" => Some(Self::Sha384),
            "SHA-512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The digest of what a reader gives, as it stands in manifests.
    pub fn digest(self, reader: impl Read) -> std::io::Result<String> {
        fn made<D: Digest + Write>(mut reader: impl Read) -> std::io::Result<String> {
            let mut digest = D::new();
            std::io::copy(&mut reader, &mut digest)?;
            Ok(STANDARD.encode(digest.finalize()))
        }
        match self {
            Self::Sha1 => made::<Sha1>(reader),
            Self::Sha256 => made::<Sha256>(reader),
            Self::Sha384 => made::<Sha384>(reader),
            Self::Sha512 => made::<Sha512>(reader),
        }
    }
}

/// The digests that a manifest has of entries: name, algorithm, digest.
pub fn digests<'a>(sections: &'a [Section<'_>]) -> Vec<(&'a str, Algorithm, &'a str)> {
    let of_entries = sections.iter().skip(1);
    let digest = |section: &'a Section<'_>| {
        let (algorithm, digest) = section.digest(DIGEST)?;
        Some((section.get("Name")?, algorithm, digest))
    };
    of_entries.filter_map(digest).collect()
}

/// Whether a signature file is about this manifest: the whole of it, or each of its sections that it names.
pub fn signs(signature: &[u8], manifest: &[u8], sections: &[Section<'_>]) -> bool {
    let is = |(algorithm, wanted): (Algorithm, &str), bytes: &[u8]| {
        algorithm.digest(bytes).is_ok_and(|found| found == wanted)
    };
    let signed = self::sections(signature);
    let Some(main) = signed.first() else {
        return false;
    };
    if main
        .digest("-Digest-Manifest")
        .is_some_and(|digest| is(digest, manifest))
    {
        return true;
    }
    let attributes = main.digest("-Digest-Manifest-Main-Attributes");
    let of_the_jar = sections.first().map_or(&[][..], |section| section.raw);
    if attributes.is_some_and(|digest| !is(digest, of_the_jar)) {
        return false;
    }
    let named = signed.iter().skip(1);
    let mut named =
        named.filter_map(|section| Some((section.get("Name")?, section.digest(DIGEST)?)));
    named.all(|(name, digest)| {
        let meant = sections
            .iter()
            .skip(1)
            .find(|section| section.get("Name") == Some(name));
        meant.is_some_and(|section| is(digest, section.raw))
    })
}

/// What belongs to a signature, of the names of a jar's entries: signature files, and whether each has its block.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Signatures<'a> {
    pub files: Vec<&'a str>,
    /// Names without extension that have a file and no block with the key, or the other way round.
    pub halves: Vec<String>,
}

impl<'a> Signatures<'a> {
    pub fn of(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut found = Self::default();
        let (mut files, mut blocks) = (BTreeSet::new(), BTreeSet::new());
        for name in names {
            let upper = name.to_ascii_uppercase();
            let Some((stem, extension)) = upper
                .strip_prefix("META-INF/")
                .filter(|name| !name.contains('/'))
                .and_then(|name| name.rsplit_once('.'))
            else {
                continue;
            };
            match extension {
                "SF" => {
                    found.files.push(name);
                    files.insert(stem.to_owned());
                }
                "RSA" | "DSA" | "EC" => {
                    blocks.insert(stem.to_owned());
                }
                _ => {}
            }
        }
        found.halves = files.symmetric_difference(&blocks).cloned().collect();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"Manifest-Version: 1.0\r\nMulti-Release: true\r\nClass-Path: a.jar b\r\n .jar\r\n\r\nName: a/B.class\r\nSHA1-Digest: x\r\nSHA-256-Digest: y\r\n\r\n\r\nName: c\n\n";

    #[test]
    fn a_manifest_has_sections_and_long_values() {
        let sections = sections(TEXT);
        assert_eq!(sections.len(), 3);
        assert_eq!(sections[0].get("class-path"), Some("a.jar b.jar"));
        assert!(sections[1].raw.ends_with(b"y\r\n\r\n"));
        assert_eq!(digests(&sections), [("a/B.class", Algorithm::Sha256, "y")]);
        assert!(is_multi_release(TEXT));
        for other in [
            &b""[..],
            b"\n\n",
            b"Multi-Release: false\n",
            b"Multi-Release: true \n",
            b"A: b\n\nMulti-Release: true\n",
            b" true",
            b"Multi-Release",
        ] {
            assert!(!is_multi_release(other), "{other:?}");
        }
    }

    #[test]
    fn a_signature_file_is_about_one_manifest() {
        let all = sections(TEXT);
        let digest = |bytes: &[u8]| Algorithm::Sha256.digest(bytes).unwrap();
        let whole = format!(
            "Signature-Version: 1.0\nSHA-256-Digest-Manifest: {}\n",
            digest(TEXT)
        );
        assert!(signs(whole.as_bytes(), TEXT, &all));
        let section = |hash: &str| {
            format!("Signature-Version: 1.0\n\nName: a/B.class\nSHA-256-Digest: {hash}\n\n")
        };
        assert!(signs(section(&digest(all[1].raw)).as_bytes(), TEXT, &all));
        assert!(!signs(section(&digest(b"other")).as_bytes(), TEXT, &all));
        assert!(!signs(b"", TEXT, &all));
    }

    #[test]
    fn a_signature_has_two_halves() {
        let names = [
            "META-INF/A.SF",
            "META-INF/a.rsa",
            "META-INF/B.SF",
            "META-INF/x/C.SF",
            "D.SF",
        ];
        let found = Signatures::of(names);
        assert_eq!(found.files, ["META-INF/A.SF", "META-INF/B.SF"]);
        assert_eq!(found.halves, ["B"]);
    }
}
