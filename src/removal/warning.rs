//! What whoever starts a removal should know besides what it does. Nothing is refused for it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::id::{GroupId, JobId, UserId};
use entity::kind::{Outcome, Role};
use sea_orm::ConnectionTrait;

use super::plan::{Effect, Plan};
use super::store;
use crate::error::Error;

/// One thing to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// These groups are left without an administrator of their own; those of the groups above remain (R4).
    GroupsWithoutAdministrator {
        /// In order of id.
        groups: BTreeSet<GroupId>,
    },
    /// These people's accounts end, and with them tokens that programs may be using (R9.2).
    TokensInUse {
        /// Whose, in order of id.
        people: Vec<UserId>,
        /// How many tokens.
        tokens: i64,
        /// When one of them was last used, give or take a minute.
        last_used_at: Option<DateTime<Utc>>,
    },
}

/// Who stops being an administrator of which groups.
pub type Stepping = BTreeMap<GroupId, BTreeSet<UserId>>;

/// Tokens that work, of one person: whose, how many, when one was last used.
pub type TokensInUse = (UserId, i64, Option<DateTime<Utc>>);

/// What to know of `plan`.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_plan(
    db: &impl ConnectionTrait,
    plan: &Plan,
    now: DateTime<Utc>,
) -> Result<Vec<Warning>, Error> {
    let mut stepping = Stepping::new();
    for person in &plan.people {
        for effect in &person.effects {
            if let Effect::MembershipRemoved { group, role: Role::Administrator, .. } = effect {
                stepping.entry(*group).or_default().insert(person.user);
            }
        }
    }
    let deleted = plan.people.iter().filter(|person| person.outcome == Outcome::Deleted);
    let deleted: Vec<UserId> = deleted.map(|person| person.user).collect();
    let tokens =
        if deleted.is_empty() { Vec::new() } else { store::tokens_in_use(db, &deleted, now).await? };
    told(db, stepping, tokens).await
}

/// What to know of a job that is prepared, by which these administrators step down.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_job(
    db: &impl ConnectionTrait,
    job: JobId,
    stepping: Stepping,
    now: DateTime<Utc>,
) -> Result<Vec<Warning>, Error> {
    let tokens = store::tokens_in_use_of_job(db, job, now).await?;
    told(db, stepping, tokens).await
}

async fn told(
    db: &impl ConnectionTrait,
    stepping: Stepping,
    tokens: Vec<TokensInUse>,
) -> Result<Vec<Warning>, Error> {
    let mut warnings = Vec::new();
    let groups = without_administrator(db, stepping).await?;
    if !groups.is_empty() {
        warnings.push(Warning::GroupsWithoutAdministrator { groups });
    }
    if !tokens.is_empty() {
        warnings.push(Warning::TokensInUse {
            tokens: tokens.iter().map(|(_, count, _)| count).sum(),
            last_used_at: tokens.iter().filter_map(|(.., last)| *last).max(),
            people: tokens.into_iter().map(|(user, ..)| user).collect(),
        });
    }
    Ok(warnings)
}

/// The groups of which every administrator steps down.
async fn without_administrator(
    db: &impl ConnectionTrait,
    stepping: Stepping,
) -> Result<BTreeSet<GroupId>, Error> {
    if stepping.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut empty: BTreeSet<GroupId> = stepping.keys().copied().collect();
    for (group, user) in store::administrators(db, empty.clone()).await? {
        if !stepping.get(&group).is_some_and(|going| going.contains(&user)) {
            empty.remove(&group);
        }
    }
    Ok(empty)
}
