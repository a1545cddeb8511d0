//! Class files, as far as linking needs them: who a class is, what it declares, and what its code refers to.
//!
//! Source: The Java Virtual Machine Specification, Java SE 25 Edition, chapter 4. Nothing here panics, whatever the bytes
//! are, and nothing takes more memory than a small multiple of them.

mod annotations;
mod bytes;
mod code;
mod pool;
#[cfg(test)]
pub(crate) mod writer;

use std::fmt;

pub use annotations::may_be_entity;
use bytes::Bytes;
pub use code::{Call, ClassUse, Code, Handler, Reference, Returned, Site};
pub use pool::Pool;

/// `ACC_PUBLIC` of a class, field or method.
pub const PUBLIC: u16 = 0x0001;
/// `ACC_PRIVATE` of a field or method.
pub const PRIVATE: u16 = 0x0002;
/// `ACC_PROTECTED` of a field or method.
pub const PROTECTED: u16 = 0x0004;
/// `ACC_STATIC` of a field or method.
pub const STATIC: u16 = 0x0008;
/// `ACC_FINAL` of a class, field or method.
pub const FINAL: u16 = 0x0010;
/// `ACC_INTERFACE` of a class.
pub const INTERFACE: u16 = 0x0200;
/// `ACC_ABSTRACT` of a class or method.
pub const ABSTRACT: u16 = 0x0400;

/// Why bytes are no class file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub(crate) &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A class file. Names are internal ones: `java/lang/String`.
#[derive(Debug)]
pub struct ClassFile<'a> {
    pub pool: Pool<'a>,
    /// 61 is Java 17, 65 is Java 21, 69 is Java 25.
    pub major: u16,
    pub access: u16,
    name: u16,
    parent: Option<u16>,
    interfaces: Vec<u16>,
    pub fields: Vec<Member<'a>>,
    pub methods: Vec<Member<'a>>,
    bootstraps: Vec<Bootstrap>,
    /// Contents of its `RuntimeVisibleAnnotations` attribute.
    annotations: Option<&'a [u8]>,
}

/// A field or a method.
#[derive(Debug)]
pub struct Member<'a> {
    pub access: u16,
    name: u16,
    descriptor: u16,
    /// Whether it has annotations that are there at run time: others call it by reflection.
    pub annotated: bool,
    /// Contents of its `Code` attribute.
    code: Option<&'a [u8]>,
}

/// How an `invokedynamic` instruction is linked: constants, by their places in the pool.
#[derive(Debug)]
struct Bootstrap {
    method: u16,
    arguments: Vec<u16>,
}

impl<'a> ClassFile<'a> {
    /// Reads a class file; the code of its methods is read later, when it is asked for.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut at = Bytes(bytes);
        if at.u32()? != 0xCAFE_BABE {
            return Err(Malformed("does not begin with 0xCAFEBABE"));
        }
        let _minor = at.u16()?;
        let major = at.u16()?;
        let pool = Pool::parse(bytes, &mut at)?;
        let access = at.u16()?;
        let name = pool.class_at(at.u16()?)?;
        let parent = match at.u16()? {
            0 => None,
            index => Some(pool.class_at(index)?),
        };
        let mut interfaces = Vec::new();
        for _ in 0..at.u16()? {
            interfaces.push(pool.class_at(at.u16()?)?);
        }
        let fields = members(&pool, &mut at)?;
        let methods = members(&pool, &mut at)?;
        let (mut bootstraps, mut annotations) = (Vec::new(), None);
        for _ in 0..at.u16()? {
            let attribute = pool.text(at.u16()?)?;
            let mut content = at.block()?;
            match attribute {
                "BootstrapMethods" => bootstraps = bootstrap_methods(&mut content)?,
                "RuntimeVisibleAnnotations" => annotations = Some(content.0),
                _ => {}
            }
        }
        Ok(Self {
            pool,
            major,
            access,
            name,
            parent,
            interfaces,
            fields,
            methods,
            bootstraps,
            annotations,
        })
    }

    pub fn name(&self) -> &str {
        self.pool.known_text(self.name)
    }

    /// The superclass; only `java/lang/Object` and modules have none.
    pub fn parent(&self) -> Option<&str> {
        self.parent.map(|index| self.pool.known_text(index))
    }

    pub fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.interfaces
            .iter()
            .map(|index| self.pool.known_text(*index))
    }

    pub fn name_of(&self, member: &Member<'_>) -> &str {
        self.pool.known_text(member.name)
    }

    pub fn descriptor_of(&self, member: &Member<'_>) -> &str {
        self.pool.known_text(member.descriptor)
    }

    pub fn is(&self, flag: u16) -> bool {
        self.access & flag != 0
    }

    /// The method of that name and descriptor, and its place in `methods`.
    pub fn method(&self, name: &str, descriptor: &str) -> Option<(usize, &Member<'a>)> {
        self.methods.iter().enumerate().find(|(_, method)| {
            self.name_of(method) == name && self.descriptor_of(method) == descriptor
        })
    }

    /// The field of that name and descriptor.
    pub fn field(&self, name: &str, descriptor: &str) -> Option<&Member<'a>> {
        self.fields
            .iter()
            .find(|field| self.name_of(field) == name && self.descriptor_of(field) == descriptor)
    }
}

impl Member<'_> {
    pub fn is(&self, flag: u16) -> bool {
        self.access & flag != 0
    }
}

fn members<'a>(pool: &Pool<'a>, at: &mut Bytes<'a>) -> Result<Vec<Member<'a>>, Malformed> {
    let mut members = Vec::new();
    for _ in 0..at.u16()? {
        let access = at.u16()?;
        let [name, descriptor] = [at.u16()?, at.u16()?];
        pool.text(name)?;
        pool.text(descriptor)?;
        let mut member = Member {
            access,
            name,
            descriptor,
            annotated: false,
            code: None,
        };
        for _ in 0..at.u16()? {
            let attribute = pool.text(at.u16()?)?;
            let content = at.block()?;
            match attribute {
                "Code" => member.code = Some(content.0),
                "RuntimeVisibleAnnotations" => member.annotated = true,
                _ => {}
            }
        }
        members.push(member);
    }
    Ok(members)
}

fn bootstrap_methods(at: &mut Bytes<'_>) -> Result<Vec<Bootstrap>, Malformed> {
    let mut found = Vec::new();
    for _ in 0..at.u16()? {
        let method = at.u16()?;
        let mut arguments = Vec::new();
        for _ in 0..at.u16()? {
            arguments.push(at.u16()?);
        }
        found.push(Bootstrap { method, arguments });
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
