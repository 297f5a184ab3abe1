//! Creating and updating people (R22, R24, R34).

mod input;

use async_graphql::{Context, Object};
use futures::future::try_join_all;
use input::{CreateUserInput, CreateUsersInput, UpdateUserInput};

use super::domain::{self, payload};
use super::error::ApiError;
use super::grant::good_for;
use super::user::User;
use crate::graphql::thing::Thing;
use crate::people;

payload! {
    /// What `createUser` answers with.
    CreateUserPayload {
        /// The new person; null if nothing was done.
        user: User
    }
}

payload! {
    /// What `createUsers` answers with.
    CreateUsersPayload {
        /// The new people, in the order of the input; null if nothing was done.
        users: Vec<User>
    }
}

payload! {
    /// What `updateUser` answers with.
    UpdateUserPayload {
        /// The person as they are now; null if nothing was done.
        user: User
    }
}

/// Changes of people.
#[derive(Debug, Default)]
pub struct PeopleMutation;

/// Changes of people.
#[Object]
impl PeopleMutation {
    /// Creates a person: an active account, which takes a seat (R22), with the memberships given (R34). By whoever may
    /// grant each of these.
    ///
    /// Refused with `EMAIL_TAKEN`, `USERNAME_TAKEN` or `EXTERNAL_ID_TAKEN` while another account reserves it. If that
    /// account is deactivated and you may change its state, the refusal is `REACTIVATE_AVAILABLE`; if a deleted person had
    /// it and you may bring them back, `REINSTATE_AVAILABLE`, unless `createAnyway` is true (R24).
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to create.")] input: CreateUserInput,
    ) -> Result<CreateUserPayload, ApiError> {
        let key = input.idempotency_key.clone();
        good_for(ctx, input.roles())?;
        let done = domain::write(ctx, "createUser", key, input.read(), |tx, person| {
            Box::pin(people::create(tx, person))
        });
        CreateUserPayload::of(done.await?, |user| User::load(ctx, user)).await
    }

    /// Creates many people at once, each as `createUser` would: all of them, or none. The `path` of an error says who
    /// of the list it is about.
    async fn create_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to create.")] input: CreateUsersInput,
    ) -> Result<CreateUsersPayload, ApiError> {
        let key = input.idempotency_key.clone();
        good_for(ctx, input.roles())?;
        let done = domain::write(ctx, "createUsers", key, input.read(), |tx, list| {
            Box::pin(people::create_many(tx, list))
        });
        CreateUsersPayload::of(done.await?, |users| async {
            let found = try_join_all(users.into_iter().map(|user| User::load(ctx, user))).await?;
            Ok(found.into_iter().collect())
        })
        .await
    }

    /// Changes somebody's entry (R34). Everybody changes their own, but for external ids and custom fields; besides,
    /// whoever has the right over the person in every group of theirs. What the platform owner signs in with is the
    /// owner's alone to change.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and what to change.")] input: UpdateUserInput,
    ) -> Result<UpdateUserPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "updateUser", key, input.read(), |tx, change| {
            Box::pin(people::update(tx, change))
        });
        UpdateUserPayload::of(done.await?, |user| User::load(ctx, user)).await
    }
}
