//! The one way to write: begins, answers a repeated request, retries, commits.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use sea_orm::{SqliteTransactionMode, TransactionOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::access::{self, Authority, Caller};
use crate::db::sql::sql;
use crate::db::{Database, Transaction};
use crate::error::{Error, Failure, Refusal};
use crate::events::{self, Event, Outbox};
use crate::tree::TreeCache;

/// How often a transaction is tried when others are in its way.
const TRIES: usize = 4;

/// A transaction that writes, and what is the same for everything done in it.
#[derive(Debug)]
pub struct Tx {
    /// Where to read and write.
    pub conn: Transaction,
    /// The time at which all of it happens.
    pub now: DateTime<Utc>,
    /// Who does it.
    pub caller: Caller,
    /// The tree as last read.
    pub trees: std::sync::Arc<TreeCache>,
    /// What other systems are to hear of it.
    pub outbox: Outbox,
}

impl Tx {
    /// What the caller may do, as it stands now: to be asked for after the last lock.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when the caller's account no longer signs in.
    pub async fn authority(&self) -> Result<Authority, Failure> {
        access::of(&self.conn, &self.caller).await
    }

    /// Lets other systems hear of this, once it is committed.
    pub fn tell(&self, events: impl IntoIterator<Item = Event>) {
        self.outbox.tell(events);
    }
}

/// The caller's word for one request: sent again, it gets the first answer and does nothing.
#[derive(Clone, Debug)]
pub struct Key {
    /// 8 to 200 characters.
    text: String,
    /// What is asked for, so that a key used for something else is noticed.
    operation: &'static str,
}

impl Key {
    /// A key that the caller sent for `operation`; none if none was sent.
    ///
    /// # Errors
    /// `BAD_INPUT` when it is shorter than 8 or longer than 200 characters, or has control characters.
    pub fn parse(operation: &'static str, text: Option<String>) -> Result<Option<Key>, Refusal> {
        let Some(text) = text else { return Ok(None) };
        let length = text.chars().count();
        if !(8..=200).contains(&length) || text.chars().any(char::is_control) {
            return Err(Refusal::bad_input(
                &["idempotencyKey"],
                "An idempotency key has 8 to 200 characters, none of them a control character.",
            ));
        }
        Ok(Some(Key { text, operation }))
    }
}

/// Runs `work` in one transaction for `caller` and commits it, or does nothing at all.
///
/// With a key, the answer is kept beside the effects; the same key and input gives it again. What `work` tells
/// ([`Tx::tell`]) is written with them. What drifts, deadlocks or waits too long is tried again from the start.
///
/// # Errors
/// What `work` refuses with, `IDEMPOTENCY_MISMATCH`, `IDEMPOTENCY_IN_PROGRESS` where the first request holds its key for
/// longer than a lock is waited for, or what broke.
pub async fn write<I, T>(
    db: &Database,
    caller: Caller,
    key: Option<Key>,
    input: I,
    work: impl for<'a> Fn(&'a Tx, &'a I) -> BoxFuture<'a, Result<T, Failure>>,
) -> Result<T, Failure>
where
    I: Serialize,
    T: Serialize + DeserializeOwned,
{
    let mut tries = 1;
    loop {
        match once(db, &caller, key.as_ref(), &input, &work).await {
            Err(Failure::Broken(error)) if error.is_transient() && tries < TRIES => {
                tracing::debug!(%error, tries, "trying the transaction again");
                tries += 1;
            }
            answer => return answer,
        }
    }
}

async fn once<I, T>(
    db: &Database,
    caller: &Caller,
    key: Option<&Key>,
    input: &I,
    work: &impl for<'a> Fn(&'a Tx, &'a I) -> BoxFuture<'a, Result<T, Failure>>,
) -> Result<T, Failure>
where
    I: Serialize,
    T: Serialize + DeserializeOwned,
{
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let conn = db.write.start(options).await?;
    let now = db.clock.now(&conn).await?;
    let tx = Tx { conn, now, caller: caller.clone(), trees: db.trees.clone(), outbox: Outbox::default() };
    let done = match keyed(&tx, key, input, work).await {
        Ok(answer) => events::write_down(&tx.conn, &tx.outbox, tx.now)
            .await
            .map(|told| (answer, told))
            .map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match done {
        Ok((answer, told)) => {
            tx.conn.commit().await.map_err(Error::from)?;
            if told > 0 {
                db.bell.happened();
            }
            Ok(answer)
        }
        Err(failure) => {
            tx.conn.rollback().await.map_err(Error::from)?;
            Err(failure)
        }
    }
}

async fn keyed<I, T>(
    tx: &Tx,
    key: Option<&Key>,
    input: &I,
    work: &impl for<'a> Fn(&'a Tx, &'a I) -> BoxFuture<'a, Result<T, Failure>>,
) -> Result<T, Failure>
where
    I: Serialize,
    T: Serialize + DeserializeOwned,
{
    let Some(key) = key else { return work(tx, input).await };
    let Some(actor) = tx.caller.number() else { return work(tx, input).await };
    let input_sha256 = fingerprint(key, input)?;
    // Taken first, so that a second request of the same key waits here until the first has committed.
    let fresh = sql(
        "db.take_key",
        "insert into idempotency_keys (actor_id, key, input_sha256, answer, created_at)
         values ({actor}, {key}, {input}, '', {now}) on conflict do nothing",
    )
    .bind("actor", actor)
    .bind("key", key.text.as_str())
    .bind("input", input_sha256.as_str())
    .bind("now", tx.now)
    .execute(&tx.conn)
    .await
    .map_err(|error| {
        if error.is_lock_wait() { Refusal::IdempotencyInProgress.into() } else { Failure::from(error) }
    })?;
    if fresh == 0 {
        let (kept, answer): (String, String) = sql(
            "db.kept_answer",
            "select input_sha256, answer from idempotency_keys where actor_id = {actor} and key = {key}",
        )
        .bind("actor", actor)
        .bind("key", key.text.as_str())
        .only(&tx.conn)
        .await?;
        if kept != input_sha256 {
            return Err(Refusal::IdempotencyMismatch.into());
        }
        return Ok(serde_json::from_str(&answer).map_err(Error::from)?);
    }
    let answer = work(tx, input).await?;
    sql(
        "db.keep_answer",
        "update idempotency_keys set answer = {answer} where actor_id = {actor} and key = {key}",
    )
    .bind("actor", actor)
    .bind("key", key.text.as_str())
    .bind("answer", serde_json::to_string(&answer).map_err(Error::from)?)
    .exactly(&tx.conn, 1)
    .await?;
    Ok(answer)
}

fn fingerprint<I: Serialize>(key: &Key, input: &I) -> Result<String, Error> {
    let mut hash = Sha256::new();
    hash.update(key.operation);
    hash.update([0]);
    hash.update(serde_json::to_vec(input)?);
    Ok(format!("{:x}", hash.finalize()))
}
