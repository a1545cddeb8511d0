//! The state machine against tables of looks, and against any looks at all.

mod attaching;
mod course;
mod decided;
mod properties;
mod sample;
mod tasks;
