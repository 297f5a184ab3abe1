//! Carrying a removal out for some people, in the transaction of whoever asks: they are held ([`hold`]), planned, and
//! what the plan says is done ([`Held::carry_out`]). Whether it may be done is asked in between, of one person by
//! [`super::single`], and of a whole list before its first chunk by [`super::batch`].

use std::collections::BTreeMap;
use std::sync::Arc;

use entity::id::{JobId, RecordId, UserId};
use entity::kind::{Cause, Outcome, PrivateSubgroups};

use super::facts::{Setting, Standing};
use super::plan::{PersonPlan, Plan};
use super::request::{Part, Request, Scope};
use super::{planning, store, telling};
use crate::db::locks;
use crate::error::{Error, Failure};
use crate::ownership::Leaving;
use crate::queries::Sight;
use crate::queries::users::{self, UserFilter};
use crate::sessions;
use crate::transaction::Tx;

/// Somebody's outcome, and the record where something was done.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub plan: PersonPlan,
    pub record: Option<RecordId>,
}

/// People whom nobody else changes until the transaction ends, and what the request means for them.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub people: Vec<Standing>,
    pub request: Request,
    pub setting: Setting,
}

/// Locks the people of `parts`, each of whom is there once, and reads how they stand. At most so many rows may be decided at
/// once, where there is a bound (R16).
///
/// # Errors
/// [`Error::TooMuch`], or when the database cannot be read.
pub(super) async fn hold(
    tx: &Tx,
    parts: &[Part],
    request: &Request,
    most_rows: Option<usize>,
) -> Result<Held, Error> {
    let db = &tx.conn;
    let users: Vec<UserId> = parts.iter().map(|(user, _)| *user).collect();
    locks::tree(db).await?;
    locks::users_exclusively(db, &users).await?;
    if store::concerns_succession(db, &users).await? {
        locks::succession(db).await?;
    }
    sessions::capture_ended(db, tx.now).await?;
    let setting = Setting { most_rows, ..planning::setting(db, &tx.trees, &tx.caller).await? };
    let request = request.normalized(setting.tree.root());
    let people = store::standings(db, parts, most_rows).await?;
    Ok(Held { people, request, setting })
}

impl Held {
    /// What becomes of them, of whose request these leave; without `leaving` they are the whole of it.
    ///
    /// # Errors
    /// As [`planning::plan`].
    pub(super) async fn plan(&self, tx: &Tx, leaving: Option<&Leaving>) -> Result<Plan, Error> {
        let Held { people, request, setting } = self;
        planning::plan(&tx.conn, tx.now, people, request, leaving, setting).await
    }

    /// Does what `plan` says with `answer` to R6, writes the records and tells of it.
    ///
    /// # Errors
    /// As [`store::apply`].
    pub(super) async fn carry_out(
        &self,
        tx: &Tx,
        plan: Plan,
        answer: PrivateSubgroups,
        job: Option<JobId>,
    ) -> Result<Vec<Done>, Error> {
        let context = self.context(tx, answer, job);
        let plan = Arc::new(plan);
        let mut records = store::apply(&tx.conn, &plan, &context).await?;
        for person in &plan.people {
            if let Some(record) = records.get(&person.user) {
                tx.tell(telling::events(person, *record, &context));
            }
        }
        let people = Arc::unwrap_or_clone(plan).people.into_iter();
        Ok(people.map(|plan| Done { record: records.remove(&plan.user), plan }).collect())
    }

    /// What is the same for every record.
    fn context(&self, tx: &Tx, answer: PrivateSubgroups, job: Option<JobId>) -> store::Context {
        let Request { scope, cause, .. } = self.request;
        store::Context {
            actor: tx.caller.user(),
            on_behalf_of: tx.caller.on_behalf_of(),
            now: tx.now,
            cause,
            deletion_cause: match scope {
                Scope::Platform => cause,
                Scope::Group(_) | Scope::Role(..) | Scope::Each => Cause::LastGroup,
            },
            group: scope.group(self.setting.tree.root()),
            role: match scope {
                Scope::Role(_, role) => Some(role),
                Scope::Platform | Scope::Group(_) | Scope::Each => None,
            },
            private_subgroups: answer,
            job,
        }
    }
}

/// R16: whoever no longer meets the filter by which they were found is left alone. A refusal that comes before that one
/// stands.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn leave_who_no_longer_matches(
    tx: &Tx,
    plan: &mut Plan,
    filter: &UserFilter,
) -> Result<(), Failure> {
    let sight = Sight::of(&tx.conn, &tx.trees, &tx.caller).await?;
    let users: Vec<UserId> = plan.people.iter().map(|person| person.user).collect();
    let matching = users::matching(&tx.conn, &sight, filter, Some(&users), users.len()).await?;
    for person in &mut plan.people {
        let comes_after = person.outcome.is_done()
            || matches!(
                person.outcome,
                Outcome::WouldDeleteAccount | Outcome::PrivateSubgroupsUndecided | Outcome::NothingReached
            );
        if comes_after && matching.binary_search(&person.user).is_err() {
            *person = person.left_alone(Outcome::NoLongerMatches);
        }
    }
    Ok(())
}

/// R18: whoever has another digest than was `shown` is left alone. What does nothing to them is told as it is.
pub(super) fn leave_who_drifted(plan: &mut Plan, shown: &BTreeMap<UserId, String>) {
    for person in &mut plan.people {
        let has_drifted = shown.get(&person.user).is_some_and(|digest| *digest != person.digest);
        if has_drifted && person.outcome.is_done() {
            *person = person.left_alone(Outcome::PlanChanged);
        }
    }
}
