//! The one place that knows what time it is.
//!
//! On PostgreSQL it is the database's time, so that every instance agrees; on SQLite the process's. Always whole
//! microseconds of UTC, which is what both databases can hold.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend};

use super::sql::sql;
use crate::error::Error;

/// Tells the time, shifted by the offset of a trial.
#[derive(Debug, Default)]
pub struct Clock {
    /// Microseconds added to the true time.
    offset: AtomicI64,
}

/// An instant that PostgreSQL takes from its own clock, and SQLite from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The instant by the clock of this process.
    pub here: DateTime<Utc>,
    /// How far it is from the time that it is.
    pub offset: TimeDelta,
}

impl Clock {
    /// Shifts this clock by `by`, for trials of what happens later. Only ever affects this process.
    pub fn advance(&self, by: TimeDelta) {
        self.offset.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::Relaxed);
    }

    /// The time as a statement is told it, `by` from now: for what is read alone and needs no transaction.
    pub fn moment(&self, by: TimeDelta) -> Moment {
        let offset = TimeDelta::microseconds(self.offset.load(Ordering::Relaxed)) + by;
        #[expect(clippy::disallowed_methods, reason = "the one place that knows the time")]
        let here = (Utc::now() + offset).trunc_subsecs(6);
        Moment { here, offset }
    }

    /// The time, to be asked for once a transaction.
    ///
    /// # Errors
    /// When PostgreSQL cannot be asked.
    pub async fn now(&self, db: &impl ConnectionTrait) -> Result<DateTime<Utc>, Error> {
        let now = match db.get_database_backend() {
            DbBackend::Postgres => {
                let (now,): (DateTime<Utc>,) = sql("clock.now", "select clock_timestamp()").only(db).await?;
                now
            }
            #[expect(clippy::disallowed_methods, reason = "the one place that knows the time")]
            _ => Utc::now(),
        };
        let shifted = now + TimeDelta::microseconds(self.offset.load(Ordering::Relaxed));
        Ok(shifted.trunc_subsecs(6))
    }
}
