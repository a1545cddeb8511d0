//! New values for addresses; every byte outside of them stays.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::Body;
use hcl_edit::visit_mut::{VisitMut, visit_expr_mut};

use super::document::Document;
use super::{Address, Assignment};
use crate::error::{Error, Result};

/// One value, before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub address: Address,
    pub old: String,
    pub new: String,
    /// Line, counted from 1.
    pub line: usize,
}

/// A file with new values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    pub bytes: Vec<u8>,
    /// One for each assignment, in their order, also where nothing changes.
    pub changes: Vec<Change>,
}

impl Edited {
    /// Whether any value changes.
    pub fn is_change(&self) -> bool {
        self.changes.iter().any(|change| change.old != change.new)
    }
}

/// Sets values in a file. A value that is there already is not touched, however it is written.
///
/// # Errors
///
/// Usage, with file and line: a name, a shape or an address that cannot be edited.
pub fn edit(file: &str, bytes: &[u8], wanted: &[Assignment]) -> Result<Edited> {
    let mut edited = Edited {
        bytes: bytes.to_vec(),
        changes: Vec::new(),
    };
    for one in wanted {
        let (changed, change) = set(file, &edited.bytes, one)?;
        if let Some(changed) = changed {
            edited.bytes = changed;
        }
        edited.changes.push(change);
    }
    Ok(edited)
}

/// The values at addresses.
///
/// # Errors
///
/// As for [`edit`].
pub fn read(file: &str, bytes: &[u8], addresses: &[Address]) -> Result<Vec<String>> {
    let document = Document::parse(file, bytes)?;
    addresses
        .iter()
        .map(|address| document.locate(address).map(|found| found.value))
        .collect()
}

/// A text as HCL writes it.
pub fn literal(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn set(file: &str, bytes: &[u8], wanted: &Assignment) -> Result<(Option<Vec<u8>>, Change)> {
    let document = Document::parse(file, bytes)?;
    let found = document.locate(&wanted.address)?;
    let change = Change {
        address: wanted.address.clone(),
        line: document.line(found.span.start),
        old: found.value,
        new: wanted.value.clone(),
    };
    if change.old == change.new {
        return Ok((None, change));
    }
    let place = found.span.start + document.mark..found.span.end + document.mark;
    let (head, tail) = (&bytes[..place.start], &bytes[place.end..]);
    let changed = [head, literal(&wanted.value).as_bytes(), tail].concat();
    verify(&document, found.span, &changed, wanted)?;
    Ok((Some(changed), change))
}

/// Parses the result again: the value is the wanted one, and nothing else has another meaning.
fn verify(
    before: &Document<'_>,
    span: Range<usize>,
    bytes: &[u8],
    wanted: &Assignment,
) -> Result<()> {
    let wrong = |reason: &str| {
        let line = before.line(span.start);
        Error::bug(format!(
            "setting {} {reason}; nothing was written",
            wanted.address
        ))
        .at(before.file, Some(line))
        .hint("Please report this with the file.")
    };
    let after = Document::parse(before.file, bytes)
        .map_err(|error| wrong("would break the file").because(error))?;
    let found = after.locate(&wanted.address)?;
    if found.value != wanted.value || found.span.start != span.start {
        return Err(wrong("would not give it this value"));
    }
    let others = |body: &Body, span| {
        let mut body = body.clone();
        Blank(span).visit_body_mut(&mut body);
        body
    };
    if others(&before.body, span.clone()) != others(&after.body, found.span) {
        return Err(wrong("would change more than this value"));
    }
    Ok(())
}

/// Takes the expression at a span out of the comparison.
struct Blank(Range<usize>);

impl VisitMut for Blank {
    fn visit_expr_mut(&mut self, node: &mut Expression) {
        if node.span().as_ref() == Some(&self.0) {
            *node = Expression::null();
        } else {
            visit_expr_mut(self, node);
        }
    }
}
