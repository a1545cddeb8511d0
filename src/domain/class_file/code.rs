//! What the code of a method refers to.

use super::bytes::Bytes;
use super::pool::{Constant, MemberName};
use super::{ClassFile, Malformed, Member};

/// Bootstrap arguments can be computed constants, which have bootstrap arguments; compilers nest one deep.
const DEEPEST: u8 = 4;

/// A method's code: what it refers to, and what it catches.
#[derive(Debug, Default)]
pub struct Code<'c> {
    pub sites: Vec<Site<'c>>,
    pub handlers: Vec<Handler<'c>>,
}

/// A reference and the instruction that it is in, as an offset in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site<'c> {
    pub at: usize,
    pub reference: Reference<'c>,
}

/// What an instruction needs when it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reference<'c> {
    Class {
        name: &'c str,
        used: ClassUse,
    },
    Field {
        owner: &'c str,
        name: &'c str,
        descriptor: &'c str,
        is_static: bool,
    },
    Method {
        owner: &'c str,
        name: &'c str,
        descriptor: &'c str,
        call: Call,
        /// Whether it is named as a method of an interface.
        of_interface: bool,
    },
    /// A text, which may be the name of a class.
    Text(&'c str),
}

/// What code does with a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClassUse {
    /// `new`
    New,
    /// `X.class`, which others may make instances of.
    Constant,
    /// A cast, an `instanceof`, an array, a caught exception.
    Type,
}

/// How a method is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// The receiver's class decides.
    Virtual,
    /// Exactly this one: a constructor, `super.x()`, a private method.
    Special,
    Static,
}

/// Instructions from `start` to before `end` whose exceptions of type `catches` are caught; nothing stands for all, which
/// is what `finally` is compiled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler<'c> {
    pub start: usize,
    pub end: usize,
    pub catches: Option<&'c str>,
}

