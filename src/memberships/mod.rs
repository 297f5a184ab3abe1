//! Granting roles in groups (R2, R3).
//!
//! Granting writes the role that was asked for, and for a learner one more row in every group that they rise into, so
//! that afterwards too a learner of a public group is a learner of its parent. A role that is held already stays as it
//! was granted first: who appointed an administrator, and when, decides who succeeds (R13). Taking roles away is a
//! removal: [`crate::removal`].

pub mod rules;
pub mod store;

use std::collections::{BTreeMap, BTreeSet};

use entity::id::{GroupId, UserId};
use entity::kind::{Role, Status};
use serde::Serialize;

use crate::access::Authority;
use crate::db::locks;
use crate::error::{Failure, Refusal};
use crate::events::Event;
use crate::transaction::Tx;
use crate::tree::Tree;
use crate::works::people;
use crate::{platform, sessions};

/// The most roles that one request grants.
pub const MOST: usize = 10_000;

/// A role to be granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// To whom.
    pub user: UserId,
    /// In which group.
    pub group: GroupId,
    /// Which role.
    pub role: Role,
}

/// Grants a role, or does nothing where it is held already; to whom.
///
/// # Errors
/// `NOT_FOUND` of the user or the group, `USER_DELETED`, `FORBIDDEN` naming the groups in which the caller may not
/// grant the role (R4), or may not add a learner who would rise into a private group (R3).
pub async fn grant(tx: &Tx, grant: &Grant) -> Result<UserId, Failure> {
    all(tx, std::slice::from_ref(grant), |_| Vec::new()).await?;
    Ok(grant.user)
}

/// Grants all of these roles, or none; how many memberships that wrote, those included into which learners rise.
///
/// # Errors
/// As [`grant`], of the first entry that is refused; `BAD_INPUT` for an empty list, `BATCH_TOO_LARGE` for more than
/// 10,000 entries.
pub async fn grant_many(tx: &Tx, grants: &[Grant]) -> Result<u64, Failure> {
    if grants.is_empty() {
        return Err(Refusal::bad_input(&["grants"], "Name at least one role to grant.").into());
    }
    if grants.len() > MOST {
        return Err(Refusal::BatchTooLarge { limit: MOST }.into());
    }
    all(tx, grants, |entry| vec!["grants".to_owned(), entry.to_string()]).await
}

async fn all(tx: &Tx, grants: &[Grant], place: impl Fn(usize) -> Vec<String>) -> Result<u64, Failure> {
    let db = &tx.conn;
    let users: Vec<UserId> =
        grants.iter().map(|grant| grant.user).collect::<BTreeSet<_>>().into_iter().collect();
    locks::tree(db).await?;
    locks::users(db, &users).await?;
    let authority = tx.authority().await?;
    let (_, tree) = platform::current(db, &tx.trees).await?;
    let states = people::states(tx, &users).await?;
    for (entry, grant) in grants.iter().enumerate() {
        check(grant, &states, &authority, &tree).map_err(|refusal| refusal.at(&place(entry)))?;
    }
    let rows: Vec<store::Row> =
        rules::rows(&tree, grants.iter().map(|grant| (grant.user, grant.group, grant.role)))
            .into_iter()
            .collect();
    let held: BTreeSet<store::Row> = store::held(db, &rows).await?.into_iter().collect();
    let new: Vec<store::Row> = rows.into_iter().filter(|row| !held.contains(row)).collect();
    let new_of_all: BTreeSet<store::Row> = new.iter().copied().collect();
    for (entry, grant) in grants.iter().enumerate() {
        let written = rules::rows(&tree, [(grant.user, grant.group, grant.role)])
            .intersection(&new_of_all)
            .map(|(_, group, role)| (*group, *role))
            .collect();
        rules::require(&authority, &tree, &BTreeSet::new(), &written)
            .map_err(|refusal| refusal.at(&place(entry)))?;
    }
    sessions::capture_ended(db, tx.now).await?;
    store::add(db, &new, tx.caller.user(), tx.now).await?;
    tx.tell(new.iter().copied().map(Event::granted));
    Ok(new.len() as u64)
}

fn check(
    grant: &Grant,
    states: &BTreeMap<UserId, Status>,
    authority: &Authority,
    tree: &Tree,
) -> Result<(), Refusal> {
    let seen = people::require_seen(states, grant.user, &["userId"])?;
    rules::may_grant(authority, tree, grant.group, grant.role)?;
    if seen.is_living() { Ok(()) } else { Err(Refusal::user_deleted(grant.user, &["userId"])) }
}
