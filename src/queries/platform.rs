//! The platform as a whole.

use std::collections::BTreeMap;

use entity::kind::Status;

use super::Reader;
use crate::db::sql::sql;
use crate::error::Error;

/// How many accounts there are in each state (R26), all of them, in order.
///
/// # Errors
/// When the database cannot be read.
pub async fn counts_per_status(reader: &Reader) -> Result<Vec<(Status, i64)>, Error> {
    let found: BTreeMap<Status, i64> =
        sql("platform.counts_per_status", "select status, count(*) from users group by status")
            .all(reader.db())
            .await?
            .into_iter()
            .collect();
    Ok(Status::ALL.iter().map(|status| (*status, found.get(status).copied().unwrap_or(0))).collect())
}

/// How many seats are taken (R22).
///
/// # Errors
/// When the database cannot be read.
pub async fn seats_used(reader: &Reader) -> Result<i64, Error> {
    let counts = counts_per_status(reader).await?;
    Ok(counts.iter().filter(|(status, _)| status.takes_seat()).map(|(_, count)| count).sum())
}
