//! Making, copying and changing activities.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use crate::activities::{self, ActivityEdit, Copy, NewActivity};
use crate::error::Refusal;
use crate::graphql::activity::Activity;
use crate::graphql::domain::{self, payload};
use crate::graphql::error::ApiError;
use crate::graphql::id;
use crate::graphql::input::set;
use crate::graphql::thing::Thing;

/// An activity to be made: one thing that learners do in a course.
#[derive(Clone, Debug, InputObject)]
pub struct CreateActivityInput {
    /// Its course.
    course_id: ID,
    /// What it is called: 1 to 200 characters.
    title: String,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// An activity to be copied.
#[derive(Clone, Debug, InputObject)]
pub struct CopyActivityInput {
    /// Which activity.
    activity_id: ID,
    /// The course that the copy is for; the same, if left out.
    course_id: Option<ID>,
    /// What the copy is called, 1 to 200 characters; the same, if left out.
    title: Option<String>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// What to change of an activity. What is left out stays as it is.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateActivityInput {
    /// Which activity.
    activity_id: ID,
    /// What it is called: 1 to 200 characters.
    title: MaybeUndefined<String>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

impl CreateActivityInput {
    fn read(self) -> Result<NewActivity, Refusal> {
        Ok(NewActivity { course: id::parse(&self.course_id, &["courseId"])?, title: self.title })
    }
}

impl CopyActivityInput {
    fn read(self) -> Result<Copy, Refusal> {
        Ok(Copy {
            activity: id::parse(&self.activity_id, &["activityId"])?,
            course: id::parse_option(self.course_id.as_ref(), &["courseId"])?,
            title: self.title,
        })
    }
}

impl UpdateActivityInput {
    fn read(self) -> Result<ActivityEdit, Refusal> {
        Ok(ActivityEdit {
            activity: id::parse(&self.activity_id, &["activityId"])?,
            title: set(self.title, &["title"])?,
        })
    }
}

payload! {
    /// What `createActivity` answers with.
    CreateActivityPayload {
        /// The new activity; null if nothing was done.
        activity: Activity
    }
}

payload! {
    /// What `copyActivity` answers with.
    CopyActivityPayload {
        /// The copy, which you own; null if nothing was done.
        activity: Activity
    }
}

payload! {
    /// What `updateActivity` answers with.
    UpdateActivityPayload {
        /// The activity as it is now; null if nothing was done.
        activity: Activity
    }
}

/// Changes of activities.
#[derive(Debug, Default)]
pub struct ActivityMutation;

/// Changes of activities.
#[Object]
impl ActivityMutation {
    /// Makes an activity of a course; you own it. By those who may change the course; see `updateCourse`.
    async fn create_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The activity to make.")] input: CreateActivityInput,
    ) -> Result<CreateActivityPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "createActivity", key, input.read(), |tx, input| {
            Box::pin(activities::create(tx, input))
        });
        CreateActivityPayload::of(done.await?, |activity| Activity::load(ctx, activity)).await
    }

    /// Copies an activity; you own the copy. Activities stay with their owner even when that account is deleted (R13),
    /// and so whoever sees one can copy it within its course; into another course, those who may change that one.
    async fn copy_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which activity, and where its copy goes.")] input: CopyActivityInput,
    ) -> Result<CopyActivityPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "copyActivity", key, input.read(), |tx, input| {
            Box::pin(activities::copy(tx, input))
        });
        CopyActivityPayload::of(done.await?, |activity| Activity::load(ctx, activity)).await
    }

    /// Changes an activity. By its owner, and by those who may change its course; see `updateCourse`.
    async fn update_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which activity, and what to change of it.")] input: UpdateActivityInput,
    ) -> Result<UpdateActivityPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "updateActivity", key, input.read(), |tx, input| {
            Box::pin(activities::update(tx, input))
        });
        UpdateActivityPayload::of(done.await?, |activity| Activity::load(ctx, activity)).await
    }
}
