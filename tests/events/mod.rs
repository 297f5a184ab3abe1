//! What other systems hear of, and that they hear all of it.

mod changes;
mod receiver;
mod told;
mod webhooks;

use std::time::Duration;

use roster::db::sql::sql;
use serde_json::{Value, json};

use crate::common::World;

/// Longer than anything that these tests wait for.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const CHANGES: &str =
    "query($first: Int, $after: String, $last: Int, $before: String, $kinds: [EventKind!]) {
        changes(first: $first, after: $after, last: $last, before: $before, kinds: $kinds) {
            totalCount nodes { id kind name at data }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// Asks until `is_there`, for what may have to wait for others to commit.
pub async fn until<T, F: Future<Output = Option<T>>>(mut look: impl FnMut() -> F) -> T {
    let found = async {
        loop {
            match look().await {
                Some(found) => break found,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("it comes")
}

/// How many events there are.
pub async fn count(world: &World) -> i64 {
    let (count,) =
        sql("tests.events", "select count(*) from events").only(&world.db.read).await.expect("a count");
    count
}

/// A page of what happened.
pub async fn page(world: &World, variables: Value) -> Value {
    world.read("owner", CHANGES, variables).await["changes"].clone()
}

/// All that happened, once nothing of it waits for others any more: at most a hundred.
pub async fn heard(world: &World) -> Vec<Value> {
    until(|| async {
        let page = page(world, json!({ "first": 100 })).await;
        let all = page["totalCount"].as_i64() == Some(count(world).await);
        all.then(|| page["nodes"].as_array().expect("events").clone())
    })
    .await
}

/// The names of these events.
pub fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["name"].as_str().expect("a name")).collect()
}
