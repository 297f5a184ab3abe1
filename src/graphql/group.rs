//! Groups and their tree (R1).

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use entity::id::GroupId;
use futures::future::try_join_all;

use super::connection::{self, Connection, Paging};
use super::context::{load, load_known, loaders};
use super::course::Course;
use super::entry::ExternalId;
use super::error::ApiError;
use super::extent;
use super::id::GlobalId;
use super::kinds::{GroupPrivacy, Role};
use super::membership::{Member, Membership};
use super::path::Path;
use super::permission::GroupPermissions;
use super::post::Post;
use super::prompt::Prompts;
use super::session::Session;
use super::thing::Thing;
use crate::queries::Counts;
use crate::queries::courses::OwnedCourses;
use crate::queries::groups::{self, GroupExternalIds, Groups, MemberCounts, Subgroups};
use crate::queries::links::OfOther;
use crate::queries::memberships::{Members, Memberships};
use crate::queries::paths::OwnedPaths;
use crate::queries::posts::PostsInGroup;
use crate::queries::sessions::{OwnedSessions, SessionsForGroup};
use crate::tree::Tree;

/// A group.
#[derive(Clone, Debug)]
pub struct Group(Arc<groups::Group>);

impl Group {
    /// The fields that its head does not answer.
    pub(super) const REST: &'static [&'static str] = &["privacy", "createdAt", "parent"];

    /// What else there is to it.
    async fn rest(&self, ctx: &Context<'_>) -> Result<Arc<groups::Rest>, ApiError> {
        extent::rest::<Groups, _, _>(ctx, &self.0).await
    }
}

impl Thing for Group {
    type Noun = Groups;
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
    async fn privacy(&self, ctx: &Context<'_>) -> Result<GroupPrivacy, ApiError> {
        Ok(self.rest(ctx).await?.privacy.into())
    }

    /// When it was made.
    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>, ApiError> {
        Ok(self.rest(ctx).await?.created_at)
    }

    /// What other systems call it, by system.
    async fn external_ids(&self, ctx: &Context<'_>) -> Result<Prompts<ExternalId>, ApiError> {
        let found = load::<GroupExternalIds>(ctx, self.0.id).await?.unwrap_or_default();
        Ok(found.iter().map(|row| ExternalId::new(&row.system, &row.value)).collect())
    }

    /// The group directly above; null for the platform group, and where you may not see it.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        match self.rest(ctx).await?.parent_id {
            Some(parent) => Group::load(ctx, parent).await,
            None => Ok(None),
        }
    }

    /// The groups above that you see, the nearest first, the platform group last.
    async fn ancestors(&self, ctx: &Context<'_>) -> Result<Prompts<Group>, ApiError> {
        let above: Vec<GroupId> = loaders(ctx)?.reader().tree().await?.upwards(self.0.id).skip(1).collect();
        let found = try_join_all(above.into_iter().map(|group| Group::load(ctx, group))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The way from the platform group, which comes first, to this group, which comes last; of it what you see.
    async fn path(&self, ctx: &Context<'_>) -> Result<Prompts<Group>, ApiError> {
        let mut way = self.ancestors(ctx).await?;
        way.0.reverse();
        way.0.push(self.clone());
        Ok(way)
    }

    /// How many of the groups above you see: 0 for the platform group.
    async fn depth(&self, ctx: &Context<'_>) -> Result<usize, ApiError> {
        seen(ctx, |tree| tree.upwards(self.0.id).skip(1).collect()).await
    }

    /// What you may do to it and to whoever is in it, told before you try it.
    async fn viewer_can(&self) -> GroupPermissions {
        GroupPermissions(self.0.id)
    }

    /// How many of everything it has.
    async fn counts(&self) -> GroupCounts {
        GroupCounts(self.0.id)
    }

    /// The groups directly below, by name.
    async fn subgroups(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Group>, ApiError> {
        connection::of_relation(ctx, Subgroups, self.0.id, &Paging { first, after, last, before })
    }

    /// Its members, each once, by name (R2).
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those who hold this role.")] role: Option<Role>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Member>, ApiError> {
        connection::of_relation(
            ctx,
            Members { role: role.map(Into::into) },
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// The roles held in it, by the person's name; somebody with two roles comes twice.
    async fn memberships(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "This role alone.")] role: Option<Role>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Membership>, ApiError> {
        connection::of_relation(
            ctx,
            OfOther(Memberships { role: role.map(Into::into) }),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// The courses that it owns, by title.
    async fn courses(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Course>, ApiError> {
        connection::of_relation(ctx, OwnedCourses, self.0.id, &Paging { first, after, last, before })
    }

    /// The paths that it owns, by title.
    async fn paths(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Path>, ApiError> {
        connection::of_relation(ctx, OwnedPaths, self.0.id, &Paging { first, after, last, before })
    }

    /// The sessions that it owns, by start.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Session>, ApiError> {
        connection::of_relation(ctx, OwnedSessions, self.0.id, &Paging { first, after, last, before })
    }

    /// The sessions in whose audience it stands, by start (R8).
    async fn audience_of(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Session>, ApiError> {
        connection::of_relation(ctx, SessionsForGroup, self.0.id, &Paging { first, after, last, before })
    }

    /// The posts and messages in it, oldest first.
    async fn posts(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Post>, ApiError> {
        connection::of_relation(ctx, PostsInGroup, self.0.id, &Paging { first, after, last, before })
    }
}

/// How many of these groups of the tree the caller sees.
async fn seen(ctx: &Context<'_>, groups: impl FnOnce(&Tree) -> Vec<GroupId>) -> Result<usize, ApiError> {
    let loaders = loaders(ctx)?;
    let (tree, sight) = (loaders.reader().tree().await?, loaders.reader().sight().await?);
    Ok(groups(tree).into_iter().filter(|group| sight.sees_group(*group)).count())
}

/// How many of everything a group has.
#[derive(Clone, Copy, Debug)]
pub struct GroupCounts(GroupId);

/// How many of everything a group has, of what you may see. Each is counted only where it is asked for.
#[Object]
impl GroupCounts {
    /// People with at least one role in it.
    async fn members(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        Ok(load::<MemberCounts>(ctx, self.0).await?.unwrap_or(0))
    }

    /// Groups directly below.
    async fn subgroups(&self, ctx: &Context<'_>) -> Result<usize, ApiError> {
        seen(ctx, |tree| tree.children(self.0).to_vec()).await
    }

    /// Groups anywhere below.
    async fn groups_below(&self, ctx: &Context<'_>) -> Result<usize, ApiError> {
        seen(ctx, |tree| tree.below(self.0)).await
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
