//! What a jar says of itself: whose it is, what it was built for, and whether it is what was signed.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use zip::ZipArchive;

use super::index::read;
use crate::domain::coordinates::Coordinates;
use crate::domain::manifest::{self, MANIFEST, Signatures, digests, sections, signs};
use crate::domain::pom::Pom;

/// Bytes of a manifest, a signature file or a POM; the largest of Keycloak's has 1.2 million.
const LARGEST: u64 = 4 * 1024 * 1024;
/// Bytes of all entries of a signed jar together.
const LARGEST_SIGNED: u64 = 512 * 1024 * 1024;
/// Artifacts of a jar that are looked at; one that holds all that its makers need has some dozens.
const MOST_MODULES: usize = 200;
const OF_MAVEN: &str = "META-INF/maven/";
const PROPERTIES: &str = "pom.properties";

/// What a jar says of itself.
#[derive(Debug, Default)]
pub(super) struct About {
    /// Whether classes for newer Java versions count.
    pub(super) multi_release: bool,
    /// The artifacts that it says it holds: a plain jar itself alone, others also what they have inside.
    pub(super) modules: Vec<Coordinates>,
    /// The version of Keycloak's modules that its POM names.
    pub(super) built_with: Option<String>,
    /// What is wrong with its signature.
    pub(super) signature: Vec<Unsound>,
}

/// Something about a signature that is not as it must be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsound {
    /// Continues a sentence that starts with the file.
    pub(super) what: String,
    /// Whether the content is nevertheless what was signed.
    pub(super) note: bool,
}

impl About {
    /// The artifact that the jar is, of those that it holds.
    pub(super) fn own(&self, file: &str) -> Option<&Coordinates> {
        match &self.modules[..] {
            [only] => Some(only),
            all => all.iter().find(|one| one.file("jar") == file),
        }
    }
}

type Archive = ZipArchive<BufReader<File>>;

/// Reads it from a jar whose entries have these names. What cannot be read says nothing.
pub(super) fn about(path: &Path, names: &[String]) -> About {
    let archive = File::open(path).ok();
    let archive = archive.and_then(|file| ZipArchive::new(BufReader::new(file)).ok());
    let Some(mut archive) = archive else {
        return About::default();
    };
    let manifest = content(&mut archive, MANIFEST).unwrap_or_default();
    let mut found = About {
        multi_release: manifest::is_multi_release(&manifest),
        signature: signature(&mut archive, names, &manifest),
        ..About::default()
    };
    let of_maven = names.iter().filter_map(|name| {
        let (module, file) = name.strip_prefix(OF_MAVEN)?.rsplit_once('/')?;
        (file == PROPERTIES).then_some((name, module.split_once('/')?))
    });
    let of_maven: Vec<_> = of_maven.take(MOST_MODULES).collect();
    for (name, (group, artifact)) in &of_maven {
        let text = content(&mut archive, name).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let version = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("version="));
        let module = version.map(|version| format!("{group}:{artifact}:{}", version.trim()));
        found
            .modules
            .extend(module.and_then(|module| module.parse().ok()));
    }
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let own = found.own(&file).cloned();
    found.built_with = own.and_then(|own| {
        let name = format!("{OF_MAVEN}{}/{}/pom.xml", own.group, own.artifact);
        let text = String::from_utf8(content(&mut archive, &name)?).ok()?;
        Pom::parse(&text).ok()?.version_of(&own, "org.keycloak")
    });
    found
}

fn content(archive: &mut Archive, name: &str) -> Option<Vec<u8>> {
    let at = archive.index_for_name(name)?;
    read(archive, at, LARGEST).ok()
}

fn signature(archive: &mut Archive, names: &[String], manifest: &[u8]) -> Vec<Unsound> {
    let signatures = Signatures::of(names.iter().map(String::as_str));
    let sections = sections(manifest);
    let digests = digests(&sections);
    if signatures.files.is_empty() && digests.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut error = |what| found.push(Unsound { what, note: false });
    for name in &signatures.files {
        let file = content(archive, name).unwrap_or_default();
        if !signs(&file, manifest, &sections) {
            error(format!(
                "has a manifest that is not the one that {name} signs"
            ));
        }
    }
    let mut left = LARGEST_SIGNED;
    let changed = digests.iter().find(|(name, algorithm, wanted)| {
        let Some(entry) = archive
            .index_for_name(name)
            .and_then(|at| archive.by_index(at).ok())
        else {
            // Taken out, as licences often are: nothing runs that was not signed.
            return false;
        };
        left = left.saturating_sub(entry.size());
        left > 0
            && !algorithm
                .digest(entry.take(LARGEST_SIGNED))
                .is_ok_and(|found| found == *wanted)
    });
    if let Some((name, ..)) = changed {
        error(format!(
            "was changed after it was signed: {name} has another digest than its manifest says"
        ));
    } else if left == 0 {
        error("is signed, and too large to compare with its signature".to_owned());
    }
    let whole = signatures.halves.is_empty() && !signatures.files.is_empty();
    let covered: BTreeSet<&str> = digests.iter().map(|(name, ..)| *name).collect();
    let bare: Vec<&String> = (names.iter())
        .filter(|name| name.ends_with(".class") && !covered.contains(name.as_str()))
        .collect();
    if let Some(first) = bare.first().filter(|_| whole) {
        error(format!(
            "has {} classes that its signature does not cover, such as {first}",
            bare.len()
        ));
    }
    if !whole && found.is_empty() {
        found.push(Unsound {
            what: "was signed, and has only parts of the signature left; what it has is what was signed".to_owned(),
            note: true,
        });
    }
    found
}
