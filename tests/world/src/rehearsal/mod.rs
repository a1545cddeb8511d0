//! The rehearsal: the whole pipeline on one machine, with real parts where a machine can have them.

pub mod consumer;
pub mod shell;
pub mod story;
