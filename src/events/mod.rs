//! What other systems hear of: everything that somebody who keeps records of people, or bills for them, cares for.
//!
//! ```text
//! doors ── Tx::tell ──► outbox ── write, before it commits ──► events ──► read page by page, sent to webhooks
//! ```
//!
//! A door tells what it does; [`crate::transaction::write`] writes all that was told in one statement, in the same
//! transaction: what is told has happened, and what has happened is told. Events hold ids, kinds and counts, never names, and are kept for
//! a while ([`KEPT`]); the [`catalogue`] says which there are.
//!
//! Whoever reads on from a place must never miss what was committed later with an earlier number. On PostgreSQL numbers
//! are given out before transactions commit, so events are read in the order of the transactions that wrote them, and
//! those alone before which no transaction is still running ([`store::settled`]). A transaction that takes long holds
//! back what was written after it, and loses nothing. SQLite has one writer, and its numbers are in order.

pub mod catalogue;
pub mod store;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{EventId, GroupId, JobId, RecordId, UserId, WorkId};
use entity::kind::{JobStatus, Outcome, Role};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

pub use self::catalogue::Kind;
use crate::access::{self, Caller};
use crate::db::Database;
use crate::error::{Error, Failure};
use crate::platform;

/// How long events are kept, where the operator does not say.
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// Something that happened: what its kind says it has, ids as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What.
    pub kind: Kind,
    /// To whom and what.
    pub data: Value,
}

/// What a transaction has told so far.
#[derive(Debug, Default)]
pub struct Outbox(Mutex<Vec<Event>>);

impl Outbox {
    /// Tells something more.
    pub fn tell(&self, events: impl IntoIterator<Item = Event>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(events);
    }

    /// All that was told, in order.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Event {
    /// An event with these data.
    pub fn new(kind: Kind, data: Value) -> Event {
        Event { kind, data }
    }

    /// Somebody became something in a group.
    pub fn granted((user, group, role): (UserId, GroupId, Role)) -> Event {
        Event::new(
            Kind::MembershipGranted,
            json!({ "userId": user, "groupId": group, "role": role.as_str() }),
        )
    }

    /// A job ended.
    pub fn job_finished(
        job: JobId,
        status: JobStatus,
        outcomes: impl IntoIterator<Item = (Outcome, i64)>,
    ) -> Event {
        let counts: BTreeMap<&str, i64> =
            outcomes.into_iter().map(|(outcome, count)| (outcome.as_str(), count)).collect();
        let data = json!({ "jobId": job, "status": status.as_str(), "counts": counts });
        Event::new(Kind::JobFinished, data)
    }

    /// A work got another owner; by which removal, where it was one.
    pub fn handed_over(work: WorkId, from: UserId, to: UserId, removal: Option<RecordId>) -> Event {
        let (mut course, mut path, mut session) = (None, None, None);
        match work {
            WorkId::Course(id) => course = Some(id),
            WorkId::Path(id) => path = Some(id),
            WorkId::Session(id) => session = Some(id),
        }
        let data = json!({
            "work": work.kind().as_str(), "courseId": course, "pathId": path, "sessionId": session,
            "fromUserId": from, "toUserId": to, "removalId": removal,
        });
        Event::new(Kind::OwnershipHandedOver, data)
    }
}

/// Passes whoever may hear what happened: platform administrators, and the platform's own programs.
///
/// # Errors
/// `FORBIDDEN`; `UNAUTHENTICATED` for somebody who no longer signs in.
pub async fn may_hear(db: &Database, caller: &Caller) -> Result<(), Failure> {
    let (_, tree) = platform::current(&db.read, &db.trees).await?;
    Ok(access::of(&db.read, caller).await?.require_administrator(&tree, tree.root())?)
}

/// Writes what a transaction has told; how much that was.
///
/// # Errors
/// When the database refuses.
pub async fn write_down(
    db: &impl ConnectionTrait,
    outbox: &Outbox,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let told = outbox.take();
    if !told.is_empty() {
        store::add(db, &told, now).await?;
    }
    Ok(told.len())
}

/// Forgets what happened longer ago than it is `kept`; which events. What was restored from another server is put where it
/// is found again.
///
/// # Errors
/// When the database refuses.
pub async fn forget(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    kept: TimeDelta,
) -> Result<Vec<EventId>, Error> {
    store::settle_restored(db).await?;
    store::forget(db, now - kept).await
}
