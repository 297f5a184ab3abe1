//! Everything that Roster promises, shown.

mod access;
mod architecture;
mod clients;
#[allow(dead_code, unused_imports, reason = "a test takes of it what it needs")]
mod common;
mod district;
mod events;
mod faults;
mod groups;
mod hostile;
mod people;
mod proofs;
mod properties;
mod reads;
mod removal;
mod server;
mod sign_in;
mod works;
