//! Jobs, their items and outcomes (R16, R29).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::id::{GroupId, JobId, RecordId, UserId};
use entity::kind::{Cause, JobStatus, Outcome};
use sea_orm::{ConnectionTrait, DbBackend};

use crate::db::sql::{Rows, sql};
use crate::error::Error;
use crate::jobs::PLAN_FORM;
use crate::removal::request::Part;

/// Items that are written at once.
const ITEMS: usize = 10_000;

/// Why somebody failed, as it stands in the database.
pub type Reason = &'static str;

/// A deletion of long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// When it was.
    pub at: DateTime<Utc>,
    /// The record of it; none for somebody who came to the platform as a deleted one.
    pub record: Option<RecordId>,
}

/// A job to be written.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// Where it begins.
    pub status: JobStatus,
    /// Who asks; none for the platform itself.
    pub actor: Option<UserId>,
    /// Who had set what the platform carries out.
    pub on_behalf_of: Option<UserId>,
    /// Why.
    pub cause: Cause,
    /// The serialized options.
    pub options: String,
    /// The digest that was compared, where one was given.
    pub plan_digest: Option<&'a str>,
    /// The job whose failures it tries again.
    pub retry_of: Option<JobId>,
    /// How many items.
    pub total: usize,
    /// How many entries were left out as duplicates.
    pub duplicates: usize,
    /// When.
    pub now: DateTime<Utc>,
}

/// An item to be written.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// Its place in the list as given, from 1.
    pub position: usize,
    /// Whom it means.
    pub user: Option<UserId>,
    /// The group that is named for it alone.
    pub group: Option<GroupId>,
    /// The entry as typed, where it means nobody.
    pub typed: Option<String>,
    /// The chunk in which its turn comes, from 1.
    pub chunk: Option<i64>,
    /// Whether it was settled that the account ends (R13).
    pub ends_account: bool,
    /// The person's digest in the plan that was shown.
    pub digest: Option<String>,
    /// What is known already.
    pub outcome: Option<Outcome>,
}

/// Writes a job that waits for its turn.
pub async fn add_job(db: &impl ConnectionTrait, job: &NewJob<'_>) -> Result<JobId, Error> {
    let (id,) = sql(
        "removal.add_job",
        "insert into jobs (kind, status, actor_id, on_behalf_of, cause, options, plan_digest, retry_of, total,
            duplicates, epoch, created_at)
         values ('REMOVAL', {status}, {actor}, {behalf}, {cause}, {options}, {digest}, {retry}, {total},
            {duplicates}, 0, {now})
         returning id",
    )
    .bind("status", job.status)
    .bind("actor", job.actor)
    .bind("behalf", job.on_behalf_of)
    .bind("cause", job.cause)
    .bind("options", job.options.as_str())
    .bind("digest", job.plan_digest)
    .bind("retry", job.retry_of)
    .bind("total", i64::try_from(job.total).unwrap_or(i64::MAX))
    .bind("duplicates", i64::try_from(job.duplicates).unwrap_or(i64::MAX))
    .bind("now", job.now)
    .only(db)
    .await?;
    Ok(id)
}

/// Writes the items of `job`, in the order of its list.
pub async fn add_items(db: &impl ConnectionTrait, job: JobId, items: &[NewItem]) -> Result<(), Error> {
    // All of a long list at once would be in memory several times over.
    for some in items.chunks(ITEMS) {
        let rows = Rows::new()
            .numbers("position", some.iter().map(|item| item.position as i64))
            .numbers_or_null("user_id", some.iter().map(|item| item.user))
            .texts_or_null("typed", some.iter().map(|item| item.typed.as_deref()))
            .numbers_or_null("chunk", some.iter().map(|item| item.chunk))
            .flags("ends_account", some.iter().map(|item| item.ends_account))
            .texts_or_null("digest", some.iter().map(|item| item.digest.as_deref()))
            .texts_or_null("outcome", some.iter().map(|item| item.outcome.map(Outcome::as_str)))
            .numbers_or_null("group_id", some.iter().map(|item| item.group));
        sql(
            "removal.add_items",
            "insert into job_items (job_id, position, user_id, typed, chunk, ends_account, digest, outcome, group_id)
             select {job}, position, user_id, typed, chunk, ends_account, digest, outcome, group_id
             from {items} where true",
        )
        .rows("items", rows)
        .bind("job", job)
        .exactly(db, some.len())
        .await?;
    }
    Ok(())
}

