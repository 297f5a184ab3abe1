//! Whoever captures the people of sessions as they end (R8), inside each instance of the program.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::{capture_ended, store};
use crate::access::Caller;
use crate::background::Background;
use crate::db::Database;
use crate::error::Failure;
use crate::transaction::write;

/// How often it is looked whether a session has ended: far more often than once a minute, for one look at a small index.
pub const LOOK: Duration = Duration::from_secs(5);

/// Starts the worker of this instance. It looks once every so often, and ends when what it is capturing is captured.
pub fn start(db: &Database, look: Duration) -> Background {
    Background::start(|stopped| go(db.clone(), look, stopped))
}

async fn go(db: Database, look: Duration, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match capture(&db).await {
            Ok(0) => {}
            Ok(captured) => tracing::info!(captured, "the people of sessions that have ended were captured"),
            Err(error) => tracing::warn!(%error, "sessions that have ended were not captured"),
        }
        tokio::select! {
            () = sleep(look) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Captures the people of every session that has ended; how many sessions there were. Of several instances that look at
/// once one captures, and the others find nothing left.
async fn capture(db: &Database) -> Result<u64, Failure> {
    let now = db.clock.now(&db.read).await?;
    if store::waiting(&db.read, now).await?.is_empty() {
        return Ok(0);
    }
    let worker = Caller::System { on_behalf_of: None };
    write(db, worker, None, (), |tx, ()| Box::pin(async { Ok(capture_ended(&tx.conn, tx.now).await?) })).await
}
