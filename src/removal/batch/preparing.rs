//! Computing the plan of a job chunk by chunk, to be read and then started (R18).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{JobId, UserId, WorkId};
use entity::kind::Outcome;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::turn::Work;
use super::{CHUNK, Kept};
use crate::db::Database;
use crate::error::{Error, Failure};
use crate::jobs::{self, Lease, PREPARED_FOR, Step};
use crate::ownership::Administrator;
use crate::removal::plan::{Effect, PersonPlan, Plan, digest_of};
use crate::removal::request::{Part, Scope};
use crate::removal::warning::{self, Warning};
use crate::removal::{planning, safety, store};
use crate::transaction::{Snapshot, Tx, snapshot, write};
use crate::tree::TreeCache;

/// How much a plan would do in all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// How often each outcome would come up.
    pub outcomes: BTreeMap<Outcome, i64>,
    /// Memberships that would go.
    pub memberships_removed: i64,
    /// Memberships that would stay.
    pub memberships_kept: i64,
    /// Participations in sessions that would end.
    pub sessions_left: i64,
    /// Seats that would be released.
    pub seats_released: i64,
    /// Individual enrolments that would go.
    pub enrolments_removed: i64,
    /// Places as co-author or co-instructor that would go.
    pub places_removed: i64,
    /// Courses that would be handed over.
    pub courses_handed_over: i64,
    /// Paths that would be handed over.
    pub paths_handed_over: i64,
    /// Sessions that would be handed over.
    pub sessions_handed_over: i64,
    /// Accounts that would end.
    pub accounts_deleted: i64,
    /// Those of them that count for the safety share (R29).
    pub confirm_count: i64,
}

impl Totals {
    /// What a job keeps of its plan; nothing while none is kept.
    ///
    /// # Errors
    /// When it is not of this shape.
    pub fn read(kept: Option<&str>) -> Result<Totals, Error> {
        Ok(kept.map(serde_json::from_str).transpose()?.unwrap_or_default())
    }

    /// Adds what `plan` would do, by which so many accounts go that count for the safety share.
    pub fn add(&mut self, plan: &Plan, going: i64) {
        self.confirm_count += going;
        for person in &plan.people {
            self.add_outcome(person.outcome);
            self.add_effects(person);
        }
    }

    /// Adds what would be done to one person.
    pub fn add_effects(&mut self, person: &PersonPlan) {
        person.effects.iter().for_each(|effect| self.add_effect(effect));
    }

    /// Adds an outcome.
    pub fn add_outcome(&mut self, outcome: Outcome) {
        *self.outcomes.entry(outcome).or_default() += 1;
    }

    fn add_effect(&mut self, effect: &Effect) {
        let total = match effect {
            Effect::MembershipRemoved { .. } => &mut self.memberships_removed,
            Effect::MembershipKept { .. } => &mut self.memberships_kept,
            Effect::SessionLeft { .. } => &mut self.sessions_left,
            Effect::SeatReleased { .. } => &mut self.seats_released,
            Effect::EnrolmentRemoved { .. } => &mut self.enrolments_removed,
            Effect::PlaceRemoved { .. } => &mut self.places_removed,
            Effect::HandedOver { work: WorkId::Course(_), .. } => &mut self.courses_handed_over,
            Effect::HandedOver { work: WorkId::Path(_), .. } => &mut self.paths_handed_over,
            Effect::HandedOver { work: WorkId::Session(_), .. } => &mut self.sessions_handed_over,
            Effect::AccountDeleted { .. } => &mut self.accounts_deleted,
            Effect::SessionKept { .. } | Effect::SeatKept { .. } | Effect::PostsAnonymized { .. } => return,
        };
        *total += 1;
    }
}

/// Plans the next people, or completes the plan.
///
/// # Errors
/// [`Error::Superseded`] where somebody else has the job, or what broke.
pub(super) async fn step(
    db: &Database,
    lease: Lease,
    lasting: TimeDelta,
    work: &Arc<Work>,
) -> Result<Step, Failure> {
    let parts = store::unplanned(&db.read, lease.job, CHUNK).await?;
    let caller = work.caller.clone();
    if parts.is_empty() {
        let complete = write(db, caller, None, (), |tx, ()| Box::pin(complete(tx, lease, work.clone())));
        complete.await?;
        return Ok(Step::Ended);
    }
    let planned = snapshot(db, (lease.job, work.clone(), parts), |snapshot, (job, work, parts)| {
        Box::pin(plan(snapshot, *job, work, parts))
    })
    .await?;
    let planned = Arc::new(planned);
    write(db, caller, None, (), |tx, ()| Box::pin(keep(tx, lease, lasting, planned.clone()))).await?;
    Ok(Step::More)
}

