//! The rules of a removal, pure and in the order in which they are asked.
//!
//! 1. [`verdict`]: what becomes of each person (R5, R7, R14, R15), from memberships alone, and whether R6 must be asked;
//! 2. [`settle`]: who of the whole request leaves, so that nothing is handed to them (R13);
//! 3. [`decide`]: what goes, what stays and what moves for those to whom something is done (R8, R9, R10 to R12).

mod effects;
mod settlement;
mod verdict;

pub use effects::decide;
pub use settlement::settle;
pub use verdict::{Verdict, left_by, verdict};
