//! Groups and their tree (R1).

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject};
use chrono::{DateTime, Utc};
use entity::id::GroupId;
use futures::future::try_join_all;

use super::connection::{self, Connection, Paging};
use super::context::{load, load_known, loaders};
use super::course::Course;
use super::error::ApiError;
use super::id::{self, GlobalId};
use super::input::{ExternalIdInput, GroupScope, OrderDirection, groups as scope};
use super::kinds::{GroupPrivacy, Role};
use super::membership::{Member, Membership};
use super::path::Path;
use super::post::Post;
use super::session::Session;
use super::user::ExternalId;
use crate::queries::Counts;
use crate::queries::courses::OwnedCourses;
use crate::queries::groups::{self, GroupExternalIds, Groups, MemberCounts, Subgroups};
use crate::queries::links::OfOther;
use crate::queries::memberships::{Members, Memberships};
use crate::queries::paths::OwnedPaths;
use crate::queries::posts::PostsInGroup;
use crate::queries::sessions::{OwnedSessions, SessionsForGroup};

/// A group.
#[derive(Clone, Debug)]
pub struct Group(Arc<groups::Group>);

impl Group {
    /// The group of this id; none where there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: GroupId) -> Result<Option<Group>, ApiError> {
        Ok(load::<Groups>(ctx, id).await?.map(Group))
    }

    /// As [`Group::load`], where a foreign key promises that there is one.
    ///
    /// # Errors
    /// As [`Group::load`], and when there is none.
    pub async fn known(ctx: &Context<'_>, id: GroupId) -> Result<Group, ApiError> {
        Ok(Group(load_known::<Groups>(ctx, id).await?))
    }

    /// As [`Group::known`], where it may have been read already.
    ///
    /// # Errors
    /// As [`Group::known`].
    pub(super) async fn linked(
        ctx: &Context<'_>,
        row: Option<&Arc<groups::Group>>,
        id: GroupId,
    ) -> Result<Group, ApiError> {
        match row {
            Some(row) => Ok(Group(row.clone())),
            None => Group::known(ctx, id).await,
        }
    }
}

impl From<Arc<groups::Group>> for Group {
    fn from(row: Arc<groups::Group>) -> Group {
        Group(row)
    }
}

