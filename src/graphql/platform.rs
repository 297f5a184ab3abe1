//! The platform as a whole: what it is, its seats, its people by state; and, as the example of a mutation that
//! [`super`] explains, how it is changed.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use super::context::{load_known, loaders};
use super::domain::{self, payload};
use super::error::ApiError;
use super::group::Group;
use super::id;
use super::input::{change, set};
use super::kinds::UserStatus;
use super::thing::Thing;
use super::user::User;
use crate::error::{Error, Refusal};
use crate::platform;
use crate::queries::platform::StatusCounts;
use crate::settings::{self, Settings};

/// The platform itself.
#[derive(Clone, Debug)]
pub struct Platform(platform::Platform);

/// Seats of the platform (R22).
#[derive(Clone, Debug, SimpleObject)]
pub struct Seats {
    /// Taken, by accounts that are active or suspended.
    used: i64,
    /// All there are; null means no limit.
    limit: Option<i64>,
    /// Not taken; null means no limit. Never below 0, although a lowered limit can leave more taken than there are.
    free: Option<i64>,
}

/// How many accounts are in a state.
#[derive(Clone, Debug, SimpleObject)]
pub struct StatusCount {
    /// The state.
    status: UserStatus,
    /// How many accounts are in it.
    count: i64,
}

impl Platform {
    /// The platform as it is now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>) -> Result<Platform, ApiError> {
        Ok(Platform(loaders(ctx)?.reader().platform().await?.clone()))
    }
}

/// The platform itself: one organisation and everything it has.
#[Object]
impl Platform {
    /// What it is called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The one person who can never be removed (R14), always an administrator of the platform group; null if you may
    /// not see them.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        User::load(ctx, self.0.owner).await
    }

    /// The platform group: the root of the tree of groups (R1).
    async fn group(&self, ctx: &Context<'_>) -> Result<Group, ApiError> {
        Ok(Group::load(ctx, self.0.root).await?.ok_or(Error::Broken("the platform has a root group"))?)
    }

    /// The IANA name of the time zone in which days begin and end, as `Europe/Paris`.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// Per cent of the accounts that may go within a day without a typed count (R29).
    async fn safety_share(&self) -> i64 {
        self.0.safety_share
    }

    /// The group that people who sign up become learners of (R34); null if nobody can sign up, or you may not see it.
    async fn sign_up_group(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        match self.0.sign_up_group {
            Some(group) => Group::load(ctx, group).await,
            None => Ok(None),
        }
    }

    /// Seats taken, free and in all (R22); null if you may not see everybody.
    async fn seats(&self, ctx: &Context<'_>) -> Result<Option<Seats>, ApiError> {
        if !loaders(ctx)?.reader().sight().await?.sees_everybody() {
            return Ok(None);
        }
        let counts = load_known::<StatusCounts>(ctx, ()).await?;
        let used =
            counts.iter().filter(|(status, _)| status.takes_seat()).map(|(_, count)| count).sum::<i64>();
        let limit = self.0.seat_limit;
        Ok(Some(Seats { used, limit, free: limit.map(|limit| (limit - used).max(0)) }))
    }

    /// How many accounts there are in each state, all six of them, of those that you may see.
    async fn users_by_status(&self, ctx: &Context<'_>) -> Result<Vec<StatusCount>, ApiError> {
        let counts = load_known::<StatusCounts>(ctx, ()).await?;
        let told =
            |(status, count): &(_, i64)| StatusCount { status: UserStatus::from(*status), count: *count };
        Ok(counts.iter().map(told).collect())
    }
}

/// Reads of the platform.
#[derive(Debug, Default)]
pub struct PlatformQuery;

/// Reads of the platform.
#[Object]
impl PlatformQuery {
    /// The platform itself: name, owner, seats, people by state.
    async fn platform(&self, ctx: &Context<'_>) -> Result<Platform, ApiError> {
        Platform::load(ctx).await
    }
}

/// What to change about the platform. What is left out stays as it is.
#[derive(Clone, Debug, InputObject)]
pub struct UpdatePlatformInput {
    /// What it is called: 1 to 200 characters.
    name: MaybeUndefined<String>,
    /// The IANA name of its time zone, as `Europe/Paris`.
    time_zone: MaybeUndefined<String>,
    /// How many seats there are (R22); null means no limit. A limit below the seats taken removes nobody.
    seat_limit: MaybeUndefined<i64>,
    /// The group that people who sign up become learners of (R34); null means that nobody can sign up, as at first.
    sign_up_group_id: MaybeUndefined<ID>,
    /// Per cent of the accounts that may go within a day without a typed count (R29): 0 to 100. Fifty may always go.
    safety_share: MaybeUndefined<i64>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

impl UpdatePlatformInput {
    fn settings(self) -> Result<Settings, Refusal> {
        Ok(Settings {
            name: set(self.name, &["name"])?,
            time_zone: set(self.time_zone, &["timeZone"])?,
            seat_limit: change(self.seat_limit),
            sign_up_group: change(self.sign_up_group_id).try_map(|id| id::parse(&id, &["signUpGroupId"]))?,
            safety_share: set(self.safety_share, &["safetyShare"])?,
        })
    }
}

payload! {
    /// What `updatePlatform` answers with.
    UpdatePlatformPayload {
        /// The platform as it is now; null if nothing was done.
        platform: Platform
    }
}

/// Changes of the platform.
#[derive(Debug, Default)]
pub struct PlatformMutation;

/// Changes of the platform.
#[Object]
impl PlatformMutation {
    /// Changes the name, the time zone, the number of seats, the safety share, or who may sign up. By platform
    /// administrators.
    async fn update_platform(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdatePlatformInput,
    ) -> Result<UpdatePlatformPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "updatePlatform", key, input.settings(), |tx, settings| {
            Box::pin(settings::update(tx, settings))
        });
        UpdatePlatformPayload::of(done.await?, |()| async { Platform::load(ctx).await.map(Some) }).await
    }
}
