//! The one way from facts to a plan: preview shows it, execution carries it out (R18).

use std::cmp::Reverse;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::id::{GroupId, UserId};
use entity::kind::{Outcome, PrivateSubgroups, Role};
use sea_orm::ConnectionTrait;

use super::facts::{Facts, Setting, Standing};
use super::list::List;
use super::plan::{Effect, PersonPlan, Plan};
use super::request::{Part, Request, Scope};
use super::rules::{Verdict, decide, left_by, settle, verdict};
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
) -> Result<Setting, Error> {
    let (platform, tree) = platform::current(db, trees).await?;
    let authority = match (access::of(db, caller).await, caller) {
        (Ok(authority), _) => authority,
        (Err(Failure::Refused(_)), Caller::User(user)) => Authority::of_user(*user, []),
        (Err(Failure::Refused(_)), Caller::Service(_) | Caller::System { .. }) => Authority::of_nobody(),
        (Err(Failure::Broken(error)), _) => return Err(error),
    };
    Ok(Setting { tree, owner: platform.owner, authority, most_rows: None })
}

/// Whether the group that is named exists for this caller.
///
/// # Errors
/// `NOT_FOUND`, the same for a group that does not exist and for one the caller may not see.
pub fn check_group(request: &Request, setting: &Setting) -> Result<(), Refusal> {
    if request.scope == Scope::Each {
        // What is not seen there is an entry that is not found.
        return Ok(());
    }
    let group = request.scope.group(setting.tree.root());
    if setting.authority.sees(&setting.tree, group) {
        Ok(())
    } else {
        Err(Refusal::not_found(&["groupId"], "Group"))
    }
}

/// Entries whose group cannot be one that people are taken out of mean nobody, each with an outcome of its own: a group that
/// the caller does not see, and the platform group, out of which people are deleted (R16).
pub fn check_groups(list: &mut List, setting: &Setting) {
    let root = setting.tree.root();
    list.refuse_groups(|group| {
        if group == root {
            Some(Outcome::PlatformGroup)
        } else if setting.authority.sees(&setting.tree, group) {
            None
        } else {
            Some(Outcome::NotFound)
        }
    });
}

/// What is asked of everybody in `list`: in order of id, and of one person from the deepest group up, so that whoever is
/// taken out of a group has been taken out of those below it before (R16).
pub fn parts(list: &List, setting: &Setting) -> Vec<Part> {
    let depth = |group: Option<GroupId>| group.map_or(0, |group| setting.tree.depth(group));
    let mut parts = list.parts();
    parts.sort_by_cached_key(|(user, group)| (*user, Reverse(depth(*group)), *group));
    parts
}

/// R6: the answer that was given, or the one that stands for both where they come to the same.
pub fn assumed(request: &Request) -> PrivateSubgroups {
    request.options.private_subgroups.unwrap_or(PrivateSubgroups::Keep)
}

/// R6: passes where the answers differ for nobody, so that what is [`assumed`] holds.
///
/// # Errors
/// `PRIVATE_SUBGROUPS_UNDECIDED` with the groups in which they differ.
pub fn check_decided(undecided: BTreeSet<GroupId>, setting: &Setting) -> Result<(), Refusal> {
    if undecided.is_empty() {
        return Ok(());
    }
    let groups = setting.authority.seen_of(&setting.tree, undecided);
    Err(Refusal::PrivateSubgroupsUndecided { groups })
}

/// R6: the groups in which the answers differ for anybody who has one of these verdicts.
pub fn undecided(verdicts: &[(UserId, Verdict)]) -> impl Iterator<Item = GroupId> {
    verdicts.iter().flat_map(|(_, verdict)| verdict.undecided.iter().copied())
}

/// R6: the answer that holds for `people`: the one given, or either where both come to the same.
///
/// # Errors
/// As [`check_decided`].
pub fn answer(
    people: &[Standing],
    request: &Request,
    setting: &Setting,
) -> Result<PrivateSubgroups, Refusal> {
    if request.options.private_subgroups.is_none() {
        check_decided(undecided(&verdicts(people, request, setting)).collect(), setting)?;
    }
    Ok(assumed(request))
}

/// What becomes of each of `people`, in the order given. Who is asked several things is each time as they were left by
/// those before.
pub fn verdicts(people: &[Standing], request: &Request, setting: &Setting) -> Vec<(UserId, Verdict)> {
    let mut left: Option<Standing> = None;
    let decide = |person: &Standing| {
        let before = left.take().filter(|left| left.user == person.user);
        let before = before.map(|left| Standing { named: person.named, ..left });
        let verdict = verdict(before.as_ref().unwrap_or(person), request, setting);
        if person.named.is_some() {
            left = Some(left_by(before.unwrap_or_else(|| person.clone()), &verdict));
        }
        (person.user, verdict)
    };
    people.iter().map(decide).collect()
}

/// The plan for `people`. Without `leaving` they are the whole request, and who leaves is settled among them.
///
/// # Errors
/// [`Error::TooMuch`] where they bring more rows than the setting lets be decided at once, or when the database cannot be
/// read.
pub async fn plan(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    people: &[Standing],
    request: &Request,
    leaving: Option<&Leaving>,
    setting: &Setting,
) -> Result<Plan, Error> {
    let verdicts = verdicts(people, request, setting);
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
    let mut facts = store::facts(db, &touched, &deleted, &groups, now, setting.most_rows).await?;
    let memberships: usize = people.iter().map(|person| person.memberships.len()).sum();
    if setting.most_rows.is_some_and(|most| memberships + facts.rows() > most) {
        return Err(Error::TooMuch);
    }
    // A plan that is only shown finds sessions that have ended and wait to be captured, as its removal does not.
    facts.capture_ended(people);
    let mut plan = Plan { people: Vec::with_capacity(people.len()) };
    for (person, (user, verdict)) in people.iter().zip(verdicts) {
        let request = request.of(person.named);
        let decided = decide(user, person.status, verdict, &request, &facts, leaving, setting);
        if person.named.is_some() {
            release(&mut facts, user, &decided);
        }
        plan.people.push(decided.out_of(person.named));
    }
    Ok(plan)
}

/// What a plan takes away is not there when the same person is asked something else.
fn release(facts: &mut Facts, user: UserId, plan: &PersonPlan) {
    let Some(person) = facts.people.get_mut(&user) else { return };
    for effect in &plan.effects {
        if let Effect::SeatReleased { slot, kind, .. } = effect {
            person.seats.retain(|seat| (seat.slot, seat.kind) != (*slot, *kind));
        }
    }
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
