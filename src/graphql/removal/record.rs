//! A removal that was done, as its record tells it (R17).

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use entity::id::RecordId;

use super::about;
use super::effect::{self, RemovalEffect};
use super::job::RemovalJob;
use crate::error::Error;
use crate::graphql::connection::{self, Connection, Paging};
use crate::graphql::context::load;
use crate::graphql::error::ApiError;
use crate::graphql::group::Group;
use crate::graphql::id::GlobalId;
use crate::graphql::kinds::{ActorKind, PrivateSubgroups, RemovalCause, RemovalOutcome, Role};
use crate::graphql::thing::Thing;
use crate::graphql::user::User;
use crate::queries::removals::{Record, Records};
use crate::removal::plan::Effect;

/// A removal that was done: to whom, by whom, when, why, and every effect. Written together with the effects, and
/// never changed.
#[derive(Clone, Debug)]
pub struct Removal(Arc<Record>);

impl Removal {
    /// The removal of this id; none where there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: RecordId) -> Result<Option<Removal>, ApiError> {
        Ok(load::<Records>(ctx, id).await?.map(Removal))
    }

    /// Every effect, whether or not the caller may see it.
    fn all(&self) -> Result<Vec<Effect>, Error> {
        Ok(serde_json::from_str(&self.0.effects)?)
    }
}

impl From<Arc<Record>> for Removal {
    fn from(record: Arc<Record>) -> Removal {
        Removal(record)
    }
}

/// A removal that was done: to whom, by whom, when, why, and every effect. Written together with the effects, and
/// never changed.
#[Object]
impl Removal {
    /// The id: opaque, never given to anything else.
    pub(in crate::graphql) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The id of the person.
    async fn user_id(&self) -> ID {
        self.0.user_id.global()
    }

    /// To whom; null if you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        User::load(ctx, self.0.user_id).await
    }

    /// What became of them: `DELETED`, `REMOVED` or `REMOVED_NOT_DELETED`.
    async fn outcome(&self) -> RemovalOutcome {
        self.0.outcome.into()
    }

    /// Why.
    async fn cause(&self) -> RemovalCause {
        self.0.cause.into()
    }

    /// By whom; null for the platform itself, or if you may not see them.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.actor_id {
            Some(actor) => User::load(ctx, actor).await,
            None => Ok(None),
        }
    }

    /// Whether a person or the platform itself did it.
    async fn actor_kind(&self) -> ActorKind {
        ActorKind::of(self.0.actor_id)
    }

    /// Who had set what the platform carried out; null where a person acted themselves.
    async fn on_behalf_of(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.on_behalf_of {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// The id of the group that was named, of the platform group for a deletion; null if you may not see it.
    async fn group_id(&self, ctx: &Context<'_>) -> Result<Option<ID>, ApiError> {
        about::group_id(ctx, self.0.group_id).await
    }

    /// The group that was named, the platform group for a deletion; null if it no longer exists or you may not see it.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        Group::load(ctx, self.0.group_id).await
    }

    /// The role that was revoked; null if it was a removal of the person.
    async fn role(&self) -> Option<Role> {
        self.0.role.map(Into::into)
    }

    /// What happened to private subgroups.
    async fn private_subgroups(&self) -> Option<PrivateSubgroups> {
        self.0.private_subgroups.map(Into::into)
    }

    /// The job that it was part of; null for a removal on its own.
    async fn job(&self, ctx: &Context<'_>) -> Result<Option<RemovalJob>, ApiError> {
        match self.0.job_id {
            Some(job) => RemovalJob::load(ctx, job).await,
            None => Ok(None),
        }
    }

    /// The person's digest: equal to that of the plan that was shown (R18).
    async fn digest(&self) -> &str {
        &self.0.digest
    }

    /// What went, what stayed and what moved, with the reason of each, as far as you may see it.
    async fn effects(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<RemovalEffect>, ApiError> {
        let effects = Arc::new(effect::seen(ctx, self.all()?).await?);
        connection::of_items("removal.effects", effects, &Paging { first, after, last, before })
    }

    /// How many more effects there were, on groups, sessions and works that you may not see.
    async fn hidden_count(&self, ctx: &Context<'_>) -> Result<usize, ApiError> {
        let effects = self.all()?;
        let all = effects.len();
        Ok(all - effect::seen(ctx, effects).await?.len())
    }
}
