//! Following a job while it runs.

use std::time::Duration;

use async_graphql::{Context, ID, Subscription};
use entity::id::JobId;
use futures::stream::{self, Stream};
use tokio::time::sleep;

use super::job::RemovalJob;
use crate::error::Refusal;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::id;

/// How often a job is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Subscriptions to removals.
#[derive(Debug, Default)]
pub struct RemovalSubscription;

#[Subscription]
impl RemovalSubscription {
    /// A removal job as it is now, and again whenever it has come further, until it has ended.
    ///
    /// Refused with `NOT_FOUND` where there is no such job.
    async fn removal_job_progress<'a>(
        &self,
        ctx: &'a Context<'a>,
        #[graphql(desc = "The id of the job.")] id: ID,
    ) -> Result<impl Stream<Item = Result<RemovalJob, ApiError>> + use<'a>, ApiError> {
        let job: JobId = id::parse(&id, &["id"])?;
        RemovalJob::load(ctx, job).await?.ok_or_else(|| Refusal::not_found(&["id"], "RemovalJob"))?;
        Ok(stream::unfold(Some(None), move |shown| async move { next(ctx, job, shown?).await }))
    }
}

/// What of a job is compared with what was shown.
type Seen = (entity::kind::JobStatus, i64);

/// The job once it is no longer as it was `shown`, and what was shown then; nothing more once it has ended.
async fn next(
    ctx: &Context<'_>,
    job: JobId,
    shown: Option<Seen>,
) -> Option<(Result<RemovalJob, ApiError>, Option<Option<Seen>>)> {
    loop {
        match look(ctx, job).await {
            Ok(Some((found, seen))) if shown != Some(seen) => {
                let more = (!seen.0.is_final()).then_some(Some(seen));
                return Some((Ok(found), more));
            }
            Ok(Some(_)) => sleep(LOOK).await,
            Ok(None) => return None,
            Err(error) => return Some((Err(error), None)),
        }
    }
}

async fn look(ctx: &Context<'_>, job: JobId) -> Result<Option<(RemovalJob, Seen)>, ApiError> {
    context::forget(ctx)?;
    let Some(found) = RemovalJob::load(ctx, job).await? else { return Ok(None) };
    let seen = (found.standing(), found.count_done(ctx).await?);
    Ok(Some((found, seen)))
}
