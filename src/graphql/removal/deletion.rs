//! How somebody came to be deleted (R9.1).

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use entity::id::{GroupId, UserId};
use entity::kind::Cause;
use futures::future::try_join_all;

use super::record::Removal;
use crate::error::Error;
use crate::graphql::context::load;
use crate::graphql::error::ApiError;
use crate::graphql::group::Group;
use crate::graphql::kinds::{ActorKind, RemovalCause};
use crate::graphql::prompt::Prompts;
use crate::graphql::thing::Thing;
use crate::graphql::user::User;
use crate::queries::removals::{LastDeletions, Record};
use crate::queries::users;
use crate::removal::plan::Effect;

/// The deletion of an account that is deleted or erased.
#[derive(Clone, Debug)]
pub struct Deletion {
    user: UserId,
    at: DateTime<Utc>,
    cause: Cause,
    by: Option<UserId>,
}

impl Deletion {
    /// How `user` came to be deleted; none for a living account.
    pub fn of(user: UserId, account: &users::Rest) -> Option<Deletion> {
        let (at, cause) = (account.deleted_at?, account.deletion_cause?);
        Some(Deletion { user, at, cause, by: account.deleted_by })
    }

    async fn record(&self, ctx: &Context<'_>) -> Result<Option<Arc<Record>>, ApiError> {
        load::<LastDeletions>(ctx, self.user).await
    }
}

/// The deletion of an account that is deleted or erased.
#[Object]
impl Deletion {
    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Why.
    async fn cause(&self) -> RemovalCause {
        self.cause.into()
    }

    /// By whom; null for the platform itself, or if you may not see them.
    async fn by(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.by {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// Whether a person or the platform itself deleted the account.
    async fn by_kind(&self) -> ActorKind {
        ActorKind::of(self.by)
    }

    /// The record of it, with every effect; null for an account that came to the platform as a deleted one.
    async fn removal(&self, ctx: &Context<'_>) -> Result<Option<Removal>, ApiError> {
        Ok(self.record(ctx).await?.map(Removal::from))
    }

    /// The groups that the person was in, of those that still exist and you may see.
    async fn groups(&self, ctx: &Context<'_>) -> Result<Prompts<Group>, ApiError> {
        let Some(record) = self.record(ctx).await? else { return Ok(Prompts::default()) };
        let effects: Vec<Effect> = serde_json::from_str(&record.effects).map_err(Error::from)?;
        let groups: BTreeSet<GroupId> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::MembershipRemoved { group, .. } => Some(*group),
                _ => None,
            })
            .collect();
        let found = try_join_all(groups.into_iter().map(|group| Group::load(ctx, group))).await?;
        Ok(found.into_iter().flatten().collect())
    }
}
