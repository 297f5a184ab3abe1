//! Carrying a job out, step by step, for as long as its lease is held.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use entity::id::{GroupId, JobId, UserId};
use entity::kind::{Expiry, JobStatus, Outcome};
use futures::future::BoxFuture;
use serde::Serialize;

use super::{Kept, preparing};
use crate::access::Caller;
use crate::db::Database;
use crate::error::{Error, Failure};
use crate::jobs::{self, Lease, Step, rules};
use crate::ownership::Leaving;
use crate::removal::chunk::{self, Done};
use crate::removal::planning;
use crate::removal::request::Part;
use crate::removal::store::{self, Reason};
use crate::transaction::{Tx, write};

/// It broke for an unexpected reason.
const BROKEN: Reason = "BROKEN";
/// It ended the process again and again.
const POISON: Reason = "POISON";

/// One worker's turn with a job.
#[derive(Debug)]
pub struct Turn {
    lease: Lease,
    lasting: TimeDelta,
    work: Option<Arc<Work>>,
    /// The chunk that was begun last in this turn, and not brought to an end.
    begun: Option<i64>,
    /// The last chunk whose people brought too much to be taken at once.
    heavy: Option<i64>,
}

/// What every chunk of a job shares.
#[derive(Debug)]
pub(super) struct Work {
    pub caller: Caller,
    pub kept: Kept,
    pub leaving: Leaving,
}

/// People of one chunk, taken at once.
#[derive(Clone, Debug, Serialize)]
struct Taking {
    lease: Lease,
    chunk: i64,
    people: Vec<(UserId, Option<GroupId>, Option<String>)>,
}

/// Who carries removals out.
#[derive(Debug)]
pub struct Removals;

impl jobs::Worker for Removals {
    fn turn(&self, lease: Lease, lasting: TimeDelta) -> Box<dyn jobs::Turn> {
        Box::new(Turn::new(lease, lasting))
    }

    fn expire<'a>(&'a self, tx: &'a Tx, job: JobId, because: Expiry) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(super::expire(tx, job, because))
    }
}

impl jobs::Turn for Turn {
    fn step<'a>(&'a mut self, db: &'a Database) -> BoxFuture<'a, Result<Step, Failure>> {
        Box::pin(Turn::step(self, db))
    }
}

impl Turn {
    /// A turn of whoever holds `lease`, which every step prolongs by `lasting`.
    pub fn new(lease: Lease, lasting: TimeDelta) -> Turn {
        Turn { lease, lasting, work: None, begun: None, heavy: None }
    }

    /// Does the next step.
    ///
    /// # Errors
    /// [`Error::Superseded`] where somebody else has the job, or what broke: what was committed stays done.
    pub async fn step(&mut self, db: &Database) -> Result<Step, Failure> {
        let standing = jobs::store::standing(&db.read, self.lease.job).await?.ok_or(Error::Superseded)?;
        if standing.epoch != self.lease.epoch {
            return Err(Error::Superseded.into());
        }
        match standing.status {
            JobStatus::Running => {
                let work = self.work(db, &standing).await?;
                self.chunk(db, work).await
            }
            JobStatus::Cancelling => {
                let lease = self.lease;
                let caller = Caller::System { on_behalf_of: None };
                write(db, caller, None, lease, |tx, lease| Box::pin(cancel(tx, *lease))).await?;
                Ok(Step::Ended)
            }
            JobStatus::Preparing => {
                let work = self.work(db, &standing).await?;
                preparing::step(db, self.lease, self.lasting, &work).await
            }
            JobStatus::Prepared
            | JobStatus::Expired
            | JobStatus::AwaitingConfirmation
            | JobStatus::Queued
            | JobStatus::Cancelled
            | JobStatus::Succeeded
            | JobStatus::FinishedWithFailures => Ok(Step::Ended),
        }
    }

