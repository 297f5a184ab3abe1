//! Removing one person.

use std::collections::BTreeSet;

use entity::id::{GroupId, RecordId};
use entity::kind::Outcome;
use serde::{Deserialize, Serialize};

use super::facts::{Setting, Standing};
use super::request::{Named, People, Request};
use super::rules::{Verdict, verdict};
use super::safety::{self, Going};
use super::store::{self, Deletion};
use super::{chunk, list, planning};
use crate::error::{Failure, Refusal};
use crate::queries::Sight;
use crate::transaction::Tx;

/// What is asked for one person.
#[derive(Clone, Debug, Serialize)]
pub struct Single {
    /// Who.
    pub user: Named,
    /// What is done to them.
    pub request: Request,
    /// The digest of the plan that was shown; with another one nothing is done (R18).
    pub plan_digest: Option<String>,
    /// How many accounts go, as somebody typed it (R29).
    pub confirm_count: Option<i64>,
}

/// What was done to one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// What became of them.
    pub outcome: Outcome,
    /// The record of it; of the earlier deletion where they had been deleted before.
    pub record: RecordId,
}

/// Removes one person, or says why not.
///
/// # Errors
/// The outcome that applies, as a refusal of the same code; `PRIVATE_SUBGROUPS_UNDECIDED` (R6), `PLAN_CHANGED` (R18),
/// `CONFIRM_COUNT_REQUIRED` and `COUNT_MISMATCH` (R29).
pub async fn remove(tx: &Tx, input: &Single) -> Result<Removed, Failure> {
    let sight = Sight::in_write(tx).await?;
    let list = list::resolve(&tx.conn, &sight, &People::Named(vec![input.user.clone().into()])).await?;
    let users = list.users();
    let Some(user) = users.first().copied() else {
        return Err(unknown(&list).into());
    };
    let held = chunk::hold(tx, &[(user, None)], &input.request, None).await?;
    planning::check_group(&held.request, &held.setting)?;
    let answer = planning::answer(&held.people, &held.request, &held.setting)?;
    let plan = held.plan(tx, None).await?;
    if input.plan_digest.as_ref().is_some_and(|shown| *shown != plan.digest(&held.request)) {
        return Err(Refusal::PlanChanged.into());
    }
    let going = Going { accounts: safety::going(&held.people, plan.outcomes()), people: 1 };
    safety::check(tx, going, input.confirm_count).await?;
    let done = held.carry_out(tx, plan, answer, None).await?;
    let done = done.into_iter().next().ok_or(Refusal::not_found(&["userId"], "User"))?;
    if let Some(record) = done.record {
        return Ok(Removed { outcome: done.plan.outcome, record });
    }
    if done.plan.outcome == Outcome::AlreadyDeleted
        && let Some(Deletion { at, record }) = store::last_deletions(&tx.conn, &[user]).await?.remove(&user)
    {
        // Who came to the platform as a deleted one has no record of it.
        let record = record.ok_or(Refusal::AlreadyDeleted { at, record })?;
        return Ok(Removed { outcome: Outcome::AlreadyDeleted, record });
    }
    let kept_in = done.plan.kept_in();
    Err(refusal(done.plan.outcome, done.plan.missing, kept_in, &held.setting).into())
}

fn unknown(list: &list::List) -> Refusal {
    match list.items.first().and_then(|item| item.outcome) {
        Some(Outcome::InvalidEmail) => Refusal::bad_input(&["email"], "This is no email address."),
        _ => Refusal::not_found(&["userId"], "User"),
    }
}

/// What [`remove`] would come to for `person`, as far as it depends on them and on the caller's rights.
///
/// # Errors
/// As [`remove`], but for a plan that has changed (R18) and the safety share (R29).
pub fn permitted(person: &Standing, request: &Request, setting: &Setting) -> Result<Outcome, Refusal> {
    let request = &request.normalized(setting.tree.root());
    planning::check_group(request, setting)?;
    planning::answer(std::slice::from_ref(person), request, setting)?;
    let Verdict { outcome, missing, staying, .. } = verdict(person, request, setting);
    if outcome.is_done() || outcome == Outcome::AlreadyDeleted {
        return Ok(outcome);
    }
    let kept_in = staying.iter().map(|(membership, _)| membership.group).collect();
    Err(refusal(outcome, missing, kept_in, setting))
}

/// The outcome of somebody to whom nothing was done, as a refusal: `missing` are the groups in which a right is missing,
/// `kept_in` those that keep them.
fn refusal(
    outcome: Outcome,
    missing: Vec<GroupId>,
    kept_in: BTreeSet<GroupId>,
    setting: &Setting,
) -> Refusal {
    match outcome {
        Outcome::AlreadyErased => Refusal::AlreadyErased,
        Outcome::OwnerProtected => Refusal::OwnerProtected,
        Outcome::SelfRemoval => Refusal::SelfRemoval,
        Outcome::Forbidden => setting.authority.forbidden(&setting.tree, missing),
        Outcome::NotAMember => Refusal::NotAMember,
        Outcome::WouldDeleteAccount => Refusal::WouldDeleteAccount,
        Outcome::PlanChanged => Refusal::PlanChanged,
        Outcome::NothingReached => {
            Refusal::NothingReached { groups: setting.authority.seen_of(&setting.tree, kept_in) }
        }
        // Of one person these are refused before, or never come up.
        Outcome::NotFound
        | Outcome::InvalidEmail
        | Outcome::PlatformGroup
        | Outcome::PrivateSubgroupsUndecided
        | Outcome::NoLongerMatches
        | Outcome::AlreadyDeleted
        | Outcome::Deleted
        | Outcome::Removed
        | Outcome::RemovedNotDeleted
        | Outcome::Cancelled
        | Outcome::Failed => Refusal::not_found(&["userId"], "User"),
    }
}
