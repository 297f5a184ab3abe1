//! Granting roles (R2, R3). Taking them away is a removal.

use async_graphql::{Context, ID, InputObject, Object};
use entity::id::GroupId;
use entity::kind;

use super::context::{self, load_known};
use super::domain::{self, payload};
use super::error::ApiError;
use super::id;
use super::kinds::Role;
use super::thing::Thing;
use super::user::User;
use crate::access::{Scope, scopes};
use crate::error::Refusal;
use crate::memberships::{self, Grant};
use crate::queries::permissions::Callers;

/// A role to be granted.
#[derive(Clone, Debug, InputObject)]
pub struct GrantInput {
    /// To whom.
    user_id: ID,
    /// In which group.
    group_id: ID,
    /// What the person becomes there. A learner of a public group becomes a learner of the groups above it as well, up
    /// to and including the first private one (R3).
    role: Role,
}

/// The role to grant.
#[derive(Clone, Debug, InputObject)]
pub struct GrantRoleInput {
    #[graphql(flatten)]
    grant: GrantInput,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// The roles to grant.
#[derive(Clone, Debug, InputObject)]
pub struct GrantRolesInput {
    /// The roles, 1 to 10,000.
    grants: Vec<GrantInput>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

impl GrantInput {
    fn read(&self) -> Result<Grant, Refusal> {
        Ok(Grant {
            user: id::parse(&self.user_id, &["userId"])?,
            group: id::parse(&self.group_id, &["groupId"])?,
            role: self.role.into(),
        })
    }
}

impl GrantRolesInput {
    fn read(&self) -> Result<Vec<Grant>, Refusal> {
        let at = |entry: usize| ["grants".to_owned(), entry.to_string()];
        let grants = self.grants.iter().enumerate();
        grants.map(|(entry, grant)| grant.read().map_err(|refusal| refusal.at(&at(entry)))).collect()
    }
}

payload! {
    /// What `grantRole` answers with.
    GrantRolePayload {
        /// The person, with the role; null if nothing was done.
        user: User
    }
}

payload! {
    /// What `grantRoles` answers with.
    GrantRolesPayload {
        /// How many memberships were added, those included into which learners rose; roles that were held already do
        /// not count. Null if nothing was done.
        added: u64
    }
}

/// Passes where the caller's token may be used to grant these roles, or is none.
///
/// # Errors
/// `FORBIDDEN`, naming the scope.
pub(super) fn good_for(ctx: &Context<'_>, roles: impl IntoIterator<Item = Role>) -> Result<(), ApiError> {
    let administers = |role| match role {
        Role::Administrator | Role::UserAdministrator => true,
        Role::Learner | Role::Coach | Role::Author => false,
    };
    context::require_scope(ctx, Scope::MembersWrite)?;
    if roles.into_iter().any(administers) { context::require_scope(ctx, Scope::MembersAdmin) } else { Ok(()) }
}

/// Passes where giving these roles makes nobody who may do more than the caller's token ([`scopes::may_give`]), or it is
/// none.
///
/// # Errors
/// `FORBIDDEN`, naming the scope that is missing.
pub(super) async fn within_token(ctx: &Context<'_>, given: &[(GroupId, kind::Role)]) -> Result<(), ApiError> {
    let is_more = given.iter().any(|(_, role)| *role != kind::Role::Learner);
    if !is_more || !context::is_by_token(ctx)? {
        return Ok(());
    }
    let (setting, held) = (load_known::<Callers>(ctx, ()).await?, context::scopes(ctx)?);
    let root = setting.tree.root();
    Ok(given.iter().try_for_each(|(group, role)| scopes::may_give(held.as_ref(), root, *group, *role))?)
}

/// Grants.
#[derive(Debug, Default)]
pub struct GrantMutation;

/// Grants.
#[Object]
impl GrantMutation {
    /// Gives somebody a role in a group; a role that is held already stays as it was granted first. By administrators
    /// of the group, and the learner role by its user administrators too; who would rise into a private group needs
    /// somebody with that right there as well (R3, R4).
    ///
    /// A token grants a role other than `LEARNER` only with every scope that the role makes use of, and never makes a
    /// platform administrator: `FORBIDDEN` names the scope.
    async fn grant_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which role, to whom, in which group.")] input: GrantRoleInput,
    ) -> Result<GrantRolePayload, ApiError> {
        let key = input.idempotency_key.clone();
        good_for(ctx, [input.grant.role])?;
        let read = input.grant.read();
        let given: Vec<_> = read.iter().map(|grant| (grant.group, grant.role)).collect();
        within_token(ctx, &given).await?;
        let done =
            domain::write(ctx, "grantRole", key, read, |tx, grant| Box::pin(memberships::grant(tx, grant)));
        GrantRolePayload::of(done.await?, |user| User::load(ctx, user)).await
    }

    /// Gives many roles at once, each as `grantRole` would: all of them, or none. The `path` of an error says which of
    /// the list it is about.
    async fn grant_roles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which roles, to whom, in which groups.")] input: GrantRolesInput,
    ) -> Result<GrantRolesPayload, ApiError> {
        let key = input.idempotency_key.clone();
        good_for(ctx, input.grants.iter().map(|grant| grant.role))?;
        let read = input.read();
        let given: Vec<_> = read.iter().flatten().map(|grant| (grant.group, grant.role)).collect();
        within_token(ctx, &given).await?;
        let done = domain::write(ctx, "grantRoles", key, read, |tx, grants| {
            Box::pin(memberships::grant_many(tx, grants))
        });
        GrantRolesPayload::of(done.await?, |added| async move { Ok(Some(added)) }).await
    }
}
