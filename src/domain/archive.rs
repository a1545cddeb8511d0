//! How a jar is packed. Readers of zip files differ in what they make of one with two tables, two entries of a name, or
//! names that leave the folder; Keycloak's build takes most of these without a word (seen in runs of 26.7.3).
//!
//! Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.12 (entries), 4.3.14 and 4.3.15 (ZIP64), 4.3.16 (end).

use std::collections::BTreeMap;

/// Length of the last record without its comment, and the longest comment.
const END: usize = 22;
const LONGEST_COMMENT: usize = 0xFFFF;
/// Length of ZIP64's end record and of the record that tells where it is.
const END64: usize = 56;
const LOCATOR: usize = 20;
/// Bytes at the end of a file in which the last records are.
pub const TAIL: usize = END + LONGEST_COMMENT + LOCATOR + END64;
/// Length of a table's entry without name, extra field and comment.
const ENTRY: usize = 46;
/// Length of what precedes an entry's content, without name and extra field.
const LOCAL: u64 = 30;
/// A jar that unpacks to more is no provider: Keycloak's own 455 have 0.5 GiB together.
const MOST: u64 = 1 << 30;
/// Unpacked bytes for each packed one; Keycloak's own entries of more than [`SMALL`] have 30 at most.
const HIGHEST_RATIO: u64 = 200;
const SMALL: u64 = 1 << 20;

/// Where the table of contents is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Where it starts in the file, and how long it is.
    pub start: u64,
    pub length: u64,
    pub count: u64,
    /// Bytes before the first entry that belong to no entry.
    before: u64,
    /// Bytes behind the end.
    behind: u64,
}

/// An entry of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: Vec<u8>,
    encrypted: bool,
    packed: u64,
    unpacked: u64,
    offset: u64,
}

/// Finds the table in the last bytes of a file that has `length` bytes.
pub fn end(tail: &[u8], length: u64) -> Option<End> {
    let at = (0..=tail.len().checked_sub(END)?).rev().find(|at| {
        tail[*at..].starts_with(b"PK\x05\x06") && at + END + comment(tail, *at) <= tail.len()
    })?;
    let record = &tail[at..];
    let behind = (tail.len() - at - END - comment(tail, at)) as u64;
    let mut count = u64::from(u16_at(record, 10)?);
    let mut size = u64::from(u32_at(record, 12)?);
    let mut declared = u64::from(u32_at(record, 16)?);
    let mut until = length - (tail.len() - at) as u64;
    let wide = count == 0xFFFF || size == 0xFFFF_FFFF || declared == 0xFFFF_FFFF;
    if wide && let Some(record) = at.checked_sub(LOCATOR + END64).map(|at| &tail[at..]) {
        let is_there =
            record.starts_with(b"PK\x06\x06") && record[END64..].starts_with(b"PK\x06\x07");
        if is_there {
            count = u64_at(record, 32)?;
            size = u64_at(record, 40)?;
            declared = u64_at(record, 48)?;
            until = until.checked_sub((LOCATOR + END64) as u64)?;
        }
    }
    let start = until.checked_sub(size)?;
    Some(End {
        start,
        length: size,
        count,
        before: start.checked_sub(declared)?,
        behind,
    })
}

fn comment(tail: &[u8], at: usize) -> usize {
    u16_at(tail, at + 20).map_or(0, usize::from)
}

/// The entries of a table; nothing, if it is cut short, goes on behind the last one, or is of another form.
pub fn entries(table: &[u8], count: u64) -> Option<Vec<Entry>> {
    let mut found = Vec::new();
    let mut rest = table;
    for _ in 0..count {
        if !rest.starts_with(b"PK\x01\x02") {
            return None;
        }
        let [name, extra, comment] = [28, 30, 32].map(|at| u16_at(rest, at).map(usize::from));
        let end = ENTRY + name?;
        found.push(Entry {
            name: rest.get(ENTRY..end)?.to_vec(),
            // Encryption, strong encryption, an encrypted table (APPNOTE 4.4.4).
            encrypted: u16_at(rest, 8)? & 0x2041 != 0,
            packed: u64::from(u32_at(rest, 20)?),
            unpacked: u64::from(u32_at(rest, 24)?),
            offset: u64::from(u32_at(rest, 42)?),
        });
        rest = rest.get(end + extra? + comment?..)?;
    }
    // What is left would be entries for readers that do not go by the count.
    rest.is_empty().then_some(found)
}

