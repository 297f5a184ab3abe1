//! Cancelling a job, trying its failures again, and letting a prepared or held one run.

use std::sync::Arc;

use entity::id::JobId;
use entity::kind::{JobStatus, Outcome, PrivateSubgroups};
use serde::Serialize;
use tokio::sync::SemaphorePermit;

use super::{
    Batch, Draft, Kept, LONG, Origin, chunks, draft, refused_or_done, settle_list, turn_of_long_lists,
    write_down,
};
use crate::access::{Authority, Caller};
use crate::db::Database;
use crate::error::{Error, Failure, Refusal};
use crate::jobs::{self, PLAN_FORM};
use crate::removal::facts::Setting;
use crate::removal::list::read_again;
use crate::removal::plan::digest_of;
use crate::removal::planning;
use crate::removal::request::{Entry, Named, Part, People};
use crate::removal::safety::{self, Going};
use crate::removal::store::{self, FollowedJob};
use crate::transaction::{Key, Snapshot, Tx, snapshot, write};
use crate::tree::Tree;

/// A job to be let run.
#[derive(Clone, Debug, Serialize)]
pub struct Start {
    /// Which.
    pub job: JobId,
    /// The digest of its plan, as it was shown; not asked of a job that only waits to be confirmed.
    pub plan_digest: Option<String>,
    /// How many accounts go, as typed (R29).
    pub confirm_count: Option<i64>,
}

/// A job whose failures are to be tried again.
#[derive(Clone, Debug, Serialize)]
pub struct Retry {
    /// Which.
    pub job: JobId,
    /// The answer to R6; the one of the job if none is given.
    pub private_subgroups: Option<PrivateSubgroups>,
    /// How many accounts go, as typed (R29).
    pub confirm_count: Option<i64>,
}

/// The job, held until the transaction ends, for somebody who may follow it: whoever asked for it or prepared it, and
/// platform administrators.
async fn followed(tx: &Tx, job: JobId) -> Result<FollowedJob, Failure> {
    let authority = tx.authority().await?;
    let (_, tree) = crate::platform::current(&tx.conn, &tx.trees).await?;
    let found = store::followed(&tx.conn, job, true).await?;
    let found = found.filter(|job| may_follow(job, &tx.caller, &authority, &tree));
    found.ok_or_else(|| Refusal::not_found(&["jobId"], "RemovalJob").into())
}

/// Whoever asked for a job or prepared it follows it, and platform administrators do.
fn may_follow(job: &FollowedJob, caller: &Caller, authority: &Authority, tree: &Tree) -> bool {
    job.is_own(caller.user()) || authority.administers_platform(tree)
}

/// Stops a job: at once where nobody works on it, else at the next chunk. What was done stays done. Cancelling it again
/// changes nothing.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_TRANSITION` for a job that has ended.
pub async fn cancel(tx: &Tx, job: &JobId) -> Result<JobId, Failure> {
    let found = followed(tx, *job).await?;
    match found.status {
        JobStatus::Cancelling | JobStatus::Cancelled => return Ok(*job),
        JobStatus::Running => store::set_status(&tx.conn, *job, JobStatus::Cancelling).await?,
        JobStatus::Queued | JobStatus::Preparing | JobStatus::Prepared | JobStatus::AwaitingConfirmation => {
            store::cancel_waiting(&tx.conn, *job).await?;
            super::finish(tx, *job, Some(JobStatus::Cancelled)).await?;
        }
        status @ (JobStatus::Expired | JobStatus::Succeeded | JobStatus::FinishedWithFailures) => {
            return Err(Refusal::InvalidJobTransition { status }.into());
        }
    }
    jobs::store::tell(&tx.conn, *job, tx.now).await?;
    Ok(*job)
}

