//! What people do in courses: enrolments (R32), progress, results, certificates, sales, subscriptions.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use entity::id::{CertificateId, CourseId, ResultId, SaleId, UserId};

use super::activity::Activity;
use super::context::load;
use super::course::Course;
use super::error::ApiError;
use super::id::GlobalId;
use super::kinds::ActorKind;
use super::prompt::Prompt;
use super::thing::Thing;
use super::user::User;
use crate::queries::learning::{self, CertificatesById, ProgressOf, ResultsById, SalesById};
use crate::queries::links::Linked;

/// An individual enrolment in a course (R32). Removal from a group does not touch it.
#[derive(Clone, Debug)]
pub struct CourseEnrolment(Arc<Linked<learning::CourseEnrolments>>);

impl From<Arc<Linked<learning::CourseEnrolments>>> for CourseEnrolment {
    fn from(linked: Arc<Linked<learning::CourseEnrolments>>) -> CourseEnrolment {
        CourseEnrolment(linked)
    }
}

/// An individual enrolment in a course (R32). Removal from a group does not touch it.
#[Object]
impl CourseEnrolment {
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Prompt<User>, ApiError> {
        User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await
    }

    /// Which course; null if you may not see it.
    async fn course(&self, ctx: &Context<'_>) -> Result<Option<Prompt<Course>>, ApiError> {
        Course::linked_if_seen(ctx, self.0.other.as_ref(), self.0.row.course_id).await
    }

    /// Who granted it; null for the platform itself, or if you may not see them.
    async fn granted_by(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.row.granted_by {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// Whether a person or the platform itself granted it.
    async fn granted_by_kind(&self) -> ActorKind {
        ActorKind::of(self.0.row.granted_by)
    }

    /// Since when.
    async fn enrolled_at(&self) -> DateTime<Utc> {
        self.0.row.enrolled_at
    }
}

/// How far somebody is in a course. It stays whatever happens to a membership, and coming back resumes it.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Linked<learning::Progress>>);

impl From<Arc<Linked<learning::Progress>>> for Progress {
    fn from(linked: Arc<Linked<learning::Progress>>) -> Progress {
        Progress(linked)
    }
}

impl Progress {
    /// How far somebody is in a course; none where they have not begun it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(
        ctx: &Context<'_>,
        user: UserId,
        course: CourseId,
    ) -> Result<Option<Progress>, ApiError> {
        Ok(load::<ProgressOf>(ctx, (user, course)).await?.map(Progress))
    }
}

/// How far somebody is in a course. It stays whatever happens to a membership, and coming back resumes it.
#[Object]
impl Progress {
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Prompt<User>, ApiError> {
        User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await
    }

    /// Which course; null if you may not see it.
    async fn course(&self, ctx: &Context<'_>) -> Result<Option<Prompt<Course>>, ApiError> {
        Course::linked_if_seen(ctx, self.0.other.as_ref(), self.0.row.course_id).await
    }

    /// Per cent done: 0 to 100.
    async fn percent(&self) -> i32 {
        self.0.row.percent
    }

    /// When it began.
    async fn started_at(&self) -> DateTime<Utc> {
        self.0.row.started_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.row.updated_at
    }

    /// When it was completed; null before that.
    async fn completed_at(&self) -> Option<DateTime<Utc>> {
        self.0.row.completed_at
    }
}

/// A result that somebody reached in an activity.
#[derive(Clone, Debug)]
pub struct ActivityResult(Arc<Linked<learning::Results>>);

impl From<Arc<Linked<learning::Results>>> for ActivityResult {
    fn from(linked: Arc<Linked<learning::Results>>) -> ActivityResult {
        ActivityResult(linked)
    }
}

impl ActivityResult {
    /// What has this id; none where nothing has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: ResultId) -> Result<Option<ActivityResult>, ApiError> {
        Ok(load::<ResultsById>(ctx, id).await?.map(ActivityResult))
    }
}

