//! Classroom slots of a session, and their seats (R8).

use std::sync::Arc;

use entity::id::{SessionId, SlotId};
use entity::kind::SeatKind;
pub use entity::slot::Model as Slot;
use entity::slot_registration;

use super::links::{FromOther, FromUser, Link, Rows};
use super::users::Span;
use super::{By, Direction, Filter, List, Order, Relation, Seen, columns, noun};

noun! {
    /// Slots by id.
    Slots: "slots.by_id", "slots", Slot = columns, SlotId, [Seen::Session("r.session_id")]
}

/// Which slots are meant: those that meet all of it.
#[derive(Clone, Debug, Default)]
pub struct SlotFilter {
    /// Of this session.
    pub session: Option<SessionId>,
    /// Which start then.
    pub starts: Span,
}

/// Every slot that meets `filter`, by start.
pub fn list(filter: &SlotFilter, direction: Direction) -> List<Arc<Slot>> {
    let conditions = Filter::new()
        .maybe("s.session_id = {session}", "session", filter.session)
        .maybe("s.starts_at >= {starts_from}", "starts_from", filter.starts.from)
        .maybe("s.starts_at < {starts_until}", "starts_until", filter.starts.until);
    listed("slots.list", conditions).towards(direction)
}

fn listed(name: &'static str, filter: Filter) -> List<Arc<Slot>> {
    List {
        name,
        selected: columns::<Slot>("s").shared(),
        from: "slots s".to_owned(),
        seen: vec![Seen::Session("s.session_id")],
        filter,
        order: Order::new("START", const { &[By::time("s.starts_at"), By::number("s.id")] }),
    }
}

/// The slots of a session, by start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlotsOfSession;

impl Relation for SlotsOfSession {
    type Parent = SessionId;
    type Item = Arc<Slot>;
    const PARENT: &'static str = "s.session_id";

    fn list(&self) -> List<Arc<Slot>> {
        listed("slots.of_session", Filter::new())
    }
}

/// Registrations for slots.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Registrations {
    /// As attendees, or as trainers, alone.
    pub kind: Option<SeatKind>,
}

impl Link for Registrations {
    type Row = slot_registration::Model;
    type Other = Slot;
    type OtherId = SlotId;
    const ROWS: Rows = Rows::Table("slot_registrations");
    const COLUMN: &'static str = "l.slot_id";

    fn filter(&self) -> Filter {
        Filter::new().maybe("l.kind = {kind}", "kind", self.kind)
    }
}

impl FromUser for Registrations {
    type Others = Slots;
    const OF_USER: &'static str = "registrations.of_user";
    const ORDER: &'static [By] = &[By::time("o.starts_at"), By::number("o.id"), By::text("l.kind")];
    const SEEN: &'static [Seen] = &[Seen::Session("o.session_id")];

    fn other(row: &slot_registration::Model) -> SlotId {
        row.slot_id
    }
}

impl FromOther for Registrations {
    const OF_OTHER: &'static str = "registrations.of_slot";
    const PEOPLE: &'static [By] = &[By::text("u.name_key"), By::number("u.id"), By::text("l.kind")];
}
