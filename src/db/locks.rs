//! The lock ladder. Whoever writes takes what it needs in this order, and so nobody waits in a circle:
//!
//! 1. **tree**: shared, or exclusive by what creates, moves, re-classifies or deletes a group;
//! 2. **users**: those who leave or change state, exclusively; those whose decided rows are added, changed or
//!    taken away, shared;
//! 3. **succession**: by a removal of somebody who owns, co-owns or administers anything, and by whatever can make
//!    a successor ineligible;
//! 4. **safety**: by whatever ends accounts that nobody has counted (R29);
//! 5. **seats**: by what takes a seat;
//! 6. **sessions**: those whose audience, dates or captured people change, exclusively; those that somebody is
//!    registered in, shared;
//! 7. **slots**: those whose seats are counted.
//!
//! Facts are read once, after the last lock. A removal does not lock its successors, since two removals would then
//! wait for each other: succession protects them. PostgreSQL alone needs all this; SQLite has one writer.

use entity::id::{SessionId, SlotId, UserId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::sql::sql;
use crate::error::Error;

/// The tree does not change until the transaction ends.
pub async fn tree(db: &impl ConnectionTrait) -> Result<(), Error> {
    advisory(db, "pg_advisory_xact_lock_shared", TREE).await
}

/// Nobody else relies on the tree until the transaction ends.
pub async fn tree_exclusively(db: &impl ConnectionTrait) -> Result<(), Error> {
    advisory(db, "pg_advisory_xact_lock", TREE).await
}

/// These people, who leave or change state, are touched by nobody else until the transaction ends.
pub async fn users_exclusively(db: &impl ConnectionTrait, users: &[UserId]) -> Result<(), Error> {
    rows(
        db,
        "locks.users_exclusively",
        "select id from users where id in {ids} order by id for no key update",
        users,
    )
    .await
}

/// These people, whose decided rows are about to change, neither leave nor change state until the transaction ends.
pub async fn users(db: &impl ConnectionTrait, users: &[UserId]) -> Result<(), Error> {
    rows(db, "locks.users", "select id from users where id in {ids} order by id for share", users).await
}

/// Nobody becomes eligible or ineligible as a successor until the transaction ends.
pub async fn succession(db: &impl ConnectionTrait) -> Result<(), Error> {
    advisory(db, "pg_advisory_xact_lock", SUCCESSION).await
}

/// Nobody else is told that accounts may go until the transaction ends.
pub async fn safety(db: &impl ConnectionTrait) -> Result<(), Error> {
    advisory(db, "pg_advisory_xact_lock", SAFETY).await
}

/// Nobody else takes a seat until the transaction ends.
pub async fn seats(db: &impl ConnectionTrait) -> Result<(), Error> {
    if db.get_database_backend() == DbBackend::Postgres {
        sql("locks.seats", "select id from platform for update").execute(db).await?;
    }
    Ok(())
}

/// Nobody else changes these sessions, or registers anybody in them, until the transaction ends.
pub async fn sessions(db: &impl ConnectionTrait, sessions: &[SessionId]) -> Result<(), Error> {
    rows(
        db,
        "locks.sessions",
        "select id from sessions where id in {ids} order by id for no key update",
        sessions,
    )
    .await
}

/// These sessions, in which somebody is registered, do not change until the transaction ends.
pub async fn sessions_shared(db: &impl ConnectionTrait, sessions: &[SessionId]) -> Result<(), Error> {
    rows(
        db,
        "locks.sessions_shared",
        "select id from sessions where id in {ids} order by id for share",
        sessions,
    )
    .await
}

/// Nobody else registers in these slots, or changes them, until the transaction ends.
pub async fn slots(db: &impl ConnectionTrait, slots: &[SlotId]) -> Result<(), Error> {
    rows(db, "locks.slots", "select id from slots where id in {ids} order by id for no key update", slots)
        .await
}

/// Nobody else migrates until the transaction ends.
pub(super) async fn migrations(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        // The connection that holds the lock has nothing to do while another one takes the steps, however long.
        db.execute_unprepared("set local idle_in_transaction_session_timeout = 0").await?;
    }
    advisory(db, "pg_advisory_xact_lock", MIGRATIONS).await.map_err(|error| DbErr::Custom(error.to_string()))
}

const TREE: i64 = 0x0072_6f73_7465_7201;
const SUCCESSION: i64 = 0x0072_6f73_7465_7202;
const MIGRATIONS: i64 = 0x0072_6f73_7465_7203;
const SAFETY: i64 = 0x0072_6f73_7465_7204;

async fn advisory(db: &impl ConnectionTrait, lock: &str, key: i64) -> Result<(), Error> {
    if db.get_database_backend() == DbBackend::Postgres {
        sql("locks.advisory", format!("select {lock}({{key}})")).bind("key", key).execute(db).await?;
    }
    Ok(())
}

async fn rows<T: Copy + Into<i64>>(
    db: &impl ConnectionTrait,
    name: &'static str,
    text: &'static str,
    ids: &[T],
) -> Result<(), Error> {
    if db.get_database_backend() == DbBackend::Postgres {
        sql(name, text).ids("ids", ids.iter().copied()).execute(db).await?;
    }
    Ok(())
}
