//! Recording results, and issuing certificates.

use async_graphql::{Context, ID, InputObject, Object};

use crate::certificates::{self, NewCertificate};
use crate::error::Refusal;
use crate::graphql::domain::{self, payload};
use crate::graphql::error::ApiError;
use crate::graphql::id;
use crate::graphql::learning::{ActivityResult, Certificate};
use crate::results::{self, NewResult};

/// What somebody reached in which activity.
#[derive(Clone, Debug, InputObject)]
pub struct RecordResultInput {
    /// Which activity.
    activity_id: ID,
    /// Who.
    user_id: ID,
    /// The score: 0 to 100.
    score: i32,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// To whom to issue a certificate of which course.
#[derive(Clone, Debug, InputObject)]
pub struct IssueCertificateInput {
    /// Which course.
    course_id: ID,
    /// To whom.
    user_id: ID,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

impl RecordResultInput {
    fn read(&self) -> Result<NewResult, Refusal> {
        Ok(NewResult {
            activity: id::parse(&self.activity_id, &["activityId"])?,
            user: id::parse(&self.user_id, &["userId"])?,
            score: self.score,
        })
    }
}

impl IssueCertificateInput {
    fn read(&self) -> Result<NewCertificate, Refusal> {
        Ok(NewCertificate {
            course: id::parse(&self.course_id, &["courseId"])?,
            user: id::parse(&self.user_id, &["userId"])?,
        })
    }
}

payload! {
    /// What `recordResult` answers with.
    RecordResultPayload {
        /// The new result; null if nothing was done.
        result: ActivityResult
    }
}

payload! {
    /// What `issueCertificate` answers with.
    IssueCertificatePayload {
        /// The person's certificate; null if nothing was done.
        certificate: Certificate
    }
}

/// Changes of results and certificates.
#[derive(Debug, Default)]
pub struct ResultMutation;

/// Changes of results and certificates.
#[Object]
impl ResultMutation {
    /// Records a result that somebody reached in an activity, besides those they have. By those who may record the
    /// person's progress in its course; see `recordProgress`.
    async fn record_result(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which activity, who, and the score.")] input: RecordResultInput,
    ) -> Result<RecordResultPayload, ApiError> {
        let asked = input.read();
        let done = domain::write(ctx, "recordResult", input.idempotency_key, asked, |tx, input| {
            Box::pin(results::record(tx, input))
        });
        RecordResultPayload::of(done.await?, |result| ActivityResult::load(ctx, result)).await
    }

    /// Issues a certificate of a course. Whoever has one keeps it, with its date. By the administrators and the authors of
    /// the course's owner group.
    async fn issue_certificate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which course, and to whom.")] input: IssueCertificateInput,
    ) -> Result<IssueCertificatePayload, ApiError> {
        let asked = input.read();
        let done = domain::write(ctx, "issueCertificate", input.idempotency_key, asked, |tx, input| {
            Box::pin(certificates::issue(tx, input))
        });
        IssueCertificatePayload::of(done.await?, |certificate| Certificate::load(ctx, certificate)).await
    }
}
