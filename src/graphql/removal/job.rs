//! Many removals at once, as a job with an outcome for every entry of its list (R16).

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::JobId;
use entity::kind::Outcome;

use super::about;
use super::plan::{PersonRemovalPlan, RemovalTotals};
use super::record::Removal;
use super::warning::RemovalWarning;
use crate::graphql::connection::{self, Connection, Paging};
use crate::graphql::context::load;
use crate::graphql::error::ApiError;
use crate::graphql::group::Group;
use crate::graphql::id::GlobalId;
use crate::graphql::kinds::{ActorKind, JobStatus, PlanExpiry, RemovalCause, RemovalOutcome};
use crate::graphql::thing::Thing;
use crate::graphql::user::User;
use crate::queries::removals::{
    DeletionDates, GoneBesides, Items, Job, JobEvent, JobItem, Jobs, OutcomeCounts, Records, SinglePlans,
    UnresolvedCounts, Warnings,
};
use crate::removal::batch::Totals;

/// Many removals asked for at once. What concerns the whole list is settled before anybody is removed; then people
/// are removed in chunks of at most 3,000, each chunk wholly or not at all.
#[derive(Clone, Debug)]
pub struct RemovalJob(Arc<Job>);

/// One entry of a job's list, and what became of it.
#[derive(Clone, Debug)]
pub struct RemovalJobItem(Arc<JobItem>);

/// Why somebody could not be removed for a reason that is not theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum RemovalFailure {
    /// It broke for an unexpected reason, and nothing was changed.
    Broken,
    /// The program ended each time it was tried, and nothing was changed.
    Poison,
}

impl RemovalFailure {
    fn of(reason: &str) -> Option<RemovalFailure> {
        match reason {
            "BROKEN" => Some(RemovalFailure::Broken),
            "POISON" => Some(RemovalFailure::Poison),
            _ => None,
        }
    }
}

/// How often an outcome came up.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct RemovalOutcomeCount {
    /// The outcome.
    pub outcome: RemovalOutcome,
    /// How many people have it.
    pub count: i64,
}

impl RemovalJob {
    /// The job of this id; none where there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: JobId) -> Result<Option<RemovalJob>, ApiError> {
        Ok(load::<Jobs>(ctx, id).await?.map(RemovalJob))
    }

    /// Where it stands.
    pub(super) fn standing(&self) -> entity::kind::JobStatus {
        self.0.status
    }

    /// Where it stands, as if it were told of: before the first event.
    pub(super) async fn as_it_stands(&self, ctx: &Context<'_>) -> Result<JobEvent, ApiError> {
        let Job { id, created_at, status, .. } = *self.0;
        Ok(JobEvent { job_id: id, number: 0, at: created_at, status, done: self.count_done(ctx).await? })
    }

    /// How many entries its list has.
    pub(super) fn entries(&self) -> i64 {
        self.0.total
    }

    /// How many entries have an outcome.
    async fn count_done(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        Ok(self.counts(ctx).await?.iter().map(|count| count.count).sum())
    }

    async fn counts(&self, ctx: &Context<'_>) -> Result<Vec<RemovalOutcomeCount>, ApiError> {
        let counts = load::<OutcomeCounts>(ctx, self.0.id).await?.unwrap_or_default();
        let count = |(outcome, count): &(entity::kind::Outcome, i64)| RemovalOutcomeCount {
            outcome: (*outcome).into(),
            count: *count,
        };
        Ok(counts.iter().map(count).collect())
    }
}

impl From<Arc<Job>> for RemovalJob {
    fn from(job: Arc<Job>) -> RemovalJob {
        RemovalJob(job)
    }
}

impl From<Arc<JobItem>> for RemovalJobItem {
    fn from(item: Arc<JobItem>) -> RemovalJobItem {
        RemovalJobItem(item)
    }
}

/// Many removals asked for at once. What concerns the whole list is settled before anybody is removed; then people
/// are removed in chunks of at most 3,000, each chunk wholly or not at all.
#[Object]
impl RemovalJob {
    /// The id: opaque, never given to anything else.
    pub(in crate::graphql) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Where it stands.
    async fn status(&self) -> JobStatus {
        self.0.status.into()
    }

    /// Why it was asked for.
    async fn cause(&self) -> RemovalCause {
        self.0.cause.into()
    }

