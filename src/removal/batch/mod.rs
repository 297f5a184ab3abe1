//! Removing many at once (R16): a list becomes a job with items, and the job is carried out chunk by chunk.
//!
//! What must be known of the whole list is settled when the job is accepted: who leaves (R13), the answer to R6, the
//! digest (R18). After that chunk size and order never change the result. Workers carry the job out ([`crate::jobs`]),
//! one [`Turn::step`] after the other: a chunk, the outcomes of its items and the event that tells of it are committed
//! together, so what is done is done once.

mod turn;

use std::collections::{BTreeMap, BTreeSet};

use entity::id::{GroupId, JobId, UserId};
use entity::kind::{JobStatus, PrivateSubgroups};
use serde::{Deserialize, Serialize};

pub use self::turn::Turn;
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
use crate::jobs;
use crate::ownership::{self, Administrator, Leaving};
use crate::queries::users::UserFilter;

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
    /// How much of it one transaction takes.
    pub bounds: Bounds,
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
    /// How much one transaction takes.
    #[serde(default)]
    bounds: Bounds,
}

/// Accepts a list as a job, for workers to carry out.
///
/// # Errors
/// `BAD_INPUT`, `BATCH_TOO_LARGE`, `NOT_FOUND` of the group, `PRIVATE_SUBGROUPS_UNDECIDED`, `PLAN_CHANGED`: nothing was
/// done.
pub async fn remove_many(
    db: &Database,
    caller: Caller,
    key: Option<Key>,
    batch: Batch,
) -> Result<JobId, Failure> {
    // A repeated request is answered with the job of the first.
    let job = write(db, caller, key, batch, |tx, batch| Box::pin(accept(tx, batch))).await?;
    db.bell.ring();
    Ok(job)
}

/// Resolves the list, settles what concerns all of it, and writes the job.
async fn accept(tx: &Tx, batch: &Batch) -> Result<JobId, Failure> {
    let db = &tx.conn;
    let list = list::resolve(db, &batch.people).await?;
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
    let items = items(&list, &tx.caller, batch.bounds.people, &leaving, digests);
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
        bounds: batch.bounds,
    };
    let job = NewJob {
        status: JobStatus::Queued,
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
    jobs::store::tell(db, job, tx.now).await?;
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
