//! Removing many at once (R16): a list becomes a job with items, and the job is carried out chunk by chunk.
//!
//! What must be known of the whole list is settled when the job is accepted: who leaves (R13), the answer to R6, the
//! digest (R18). It is read and settled outside of the transaction that then writes the job (`accept`), so that other
//! writes do not wait for a long list, and long lists take turns. After that chunk size and order never change the
//! result. Workers carry the job out ([`crate::jobs`]), one [`Turn::step`] after the other: a chunk, the outcomes of its
//! items and the event that tells of it are committed together, so what is done is done once.

mod allowance;
mod control;
mod preparing;
mod turn;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::id::{GroupId, JobId, ServiceTokenId, UserId, WorkId};
use entity::kind::{Expiry, JobStatus, Outcome, PrivateSubgroups};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use self::control::{Retry, Start, again, cancel, start};
pub use self::preparing::{Totals, gone_besides, single_plans, warnings};
pub use self::turn::{Removals, Turn};
use super::facts::{Setting, Standing};
use super::list::{self, List};
use super::plan::digest_of;
use super::planning;
use super::request::{Part, People, Request};
use super::rules::{Verdict, settle};
use super::safety::{self, Going};
use super::store::{self, NewItem, NewJob};
use crate::access::Caller;
use crate::db::{Database, locks};
use crate::error::{Error, Failure, Refusal};
use crate::events::Event;
use crate::jobs;
use crate::ownership::{self, Administrator, Leaving};
use crate::queries::Sight;
use crate::queries::users::UserFilter;
use crate::transaction::{Key, Tx, snapshot, write};
use crate::tree::TreeCache;

/// The most people that one transaction removes.
pub const CHUNK: usize = 3_000;
/// The most decided rows (memberships, enrolments, seats, places, works) that people of one transaction bring.
pub const ROWS: i64 = 300_000;

/// How much one transaction takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// The most people, 1 to [`CHUNK`].
    pub people: usize,
    /// The most decided rows, except for one person alone.
    pub rows: i64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { people: CHUNK, rows: ROWS }
    }
}

/// What is asked for a list.
#[derive(Clone, Debug, Serialize)]
pub struct Batch {
    /// Who.
    pub people: People,
    /// What is done to each.
    pub request: Request,
    /// The digest of the plan that was shown; with another one nothing is done (R18).
    pub plan_digest: Option<String>,
    /// How many accounts go, as somebody typed it (R29).
    pub confirm_count: Option<i64>,
    /// How much of it one transaction takes.
    pub bounds: Bounds,
}

/// What a job keeps of its request.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    request: Request,
    /// The answer to R6, for a program of the version before, which reads it; `request` says all that this one needs.
    answer: PrivateSubgroups,
    /// `ADMINISTRATOR` rows that go, by group.
    administrators: Vec<(GroupId, BTreeSet<Administrator>)>,
    /// Places of those whose account ends, by work.
    places: Vec<(WorkId, BTreeSet<(i32, UserId)>)>,
    /// What everybody must still meet when their turn comes, where the list was a filter.
    filter: Option<Box<UserFilter>>,
    /// How much one transaction takes.
    #[serde(default)]
    bounds: Bounds,
    /// The token that asked, where it is nobody's own.
    #[serde(default)]
    service: Option<ServiceTokenId>,
}

impl Kept {
    /// For whom the job is done, whose rights count at every chunk: a token that was revoked has none.
    fn caller(&self, standing: &jobs::store::Standing) -> Caller {
        match (standing.actor, self.service) {
            (Some(actor), _) => Caller::User(actor),
            (None, Some(token)) => Caller::Service(token),
            (None, None) => Caller::System { on_behalf_of: standing.on_behalf_of },
        }
    }

    /// Who leaves, `users` being those whose account ends.
    fn leaving(&self, users: BTreeSet<UserId>) -> Leaving {
        Leaving {
            users,
            administrators: self.administrators.iter().cloned().collect(),
            places: self.places.iter().cloned().collect(),
        }
    }
}

