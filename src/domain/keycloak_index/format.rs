//! The index as bytes: made to become small when a zip deflates it.

use sha2::{Digest as _, Sha256};

use super::members::{next, number};
use super::{Entry, Jar, KEYCLOAK, KeycloakIndex, Parent, Spi};

/// First line; a change of the form changes the number.
const FORM: &str = "keycloak index 2\n";
/// Length of the SHA-256 at the end.
const SUM: usize = 32;

impl KeycloakIndex {
    /// Sections, each behind its length; in the end the SHA-256 of it all. One index always gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("{}\n", self.major);
        for (place, jar) in self.jars.iter().enumerate() {
            let classes = self
                .classes
                .iter()
                .filter(|class| usize::from(class.jar) == place);
            head += &format!("{} {} {}\n", jar.sha256, classes.count(), jar.file);
        }
        let spis: String = (self.spis.iter())
            .map(|spi| format!("{} {} {}\n", spi.factory, u8::from(spi.internal), spi.name))
            .collect();
        let entities: String = (self.entities.iter())
            .map(|(name, class)| format!("{class} {name}\n"))
            .collect();
        let outside: String = self
            .outside
            .iter()
            .map(|name| format!("{name}\n"))
            .collect();
        let [
            mut names,
            mut flags,
            mut counts,
            mut parents,
            mut others,
            mut members,
            mut demands,
        ] = [const { Vec::new() }; 7];
        let mut last = "";
        for (place, class) in self.classes.iter().enumerate() {
            front_coded(last, &class.name, &mut names);
            last = &class.name;
            flags.push(class.flags);
            number(class.parents.len() as u64, &mut counts);
            for parent in &class.parents {
                match parent {
                    Parent::Object => number(0, &mut parents),
                    Parent::Outside(at) => {
                        number(1, &mut parents);
                        number(u64::from(*at), &mut others);
                    }
                    Parent::Own(at) => {
                        number(2 + signed(i64::from(*at) - place as i64), &mut parents)
                    }
                }
            }
            number(
                class.members.map_or(0, |count| u64::from(count) + 1),
                &mut members,
            );
            if class.name.starts_with(KEYCLOAK) {
                demands.extend(class.abstracts.join(" ").as_bytes());
                demands.push(b'\n');
            }
        }
        let mut bytes = FORM.as_bytes().to_vec();
        let texts = [&head, &spis, &entities, &outside].map(|text| text.as_bytes());
        let lists = [
            &names,
            &flags,
            &counts,
            &parents,
            &others,
            &members,
            &self.hashes,
            &demands,
        ];
        for section in texts.into_iter().chain(lists.map(Vec::as_slice)) {
            number(section.len() as u64, &mut bytes);
            bytes.extend(section);
        }
        let sum = Sha256::digest(&bytes);
        bytes.extend(sum);
        bytes
    }

    /// Reads what [`KeycloakIndex::to_bytes`] wrote. Nothing, if it is of another form, cut short or changed: an index
    /// without classes would find no fault with any jar.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(SUM)?)?;
        if Sha256::digest(body).as_slice() != sum {
            return None;
        }
        let mut rest = body.strip_prefix(FORM.as_bytes())?;
        let mut section = || {
            let length = usize::try_from(next(&mut rest)?).ok()?;
            let (section, after) = rest.split_at_checked(length)?;
            rest = after;
            Some(section)
        };
        let [head, spis] = [text(section()?)?, text(section()?)?];
        let [entities, outside] = [text(section()?)?, text(section()?)?];
        let [mut names, flags, mut counts] = [section()?, section()?, section()?];
        let [mut parents, mut others, mut members] = [section()?, section()?, section()?];
        let (hashes, demands) = (section()?, text(section()?)?);
        let mut head = head.lines();
        let mut index = Self {
            major: head.next()?.parse().ok()?,
            outside: outside.lines().map(str::to_owned).collect(),
            hashes: hashes.to_vec(),
            spis: spis.lines().map(spi).collect::<Option<_>>()?,
            entities: (entities.lines())
                .map(|line| line.split_once(' '))
                .map(|entity| entity.map(|(class, name)| (name.to_owned(), class.to_owned())))
                .collect::<Option<_>>()?,
            ..Self::default()
        };
        let mut owners = Vec::new();
        for line in head {
            let (sha256, counted) = line.split_once(' ')?;
            let (count, file) = counted.split_once(' ')?;
            let owner = u16::try_from(index.jars.len()).ok()?;
            owners.extend(std::iter::repeat_n(
                owner,
                count.parse().ok().filter(|count| *count <= flags.len())?,
            ));
            index.jars.push(Jar {
                file: file.to_owned(),
                sha256: sha256.to_owned(),
            });
        }
        if owners.len() != flags.len() {
            return None;
        }
        let total = flags.len();
        let mut demands = demands.lines();
        let mut unread = index.hashes.as_slice();
        let mut last = String::new();
        for (place, (jar, flags)) in owners.into_iter().zip(flags).enumerate() {
            last = name_after(&last, &mut names)?;
            let mut entry = Entry {
                name: last.clone(),
                jar,
                flags: *flags,
                hashes: u32::try_from(index.hashes.len() - unread.len()).ok()?,
                ..Entry::default()
            };
            for _ in 0..next(&mut counts)? {
                let parent = match next(&mut parents)? {
                    0 => Parent::Object,
                    1 => Parent::Outside(u32::try_from(next(&mut others)?).ok()?),
                    own => Parent::Own(u32::try_from(place as i64 + unsigned(own - 2)).ok()?),
                };
                let known = match parent {
                    Parent::Object => true,
                    Parent::Outside(at) => (at as usize) < index.outside.len(),
                    Parent::Own(at) => (at as usize) < total,
                };
                entry.parents.push(known.then_some(parent)?);
            }
            if let Some(count) = next(&mut members)?.checked_sub(1) {
                entry.members = Some(u32::try_from(count).ok()?);
                for _ in 0..count {
                    next(&mut unread)?;
                }
            }
            if last.starts_with(KEYCLOAK) {
                entry.abstracts = demands
                    .next()?
                    .split_terminator(' ')
                    .map(str::to_owned)
                    .collect();
            }
            index.classes.push(entry);
        }
        index.sort_names();
        (!index.is_empty()).then_some(index)
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn spi(line: &str) -> Option<Spi> {
    let (factory, rest) = line.split_once(' ')?;
    let (internal, name) = rest.split_once(' ')?;
    Some(Spi {
        factory: factory.to_owned(),
        name: name.to_owned(),
        internal: internal == "1",
    })
}

/// How many bytes of the last name stay, and what follows them, to the end of the line.
fn front_coded(last: &str, name: &str, bytes: &mut Vec<u8>) {
    let mut same = last
        .bytes()
        .zip(name.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    while !name.is_char_boundary(same) {
        same -= 1;
    }
    number(same as u64, bytes);
    bytes.extend(&name.as_bytes()[same..]);
    bytes.push(b'\n');
}

fn name_after(last: &str, bytes: &mut &[u8]) -> Option<String> {
    let same = usize::try_from(next(bytes)?).ok()?;
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (tail, rest) = bytes.split_at_checked(end)?;
    *bytes = &rest[1..];
    Some(format!("{}{}", last.get(..same)?, text(tail)?))
}

/// A number of either sign as one without, small ones staying small.
fn signed(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unsigned(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}
