//! Posts and messages.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use super::error::ApiError;
use super::group::Group;
use super::id::GlobalId;
use super::kinds::PostKind;
use super::thing::Thing;
use super::user::User;
use crate::queries::posts::{self, Posts};

/// A post or a message.
#[derive(Clone, Debug)]
pub struct Post(Arc<posts::Post>);

impl Thing for Post {
    type Noun = Posts;
}

impl From<Arc<posts::Post>> for Post {
    fn from(row: Arc<posts::Post>) -> Post {
        Post(row)
    }
}

/// A post or a message. It stays when its author leaves (R9).
#[Object]
impl Post {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What it is.
    async fn kind(&self) -> PostKind {
        self.0.kind.into()
    }

    /// Who wrote it; null where the author is anonymous.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.author_id.filter(|_| self.0.anonymized_at.is_none()) {
            Some(author) => User::load(ctx, author).await,
            None => Ok(None),
        }
    }

    /// The group that reads it; null if you may not see it.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        Group::load(ctx, self.0.group_id).await
    }

    /// What it says.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its author was made anonymous; null while they are not.
    async fn anonymized_at(&self) -> Option<DateTime<Utc>> {
        self.0.anonymized_at
    }
}
