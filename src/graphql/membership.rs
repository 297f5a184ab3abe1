//! Who holds which role in which group (R2).

use std::sync::Arc;

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};

use super::context::load;
use super::error::ApiError;
use super::group::Group;
use super::kinds::{ActorKind, Role};
use super::permission::{MemberPermissions, MembershipPermissions};
use super::prompt::Prompt;
use super::thing::Thing;
use super::user::User;
use crate::queries::links::Linked;
use crate::queries::memberships::{self, Memberships, Roles};

/// A role that somebody holds in a group.
#[derive(Clone, Debug)]
pub struct Membership(Arc<Linked<Memberships>>);

impl From<Arc<Linked<Memberships>>> for Membership {
    fn from(linked: Arc<Linked<Memberships>>) -> Membership {
        Membership(linked)
    }
}

/// A role that somebody holds in a group, one of perhaps several (R2).
#[Object]
impl Membership {
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Prompt<User>, ApiError> {
        User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await
    }

    /// In which group.
    async fn group(&self, ctx: &Context<'_>) -> Result<Prompt<Group>, ApiError> {
        Group::linked(ctx, self.0.other.as_ref(), self.0.row.group_id).await
    }

    /// Which role.
    async fn role(&self) -> Role {
        self.0.row.role.into()
    }

    /// Who granted it; null for the platform itself, or if you may not see them.
    async fn granted_by(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.row.granted_by {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// Whether a person or the platform itself granted it.
    async fn granted_by_kind(&self) -> ActorKind {
        ActorKind::of(self.0.row.granted_by)
    }

    /// When it was granted.
    async fn granted_at(&self) -> DateTime<Utc> {
        self.0.row.granted_at
    }

    /// What you may do to it, told before you try it.
    async fn viewer_can(&self) -> MembershipPermissions {
        let row = &self.0.row;
        let member = MemberPermissions { user: row.user_id, group: row.group_id };
        MembershipPermissions { member, role: row.role }
    }
}

/// A member of a group.
#[derive(Clone, Debug)]
pub struct Member(memberships::Member);

impl From<memberships::Member> for Member {
    fn from(member: memberships::Member) -> Member {
        Member(member)
    }
}

/// A member of a group: somebody who holds at least one role in it (R2).
#[Object]
impl Member {
    /// Who.
    async fn user(&self) -> User {
        self.0.user.clone().into()
    }

    /// In which group.
    async fn group(&self, ctx: &Context<'_>) -> Result<Group, ApiError> {
        Group::known(ctx, self.0.group).await
    }

    /// The roles held in it.
    async fn roles(&self, ctx: &Context<'_>) -> Result<Vec<Role>, ApiError> {
        let roles = load::<Roles>(ctx, (self.0.group, self.0.user.id)).await?.unwrap_or_default();
        Ok(roles.iter().map(|row| row.role.into()).collect())
    }

    /// What you may do to the member, told before you try it.
    async fn viewer_can(&self) -> MemberPermissions {
        MemberPermissions { user: self.0.user.id, group: self.0.group }
    }

    /// Since when the person is a member: when the oldest of the roles was granted.
    async fn since(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>, ApiError> {
        let roles = load::<Roles>(ctx, (self.0.group, self.0.user.id)).await?.unwrap_or_default();
        Ok(roles.iter().map(|row| row.granted_at).min())
    }
}
