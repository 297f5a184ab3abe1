//! Sessions of a path, and who takes part in them (R8).

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::id::SessionId;

use super::context::load;
use super::error::ApiError;
use super::id::{self, GlobalId};
use crate::queries::sessions::{self, Sessions};

/// A session of a path: a start, an end, an audience (R8). Its main instructor runs it (R12).
#[derive(Clone, Debug)]
pub struct Session(Arc<sessions::Session>);

impl Session {
    /// The session of this id; none where there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: SessionId) -> Result<Option<Session>, ApiError> {
        Ok(load::<Sessions>(ctx, id).await?.map(Session))
    }
}

impl From<Arc<sessions::Session>> for Session {
    fn from(row: Arc<sessions::Session>) -> Session {
        Session(row)
    }
}

/// A session of a path: a start, an end, an audience (R8). Its main instructor runs it (R12).
#[Object]
impl Session {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }
}

/// Reads of sessions.
#[derive(Debug, Default)]
pub struct SessionQuery;

/// Reads of sessions.
#[Object]
impl SessionQuery {
    /// The session of this id; null where there is none.
    async fn session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Session>, ApiError> {
        Session::load(ctx, id::parse(&id, &["id"])?).await
    }
}
