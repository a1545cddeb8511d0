//! The constant pool.

use std::collections::BTreeMap;

use super::Malformed;
use super::bytes::Bytes;

const UTF8: u8 = 1;
const LONG: u8 = 5;
const DOUBLE: u8 = 6;
const CLASS: u8 = 7;
const STRING: u8 = 8;
const FIELD: u8 = 9;
const METHOD: u8 = 10;
const INTERFACE_METHOD: u8 = 11;
const NAME_AND_TYPE: u8 = 12;
const METHOD_HANDLE: u8 = 15;
const DYNAMIC: u8 = 17;
const INVOKE_DYNAMIC: u8 = 18;

/// The constants of a class file, decoded when they are asked for.
#[derive(Debug)]
pub struct Pool<'a> {
    file: &'a [u8],
    /// Where each constant's tag is; 0 where none is (the first, and the second half of a `long` or `double`).
    starts: Vec<u32>,
    /// Texts that are not the same in UTF-8 as in the class file's Modified UTF-8.
    decoded: BTreeMap<u16, String>,
}

/// A constant that code can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Constant<'p> {
    Class(&'p str),
    Text(&'p str),
    Field(MemberName<'p>),
    Method(MemberName<'p>),
    InterfaceMethod(MemberName<'p>),
    /// Kind (JVMS table 5.4.3.5-A) and the constant it refers to.
    Handle(u8, u16),
    /// Of an `invokedynamic` instruction or a constant that is computed: which bootstrap method.
    Dynamic(u16),
    /// A number, or a method type.
    Other,
}

/// A member as another class names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MemberName<'p> {
    pub(super) owner: &'p str,
    pub(super) name: &'p str,
    pub(super) descriptor: &'p str,
}

impl<'a> Pool<'a> {
    pub(super) fn parse(file: &'a [u8], at: &mut Bytes<'a>) -> Result<Self, Malformed> {
        let count = at.u16()?;
        let mut pool = Self {
            file,
            starts: vec![0],
            decoded: BTreeMap::new(),
        };
        while pool.starts.len() < usize::from(count) {
            let start = file.len() - at.0.len();
            let tag = at.u8()?;
            match tag {
                UTF8 => {
                    let length = at.u16()?;
                    let bytes = at.take(usize::from(length))?;
                    if std::str::from_utf8(bytes).is_err() {
                        let index = u16::try_from(pool.starts.len()).unwrap_or(u16::MAX);
                        pool.decoded.insert(index, decode(bytes));
                    }
                }
                CLASS | STRING | 16 | 19 | 20 => at.skip(2)?,
                METHOD_HANDLE => at.skip(3)?,
                3 | 4 | FIELD | METHOD | INTERFACE_METHOD | NAME_AND_TYPE | DYNAMIC
                | INVOKE_DYNAMIC => at.skip(4)?,
                LONG | DOUBLE => at.skip(8)?,
                _ => return Err(Malformed("has a constant of an unknown kind")),
            }
            pool.starts
                .push(u32::try_from(start).map_err(|_| Malformed("is larger than 4 GB"))?);
            if matches!(tag, LONG | DOUBLE) {
                pool.starts.push(0);
            }
        }
        Ok(pool)
    }

    /// Number of places for constants.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Tag of a constant, and what follows it.
    fn entry(&self, index: u16) -> Result<(u8, Bytes<'a>), Malformed> {
        let start = self.starts.get(usize::from(index)).copied().unwrap_or(0);
        if start == 0 {
            return Err(Malformed("refers to a constant that it does not have"));
        }
        let mut at = Bytes(self.file.get(start as usize..).unwrap_or_default());
        Ok((at.u8()?, at))
    }

    fn of_kind(&self, index: u16, tag: u8) -> Result<Bytes<'a>, Malformed> {
        let (found, at) = self.entry(index)?;
        (found == tag)
            .then_some(at)
            .ok_or(Malformed("refers to a constant of another kind"))
    }

    pub(super) fn text(&self, index: u16) -> Result<&str, Malformed> {
        if let Some(text) = self.decoded.get(&index) {
            return Ok(text);
        }
        let mut at = self.of_kind(index, UTF8)?;
        let length = at.u16()?;
        let bytes = at.take(usize::from(length))?;
        std::str::from_utf8(bytes).map_err(|_| Malformed("has a text that is no text"))
    }

    /// A text whose place [`Pool::text`] accepted before.
    pub(super) fn known_text(&self, index: u16) -> &str {
        self.text(index).unwrap_or_default()
    }

    /// Where the name of the class constant at `index` is.
    pub(super) fn class_at(&self, index: u16) -> Result<u16, Malformed> {
        let name = self.of_kind(index, CLASS)?.u16()?;
        self.text(name)?;
        Ok(name)
    }

    fn member(&self, mut at: Bytes<'a>) -> Result<MemberName<'_>, Malformed> {
        let owner = self.text(self.class_at(at.u16()?)?)?;
        let mut pair = self.of_kind(at.u16()?, NAME_AND_TYPE)?;
        Ok(MemberName {
            owner,
            name: self.text(pair.u16()?)?,
            descriptor: self.text(pair.u16()?)?,
        })
    }

    pub(super) fn constant(&self, index: u16) -> Result<Constant<'_>, Malformed> {
        let (tag, mut at) = self.entry(index)?;
        Ok(match tag {
            CLASS => Constant::Class(self.text(at.u16()?)?),
            STRING => Constant::Text(self.text(at.u16()?)?),
            FIELD => Constant::Field(self.member(at)?),
            METHOD => Constant::Method(self.member(at)?),
            INTERFACE_METHOD => Constant::InterfaceMethod(self.member(at)?),
            METHOD_HANDLE => Constant::Handle(at.u8()?, at.u16()?),
            DYNAMIC | INVOKE_DYNAMIC => Constant::Dynamic(at.u16()?),
            _ => Constant::Other,
        })
    }
}

/// Modified UTF-8 (JVMS 4.4.7) as text: zero takes two bytes, what is above 0xFFFF takes two surrogates of three bytes
/// each. What is neither becomes U+FFFD.
fn decode(bytes: &[u8]) -> String {
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    let low = |byte: u8| u16::from(byte & 0x3F);
    while let [first, tail @ ..] = rest {
        let (unit, next) = match (*first, tail) {
            (first, tail) if first < 0x80 => (u16::from(first), tail),
            (first, [b, tail @ ..]) if first >> 5 == 0b110 && b >> 6 == 0b10 => {
                (u16::from(first & 0x1F) << 6 | low(*b), tail)
            }
            (first, [b, c, tail @ ..])
                if first >> 4 == 0b1110 && b >> 6 == 0b10 && c >> 6 == 0b10 =>
            {
                (u16::from(first & 0x0F) << 12 | low(*b) << 6 | low(*c), tail)
            }
            (_, tail) => (0xFFFD, tail),
        };
        units.push(unit);
        rest = next;
    }
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn modified_utf_8_is_decoded() {
        assert_eq!(decode(b"a\xC0\x80b"), "a\0b");
        assert_eq!(decode(&[0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80]), "\u{1F600}");
        assert_eq!(decode("é€".as_bytes()), "é€");
        assert_eq!(decode(b"\xFFa\xE2\x82"), "\u{FFFD}a\u{FFFD}\u{FFFD}");
    }
}
