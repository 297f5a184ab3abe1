//! The sample organisation: a few hundred people with every case of the rules among them ([`cases`]), or as many as
//! asked for ([`crowd`]). The same number of people, seed and time give the same organisation.

mod cases;
mod crowd;
mod frame;
mod load;
mod names;
mod random;
mod tabs;

use chrono::{DateTime, Utc};
pub use load::load;
pub use tabs::start;

/// Who the demo can be looked at as: what they are, and the emails of their accounts.
pub const GUESTS: [(&str, &str); 3] = [
    ("owner", "olive.hartmann@example.org"),
    ("group administrator", "sigrid.vang@example.org"),
    ("learner", "mona.bakke@example.org"),
];

/// Which sample organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How many people there are, those with names of their own included.
    pub people: usize,
    /// What the crowd is drawn from.
    pub seed: u64,
    /// The time around which it lies: what is upcoming comes after it.
    pub now: DateTime<Utc>,
}
