//! Everything that Roster promises, shown.

mod common;
mod proofs;
mod properties;
mod removal;
