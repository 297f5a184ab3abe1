//! Courses and their authors (R10).

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::id::CourseId;

use super::context::load;
use super::error::ApiError;
use super::id::{self, GlobalId};
use crate::queries::courses::{self, Courses};

/// A course: activities that learners go through. Its main author owns it (R10).
#[derive(Clone, Debug)]
pub struct Course(Arc<courses::Course>);

impl Course {
    /// The course of this id; none where there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: CourseId) -> Result<Option<Course>, ApiError> {
        Ok(load::<Courses>(ctx, id).await?.map(Course))
    }
}

impl From<Arc<courses::Course>> for Course {
    fn from(row: Arc<courses::Course>) -> Course {
        Course(row)
    }
}

/// A course: activities that learners go through. Its main author owns it (R10).
#[Object]
impl Course {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }
}

/// Reads of courses.
#[derive(Debug, Default)]
pub struct CourseQuery;

/// Reads of courses.
#[Object]
impl CourseQuery {
    /// The course of this id; null where there is none.
    async fn course(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Course>, ApiError> {
        Course::load(ctx, id::parse(&id, &["id"])?).await
    }
}
