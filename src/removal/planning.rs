//! The one way from facts to a plan: preview shows it, execution carries it out (R18).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::id::{GroupId, UserId};
use entity::kind::{Outcome, PrivateSubgroups, Role};
use sea_orm::ConnectionTrait;

use super::facts::{Setting, Standing};
use super::plan::Plan;
use super::request::Request;
use super::rules::{Verdict, decide, settle, undecided_groups, verdict};
use super::store;
use crate::access::{self, Authority, Caller};
use crate::error::{Error, Failure, Refusal};
use crate::ownership::Leaving;
use crate::platform;
use crate::tree::TreeCache;

/// What is the same for everybody: the tree, the owner, the caller's rights. To be asked for after the last lock.
///
/// A caller who can no longer sign in has no rights: whoever's turn comes then is `FORBIDDEN`.
///
/// # Errors
/// When the database cannot be read.
pub async fn setting(
    db: &impl ConnectionTrait,
    trees: &TreeCache,
    caller: &Caller,
) -> Result<Setting, Failure> {
    let (platform, tree) = platform::current(db, trees).await?;
    let authority = match (access::of(db, caller).await, caller) {
        (Err(Failure::Refused(Refusal::Unauthenticated)), Caller::User(user)) => {
            Authority::of_user(*user, [])
        }
        (Err(Failure::Refused(Refusal::Unauthenticated)), Caller::Service(_)) => Authority::of_nobody(),
        (authority, _) => authority?,
    };
    Ok(Setting { tree, owner: platform.owner, authority })
}

/// Whether the group that is named exists for this caller.
///
/// # Errors
/// `NOT_FOUND`, the same for a group that does not exist and for one the caller may not see.
pub fn check_group(request: &Request, setting: &Setting) -> Result<(), Refusal> {
    let group = request.scope.group(setting.tree.root());
    if setting.authority.sees(&setting.tree, group) {
        Ok(())
    } else {
        Err(Refusal::not_found(&["groupId"], "Group"))
    }
}

/// R6: the answer that holds for `people`: the one given, or either where both come to the same.
///
/// # Errors
/// `PRIVATE_SUBGROUPS_UNDECIDED` with the groups in which they differ.
pub fn answer(
    people: &[Standing],
    request: &Request,
    setting: &Setting,
) -> Result<PrivateSubgroups, Refusal> {
    if let Some(answer) = request.options.private_subgroups {
        return Ok(answer);
    }
    let differing = undecided_groups(people, request, setting);
    if differing.is_empty() {
        return Ok(PrivateSubgroups::Keep);
    }
    let groups = setting.authority.seen_of(&setting.tree, differing);
    Err(Refusal::PrivateSubgroupsUndecided { groups })
}

/// What becomes of each of `people`, in the order given.
pub fn verdicts(
    people: &[Standing],
    request: &Request,
    answer: PrivateSubgroups,
    setting: &Setting,
) -> Vec<(UserId, Verdict)> {
    people.iter().map(|person| (person.user, verdict(person, request, answer, setting))).collect()
}

/// The plan for `people`. Without `leaving` they are the whole request, and who leaves is settled among them.
///
/// # Errors
/// When the database cannot be read.
pub async fn plan(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    people: &[Standing],
    request: &Request,
    answer: PrivateSubgroups,
    leaving: Option<&Leaving>,
    setting: &Setting,
) -> Result<Plan, Error> {
    let verdicts = verdicts(people, request, answer, setting);
    let settled;
    let leaving = match leaving {
        Some(leaving) => leaving,
        None => {
            let mut among_them = Leaving::default();
            settle(&mut among_them, &verdicts);
            settled = among_them;
            &settled
        }
    };
    let (mut touched, mut deleted) = (BTreeSet::new(), BTreeSet::new());
    for (user, verdict) in &verdicts {
        if verdict.outcome.is_done() {
            touched.insert(*user);
        }
        if verdict.outcome == Outcome::Deleted {
            deleted.insert(*user);
        }
    }
    let groups = learner_groups(&verdicts);
    let facts = store::facts(db, &touched, &deleted, &groups, now).await?;
    let people = people
        .iter()
        .zip(verdicts)
        .map(|(person, (user, verdict))| {
            decide(user, person.status, verdict, request, &facts, leaving, setting)
        })
        .collect();
    Ok(Plan { people })
}

/// The groups whose sessions concern anybody: those in which a learner role goes or stays.
fn learner_groups(verdicts: &[(UserId, Verdict)]) -> BTreeSet<GroupId> {
    verdicts
        .iter()
        .flat_map(|(_, verdict)| verdict.going.iter().chain(&verdict.staying))
        .filter(|(membership, _)| membership.role == Role::Learner)
        .map(|(membership, _)| membership.group)
        .collect()
}
