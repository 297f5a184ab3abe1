//! What the safety share is reckoned from (R29).

use chrono::{DateTime, Utc};
use entity::kind::{JobStatus, Status};
use sea_orm::ConnectionTrait;

use crate::db::sql::sql;
use crate::error::Error;

/// How many accounts that count went since `since`, and are yet to go by jobs that were accepted: in one statement, since
/// chunks move people from one to the other.
pub async fn gone_since(db: &impl ConnectionTrait, since: DateTime<Utc>) -> Result<i64, Error> {
    let (gone,) = sql(
        "removal.gone_since",
        "select cast((select count(*) from users where deleted_at > {since} and anonymous_number is null)
            + (select count(*) from jobs j join job_items i on i.job_id = j.id
                where j.status in {open} and j.status <> 'PREPARING'
                    and i.outcome is null and i.ends_account = {yes}) as bigint)",
    )
    .kinds("open", JobStatus::listed(JobStatus::is_open))
    .bind("since", since)
    .bind("yes", true)
    .only(db)
    .await?;
    Ok(gone)
}

/// How many accounts there are that count for the safety share; no more of them are counted than `most`.
pub async fn counted(db: &impl ConnectionTrait, most: i64) -> Result<i64, Error> {
    let (count,) = sql(
        "removal.counted",
        "select count(*) from (
            select 1 from users where status in {counting} limit {most}) as counted",
    )
    .kinds("counting", Status::listed(Status::counts_for_share))
    .bind("most", most)
    .only(db)
    .await?;
    Ok(count)
}