    /// Who asked for the job or started it, with whose rights it is carried out; null for the platform itself, or if you
    /// may not see them.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.actor_id {
            Some(actor) => User::load(ctx, actor).await,
            None => Ok(None),
        }
    }

    /// Whether a person or the platform itself asked for the job or started it.
    async fn actor_kind(&self) -> ActorKind {
        ActorKind::of(self.0.actor_id)
    }

    /// Who had prepared the job, if somebody else started it; null otherwise, and if you may not see them.
    async fn prepared_by(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.prepared_by {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// Who confirmed a job of the platform itself that was held as `AWAITING_CONFIRMATION`; null otherwise, and if you may
    /// not see them.
    async fn confirmed_by(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.confirmed_by {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// Why the plan can no longer be started: with the status `EXPIRED`. Else null.
    async fn expired_because(&self) -> Option<PlanExpiry> {
        self.0.expired_because.map(Into::into)
    }

    /// How many entries its list has; who was named twice counts once.
    async fn total(&self) -> i64 {
        self.0.total
    }

    /// How many entries were left out because they named somebody again.
    async fn duplicates(&self) -> i64 {
        self.0.duplicates
    }

    /// How many entries have an outcome.
    async fn done(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        self.count_done(ctx).await
    }

    /// How often each outcome came up; their sum is `done`.
    async fn counts_by_outcome(&self, ctx: &Context<'_>) -> Result<Vec<RemovalOutcomeCount>, ApiError> {
        self.counts(ctx).await
    }

    /// The digest of the plan that it was compared with; null if none was given.
    async fn plan_digest(&self) -> Option<&str> {
        self.0.plan_digest.as_deref()
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its first chunk began; null before that.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// When everybody had an outcome; null before that.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// The job whose failures this one tries again; null where it is none.
    async fn retry_of(&self, ctx: &Context<'_>) -> Result<Option<RemovalJob>, ApiError> {
        match self.0.retry_of {
            Some(job) => RemovalJob::load(ctx, job).await,
            None => Ok(None),
        }
    }

    /// The plan that was prepared; null where none was, and while it is being computed.
    async fn plan(&self) -> Option<PreparedRemovalPlan> {
        let prepared = self.0.keep_until.is_some();
        prepared.then(|| PreparedRemovalPlan(self.clone()))
    }

    /// Where the outcomes are as a table for spreadsheets (CSV), below the address of this server; to be asked for with the
    /// same token as this API.
    async fn outcomes_link(&self) -> String {
        format!("/jobs/{}/outcomes.csv", self.0.id.global().as_str())
    }

    /// The same table as a workbook (XLSX).
    async fn outcomes_workbook_link(&self) -> String {
        format!("/jobs/{}/outcomes.xlsx", self.0.id.global().as_str())
    }

    /// What became of each entry, in the order of the list.
    async fn items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only entries with this outcome.")] outcome: Option<RemovalOutcome>,
        #[graphql(desc = "Only entries that would have this outcome by the plan that was prepared.")] planned: Option<
            RemovalOutcome,
        >,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<RemovalJobItem>, ApiError> {
        let items = Items { outcome: outcome.map(Into::into), planned: planned.map(Into::into) };
        connection::of_relation(ctx, items, self.0.id, &Paging { first, after, last, before })
    }
}

/// What a job would do, as it was computed when it was prepared. The plans of single people are those of its `items`.
#[derive(Clone, Debug)]
pub struct PreparedRemovalPlan(RemovalJob);

/// What a job would do, as it was computed when it was prepared. The plans of single people are those of its `items`.
#[Object]
impl PreparedRemovalPlan {
    /// Stands for everything that would be done: sent along with `startRemovalJob`, exactly this is done or nothing.
    async fn digest(&self) -> Option<&str> {
        self.0.0.plan_digest.as_deref()
    }

    /// Until when it can be started.
    async fn startable_until(&self) -> Option<DateTime<Utc>> {
        self.0.0.keep_until
    }

    /// How much would go, stay and move in all.
    async fn totals(&self, ctx: &Context<'_>) -> Result<RemovalTotals, ApiError> {
        let job = &self.0.0;
        let mut totals = Totals::read(job.totals.as_deref())?;
        // Entries that mean nobody are in no plan.
        for (outcome, count) in load::<UnresolvedCounts>(ctx, job.id).await?.unwrap_or_default().iter() {
            *totals.outcomes.entry(*outcome).or_default() += count;
        }
        if totals.confirm_count > 0 {
            totals.confirm_count += load::<GoneBesides>(ctx, job.id).await?.unwrap_or_default();
        }
        Ok(RemovalTotals::of(job.total, &totals))
    }

    /// What to know before starting it.
    async fn warnings(&self, ctx: &Context<'_>) -> Result<Vec<RemovalWarning>, ApiError> {
        let warnings = load::<Warnings>(ctx, self.0.0.id).await?.unwrap_or_default();
        Ok(warnings.iter().cloned().map(RemovalWarning::from).collect())
    }
}

/// One entry of a job's list, and what became of it.
#[Object]
impl RemovalJobItem {
    /// Its place in the list as you gave it, from 1: among the entries that are not blank, duplicates included.
    async fn position(&self) -> i64 {
        self.0.position
    }

    /// The id of whom it means; null where that is nobody, and in a job that was turned down before it was let run.
    async fn user_id(&self) -> Option<ID> {
        self.0.user_id.map(GlobalId::global)
    }

    /// Whom it means; null where that is nobody, and if you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.user_id {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// The id of the group that is named for this entry alone; null if the job names one for all or none, or if you may not
    /// see it.
    async fn group_id(&self, ctx: &Context<'_>) -> Result<Option<ID>, ApiError> {
        match self.0.group_id {
            Some(group) => about::group_id(ctx, group).await,
            None => Ok(None),
        }
    }

    /// The group that is named for this entry alone; null where there is none, and if you may not see it.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        match self.0.group_id {
            Some(group) => Group::load(ctx, group).await,
            None => Ok(None),
        }
    }

    /// The entry as typed, while it means nobody, for 30 days at most: an external id, or what can be an email (at most 254
    /// bytes, with an @). Anything else is never kept, and is null here: find it in your own list by `position`. Nothing
    /// is kept of a job that was cancelled before it was let run.
    async fn typed(&self) -> Option<&str> {
        self.0.typed.as_deref()
    }

    /// What would become of it by the plan that was prepared; null where none was.
    async fn planned_outcome(&self) -> Option<RemovalOutcome> {
        self.0.planned.map(Into::into)
    }

    /// Digest of the plan shown for this person; null if none was shown. A person to whom something else would be done when
    /// their turn comes is skipped as `PLAN_CHANGED`; an outcome that changes nothing is told as it is (R18).
    async fn digest(&self) -> Option<&str> {
        self.0.digest.as_deref()
    }

    /// What would be done to the person now, of a job that is prepared; else null.
    async fn plan(&self, ctx: &Context<'_>) -> Result<Option<PersonRemovalPlan>, ApiError> {
        match (self.0.planned, self.0.outcome, self.0.user_id) {
            (Some(_), None, Some(user)) => {
                let plan = load::<SinglePlans>(ctx, (self.0.job_id, (user, self.0.group_id))).await?;
                Ok(plan.map(PersonRemovalPlan::from))
            }
            _ => Ok(None),
        }
    }

    /// Why it failed, where its outcome is `FAILED`; else null.
    async fn failure(&self) -> Option<RemovalFailure> {
        RemovalFailure::of(self.0.reason.as_deref()?)
    }

    /// What became of it; null while its turn has not come.
    async fn outcome(&self) -> Option<RemovalOutcome> {
        self.0.outcome.map(Into::into)
    }

    /// With `ALREADY_DELETED`: when the account was deleted. Else null.
    async fn deleted_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>, ApiError> {
        let (Some(Outcome::AlreadyDeleted), Some(user)) = (self.0.outcome, self.0.user_id) else {
            return Ok(None);
        };
        // The account may have been reinstated since.
        let record = match self.0.record_id {
            Some(record) => load::<Records>(ctx, record).await?,
            None => None,
        };
        match record {
            Some(record) => Ok(Some(record.at)),
            None => load::<DeletionDates>(ctx, user).await,
        }
    }

    /// The record of what was done, or with `ALREADY_DELETED` of the earlier deletion; null if nothing was done, and if you
    /// may not see it.
    async fn removal(&self, ctx: &Context<'_>) -> Result<Option<Removal>, ApiError> {
        match self.0.record_id {
            Some(record) => Removal::load(ctx, record).await,
            None => Ok(None),
        }
    }
}
