//! Classroom slots of a session, and their seats (R8).

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use entity::kind;

use super::connection::{self, Connection, Paging};
use super::context::load_known;
use super::error::ApiError;
use super::id::{self, GlobalId};
use super::input::{OrderDirection, TimeRange, span};
use super::kinds::{ActorKind, SeatKind};
use super::prompt::Prompt;
use super::session::Session;
use super::thing::Thing;
use super::user::User;
use crate::queries::Counts;
use crate::queries::links::{Linked, OfOther};
use crate::queries::slots::{self, Registrations, Slots};

/// A slot.
#[derive(Clone, Debug)]
pub struct Slot(Arc<slots::Slot>);

/// Those who attend.
const ATTENDEES: OfOther<Registrations> = OfOther(Registrations { kind: Some(kind::SeatKind::Attendee) });
/// Those who train.
const TRAINERS: OfOther<Registrations> = OfOther(Registrations { kind: Some(kind::SeatKind::Trainer) });

impl Thing for Slot {
    type Noun = Slots;
}

impl From<Arc<slots::Slot>> for Slot {
    fn from(row: Arc<slots::Slot>) -> Slot {
        Slot(row)
    }
}

/// A classroom slot of a session: a time, a place, seats (R8).
#[Object]
impl Slot {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Of which session.
    async fn session(&self, ctx: &Context<'_>) -> Result<Session, ApiError> {
        Session::known(ctx, self.0.session_id).await
    }

    /// Where it takes place.
    async fn place(&self) -> &str {
        &self.0.place
    }

    /// When it starts.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.starts_at
    }

    /// When it ends.
    async fn ends_at(&self) -> DateTime<Utc> {
        self.0.ends_at
    }

    /// Seats for attendees; null means no limit.
    async fn capacity(&self) -> Option<i32> {
        self.0.capacity
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Seats that are free; null means no limit.
    async fn free_seats(&self, ctx: &Context<'_>) -> Result<Option<i64>, ApiError> {
        let Some(capacity) = self.0.capacity else { return Ok(None) };
        let taken = load_known::<Counts<OfOther<Registrations>>>(ctx, (ATTENDEES, self.0.id)).await?;
        Ok(Some((i64::from(capacity) - taken).max(0)))
    }

    /// Who attends, by name.
    async fn attendees(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Registration>, ApiError> {
        connection::of_relation(ctx, ATTENDEES, self.0.id, &Paging { first, after, last, before })
    }

    /// Who trains, by name.
    async fn trainers(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Registration>, ApiError> {
        connection::of_relation(ctx, TRAINERS, self.0.id, &Paging { first, after, last, before })
    }
}

/// A seat in a classroom slot (R8).
#[derive(Clone, Debug)]
pub struct Registration(Arc<Linked<Registrations>>);

impl From<Arc<Linked<Registrations>>> for Registration {
    fn from(linked: Arc<Linked<Registrations>>) -> Registration {
        Registration(linked)
    }
}

/// A seat in a classroom slot (R8).
#[Object]
impl Registration {
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Prompt<User>, ApiError> {
        User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await
    }

    /// In which slot.
    async fn slot(&self, ctx: &Context<'_>) -> Result<Prompt<Slot>, ApiError> {
        Slot::linked(ctx, self.0.other.as_ref(), self.0.row.slot_id).await
    }

    /// As what.
    async fn kind(&self) -> SeatKind {
        self.0.row.kind.into()
    }

    /// Who registered the person; null for the platform itself, or if you may not see them.
    async fn registered_by(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.row.registered_by {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// Whether a person or the platform itself registered them.
    async fn registered_by_kind(&self) -> ActorKind {
        ActorKind::of(self.0.row.registered_by)
    }

    /// When.
    async fn registered_at(&self) -> DateTime<Utc> {
        self.0.row.registered_at
    }
}

/// Which slots. All conditions given hold together.
#[derive(Clone, Debug, Default, InputObject)]
pub struct SlotFilter {
    /// Of this session.
    session_id: Option<ID>,
    /// Which start then.
    starts: Option<TimeRange>,
}

/// What slots are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum SlotOrderField {
    /// By when they start.
    #[default]
    Start,
}

/// How slots are ordered.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub struct SlotOrder {
    /// What they are ordered by.
    #[graphql(default)]
    field: SlotOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// Reads of slots.
#[derive(Debug, Default)]
pub struct SlotQuery;

/// Reads of slots.
#[Object]
impl SlotQuery {
    /// The slot of this id; null where there is none.
    async fn slot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Slot>, ApiError> {
        Slot::load(ctx, id::parse(&id, &["id"])?).await
    }

    /// Slots, by start.
    async fn slots(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<SlotFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<SlotOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Slot>, ApiError> {
        let filter = filter.unwrap_or_default();
        let SlotOrder { field: SlotOrderField::Start, direction } = order_by.unwrap_or_default();
        let filter = slots::SlotFilter {
            session: id::parse_option(filter.session_id.as_ref(), &["filter", "sessionId"])?,
            starts: span(filter.starts, "starts")?,
        };
        let list = slots::list(&filter, direction.into());
        connection::of_list(ctx, list, &Paging { first, after, last, before })
    }
}