/// The entries from which on a list is long.
const LONG: usize = 3_000;
/// Long lists are accepted one after the other in each instance: however many there are, others read and write meanwhile.
static TURNS_OF_LONG_LISTS: Semaphore = Semaphore::const_new(1);

/// Accepts a list as a job, for workers to carry out.
///
/// # Errors
/// `BAD_INPUT`, `BATCH_TOO_LARGE`, `NOT_FOUND` of the group or of somebody left out, `FORBIDDEN` for a caller who could
/// remove nobody, `TOO_MANY_ENTRIES`, `PRIVATE_SUBGROUPS_UNDECIDED`, `PLAN_CHANGED`, `CONFIRM_COUNT_REQUIRED`,
/// `COUNT_MISMATCH`: nothing was done.
pub async fn remove_many(
    db: &Database,
    caller: Caller,
    key: Option<Key>,
    batch: Batch,
) -> Result<JobId, Failure> {
    accept(db, caller, key, batch, JobStatus::Queued).await
}

/// Accepts a list as a job whose plan workers compute, to be shown before it is started ([`start`]).
///
/// # Errors
/// As [`remove_many`], and `TOO_MANY_PREPARED_JOBS`.
pub async fn prepare(
    db: &Database,
    caller: Caller,
    key: Option<Key>,
    batch: Batch,
) -> Result<JobId, Failure> {
    accept(db, caller, key, batch, JobStatus::Preparing).await
}

/// Reads and settles a list in one state of the database, then writes it down as a job in a transaction of its own. What
/// changes in between is found out when somebody's turn comes, as is what changes later.
async fn accept(
    db: &Database,
    caller: Caller,
    key: Option<Key>,
    batch: Batch,
    status: JobStatus,
) -> Result<JobId, Failure> {
    let is_long = matches!(batch.people, People::Matching(_)) || batch.people.entries() > LONG;
    let _turn = turn_of_long_lists(is_long).await;
    let batch = Arc::new(batch);
    let asked = (caller.clone(), batch.clone());
    let drafted = snapshot(db, asked, |snapshot, (caller, batch)| {
        Box::pin(draft(&snapshot.conn, snapshot.trees, caller, snapshot.now, batch, status))
    })
    .await;
    let drafted = Arc::new(refused_or_done(drafted)?);
    // What was drafted is no part of what was asked: a repeated request is answered with the job of the first, also where
    // it would be refused by now.
    let job = write(db, caller, key, batch, |tx, batch| {
        let drafted = drafted.clone();
        Box::pin(async move {
            match &*drafted {
                Ok(draft) => write_down(tx, batch, draft, status, Origin::Asked).await,
                Err(refusal) => Err(refusal.clone().into()),
            }
        })
    })
    .await?;
    db.bell.ring();
    Ok(job)
}

/// Waits until no other list that is long is being read and settled here.
async fn turn_of_long_lists(is_long: bool) -> Option<SemaphorePermit<'static>> {
    // Nobody closes the semaphore.
    if is_long { TURNS_OF_LONG_LISTS.acquire().await.ok() } else { None }
}

/// A refusal as an answer, for whoever asks again with a key to be answered otherwise.
fn refused_or_done<T>(answer: Result<T, Failure>) -> Result<Result<T, Refusal>, Failure> {
    match answer {
        Ok(done) => Ok(Ok(done)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(broken) => Err(broken),
    }
}

/// What a job comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// A list.
    Asked,
    /// The failures of this job.
    Retry(JobId),
}

/// What is known of a whole list before anything is done to anybody.
#[derive(Clone, Debug)]
struct Whole {
    leaving: Leaving,
    /// What ends an account.
    ending: BTreeSet<Part>,
    /// How many accounts go of those that count for the safety share.
    going: i64,
}

