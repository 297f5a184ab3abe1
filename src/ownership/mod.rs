//! Who owns a course, a path, a session when its owner leaves (R10 to R13).
//!
//! [`successor_of_course`], [`successor_of_path`] and [`successor_of_session`] are pure and see everybody of the
//! request, not a chunk of it: with less, a course is soon handed to somebody whose turn to leave is next.

mod rules;
pub mod store;

pub use rules::{
    Administrator, Candidates, Course, Ineligible, Leaving, PassedOver, Path, Session, Successor, rule_of,
    successor_of_course, successor_of_path, successor_of_session,
};
