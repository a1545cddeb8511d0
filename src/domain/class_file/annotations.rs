//! What annotations say: as much as JPA's entities need.

use super::bytes::Bytes;
use super::pool::Pool;
use super::{ClassFile, Malformed};

/// Marks a class that JPA stores. Source: Jakarta Persistence 3.2, "Entity".
const ENTITY: &str = "Ljakarta/persistence/Entity;";
/// Annotations in annotations: compilers nest a few.
const DEEPEST: u8 = 8;

/// Whether a class file has the text that names an entity, without reading more than its constants.
pub fn may_be_entity(bytes: &[u8]) -> bool {
    let mut at = Bytes(bytes);
    let mut found = || -> Result<bool, Malformed> {
        at.skip(8)?;
        let count = at.u16()?;
        let mut place = 1;
        while place < count {
            place += 1;
            match at.u8()? {
                1 => {
                    let length = at.u16()?;
                    if at.take(length.into())? == ENTITY.as_bytes() {
                        return Ok(true);
                    }
                }
                7 | 8 | 16 | 19 | 20 => at.skip(2)?,
                15 => at.skip(3)?,
                5 | 6 => {
                    place += 1;
                    at.skip(8)?;
                }
                _ => at.skip(4)?,
            }
        }
        Ok(false)
    };
    found().unwrap_or(false)
}

impl ClassFile<'_> {
    /// The name of the entity that it is: what its annotation says, else its own without the package.
    pub fn entity(&self) -> Option<&str> {
        let mut at = Bytes(self.annotations?);
        let given = entity(&self.pool, &mut at).ok()??;
        if given.is_empty() {
            self.name().rsplit(['/', '$']).next()
        } else {
            Some(given)
        }
    }
}

/// The `name` of the annotation `Entity`, empty if it has none; nothing, if there is no such annotation.
fn entity<'p>(pool: &'p Pool<'_>, at: &mut Bytes<'_>) -> Result<Option<&'p str>, Malformed> {
    for _ in 0..at.u16()? {
        let is_entity = pool.text(at.u16()?)? == ENTITY;
        let mut name = "";
        for _ in 0..at.u16()? {
            let element = pool.text(at.u16()?)?;
            if element == "name" && at.0.first() == Some(&b's') {
                at.skip(1)?;
                name = pool.text(at.u16()?)?;
            } else {
                value(at, DEEPEST)?;
            }
        }
        if is_entity {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Goes over a value (JVMS 4.7.16.1).
fn value(at: &mut Bytes<'_>, depth: u8) -> Result<(), Malformed> {
    let deeper = depth
        .checked_sub(1)
        .ok_or(Malformed("has annotations without end"))?;
    match at.u8()? {
        b'e' => at.skip(4),
        b'[' => {
            for _ in 0..at.u16()? {
                value(at, deeper)?;
            }
            Ok(())
        }
        b'@' => {
            at.skip(2)?;
            for _ in 0..at.u16()? {
                at.skip(2)?;
                value(at, deeper)?;
            }
            Ok(())
        }
        _ => at.skip(2),
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::Class;
    use super::*;

    #[test]
    fn an_entity_has_the_name_that_it_says_or_its_own() {
        let name = |class: Class| {
            let bytes = class.bytes();
            assert!(may_be_entity(&bytes));
            ClassFile::parse(&bytes)
                .unwrap()
                .entity()
                .map(str::to_owned)
        };
        assert_eq!(name(Class::new("a/B$C").entity(None)), Some("C".to_owned()));
        assert_eq!(
            name(Class::new("a/B").entity(Some("X"))),
            Some("X".to_owned())
        );
        let plain = Class::new("a/B").bytes();
        assert!(!may_be_entity(&plain) && !may_be_entity(&plain[..30]));
        assert_eq!(ClassFile::parse(&plain).unwrap().entity(), None);
    }
}
