//! Sessions of a path, their audience and their instructors (R8, R12).

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::connection::{self, Connection, Paging};
use super::context::{load, loaders};
use super::error::ApiError;
use super::extent;
use super::group::Group;
use super::id::{self, GlobalId};
use super::input::{GroupScope, OrderDirection, TimeRange, groups, span};
use super::kinds::AudienceKind;
use super::participation::{Participation, SessionCapture, SessionEnrolment, SessionExclusion};
use super::path::Path;
use super::prompt::{Prompt, Prompts};
use super::slot::Slot;
use super::thing::Thing;
use super::user::User;
use crate::queries::audiences::{
    AudienceGroups, Participations, SessionCaptures, SessionEnrolments, SessionExclusions,
};
use crate::queries::links::OfOther;
use crate::queries::paths;
use crate::queries::ranks::InLine;
use crate::queries::sessions::{self, CoInstructors, Sessions};
use crate::queries::slots::SlotsOfSession;

/// A session.
#[derive(Clone, Debug)]
pub struct Session(Arc<sessions::Session>);

/// Somebody who stands ready to succeed (R10 to R12), and in which place.
#[derive(Clone, Debug, SimpleObject)]
pub struct CoInstructor {
    /// The place: the lowest comes first. Places are never renumbered.
    rank: i32,
    /// Who.
    user: User,
}
impl Session {
    /// The fields that its head does not answer.
    pub(super) const REST: &'static [&'static str] =
        &["group", "mainInstructor", "endsAt", "ended", "capturedAt", "createdAt", "audienceKind"];

    /// What else there is to it.
    async fn rest(&self, ctx: &Context<'_>) -> Result<Arc<sessions::Rest>, ApiError> {
        extent::rest::<Sessions, _, _>(ctx, &self.0).await
    }
}

impl Thing for Session {
    type Noun = Sessions;
}

impl From<Arc<sessions::Session>> for Session {
    fn from(row: Arc<sessions::Session>) -> Session {
        Session(row)
    }
}

/// A session of a path: a start, an end, an audience (R8). Its main instructor runs it (R12).
#[Object]
impl Session {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The path that it goes through.
    async fn path(&self) -> Prompt<Path> {
        Prompt(Arc::new(paths::Path::from(self.0.path())).into())
    }

    /// The group that owns it; null if you may not see it.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        Group::load(ctx, self.rest(ctx).await?.group_id).await
    }

    /// Who runs it; null if you may not see them.
    async fn main_instructor(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        User::load(ctx, self.rest(ctx).await?.main_instructor_id).await
    }

    /// Who succeeds the main instructor first, in order.
    async fn co_instructors(&self, ctx: &Context<'_>) -> Result<Prompts<CoInstructor>, ApiError> {
        let people = load::<InLine<CoInstructors>>(ctx, self.0.id).await?.unwrap_or_default();
        Ok(people
            .iter()
            .map(|(rank, user)| CoInstructor { rank: *rank, user: user.clone().into() })
            .collect())
    }

    /// When it starts.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.starts_at
    }

    /// When it ends.
    async fn ends_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>, ApiError> {
        Ok(self.rest(ctx).await?.ends_at)
    }

    /// Whether it has ended. Its audience can then no longer be edited.
    async fn ended(&self, ctx: &Context<'_>) -> Result<bool, ApiError> {
        Ok(self.rest(ctx).await?.ends_at <= loaders(ctx)?.reader().now().await?)
    }

    /// When its people were captured at its end; null before that.
    async fn captured_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>, ApiError> {
        Ok(self.rest(ctx).await?.captured_at)
    }

    /// When it was made.
    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>, ApiError> {
        Ok(self.rest(ctx).await?.created_at)
    }

    /// How it finds its people.
    async fn audience_kind(&self, ctx: &Context<'_>) -> Result<AudienceKind, ApiError> {
        Ok(self.rest(ctx).await?.audience_kind.into())
    }

    /// The groups in its audience, by name.
    async fn audience_groups(&self, ctx: &Context<'_>) -> Result<Prompts<Group>, ApiError> {
        let groups = load::<AudienceGroups>(ctx, self.0.id).await?.unwrap_or_default();
        Ok(groups.iter().cloned().map(Group::from).collect())
    }

    /// Who takes part in it, by name, each with how and since when (R8); whatever the state of the account.
    async fn participants(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Participation>, ApiError> {
        let everybody = Participations { ending_after: None, ended_by: None };
        connection::of_relation(ctx, OfOther(everybody), self.0.id, &Paging { first, after, last, before })
    }

    /// Who is individually enrolled in it, by name.
    async fn enrolments(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<SessionEnrolment>, ApiError> {
        connection::of_relation(
            ctx,
            OfOther(SessionEnrolments),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// Who is excluded from it, by name.
    async fn exclusions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<SessionExclusion>, ApiError> {
        connection::of_relation(
            ctx,
            OfOther(SessionExclusions),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// Who was captured for it, by name.
    async fn captures(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<SessionCapture>, ApiError> {
        connection::of_relation(
            ctx,
            OfOther(SessionCaptures),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// Its classroom slots, by start.
    async fn slots(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Slot>, ApiError> {
        connection::of_relation(ctx, SlotsOfSession, self.0.id, &Paging { first, after, last, before })
    }
}

/// Which sessions. All conditions given hold together.
#[derive(Clone, Debug, Default, InputObject)]
pub struct SessionFilter {
    /// Of this path.
    path_id: Option<ID>,
    /// Owned by this group, or within this branch of the tree.
    group: Option<GroupScope>,
    /// With this group, or one of this branch of the tree, in the audience.
    audience: Option<GroupScope>,
    /// With this person as main instructor or co-instructor.
    instructor_id: Option<ID>,
    /// Dynamic or static.
    audience_kind: Option<AudienceKind>,
    /// Which start then.
    starts: Option<TimeRange>,
    /// Which end then.
    ends: Option<TimeRange>,
    /// With this text anywhere in the title; case and accents do not matter. Every character means itself.
    text: Option<String>,
}

/// What sessions are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "sessions::SessionOrder")]
pub enum SessionOrderField {
    /// By when they start.
    #[default]
    Start,
    /// By title.
    Title,
    /// By when they were made.
    Created,
}

/// How sessions are ordered.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub struct SessionOrder {
    /// What they are ordered by.
    #[graphql(default)]
    field: SessionOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// Reads of sessions.
#[derive(Debug, Default)]
pub struct SessionQuery;

/// Reads of sessions.
#[Object]
impl SessionQuery {
    /// The session of this id; null where there is none.
    async fn session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Session>, ApiError> {
        Session::load(ctx, id::parse(&id, &["id"])?).await
    }

    /// Sessions, by start unless `orderBy` says otherwise.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<SessionFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<SessionOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Session>, ApiError> {
        let filter = filter.unwrap_or_default();
        let SessionOrder { field, direction } = order_by.unwrap_or_default();
        let filter = sessions::SessionFilter {
            path: id::parse_option(filter.path_id.as_ref(), &["filter", "pathId"])?,
            groups: groups(ctx, filter.group.as_ref(), "group").await?,
            audience: groups(ctx, filter.audience.as_ref(), "audience").await?,
            instructor: id::parse_option(filter.instructor_id.as_ref(), &["filter", "instructorId"])?,
            audience_kind: filter.audience_kind.map(Into::into),
            starts: span(filter.starts, "starts")?,
            ends: span(filter.ends, "ends")?,
            text: filter.text,
        };
        let list = sessions::list(&filter, field.into(), direction.into())?;
        connection::of_list(ctx, list, &Paging { first, after, last, before })
    }
}
