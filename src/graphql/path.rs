//! Paths: ordered lists of courses (R11).

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, Utc};

use super::connection::{self, Connection, Paging};
use super::context::load;
use super::course::{CoAuthor, Course, WorkOrder};
use super::error::ApiError;
use super::extent;
use super::group::Group;
use super::id::{self, GlobalId};
use super::input::{GroupScope, groups};
use super::prompt::Prompts;
use super::session::Session;
use super::thing::Thing;
use super::user::User;
use crate::queries::courses::CoursesOfPath;
use crate::queries::paths::{self, CoAuthors, Paths};
use crate::queries::ranks::InLine;
use crate::queries::sessions::SessionsOfPath;

/// A path.
#[derive(Clone, Debug)]
pub struct Path(Arc<paths::Path>);

impl Path {
    /// The fields that its head does not answer.
    pub(super) const REST: &'static [&'static str] = &["group", "mainAuthor", "createdAt"];

    /// What else there is to it.
    async fn rest(&self, ctx: &Context<'_>) -> Result<Arc<paths::Rest>, ApiError> {
        extent::rest::<Paths, _, _>(ctx, &self.0).await
    }
}

impl Thing for Path {
    type Noun = Paths;
}

impl From<Arc<paths::Path>> for Path {
    fn from(row: Arc<paths::Path>) -> Path {
        Path(row)
    }
}

/// A path: courses in an order, also called a program. Its main author owns it (R11).
#[Object]
impl Path {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The group that owns it; null if you may not see it.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        Group::load(ctx, self.rest(ctx).await?.group_id).await
    }

    /// Who owns it; null if you may not see them.
    async fn main_author(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        User::load(ctx, self.rest(ctx).await?.main_author_id).await
    }

    /// Who succeeds the main author first, in order.
    async fn co_authors(&self, ctx: &Context<'_>) -> Result<Prompts<CoAuthor>, ApiError> {
        let people = load::<InLine<CoAuthors>>(ctx, self.0.id).await?.unwrap_or_default();
        Ok(people.iter().map(|(rank, user)| CoAuthor::new(*rank, user.clone().into())).collect())
    }

    /// When it was made.
    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>, ApiError> {
        Ok(self.rest(ctx).await?.created_at)
    }

    /// Its courses, in their order.
    async fn courses(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Course>, ApiError> {
        connection::of_relation(ctx, CoursesOfPath, self.0.id, &Paging { first, after, last, before })
    }

    /// Its sessions, by start.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Session>, ApiError> {
        connection::of_relation(ctx, SessionsOfPath, self.0.id, &Paging { first, after, last, before })
    }
}

/// Which paths. All conditions given hold together.
#[derive(Clone, Debug, Default, InputObject)]
pub struct PathFilter {
    /// Owned by this group, or within this branch of the tree.
    group: Option<GroupScope>,
    /// With this person as main author or co-author.
    author_id: Option<ID>,
    /// With this course among theirs.
    course_id: Option<ID>,
    /// With this text anywhere in the title; case and accents do not matter. Every character means itself.
    text: Option<String>,
}

/// Reads of paths.
#[derive(Debug, Default)]
pub struct PathQuery;

/// Reads of paths.
#[Object]
impl PathQuery {
    /// The path of this id; null where there is none.
    async fn path(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Path>, ApiError> {
        Path::load(ctx, id::parse(&id, &["id"])?).await
    }

    /// Paths, by title unless `orderBy` says otherwise.
    async fn paths(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<PathFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<WorkOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Path>, ApiError> {
        let filter = filter.unwrap_or_default();
        let WorkOrder { field, direction } = order_by.unwrap_or_default();
        let filter = paths::PathFilter {
            groups: groups(ctx, filter.group.as_ref(), "group").await?,
            author: id::parse_option(filter.author_id.as_ref(), &["filter", "authorId"])?,
            course: id::parse_option(filter.course_id.as_ref(), &["filter", "courseId"])?,
            text: filter.text,
        };
        let list = paths::list(&filter, field.into(), direction.into())?;
        connection::of_list(ctx, list, &Paging { first, after, last, before })
    }
}
