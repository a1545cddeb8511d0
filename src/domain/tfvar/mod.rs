//! Variables of Terraform, where they are written, and the one byte range that changes when one gets a new value.

mod address;
mod document;
mod edit;
mod order;
mod precedence;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod shapes;

pub use address::{Address, Assignment, Assignments};
pub use document::check_name;
pub use edit::{Change, Edited, edit, literal, read};
pub use order::{Course, course, is_downgrade};
pub use precedence::{Beside, check_overrides};