/// A list as it is to be written down.
#[derive(Clone, Debug)]
struct Draft {
    request: Request,
    leaving: Leaving,
    /// How many accounts go of those that count for the safety share.
    going: i64,
    /// How many people it names.
    people: usize,
    items: Vec<NewItem>,
    duplicates: usize,
}

/// Resolves the list and settles what concerns all of it. First whether the caller may have it done at all: a list of
/// somebody who could remove nobody, or has had too much prepared, is not looked at.
async fn draft(
    db: &impl ConnectionTrait,
    trees: &TreeCache,
    caller: &Caller,
    now: DateTime<Utc>,
    batch: &Batch,
    status: JobStatus,
) -> Result<Draft, Failure> {
    let setting = planning::setting(db, trees, caller).await?;
    let request = batch.request.normalized(setting.tree.root());
    planning::check_group(&request, &setting)?;
    allowance::check_rights(caller, &batch.people, &request, &setting)?;
    allowance::check(db, caller, now, batch.people.entries(), status).await?;
    let mut list = list::resolve(db, &Sight::of(db, trees, caller).await?, &batch.people).await?;
    planning::check_groups(&mut list, &setting);
    let parts = planning::parts(&list, &setting);
    let whole = settle_list(db, &parts, &request, &setting).await?;
    let digests = match &batch.plan_digest {
        Some(shown) => {
            let digests = digests(db, now, &parts, &whole, &request, &setting).await?;
            let of_all = digests.iter().map(|(part, digest)| (*part, digest.as_str()));
            if digest_of(&request, of_all) != *shown {
                return Err(Refusal::PlanChanged.into());
            }
            digests
        }
        None => BTreeMap::new(),
    };
    let items = items(&list, &parts, caller, batch.bounds.people, &whole.ending, digests);
    let Whole { leaving, going, .. } = whole;
    let people = list.users().len();
    Ok(Draft { request, leaving, going, people, items, duplicates: list.duplicates })
}

/// Writes the job. What the platform itself would do over the safety share waits to be confirmed (R29).
async fn write_down(
    tx: &Tx,
    batch: &Batch,
    draft: &Draft,
    status: JobStatus,
    origin: Origin,
) -> Result<JobId, Failure> {
    let db = &tx.conn;
    let entries = draft.items.len() + draft.duplicates;
    if let Some(actor) = tx.caller.user() {
        // Of several at once of one person, each counts those before it.
        locks::users_exclusively(db, &[actor]).await?;
    }
    allowance::check(db, &tx.caller, tx.now, entries, status).await?;
    let status = match (status, &tx.caller) {
        (JobStatus::Queued, caller) => {
            let going = Going { accounts: draft.going, people: draft.people };
            match (safety::check(tx, going, batch.confirm_count).await, caller) {
                (Err(Failure::Refused(Refusal::ConfirmCountRequired { .. })), Caller::System { .. }) => {
                    JobStatus::AwaitingConfirmation
                }
                (checked, _) => checked.map(|()| JobStatus::Queued)?,
            }
        }
        (status, _) => status,
    };
    let filter = match &batch.people {
        People::Named(_) | People::Pairs(_) => None,
        People::Matching(matching) => Some(Box::new(matching.filter.clone())),
    };
    let kept = Kept {
        request: draft.request,
        answer: planning::assumed(&draft.request),
        administrators: draft.leaving.administrators.clone().into_iter().collect(),
        places: draft.leaving.places.clone().into_iter().collect(),
        filter,
        bounds: batch.bounds,
        service: tx.caller.service(),
    };
    let job = NewJob {
        status,
        actor: tx.caller.user(),
        on_behalf_of: tx.caller.on_behalf_of(),
        cause: draft.request.cause,
        options: serde_json::to_string(&kept).map_err(Error::from)?,
        plan_digest: batch.plan_digest.as_deref(),
        retry_of: match origin {
            Origin::Asked => None,
            Origin::Retry(job) => Some(job),
        },
        total: draft.items.len(),
        duplicates: draft.duplicates,
        now: tx.now,
    };
    let job = store::add_job(db, &job).await?;
    store::add_items(db, job, &draft.items).await?;
    jobs::store::tell(db, job, tx.now).await?;
    Ok(job)
}