/// Everything about a jar's form that must not be; each continues a sentence that starts with the file.
pub fn faults(end: &End, entries: &[Entry]) -> Vec<String> {
    let mut found = Vec::new();
    if end.before > 0 {
        found.push(format!("has {} bytes before its content", end.before));
    }
    if end.behind > 0 {
        found.push(format!("has {} bytes behind its end", end.behind));
    }
    let mut name = |what: &str, is: fn(&[u8]) -> bool| {
        if let Some(entry) = entries.iter().find(|entry| is(&entry.name)) {
            found.push(format!("has an entry {what}: {}", shown(&entry.name)));
        }
    };
    name("that leaves its folder", |name| {
        name.split(|byte| *byte == b'/' || *byte == b'\\')
            .any(|part| part == b"..")
    });
    name("with an absolute name", |name| {
        name.starts_with(b"/") || name.get(1) == Some(&b':')
    });
    name("with a backslash in its name", |name| name.contains(&b'\\'));
    name("with a NUL in its name", |name| name.contains(&0));
    let mut counts: BTreeMap<&[u8], usize> = BTreeMap::new();
    for entry in entries {
        *counts.entry(&entry.name).or_default() += 1;
    }
    if let Some((name, _)) = counts.iter().find(|(_, count)| **count > 1) {
        let twice = counts.values().filter(|count| **count > 1).count();
        found.push(match twice {
            1 => format!("has one entry twice: {}", shown(name)),
            more => format!("has {more} entries twice, such as {}", shown(name)),
        });
    }
    if let Some(entry) = entries.iter().find(|entry| entry.encrypted) {
        found.push(format!("has an encrypted entry: {}", shown(&entry.name)));
    }
    if let Some(name) = overlapping(entries) {
        found.push(format!(
            "has entries that share bytes, such as {}",
            shown(name)
        ));
    }
    let unpacked: u64 = entries.iter().map(|entry| entry.unpacked).sum();
    let bomb = entries.iter().find(|entry| {
        entry.unpacked > SMALL && entry.unpacked / entry.packed.max(1) > HIGHEST_RATIO
    });
    if unpacked > MOST {
        found.push(format!("unpacks to {} MiB", unpacked >> 20));
    } else if let Some(entry) = bomb {
        found.push(format!(
            "has an entry that unpacks to {} times its size: {}",
            entry.unpacked / entry.packed.max(1),
            shown(&entry.name)
        ));
    }
    found
}

fn overlapping(entries: &[Entry]) -> Option<&[u8]> {
    let mut places: Vec<(u64, u64, &[u8])> = entries
        .iter()
        .map(|entry| {
            let end = entry.offset + LOCAL + entry.name.len() as u64 + entry.packed;
            (entry.offset, end, entry.name.as_slice())
        })
        .collect();
    places.sort_unstable();
    let pair = places.windows(2).find(|pair| pair[1].0 < pair[0].1)?;
    Some(pair[1].2)
}

