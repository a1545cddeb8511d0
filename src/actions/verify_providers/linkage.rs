//! Class files and services files of the jars, and the protocols of the cache configuration: what linking is decided from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::args::Args;
use super::index::read;
use super::plan::{self, Entry, Finding, Present};
use crate::domain::keycloak_index::KeycloakIndex;
use crate::domain::linkage::{self, Check, Fault, Protocols, ProviderJar, Severity};
use crate::domain::shadow::{VERSIONS, class_of};
use crate::error::{Error, Result};

/// Bytes of all class files together that are looked at; 50 jars of 17 MB have 40 million.
const MOST: u64 = 64 * 1024 * 1024;
/// Bytes of one class file, or of one services file.
const LARGEST: u64 = 16 * 1024 * 1024;
/// Class files of Java N have the major version N + 44 (JVMS 4.1).
const JAVA_BEFORE_1: u32 = 44;
/// Name of the check whether code links.
pub(super) const NAME: &str = "linkage";
const SERVICES: &str = "META-INF/services/";

/// Why the classes of a jar take no part.
enum Unread {
    Damaged(String),
    /// The jars before it have as many bytes of classes as are looked at.
    Full,
}

/// The classes of jars, as long as there is room for them.
struct Reader {
    left: u64,
    /// The Java that Keycloak runs on: classes for newer ones are not seen there.
    java: u32,
}

impl Reader {
    /// Unpacks what a jar can link with.
    fn jar(&mut self, path: &Path, multi_release: bool) -> Result<ProviderJar, Unread> {
        let damaged = |error: &dyn std::fmt::Display| Unread::Damaged(error.to_string());
        let file = File::open(path).map_err(|error| damaged(&error))?;
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(&error))?;
        let mut jar = ProviderJar {
            file: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            ..ProviderJar::default()
        };
        // Of each class, the one for the newest Java that is not too new.
        let mut classes: BTreeMap<String, (u32, usize)> = BTreeMap::new();
        let mut services = Vec::new();
        let java = if multi_release { self.java } else { 0 };
        for at in 0..archive.len() {
            let Some(name) = archive.name_for_index(at) else {
                continue;
            };
            if let Some(interface) = name
                .strip_prefix(SERVICES)
                .filter(|name| !name.is_empty() && !name.contains('/'))
            {
                services.push((interface.to_owned(), at));
            } else if let Some((class, java)) = class_of(name).zip(java_of(name, java)) {
                let known = classes.entry(class.to_owned()).or_insert((java, at));
                if java > known.0 {
                    *known = (java, at);
                }
            }
        }
        for (class, (_, at)) in classes {
            let bytes = self.take(&mut archive, at)?;
            jar.classes.push((class, bytes));
        }
        for (interface, at) in services {
            let bytes = self.take(&mut archive, at)?;
            jar.services.insert(interface, bytes);
        }
        Ok(jar)
    }

    fn take(
        &mut self,
        archive: &mut ZipArchive<BufReader<File>>,
        at: usize,
    ) -> Result<Vec<u8>, Unread> {
        let mut bytes = read(archive, at, LARGEST).map_err(Unread::Damaged)?;
        bytes.shrink_to_fit();
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or(Unread::Full)?;
        Ok(bytes)
    }
}

/// What is wrong with how the jars link. A jar that is none is a finding of another check.
pub(super) fn findings(
    args: &Args,
    present: &[Present],
    index: &KeycloakIndex,
    keycloak: &str,
) -> Result<Vec<Finding>> {
    let java = args.java(keycloak);
    let mut reader = Reader { left: MOST, java };
    let mut jars = Vec::new();
    let mut found = Vec::new();
    for file in present.iter().filter(|file| file.jar.is_ok()) {
        let path = args.providers_dir.join(&file.file);
        match reader.jar(&path, file.about.multi_release) {
            Ok(jar) => jars.push(jar),
            Err(fault) => {
                found.push(unread(&file.file, fault));
                let names = file.jar.iter().flat_map(|jar| &jar.classes);
                jars.push(ProviderJar {
                    file: file.file.clone(),
                    unread: names.cloned().collect(),
                    ..ProviderJar::default()
                });
            }
        }
    }
    found.extend(jars.iter().filter_map(|jar| too_new(jar, java)));
    let faults = linkage::faults(&jars, index, keycloak, &configured(args)?);
    found.extend(faults.into_iter().map(finding));
    Ok(found)
}

fn unread(file: &str, fault: Unread) -> Finding {
    let (what, remedy, note) = match fault {
        Unread::Damaged(fault) => (
            format!("could not be read as classes: {fault}"),
            "Remove the file from the folder.",
            false,
        ),
        Unread::Full => (
            format!(
                "was not looked at: with the jars before it, it has more than {} MiB of class files, the most that is",
                MOST >> 20
            ),
            "Try what it is for; of the other jars, all that was looked at is told.",
            true,
        ),
    };
    Finding {
        note,
        ..plan::finding(NAME, file, what, remedy, Entry::locked(file))
    }
}

