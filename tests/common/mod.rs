//! What every test stands on: a fresh database of each kind, an organisation in it, and the API.

pub mod databases;
mod dump;
pub mod memory;
pub mod types;
mod world;

use std::sync::Arc;

pub use databases::{Fresh, Kind};
pub use dump::{Change, Dump};
use futures::future::BoxFuture;
use roster::db::Database;
use roster::organisation::{Tables, promises};
pub use world::{Answer, Start, World};

/// Tests that run once on SQLite and once on PostgreSQL, each on a database of its own. When one has passed, what the
/// rules promise of every organisation is asked of its database.
///
/// ```ignore
/// each_database! {
///     async fn r7_the_last_group_takes_the_account(start: Start) {
///         let world = start.with(|it| it.group("Sales", "platform", Public)).await;
///         …
///     }
/// }
/// ```
macro_rules! each_database {
    ($($(#[$meta:meta])* async fn $name:ident($start:ident: Start) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn test($start: $crate::common::Start) $body

            #[test]
            fn sqlite() {
                $crate::common::run($crate::common::Kind::Sqlite, |start| Box::pin(test(start)));
            }

            #[test]
            fn postgres() {
                $crate::common::run($crate::common::Kind::Postgres, |start| Box::pin(test(start)));
            }
        }
    )+};
}
pub(crate) use each_database;

/// Runs `test` on a database of its own.
pub fn run(kind: Kind, test: impl FnOnce(Start) -> BoxFuture<'static, ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let fresh = Fresh::new(kind).await;
        let db = Database::open(&fresh.url()).await.expect("a database");
        let start = Start { db: db.clone(), url: fresh.url(), others: Arc::default() };
        let others = start.others.clone();
        let ended = tokio::spawn(test(start)).await;
        let others = std::mem::take(&mut *others.lock().expect("a lock"));
        for (db, fresh) in others.into_iter().chain([(db, fresh)]) {
            if ended.is_ok() {
                assert_promises(&db).await;
            }
            db.close().await;
            fresh.forget().await;
        }
        if let Err(ended) = ended {
            std::panic::resume_unwind(ended.into_panic());
        }
    });
}

/// Fails where the organisation in `db` is not as the rules promise (R1, R2, R3, R8, R9).
pub async fn assert_promises(db: &Database) {
    if roster::platform::store::exists(&db.read).await.expect("the platform") {
        let now = db.clock.now(&db.read).await.expect("the time");
        let tables = Tables::read(&db.read).await.expect("the tables");
        assert_eq!(promises::broken(&tables, now), Vec::<String>::new(), "promises that do not hold");
    }
}