/// Whose account ends by this job, as settled when it was accepted.
pub async fn leaving(db: &impl ConnectionTrait, job: JobId) -> Result<BTreeSet<UserId>, Error> {
    let rows: Vec<(UserId,)> = sql(
        "removal.leaving",
        "select user_id from job_items where job_id = {job} and ends_account = {yes} and user_id is not null",
    )
    .bind("job", job)
    .bind("yes", true)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// The first chunk in which somebody still waits; none where nobody does.
pub async fn next_chunk(db: &impl ConnectionTrait, job: JobId) -> Result<Option<i64>, Error> {
    let row: Option<(i64,)> = sql(
        "removal.next_chunk",
        "select chunk from job_items where job_id = {job} and outcome is null and chunk is not null
         order by chunk limit 1",
    )
    .bind("job", job)
    .one(db)
    .await?;
    Ok(row.map(|(chunk,)| chunk))
}

/// The first of those who wait in `chunk`, in order of id, with the group named for each and the digest that each must
/// still have.
pub async fn waiting(
    db: &impl ConnectionTrait,
    job: JobId,
    chunk: i64,
    most: usize,
) -> Result<Vec<(UserId, Option<GroupId>, Option<String>)>, Error> {
    sql(
        "removal.waiting",
        "select user_id, group_id, digest from job_items
         where job_id = {job} and outcome is null and chunk = {chunk} and user_id is not null
         order by user_id limit {most}",
    )
    .bind("job", job)
    .bind("chunk", chunk)
    .bind("most", i64::try_from(most).unwrap_or(i64::MAX))
    .all(db)
    .await
}

/// Writes what became of these people of a chunk of `job`.
pub async fn write_outcomes(
    db: &impl ConnectionTrait,
    (job, chunk): (JobId, i64),
    outcomes: &[(UserId, Outcome, Option<Reason>, Option<RecordId>)],
) -> Result<(), Error> {
    let rows = Rows::new()
        .numbers("user_id", outcomes.iter().map(|(user, ..)| *user))
        .texts("outcome", outcomes.iter().map(|(_, outcome, ..)| outcome.as_str()))
        .texts_or_null("reason", outcomes.iter().map(|(_, _, reason, _)| *reason))
        .numbers_or_null("record_id", outcomes.iter().map(|(.., record)| *record));
    sql(
        "removal.write_outcomes",
        "update job_items set outcome = done.outcome, reason = done.reason, record_id = done.record_id
         from {done}
         where job_items.job_id = {job} and job_items.user_id = done.user_id and job_items.chunk = {chunk}
            and job_items.outcome is null",
    )
    .rows("done", rows)
    .bind("job", job)
    .bind("chunk", chunk)
    .exactly(db, outcomes.len())
    .await
}

/// Gives whoever still waits the outcome of a job that was cancelled.
pub async fn cancel_waiting(db: &impl ConnectionTrait, job: JobId) -> Result<(), Error> {
    sql(
        "removal.cancel_waiting",
        "update job_items set outcome = 'CANCELLED' where job_id = {job} and outcome is null",
    )
    .bind("job", job)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets the entries of `job` as typed, if no chunk of it was begun.
pub async fn forget_entries(db: &impl ConnectionTrait, job: JobId) -> Result<(), Error> {
    sql(
        "removal.forget_entries",
        "update job_items set typed = null where job_id = {job} and typed is not null
            and (select c.chunk from job_chunks c where c.job_id = {job} order by c.job_id, c.chunk limit 1) is null",
    )
    .bind("job", job)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets whom the entries of `job` mean, and how they were typed.
pub async fn forget_list(db: &impl ConnectionTrait, job: JobId) -> Result<(), Error> {
    sql(
        "removal.forget_list",
        "update job_items set typed = null, user_id = null, group_id = null where job_id = {job}",
    )
    .bind("job", job)
    .execute(db)
    .await?;
    Ok(())
}

/// The jobs of `actor` that are being prepared, or are prepared and can still be started, in order of id.
pub async fn open_prepared(
    db: &impl ConnectionTrait,
    actor: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<JobId>, Error> {
    let rows: Vec<(JobId,)> = sql(
        "removal.open_prepared",
        "select id from jobs where actor_id = {actor}
            and (status = 'PREPARING' or (status = 'PREPARED' and keep_until > {now})) order by id",
    )
    .bind("actor", actor)
    .bind("now", now)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(job,)| job).collect())
}

/// How many entries the lists had that `actor` has had accepted since then, duplicates included, whoever started them.
pub async fn entries_since(
    db: &impl ConnectionTrait,
    actor: UserId,
    since: DateTime<Utc>,
) -> Result<i64, Error> {
    let (entries,) = sql(
        "removal.entries_since",
        "select cast(coalesce(sum(total + duplicates), 0) as bigint) from jobs
         where created_at > {since} and ((actor_id = {actor} and prepared_by is null) or prepared_by = {actor})",
    )
    .bind("since", since)
    .bind("actor", actor)
    .only(db)
    .await?;
    Ok(entries)
}

/// How often each outcome came up in `job`.
pub async fn outcomes(db: &impl ConnectionTrait, job: JobId) -> Result<Vec<(Option<Outcome>, i64)>, Error> {
    sql(
        "removal.outcomes",
        "select outcome, count(*) from job_items where job_id = {job} group by outcome order by outcome",
    )
    .bind("job", job)
    .all(db)
    .await
}

/// Ends `job`; as what.
pub async fn finish(
    db: &impl ConnectionTrait,
    job: JobId,
    status: JobStatus,
    now: DateTime<Utc>,
) -> Result<JobStatus, Error> {
    let ended: Option<(JobStatus,)> = sql(
        "removal.finish",
        "update jobs set status = case when status = 'CANCELLING' then 'CANCELLED' else {status} end, finished_at = {now}
         where id = {job} and finished_at is null returning status",
    )
    .bind("status", status)
    .bind("now", now)
    .bind("job", job)
    .one(db)
    .await?;
    ended.map(|(status,)| status).ok_or(Error::Drift("removal.finish"))
}

/// When each of `users` was deleted, and the record of it where there is one; the living are left out.
pub async fn last_deletions(
    db: &impl ConnectionTrait,
    users: &[UserId],
) -> Result<BTreeMap<UserId, Deletion>, Error> {
    let rows: Vec<(UserId, DateTime<Utc>, Option<RecordId>)> = sql(
        "removal.last_deletions",
        "select u.id, u.deleted_at,
            (select max(r.id) from records r where r.user_id = u.id and r.outcome = 'DELETED')
         from users u where u.id in {users} and u.deleted_at is not null",
    )
    .ids("users", users.iter().copied())
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(user, at, record)| (user, Deletion { at, record })).collect())
}