/// Classes that the Java of Keycloak's image does not load.
fn too_new(jar: &ProviderJar, of_keycloak: u32) -> Option<Finding> {
    let java = |bytes: &[u8]| {
        let major = u16::from_be_bytes(bytes.get(6..8)?.try_into().ok()?);
        Some(u32::from(major).saturating_sub(JAVA_BEFORE_1))
    };
    let newer: Vec<(&str, u32)> = (jar.classes.iter())
        .filter_map(|(name, bytes)| Some((name.as_str(), java(bytes)?)))
        .filter(|(_, java)| *java > of_keycloak)
        .collect();
    let (name, newest) = newer.iter().max_by_key(|(_, java)| *java)?;
    Some(Finding {
        check: "java-version",
        entry: Entry::locked(&jar.file),
        file: jar.file.clone(),
        what: format!(
            "has classes for Java {newest} ({} of them), and Keycloak's image runs Java {of_keycloak}; one is {}",
            newer.len(),
            name.replace('/', ".")
        ),
        remedy: format!("Take a version that was built for Java {of_keycloak} or older."),
        note: false,
    })
}

fn finding(fault: Fault) -> Finding {
    Finding {
        check: name(fault.check),
        entry: Entry::Lock(format!("file: {}", fault.file)),
        file: fault.file,
        what: fault.what,
        remedy: fault.remedy,
        note: fault.severity != Severity::Error,
    }
}

fn name(check: Check) -> &'static str {
    match check {
        Check::Services => "services",
        Check::Linkage => NAME,
        Check::JavaEe => "java-ee",
        Check::Internal => "internal-spi",
        Check::Entity => "entity",
    }
}

/// The protocols of the cache configurations: the one that was given, or all that lie beside the manifest.
fn configured(args: &Args) -> Result<Vec<Protocols>> {
    let files = match &args.cache_config_file {
        Some(file) => vec![file.clone()],
        None => beside(&args.manifest),
    };
    let read = |path: &PathBuf| {
        let file = path.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).map_err(|error| Error::unread(&file, error))?;
        Ok(protocols(&file, &text))
    };
    files.iter().map(read).collect()
}

fn beside(manifest: &Path) -> Vec<PathBuf> {
    let folder = manifest
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
    let mut files: Vec<PathBuf> = (entries.into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("cache-ispn") && name.ends_with(".xml")
        })
        .collect();
    files.sort();
    files
}

/// The Java version that an entry is for, 0 for all; nothing, if that is newer than Keycloak's.
fn java_of(entry: &str, of_keycloak: u32) -> Option<u32> {
    let Some(versioned) = entry.strip_prefix(VERSIONS) else {
        return Some(0);
    };
    let (version, _) = versioned.split_once('/')?;
    version
        .parse()
        .ok()
        .filter(|version| *version <= of_keycloak)
}

/// The protocols that the stacks of an Infinispan configuration name, those with a dot: the others are JGroups' own.
fn protocols(file: &str, text: &str) -> Protocols {
    let mut names = BTreeSet::new();
    let mut stacks = 0_usize;
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once('<') {
        if let Some(comment) = tail.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, tail)| tail);
            continue;
        }
        let end = tail.find(['>', '/', ' ', '\t', '\r', '\n']);
        let (name, after) = match end {
            // `</name>`
            Some(0) if tail.starts_with('/') => {
                let name = tail[1..].split('>').next().unwrap_or("").trim();
                if name == "stack" {
                    stacks = stacks.saturating_sub(1);
                }
                ("", &tail[1..])
            }
            Some(end) => tail.split_at(end),
            None => (tail, ""),
        };
        let element = after.split('>').next().unwrap_or("");
        if name == "stack" && !element.ends_with('/') {
            stacks += 1;
        } else if stacks > 0 && name.contains('.') {
            names.insert(name.to_owned());
        }
        rest = after;
    }
    Protocols {
        file: file.to_owned(),
        names,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_elements_of_a_stack() {
        let text = "<?xml version='1.0'?><infinispan><x.Y/><!-- <stack><a.B/> -->\n<jgroups><stack name=\"s3\" extends='tcp'>\
            \n <!-- <c.D/> --> <aws.S3_PING xmlns=\"urn:org:jgroups\"\n region=\"a>b\"/><TCP/><e.F></e.F></stack><stack/><g.H/></jgroups>";
        let names: Vec<String> = protocols("cache.xml", text).names.into_iter().collect();
        assert_eq!(names, ["aws.S3_PING", "e.F"]);
        for broken in ["<", "<stack", "</", "<!--", "<stack><a.B", "</stack>"] {
            protocols("cache.xml", broken);
        }
    }

    #[test]
    fn classes_for_a_newer_java_are_not_seen() {
        assert_eq!(java_of("a/B.class", 21), Some(0));
        assert_eq!(java_of("META-INF/versions/17/a/B.class", 21), Some(17));
        assert_eq!(java_of("META-INF/versions/25/a/B.class", 21), None);
        assert_eq!(java_of("META-INF/versions/x/a/B.class", 21), None);
    }
}
