//! The large platform, and what was run on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::{Request, Variables};
use chrono::{DateTime, Utc};
use entity::id::UserId;
use roster::access::Caller;
use roster::db::Database;
use roster::db::sql::sql;
use roster::graphql::{RequestContext, RosterSchema, schema};
use sea_orm::{Statement, Value};
use serde_json::Value as Json;

use super::fill::fill;
use crate::common::{Fresh, Kind};

/// The platform owner.
pub const OWNER: UserId = UserId(1);

/// The platform, observed.
pub struct Large {
    pub db: Database,
    pub now: DateTime<Utc>,
    fresh: Fresh,
    schema: RosterSchema,
    asker: AtomicI64,
    seen: Arc<Mutex<BTreeMap<String, Seen>>>,
}

/// A statement as it was run with the smallest and with the largest sets.
#[derive(Clone)]
pub struct Seen {
    pub smallest: Statement,
    pub largest: Statement,
}

impl Large {
    pub async fn new(kind: Kind) -> Large {
        let fresh = Fresh::new(kind).await;
        fill(&fresh.url()).await;
        let seen: Arc<Mutex<BTreeMap<String, Seen>>> = Arc::default();
        let seeing = seen.clone();
        // How long a read takes says nothing here.
        let db = Database::open_bounded(&fresh.url(), Duration::from_secs(3_600)).await.expect("a database");
        let db = db.observed(move |statement, _| see(&seeing, statement));
        let now = db.clock.now(&db.read).await.expect("the time");
        Large { db, now, fresh, schema: schema(), asker: OWNER.0.into(), seen }
    }

    /// The database, opened once more and not observed.
    pub async fn open(&self) -> Database {
        Database::open(&self.fresh.url()).await.expect("a database")
    }

    pub async fn forget(self) {
        self.db.close().await;
        self.fresh.forget().await;
    }

    /// Lets `user` ask from now on; at first it is the owner.
    pub fn asked_by(&self, user: UserId) {
        self.asker.store(user.0, Ordering::Relaxed);
    }

    /// What the API answers whoever asks with, without errors.
    pub async fn ask(&self, query: &str, variables: Json) -> Json {
        let caller = Caller::User(UserId(self.asker.load(Ordering::Relaxed)));
        let context = RequestContext::new(self.db.clone(), Some(caller), "test".to_owned());
        let request = Request::new(query).variables(Variables::from_json(variables)).data(context);
        let answer = serde_json::to_value(self.schema.execute(request).await).expect("an answer is JSON");
        assert!(answer["errors"].is_null(), "{query}\n{answer:#}");
        answer["data"].clone()
    }

    /// The number that a query answers with.
    pub async fn number(&self, text: &str) -> i64 {
        let (number,) = sql("proofs.number", text).only(&self.db.read).await.expect(text);
        number
    }

    /// The names of everything that was run.
    pub fn names(&self) -> BTreeSet<String> {
        self.seen.lock().expect("a lock").keys().map(|text| name(text).to_owned()).collect()
    }

    /// Everything that the program ran, each text once.
    pub fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.lock().expect("a lock");
        let of_the_program = |text: &str| !name(text).is_empty() && !name(text).starts_with("proofs.");
        seen.iter().filter(|(text, _)| of_the_program(text)).map(|(_, seen)| seen.clone()).collect()
    }
}

/// The name ahead of a statement; empty where it has none.
pub fn name(text: &str) -> &str {
    text.strip_prefix("/* ").and_then(|text| text.split_once(" */")).map_or("", |(name, _)| name)
}

fn see(seen: &Mutex<BTreeMap<String, Seen>>, statement: &Statement) {
    let mut seen = seen.lock().expect("a lock");
    match seen.get_mut(&statement.sql) {
        Some(seen) if size(statement) < size(&seen.smallest) => seen.smallest = statement.clone(),
        Some(seen) if size(statement) > size(&seen.largest) => seen.largest = statement.clone(),
        Some(_) => {}
        None => {
            let one = statement.clone();
            seen.insert(statement.sql.clone(), Seen { smallest: one.clone(), largest: one });
        }
    }
}

/// How much the values of a statement hold: elements of an array, bytes of a text, which is what a set is on SQLite.
fn size(statement: &Statement) -> usize {
    let values = statement.values.iter().flat_map(|values| &values.0);
    let sizes = values.map(|value| match value {
        Value::Array(_, Some(elements)) => elements.len(),
        Value::String(Some(text)) => text.len(),
        _ => 1,
    });
    sizes.sum()
}
