//! Everything that Roster promises, shown.

mod common;
mod properties;
mod removal;
