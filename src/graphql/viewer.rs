//! What the caller is, and may do in general.

use std::sync::Arc;

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use entity::id::UserId;
use entity::kind;

use super::connection::{self, Connection, Paging};
use super::context::{self, load_known, loaders};
use super::error::ApiError;
use super::group::Group;
use super::kinds::Role;
use super::prompt::Prompt;
use super::thing::Thing;
use super::tokens::TokenScope;
use super::user::User;
use crate::access::Caller;
use crate::queries::links::{Linked, OfUser};
use crate::queries::memberships::Administrations;
use crate::queries::permissions::Callers;

/// Who you are, and what you may do in general.
#[derive(Clone, Debug)]
pub struct ViewerAccess(Caller);

/// Who you are, and what you may do in general. What you may do to a person, a group or a membership is told by its own
/// `viewerCan`.
#[Object]
impl ViewerAccess {
    /// Who you are; null for a token of the platform, which is nobody's.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.user() {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// Whether you ask by a token rather than by a sign-in. Some things no token may do, whatever its scopes.
    async fn is_by_token(&self, ctx: &Context<'_>) -> Result<bool, ApiError> {
        Ok(context::require_no_token(ctx).is_err())
    }

    /// What your token may be used for, of what you have the right to. Null where nothing is left out by scopes: by a
    /// sign-in, and by a token that the operator made.
    async fn scopes(&self, ctx: &Context<'_>) -> Result<Option<Vec<TokenScope>>, ApiError> {
        let scopes = context::scopes(ctx)?;
        Ok(scopes.map(|scopes| scopes.iter().map(TokenScope::from).collect()))
    }

    /// Whether you administer the platform group, and so every group (R4): then `administered` is not needed to tell what
    /// you may do where, and has but what was granted to you yourself.
    async fn administers_platform(&self, ctx: &Context<'_>) -> Result<bool, ApiError> {
        let setting = load_known::<Callers>(ctx, ()).await?;
        Ok(setting.authority.administers_platform(&setting.tree))
    }

    /// The groups in which you yourself are administrator or user administrator, by name; those below come with the first
    /// of these (R4). Somebody who is both in a group has it twice.
    async fn administered(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<AdministeredGroup>, ApiError> {
        // A token of the platform is in no group.
        let user = self.0.user().unwrap_or(UserId::NOBODY);
        connection::of_relation(ctx, OfUser(Administrations), user, &Paging { first, after, last, before })
    }
}

/// A group that you administer, or whose learners you do.
#[derive(Clone, Debug)]
pub struct AdministeredGroup(Arc<Linked<Administrations>>);

impl From<Arc<Linked<Administrations>>> for AdministeredGroup {
    fn from(linked: Arc<Linked<Administrations>>) -> AdministeredGroup {
        AdministeredGroup(linked)
    }
}

/// A group that you administer, or whose learners you do.
#[Object]
impl AdministeredGroup {
    /// Which.
    async fn group(&self, ctx: &Context<'_>) -> Result<Prompt<Group>, ApiError> {
        Group::linked(ctx, self.0.other.as_ref(), self.0.row.group_id).await
    }

    /// As what: `ADMINISTRATOR` or `USER_ADMINISTRATOR`.
    async fn role(&self) -> Role {
        self.0.row.role.into()
    }

    /// Since when.
    async fn since(&self) -> DateTime<Utc> {
        self.0.row.granted_at
    }

    /// How many groups below come with it, at any depth (R4): all with `ADMINISTRATOR`, none with `USER_ADMINISTRATOR`.
    async fn groups_below(&self, ctx: &Context<'_>) -> Result<usize, ApiError> {
        if self.0.row.role != kind::Role::Administrator {
            return Ok(0);
        }
        Ok(loaders(ctx)?.reader().tree().await?.below(self.0.row.group_id).len())
    }
}

/// Reads of who asks.
#[derive(Debug, Default)]
pub struct ViewerQuery;

/// Reads of who asks.
#[Object]
impl ViewerQuery {
    /// Who you are and what you may do in general: the scopes of your token, the groups that you administer.
    async fn viewer_access(&self, ctx: &Context<'_>) -> Result<ViewerAccess, ApiError> {
        Ok(ViewerAccess(context::caller(ctx)?))
    }
}