/// How many people `job` names.
pub async fn people(db: &impl ConnectionTrait, job: JobId) -> Result<usize, Error> {
    let (people,): (i64,) =
        sql("removal.people", "select count(distinct user_id) from job_items where job_id = {job}")
            .bind("job", job)
            .only(db)
            .await?;
    Ok(usize::try_from(people).unwrap_or(0))
}

/// How many entries the list of a job has; none where there is no such job.
pub async fn entries(db: &impl ConnectionTrait, job: JobId) -> Result<Option<usize>, Error> {
    let text = "select total from jobs where id = {job}";
    let row: Option<(i64,)> = sql("removal.entries", text).bind("job", job).one(db).await?;
    Ok(row.map(|(total,)| usize::try_from(total).unwrap_or(0)))
}

/// A job as somebody finds it who may change it.
#[derive(Clone, Debug)]
pub struct FollowedJob {
    /// Who asked for it.
    pub actor: Option<UserId>,
    /// Who prepared it, if somebody else started it.
    pub prepared_by: Option<UserId>,
    /// Where it stands.
    pub status: JobStatus,
    /// What was asked, as JSON.
    pub options: String,
    /// The digest of its plan.
    pub plan_digest: Option<String>,
    /// The form in which its plan was computed.
    pub plan_form: Option<i32>,
    /// Until when its plan can be started.
    pub keep_until: Option<DateTime<Utc>>,
}

impl FollowedJob {
    /// Whether `user` asked for it, or prepared it.
    pub fn is_own(&self, user: Option<UserId>) -> bool {
        user.is_some() && (user == self.actor || user == self.prepared_by)
    }
}

/// A job; nobody else changes it until the transaction ends, where it is `held`.
pub async fn followed(
    db: &impl ConnectionTrait,
    job: JobId,
    held: bool,
) -> Result<Option<FollowedJob>, Error> {
    let locks = held && db.get_database_backend() == DbBackend::Postgres;
    let lock = if locks { "for no key update" } else { "" };
    let text = format!(
        "select actor_id, prepared_by, status, options, plan_digest, plan_form, keep_until from jobs
         where id = {{job}} {lock}"
    );
    type Cells = (
        Option<UserId>,
        Option<UserId>,
        JobStatus,
        String,
        Option<String>,
        Option<i32>,
        Option<DateTime<Utc>>,
    );
    let row: Option<Cells> = sql("removal.followed", text).bind("job", job).one(db).await?;
    Ok(row.map(|(actor, prepared_by, status, options, plan_digest, plan_form, keep_until)| FollowedJob {
        actor,
        prepared_by,
        status,
        options,
        plan_digest,
        plan_form,
        keep_until,
    }))
}

