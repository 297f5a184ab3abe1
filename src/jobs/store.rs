//! Leases, attempts and events of jobs.

use chrono::{DateTime, Utc};
use entity::id::{JobId, UserId};
use entity::kind::{Expiry, JobKind, JobStatus};
use sea_orm::{ConnectionTrait, DbBackend};
use serde::{Deserialize, Serialize};

use super::Lease;
use super::rules::Tried;
use crate::db::sql::sql;
use crate::error::Error;

/// A job that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The right to work on it.
    pub lease: Lease,
    /// What it does.
    pub kind: JobKind,
    /// Where it stands.
    pub status: JobStatus,
}

/// A job as whoever works on it needs it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Where it stands.
    pub status: JobStatus,
    /// Who took it last.
    pub epoch: i64,
    /// Who asked for it.
    pub actor: Option<UserId>,
    /// For whom the platform acts.
    pub on_behalf_of: Option<UserId>,
    /// What was asked, as JSON.
    pub options: String,
}

/// Since when the job of these `kinds` that waits longest waits for somebody to work on it, which may be to come; none where nothing does.
pub async fn waits(db: &impl ConnectionTrait, kinds: String) -> Result<Option<DateTime<Utc>>, Error> {
    let (since,) = sql(
        "jobs.waits",
        "select min(coalesce(leased_until, created_at)) from jobs
         where status in {open} and kind in {kinds}",
    )
    .kinds("open", JobStatus::listed(JobStatus::is_open))
    .kinds("kinds", kinds)
    .only(db)
    .await?;
    Ok(since)
}