/// Makes a new job of those whom an ended one could not remove, with the same options: entries that meant nobody are
/// looked up once more, as long as they are kept as typed.
///
/// # Errors
/// `NOT_FOUND`, `INVALID_TRANSITION` for a job that has not ended, `NOTHING_TO_RETRY`, and what accepting a list refuses
/// with.
pub async fn again(db: &Database, caller: Caller, key: Option<Key>, asked: Retry) -> Result<JobId, Failure> {
    let _turn = turn_of_job(db, asked.job).await?;
    let input = (caller.clone(), asked.clone());
    let drafted =
        snapshot(db, input, |snapshot, (caller, retry)| Box::pin(draft_again(snapshot, caller, retry))).await;
    let drafted = Arc::new(refused_or_done(drafted)?);
    let job = write(db, caller, key, asked, |tx, asked| {
        let drafted = drafted.clone();
        Box::pin(async move {
            let (batch, draft) = drafted.as_ref().as_ref().map_err(Clone::clone)?;
            followed(tx, asked.job).await?;
            write_down(tx, batch, draft, JobStatus::Queued, Origin::Retry(asked.job)).await
        })
    })
    .await?;
    db.bell.ring();
    Ok(job)
}

/// Waits for the turn of the list of a job, where it is long.
async fn turn_of_job(db: &Database, job: JobId) -> Result<Option<SemaphorePermit<'static>>, Error> {
    let entries = store::entries(&db.read, job).await?;
    Ok(turn_of_long_lists(entries.is_some_and(|entries| entries > LONG)).await)
}

/// The failures of a job as a list, settled as they are now.
async fn draft_again(
    snapshot: &Snapshot<'_>,
    caller: &Caller,
    retry: &Retry,
) -> Result<(Batch, Draft), Failure> {
    let db = &snapshot.conn;
    let (found, _) = seen(snapshot, caller, retry.job)
        .await?
        .ok_or_else(|| Refusal::not_found(&["jobId"], "RemovalJob"))?;
    if !found.status.is_final() || found.status == JobStatus::Expired {
        return Err(Refusal::InvalidJobTransition { status: found.status }.into());
    }
    let (mut people, mut pairs) = (Vec::new(), Vec::new());
    for (user, group, typed, outcome) in store::settled(db, retry.job).await? {
        let entry = match (user, typed) {
            _ if !outcome.is_failure() => None,
            (Some(user), _) => Some(Entry { named: Named::Id(user), typed: String::new() }),
            (None, Some(typed)) => read_again(&typed),
            (None, None) => None,
        };
        match group {
            Some(group) => pairs.extend(entry.map(|entry| (entry, group))),
            None => people.extend(entry),
        }
    }
    if people.is_empty() && pairs.is_empty() {
        return Err(Refusal::NothingToRetry.into());
    }
    let kept: Kept = serde_json::from_str(&found.options).map_err(Error::from)?;
    let batch = Batch {
        people: if pairs.is_empty() { People::Named(people) } else { People::Pairs(pairs) },
        request: retry.private_subgroups.map_or(kept.request, |answer| kept.request.answered(answer)),
        plan_digest: None,
        confirm_count: retry.confirm_count,
        bounds: kept.bounds,
    };
    let draft = draft(db, snapshot.trees, caller, snapshot.now, &batch, JobStatus::Queued).await?;
    Ok((batch, draft))
}

/// The job and what its caller's rights are judged by, where they may follow it.
async fn seen(
    snapshot: &Snapshot<'_>,
    caller: &Caller,
    job: JobId,
) -> Result<Option<(FollowedJob, Setting)>, Failure> {
    let Some(found) = store::followed(&snapshot.conn, job, false).await? else { return Ok(None) };
    let setting = planning::setting(&snapshot.conn, snapshot.trees, caller).await?;
    let may_follow = may_follow(&found, caller, &setting.authority, &setting.tree);
    Ok(may_follow.then_some((found, setting)))
}

/// Lets a prepared job run, if what would happen now is what was shown; and one that was held to be confirmed.
///
/// The whole plan is computed again (R18), outside of the transaction that then lets it run: whoever changes in between
/// has the outcome `PLAN_CHANGED` alone.
///
/// # Errors
/// `NOT_FOUND`, `INVALID_TRANSITION`, `BAD_INPUT` without a digest, `PRIVATE_SUBGROUPS_UNDECIDED` where the answer was left
/// out and has come to matter, `PLAN_CHANGED`, `CONFIRM_COUNT_REQUIRED`, `COUNT_MISMATCH`: nothing was done.
pub async fn start(db: &Database, caller: Caller, key: Option<Key>, start: Start) -> Result<JobId, Failure> {
    let _turn = turn_of_job(db, start.job).await?;
    let input = (caller.clone(), start.clone());
    let planned =
        snapshot(db, input, |snapshot, (caller, start)| Box::pin(digest_now(snapshot, caller, start)))
            .await?;
    // What was planned is no part of what was asked: asked again, the key gets its answer.
    let job =
        write(db, caller, key, start, |tx, start| Box::pin(let_run(tx, start, planned.clone()))).await?;
    db.bell.ring();
    Ok(job)
}