/// A group of the tree (R1): a department, a school, a class. The root of the tree is the platform group.
#[Object]
impl Group {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Who sees it.
    async fn privacy(&self) -> GroupPrivacy {
        self.0.privacy.into()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// What other systems call it, by system.
    async fn external_ids(&self, ctx: &Context<'_>) -> Result<Vec<ExternalId>, ApiError> {
        let found = load::<GroupExternalIds>(ctx, self.0.id).await?.unwrap_or_default();
        let read = |row: &groups::GroupExternalId| ExternalId {
            system: row.system.clone(),
            value: row.value.clone(),
        };
        Ok(found.iter().map(read).collect())
    }

    /// The group directly above; null for the platform group, and where you may not see it.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        match self.0.parent_id {
            Some(parent) => Group::load(ctx, parent).await,
            None => Ok(None),
        }
    }

    /// The groups above, the nearest first, the platform group last.
    async fn ancestors(&self, ctx: &Context<'_>) -> Result<Vec<Group>, ApiError> {
        let above: Vec<GroupId> = loaders(ctx)?.reader().tree().await?.upwards(self.0.id).skip(1).collect();
        try_join_all(above.into_iter().map(|group| Group::known(ctx, group))).await
    }

    /// The way from the platform group, which comes first, to this group, which comes last.
    async fn path(&self, ctx: &Context<'_>) -> Result<Vec<Group>, ApiError> {
        let mut way: Vec<GroupId> = loaders(ctx)?.reader().tree().await?.upwards(self.0.id).collect();
        way.reverse();
        try_join_all(way.into_iter().map(|group| Group::known(ctx, group))).await
    }

    /// Levels below the platform group, which is 0.
    async fn depth(&self, ctx: &Context<'_>) -> Result<usize, ApiError> {
        Ok(loaders(ctx)?.reader().tree().await?.depth(self.0.id))
    }

    /// How many of everything it has.
    async fn counts(&self) -> GroupCounts {
        GroupCounts(self.0.id)
    }

    /// The groups directly below, by name.
    async fn subgroups(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Group>, ApiError> {
        connection::of_relation(Subgroups, self.0.id, &Paging { first, after, last, before })
    }

    /// Its members, each once, by name (R2).
    async fn members(
        &self,
        #[graphql(desc = "Those who hold this role.")] role: Option<Role>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Member>, ApiError> {
        connection::of_relation(
            Members { role: role.map(Into::into) },
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// The roles held in it, by the person's name; somebody with two roles comes twice.
    async fn memberships(
        &self,
        #[graphql(desc = "This role alone.")] role: Option<Role>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Membership>, ApiError> {
        connection::of_relation(
            OfOther(Memberships { role: role.map(Into::into) }),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// The courses that it owns, by title.
    async fn courses(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Course>, ApiError> {
        connection::of_relation(OwnedCourses, self.0.id, &Paging { first, after, last, before })
    }

    /// The paths that it owns, by title.
    async fn paths(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Path>, ApiError> {
        connection::of_relation(OwnedPaths, self.0.id, &Paging { first, after, last, before })
    }

    /// The sessions that it owns, by start.
    async fn sessions(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Session>, ApiError> {
        connection::of_relation(OwnedSessions, self.0.id, &Paging { first, after, last, before })
    }

    /// The sessions in whose audience it stands, by start (R8).
    async fn audience_of(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Session>, ApiError> {
        connection::of_relation(SessionsForGroup, self.0.id, &Paging { first, after, last, before })
    }

    /// The posts and messages in it, oldest first.
    async fn posts(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Post>, ApiError> {
        connection::of_relation(PostsInGroup, self.0.id, &Paging { first, after, last, before })
    }
}

/// How many of everything a group has.
#[derive(Clone, Copy, Debug)]
pub struct GroupCounts(GroupId);

/// How many of everything a group has. Each is counted only where it is asked for.
#[Object]
impl GroupCounts {
    /// People with at least one role in it.
    async fn members(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        Ok(load::<MemberCounts>(ctx, self.0).await?.unwrap_or(0))
    }

    /// Groups directly below.
    async fn subgroups(&self, ctx: &Context<'_>) -> Result<usize, ApiError> {
        Ok(loaders(ctx)?.reader().tree().await?.children(self.0).len())
    }

    /// Groups anywhere below.
    async fn groups_below(&self, ctx: &Context<'_>) -> Result<usize, ApiError> {
        Ok(loaders(ctx)?.reader().tree().await?.below(self.0).len())
    }

    /// Courses that it owns.
    async fn courses(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        load_known::<Counts<OwnedCourses>>(ctx, (OwnedCourses, self.0)).await
    }

    /// Paths that it owns.
    async fn paths(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        load_known::<Counts<OwnedPaths>>(ctx, (OwnedPaths, self.0)).await
    }

    /// Sessions that it owns.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        load_known::<Counts<OwnedSessions>>(ctx, (OwnedSessions, self.0)).await
    }

    /// Sessions in whose audience it stands.
    async fn audience_of(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        load_known::<Counts<SessionsForGroup>>(ctx, (SessionsForGroup, self.0)).await
    }
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

    /// The id of the group directly above; null for the platform group.
    async fn parent_id(&self) -> Option<ID> {
        self.0.group.parent_id.map(GlobalId::global)
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.0.group.name
    }

    /// Who sees it.
    async fn privacy(&self) -> GroupPrivacy {
        self.0.group.privacy.into()
    }

    /// Levels below the platform group, which is 0.
    async fn depth(&self) -> usize {
        self.0.depth
    }

    /// People with at least one role in it. Counted only where it is asked for.
    async fn member_count(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        Ok(load::<MemberCounts>(ctx, self.0.group.id).await?.unwrap_or(0))
    }

    /// The group itself.
    async fn group(&self) -> Group {
        Group(self.0.group.clone())
    }
}

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
    /// With this text anywhere in the name, whatever its case. Every character means itself.
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
        connection::of_list(list, &Paging { first, after, last, before })
    }

    /// The whole tree, flat and in one read: each group after the one above it, the groups of one parent by name.
    async fn group_tree(&self, ctx: &Context<'_>) -> Result<Vec<GroupTreeEntry>, ApiError> {
        let tree = groups::tree(loaders(ctx)?.reader()).await?;
        Ok(tree.into_iter().map(GroupTreeEntry).collect())
    }
}
