//! The platform as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use entity::kind::Status;

use super::{Batch, Reader, Seen};
use crate::db::sql::sql;
use crate::error::Error;

/// How many accounts the reader sees in each state (R26), all states in order; counted once a request.
#[derive(Debug)]
pub struct StatusCounts;

impl Batch for StatusCounts {
    type Key = ();
    type Value = Arc<Vec<(Status, i64)>>;

    async fn load(reader: &Reader, _: Vec<()>) -> Result<HashMap<(), Arc<Vec<(Status, i64)>>>, Error> {
        let filter = reader.sight().await?.filter_all(&[Seen::Person("u")]);
        let text =
            format!("select u.status, count(*) from users u where {} group by u.status", filter.text());
        let statement = filter.bind(sql("platform.status_counts", text));
        let found: BTreeMap<Status, i64> = statement.all(reader.db()).await?.into_iter().collect();
        let count = |status: &Status| (*status, found.get(status).copied().unwrap_or(0));
        Ok(HashMap::from([((), Arc::new(Status::ALL.iter().map(count).collect()))]))
    }
}
