//! Paths: ordered lists of courses (R11).

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::id::PathId;

use super::context::load;
use super::error::ApiError;
use super::id::{self, GlobalId};
use crate::queries::paths::{self, Paths};

/// A path: courses in an order. Its main author owns it (R11).
#[derive(Clone, Debug)]
pub struct Path(Arc<paths::Path>);

impl Path {
    /// The path of this id; none where there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: PathId) -> Result<Option<Path>, ApiError> {
        Ok(load::<Paths>(ctx, id).await?.map(Path))
    }
}

impl From<Arc<paths::Path>> for Path {
    fn from(row: Arc<paths::Path>) -> Path {
        Path(row)
    }
}

/// A path: courses in an order. Its main author owns it (R11).
#[Object]
impl Path {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }
}

/// Reads of paths.
#[derive(Debug, Default)]
pub struct PathQuery;

/// Reads of paths.
#[Object]
impl PathQuery {
    /// The path of this id; null where there is none.
    async fn path(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Path>, ApiError> {
        Path::load(ctx, id::parse(&id, &["id"])?).await
    }
}