/// A result that somebody reached in an activity.
#[Object(name = "Result")]
impl ActivityResult {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.row.id.global()
    }

    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Prompt<User>, ApiError> {
        User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await
    }

    /// In which activity; null if you may not see it.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Option<Prompt<Activity>>, ApiError> {
        Activity::linked_if_seen(ctx, self.0.other.as_ref(), self.0.row.activity_id).await
    }

    /// The score: 0 to 100.
    async fn score(&self) -> i32 {
        self.0.row.score
    }

    /// When.
    async fn recorded_at(&self) -> DateTime<Utc> {
        self.0.row.recorded_at
    }
}

/// A certificate of a course.
#[derive(Clone, Debug)]
pub struct Certificate(Arc<Linked<learning::Certificates>>);

impl From<Arc<Linked<learning::Certificates>>> for Certificate {
    fn from(linked: Arc<Linked<learning::Certificates>>) -> Certificate {
        Certificate(linked)
    }
}

impl Certificate {
    /// What has this id; none where nothing has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: CertificateId) -> Result<Option<Certificate>, ApiError> {
        Ok(load::<CertificatesById>(ctx, id).await?.map(Certificate))
    }
}

/// A certificate of a course.
#[Object]
impl Certificate {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.row.id.global()
    }

    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Prompt<User>, ApiError> {
        User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await
    }

    /// Which course; null if you may not see it.
    async fn course(&self, ctx: &Context<'_>) -> Result<Option<Prompt<Course>>, ApiError> {
        Course::linked_if_seen(ctx, self.0.other.as_ref(), self.0.row.course_id).await
    }

    /// When it was issued.
    async fn issued_at(&self) -> DateTime<Utc> {
        self.0.row.issued_at
    }
}

/// A course sold to somebody.
#[derive(Clone, Debug)]
pub struct Sale(Arc<Linked<learning::Sales>>);

impl From<Arc<Linked<learning::Sales>>> for Sale {
    fn from(linked: Arc<Linked<learning::Sales>>) -> Sale {
        Sale(linked)
    }
}

impl Sale {
    /// What has this id; none where nothing has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: SaleId) -> Result<Option<Sale>, ApiError> {
        Ok(load::<SalesById>(ctx, id).await?.map(Sale))
    }
}

/// A course sold to somebody.
#[Object]
impl Sale {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.row.id.global()
    }

    /// Who bought; null once the person was erased.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<Prompt<User>>, ApiError> {
        match self.0.row.user_id {
            Some(user) => Ok(Some(User::linked(ctx, self.0.user.as_ref(), user).await?)),
            None => Ok(None),
        }
    }

    /// Which course; null if you may not see it.
    async fn course(&self, ctx: &Context<'_>) -> Result<Option<Prompt<Course>>, ApiError> {
        Course::linked_if_seen(ctx, self.0.other.as_ref(), self.0.row.course_id).await
    }

    /// The price, in hundredths of the currency.
    async fn amount_cents(&self) -> i64 {
        self.0.row.amount_cents
    }

    /// The currency, by ISO 4217, as `EUR`.
    async fn currency(&self) -> &str {
        &self.0.row.currency
    }

    /// When.
    async fn sold_at(&self) -> DateTime<Utc> {
        self.0.row.sold_at
    }
}

/// A payment subscription to a course.
#[derive(Clone, Debug)]
pub struct PaymentSubscription(Arc<Linked<learning::Subscriptions>>);

impl From<Arc<Linked<learning::Subscriptions>>> for PaymentSubscription {
    fn from(linked: Arc<Linked<learning::Subscriptions>>) -> PaymentSubscription {
        PaymentSubscription(linked)
    }
}

/// A payment subscription to a course.
#[Object]
impl PaymentSubscription {
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Prompt<User>, ApiError> {
        User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await
    }

    /// Which course; null if you may not see it.
    async fn course(&self, ctx: &Context<'_>) -> Result<Option<Prompt<Course>>, ApiError> {
        Course::linked_if_seen(ctx, self.0.other.as_ref(), self.0.row.course_id).await
    }

    /// Since when.
    async fn started_at(&self) -> DateTime<Utc> {
        self.0.row.started_at
    }

    /// When it was cancelled; null while it runs.
    async fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        self.0.row.cancelled_at
    }
}