/// The digest of the plan as it is now, for whoever starts the job (R29); none where none is asked for, and for somebody who
/// may not follow it.
async fn digest_now(
    snapshot: &Snapshot<'_>,
    caller: &Caller,
    start: &Start,
) -> Result<Option<String>, Failure> {
    let db = &snapshot.conn;
    let Some((found, setting)) = seen(snapshot, caller, start.job).await? else { return Ok(None) };
    // Whatever is refused anyway is not planned.
    let is_asked = start.plan_digest.is_some() && start.plan_digest == found.plan_digest;
    if found.status != JobStatus::Prepared || !is_asked {
        return Ok(None);
    }
    let kept: Kept = serde_json::from_str(&found.options).map_err(Error::from)?;
    let parts = store::parts_of(db, start.job, None).await?;
    let list = settle_list(db, &parts, &kept.request, &setting).await?;
    let digests = super::digests(db, snapshot.now, &parts, &list, &kept.request, &setting).await?;
    Ok(Some(digest_of(&kept.request, digests.iter().map(|(part, digest)| (*part, digest.as_str())))))
}

async fn let_run(tx: &Tx, start: &Start, planned: Option<String>) -> Result<JobId, Failure> {
    let found = followed(tx, start.job).await?;
    let is_startable = found.keep_until.is_some_and(|until| tx.now < until)
        && found.plan_form.is_some_and(|form| form == PLAN_FORM);
    match found.status {
        JobStatus::Prepared if is_startable => {
            let Some(shown) = start.plan_digest.as_deref() else {
                let message =
                    "A prepared job is started with the digest of its plan: send `plan.digest` of the job.";
                return Err(Refusal::bad_input(&["planDigest"], message).into());
            };
            if found.plan_digest.as_deref() != Some(shown) || planned.as_deref() != Some(shown) {
                return Err(Refusal::PlanChanged.into());
            }
            take_charge(tx, start.job, &found).await?;
        }
        JobStatus::AwaitingConfirmation => {
            if start.confirm_count.is_none() {
                return Err(Refusal::ConfirmCountRequired { most: safety::ALWAYS, of_day: None }.into());
            }
            store::confirm(&tx.conn, start.job, tx.caller.user()).await?;
        }
        status => return Err(Refusal::InvalidJobTransition { status }.into()),
    }
    let ending = store::ending(&tx.conn, start.job).await?;
    let parts: Vec<Part> = ending.iter().map(|user| (*user, None)).collect();
    let mut accounts = 0;
    for some in chunks(&parts) {
        let people = store::standings(&tx.conn, some, None).await?;
        accounts += safety::going(&people, some.iter().map(|(user, _)| (*user, Outcome::Deleted)));
    }
    let going = Going { accounts, people: store::people(&tx.conn, start.job).await? };
    safety::check(tx, going, start.confirm_count).await?;
    store::set_status(&tx.conn, start.job, JobStatus::Queued).await?;
    jobs::store::tell(&tx.conn, start.job, tx.now).await?;
    Ok(start.job)
}

/// R29: whoever starts a prepared job is its actor, whose rights count at every chunk and whose own turn comes last.
async fn take_charge(tx: &Tx, job: JobId, found: &FollowedJob) -> Result<(), Failure> {
    let kept: Kept = serde_json::from_str(&found.options).map_err(Error::from)?;
    let service = tx.caller.service();
    if (tx.caller.user(), service) == (found.actor, kept.service) {
        return Ok(());
    }
    let options = serde_json::to_string(&Kept { service, ..kept }).map_err(Error::from)?;
    let (actor, behalf) = (tx.caller.user(), tx.caller.on_behalf_of());
    store::take_charge(&tx.conn, job, actor, behalf, &options).await?;
    if let Some(actor) = actor {
        store::put_last(&tx.conn, job, actor).await?;
    }
    Ok(())
}
