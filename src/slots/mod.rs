//! Classroom slots of a session, and who has a seat in them (R8).
//!
//! Whoever may edit the session makes and changes its slots and registers anybody; a participant registers and
//! unregisters themself. An attendee of an upcoming slot is a present participant of its session, and takes one of
//! its seats; trainers take none, and need not take part. Seats of slots that have started stay as they are.

pub mod rules;
pub mod store;

use chrono::{DateTime, Utc};
use entity::id::{SessionId, SlotId, UserId, WorkId};
use entity::kind::{SeatKind, Status, Work};
use serde::Serialize;

use crate::change::Change;
use crate::db::locks;
use crate::error::{Error, Failure, Refusal};
use crate::keys;
use crate::sessions::rules::period;
use crate::transaction::Tx;
use crate::works::rules::{may_edit, sees, words};
use crate::works::{self, people};

/// Characters that a place may have.
const PLACE: usize = 200;

/// A slot to be made.
#[derive(Clone, Debug, Serialize)]
pub struct NewSlot {
    /// Its session.
    pub session: SessionId,
    /// Where it takes place: 1 to 200 characters.
    pub place: String,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When it ends, after it starts.
    pub ends_at: DateTime<Utc>,
    /// How many can attend; none means any number.
    pub capacity: Option<i32>,
}

/// What is to change of a slot; what is none stays.
#[derive(Clone, Debug, Serialize)]
pub struct SlotEdit {
    /// Which slot.
    pub slot: SlotId,
    /// Where it takes place: 1 to 200 characters.
    pub place: Option<String>,
    /// When it starts.
    pub starts_at: Option<DateTime<Utc>>,
    /// When it ends, after it starts.
    pub ends_at: Option<DateTime<Utc>>,
    /// How many can attend; cleared means any number.
    pub capacity: Change<i32>,
}

/// A slot to be deleted.
#[derive(Clone, Debug, Serialize)]
pub struct Deletion {
    /// Which slot.
    pub slot: SlotId,
}

/// Somebody's place in a slot.
#[derive(Clone, Debug, Serialize)]
pub struct Registration {
    /// Which slot.
    pub slot: SlotId,
    /// Who.
    pub user: UserId,
    /// What they do there.
    pub kind: SeatKind,
}

/// Makes a slot.
///
/// # Errors
/// `NOT_FOUND` of the session, `FORBIDDEN`, `BAD_INPUT`.
pub async fn create(tx: &Tx, input: &NewSlot) -> Result<SlotId, Failure> {
    let place = keys::text(&["place"], &input.place, PLACE)?;
    let (starts_at, ends_at) = period(input.starts_at, input.ends_at)?;
    let capacity = input.capacity.map(rules::capacity).transpose()?;
    locks::tree(&tx.conn).await?;
    let editor = works::editor(tx).await?;
    works::editable(&tx.conn, &editor, WorkId::Session(input.session)).await?;
    let slot = store::Slot { session: input.session, starts_at, ends_at, capacity };
    Ok(store::add(&tx.conn, &slot, &place, tx.now).await?)
}

/// Changes a slot: its place at any time, its dates and capacity until it starts.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`; `BAD_INPUT`, also for a new start that has passed; `SLOT_FULL` for fewer seats than are
/// taken.
pub async fn update(tx: &Tx, input: &SlotEdit) -> Result<SlotId, Failure> {
    let db = &tx.conn;
    let place = input.place.as_deref().map(|place| keys::text(&["place"], place, PLACE)).transpose()?;
    let capacity = input.capacity.clone().try_map(rules::capacity)?;
    locks::tree(db).await?;
    locks::slots(db, &[input.slot]).await?;
    let before = editable(tx, input.slot).await?;
    if let Some(place) = place {
        store::set_place(db, input.slot, &place).await?;
    }
    if input.starts_at.is_none() && input.ends_at.is_none() && capacity.is_keep() {
        return Ok(input.slot);
    }
    rules::require_upcoming(&["slotId"], before.starts_at, tx.now)?;
    let (starts_at, ends_at) =
        period(input.starts_at.unwrap_or(before.starts_at), input.ends_at.unwrap_or(before.ends_at))?;
    rules::require_upcoming(&["startsAt"], starts_at, tx.now)?;
    let capacity = capacity.after(before.capacity);
    let attending = store::attending(db, input.slot).await?;
    if let Some(capacity) = capacity.filter(|capacity| i64::from(*capacity) < attending) {
        return Err(Refusal::SlotFull { capacity }.into());
    }
    let after = store::Slot { session: before.session, starts_at, ends_at, capacity };
    store::change(db, input.slot, &after).await?;
    Ok(input.slot)
}