    async fn work(&mut self, db: &Database, standing: &jobs::store::Standing) -> Result<Arc<Work>, Error> {
        if let Some(work) = &self.work {
            return Ok(work.clone());
        }
        let kept: Kept = serde_json::from_str(&standing.options)?;
        let leaving = kept.leaving(store::leaving(&db.read, self.lease.job).await?);
        let work = Arc::new(Work { caller: kept.caller(standing), kept, leaving });
        self.work = Some(work.clone());
        Ok(work)
    }

    /// Takes people of the next chunk, as many as it may be tried with at once.
    async fn chunk(&mut self, db: &Database, work: Arc<Work>) -> Result<Step, Failure> {
        let (lease, bounds) = (self.lease, work.kept.bounds);
        let Some(chunk) = store::next_chunk(&db.read, lease.job).await? else {
            let caller = work.caller.clone();
            write(db, caller, None, lease, |tx, lease| Box::pin(finish(tx, *lease))).await?;
            return Ok(Step::Ended);
        };
        let survived = self.begun == Some(chunk);
        let begun = write(db, work.caller.clone(), None, (), |tx, ()| {
            Box::pin(jobs::begin(tx, lease, chunk, bounds.people, survived))
        })
        .await?;
        self.begun = Some(chunk);
        let mut people = store::waiting(&db.read, lease.job, chunk, begun.unwrap_or(1)).await?;
        if begun.is_none() {
            tracing::error!(job = lease.job.0, "one person of a job ended the process again and again");
            return self.fail(db, &work, Taking { lease, chunk, people }, POISON).await;
        }
        // Of few chunks it matters who brings how much: those that were tried.
        if self.heavy == Some(chunk) {
            let users: Vec<UserId> = people.iter().map(|(user, ..)| *user).collect();
            let weights = store::weights(&db.read, &users).await?;
            let weights = users.iter().map(|user| weights.get(user).copied().unwrap_or(0));
            people.truncate(rules::within(weights, bounds.rows));
        }
        let (taking, lasting) = (Taking { lease, chunk, people }, self.lasting);
        let tried = write(db, work.caller.clone(), None, &taking, |tx, taking| {
            Box::pin(transact(tx, work.clone(), taking, lasting))
        })
        .await;
        match tried {
            Ok(step) => {
                self.begun = None;
                Ok(if step { Step::Ended } else { Step::More })
            }
            Err(Failure::Broken(Error::TooMuch)) => {
                self.heavy = Some(chunk);
                Ok(Step::More)
            }
            Err(Failure::Broken(error)) if error.is_outage() || matches!(error, Error::Superseded) => {
                Err(error.into())
            }
            Err(Failure::Broken(error)) if taking.people.len() > 1 => {
                let people = taking.people.len();
                tracing::error!(job = lease.job.0, people, %error, "people of a job failed together; halving them");
                write(db, work.caller.clone(), None, (), |tx, ()| Box::pin(halve(tx, lease, chunk, people)))
                    .await?;
                self.begun = None;
                Ok(Step::More)
            }
            Err(failure) => {
                tracing::error!(job = lease.job.0, error = %failure, "one person of a job failed");
                self.fail(db, &work, taking, BROKEN).await
            }
        }
    }

    /// Gives people up.
    async fn fail(
        &mut self,
        db: &Database,
        work: &Arc<Work>,
        taking: Taking,
        why: Reason,
    ) -> Result<Step, Failure> {
        let (bounds, lasting) = (work.kept.bounds.people, self.lasting);
        let ended = write(db, work.caller.clone(), None, taking, |tx, taking| {
            Box::pin(async move {
                let failed = |(user, ..): &(UserId, _, _)| (*user, Outcome::Failed, Some(why), None);
                let outcomes: Vec<_> = taking.people.iter().map(failed).collect();
                store::write_outcomes(&tx.conn, (taking.lease.job, taking.chunk), &outcomes).await?;
                advance(tx, taking, bounds, lasting).await
            })
        })
        .await?;
        self.begun = None;
        Ok(if ended { Step::Ended } else { Step::More })
    }
}

