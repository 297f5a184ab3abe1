//! Following jobs while they run.

use std::collections::{BTreeMap, VecDeque};

use async_graphql::{Context, ID, Object, Subscription};
use chrono::{DateTime, Utc};
use entity::id::JobId;
use futures::stream::{self, Stream};

use super::job::RemovalJob;
use crate::error::Refusal;
use crate::graphql::context::{self, loaders};
use crate::graphql::error::ApiError;
use crate::graphql::id;
use crate::graphql::kinds::JobStatus;
use crate::queries::removals::{self, JobEvent};

/// One step of a job, as it was written together with what it tells of.
#[derive(Clone, Debug)]
pub struct RemovalJobEvent {
    job: RemovalJob,
    event: JobEvent,
}

/// One step of a job, as it was written together with what it tells of.
#[Object]
impl RemovalJobEvent {
    /// Its place among the events of the job: 1, 2, 3 and so on, without a gap.
    async fn number(&self) -> i64 {
        self.event.number
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.event.at
    }

    /// Where the job stood then.
    async fn status(&self) -> JobStatus {
        self.event.status.into()
    }

    /// How many entries had an outcome then; never falling.
    async fn done(&self) -> i64 {
        self.event.done
    }

    /// How many entries the job's list has.
    async fn total(&self) -> i64 {
        self.job.entries()
    }

    /// The job as it is now.
    async fn job(&self) -> &RemovalJob {
        &self.job
    }
}

/// Subscriptions to removals.
#[derive(Debug, Default)]
pub struct RemovalSubscription;

#[Subscription]
impl RemovalSubscription {
    /// How a removal job comes further, event by event, until it has ended. Whoever was cut off goes on where they stopped
    /// with the number of the last event they heard of.
    ///
    /// Refused with `NOT_FOUND` where there is no such job that you may follow.
    async fn removal_job_progress<'a>(
        &self,
        ctx: &'a Context<'a>,
        #[graphql(desc = "The id of the job.")] id: ID,
        #[graphql(
            desc = "Only events after the one of this number: 0 for all of them. Left out: the latest, and what \
                          follows."
        )]
        after: Option<i64>,
    ) -> Result<impl Stream<Item = Result<RemovalJobEvent, ApiError>> + use<'a>, ApiError> {
        let job: JobId = id::parse(&id, &["id"])?;
        RemovalJob::load(ctx, job).await?.ok_or_else(|| Refusal::not_found(&["id"], "RemovalJob"))?;
        let following = Following { job, after, ready: VecDeque::new(), ended: false };
        Ok(stream::unfold(following, move |following| following.next(ctx)))
    }

    /// Removal jobs that you may follow, each whenever it has come further, from now on.
    async fn removal_jobs_changed<'a>(
        &self,
        ctx: &'a Context<'a>,
    ) -> Result<impl Stream<Item = Result<RemovalJob, ApiError>> + use<'a>, ApiError> {
        let reader = loaders(ctx)?;
        let since = reader.reader().now().await?;
        let seen = removals::latest(reader.reader(), since).await?;
        let changes = Changes { since, seen, ready: VecDeque::new(), ended: false };
        Ok(stream::unfold(changes, move |changes| changes.next(ctx)))
    }
}

/// Where somebody is with the events of one job.
struct Following {
    job: JobId,
    after: Option<i64>,
    ready: VecDeque<RemovalJobEvent>,
    ended: bool,
}

impl Following {
    /// The next event, once there is one; nothing more once the job has ended.
    async fn next(mut self, ctx: &Context<'_>) -> Option<(Result<RemovalJobEvent, ApiError>, Following)> {
        // Before the first look, so that nothing is missed in between.
        let mut news = context::news(ctx).ok()?;
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some((Ok(event), self));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.look(ctx).await {
                self.ended = true;
                return Some((Err(error), self));
            }
            if self.ready.is_empty() && !self.ended {
                news.of(self.job).await;
            }
        }
    }

    async fn look(&mut self, ctx: &Context<'_>) -> Result<(), ApiError> {
        context::forget(ctx)?;
        let Some(job) = RemovalJob::load(ctx, self.job).await? else {
            self.ended = true;
            return Ok(());
        };
        // As of the job: whatever it tells of is there by now.
        self.ended = job.standing().is_final();
        let mut events = removals::events(loaders(ctx)?.reader(), self.job, self.after).await?;
        if events.is_empty() && self.after.is_none() {
            // One of which nothing was told yet.
            events.push(job.as_it_stands(ctx).await?);
        }
        self.after = events.last().map(|event| event.number).or(self.after).or(Some(0));
        self.ended &= events.len() < removals::EVENTS;
        self.ready.extend(events.into_iter().map(|event| RemovalJobEvent { job: job.clone(), event }));
        Ok(())
    }
}

/// Where somebody is with the events of all jobs.
struct Changes {
    since: DateTime<Utc>,
    seen: BTreeMap<JobId, i64>,
    ready: VecDeque<JobId>,
    ended: bool,
}

impl Changes {
    /// The next job that has come further, once there is one.
    async fn next(mut self, ctx: &Context<'_>) -> Option<(Result<RemovalJob, ApiError>, Changes)> {
        let mut news = context::news(ctx).ok()?;
        while !self.ended {
            while let Some(job) = self.ready.pop_front() {
                match RemovalJob::load(ctx, job).await {
                    Ok(Some(job)) => return Some((Ok(job), self)),
                    // Somebody else's.
                    Ok(None) => {}
                    Err(error) => {
                        self.ended = true;
                        return Some((Err(error), self));
                    }
                }
            }
            if let Err(error) = self.look(ctx).await {
                self.ended = true;
                return Some((Err(error), self));
            }
            if self.ready.is_empty() {
                news.of_any().await;
            }
        }
        None
    }

    async fn look(&mut self, ctx: &Context<'_>) -> Result<(), ApiError> {
        context::forget(ctx)?;
        let reader = loaders(ctx)?;
        let latest = removals::latest(reader.reader(), self.since).await?;
        let further = latest.iter().filter(|(job, number)| self.seen.get(job) < Some(number));
        self.ready.extend(further.map(|(job, _)| *job));
        (self.seen, self.since) = (latest, reader.reader().now().await?);
        Ok(())
    }
}
