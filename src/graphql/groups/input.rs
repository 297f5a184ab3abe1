//! What the tree is changed with.

use async_graphql::{ID, InputObject, MaybeUndefined};

use crate::change::Change;
use crate::error::Refusal;
use crate::graphql::id;
use crate::graphql::input::{ExternalIdInput, change, set};
use crate::graphql::kinds::GroupPrivacy;
use crate::groups::{GroupChange, GroupDeletion, GroupMove, NewGroup, PrivacyChange};
use crate::keys::ExternalId;

/// A group to be made.
#[derive(Clone, Debug, InputObject)]
pub struct CreateGroupInput {
    /// The group directly above.
    parent_id: ID,
    /// What it is called, 1 to 200 characters.
    name: String,
    /// Who sees it. Learners of a public group are learners of the groups above it as well (R3).
    privacy: GroupPrivacy,
    /// What other systems call the group, at most 20; an id is one group's at most in its system.
    external_ids: Option<Vec<ExternalIdInput>>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub(super) idempotency_key: Option<String>,
}

/// What to change of a group. What is left out stays as it is.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateGroupInput {
    /// Which.
    group_id: ID,
    /// What it is called, 1 to 200 characters.
    name: MaybeUndefined<String>,
    /// What other systems call the group, at most 20, in place of all that it had; null means none.
    external_ids: MaybeUndefined<Vec<ExternalIdInput>>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub(super) idempotency_key: Option<String>,
}

/// Where a group goes.
#[derive(Clone, Debug, InputObject)]
pub struct MoveGroupInput {
    /// Which group.
    group_id: ID,
    /// The group that is directly above it afterwards.
    parent_id: ID,
    /// The `digest` of the error `LEARNERS_WOULD_RISE`, to say that what it shows is wanted (R33).
    rise_digest: Option<String>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub(super) idempotency_key: Option<String>,
}

/// Whether a group is open.
#[derive(Clone, Debug, InputObject)]
pub struct SetGroupPrivacyInput {
    /// Which group.
    group_id: ID,
    /// Who sees it afterwards.
    privacy: GroupPrivacy,
    /// The `digest` of the error `LEARNERS_WOULD_RISE`, to say that what it shows is wanted (R33).
    rise_digest: Option<String>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub(super) idempotency_key: Option<String>,
}

/// A group to be deleted.
#[derive(Clone, Debug, InputObject)]
pub struct DeleteGroupInput {
    /// Which group.
    group_id: ID,
    /// The group that gets its courses, paths, sessions and posts; you need the rights of an author there.
    content_to: Option<ID>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub(super) idempotency_key: Option<String>,
}

impl CreateGroupInput {
    /// The door's input.
    ///
    /// # Errors
    /// When the id is none.
    pub(super) fn read(self) -> Result<NewGroup, Refusal> {
        Ok(NewGroup {
            parent: id::parse(&self.parent_id, &["parentId"])?,
            name: self.name,
            privacy: self.privacy.into(),
            external_ids: external_ids(self.external_ids.unwrap_or_default()),
        })
    }
}

impl UpdateGroupInput {
    /// The door's input.
    ///
    /// # Errors
    /// When the id is none, or the name is null.
    pub(super) fn read(self) -> Result<GroupChange, Refusal> {
        Ok(GroupChange {
            group: id::parse(&self.group_id, &["groupId"])?,
            name: set(self.name, &["name"])?,
            external_ids: match change(self.external_ids) {
                Change::Keep => Change::Keep,
                Change::Clear => Change::Clear,
                Change::Set(ids) => Change::Set(external_ids(ids)),
            },
        })
    }
}

impl MoveGroupInput {
    /// The door's input.
    ///
    /// # Errors
    /// When an id is none.
    pub(super) fn read(self) -> Result<GroupMove, Refusal> {
        Ok(GroupMove {
            group: id::parse(&self.group_id, &["groupId"])?,
            parent: id::parse(&self.parent_id, &["parentId"])?,
            rise_digest: self.rise_digest,
        })
    }
}

impl SetGroupPrivacyInput {
    /// The door's input.
    ///
    /// # Errors
    /// When the id is none.
    pub(super) fn read(self) -> Result<PrivacyChange, Refusal> {
        Ok(PrivacyChange {
            group: id::parse(&self.group_id, &["groupId"])?,
            privacy: self.privacy.into(),
            rise_digest: self.rise_digest,
        })
    }
}

impl DeleteGroupInput {
    /// The door's input.
    ///
    /// # Errors
    /// When an id is none.
    pub(super) fn read(self) -> Result<GroupDeletion, Refusal> {
        Ok(GroupDeletion {
            group: id::parse(&self.group_id, &["groupId"])?,
            content_to: id::parse_option(self.content_to.as_ref(), &["contentTo"])?,
        })
    }
}

fn external_ids(ids: Vec<ExternalIdInput>) -> Vec<ExternalId> {
    ids.into_iter().map(ExternalId::from).collect()
}