/// A name that can be shown: what is no text is escaped.
fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    text.chars()
        .take(200)
        .flat_map(char::escape_debug)
        .collect()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A zip with stored entries: name, content, flags.
    fn zip(files: &[(&[u8], &[u8], u16)]) -> Vec<u8> {
        let (mut bytes, mut table) = (Vec::new(), Vec::new());
        for (name, content, flags) in files {
            let offset = bytes.len() as u32;
            let size = (content.len() as u32).to_le_bytes();
            let length = (name.len() as u16).to_le_bytes();
            let common = [
                &[20, 0][..],
                &flags.to_le_bytes(),
                &[0; 10],
                &size,
                &size,
                &length,
            ]
            .concat();
            bytes.extend([b"PK\x03\x04", &common[..], &[0; 2], name, content].concat());
            table.extend([b"PK\x01\x02\x14\0", &common[..], &[0; 12]].concat());
            table.extend([&offset.to_le_bytes()[..], name].concat());
        }
        let start = (bytes.len() as u32).to_le_bytes();
        let count = (files.len() as u16).to_le_bytes();
        let size = (table.len() as u32).to_le_bytes();
        bytes.extend(table);
        bytes.extend(
            [
                b"PK\x05\x06\0\0\0\0",
                &count[..],
                &count,
                &size,
                &start,
                &[0; 2],
            ]
            .concat(),
        );
        bytes
    }

    fn judged(bytes: &[u8]) -> Option<Vec<String>> {
        let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
        let end = end(tail, bytes.len() as u64)?;
        let table = bytes.get(end.start as usize..(end.start + end.length) as usize)?;
        Some(faults(&end, &entries(table, end.count)?))
    }

    #[test]
    fn a_sound_jar_has_no_fault() {
        assert_eq!(judged(&zip(&[])), Some(Vec::new()));
        let sound = zip(&[(b"META-INF/", b"", 0), (b"a/B.class", b"1234", 0x800)]);
        assert_eq!(judged(&sound), Some(Vec::new()));
        assert_eq!(judged(b"<html>"), None);
    }

    #[test]
    fn every_form_that_readers_disagree_on_is_named() {
        let one = |name: &[u8]| judged(&zip(&[(name, b"x", 0)])).unwrap().concat();
        for (name, told) in [
            (&b"../a"[..], "leaves its folder: ../a"),
            (b"a/../../b", "leaves its folder"),
            (b"a\\..\\b", "leaves its folder"),
            (b"/etc/passwd", "an absolute name"),
            (b"C:/x", "an absolute name"),
            (b"a\\b", "a backslash"),
            (b"a\0b", "a NUL in its name: a\\0b"),
        ] {
            assert!(one(name).contains(told), "{told}: {}", one(name));
        }
        assert_eq!(one(b"a..b/c"), "");
        let twice = zip(&[(b"a", b"1", 0), (b"a", b"2", 0), (b"b", b"", 0)]);
        assert_eq!(judged(&twice).unwrap(), ["has one entry twice: a"]);
        let secret = zip(&[(b"a", b"1", 1)]);
        assert_eq!(judged(&secret).unwrap(), ["has an encrypted entry: a"]);
        let sound = zip(&[(b"a", b"1", 0)]);
        let after = [&b"#!/bin/sh\n"[..], &sound].concat();
        assert_eq!(judged(&after).unwrap(), ["has 10 bytes before its content"]);
        let before = [&sound[..], b"more"].concat();
        assert_eq!(judged(&before).unwrap(), ["has 4 bytes behind its end"]);
    }

    #[test]
    fn bombs_and_overlaps_are_named() {
        let entry = |name: &str, packed, unpacked, offset| Entry {
            name: name.as_bytes().to_vec(),
            encrypted: false,
            packed,
            unpacked,
            offset,
        };
        let end = End {
            start: 0,
            length: 0,
            count: 0,
            before: 0,
            behind: 0,
        };
        let dense = [entry("a", 10_000, 10_000_000, 0)];
        assert!(faults(&end, &dense)[0].contains("1000 times its size: a"));
        let fair = [
            entry("a", 100, 30_000, 0),
            entry("b", 1_000_000, 30_000_000, 131),
        ];
        assert_eq!(faults(&end, &fair), [""; 0]);
        let large: Vec<Entry> = (0..3)
            .map(|n| entry(&n.to_string(), 400 << 20, 400 << 20, n << 30))
            .collect();
        assert_eq!(faults(&end, &large), ["unpacks to 1200 MiB"]);
        let shared = [entry("a", 100, 100, 0), entry("b", 100, 100, 50)];
        assert_eq!(
            faults(&end, &shared),
            ["has entries that share bytes, such as b"]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0_usize..200) {
            judged(&bytes);
            let mut changed = zip(&[(b"a/B.class", b"1234", 0), (b"c", b"", 0)]);
            for (place, byte) in bytes.iter().take(4).enumerate() {
                let index = (at * (place + 1)) % changed.len();
                changed[index] = *byte;
            }
            judged(&changed);
        }
    }
}
