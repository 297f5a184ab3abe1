//! Jobs that outlive whoever works on them (R29).
//!
//! ```text
//! a request ── accepts ──► jobs, job_items ◄── claim, keep, give up ── workers of every instance
//!     │                         │  ▲                                        │
//!     └── waits for ◄── news ───┘  └── a chunk's effects, outcomes, event ──┘
//! ```
//!
//! A job is rows of the database; who works on it holds a *lease* ([`Lease`]): for [`Pace::lease`] from the last sign
//! of life, by the database's clock. Whoever takes a job raises its *epoch*, and every transaction of a chunk ends by
//! asking whether the epoch is still its own ([`store::keep`]): one that was taken for dead commits nothing more.
//! What is done to whom, step by step, is the business of the kind of the job ([`Worker`]); [`crate::workers`] lists them.
//!
//! Before a chunk is begun, that is counted in a transaction of its own ([`begin`]). A count that nobody takes back
//! means that the process died of it, or with it: the chunk is then made smaller, and one person who ends the process
//! again and again is given up ([`rules`]).
//!
//! Workers look for open jobs when the [`Bell`](crate::bell::Bell) rings, which accepting one does, and once a [`Pace::look`] for those
//! that other instances accepted or left.

mod kinds;
pub mod rules;
pub mod store;
mod workers;

use std::time::Duration;

use chrono::TimeDelta;
use entity::id::JobId;
use entity::kind::JobStatus;
use futures::FutureExt;
use futures::future::BoxFuture;
pub use kinds::{Kinds, Turn, Worker};
use serde::{Deserialize, Serialize};
pub use workers::{Pace, start_workers, work_off};

use crate::access::Caller;
use crate::db::Database;
use crate::error::{Error, Failure};
use crate::transaction::{Tx, write};

/// How long an entry is kept as typed, while it means nobody.
const TYPED_FOR: TimeDelta = TimeDelta::days(30);
/// The form in which plans are computed and their digests taken: raised whenever a digest of before would not be found
/// again (R18).
pub const PLAN_FORM: i32 = 2;
/// How long a prepared plan can be started.
pub const PREPARED_FOR: TimeDelta = TimeDelta::hours(24);
/// How long the answer to an idempotency key is kept.
const KEYS_FOR: TimeDelta = TimeDelta::hours(72);

/// The right to work on a job, as long as its epoch is this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Which job.
    pub job: JobId,
    /// Rises whenever somebody takes the job.
    pub epoch: i64,
}

/// Whether a job has more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is more to do.
    More,
    /// Nothing is left to be done.
    Ended,
}

/// Whoever works: the platform itself, although what is done is done for the job's actor.
fn worker() -> Caller {
    Caller::System { on_behalf_of: None }
}

/// Counts that people of `chunk` are about to be taken, and how many at once; none where one person has ended the
/// process too often. `survived` takes the last count back: whoever counted is still there.
///
/// # Errors
/// [`Error::Superseded`], or when the database cannot be written.
pub async fn begin(
    tx: &Tx,
    lease: Lease,
    chunk: i64,
    full: usize,
    survived: bool,
) -> Result<Option<usize>, Failure> {
    store::held(&tx.conn, lease).await?;
    let kept = store::tried(&tx.conn, lease.job, chunk).await?;
    let mut tried = kept.unwrap_or(rules::Tried { size: full, attempts: 0 });
    if survived {
        tried = tried.survived();
    }
    let Some(next) = tried.next() else { return Ok(None) };
    store::try_chunk(&tx.conn, lease.job, chunk, next).await?;
    Ok(Some(next.size))
}

/// Ends every lease: for whoever has just become alone with the database, so that nobody can hold one.
///
/// # Errors
/// When the database cannot be written.
pub async fn take_over(db: &Database) -> Result<(), Failure> {
    write(db, worker(), None, (), |tx, ()| Box::pin(async { Ok(store::end_leases(&tx.conn).await?) })).await
}

/// Expires plans that an earlier version of the program computed in another form, which nobody could start any more. Jobs
/// that run go on.
///
/// # Errors
/// When the database cannot be written.
pub async fn expire_outdated(db: &Database, kinds: Kinds) -> Result<(), Failure> {
    write(db, worker(), None, (), |tx, ()| Box::pin(expire_plans(tx, kinds))).await
}

async fn expire_plans(tx: &Tx, kinds: Kinds) -> Result<(), Failure> {
    for (job, kind, because) in store::overdue(&tx.conn, kinds.listed(), PLAN_FORM, tx.now).await? {
        if let Some(worker) = kinds.worker(kind) {
            worker.expire(tx, job, because).await?;
        }
    }
    Ok(())
}

/// Removes what is kept for a while only: plans that nobody started, entries as typed, answers to idempotency keys.
///
/// # Errors
/// When the database cannot be written.
pub async fn tidy(tx: &Tx, kinds: Kinds) -> Result<(), Failure> {
    expire_plans(tx, kinds).await?;
    store::forget_typed(&tx.conn, tx.now - TYPED_FOR).await?;
    store::forget_keys(&tx.conn, tx.now - KEYS_FOR).await?;
    Ok(())
}

/// Waits until `job` needs nobody to work on it, for `patience` at most and not once `stopping` is done.
///
/// # Errors
/// When the database cannot be read.
pub fn wait<'a>(
    db: &'a Database,
    job: JobId,
    patience: Duration,
    stopping: BoxFuture<'a, ()>,
) -> BoxFuture<'a, Result<(), Error>> {
    async move {
        // Before the first look, so that nothing is missed in between.
        let mut news = db.bell.news();
        let mut over = Box::pin(futures::future::select(Box::pin(tokio::time::sleep(patience)), stopping));
        while store::status(&db.read, job).await?.is_some_and(JobStatus::is_open) {
            tokio::select! {
                _ = &mut over => break,
                () = news.of(job) => {}
            }
        }
        Ok(())
    }
    .boxed()
}