/// What would be done of `parts`, and how many of the accounts that go count for the safety share.
async fn plan(
    snapshot: &Snapshot<'_>,
    job: JobId,
    work: &Work,
    parts: &[Part],
) -> Result<(Plan, i64), Failure> {
    plan_of(&snapshot.conn, snapshot.now, snapshot.trees, job, work, parts).await
}

async fn plan_of(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    trees: &TreeCache,
    job: JobId,
    work: &Work,
    parts: &[Part],
) -> Result<(Plan, i64), Failure> {
    let Work { caller, kept, leaving } = work;
    let setting = planning::setting(db, trees, caller).await?;
    // Whatever else is asked of the same people may come before.
    let all = match kept.request.scope {
        Scope::Each => {
            let users: BTreeSet<UserId> = parts.iter().map(|(user, _)| *user).collect();
            store::parts_of(db, job, Some(&users)).await?
        }
        Scope::Platform | Scope::Group(_) | Scope::Role(..) => {
            // In order of id.
            parts.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
        }
    };
    let people = store::standings(db, &all, None).await?;
    let leaving = Some(leaving);
    let mut plan = planning::plan(db, now, &people, &kept.request, leaving, &setting).await?;
    let asked: BTreeSet<&Part> = parts.iter().collect();
    plan.people.retain(|person| asked.contains(&person.part()));
    for person in &mut plan.people {
        person.missing.retain(|group| setting.authority.sees(&setting.tree, *group));
    }
    let going = safety::going(&people, plan.outcomes());
    Ok((plan, going))
}

async fn keep(tx: &Tx, lease: Lease, lasting: TimeDelta, planned: Arc<(Plan, i64)>) -> Result<(), Failure> {
    let (db, (plan, going)) = (&tx.conn, &*planned);
    jobs::store::keep(db, lease, tx.now + lasting).await?;
    let plans: Vec<_> =
        plan.people.iter().map(|person| (person.part(), person.outcome, person.digest.as_str())).collect();
    let mut totals = Totals::read(store::totals(db, lease.job).await?.as_deref())?;
    totals.add(plan, *going);
    let totals = serde_json::to_string(&totals).map_err(Error::from)?;
    if !store::write_totals(db, lease.job, &totals).await? {
        // It was cancelled meanwhile.
        return Err(Error::Superseded.into());
    }
    store::write_plans(db, lease.job, &plans).await?;
    Ok(jobs::store::tell(db, lease.job, tx.now).await?)
}

async fn complete(tx: &Tx, lease: Lease, work: Arc<Work>) -> Result<(), Failure> {
    let db = &tx.conn;
    jobs::store::held(db, lease).await?;
    let digests = store::digests(db, lease.job).await?;
    let digest = digest_of(&work.kept.request, digests.iter().map(|(part, digest)| (*part, digest.as_str())));
    if !store::prepared(db, lease.job, &digest, tx.now + PREPARED_FOR).await? {
        return Err(Error::Superseded.into());
    }
    jobs::store::give_up(db, lease).await?;
    Ok(jobs::store::tell(db, lease.job, tx.now).await?)
}

/// What the safety share counts besides the accounts that `job` takes, as of now: something for one person alone, as in the
/// plan of one person (R29).
///
/// # Errors
/// When the database cannot be read.
pub async fn gone_besides(db: &impl ConnectionTrait, job: JobId, now: DateTime<Utc>) -> Result<i64, Error> {
    safety::gone_if_alone(db, now, store::people(db, job).await?).await
}

/// What would be done now of each of `parts`, by `job`.
///
/// # Errors
/// When the database cannot be read.
pub async fn single_plans(
    db: &Database,
    job: JobId,
    parts: &[Part],
) -> Result<BTreeMap<Part, PersonPlan>, Failure> {
    let Some(standing) = jobs::store::standing(&db.read, job).await? else { return Ok(BTreeMap::new()) };
    let kept: Kept = serde_json::from_str(&standing.options).map_err(Error::from)?;
    let caller = kept.caller(&standing);
    let leaving = kept.leaving(store::leaving(&db.read, job).await?);
    let work = Work { caller, kept, leaving };
    let now = db.clock.now(&db.read).await?;
    let (plan, _) = plan_of(&db.read, now, &db.trees, job, &work, parts).await?;
    Ok(plan.people.into_iter().map(|person| (person.part(), person)).collect())
}

/// What to know of a job that is prepared, with these `options`.
///
/// # Errors
/// When the database cannot be read.
pub async fn warnings(
    db: &impl ConnectionTrait,
    job: JobId,
    options: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Warning>, Error> {
    let kept: Kept = serde_json::from_str(options)?;
    let users =
        |administrators: BTreeSet<Administrator>| administrators.into_iter().map(|one| one.user).collect();
    let stepping = kept.administrators.into_iter().map(|(group, going)| (group, users(going))).collect();
    warning::of_job(db, job, stepping, now).await
}
