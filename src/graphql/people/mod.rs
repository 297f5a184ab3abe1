//! Creating and updating people (R22, R24, R34).

mod input;

use async_graphql::{Context, Object};
use futures::future::try_join_all;
use input::{CreateUserInput, CreateUsersInput, UpdateUserInput};

use super::context;
use super::domain::{self, payload};
use super::error::ApiError;
use super::grant::{good_for, within_token};
use super::user::User;
use crate::graphql::thing::Thing;
use crate::people;
use crate::sign_in::emails;

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
    /// grant each of these; a token as in `grantRole`.
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
        let read = input.read();
        let given: Vec<_> = read.iter().flat_map(|person| person.memberships.clone()).collect();
        within_token(ctx, &given).await?;
        let done =
            domain::write(ctx, "createUser", key, read, |tx, person| Box::pin(people::create(tx, person)));
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
        let read = input.read();
        let given: Vec<_> = read.iter().flatten().flat_map(|person| person.memberships.clone()).collect();
        within_token(ctx, &given).await?;
        let done =
            domain::write(ctx, "createUsers", key, read, |tx, list| Box::pin(people::create_many(tx, list)));
        CreateUsersPayload::of(done.await?, |users| async {
            let found = try_join_all(users.into_iter().map(|user| User::load(ctx, user))).await?;
            Ok(found.into_iter().collect())
        })
        .await
    }

    /// Changes somebody's entry (R34). Everybody changes their own, but for external ids and custom fields; besides,
    /// whoever has the right over the person in every group of theirs. What the platform owner signs in with is the
    /// owner's alone to change.
    ///
    /// Changing your own email or username takes `currentPassword`, or a sign-in of the last ten minutes (R24). A token
    /// changes neither of your own, nor of an account whose roles hold more than the token's scopes, and never of a platform
    /// administrator: `FORBIDDEN`.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and what to change.")] input: UpdateUserInput,
    ) -> Result<UpdateUserPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let (desk, pass, address) = (context::desk(ctx)?, context::pass(ctx)?, context::visit(ctx)?.address);
        let password = input.current_password.clone();
        let read = input.read().map(|change| (change, password));
        let done = domain::perform(ctx, "updateUser", key, read, move |db, caller, key, change| async move {
            emails::update(&db, &desk, emails::From { caller, pass, address }, key, change).await
        });
        UpdateUserPayload::of(done.await?, |user| User::load(ctx, user)).await
    }
}
