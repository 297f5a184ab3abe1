//! Everything that Roster promises, shown.

mod architecture;
mod common;
mod properties;
mod removal;
