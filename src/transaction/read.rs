//! Reading one state of the database with several statements.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use sea_orm::{AccessMode, DbBackend, IsolationLevel, TransactionOptions};

use crate::db::{Database, Transaction};
use crate::error::{Error, Failure};
use crate::tree::TreeCache;

/// A read transaction: everything read through it is of one instant.
#[derive(Debug)]
pub struct Snapshot<'a> {
    /// Where to read.
    pub conn: Transaction,
    /// The time of the snapshot.
    pub now: DateTime<Utc>,
    /// The tree as last read.
    pub trees: &'a TreeCache,
}

/// Runs `work` on one state of the database, and ends the transaction whatever comes of it.
///
/// # Errors
/// What `work` answers with, or when the database cannot be reached.
pub async fn snapshot<I, T>(
    db: &Database,
    input: I,
    work: impl for<'a> Fn(&'a Snapshot<'a>, &'a I) -> BoxFuture<'a, Result<T, Failure>>,
) -> Result<T, Failure> {
    let options = match db.backend() {
        DbBackend::Postgres => TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            sqlite_transaction_mode: None,
        },
        _ => TransactionOptions::default(),
    };
    let conn = db.read.start(options).await?;
    let now = db.clock.now(&conn).await?;
    let snapshot = Snapshot { conn, now, trees: &db.trees };
    let answer = work(&snapshot, &input).await;
    snapshot.conn.rollback().await.map_err(Error::from)?;
    answer
}
