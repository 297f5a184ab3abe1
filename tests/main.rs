//! Everything that Roster promises, shown.

mod properties;
