//! Behaviour of the stand-in, through its HTTP interfaces and with the real git client.

mod client;
mod git;
mod graphql;
mod rest;
mod runs;
mod schemas;
