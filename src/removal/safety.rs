//! The safety share (R29): when many accounts would go within a day, somebody has to say how many.

use chrono::TimeDelta;
use entity::id::UserId;
use entity::kind::{Outcome, Status};

use super::facts::Standing;
use super::store;
use crate::db::{Tx, locks};
use crate::error::{Failure, Refusal};
use crate::platform;

/// So many accounts may always go.
pub const ALWAYS: i64 = 50;
/// How far back deletions count.
const WINDOW: TimeDelta = TimeDelta::hours(24);

/// How many accounts go of those that count: in `ACTIVE`, `SUSPENDED` or `DEACTIVATED`. Both lists are in order of id.
pub fn going(people: &[Standing], outcomes: impl IntoIterator<Item = (UserId, Outcome)>) -> i64 {
    let counts = |status| matches!(status, Status::Active | Status::Suspended | Status::Deactivated);
    let outcomes = outcomes.into_iter().filter(|(_, outcome)| *outcome == Outcome::Deleted);
    let goes = |(user, _): &(UserId, Outcome)| {
        let found = people.binary_search_by_key(user, |person| person.user);
        found.is_ok_and(|at| counts(people[at].status))
    };
    i64::try_from(outcomes.filter(goes).count()).unwrap_or(i64::MAX)
}

/// Whether `going` accounts may go: with those that went within a day, and those that accepted jobs will yet take, no more
/// than the share, or as many as somebody has typed. Until the transaction ends nobody else is told so.
///
/// # Errors
/// `CONFIRM_COUNT_REQUIRED`, or `COUNT_MISMATCH` where another number was typed.
pub async fn check(tx: &Tx, going: i64, typed: Option<i64>) -> Result<(), Failure> {
    if typed.is_some_and(|typed| typed != going) {
        return Err(Refusal::CountMismatch.into());
    }
    if going == 0 || typed.is_some() {
        return Ok(());
    }
    locks::safety(&tx.conn).await?;
    let gone = store::gone_since(&tx.conn, tx.now - WINDOW).await?;
    if gone + going <= ALWAYS {
        return Ok(());
    }
    let share = platform::store::platform(&tx.conn).await?.safety_share;
    // Of all there were before, who need not be counted beyond those of whom these are the share.
    let enough = if share > 0 { (gone + going) * 100 / share + 1 - gone } else { i64::MAX };
    let all = store::counted(&tx.conn, enough).await? + gone;
    let most = (all * share / 100).max(ALWAYS);
    if gone + going > most { Err(Refusal::ConfirmCountRequired { most }.into()) } else { Ok(()) }
}
