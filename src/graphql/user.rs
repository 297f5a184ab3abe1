//! People.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::id::UserId;

use super::context::{self, load};
use super::error::ApiError;
use super::id::GlobalId;
use super::kinds::UserStatus;
use crate::error::Refusal;
use crate::queries::users::{self, Users};

/// A person's account.
#[derive(Clone, Debug)]
pub struct User(Arc<users::User>);

impl User {
    /// The account of this id, in whatever state; none where there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: UserId) -> Result<Option<User>, ApiError> {
        Ok(load::<Users>(ctx, id).await?.map(User))
    }
}

impl From<Arc<users::User>> for User {
    fn from(row: Arc<users::User>) -> User {
        User(row)
    }
}

/// A person's account, in whatever state.
#[Object]
impl User {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The state of the account.
    async fn status(&self) -> UserStatus {
        self.0.status.into()
    }
}

/// Reads of people.
#[derive(Debug, Default)]
pub struct UserQuery;

/// Reads of people.
#[Object]
impl UserQuery {
    /// Whose token this is.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<User, ApiError> {
        let user = context::caller(ctx)?.user().ok_or(Refusal::Unauthenticated)?;
        Ok(User::load(ctx, user).await?.ok_or(Refusal::Unauthenticated)?)
    }
}