/// Ends a job as `status`, or as its outcomes have it, and tells of it.
async fn finish(tx: &Tx, job: JobId, status: Option<JobStatus>) -> Result<(), Failure> {
    let outcomes = store::outcomes(&tx.conn, job).await?;
    let failed = outcomes.iter().any(|(outcome, _)| outcome.is_none_or(Outcome::is_failure));
    let by_outcomes = if failed { JobStatus::FinishedWithFailures } else { JobStatus::Succeeded };
    let status = status.unwrap_or(by_outcomes);
    if status == JobStatus::Cancelled {
        forget_list(tx, job).await?;
    } else {
        forget_options(tx, job, false).await?;
    }
    let status = store::finish(&tx.conn, job, status, tx.now).await?;
    let counts = outcomes.into_iter().filter_map(|(outcome, count)| Some((outcome?, count)));
    tx.tell([Event::job_finished(job, status, counts)]);
    Ok(())
}

/// Ends a prepared job that can no longer be started, and says why; nothing of its list is kept (R29).
///
/// # Errors
/// When the database cannot be written.
pub async fn expire(tx: &Tx, job: JobId, because: Expiry) -> Result<(), Error> {
    forget_list(tx, job).await?;
    jobs::store::expire(&tx.conn, job, because, tx.now).await?;
    jobs::store::tell(&tx.conn, job, tx.now).await?;
    tx.tell([Event::job_finished(job, JobStatus::Expired, [])]);
    Ok(())
}

/// Forgets the list of a job that is turned down (R29): the entries as typed if no chunk was begun, and the people too if
/// it was never let run.
async fn forget_list(tx: &Tx, job: JobId) -> Result<(), Error> {
    let status = jobs::store::status(&tx.conn, job).await?;
    let never_ran = [JobStatus::Preparing, JobStatus::Prepared, JobStatus::AwaitingConfirmation];
    let never_ran = status.is_some_and(|status| never_ran.contains(&status));
    if never_ran {
        store::forget_list(&tx.conn, job).await?;
    } else {
        store::forget_entries(&tx.conn, job).await?;
    }
    forget_options(tx, job, never_ran).await
}

/// Forgets the conditions of a filter, which may name people, when the job ends and nobody has to meet them any more; and
/// of one that never ran, who would have left what.
async fn forget_options(tx: &Tx, job: JobId, never_ran: bool) -> Result<(), Error> {
    let Some(standing) = jobs::store::standing(&tx.conn, job).await? else { return Ok(()) };
    let kept: Kept = serde_json::from_str(&standing.options)?;
    let leaves = !kept.administrators.is_empty() || !kept.places.is_empty();
    if kept.filter.is_none() && !(never_ran && leaves) {
        return Ok(());
    }
    let kept = if never_ran {
        Kept { filter: None, administrators: Vec::new(), places: Vec::new(), ..kept }
    } else {
        Kept { filter: None, ..kept }
    };
    store::set_options(&tx.conn, job, &serde_json::to_string(&kept)?).await
}

/// Settles what concerns all of `parts`: the answer to R6, who leaves (R13). Chunk by chunk, so that memory stays bounded.
async fn settle_list(
    db: &impl ConnectionTrait,
    parts: &[Part],
    request: &Request,
    setting: &Setting,
) -> Result<Whole, Failure> {
    let (mut undecided, mut leaving) = (BTreeSet::new(), Leaving::default());
    let (mut ending, mut going) = (BTreeSet::new(), 0);
    for some in chunks(parts) {
        let people = store::standings(db, some, None).await?;
        let verdicts = planning::verdicts(&people, request, setting);
        undecided.extend(planning::undecided(&verdicts));
        going += safety::going(&people, verdicts.iter().map(|(user, verdict)| (*user, verdict.outcome)));
        settle(&mut leaving, &verdicts);
        let ends = |(person, (_, verdict)): (&Standing, &(UserId, Verdict))| {
            (verdict.outcome == Outcome::Deleted).then(|| person.part())
        };
        ending.extend(people.iter().zip(&verdicts).filter_map(ends));
    }
    planning::check_decided(undecided, setting)?;
    leaving.hold(ownership::store::places(db, &leaving.users).await?);
    Ok(Whole { leaving, ending, going })
}

