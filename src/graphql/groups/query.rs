//! Finding groups, and the tree as a whole.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject};

use crate::graphql::connection::{self, Connection, Paging};
use crate::graphql::context::{load, loaders};
use crate::graphql::error::ApiError;
use crate::graphql::extent;
use crate::graphql::group::Group;
use crate::graphql::id::{self, GlobalId};
use crate::graphql::input::{ExternalIdInput, GroupScope, OrderDirection, groups as scope};
use crate::graphql::kinds::GroupPrivacy;
use crate::graphql::prompt::Prompts;
use crate::graphql::thing::Thing;
use crate::queries::groups::{self, Groups, MemberCounts};

/// What one group is found by.
#[derive(Clone, Debug, OneofObject)]
pub enum GroupBy {
    /// The id.
    Id(ID),
    /// What some other system calls it.
    ExternalId(ExternalIdInput),
}

/// Which groups. All conditions given hold together.
#[derive(Clone, Debug, Default, InputObject)]
pub struct GroupFilter {
    /// This group, or this branch of the tree.
    within: Option<GroupScope>,
    /// Seen by everybody, or by some.
    privacy: Option<GroupPrivacy>,
    /// With this text anywhere in the name; case and accents do not matter. Every character means itself.
    text: Option<String>,
}

/// What groups are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum GroupOrderField {
    /// By name.
    #[default]
    Name,
}

/// How groups are ordered.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub struct GroupOrder {
    /// What they are ordered by.
    #[graphql(default)]
    field: GroupOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// A group in its place in the tree.
#[derive(Clone, Debug)]
pub struct GroupTreeEntry(groups::Placed);

/// A group in its place in the tree.
#[Object]
impl GroupTreeEntry {
    /// The id of the group.
    async fn id(&self) -> ID {
        self.0.group.id.global()
    }

    /// The id of the nearest group above that you see; null for the platform group.
    async fn parent_id(&self) -> Option<ID> {
        self.0.parent.map(GlobalId::global)
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.0.group.name
    }

    /// Who sees it.
    async fn privacy(&self, ctx: &Context<'_>) -> Result<GroupPrivacy, ApiError> {
        Ok(extent::rest::<Groups, _, _>(ctx, &self.0.group).await?.privacy.into())
    }

    /// How many of the groups above you see: 0 for the platform group.
    async fn depth(&self) -> usize {
        self.0.depth
    }

    /// People with at least one role in it. Counted only where it is asked for.
    async fn member_count(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        Ok(load::<MemberCounts>(ctx, self.0.group.id).await?.unwrap_or(0))
    }

    /// The group itself.
    async fn group(&self) -> Group {
        self.0.group.clone().into()
    }
}

/// Reads of groups.
#[derive(Debug, Default)]
pub struct GroupQuery;

/// Reads of groups.
#[Object]
impl GroupQuery {
    /// The group found by that; null where there is none.
    async fn group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is found by: exactly one of it.")] by: GroupBy,
    ) -> Result<Option<Group>, ApiError> {
        let found = match by {
            GroupBy::Id(id) => Some(id::parse(&id, &["by", "id"])?),
            GroupBy::ExternalId(ExternalIdInput { system, value }) => {
                groups::with_external_id(loaders(ctx)?.reader(), &system, &value).await?
            }
        };
        match found {
            Some(group) => Group::load(ctx, group).await,
            None => Ok(None),
        }
    }

    /// Groups, by name.
    async fn groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<GroupFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<GroupOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Group>, ApiError> {
        let filter = filter.unwrap_or_default();
        let GroupOrder { field: GroupOrderField::Name, direction } = order_by.unwrap_or_default();
        let filter = groups::GroupFilter {
            within: scope(ctx, filter.within.as_ref(), "within").await?,
            privacy: filter.privacy.map(Into::into),
            text: filter.text,
        };
        let list = groups::list(&filter, direction.into())?;
        connection::of_list(ctx, list, &Paging { first, after, last, before })
    }

    /// The whole tree as far as you see it, flat and in one read: each group after the one above it, the groups of one parent by name.
    async fn group_tree(&self, ctx: &Context<'_>) -> Result<Prompts<GroupTreeEntry>, ApiError> {
        let tree = groups::tree(loaders(ctx)?.reader()).await?;
        Ok(tree.into_iter().map(GroupTreeEntry).collect())
    }
}