/// Makes whoever starts a prepared job its actor (R29); none for a service token or the platform itself.
pub async fn take_charge(
    db: &impl ConnectionTrait,
    job: JobId,
    actor: Option<UserId>,
    on_behalf_of: Option<UserId>,
    options: &str,
) -> Result<(), Error> {
    sql(
        "removal.take_charge",
        "update jobs set prepared_by = coalesce(prepared_by, actor_id), actor_id = {actor}, on_behalf_of = {behalf},
            options = {options} where id = {job} and status = 'PREPARED'",
    )
    .bind("actor", actor)
    .bind("behalf", on_behalf_of)
    .bind("options", options)
    .bind("job", job)
    .exactly(db, 1)
    .await
}

/// Notes who let a job run that was held.
pub async fn confirm(db: &impl ConnectionTrait, job: JobId, by: Option<UserId>) -> Result<(), Error> {
    sql("removal.confirm", "update jobs set confirmed_by = {by} where id = {job}")
        .bind("by", by)
        .bind("job", job)
        .exactly(db, 1)
        .await
}

/// Lets the turns of one person come after everybody else's, in the order in which they came.
pub async fn put_last(db: &impl ConnectionTrait, job: JobId, user: UserId) -> Result<(), Error> {
    let own: Vec<(i64,)> = sql(
        "removal.turns_of",
        "select position from job_items where job_id = {job} and user_id = {user} order by chunk",
    )
    .bind("job", job)
    .bind("user", user)
    .all(db)
    .await?;
    let (last,): (Option<i64>,) =
        sql("removal.last_chunk", "select max(chunk) from job_items where job_id = {job}")
            .bind("job", job)
            .only(db)
            .await?;
    let first = last.unwrap_or(0) + 1;
    let rows = Rows::new()
        .numbers("position", own.iter().map(|(position,)| *position))
        .numbers("chunk", first..first + own.len() as i64);
    sql(
        "removal.put_last",
        "update job_items set chunk = turn.chunk from {turn}
         where job_items.job_id = {job} and job_items.position = turn.position",
    )
    .rows("turn", rows)
    .bind("job", job)
    .exactly(db, own.len())
    .await
}

/// Lets a job stand elsewhere.
pub async fn set_status(db: &impl ConnectionTrait, job: JobId, status: JobStatus) -> Result<(), Error> {
    sql("removal.set_status", "update jobs set status = {status} where id = {job} and finished_at is null")
        .bind("status", status)
        .bind("job", job)
        .exactly(db, 1)
        .await
}

/// Keeps something else of what was asked of `job`, as JSON.
pub async fn set_options(db: &impl ConnectionTrait, job: JobId, options: &str) -> Result<(), Error> {
    sql("removal.set_options", "update jobs set options = {options} where id = {job}")
        .bind("options", options)
        .bind("job", job)
        .exactly(db, 1)
        .await
}

/// All that a job asks, or what it asks of `users`; in order of id, and of one person in the order in which it is done.
pub async fn parts_of(
    db: &impl ConnectionTrait,
    job: JobId,
    users: Option<&BTreeSet<UserId>>,
) -> Result<Vec<Part>, Error> {
    let Some(users) = users else {
        return sql(
            "removal.parts_of",
            "select user_id, group_id from job_items where job_id = {job} and user_id is not null
             order by user_id, chunk",
        )
        .bind("job", job)
        .all(db)
        .await;
    };
    sql(
        "removal.parts_of_users",
        "select user_id, group_id from job_items where job_id = {job} and user_id in {users}
         order by user_id, chunk",
    )
    .bind("job", job)
    .ids("users", users.iter().copied())
    .all(db)
    .await
}

