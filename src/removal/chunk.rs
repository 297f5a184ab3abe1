//! Carrying a removal out for some people, in the transaction of whoever asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use entity::id::{JobId, RecordId, UserId};
use entity::kind::{Cause, Outcome};

use super::facts::Setting;
use super::plan::{PersonPlan, Plan};
use super::request::{Part, Request, Scope};
use super::safety::{self, Going};
use super::{planning, store, telling};
use crate::db::{Tx, locks};
use crate::error::Failure;
use crate::ownership::Leaving;
use crate::queries::Sight;
use crate::queries::users::{self, UserFilter};
use crate::sessions;

/// Somebody's outcome, and the record where something was done.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub plan: PersonPlan,
    pub record: Option<RecordId>,
}

/// What was settled before, for people who are part of a larger request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled<'a> {
    pub leaving: &'a Leaving,
    pub filter: Option<&'a UserFilter>,
    pub job: JobId,
    /// The most rows that may be decided at once (R16); none for one person alone.
    pub most_rows: Option<usize>,
}

/// Locks the people of `parts`, each of whom is there once, decides what becomes of them and does it. Without `settled` they are the whole request, of which
/// `confirm_count` accounts go, where somebody has typed that (R29). Whoever has another digest than `shown`, and to whom
/// something would be done, is left alone (R18).
///
/// # Errors
/// `PRIVATE_SUBGROUPS_UNDECIDED`, `NOT_FOUND` of the group, `CONFIRM_COUNT_REQUIRED`, `COUNT_MISMATCH`,
/// [`Error::TooMuch`](crate::error::Error::TooMuch), or what broke; then nothing is done.
pub(super) async fn execute(
    tx: &Tx,
    parts: &[Part],
    request: &Request,
    settled: Option<Settled<'_>>,
    confirm_count: Option<i64>,
    shown: impl FnOnce(&Plan, &Request) -> Result<BTreeMap<UserId, String>, Failure>,
) -> Result<(Vec<Done>, Setting), Failure> {
    let db = &tx.conn;
    let users: &[UserId] = &parts.iter().map(|(user, _)| *user).collect::<Vec<_>>();
    locks::tree(db).await?;
    locks::users_exclusively(db, users).await?;
    if store::concerns_succession(db, users).await? {
        locks::succession(db).await?;
    }
    sessions::capture_ended(db, tx.now).await?;
    let setting = Setting {
        most_rows: settled.and_then(|settled| settled.most_rows),
        ..planning::setting(db, &tx.trees, &tx.caller).await?
    };
    let request = &request.normalized(setting.tree.root());
    if settled.is_none() {
        planning::check_group(request, &setting)?;
    }
    let people = store::standings(db, parts, setting.most_rows).await?;
    let answer = match settled {
        Some(_) => planning::assumed(request),
        None => planning::answer(&people, request, &setting)?,
    };
    let leaving = settled.map(|settled| settled.leaving);
    let mut plan = planning::plan(db, tx.now, &people, request, leaving, &setting).await?;
    let shown = shown(&plan, request)?;
    if settled.is_none() {
        let outcomes = plan.people.iter().map(|person| (person.user, person.outcome));
        let going = Going { accounts: safety::going(&people, outcomes), people: users.len() };
        safety::check(tx, going, confirm_count).await?;
    }
    if let Some(filter) = settled.and_then(|settled| settled.filter) {
        let matching = users::matching(
            db,
            &Sight::of(db, &tx.trees, &tx.caller).await?,
            filter,
            Some(users),
            users.len(),
        )
        .await?;
        for person in &mut plan.people {
            // A refusal that comes before this one stands.
            let comes_after = person.outcome.is_done()
                || matches!(
                    person.outcome,
                    Outcome::WouldDeleteAccount
                        | Outcome::PrivateSubgroupsUndecided
                        | Outcome::NothingReached
                );
            if comes_after && matching.binary_search(&person.user).is_err() {
                *person = person.left_alone(Outcome::NoLongerMatches);
            }
        }
    }
    for person in &mut plan.people {
        // What does nothing to them is told as it is (R18).
        let has_changed = shown.get(&person.user).is_some_and(|digest| *digest != person.digest);
        if has_changed && person.outcome.is_done() {
            *person = person.left_alone(Outcome::PlanChanged);
        }
    }
    let context = store::Context {
        actor: tx.caller.user(),
        on_behalf_of: tx.caller.on_behalf_of(),
        now: tx.now,
        cause: request.cause,
        deletion_cause: match request.scope {
            Scope::Platform => request.cause,
            Scope::Group(_) | Scope::Role(..) | Scope::Each => Cause::LastGroup,
        },
        group: request.scope.group(setting.tree.root()),
        role: match request.scope {
            Scope::Role(_, role) => Some(role),
            Scope::Platform | Scope::Group(_) | Scope::Each => None,
        },
        private_subgroups: answer,
        job: settled.map(|settled| settled.job),
    };
    let plan = Arc::new(plan);
    let mut records = store::apply(db, &plan, &context).await?;
    for person in &plan.people {
        if let Some(record) = records.get(&person.user) {
            tx.tell(telling::events(person, *record, &context));
        }
    }
    let plan = Arc::unwrap_or_clone(plan);
    let done =
        plan.people.into_iter().map(|plan| Done { record: records.remove(&plan.user), plan }).collect();
    Ok((done, setting))
}
