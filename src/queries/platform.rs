//! The platform as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use entity::kind::Status;

use super::{Batch, Reader};
use crate::db::sql::sql;
use crate::error::Error;

/// How many accounts there are in each state (R26), all of them, in order; counted once, whoever asks.
#[derive(Debug)]
pub struct StatusCounts;

impl Batch for StatusCounts {
    type Key = ();
    type Value = Arc<Vec<(Status, i64)>>;

    async fn load(reader: &Reader, _: Vec<()>) -> Result<HashMap<(), Arc<Vec<(Status, i64)>>>, Error> {
        let found: BTreeMap<Status, i64> =
            sql("platform.status_counts", "select status, count(*) from users group by status")
                .all(reader.db())
                .await?
                .into_iter()
                .collect();
        let count = |status: &Status| (*status, found.get(status).copied().unwrap_or(0));
        Ok(HashMap::from([((), Arc::new(Status::ALL.iter().map(count).collect()))]))
    }
}
