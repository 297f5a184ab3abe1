//! The safety share (R29): when many accounts would go within a day, somebody has to say how many.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::UserId;
use entity::kind::Outcome;
use sea_orm::ConnectionTrait;

use super::facts::Standing;
use super::store;
use crate::db::locks;
use crate::error::{Error, Failure, Refusal};
use crate::platform;
use crate::transaction::Tx;

/// So many accounts may always go.
pub const ALWAYS: i64 = 50;
/// How far back deletions count.
const WINDOW: TimeDelta = TimeDelta::hours(24);

/// How many accounts go of those that count for the share. Both lists are in order of id.
pub fn going(people: &[Standing], outcomes: impl IntoIterator<Item = (UserId, Outcome)>) -> i64 {
    let outcomes = outcomes.into_iter().filter(|(_, outcome)| *outcome == Outcome::Deleted);
    let goes = |(user, _): &(UserId, Outcome)| {
        let found = people.binary_search_by_key(user, |person| person.user);
        found.is_ok_and(|at| people[at].status.counts_for_share())
    };
    i64::try_from(outcomes.filter(goes).count()).unwrap_or(i64::MAX)
}

/// What goes by a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Going {
    /// The accounts that go and count, as [`going`] counts them.
    pub accounts: i64,
    /// How many people the request names.
    pub people: usize,
}

impl Going {
    /// What somebody has to type in, where `gone` accounts went before. A list is confirmed by its own number; that would
    /// say nothing of one person, which is confirmed by the number of the day.
    fn of_day(self, gone: i64) -> Option<i64> {
        (self.people == 1).then_some(gone + self.accounts)
    }
}

/// What counts besides a request that names so many people: for one person alone, the accounts of the last 24 hours.
///
/// # Errors
/// When the database cannot be read.
pub async fn gone_if_alone(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    people: usize,
) -> Result<i64, Error> {
    if people == 1 { store::gone_since(db, now - WINDOW).await } else { Ok(0) }
}

/// Whether `going` may go: with the accounts that went within a day, and those that accepted jobs will yet take, no more
/// than the share, or as many as somebody has typed. Until the transaction ends nobody else is told so.
///
/// # Errors
/// `CONFIRM_COUNT_REQUIRED`, or `COUNT_MISMATCH` where another number was typed.
pub async fn check(tx: &Tx, going: Going, typed: Option<i64>) -> Result<(), Failure> {
    let Going { accounts, people } = going;
    match typed {
        // A list is confirmed by its own number, whatever went before.
        Some(typed) if people != 1 || accounts == 0 => {
            let is_right = typed == accounts;
            return if is_right {
                Ok(())
            } else {
                Err(Refusal::CountMismatch { typed, of_day: None }.into())
            };
        }
        None if accounts == 0 => return Ok(()),
        _ => {}
    }
    locks::safety(&tx.conn).await?;
    let gone = store::gone_since(&tx.conn, tx.now - WINDOW).await?;
    let (of_day, most) = (going.of_day(gone), most(tx, gone, accounts).await?);
    let is_within = gone + accounts <= most;
    match typed {
        None if is_within => Ok(()),
        None => Err(Refusal::ConfirmCountRequired { most, of_day }.into()),
        // Where nothing is asked for, the number of the request itself is true as well.
        Some(typed) if of_day == Some(typed) || (is_within && typed == accounts) => Ok(()),
        Some(typed) => Err(Refusal::CountMismatch { typed, of_day }.into()),
    }
}

/// How many accounts may go within a day of which `gone` have and `going` would.
async fn most(tx: &Tx, gone: i64, going: i64) -> Result<i64, Error> {
    if gone + going <= ALWAYS {
        return Ok(ALWAYS);
    }
    let share = platform::store::platform(&tx.conn).await?.safety_share;
    // Of all there were before, who need not be counted beyond those of whom these are the share.
    let enough = if share > 0 { (gone + going) * 100 / share + 1 - gone } else { i64::MAX };
    let all = store::counted(&tx.conn, enough).await? + gone;
    Ok((all * share / 100).max(ALWAYS))
}
