//! Activities of a course.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::id::ActivityId;

use super::context::load;
use super::error::ApiError;
use super::id::{self, GlobalId};
use crate::queries::activities::{self, Activities};

/// An activity of a course. Who may see one may copy it and owns the copy (R13).
#[derive(Clone, Debug)]
pub struct Activity(Arc<activities::Activity>);

impl Activity {
    /// The activity of this id; none where there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: ActivityId) -> Result<Option<Activity>, ApiError> {
        Ok(load::<Activities>(ctx, id).await?.map(Activity))
    }
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
}
