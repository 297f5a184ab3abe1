//! Everything that Roster promises, shown.

mod architecture;
mod common;
mod proofs;
mod properties;
mod reads;
mod removal;
