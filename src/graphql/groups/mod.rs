//! Finding groups, and changing their tree (R1, R33).

mod input;
mod query;

use async_graphql::{Context, ID, Object};
use input::{CreateGroupInput, DeleteGroupInput, MoveGroupInput, SetGroupPrivacyInput, UpdateGroupInput};
pub use query::GroupQuery;

use super::domain::{self, payload};
use super::error::ApiError;
use super::group::Group;
use super::id::GlobalId;
use crate::graphql::thing::Thing;
use crate::groups;

payload! {
    /// What `createGroup` answers with.
    CreateGroupPayload {
        /// The new group; null if nothing was done.
        group: Group
    }
}

payload! {
    /// What `updateGroup` answers with.
    UpdateGroupPayload {
        /// The group as it is now; null if nothing was done.
        group: Group
    }
}

payload! {
    /// What `moveGroup` answers with.
    MoveGroupPayload {
        /// The group where it is now; null if nothing was done.
        group: Group
    }
}

payload! {
    /// What `setGroupPrivacy` answers with.
    SetGroupPrivacyPayload {
        /// The group as it is now; null if nothing was done.
        group: Group
    }
}

payload! {
    /// What `deleteGroup` answers with.
    DeleteGroupPayload {
        /// The id that the group had; null if nothing was done.
        deleted_group_id: ID
    }
}

/// Changes of groups.
#[derive(Debug, Default)]
pub struct GroupMutation;

/// Changes of groups.
#[Object]
impl GroupMutation {
    /// Makes a group below another, at most 50 levels below the platform group. By administrators of the group above.
    async fn create_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to make, and where.")] input: CreateGroupInput,
    ) -> Result<CreateGroupPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "createGroup", key, input.read(), |tx, group| {
            Box::pin(groups::create(tx, group))
        });
        CreateGroupPayload::of(done.await?, |group| Group::load(ctx, group)).await
    }

    /// Changes a group's name or external ids, the platform group's too. By its administrators.
    async fn update_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which group, and what to change.")] input: UpdateGroupInput,
    ) -> Result<UpdateGroupPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "updateGroup", key, input.read(), |tx, change| {
            Box::pin(groups::rename(tx, change))
        });
        UpdateGroupPayload::of(done.await?, |group| Group::load(ctx, group)).await
    }

    /// Moves a group, with everything below it, below another. Nobody loses anything by it. By administrators of the
    /// group, of its old and of its new parent (R33).
    ///
    /// Where learners would rise into further groups (R3), nothing is done at first: `LEARNERS_WOULD_RISE` names those
    /// groups, the dynamic sessions they would join and a digest; with that digest as `riseDigest` it is done.
    async fn move_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which group, and where to.")] input: MoveGroupInput,
    ) -> Result<MoveGroupPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "moveGroup", key, input.read(), |tx, change| {
            Box::pin(groups::move_to(tx, change))
        });
        MoveGroupPayload::of(done.await?, |group| Group::load(ctx, group)).await
    }

    /// Opens or closes a group. Closing takes nothing away. By its administrators; never the platform group.
    ///
    /// Where learners would rise into further groups (R3), nothing is done at first: `LEARNERS_WOULD_RISE` names those
    /// groups, the dynamic sessions they would join and a digest; with that digest as `riseDigest` it is done.
    async fn set_group_privacy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which group, and what it becomes.")] input: SetGroupPrivacyInput,
    ) -> Result<SetGroupPrivacyPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "setGroupPrivacy", key, input.read(), |tx, change| {
            Box::pin(groups::set_privacy(tx, change))
        });
        SetGroupPrivacyPayload::of(done.await?, |group| Group::load(ctx, group)).await
    }

    /// Deletes an empty group. While it has members, subgroups, courses, paths, sessions or posts, or stands in the
    /// audience of a session that has not ended, the answer is `GROUP_NOT_EMPTY` with counts; `contentTo` moves the
    /// works and posts first (R33). By its administrators; never the platform group.
    async fn delete_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which group, and where its works go.")] input: DeleteGroupInput,
    ) -> Result<DeleteGroupPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "deleteGroup", key, input.read(), |tx, deletion| {
            Box::pin(groups::delete(tx, deletion))
        });
        DeleteGroupPayload::of(done.await?, |group| async move { Ok(Some(group.global())) }).await
    }
}
