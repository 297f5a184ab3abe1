//! Removing people.

use std::time::Duration;

use async_graphql::{Context, Object, SimpleObject};
use entity::id::JobId;
use entity::kind::Role;

use super::input::{
    CancelRemovalJobInput, DeleteUserInput, DeleteUsersInput, PrepareRemovalInput, RemoveUserFromGroupInput,
    RemoveUsersFromGroupInput, RetryRemovalJobInput, RevokeRoleInput, StartRemovalJobInput, patience,
};
use super::job::RemovalJob;
use super::record::Removal;
use crate::access::Scope;
use crate::error::Refusal;
use crate::graphql::context;
use crate::graphql::domain::{self, payload};
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
pub async fn good_for(ctx: &Context<'_>, request: &Request) -> Result<(), ApiError> {
    if !context::is_limited(ctx)? {
        return Ok(());
    }
    let root = context::loaders(ctx)?.reader().platform().await?.root;
    let deletes = request.options.confirm_account_deletion;
    let scope = match request.scope.normalized(root) {
        Reach::Platform => return context::require_scope(ctx, Scope::UsersDelete),
        Reach::Group(_) | Reach::Each | Reach::Role(_, Role::Learner) => Scope::UsersRemove,
        Reach::Role(_, Role::Coach | Role::Author) => Scope::MembersWrite,
        Reach::Role(_, Role::UserAdministrator | Role::Administrator) => Scope::MembersAdmin,
    };
    context::require_scope(ctx, scope)?;
    if deletes { context::require_scope(ctx, Scope::UsersDelete) } else { Ok(()) }
}

/// Passes a token that is good for whatever a job may do.
///
/// # Errors
/// As [`context::require_scope`].
fn good_for_any(ctx: &Context<'_>) -> Result<(), ApiError> {
    [Scope::Jobs, Scope::UsersRemove, Scope::UsersDelete, Scope::MembersAdmin]
        .into_iter()
        .try_for_each(|scope| context::require_scope(ctx, scope))
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
    let done = domain::write(ctx, operation, key, input, |tx, input| Box::pin(single::remove(tx, input)));
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
    wait: Option<i32>,
    input: Result<Batch, Refusal>,
) -> Result<RemovalJobPayload, ApiError> {
    if let Ok(input) = &input {
        good_for(ctx, &input.request).await?;
    }
    let (input, patience) = patiently(input, wait);
    let done = domain::perform(ctx, operation, key, input, |db, caller, key, input| async move {
        batch::remove_many(&db, caller, key, input).await
    });
    waited(ctx, done.await?, patience).await
}

/// What is asked, and how long to wait for the job; refused where that is too long.
fn patiently<I>(input: Result<I, Refusal>, wait: Option<i32>) -> (Result<I, Refusal>, Duration) {
    match (input, patience(wait)) {
        (input, Ok(patience)) => (input, patience),
        (Ok(_), Err(refusal)) | (Err(refusal), Err(_)) => (Err(refusal), Duration::ZERO),
    }
}

/// The job, once it has ended or was waited for long enough.
async fn waited(
    ctx: &Context<'_>,
    done: Result<JobId, UserError>,
    patience: Duration,
) -> Result<RemovalJobPayload, ApiError> {
    if let Ok(job) = &done {
        domain::wait_for(ctx, *job, patience).await?;
    }
    RemovalJobPayload::of(done, |job| RemovalJob::load(ctx, job)).await
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
    /// person who cannot be removed stops nobody else. What is accepted is carried out whatever happens to the client
    /// or to the server (R29).
    async fn remove_users_from_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and out of which group.")] input: RemoveUsersFromGroupInput,
    ) -> Result<RemovalJobPayload, ApiError> {
        let (key, wait) = (input.idempotency_key.clone(), input.wait);
        let input = domain::asked(input.read(ctx).await)?;
        many(ctx, "removeUsersFromGroup", key, wait, input).await
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
    /// handed to somebody of the same list. What is accepted is carried out whatever happens to the client or to the
    /// server (R29).
    async fn delete_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: DeleteUsersInput,
    ) -> Result<RemovalJobPayload, ApiError> {
        let (key, wait) = (input.idempotency_key.clone(), input.wait);
        let input = domain::asked(input.read(ctx).await)?;
        many(ctx, "deleteUsers", key, wait, input).await
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

    /// Makes a plan of a removal of up to 100,000 people, to be read and then started: workers compute it, and the job is
    /// `PREPARING` until it is `PREPARED`. Nothing else is changed. It can be started for 24 hours.
    async fn prepare_removal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and what would be done to them.")] input: PrepareRemovalInput,
    ) -> Result<RemovalJobPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let input = domain::asked(input.read(ctx).await)?;
        if let Ok(input) = &input {
            good_for(ctx, &input.request).await?;
        }
        let done = domain::perform(ctx, "prepareRemoval", key, input, |db, caller, key, input| async move {
            batch::prepare(&db, caller, key, input).await
        });
        RemovalJobPayload::of(done.await?, |job| RemovalJob::load(ctx, job)).await
    }

    /// Starts a job that was prepared, if what would happen now is what its plan shows; or one that waits to be confirmed.
    /// Whoever prepared the job can start it, and so can platform administrators. A prepared job is carried out with the
    /// rights of the person who starts it, who becomes its `actor` (R29).
    async fn start_removal_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what was shown of it.")] input: StartRemovalJobInput,
    ) -> Result<RemovalJobPayload, ApiError> {
        good_for_any(ctx)?;
        let key = input.idempotency_key.clone();
        let wait = input.wait;
        let (input, patience) = patiently(input.read(), wait);
        let done = domain::perform(ctx, "startRemovalJob", key, input, |db, caller, key, input| async move {
            batch::start(&db, caller, key, input).await
        });
        waited(ctx, done.await?, patience).await
    }

    /// Stops a job at its next chunk. What was done stays done; whose turn had not come has the outcome `CANCELLED`.
    /// Cancelling again changes nothing. By whoever asked for it, and by platform administrators.
    async fn cancel_removal_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CancelRemovalJobInput,
    ) -> Result<RemovalJobPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "cancelRemovalJob", key, input.read(), |tx, job| {
            Box::pin(batch::cancel(tx, job))
        });
        waited(ctx, done.await?, Duration::ZERO).await
    }

    /// Makes a new job of those whom an ended one could not remove, with the same options. By whoever asked for it, and
    /// by platform administrators.
    async fn retry_removal_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RetryRemovalJobInput,
    ) -> Result<RemovalJobPayload, ApiError> {
        good_for_any(ctx)?;
        let key = input.idempotency_key.clone();
        let wait = input.wait;
        let (input, patience) = patiently(input.read(), wait);
        let done = domain::perform(ctx, "retryRemovalJob", key, input, |db, caller, key, input| async move {
            batch::again(&db, caller, key, input).await
        });
        waited(ctx, done.await?, patience).await
    }
}