/// Deletes an upcoming slot and releases everybody in it. Slots that have started are kept, and with them who was there.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`; `BAD_INPUT` when the slot has started.
pub async fn delete(tx: &Tx, input: &Deletion) -> Result<SlotId, Failure> {
    let db = &tx.conn;
    // Those whose rows go are locked before the slot, so they are looked for twice.
    let expected = store::registered(db, input.slot).await?;
    locks::tree(db).await?;
    locks::users(db, &expected.iter().copied().collect::<Vec<_>>()).await?;
    locks::slots(db, &[input.slot]).await?;
    let slot = editable(tx, input.slot).await?;
    rules::require_upcoming(&["slotId"], slot.starts_at, tx.now)?;
    if !store::registered(db, input.slot).await?.is_subset(&expected) {
        return Err(Error::Drift("slots.delete").into());
    }
    store::delete(db, input.slot).await?;
    Ok(input.slot)
}

/// Registers somebody in an upcoming slot. Who is registered already stays so, with the first date.
///
/// # Errors
/// `NOT_FOUND` of the slot or the person; `FORBIDDEN` unless the caller may edit the session, or registers themself to
/// attend; `USER_DELETED`; `NOT_A_PARTICIPANT` of an attendee who is no present participant of the session;
/// `INVALID_TRANSITION` of a trainer who is not present; `SLOT_FULL`; `BAD_INPUT` when the slot has started.
pub async fn register(tx: &Tx, input: &Registration) -> Result<SlotId, Failure> {
    let (db, user) = (&tx.conn, input.user);
    let (slot, status) = open(tx, input).await?;
    let takes_part = status.is_present() && store::takes_part(db, slot.session, user).await?;
    match input.kind {
        SeatKind::Attendee if !takes_part => return Err(Refusal::NotAParticipant.into()),
        SeatKind::Trainer if !status.is_present() => return Err(Refusal::InvalidTransition { status }.into()),
        SeatKind::Attendee | SeatKind::Trainer => {}
    }
    if store::is_registered(db, input).await? {
        return Ok(input.slot);
    }
    if let (SeatKind::Attendee, Some(capacity)) = (input.kind, slot.capacity)
        && store::attending(db, input.slot).await? >= i64::from(capacity)
    {
        return Err(Refusal::SlotFull { capacity }.into());
    }
    store::register(db, input, tx.caller.user(), tx.now).await?;
    Ok(input.slot)
}

/// Takes somebody out of an upcoming slot. Who is not registered stays so.
///
/// # Errors
/// `NOT_FOUND` of the slot or the person; `FORBIDDEN` unless the caller may edit the session, or takes themself out;
/// `USER_DELETED`; `BAD_INPUT` when the slot has started.
pub async fn unregister(tx: &Tx, input: &Registration) -> Result<SlotId, Failure> {
    open(tx, input).await?;
    store::unregister(&tx.conn, input).await?;
    Ok(input.slot)
}

/// The slot, of a session that the caller may edit.
async fn editable(tx: &Tx, slot: SlotId) -> Result<store::Slot, Failure> {
    let editor = works::editor(tx).await?;
    let slot = store::slot(&tx.conn, slot).await?.ok_or_else(not_found)?;
    let session = works::store::standing(&tx.conn, WorkId::Session(slot.session)).await?;
    let session = session.ok_or_else(not_found)?;
    if may_edit(&editor, &session) {
        Ok(slot)
    } else if sees(&editor, &session) {
        Err(editor.authority.forbidden(&editor.tree, [session.group]).into())
    } else {
        Err(not_found().into())
    }
}

/// The upcoming slot and the state of the person, with everything locked and the caller allowed to change this
/// registration.
async fn open(tx: &Tx, input: &Registration) -> Result<(store::Slot, Status), Failure> {
    let (db, user) = (&tx.conn, input.user);
    // A slot never changes its session, so that it can be looked at ahead of the locks.
    let session = store::slot(db, input.slot).await?.ok_or_else(not_found)?.session;
    locks::tree(db).await?;
    locks::users(db, &[user]).await?;
    locks::sessions_shared(db, &[session]).await?;
    locks::slots(db, &[input.slot]).await?;
    let editor = works::editor(tx).await?;
    let slot = store::slot(db, input.slot).await?.ok_or_else(not_found)?;
    let standing = works::store::standing(db, WorkId::Session(session)).await?;
    let standing = standing.ok_or_else(|| words(Work::Session).not_found())?;
    let (may_edit, oneself) = (may_edit(&editor, &standing), editor.authority.is(user));
    let sees =
        may_edit || sees(&editor, &standing) || (oneself && store::takes_part(db, session, user).await?);
    if !sees {
        return Err(not_found().into());
    }
    let states = people::states(tx, &[user]).await?;
    people::require_seen(&states, user, &["userId"])?;
    if !may_edit && (!oneself || input.kind == SeatKind::Trainer) {
        return Err(editor.authority.forbidden(&editor.tree, [standing.group]).into());
    }
    let status = people::require_living(&states, user, &["userId"])?;
    rules::require_upcoming(&["slotId"], slot.starts_at, tx.now)?;
    Ok((slot, status))
}

fn not_found() -> Refusal {
    Refusal::not_found(&["slotId"], "Slot")
}
