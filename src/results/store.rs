//! The rows of results.

use chrono::{DateTime, Utc};
use entity::id::ResultId;
use sea_orm::ConnectionTrait;

use super::NewResult;
use crate::db::sql::sql;
use crate::error::Error;

/// Adds a result; its id.
pub async fn add(
    db: &impl ConnectionTrait,
    result: &NewResult,
    now: DateTime<Utc>,
) -> Result<ResultId, Error> {
    let (result,) = sql(
        "results.add",
        "insert into results (user_id, activity_id, score, recorded_at)
         values ({user}, {activity}, {score}, {now}) returning id",
    )
    .bind("user", result.user)
    .bind("activity", result.activity)
    .bind("score", result.score)
    .bind("now", now)
    .only(db)
    .await?;
    Ok(result)
}