/// Whose account was to end by `job` and has not, in order of id.
pub async fn ending(db: &impl ConnectionTrait, job: JobId) -> Result<Vec<UserId>, Error> {
    let rows: Vec<(UserId,)> = sql(
        "removal.ending",
        "select user_id from job_items
         where job_id = {job} and outcome is null and ends_account = {yes} and user_id is not null order by user_id",
    )
    .bind("job", job)
    .bind("yes", true)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Every entry of `job` that has an outcome, in the order of its list: whom it means, the group named for it, or what was
/// typed.
pub async fn settled(
    db: &impl ConnectionTrait,
    job: JobId,
) -> Result<Vec<(Option<UserId>, Option<GroupId>, Option<String>, Outcome)>, Error> {
    sql(
        "removal.settled",
        "select user_id, group_id, typed, outcome from job_items where job_id = {job} and outcome is not null
         order by position",
    )
    .bind("job", job)
    .all(db)
    .await
}

/// What `job` asks and has no plan yet, in order of chunk and id.
pub async fn unplanned(db: &impl ConnectionTrait, job: JobId, most: usize) -> Result<Vec<Part>, Error> {
    sql(
        "removal.unplanned",
        "select user_id, group_id from job_items
         where job_id = {job} and outcome is null and planned is null and user_id is not null
         order by chunk, user_id limit {most}",
    )
    .bind("job", job)
    .bind("most", i64::try_from(most).unwrap_or(i64::MAX))
    .all(db)
    .await
}

/// Writes what would become of these people of `job`, and the digest of each one's plan.
pub async fn write_plans(
    db: &impl ConnectionTrait,
    job: JobId,
    plans: &[(Part, Outcome, &str)],
) -> Result<(), Error> {
    let rows = Rows::new()
        .numbers("user_id", plans.iter().map(|((user, _), ..)| *user))
        .numbers("group_id", plans.iter().map(|((_, group), ..)| group.map_or(0, i64::from)))
        .texts("outcome", plans.iter().map(|(_, outcome, _)| outcome.as_str()))
        .texts("digest", plans.iter().map(|(.., digest)| *digest));
    sql(
        "removal.write_plans",
        "update job_items set planned = would.outcome, digest = would.digest from {would}
         where job_items.job_id = {job} and job_items.user_id = would.user_id
            and coalesce(job_items.group_id, 0) = would.group_id and job_items.planned is null",
    )
    .rows("would", rows)
    .bind("job", job)
    .exactly(db, plans.len())
    .await
}

/// Everybody's digest in the plan of `job`.
pub async fn digests(db: &impl ConnectionTrait, job: JobId) -> Result<Vec<(Part, String)>, Error> {
    let rows: Vec<(UserId, Option<GroupId>, String)> = sql(
        "removal.digests",
        "select user_id, group_id, digest from job_items
         where job_id = {job} and user_id is not null and digest is not null",
    )
    .bind("job", job)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(user, group, digest)| ((user, group), digest)).collect())
}

/// What the plan of `job` comes to so far, as JSON.
pub async fn totals(db: &impl ConnectionTrait, job: JobId) -> Result<Option<String>, Error> {
    let (totals,) =
        sql("removal.totals", "select totals from jobs where id = {job}").bind("job", job).only(db).await?;
    Ok(totals)
}

/// Keeps what the plan of `job` comes to so far; fails where it is no longer being prepared.
pub async fn write_totals(db: &impl ConnectionTrait, job: JobId, totals: &str) -> Result<bool, Error> {
    let text = "update jobs set totals = {totals} where id = {job} and status = 'PREPARING'";
    let written =
        sql("removal.write_totals", text).bind("totals", totals).bind("job", job).execute(db).await?;
    Ok(written == 1)
}

/// The plan of `job` is complete.
pub async fn prepared(
    db: &impl ConnectionTrait,
    job: JobId,
    digest: &str,
    until: DateTime<Utc>,
) -> Result<bool, Error> {
    let written = sql(
        "removal.prepared",
        "update jobs set status = 'PREPARED', plan_digest = {digest}, plan_form = {form}, keep_until = {until},
            started_at = null
         where id = {job} and status = 'PREPARING'",
    )
    .bind("digest", digest)
    .bind("form", PLAN_FORM)
    .bind("until", until)
    .bind("job", job)
    .execute(db)
    .await?;
    Ok(written == 1)
}

/// Who is an administrator of each of `groups`.
pub async fn administrators(
    db: &impl ConnectionTrait,
    groups: impl IntoIterator<Item = GroupId>,
) -> Result<Vec<(GroupId, UserId)>, Error> {
    sql(
        "removal.administrators",
        "select group_id, user_id from memberships where group_id in {groups} and role = 'ADMINISTRATOR'",
    )
    .ids("groups", groups)
    .all(db)
    .await
}