/// One transaction: what becomes of these people, and everything that tells of it. Whether the job has ended.
async fn transact(tx: &Tx, work: Arc<Work>, taking: &Taking, lasting: TimeDelta) -> Result<bool, Failure> {
    let parts: Vec<Part> = taking.people.iter().map(|(user, group, _)| (*user, *group)).collect();
    let bound = usize::try_from(work.kept.bounds.rows).unwrap_or(usize::MAX);
    let held = chunk::hold(tx, &parts, &work.kept.request, (parts.len() > 1).then_some(bound)).await?;
    let mut plan = held.plan(tx, Some(&work.leaving)).await?;
    if let Some(filter) = &work.kept.filter {
        chunk::leave_who_no_longer_matches(tx, &mut plan, filter).await?;
    }
    let shown = taking.people.iter().filter_map(|(user, _, digest)| Some((*user, digest.clone()?)));
    chunk::leave_who_drifted(&mut plan, &shown.collect());
    let answer = planning::assumed(&held.request);
    let done = held.carry_out(tx, plan, answer, Some(taking.lease.job)).await?;
    // Whoever was deleted before is told when, and by which removal (R16).
    let before = done.iter().filter(|done| done.plan.outcome == Outcome::AlreadyDeleted);
    let before: Vec<UserId> = before.map(|done| done.plan.user).collect();
    let deletions =
        if before.is_empty() { BTreeMap::new() } else { store::last_deletions(&tx.conn, &before).await? };
    let record = |done: &Done| done.record.or_else(|| deletions.get(&done.plan.user)?.record);
    let outcomes: Vec<_> =
        done.iter().map(|done| (done.plan.user, done.plan.outcome, None, record(done))).collect();
    store::write_outcomes(&tx.conn, (taking.lease.job, taking.chunk), &outcomes).await?;
    advance(tx, taking, work.kept.bounds.people, lasting).await
}

/// The end of every transaction that settles people: fails unless the lease is still held, then says how far the job
/// has come. Whether that was the last of it.
async fn advance(tx: &Tx, taking: &Taking, full: usize, lasting: TimeDelta) -> Result<bool, Failure> {
    let Taking { lease, chunk, .. } = taking;
    jobs::store::keep(&tx.conn, *lease, tx.now + lasting).await?;
    let tried = jobs::store::tried(&tx.conn, lease.job, *chunk).await?;
    if let Some(tried) = tried {
        jobs::store::try_chunk(&tx.conn, lease.job, *chunk, tried.done(full)).await?;
    }
    let ended = store::next_chunk(&tx.conn, lease.job).await?.is_none();
    if ended {
        super::finish(tx, lease.job, None).await?;
    }
    jobs::store::tell(&tx.conn, lease.job, tx.now).await?;
    Ok(ended)
}

async fn halve(tx: &Tx, lease: Lease, chunk: i64, people: usize) -> Result<(), Failure> {
    jobs::store::held(&tx.conn, lease).await?;
    let broke = rules::Tried { size: people, attempts: 0 }.broke();
    Ok(jobs::store::try_chunk(&tx.conn, lease.job, chunk, broke).await?)
}

/// A list in which nobody waits.
async fn finish(tx: &Tx, lease: Lease) -> Result<(), Failure> {
    jobs::store::held(&tx.conn, lease).await?;
    super::finish(tx, lease.job, None).await?;
    Ok(jobs::store::tell(&tx.conn, lease.job, tx.now).await?)
}

/// What was done stays done; whoever waited is left alone.
async fn cancel(tx: &Tx, lease: Lease) -> Result<(), Failure> {
    jobs::store::held(&tx.conn, lease).await?;
    store::cancel_waiting(&tx.conn, lease.job).await?;
    super::finish(tx, lease.job, Some(JobStatus::Cancelled)).await?;
    Ok(jobs::store::tell(&tx.conn, lease.job, tx.now).await?)
}
