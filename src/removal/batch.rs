//! Removing many at once (R16): a list becomes a job with items, and the job is carried out chunk by chunk.
//!
//! What must be known of the whole list is settled when the job is accepted: who leaves (R13), the answer to R6, the
//! digest (R18). After that chunk size and order never change the result. A chunk and the outcomes of its items are
//! committed together, so what is done is done once.

use std::collections::{BTreeMap, BTreeSet};

use entity::id::{GroupId, JobId, UserId};
use entity::kind::{JobStatus, Outcome, PrivateSubgroups};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::chunk::{self, Settled};
use super::facts::{Setting, Standing};
use super::list::{self, List};
use super::plan::{WorkId, digest_of};
use super::planning;
use super::request::{People, Request};
use super::rules::settle;
use super::store::{self, NewItem, NewJob};
use crate::access::Caller;
use crate::db::{Database, Key, Tx, write};
use crate::error::{Error, Failure, Refusal};
use crate::ownership::{self, Administrator, Leaving};
use crate::queries::Sight;
use crate::queries::users::UserFilter;

/// The most people that one transaction removes.
pub const CHUNK: usize = 3_000;

/// What is asked for a list.
#[derive(Clone, Debug, Serialize)]
pub struct Batch {
    /// Who.
    pub people: People,
    /// What is done to each.
    pub request: Request,
    /// The digest of the plan that was shown; with another one nothing is done (R18).
    pub plan_digest: Option<String>,
    /// The most people of one transaction, 1 to [`CHUNK`].
    pub chunk: usize,
}

/// What a job keeps of its request.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    request: Request,
    answer: PrivateSubgroups,
    /// `ADMINISTRATOR` rows that go, by group.
    administrators: Vec<(GroupId, BTreeSet<Administrator>)>,
    /// Places of those whose account ends, by work.
    places: Vec<(WorkId, BTreeSet<(i32, UserId)>)>,
    /// What everybody must still meet when their turn comes, where the list was a filter.
    filter: Option<Box<UserFilter>>,
}

/// Accepts a list as a job and carries it out.
///
/// # Errors
/// `BAD_INPUT`, `BATCH_TOO_LARGE`, `NOT_FOUND` of the group, `PRIVATE_SUBGROUPS_UNDECIDED`, `PLAN_CHANGED`: nothing was
/// done. What breaks later leaves the job where its last committed chunk ended.
pub async fn remove_many(
    db: &Database,
    caller: Caller,
    key: Option<Key>,
    batch: Batch,
) -> Result<JobId, Failure> {
    let job = write(db, caller.clone(), key, batch, |tx, batch| Box::pin(accept(tx, batch))).await?;
    // A repeated request is answered with the job of the first, which whoever took it carries out.
    if write(db, caller.clone(), None, job, |tx, job| Box::pin(claim(tx, *job))).await? {
        run(db, caller, job).await?;
    }
    Ok(job)
}

async fn claim(tx: &Tx, job: JobId) -> Result<bool, Failure> {
    Ok(store::claim(&tx.conn, job, tx.now).await?)
}

/// Resolves the list, settles what concerns all of it, and writes the job.
async fn accept(tx: &Tx, batch: &Batch) -> Result<JobId, Failure> {
    let db = &tx.conn;
    let list = list::resolve(db, &Sight::in_write(tx).await?, &batch.people).await?;
    let setting = planning::setting(db, &tx.trees, &tx.caller).await?;
    let request = batch.request.normalized(setting.tree.root());
    planning::check_group(&request, &setting)?;
    let people = store::standings(db, &list.users()).await?;
    let answer = planning::answer(&people, &request, &setting)?;
    let verdicts = planning::verdicts(&people, &request, answer, &setting);
    let mut leaving = Leaving::default();
    settle(&mut leaving, &verdicts);
    leaving.hold(ownership::store::places(db, &leaving.users).await?);
    let digests = match &batch.plan_digest {
        Some(shown) => {
            let digests = digests(tx, &people, &request, answer, &leaving, &setting).await?;
            let of_all = digests.iter().map(|(user, digest)| (*user, digest.as_str()));
            if digest_of(&request, of_all) != *shown {
                return Err(Refusal::PlanChanged.into());
            }
            digests
        }
        None => BTreeMap::new(),
    };
    let items = items(&list, &tx.caller, batch.chunk, &leaving, digests);
    let filter = match &batch.people {
        People::Named(_) => None,
        People::Matching(filter) => Some(filter.clone()),
    };
    let kept = Kept {
        request,
        answer,
        administrators: leaving.administrators.into_iter().collect(),
        places: leaving.places.into_iter().collect(),
        filter,
    };
    let job = NewJob {
        actor: tx.caller.user(),
        on_behalf_of: tx.caller.on_behalf_of(),
        cause: request.cause,
        options: serde_json::to_string(&kept).map_err(Error::from)?,
        plan_digest: batch.plan_digest.as_deref(),
        total: items.len(),
        duplicates: list.duplicates,
        now: tx.now,
    };
    let job = store::add_job(db, &job).await?;
    store::add_items(db, job, &items).await?;
    Ok(job)
}

