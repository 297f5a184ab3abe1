//! Courses and their authors (R10).

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::activity::Activity;
use super::connection::{self, Connection, Paging};
use super::context::load;
use super::error::ApiError;
use super::extent;
use super::group::Group;
use super::id::{self, GlobalId};
use super::input::{GroupScope, OrderDirection, groups};
use super::learning::{Certificate, CourseEnrolment, Progress, Sale};
use super::path::Path;
use super::prompt::Prompts;
use super::thing::Thing;
use super::user::User;
use crate::queries::activities::ActivitiesOfCourse;
use crate::queries::courses::{self, CoAuthors, Courses};
use crate::queries::learning::{self, CourseEnrolments};
use crate::queries::links::OfOther;
use crate::queries::paths::PathsWithCourse;
use crate::queries::ranks::InLine;

/// A course.
#[derive(Clone, Debug)]
pub struct Course(Arc<courses::Course>);

/// Somebody who stands ready to succeed (R10 to R12), and in which place.
#[derive(Clone, Debug, SimpleObject)]
pub struct CoAuthor {
    /// The place: the lowest comes first. Places are never renumbered.
    rank: i32,
    /// Who.
    user: User,
}

impl CoAuthor {
    /// Somebody in this place.
    pub(super) fn new(rank: i32, user: User) -> CoAuthor {
        CoAuthor { rank, user }
    }
}
impl Course {
    /// The fields that its head does not answer.
    pub(super) const REST: &'static [&'static str] = &["group", "mainAuthor", "createdAt"];

    /// What else there is to it.
    async fn rest(&self, ctx: &Context<'_>) -> Result<Arc<courses::Rest>, ApiError> {
        extent::rest::<Courses, _, _>(ctx, &self.0).await
    }
}

impl Thing for Course {
    type Noun = Courses;
}

impl From<Arc<courses::Course>> for Course {
    fn from(row: Arc<courses::Course>) -> Course {
        Course(row)
    }
}

/// A course: activities that learners go through. Its main author owns it (R10).
#[Object]
impl Course {
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

    /// Its activities, oldest first.
    async fn activities(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Activity>, ApiError> {
        connection::of_relation(ctx, ActivitiesOfCourse, self.0.id, &Paging { first, after, last, before })
    }

    /// The paths that it stands in, by title.
    async fn paths(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Path>, ApiError> {
        connection::of_relation(ctx, PathsWithCourse, self.0.id, &Paging { first, after, last, before })
    }

    /// Who is individually enrolled in it, by name (R32).
    async fn enrolments(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<CourseEnrolment>, ApiError> {
        connection::of_relation(
            ctx,
            OfOther(CourseEnrolments),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// How far people are in it, by name.
    async fn progress(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Progress>, ApiError> {
        connection::of_relation(
            ctx,
            OfOther(learning::Progress),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// Its certificates, by the person's name.
    async fn certificates(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Certificate>, ApiError> {
        connection::of_relation(
            ctx,
            OfOther(learning::Certificates),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// To whom it was sold, by name.
    async fn sales(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Sale>, ApiError> {
        connection::of_relation(
            ctx,
            OfOther(learning::Sales),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }
}

/// Which courses. All conditions given hold together.
#[derive(Clone, Debug, Default, InputObject)]
pub struct CourseFilter {
    /// Owned by this group, or within this branch of the tree.
    group: Option<GroupScope>,
    /// With this person as main author or co-author.
    author_id: Option<ID>,
    /// With this text anywhere in the title; case and accents do not matter. Every character means itself.
    text: Option<String>,
}

/// What works are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "courses::WorkOrder")]
pub enum WorkOrderField {
    /// By title.
    #[default]
    Title,
    /// By when they were made.
    Created,
}

/// How works are ordered.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub struct WorkOrder {
    /// What they are ordered by.
    #[graphql(default)]
    pub(super) field: WorkOrderField,
    /// Which way.
    #[graphql(default)]
    pub(super) direction: OrderDirection,
}

/// Reads of courses.
#[derive(Debug, Default)]
pub struct CourseQuery;

/// Reads of courses.
#[Object]
impl CourseQuery {
    /// The course of this id; null where there is none.
    async fn course(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Course>, ApiError> {
        Course::load(ctx, id::parse(&id, &["id"])?).await
    }

    /// Courses, by title unless `orderBy` says otherwise.
    async fn courses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<CourseFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<WorkOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Course>, ApiError> {
        let filter = filter.unwrap_or_default();
        let WorkOrder { field, direction } = order_by.unwrap_or_default();
        let filter = courses::CourseFilter {
            groups: groups(ctx, filter.group.as_ref(), "group").await?,
            author: id::parse_option(filter.author_id.as_ref(), &["filter", "authorId"])?,
            text: filter.text,
        };
        let list = courses::list(&filter, field.into(), direction.into())?;
        connection::of_list(ctx, list, &Paging { first, after, last, before })
    }
}
