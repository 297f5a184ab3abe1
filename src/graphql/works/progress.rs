//! Recording how far people are in courses.

use async_graphql::{Context, ID, InputObject, Object};

use crate::error::Refusal;
use crate::graphql::domain::{self, payload};
use crate::graphql::error::ApiError;
use crate::graphql::id;
use crate::graphql::learning::Progress;
use crate::progress;

/// How far somebody is in which course.
#[derive(Clone, Debug, InputObject)]
pub struct RecordProgressInput {
    /// Which course.
    course_id: ID,
    /// Who.
    user_id: ID,
    /// Per cent done, 0 to 100. 100 completes the course; less than before takes it up again.
    percent: i32,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

impl RecordProgressInput {
    fn read(&self) -> Result<progress::Progress, Refusal> {
        Ok(progress::Progress {
            course: id::parse(&self.course_id, &["courseId"])?,
            user: id::parse(&self.user_id, &["userId"])?,
            percent: self.percent,
        })
    }
}

payload! {
    /// What `recordProgress` answers with.
    RecordProgressPayload {
        /// How far the person is now; null if nothing was done.
        progress: Progress
    }
}

/// Changes of progress.
#[derive(Debug, Default)]
pub struct ProgressMutation;

/// Changes of progress.
#[Object]
impl ProgressMutation {
    /// Records how far somebody is in a course. It needs no enrolment, since courses are reached through paths and
    /// sessions too; completing a course twice keeps the first date. By the person themself, and by the administrators
    /// and the authors of the course's owner group.
    async fn record_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which course, who, and how far.")] input: RecordProgressInput,
    ) -> Result<RecordProgressPayload, ApiError> {
        let asked = input.read();
        let done = domain::write(ctx, "recordProgress", input.idempotency_key, asked, |tx, input| {
            Box::pin(progress::record(tx, input))
        });
        RecordProgressPayload::of(done.await?, |(course, user)| Progress::load(ctx, user, course)).await
    }
}
