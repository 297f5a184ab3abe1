//! Everything that Roster promises, shown.

mod architecture;
#[allow(dead_code, unused_imports, reason = "a test takes of it what it needs")]
mod common;
mod district;
mod proofs;
mod properties;
mod removal;
mod server;