/// Everybody's digest, computed chunk by chunk so that memory stays bounded.
async fn digests(
    tx: &Tx,
    people: &[Standing],
    request: &Request,
    answer: PrivateSubgroups,
    leaving: &Leaving,
    setting: &Setting,
) -> Result<BTreeMap<UserId, String>, Error> {
    let mut digests = BTreeMap::new();
    for people in people.chunks(CHUNK) {
        let plan = planning::plan(&tx.conn, tx.now, people, request, answer, Some(leaving), setting).await?;
        digests.extend(plan.people.into_iter().map(|person| (person.user, person.digest)));
    }
    Ok(digests)
}

/// One item an entry; chunks are filled in the order of the list, the caller's own item last (R16).
fn items(
    list: &List,
    caller: &Caller,
    size: usize,
    leaving: &Leaving,
    mut digests: BTreeMap<UserId, String>,
) -> Vec<NewItem> {
    let size = size.clamp(1, CHUNK) as i64;
    let others =
        list.items.iter().filter(|item| item.user.is_some() && item.user != caller.user()).count() as i64;
    let mut turn = 0;
    list.items
        .iter()
        .map(|item| {
            let chunk = item.user.map(|user| {
                let at = if caller.user() == Some(user) { others } else { turn };
                turn += i64::from(caller.user() != Some(user));
                at / size + 1
            });
            NewItem {
                user: item.user,
                typed: item.typed.clone(),
                chunk,
                ends_account: item.user.is_some_and(|user| leaving.users.contains(&user)),
                digest: item.user.and_then(|user| digests.remove(&user)),
                outcome: item.outcome,
            }
        })
        .collect()
}

/// Carries out what is left of `job`.
async fn run(db: &Database, caller: Caller, job: JobId) -> Result<(), Failure> {
    let kept: Kept = serde_json::from_str(&store::job(&db.read, job).await?).map_err(Error::from)?;
    let leaving = Leaving {
        users: store::leaving(&db.read, job).await?,
        administrators: kept.administrators.iter().cloned().collect(),
        places: kept.places.iter().cloned().collect(),
    };
    let turn = Turn { job, kept, leaving };
    for chunk in store::chunks(&db.read, job).await? {
        carry_out(db, &caller, &turn, chunk.people).await?;
    }
    write(db, caller, None, job, |tx, job| Box::pin(finish(tx, *job))).await
}

/// What every chunk of a job shares.
#[derive(Clone, Debug)]
struct Turn {
    job: JobId,
    kept: Kept,
    leaving: Leaving,
}

/// One transaction; when it fails for an unexpected reason, its halves, until the one at fault stands alone.
fn carry_out<'a>(
    db: &'a Database,
    caller: &'a Caller,
    turn: &'a Turn,
    people: Vec<(UserId, Option<String>)>,
) -> BoxFuture<'a, Result<(), Failure>> {
    Box::pin(async move {
        let input = (turn.job, people);
        let tried = write(db, caller.clone(), None, &input, |tx, input| {
            Box::pin(transact(tx, turn.clone(), &input.1))
        })
        .await;
        let (_, mut people) = input;
        match tried {
            Ok(()) => Ok(()),
            Err(Failure::Broken(error)) if people.len() > 1 => {
                tracing::error!(job = turn.job.0, people = people.len(), %error, "a chunk failed; halving it");
                let rest = people.split_off(people.len() / 2);
                carry_out(db, caller, turn, people).await?;
                carry_out(db, caller, turn, rest).await
            }
            Err(failure) => {
                tracing::error!(job = turn.job.0, error = %failure, "one person of a job failed");
                let failed: Vec<UserId> = people.into_iter().map(|(user, _)| user).collect();
                let input = (turn.job, failed);
                write(db, caller.clone(), None, input, |tx, input| Box::pin(fail(tx, input))).await
            }
        }
    })
}

async fn transact(tx: &Tx, turn: Turn, people: &[(UserId, Option<String>)]) -> Result<(), Failure> {
    let users: Vec<UserId> = people.iter().map(|(user, _)| *user).collect();
    let settled = Settled {
        answer: turn.kept.answer,
        leaving: &turn.leaving,
        filter: turn.kept.filter.as_deref(),
        job: turn.job,
    };
    let shown =
        people.iter().filter_map(|(user, digest)| Some((*user, digest.clone()?))).collect::<BTreeMap<_, _>>();
    let (done, _) = chunk::execute(tx, &users, &turn.kept.request, Some(settled), |_, _| Ok(shown)).await?;
    let outcomes: Vec<_> = done.iter().map(|done| (done.plan.user, done.plan.outcome, done.record)).collect();
    Ok(store::write_outcomes(&tx.conn, turn.job, &outcomes).await?)
}

async fn fail(tx: &Tx, (job, users): &(JobId, Vec<UserId>)) -> Result<(), Failure> {
    let outcomes: Vec<_> = users.iter().map(|user| (*user, Outcome::Failed, None)).collect();
    Ok(store::write_outcomes(&tx.conn, *job, &outcomes).await?)
}

async fn finish(tx: &Tx, job: JobId) -> Result<(), Failure> {
    let outcomes = store::outcomes(&tx.conn, job).await?;
    let failed = outcomes.iter().any(|(outcome, _)| outcome.is_none_or(Outcome::is_failure));
    let status = if failed { JobStatus::FinishedWithFailures } else { JobStatus::Succeeded };
    Ok(store::finish(&tx.conn, job, status, tx.now).await?)
}
