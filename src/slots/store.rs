//! The rows of slots and of who is registered in them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::id::{SessionId, SlotId, UserId};
use sea_orm::ConnectionTrait;

use super::Registration;
use crate::db::sql::sql;
use crate::error::Error;
use crate::sessions::store::{Of, participations};

/// A slot as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its session.
    pub session: SessionId,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// How many can attend; none means any number.
    pub capacity: Option<i32>,
}

/// The slot; none where there is none.
pub async fn slot(db: &impl ConnectionTrait, slot: SlotId) -> Result<Option<Slot>, Error> {
    let row =
        sql("slots.slot", "select session_id, starts_at, ends_at, capacity from slots where id = {slot}")
            .bind("slot", slot)
            .one(db)
            .await?;
    Ok(row.map(|(session, starts_at, ends_at, capacity)| Slot { session, starts_at, ends_at, capacity }))
}

/// Adds a slot; its id.
pub async fn add(
    db: &impl ConnectionTrait,
    slot: &Slot,
    place: &str,
    now: DateTime<Utc>,
) -> Result<SlotId, Error> {
    let (slot,) = sql(
        "slots.add",
        "insert into slots (session_id, place, starts_at, ends_at, capacity, created_at)
         values ({session}, {place}, {starts_at}, {ends_at}, {capacity}, {now}) returning id",
    )
    .bind("session", slot.session)
    .bind("place", place)
    .bind("starts_at", slot.starts_at)
    .bind("ends_at", slot.ends_at)
    .bind("capacity", slot.capacity)
    .bind("now", now)
    .only(db)
    .await?;
    Ok(slot)
}

/// Moves a slot elsewhere.
pub async fn set_place(db: &impl ConnectionTrait, slot: SlotId, place: &str) -> Result<(), Error> {
    sql("slots.set_place", "update slots set place = {place} where id = {slot}")
        .bind("place", place)
        .bind("slot", slot)
        .exactly(db, 1)
        .await
}

/// Gives a slot these dates and this capacity.
pub async fn change(db: &impl ConnectionTrait, slot: SlotId, after: &Slot) -> Result<(), Error> {
    sql(
        "slots.change",
        "update slots set starts_at = {starts_at}, ends_at = {ends_at}, capacity = {capacity} where id = {slot}",
    )
    .bind("starts_at", after.starts_at)
    .bind("ends_at", after.ends_at)
    .bind("capacity", after.capacity)
    .bind("slot", slot)
    .exactly(db, 1)
    .await
}

/// Deletes a slot, and everybody's place in it.
pub async fn delete(db: &impl ConnectionTrait, slot: SlotId) -> Result<(), Error> {
    sql("slots.clear", "delete from slot_registrations where slot_id = {slot}")
        .bind("slot", slot)
        .execute(db)
        .await?;
    sql("slots.delete", "delete from slots where id = {slot}").bind("slot", slot).exactly(db, 1).await
}

/// Everybody with a place in the slot, in order of id.
pub async fn registered(db: &impl ConnectionTrait, slot: SlotId) -> Result<BTreeSet<UserId>, Error> {
    let rows: Vec<(UserId,)> =
        sql("slots.registered", "select user_id from slot_registrations where slot_id = {slot}")
            .bind("slot", slot)
            .all(db)
            .await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// How many attend the slot.
pub async fn attending(db: &impl ConnectionTrait, slot: SlotId) -> Result<i64, Error> {
    let (attending,) = sql(
        "slots.attending",
        "select count(*) from slot_registrations where slot_id = {slot} and kind = 'ATTENDEE'",
    )
    .bind("slot", slot)
    .only(db)
    .await?;
    Ok(attending)
}

/// Whether somebody takes part in a session (R8), whatever the state of their account.
pub async fn takes_part(db: &impl ConnectionTrait, session: SessionId, user: UserId) -> Result<bool, Error> {
    let of = Of::Both { sessions: "= {session}", users: "= {user}" };
    let found: Option<(SessionId,)> =
        sql("slots.takes_part", format!("select p.session_id from ({}) p", participations(of)))
            .bind("session", session)
            .bind("user", user)
            .one(db)
            .await?;
    Ok(found.is_some())
}

/// Whether somebody is registered so.
pub async fn is_registered(db: &impl ConnectionTrait, registration: &Registration) -> Result<bool, Error> {
    let found: Option<(SlotId,)> = sql(
        "slots.is_registered",
        "select slot_id from slot_registrations where slot_id = {slot} and user_id = {user} and kind = {kind}",
    )
    .bind("slot", registration.slot)
    .bind("user", registration.user)
    .bind("kind", registration.kind)
    .one(db)
    .await?;
    Ok(found.is_some())
}

/// Registers somebody who is not.
pub async fn register(
    db: &impl ConnectionTrait,
    registration: &Registration,
    registered_by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "slots.register",
        "insert into slot_registrations (slot_id, user_id, kind, registered_by, registered_at)
         values ({slot}, {user}, {kind}, {registered_by}, {now})",
    )
    .bind("slot", registration.slot)
    .bind("user", registration.user)
    .bind("kind", registration.kind)
    .bind("registered_by", registered_by)
    .bind("now", now)
    .exactly(db, 1)
    .await
}

/// Takes somebody out; how many rows that was.
pub async fn unregister(db: &impl ConnectionTrait, registration: &Registration) -> Result<u64, Error> {
    sql(
        "slots.unregister",
        "delete from slot_registrations where slot_id = {slot} and user_id = {user} and kind = {kind}",
    )
    .bind("slot", registration.slot)
    .bind("user", registration.user)
    .bind("kind", registration.kind)
    .execute(db)
    .await
}