/// Everybody's digest, as [`settle_list`] goes through them.
async fn digests(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    parts: &[Part],
    whole: &Whole,
    request: &Request,
    setting: &Setting,
) -> Result<BTreeMap<Part, String>, Error> {
    let mut digests = BTreeMap::new();
    for some in chunks(parts) {
        let people = store::standings(db, some, None).await?;
        let leaving = Some(&whole.leaving);
        let plan = planning::plan(db, now, &people, request, leaving, setting).await?;
        digests.extend(plan.people.into_iter().map(|person| (person.part(), person.digest)));
    }
    Ok(digests)
}

/// Chunks of `parts`, which are in order of the person: what is asked of one stays together.
fn chunks(parts: &[Part]) -> impl Iterator<Item = &[Part]> {
    let mut left = parts;
    std::iter::from_fn(move || {
        let length = match left.get(CHUNK - 1) {
            Some((last, _)) => CHUNK + left[CHUNK..].iter().take_while(|(user, _)| user == last).count(),
            None => left.len(),
        };
        let some;
        (some, left) = left.split_at(length);
        (!some.is_empty()).then_some(some)
    })
}

/// One item an entry; chunks are filled in the order of the list, the caller's own items last (R16). What is asked of one
/// person comes in turns, as `parts` has it: everybody's first, then everybody's second, so that nobody is in a chunk twice
/// and whoever is asked something later is as they were left.
fn items(
    list: &List,
    parts: &[Part],
    caller: &Caller,
    size: usize,
    ending: &BTreeSet<Part>,
    mut digests: BTreeMap<Part, String>,
) -> Vec<NewItem> {
    let size = size.clamp(1, CHUNK) as i64;
    let mut turns: BTreeMap<Part, usize> = BTreeMap::new();
    let mut before: Option<(UserId, usize)> = None;
    for part in parts {
        let turn = before.filter(|(user, _)| *user == part.0).map_or(0, |(_, turn)| turn + 1);
        turns.insert(*part, turn);
        before = Some((part.0, turn));
    }
    let is_own = |(user, _): &Part| caller.user() == Some(*user);
    // How many others there are in each turn, and where its chunks begin.
    let mut others: Vec<i64> = Vec::new();
    for (part, turn) in &turns {
        others.resize(others.len().max(turn + 1), 0);
        others[*turn] += i64::from(!is_own(part));
    }
    let mut first = 0;
    let mut places: Vec<i64> = Vec::with_capacity(others.len());
    for count in &others {
        places.push(first * size);
        first += (count + size - 1) / size;
    }
    // The caller's own fill up the last chunk of one turn, and have one each of several.
    let own = match (others.as_slice(), places.as_slice()) {
        ([count], [_]) => *count,
        _ => first * size,
    };
    let mut chunk = |part: &Part| {
        let turn = turns.get(part).copied().unwrap_or(0);
        let at = if is_own(part) {
            own + turn as i64 * size
        } else {
            let at = places[turn];
            places[turn] += 1;
            at
        };
        at / size + 1
    };
    list.items
        .iter()
        .map(|item| {
            let part = item.user.map(|user| (user, item.group));
            NewItem {
                user: item.user,
                group: item.group,
                position: item.position,
                typed: item.typed.clone().filter(|_| item.may_be_kept),
                chunk: part.as_ref().map(&mut chunk),
                ends_account: part.is_some_and(|part| ending.contains(&part)),
                digest: part.and_then(|part| digests.remove(&part)),
                outcome: item.outcome,
            }
        })
        .collect()
}
