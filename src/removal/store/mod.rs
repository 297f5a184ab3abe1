//! The SQL of a removal: a few set-based reads, one statement a table to write.

mod apply;
mod job;
mod read;
mod safety;

pub use apply::{Context, apply};
pub use job::{
    Deletion, FollowedJob, NewItem, NewJob, Reason, add_items, add_job, administrators, cancel_waiting,
    confirm, digests, ending, entries, entries_since, finish, followed, forget_entries, forget_list,
    last_deletions, leaving, next_chunk, open_prepared, outcomes, parts_of, people, prepared, put_last,
    set_options, set_status, settled, take_charge, totals, unplanned, waiting, write_outcomes, write_plans,
    write_totals,
};
pub use read::{concerns_succession, facts, standings, tokens_in_use, tokens_in_use_of_job, weights};
pub use safety::{counted, gone_since};
