//! Removals as clients see them: plans before, records after, both with the same effects; jobs for many at once.

mod about;
mod deletion;
mod effect;
mod input;
mod job;
mod mutation;
mod plan;
mod query;
mod reason;
mod record;
mod subscription;
mod warning;

pub use deletion::Deletion;
pub use job::RemovalJob;
pub use mutation::{RemovalMutation, good_for};
pub use query::RemovalQuery;
pub use record::Removal;
pub use subscription::RemovalSubscription;
