//! Taking people out of groups and off the platform (R5 to R18).
//!
//! ```text
//!          a few set-based reads            pure             one statement a table
//! database ──────────────────────► facts ──────────► plan ──────────────────────────► database
//!            store/read                rules           │        store/apply
//!                                                      └── shown by preview
//! ```
//!
//! [`planning`] is the one way from facts to a plan. [`preview`] shows it; [`single`] and [`batch`] carry it out
//! through [`chunk`], and nothing else does. A list is read by [`list`] before anything is decided, and what must be
//! known of all of it (who leaves, whether R6 is to be asked) is settled before the first chunk.

pub mod batch;
mod chunk;
pub mod coverage;
pub mod facts;
pub mod list;
pub mod plan;
mod planning;
pub mod preview;
pub mod reason;
pub mod request;
pub mod rules;
mod safety;
pub mod single;
mod store;
mod telling;
pub mod warning;

pub use planning::setting;
pub use store::standings;
