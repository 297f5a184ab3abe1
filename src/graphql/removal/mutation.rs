//! Removing people.

use async_graphql::{Context, Object, SimpleObject};
use entity::kind::Role;

use super::input::{
    DeleteUserInput, DeleteUsersInput, RemoveUserFromGroupInput, RemoveUsersFromGroupInput, RevokeRoleInput,
};
use super::job::RemovalJob;
use super::record::Removal;
use crate::access::Scope;
use crate::error::Refusal;
use crate::graphql::context::{self, payload};
use crate::graphql::error::{ApiError, UserError};
use crate::graphql::kinds::RemovalOutcome;
use crate::removal::batch::{self, Batch};
use crate::removal::request::{Request, Scope as Reach};
use crate::removal::single::{self, Single};

/// What removing one person answers with.
#[derive(Debug, SimpleObject)]
pub struct RemovalPayload {
    /// What was done; the earlier deletion where the outcome is `ALREADY_DELETED`; null if nothing was done.
    removal: Option<Removal>,
    /// What became of the person; null if nothing was done.
    outcome: Option<RemovalOutcome>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

payload! {
    /// What removing many people answers with.
    RemovalJobPayload {
        /// The job, with an outcome for everybody; null if nothing was done.
        job: RemovalJob
    }
}

/// Passes where the caller's token may be used for `request`, or is none: deleting accounts, also by taking a last
/// membership, takes more than taking people out of groups.
///
/// # Errors
/// `FORBIDDEN`, naming the scope.
async fn good_for(ctx: &Context<'_>, request: &Request) -> Result<(), ApiError> {
    if !context::is_limited(ctx)? {
        return Ok(());
    }
    let root = context::loaders(ctx)?.reader().platform().await?.root;
    let deletes = request.options.confirm_account_deletion;
    let scope = match request.scope.normalized(root) {
        Reach::Platform => return context::require_scope(ctx, Scope::UsersDelete),
        Reach::Group(_) | Reach::Role(_, Role::Learner) => Scope::UsersRemove,
        Reach::Role(_, Role::Coach | Role::Author) => Scope::MembersWrite,
        Reach::Role(_, Role::UserAdministrator | Role::Administrator) => Scope::MembersAdmin,
    };
    context::require_scope(ctx, scope)?;
    if deletes { context::require_scope(ctx, Scope::UsersDelete) } else { Ok(()) }
}

async fn one(
    ctx: &Context<'_>,
    operation: &'static str,
    key: Option<String>,
    input: Result<Single, Refusal>,
) -> Result<RemovalPayload, ApiError> {
    if let Ok(input) = &input {
        good_for(ctx, &input.request).await?;
    }
    let done = context::write(ctx, operation, key, input, |tx, input| Box::pin(single::remove(tx, input)));
    Ok(match done.await? {
        Ok(done) => RemovalPayload {
            removal: Removal::load(ctx, done.record).await?,
            outcome: Some(done.outcome.into()),
            user_errors: Vec::new(),
        },
        Err(error) => RemovalPayload { removal: None, outcome: None, user_errors: vec![error] },
    })
}

async fn many(
    ctx: &Context<'_>,
    operation: &'static str,
    key: Option<String>,
    input: Result<Batch, Refusal>,
) -> Result<RemovalJobPayload, ApiError> {
    if let Ok(input) = &input {
        good_for(ctx, &input.request).await?;
    }
    let done = context::perform(ctx, operation, key, input, |db, caller, key, input| async move {
        batch::remove_many(&db, caller, key, input).await
    });
    RemovalJobPayload::of(done.await?, |job| RemovalJob::load(ctx, job)).await
}

/// Removals.
#[derive(Debug, Default)]
pub struct RemovalMutation;

/// Removals.
#[Object]
impl RemovalMutation {
    /// Takes one person out of a group: every role there goes, and below it the learner role in every group reached
    /// (R5). Out of the platform group, it deletes the account.
    async fn remove_user_from_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and out of which group.")] input: RemoveUserFromGroupInput,
    ) -> Result<RemovalPayload, ApiError> {
        let key = input.idempotency_key.clone();
        one(ctx, "removeUserFromGroup", key, input.read()).await
    }

    /// Takes many people out of a group, each as `removeUserFromGroup` would, with an outcome for everybody. One
    /// person who cannot be removed stops nobody else.
    async fn remove_users_from_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and out of which group.")] input: RemoveUsersFromGroupInput,
    ) -> Result<RemovalJobPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let input = context::asked(input.read(ctx).await)?;
        many(ctx, "removeUsersFromGroup", key, input).await
    }

    /// Deletes one account from the platform (R9): memberships, seats, enrolments and places go, courses, paths and
    /// sessions are handed over, history stays. It can be reinstated.
    async fn delete_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: DeleteUserInput,
    ) -> Result<RemovalPayload, ApiError> {
        let key = input.idempotency_key.clone();
        one(ctx, "deleteUser", key, input.read()).await
    }

    /// Deletes many accounts from the platform, each as `deleteUser` would, with an outcome for everybody. Nothing is
    /// handed to somebody of the same list.
    async fn delete_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: DeleteUsersInput,
    ) -> Result<RemovalJobPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let input = context::asked(input.read(ctx).await)?;
        many(ctx, "deleteUsers", key, input).await
    }

    /// Takes one role from one person in one group. Revoking `LEARNER` reaches the groups below as removing does (R5).
    async fn revoke_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which role, from whom, in which group.")] input: RevokeRoleInput,
    ) -> Result<RemovalPayload, ApiError> {
        let key = input.idempotency_key.clone();
        one(ctx, "revokeRole", key, input.read()).await
    }
}