/// What a method of one or two instructions returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned<'c> {
    Text(&'c str),
    Class(&'c str),
    Number(u8),
}

impl ClassFile<'_> {
    /// What the code of `method` refers to; nothing, if it has no code.
    pub fn code(&self, method: &Member<'_>) -> Result<Code<'_>, Malformed> {
        let Some(content) = method.code else {
            return Ok(Code::default());
        };
        let mut at = Bytes(content);
        at.skip(4)?;
        let instructions = at.block()?.0;
        let mut code = Code::default();
        for _ in 0..at.u16()? {
            let [start, end] = [at.u16()?, at.u16()?].map(usize::from);
            let _handler = at.u16()?;
            let catches = match at.u16()? {
                0 => None,
                index => Some(self.pool.text(self.pool.class_at(index)?)?),
            };
            if let Some(name) = catches {
                let used = ClassUse::Type;
                let reference = Reference::Class { name, used };
                code.sites.push(Site {
                    at: start,
                    reference,
                });
            }
            code.handlers.push(Handler {
                start,
                end,
                catches,
            });
        }
        let mut rest = Bytes(instructions);
        while !rest.0.is_empty() {
            let at = instructions.len() - rest.0.len();
            self.instruction(at, &mut rest, &mut code.sites)?;
        }
        Ok(code)
    }

    fn instruction<'c>(
        &'c self,
        offset: usize,
        at: &mut Bytes<'_>,
        sites: &mut Vec<Site<'c>>,
    ) -> Result<(), Malformed> {
        let opcode = at.u8()?;
        let mut push = |reference| {
            sites.push(Site {
                at: offset,
                reference,
            });
        };
        match opcode {
            // ldc, ldc_w, ldc2_w
            0x12 => self.constant(u16::from(at.u8()?), DEEPEST, &mut push)?,
            0x13 | 0x14 => self.constant(at.u16()?, DEEPEST, &mut push)?,
            // getstatic, putstatic, getfield, putfield
            0xB2..=0xB5 => {
                if let Constant::Field(member) = self.pool.constant(at.u16()?)? {
                    push(field(member, opcode <= 0xB3));
                }
            }
            // invokevirtual, invokespecial, invokestatic, invokeinterface
            0xB6..=0xB9 => {
                let call = match opcode {
                    0xB7 => Call::Special,
                    0xB8 => Call::Static,
                    _ => Call::Virtual,
                };
                match self.pool.constant(at.u16()?)? {
                    Constant::Method(member) => push(called(member, call, false)),
                    Constant::InterfaceMethod(member) => push(called(member, call, true)),
                    _ => {}
                }
                if opcode == 0xB9 {
                    at.skip(2)?;
                }
            }
            // invokedynamic
            0xBA => {
                self.constant(at.u16()?, DEEPEST, &mut push)?;
                at.skip(2)?;
            }
            // new, anewarray, checkcast, instanceof, multianewarray
            0xBB | 0xBD | 0xC0 | 0xC1 | 0xC5 => {
                if let Constant::Class(name) = self.pool.constant(at.u16()?)? {
                    let used = if opcode == 0xBB {
                        ClassUse::New
                    } else {
                        ClassUse::Type
                    };
                    push(Reference::Class { name, used });
                }
                at.skip(usize::from(opcode == 0xC5))?;
            }
            // tableswitch, lookupswitch: aligned to four bytes
            0xAA | 0xAB => {
                at.skip(3 - offset % 4)?;
                let _default = at.u32()?;
                let first = at.u32()?;
                let count = if opcode == 0xAA {
                    i64::from(at.u32()?.cast_signed()) - i64::from(first.cast_signed()) + 1
                } else {
                    i64::from(first) * 2
                };
                let bytes = usize::try_from(count * 4)
                    .map_err(|_| Malformed("has a switch without end"))?;
                at.skip(bytes)?;
            }
            // wide: iinc has two operands, all others one
            0xC4 => {
                let wide = at.u8()?;
                at.skip(if wide == 0x84 { 4 } else { 2 })?;
            }
            _ => at.skip(operands(opcode)?)?,
        }
        Ok(())
    }

    fn constant<'c>(
        &'c self,
        index: u16,
        depth: u8,
        push: &mut impl FnMut(Reference<'c>),
    ) -> Result<(), Malformed> {
        match self.pool.constant(index)? {
            Constant::Class(name) => push(Reference::Class {
                name,
                used: ClassUse::Constant,
            }),
            Constant::Text(text) => push(Reference::Text(text)),
            Constant::Handle(kind, index) => {
                if let Some(reference) = self.handle(kind, index)? {
                    if let (8, Reference::Method { owner: name, .. }) = (kind, reference) {
                        let used = ClassUse::New;
                        push(Reference::Class { name, used });
                    }
                    push(reference);
                }
            }
            Constant::Dynamic(bootstrap) if depth > 0 => {
                let bootstrap = self
                    .bootstraps
                    .get(usize::from(bootstrap))
                    .ok_or(Malformed(
                        "refers to a bootstrap method that it does not have",
                    ))?;
                for constant in [&bootstrap.method].into_iter().chain(&bootstrap.arguments) {
                    // A text among the arguments is a recipe for joining strings, not the name of a class.
                    if !matches!(self.pool.constant(*constant)?, Constant::Text(_)) {
                        self.constant(*constant, depth - 1, push)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A method handle as the reference that calling it makes.
    fn handle(&self, kind: u8, index: u16) -> Result<Option<Reference<'_>>, Malformed> {
        let call = match kind {
            6 => Call::Static,
            7 | 8 => Call::Special,
            _ => Call::Virtual,
        };
        Ok(match self.pool.constant(index)? {
            Constant::Field(member) => Some(field(member, matches!(kind, 2 | 4))),
            Constant::Method(member) => Some(called(member, call, false)),
            Constant::InterfaceMethod(member) => Some(called(member, call, true)),
            _ => None,
        })
    }

    /// The constant that `method` returns, if it does nothing else.
    pub fn returned(&self, method: &Member<'_>) -> Option<Returned<'_>> {
        let mut at = Bytes(method.code?);
        at.skip(4).ok()?;
        let index = match at.block().ok()?.0 {
            // iconst_0 and iconst_1, ireturn
            [number @ 3..=4, 0xAC] => return Some(Returned::Number(number - 3)),
            // ldc or ldc_w, areturn
            [0x12, index, 0xB0] => u16::from(*index),
            [0x13, high, low, 0xB0] => u16::from_be_bytes([*high, *low]),
            _ => return None,
        };
        match self.pool.constant(index).ok()? {
            Constant::Text(text) => Some(Returned::Text(text)),
            Constant::Class(name) => Some(Returned::Class(name)),
            _ => None,
        }
    }
}

fn field(member: MemberName<'_>, is_static: bool) -> Reference<'_> {
    Reference::Field {
        owner: member.owner,
        name: member.name,
        descriptor: member.descriptor,
        is_static,
    }
}

fn called(member: MemberName<'_>, call: Call, of_interface: bool) -> Reference<'_> {
    Reference::Method {
        owner: member.owner,
        name: member.name,
        descriptor: member.descriptor,
        call,
        of_interface,
    }
}

/// Bytes of operands of the instructions that name no constant (JVMS 6.5).
fn operands(opcode: u8) -> Result<usize, Malformed> {
    Ok(match opcode {
        // bipush, loads and stores of a variable, ret, newarray
        0x10 | 0x15..=0x19 | 0x36..=0x3A | 0xA9 | 0xBC => 1,
        // sipush, iinc, branches
        0x11 | 0x84 | 0x99..=0xA8 | 0xC6 | 0xC7 => 2,
        // goto_w, jsr_w
        0xC8 | 0xC9 => 4,
        0x00..=0xC9 => 0,
        _ => return Err(Malformed("has an instruction that does not exist")),
    })
}
