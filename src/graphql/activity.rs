//! Activities of a course, and their copies (R13).

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, Utc};

use super::connection::{self, Connection, Paging};
use super::course::{Course, WorkOrder};
use super::error::ApiError;
use super::id::{self, GlobalId};
use super::learning::ActivityResult;
use super::thing::Thing;
use super::user::User;
use crate::queries::activities::{self, Activities};
use crate::queries::learning::Results;
use crate::queries::links::OfOther;

/// An activity.
#[derive(Clone, Debug)]
pub struct Activity(Arc<activities::Activity>);

impl Thing for Activity {
    type Noun = Activities;
}

impl From<Arc<activities::Activity>> for Activity {
    fn from(row: Arc<activities::Activity>) -> Activity {
        Activity(row)
    }
}

/// An activity of a course. Who may see one may copy it and owns the copy (R13).
#[Object]
impl Activity {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Of which course.
    async fn course(&self, ctx: &Context<'_>) -> Result<Course, ApiError> {
        Course::known(ctx, self.0.course_id).await
    }

    /// Who owns it; null if you may not see them.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        User::load(ctx, self.0.owner_id).await
    }

    /// What it was copied from; null if it is no copy.
    async fn copied_from(&self, ctx: &Context<'_>) -> Result<Option<Activity>, ApiError> {
        match self.0.copied_from_id {
            Some(original) => Activity::load(ctx, original).await,
            None => Ok(None),
        }
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The results that people reached in it, by name.
    async fn results(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<ActivityResult>, ApiError> {
        connection::of_relation(ctx, OfOther(Results), self.0.id, &Paging { first, after, last, before })
    }
}

/// Which activities. All conditions given hold together.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ActivityFilter {
    /// Of this course.
    course_id: Option<ID>,
    /// Owned by this person.
    owner_id: Option<ID>,
    /// With this text anywhere in the title; case and accents do not matter. Every character means itself.
    text: Option<String>,
}

/// Reads of activities.
#[derive(Debug, Default)]
pub struct ActivityQuery;

/// Reads of activities.
#[Object]
impl ActivityQuery {
    /// The activity of this id; null where there is none.
    async fn activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Activity>, ApiError> {
        Activity::load(ctx, id::parse(&id, &["id"])?).await
    }

    /// Activities, by title unless `orderBy` says otherwise.
    async fn activities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<ActivityFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<WorkOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Activity>, ApiError> {
        let filter = filter.unwrap_or_default();
        let WorkOrder { field, direction } = order_by.unwrap_or_default();
        let filter = activities::ActivityFilter {
            course: id::parse_option(filter.course_id.as_ref(), &["filter", "courseId"])?,
            owner: id::parse_option(filter.owner_id.as_ref(), &["filter", "ownerId"])?,
            text: filter.text,
        };
        let list = activities::list(&filter, field.into(), direction.into())?;
        connection::of_list(ctx, list, &Paging { first, after, last, before })
    }
}
