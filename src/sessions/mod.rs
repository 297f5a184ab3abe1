//! Sessions of a path, and who takes part in them (R8).
//!
//! A `DYNAMIC` session has no list of people: who takes part is asked of its audience groups, its individual
//! enrolments and its exclusions each time ([`store::participations`]), and so it cannot drift. A `STATIC` one keeps
//! who was captured when its audience was saved. At its end either kind is captured and from then on read from the
//! captured rows alone. A session that has ended and still waits to be captured is read like a running one; whatever
//! changes a membership captures it first ([`capture_ended`]), so that nobody is missing from it afterwards.

pub mod store;

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;

use crate::db::locks;
use crate::error::Error;

/// Captures the people of every session that has ended and was not captured (R8); how many there were.
///
/// Whatever changes a membership, an account's state or an individual enrolment calls this first: after the locks of
/// the ladder, since the sessions captured are locked after everything else, and before it reads its facts. Where
/// none waits it is one look at a small index.
///
/// # Errors
/// When the database refuses.
pub async fn capture_ended(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, Error> {
    let ended = store::waiting(db, now).await?;
    if ended.is_empty() {
        return Ok(0);
    }
    locks::sessions(db, &ended).await?;
    // Somebody else may have captured some while we waited for the lock.
    let ended = store::waiting(db, now).await?;
    store::drop_excluded_captures(db, &ended).await?;
    store::capture(db, &ended, now).await?;
    store::close(db, &ended, now).await
}
