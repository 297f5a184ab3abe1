//! Results: what people reach in activities, one row each time. They are recorded like progress ([`crate::progress`]).

pub mod store;

use entity::id::{ActivityId, ResultId, UserId};
use serde::Serialize;

use crate::activities;
use crate::error::{Failure, Refusal};
use crate::progress;
use crate::transaction::Tx;

/// A result to be recorded.
#[derive(Clone, Debug, Serialize)]
pub struct NewResult {
    /// In which activity.
    pub activity: ActivityId,
    /// Who.
    pub user: UserId,
    /// 0 to 100.
    pub score: i32,
}

/// Records what somebody reached in an activity.
///
/// # Errors
/// `BAD_INPUT` outside 0 to 100; `NOT_FOUND` of the person, or of an activity that does not exist or whose course the
/// caller neither sees nor takes part in; `FORBIDDEN`; `USER_DELETED`.
pub async fn record(tx: &Tx, input: &NewResult) -> Result<ResultId, Failure> {
    if !(0..=100).contains(&input.score) {
        return Err(Refusal::bad_input(&["score"], "A score is between 0 and 100.").into());
    }
    let unknown = Refusal::not_found(&["activityId"], "Activity");
    // An activity never changes its course, so that it can be looked at ahead of the locks.
    let activity = activities::store::activity(&tx.conn, input.activity).await?;
    let course = activity.ok_or_else(|| unknown.clone())?.course;
    progress::require_recorder(tx, course, input.user, &unknown).await?;
    Ok(store::add(&tx.conn, input, tx.now).await?)
}
