//! The SQL of a removal: a few set-based reads, one statement a table to write.

mod apply;
mod job;
mod list;
mod read;

pub use apply::{Context, apply};
pub use job::{
    NewItem, NewJob, Reason, add_items, add_job, cancel_waiting, finish, last_deletion, leaving, next_chunk,
    outcomes, waiting, weights, write_outcomes,
};
pub use list::{existing, with_emails, with_external_ids};
pub use read::{concerns_succession, facts, standings};
