//! Many people named at once: each has an outcome of their own and stops nobody else (R32).

use std::collections::{BTreeMap, BTreeSet};

use entity::id::UserId;
use entity::kind::Status;
use serde::{Deserialize, Serialize};

use super::store;
use crate::error::{Failure, Refusal};
use crate::queries::users::visible;
use crate::queries::{Seen, Sight};
use crate::transaction::Tx;

/// The most people that one request names.
pub const MOST: usize = 10_000;

/// What became of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Became {
    /// They are enrolled from now on.
    Enrolled,
    /// They were enrolled before; nothing changed.
    AlreadyEnrolled,
    /// They are no longer enrolled.
    Unenrolled,
    /// They were not enrolled; nothing changed.
    NotEnrolled,
    /// They are excluded from now on; for an enrolment: they are excluded, and nothing changed.
    Excluded,
    /// They were excluded before; nothing changed.
    AlreadyExcluded,
    /// They are no longer excluded.
    Included,
    /// They were not excluded; nothing changed.
    NotExcluded,
    /// There is nobody of this id.
    NotFound,
    /// They are deleted or erased; nothing changed.
    UserDeleted,
}

/// Somebody, and what became of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// What became of them.
    pub became: Became,
}

/// The people named, each once, in the order in which they were named first.
///
/// # Errors
/// `BAD_INPUT` for nobody, `BATCH_TOO_LARGE` for more than 10,000.
pub fn named(users: &[UserId]) -> Result<Vec<UserId>, Refusal> {
    if users.is_empty() {
        return Err(Refusal::bad_input(&["userIds"], "Name at least one person."));
    }
    if users.len() > MOST {
        return Err(Refusal::BatchTooLarge { limit: MOST });
    }
    let mut seen = BTreeSet::new();
    Ok(users.iter().copied().filter(|user| seen.insert(*user)).collect())
}

/// The states of those of `users` whom the caller sees.
///
/// # Errors
/// When the database cannot be read.
pub async fn states(tx: &Tx, users: &[UserId]) -> Result<BTreeMap<UserId, Status>, Failure> {
    let mut states = store::states(&tx.conn, users).await?;
    let sight = Sight::in_write(tx).await?;
    let seen = visible(&tx.conn, &sight, &[Seen::Person("u")], states.keys().copied().collect()).await?;
    states.retain(|user, _| seen.contains(user));
    Ok(states)
}

/// What becomes of each of `users`: the living are `decide`d, the others have their outcome already.
pub fn outcomes(
    users: &[UserId],
    states: &BTreeMap<UserId, Status>,
    decide: impl Fn(UserId) -> Became,
) -> Vec<Person> {
    users
        .iter()
        .map(|user| {
            let became = match states.get(user) {
                None => Became::NotFound,
                Some(status) if !status.is_living() => Became::UserDeleted,
                Some(_) => decide(*user),
            };
            Person { user: *user, became }
        })
        .collect()
}

/// Those of whom this became.
pub fn who(people: &[Person], became: Became) -> Vec<UserId> {
    people.iter().filter(|person| person.became == became).map(|person| person.user).collect()
}

/// The state of somebody whom the caller has to see.
///
/// # Errors
/// `NOT_FOUND`.
pub fn require_seen(
    states: &BTreeMap<UserId, Status>,
    user: UserId,
    path: &[&str],
) -> Result<Status, Refusal> {
    states.get(&user).copied().ok_or_else(|| Refusal::not_found(path, "User"))
}

/// The state of somebody who has to be living.
///
/// # Errors
/// `NOT_FOUND`, `USER_DELETED`.
pub fn require_living(
    states: &BTreeMap<UserId, Status>,
    user: UserId,
    path: &[&str],
) -> Result<Status, Refusal> {
    let status = require_seen(states, user, path)?;
    if status.is_living() { Ok(status) } else { Err(Refusal::user_deleted(user, path)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId(1);
    const BEA: UserId = UserId(2);
    const GONE: UserId = UserId(3);
    const NOBODY: UserId = UserId(4);

    #[test]
    fn each_is_named_once_and_has_one_outcome() {
        let users = named(&[BEA, ADA, GONE, BEA, NOBODY]).expect("people");
        let states =
            BTreeMap::from([(ADA, Status::Active), (BEA, Status::Suspended), (GONE, Status::Deleted)]);
        let decide = |user| if user == ADA { Became::AlreadyEnrolled } else { Became::Enrolled };
        let people = outcomes(&users, &states, decide);
        let became: Vec<_> = people.iter().map(|person| (person.user, person.became)).collect();
        assert_eq!(
            became,
            [
                (BEA, Became::Enrolled),
                (ADA, Became::AlreadyEnrolled),
                (GONE, Became::UserDeleted),
                (NOBODY, Became::NotFound),
            ]
        );
        assert_eq!(who(&people, Became::Enrolled), [BEA]);
    }

    #[test]
    fn nobody_and_too_many_are_refused() {
        assert_eq!(named(&[]).expect_err("nobody").code(), "BAD_INPUT");
        let crowd: Vec<UserId> = (0..=10_000).map(UserId).collect();
        assert_eq!(named(&crowd).expect_err("a crowd").code(), "BATCH_TOO_LARGE");
    }
}
