//! Memory that linking may take: hostile jars cannot fill it.

use std::cell::Cell;

use crate::domain::class_file::{ClassFile, Malformed};

/// Bytes that are spent at most; 50 jars of 17 MB need a third of it.
const MOST: usize = 80 * 1024 * 1024;
/// Bytes that a constant, a field or method, and a reference in code take, once they are read.
const A_CONSTANT: usize = 4;
const A_MEMBER: usize = 160;
const A_REFERENCE: usize = 160;
pub(super) const TOO_MUCH: Malformed = Malformed("is more than is looked at");

pub(super) struct Budget {
    left: Cell<usize>,
    /// The first jar for which nothing was left.
    unfinished: Cell<Option<usize>>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            left: Cell::new(MOST),
            unfinished: Cell::new(None),
        }
    }
}

impl Budget {
    fn spend(&self, jar: usize, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.unwrap_or(0));
        if left.is_none() && self.unfinished.get().is_none() {
            self.unfinished.set(Some(jar));
        }
        left.is_some()
    }

    /// Spends what a class of a jar takes, if as much is left.
    pub(super) fn class(&self, jar: usize, class: &ClassFile<'_>) -> Result<(), Malformed> {
        let members = class.fields.len() + class.methods.len();
        let bytes = members * A_MEMBER + class.pool.len() * A_CONSTANT;
        self.spend(jar, bytes).then_some(()).ok_or(TOO_MUCH)
    }

    /// Spends what references in the code of a jar take, if as much is left.
    pub(super) fn references(&self, jar: usize, count: usize) -> bool {
        self.spend(jar, count * A_REFERENCE)
    }

    pub(super) fn unfinished(&self) -> Option<usize> {
        self.unfinished.get()
    }
}
