//! The rows of sessions: who takes part ([`participations`]), the capture of ended ones, audiences.

mod audience;
mod participations;
mod rows;

pub use audience::*;
pub use participations::*;
pub use rows::*;
