//! Reads of removals: plans, records, jobs.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use entity::id::{GroupId, JobId, UserId};

use super::about;
use super::input::RemovalPlanInput;
use super::job::RemovalJob;
use super::plan::RemovalPlan;
use super::record::Removal;
use crate::error::Refusal;
use crate::graphql::connection::{self, Connection, Paging};
use crate::graphql::context::{self, loaders};
use crate::graphql::domain;
use crate::graphql::error::ApiError;
use crate::graphql::id;
use crate::graphql::kinds::{JobStatus, RemovalCause, RemovalOutcome};
use crate::queries::{Direction, Filter, Seen, removals};
use crate::removal::preview::{self, Shown};

/// Which removals. All conditions given hold together.
#[derive(Clone, Debug, Default, InputObject)]
pub struct RemovalFilter {
    /// To this person.
    user_id: Option<ID>,
    /// By this person.
    actor_id: Option<ID>,
    /// Out of this group; deletions name the platform group.
    group_id: Option<ID>,
    /// Of this job.
    job_id: Option<ID>,
    /// For this cause.
    cause: Option<RemovalCause>,
    /// With this outcome.
    outcome: Option<RemovalOutcome>,
    /// At this time or later.
    from: Option<DateTime<Utc>>,
    /// Before this time.
    until: Option<DateTime<Utc>>,
}

/// Which removal jobs. All conditions given hold together.
#[derive(Clone, Debug, Default, InputObject)]
pub struct RemovalJobFilter {
    /// Asked for by this person.
    actor_id: Option<ID>,
    /// In this state.
    status: Option<JobStatus>,
    /// Trying the failures of this job again.
    retry_of: Option<ID>,
    /// Asked for at this time or later.
    from: Option<DateTime<Utc>>,
    /// Asked for before this time.
    until: Option<DateTime<Utc>>,
}

/// How removals and jobs are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum RemovalOrder {
    /// The latest first.
    #[default]
    NewestFirst,
    /// The earliest first.
    OldestFirst,
}

impl From<RemovalOrder> for Direction {
    fn from(order: RemovalOrder) -> Direction {
        match order {
            RemovalOrder::NewestFirst => Direction::Descending,
            RemovalOrder::OldestFirst => Direction::Ascending,
        }
    }
}

impl RemovalFilter {
    /// The conditions, and what they name by its id: nothing is found by what the reader does not see.
    fn read(self) -> Result<(Filter, Vec<Seen>), Refusal> {
        let path = |field| ["filter", field];
        let user = id::parse_option::<UserId>(self.user_id.as_ref(), &path("userId"))?;
        let actor = id::parse_option::<UserId>(self.actor_id.as_ref(), &path("actorId"))?;
        let group = id::parse_option::<GroupId>(self.group_id.as_ref(), &path("groupId"))?;
        let job = id::parse_option::<JobId>(self.job_id.as_ref(), &path("jobId"))?;
        let named = [
            user.map(|_| Seen::Named("{user}")),
            actor.map(|_| Seen::Named("{actor}")),
            group.map(|_| Seen::Group("{group}")),
            job.map(|_| removals::NAMED_JOB),
        ];
        let filter = Filter::new()
            .maybe("r.user_id = {user}", "user", user)
            .maybe("r.actor_id = {actor}", "actor", actor)
            .maybe("r.group_id = {group}", "group", group)
            .maybe("r.job_id = {job}", "job", job)
            .maybe("r.cause = {cause}", "cause", self.cause.map(entity::kind::Cause::from))
            .maybe("r.outcome = {outcome}", "outcome", self.outcome.map(entity::kind::Outcome::from))
            .maybe("r.at >= {from}", "from", self.from)
            .maybe("r.at < {until}", "until", self.until);
        Ok((filter, named.into_iter().flatten().collect()))
    }
}

impl RemovalJobFilter {
    /// As [`RemovalFilter::read`].
    fn read(self) -> Result<(Filter, Vec<Seen>), Refusal> {
        let actor = id::parse_option::<UserId>(self.actor_id.as_ref(), &["filter", "actorId"])?;
        let retry_of = id::parse_option::<JobId>(self.retry_of.as_ref(), &["filter", "retryOf"])?;
        let named = [actor.map(|_| Seen::Named("{actor}")), retry_of.map(|_| removals::RETRIED_JOB)];
        let filter = Filter::new()
            .maybe("j.actor_id = {actor}", "actor", actor)
            .maybe("j.status = {status}", "status", self.status.map(entity::kind::JobStatus::from))
            .maybe("j.retry_of = {retried}", "retried", retry_of)
            .maybe("j.created_at >= {from}", "from", self.from)
            .maybe("j.created_at < {until}", "until", self.until);
        Ok((filter, named.into_iter().flatten().collect()))
    }
}

/// Reads of removals.
#[derive(Debug, Default)]
pub struct RemovalQuery;

/// Reads of removals.
#[Object]
impl RemovalQuery {
    /// What a removal of up to 3,000 people would do now, and why, without doing it. The same code computes what is
    /// shown here and what is carried out.
    async fn removal_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and what would be done to them.")] input: RemovalPlanInput,
    ) -> Result<RemovalPlan, ApiError> {
        let caller = context::caller(ctx)?;
        let (people, request) = input.read(ctx).await?;
        let shown = Shown { caller, people, request };
        let preview =
            domain::snapshot(ctx, shown, |snapshot, shown| Box::pin(preview::preview(snapshot, shown)));
        let preview = preview.await?;
        // Known before the first person is told of, so that what all of them name is read together.
        about::sees_everything(ctx).await?;
        Ok(RemovalPlan::of(preview))
    }

    /// The removal of this id; null where there is none.
    async fn removal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Removal>, ApiError> {
        Removal::load(ctx, id::parse(&id, &["id"])?).await
    }

    /// Removals that were done.
    async fn removals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<RemovalFilter>,
        #[graphql(desc = "In which order.", default)] order_by: RemovalOrder,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Removal>, ApiError> {
        loaders(ctx)?;
        let (filter, named) = filter.unwrap_or_default().read()?;
        let list = removals::list(filter, named, order_by.into());
        connection::of_list(ctx, list, &Paging { first, after, last, before })
    }

    /// The removal job of this id; null where there is none that you may follow: one of your own, or as a platform
    /// administrator any.
    async fn removal_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<RemovalJob>, ApiError> {
        RemovalJob::load(ctx, id::parse(&id, &["id"])?).await
    }

    /// Removal jobs, running and done: your own, or as a platform administrator all.
    async fn removal_jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<RemovalJobFilter>,
        #[graphql(desc = "In which order.", default)] order_by: RemovalOrder,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<RemovalJob>, ApiError> {
        loaders(ctx)?;
        let (filter, named) = filter.unwrap_or_default().read()?;
        let list = removals::jobs(filter, named, order_by.into());
        connection::of_list(ctx, list, &Paging { first, after, last, before })
    }
}
