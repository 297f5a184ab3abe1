//! The rows of events.

use chrono::{DateTime, Utc};
use entity::id::EventId;
use sea_orm::{ConnectionTrait, DbBackend};

use super::Event;
use crate::db::sql::{Rows, sql};
use crate::error::Error;

/// Events that are forgotten at once.
const AT_ONCE: i64 = 10_000;

/// That nothing which comes before the event `e` is still to be committed. PostgreSQL gives transactions their numbers in
/// the order in which they begin to write: before the oldest that still runs, all have ended.
pub const fn settled(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
        _ => "1 = 1",
    }
}

/// Writes events.
pub async fn add(db: &impl ConnectionTrait, events: &[Event], now: DateTime<Utc>) -> Result<(), Error> {
    let transaction = if db.get_database_backend() == DbBackend::Postgres {
        "pg_current_xact_id()::text::bigint"
    } else {
        "0"
    };
    let rows = Rows::new()
        .texts("kind", events.iter().map(|event| event.kind.as_str()))
        .texts("data", events.iter().map(|event| event.data.to_string()));
    let text = format!(
        "insert into events (transaction_id, kind, at, data)
         select {transaction}, kind, {{now}}, data from {{told}} where true"
    );
    sql("events.add", text).rows("told", rows).bind("now", now).exactly(db, events.len()).await
}

/// That a transaction's number is one that this server has not come to.
const TO_COME: &str = "transaction_id >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint";

/// Puts what was written by another server, from which this database was restored, before all that is written by this
/// one, in the order of its ids: the numbers of transactions begin anew there.
pub async fn settle_restored(db: &impl ConnectionTrait) -> Result<(), Error> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let text = format!("select id from events where {TO_COME} limit 1");
    let is_restored: Option<(EventId,)> = sql("events.is_restored", text).one(db).await?;
    if is_restored.is_some() {
        for (name, change) in [
            ("events.restored", "events set transaction_id = 0"),
            ("events.restored_places", "webhooks set transaction_id = 0, made_within = null"),
        ] {
            sql(name, format!("update {change} where transaction_id <> 0")).execute(db).await?;
        }
    }
    Ok(())
}

/// Whether the event at this place is still kept, so that all that came after it is.
pub async fn is_kept(db: &impl ConnectionTrait, transaction: i64, id: i64) -> Result<bool, Error> {
    let found: Option<(i64,)> = sql(
        "events.is_kept",
        "select e.id from events e where e.transaction_id = {transaction} and e.id = {id}",
    )
    .bind("transaction", transaction)
    .bind("id", id)
    .one(db)
    .await?;
    Ok(found.is_some())
}

/// Forgets the oldest events, of those after which another one happened before `before`: from the last that was heard of
/// by whoever has heard all, they go on, however long ago it was.
pub async fn forget(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<Vec<EventId>, Error> {
    let rows: Vec<(EventId,)> = sql(
        "events.forget",
        "delete from events where id in (select aged.id from
            (select oldest.id, lead(oldest.at) over (order by oldest.transaction_id, oldest.id) as next_at from
                (select e.transaction_id, e.id, e.at from events e
                 order by e.transaction_id, e.id limit {most}) oldest) aged
            where aged.next_at < {before})
         returning id",
    )
    .bind("most", AT_ONCE)
    .bind("before", before)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(event,)| event).collect())
}
