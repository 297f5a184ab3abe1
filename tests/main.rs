//! Everything that Roster promises, shown.

#[allow(dead_code, unused_imports, reason = "a test takes of it what it needs")]
mod common;
mod properties;
mod removal;
mod server;
