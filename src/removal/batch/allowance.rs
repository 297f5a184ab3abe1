//! What somebody may have accepted (R29): nobody prepares what they could never do, and nobody fills the database with
//! lists. Programs with a token of the platform's own, and the platform itself, are not bounded.

use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::JobStatus;
use sea_orm::ConnectionTrait;

use crate::access::Caller;
use crate::error::{Failure, Groups, Refusal};
use crate::removal::facts::Setting;
use crate::removal::request::{People, Request, Scope};
use crate::removal::store;

/// Prepared jobs that one person may have open.
const OPEN: usize = 3;
/// Entries that one person may name within [`WINDOW`].
const ENTRIES: i64 = 500_000;
/// How far back entries count.
const WINDOW: TimeDelta = TimeDelta::hours(1);

/// Passes a caller who could remove somebody: whoever administers a group, or its people. Anybody may take themselves
/// out of an ordinary group (R14).
///
/// # Errors
/// `FORBIDDEN`.
pub(super) fn check_rights(
    caller: &Caller,
    people: &People,
    request: &Request,
    setting: &Setting,
) -> Result<(), Refusal> {
    let leaves = request.scope != Scope::Platform && caller.user().is_some_and(|user| people.are_only(user));
    if leaves || setting.authority.may_remove_somebody() {
        Ok(())
    } else {
        Err(Refusal::Forbidden { groups: Groups::default() })
    }
}

/// Passes a list of so many entries that is to become a job of this `status`, if the caller has not had too much accepted
/// before.
///
/// # Errors
/// `TOO_MANY_PREPARED_JOBS`, `TOO_MANY_ENTRIES`.
pub(super) async fn check(
    db: &impl ConnectionTrait,
    caller: &Caller,
    now: DateTime<Utc>,
    entries: usize,
    status: JobStatus,
) -> Result<(), Failure> {
    let Some(actor) = caller.user() else { return Ok(()) };
    if status == JobStatus::Preparing {
        let open = store::open_prepared(db, actor, now).await?;
        if open.len() >= OPEN {
            return Err(Refusal::TooManyPreparedJobs { limit: OPEN, jobs: open }.into());
        }
    }
    let used = store::entries_since(db, actor, now - WINDOW).await?;
    if used.saturating_add(i64::try_from(entries).unwrap_or(i64::MAX)) > ENTRIES {
        return Err(Refusal::TooManyEntries { limit: ENTRIES, used, asked: entries }.into());
    }
    Ok(())
}