/// Takes the oldest job of these `kinds` that waits, for `worker` until `until`; none where none does.
pub async fn claim(
    db: &impl ConnectionTrait,
    kinds: String,
    worker: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Taken>, Error> {
    // Two who look at once take two jobs. SQLite has one writer.
    let skip =
        if db.get_database_backend() == DbBackend::Postgres { "for no key update skip locked" } else { "" };
    let text = format!(
        "update jobs set status = case when status = 'QUEUED' then 'RUNNING' else status end, epoch = epoch + 1,
            leased_by = {{worker}}, leased_until = {{until}}, started_at = coalesce(started_at, {{now}})
         where id = (select id from jobs where status in {{open}} and kind in {{kinds}}
            and (leased_until is null or leased_until <= {{now}}) order by id limit 1 {skip})
         returning id, kind, epoch, status"
    );
    let taken: Option<(JobId, JobKind, i64, JobStatus)> = sql("jobs.claim", text)
        .kinds("open", JobStatus::listed(JobStatus::is_open))
        .kinds("kinds", kinds)
        .bind("worker", worker)
        .bind("now", now)
        .bind("until", until)
        .one(db)
        .await?;
    Ok(taken.map(|(job, kind, epoch, status)| Taken { lease: Lease { job, epoch }, kind, status }))
}

/// A sign of life: the lease holds until `until`, unless it was given up.
pub async fn keep(db: &impl ConnectionTrait, lease: Lease, until: DateTime<Utc>) -> Result<(), Error> {
    let kept =
        sql("jobs.keep", "update jobs set leased_until = {until} where id = {job} and epoch = {epoch} and leased_by is not null")
            .bind("until", until)
            .bind("job", lease.job)
            .bind("epoch", lease.epoch)
            .execute(db)
            .await?;
    if kept == 1 { Ok(()) } else { Err(Error::Superseded) }
}

/// Gives the lease up, so that the next may take the job at once.
pub async fn give_up(db: &impl ConnectionTrait, lease: Lease) -> Result<(), Error> {
    let given = sql(
        "jobs.give_up",
        "update jobs set leased_by = null, leased_until = null where id = {job} and epoch = {epoch}",
    )
    .bind("job", lease.job)
    .bind("epoch", lease.epoch)
    .execute(db)
    .await?;
    if given == 1 { Ok(()) } else { Err(Error::Superseded) }
}

/// Ends every lease.
pub async fn end_leases(db: &impl ConnectionTrait) -> Result<(), Error> {
    sql(
        "jobs.end_leases",
        "update jobs set leased_by = null, leased_until = null
         where status in {open} and leased_until is not null",
    )
    .kinds("open", JobStatus::listed(JobStatus::is_open))
    .execute(db)
    .await?;
    Ok(())
}

/// Fails unless the lease is still held; nobody takes it until the transaction ends.
pub async fn held(db: &impl ConnectionTrait, lease: Lease) -> Result<(), Error> {
    let lock = if db.get_database_backend() == DbBackend::Postgres { "for no key update" } else { "" };
    let text = format!("select epoch from jobs where id = {{job}} and epoch = {{epoch}} {lock}");
    let found: Option<(i64,)> =
        sql("jobs.held", text).bind("job", lease.job).bind("epoch", lease.epoch).one(db).await?;
    found.map(|_| ()).ok_or(Error::Superseded)
}

/// A job as it stands.
pub async fn standing(db: &impl ConnectionTrait, job: JobId) -> Result<Option<Standing>, Error> {
    let row: Option<(JobStatus, i64, Option<UserId>, Option<UserId>, String)> = sql(
        "jobs.standing",
        "select status, epoch, actor_id, on_behalf_of, options from jobs where id = {job}",
    )
    .bind("job", job)
    .one(db)
    .await?;
    Ok(row.map(|(status, epoch, actor, on_behalf_of, options)| Standing {
        status,
        epoch,
        actor,
        on_behalf_of,
        options,
    }))
}

/// Where a job stands; none where there is no such job.
pub async fn status(db: &impl ConnectionTrait, job: JobId) -> Result<Option<JobStatus>, Error> {
    let row: Option<(JobStatus,)> =
        sql("jobs.status", "select status from jobs where id = {job}").bind("job", job).one(db).await?;
    Ok(row.map(|(status,)| status))
}

/// How a chunk fared so far; none where it was not begun.
pub async fn tried(db: &impl ConnectionTrait, job: JobId, chunk: i64) -> Result<Option<Tried>, Error> {
    let row: Option<(i64, i64)> =
        sql("jobs.tried", "select size, attempts from job_chunks where job_id = {job} and chunk = {chunk}")
            .bind("job", job)
            .bind("chunk", chunk)
            .one(db)
            .await?;
    Ok(row.map(|(size, attempts)| Tried { size: usize::try_from(size).unwrap_or(1), attempts }))
}

/// Keeps how a chunk fared.
pub async fn try_chunk(db: &impl ConnectionTrait, job: JobId, chunk: i64, tried: Tried) -> Result<(), Error> {
    sql(
        "jobs.try_chunk",
        "insert into job_chunks (job_id, chunk, size, attempts) values ({job}, {chunk}, {size}, {attempts})
         on conflict (job_id, chunk) do update set size = excluded.size, attempts = excluded.attempts",
    )
    .bind("job", job)
    .bind("chunk", chunk)
    .bind("size", i64::try_from(tried.size).unwrap_or(i64::MAX))
    .bind("attempts", tried.attempts)
    .exactly(db, 1)
    .await
}

/// Writes the next event of a job whose row this transaction holds: where it stands, and how many items are done.
pub async fn tell(db: &impl ConnectionTrait, job: JobId, now: DateTime<Utc>) -> Result<(), Error> {
    sql(
        "jobs.tell",
        "insert into job_events (job_id, number, at, status, done)
         select j.id, coalesce((select max(e.number) from job_events e where e.job_id = j.id), 0) + 1, {now}, j.status,
            j.total - (select count(*) from job_items i where i.job_id = j.id and i.outcome is null)
         from jobs j where j.id = {job}",
    )
    .bind("now", now)
    .bind("job", job)
    .exactly(db, 1)
    .await
}

/// Prepared jobs of these `kinds` that nobody started in time, and those whose plan has an older form than `form`; and why each of them can
/// no longer be started.
pub async fn overdue(
    db: &impl ConnectionTrait,
    kinds: String,
    form: i32,
    now: DateTime<Utc>,
) -> Result<Vec<(JobId, JobKind, Expiry)>, Error> {
    sql(
        "jobs.overdue",
        "select id, kind, 'NOT_STARTED' from jobs
         where status = 'PREPARED' and keep_until <= {now} and kind in {kinds}
         union all
         select id, kind, 'PLAN_OUTDATED' from jobs
         where status = 'PREPARED' and coalesce(plan_form, 1) < {form} and keep_until > {now} and kind in {kinds}",
    )
    .kinds("kinds", kinds)
    .bind("form", form)
    .bind("now", now)
    .all(db)
    .await
}

/// Ends a prepared job that can no longer be started, and says why.
pub async fn expire(
    db: &impl ConnectionTrait,
    job: JobId,
    because: Expiry,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "jobs.expire",
        "update jobs set status = 'EXPIRED', expired_because = {because},
            finished_at = case when keep_until < {now} then keep_until else {now} end
         where id = {job} and status = 'PREPARED'",
    )
    .bind("because", because)
    .bind("now", now)
    .bind("job", job)
    .exactly(db, 1)
    .await
}

/// Forgets entries as typed of jobs accepted before `before`.
pub async fn forget_typed(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<(), Error> {
    sql(
        "jobs.forget_typed",
        "update job_items set typed = null where typed is not null
            and job_id in (select id from jobs where created_at < {before})",
    )
    .bind("before", before)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets answers to idempotency keys that were given before `before`.
pub async fn forget_keys(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<(), Error> {
    sql("jobs.forget_keys", "delete from idempotency_keys where created_at < {before}")
        .bind("before", before)
        .execute(db)
        .await?;
    Ok(())
}
