//! A removal before it runs (R18).

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::GroupId;
use entity::kind::{Outcome, PrivateSubgroups as Private};
use futures::future::try_join_all;

use super::about;
use super::effect::{self, RemovalEffect};
use super::job::RemovalOutcomeCount;
use super::record::Removal;
use super::warning::RemovalWarning;
use crate::graphql::connection::{self, Connection, Paging};
use crate::graphql::context::load;
use crate::graphql::error::ApiError;
use crate::graphql::group::Group;
use crate::graphql::id::GlobalId;
use crate::graphql::kinds::{PrivateSubgroups, RemovalOutcome};
use crate::graphql::prompt::Prompts;
use crate::graphql::thing::Thing;
use crate::graphql::user::User;
use crate::queries::removals::{DeletionDates, LastDeletions};
use crate::removal::batch::Totals;
use crate::removal::plan::{PersonPlan, Plan};
use crate::removal::preview::{Answer, Foreseen, Preview};
use crate::removal::request::Request;

/// What a removal would do now. Nothing was changed. To do exactly this, send the `digest` along with the mutation.
#[derive(Clone, Debug)]
pub struct RemovalPlan {
    request: Request,
    preview: Arc<Preview>,
    kind: Which,
}

/// Which of the plans of a preview is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Asked,
    Kept,
    Removed,
}

/// What would happen to one person.
#[derive(Clone, Debug)]
pub struct PersonRemovalPlan(Arc<PersonPlan>);

/// An entry of the list that means nobody.
#[derive(Clone, Debug, SimpleObject)]
pub struct UnresolvedEntry {
    /// The entry as typed.
    typed: String,
    /// Why it means nobody: `NOT_FOUND` for a person or group that does not exist or that you may not see, `INVALID_EMAIL`,
    /// or `PLATFORM_GROUP` for an entry that names the platform group.
    outcome: RemovalOutcome,
}

/// How much would go, stay and move in all.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RemovalTotals {
    /// People named, each counted once, or once with each group.
    people: i64,
    /// How often each outcome would come up, entries that mean nobody included.
    outcomes: Vec<RemovalOutcomeCount>,
    /// Memberships that would go.
    memberships_removed: i64,
    /// Memberships that would stay.
    memberships_kept: i64,
    /// Participations in sessions that would end.
    sessions_left: i64,
    /// Seats in upcoming slots that would be released.
    seats_released: i64,
    /// Individual enrolments in sessions that would go.
    enrolments_removed: i64,
    /// Places as co-author or co-instructor that would go.
    places_removed: i64,
    /// Courses that would get another main author.
    courses_handed_over: i64,
    /// Paths that would get another main author.
    paths_handed_over: i64,
    /// Sessions that would get another main instructor.
    sessions_handed_over: i64,
    /// Accounts that would end.
    accounts_deleted: i64,
    /// The number that `confirmCount` has to say where it is asked for (R29): the accounts that would end and are active,
    /// suspended or deactivated. For a request that names one person, it counts the accounts that went in the last 24 hours
    /// as well.
    confirm_count: i64,
}

/// How much would be done to one person, by kind of effect.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct RemovalEffectCounts {
    /// Memberships that would go.
    memberships_removed: i64,
    /// Memberships that would stay.
    memberships_kept: i64,
    /// Participations in sessions that would end.
    sessions_left: i64,
    /// Seats in upcoming slots that would be released.
    seats_released: i64,
    /// Individual enrolments in sessions that would go.
    enrolments_removed: i64,
    /// Places as co-author or co-instructor that would go.
    places_removed: i64,
    /// Courses that would get another main author.
    courses_handed_over: i64,
    /// Paths that would get another main author.
    paths_handed_over: i64,
    /// Sessions that would get another main instructor.
    sessions_handed_over: i64,
}

impl RemovalPlan {
    /// What `preview` shows.
    pub fn of(preview: Preview) -> RemovalPlan {
        RemovalPlan { request: preview.request, preview: Arc::new(preview), kind: Which::Asked }
    }

    fn plan(&self) -> Option<&Plan> {
        self.foreseen().map(|foreseen| &foreseen.plan)
    }

    fn foreseen(&self) -> Option<&Foreseen> {
        match (&self.preview.answer, self.kind) {
            (Answer::Decided { foreseen, .. }, _) => Some(foreseen),
            (Answer::Undecided { kept, .. }, Which::Kept) => Some(kept),
            (Answer::Undecided { removed, .. }, Which::Removed) => Some(removed),
            (Answer::Undecided { .. }, Which::Asked) => None,
        }
    }

    fn answered(&self, answer: Private, kind: Which) -> Option<RemovalPlan> {
        match (&self.preview.answer, self.kind) {
            (Answer::Undecided { .. }, Which::Asked) => {
                let request = self.request.answered(answer);
                Some(RemovalPlan { request, preview: self.preview.clone(), kind })
            }
            _ => None,
        }
    }
}

/// What a removal would do now. Nothing was changed. To do exactly this, send the `digest` along with the mutation.
#[Object]
impl RemovalPlan {
    /// Stands for everything that would be done: sent along with the mutation, exactly this is done or nothing. Null
    /// while the question of private subgroups is open.
    async fn digest(&self) -> Option<String> {
        self.plan().map(|plan| plan.digest(&self.request))
    }

    /// What would happen to private subgroups (R6): as asked, or either where both come to the same. Null while the
    /// question is open.
    async fn private_subgroups(&self) -> Option<PrivateSubgroups> {
        match (&self.preview.answer, self.kind) {
            (Answer::Decided { private_subgroups, .. }, _) => Some((*private_subgroups).into()),
            (Answer::Undecided { .. }, Which::Asked) => None,
            (Answer::Undecided { .. }, Which::Kept) => Some(PrivateSubgroups::Keep),
            (Answer::Undecided { .. }, Which::Removed) => Some(PrivateSubgroups::Remove),
        }
    }

    /// The groups in which keeping and removing private subgroups differ, of those you may see: empty unless the
    /// question is open.
    async fn undecided_groups(&self, ctx: &Context<'_>) -> Result<Prompts<Group>, ApiError> {
        match (&self.preview.answer, self.kind) {
            (Answer::Undecided { groups: differing, .. }, Which::Asked) => {
                groups(ctx, differing.seen.iter().copied()).await
            }
            _ => Ok(Prompts::default()),
        }
    }

    /// How many more such groups there are that you may not see.
    async fn undecided_hidden_count(&self) -> i64 {
        match (&self.preview.answer, self.kind) {
            (Answer::Undecided { groups, .. }, Which::Asked) => groups.hidden as i64,
            _ => 0,
        }
    }

    /// The plan if private subgroups are kept; null unless the question is open.
    async fn if_kept(&self) -> Option<RemovalPlan> {
        self.answered(Private::Keep, Which::Kept)
    }

    /// The plan if private subgroups are removed; null unless the question is open.
    async fn if_removed(&self) -> Option<RemovalPlan> {
        self.answered(Private::Remove, Which::Removed)
    }

    /// How much would go, stay and move in all; null while the question of private subgroups is open.
    async fn totals(&self) -> Option<RemovalTotals> {
        self.plan().map(|plan| totals(plan, &self.preview))
    }

    /// What to know before doing it; none while the question of private subgroups is open.
    async fn warnings(&self) -> Vec<RemovalWarning> {
        let warnings = self.foreseen().map(|foreseen| foreseen.warnings.clone()).unwrap_or_default();
        warnings.into_iter().map(RemovalWarning::from).collect()
    }

    /// What would happen to each person, in order of id. A person who is named with several groups comes once for each, from
    /// the deepest group up, as the removals are done one after the other. Null while the question of private subgroups is
    /// open.
    async fn people(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<Connection<PersonRemovalPlan>>, ApiError> {
        let Some(plan) = self.plan() else { return Ok(None) };
        let people = plan.people.iter().cloned().map(Arc::new).collect();
        let paging = Paging { first, after, last, before };
        connection::of_items("removal.people", Arc::new(people), &paging).map(Some)
    }

    /// Entries of the list that mean nobody.
    async fn unresolved(&self) -> Prompts<UnresolvedEntry> {
        let entry = |item: &crate::removal::list::Item| {
            Some(UnresolvedEntry { typed: item.typed.clone()?, outcome: item.outcome?.into() })
        };
        self.preview.list.items.iter().filter_map(entry).collect()
    }

    /// How many entries of the list were left out because they named somebody again.
    async fn duplicates(&self) -> i64 {
        self.preview.list.duplicates as i64
    }
}

impl From<Arc<PersonPlan>> for PersonRemovalPlan {
    fn from(plan: Arc<PersonPlan>) -> PersonRemovalPlan {
        PersonRemovalPlan(plan)
    }
}

/// What would happen to one person.
#[Object]
impl PersonRemovalPlan {
    /// The id of the person.
    async fn user_id(&self) -> ID {
        self.0.user.global()
    }

    /// Who; null if you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        User::load(ctx, self.0.user).await
    }

    /// The id of the group that is named for this person alone; null if the request names one for all or none, or if you may
    /// not see it.
    async fn group_id(&self, ctx: &Context<'_>) -> Result<Option<ID>, ApiError> {
        match self.0.group {
            Some(group) => about::group_id(ctx, group).await,
            None => Ok(None),
        }
    }

    /// The group that is named for this person alone; null where there is none, and if you may not see it.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        match self.0.group {
            Some(group) => Group::load(ctx, group).await,
            None => Ok(None),
        }
    }

    /// What would become of them.
    async fn outcome(&self) -> RemovalOutcome {
        self.0.outcome.into()
    }

    /// Stands for what would be done to this person.
    async fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The groups in which you lack a right, of those you may see: where the outcome is `FORBIDDEN` (R15).
    async fn missing_rights(&self, ctx: &Context<'_>) -> Result<Prompts<Group>, ApiError> {
        groups(ctx, self.0.missing.iter().copied()).await
    }

    /// The groups that would still keep the person: where the outcome is `REMOVED_NOT_DELETED` or `NOTHING_REACHED`.
    async fn kept_in(&self, ctx: &Context<'_>) -> Result<Prompts<Group>, ApiError> {
        groups(ctx, self.0.kept_in()).await
    }

    /// How much would go, stay and move: the effects, counted by kind.
    async fn effect_counts(&self) -> RemovalEffectCounts {
        let mut totals = Totals::default();
        totals.add_effects(&self.0);
        RemovalEffectCounts {
            memberships_removed: totals.memberships_removed,
            memberships_kept: totals.memberships_kept,
            sessions_left: totals.sessions_left,
            seats_released: totals.seats_released,
            enrolments_removed: totals.enrolments_removed,
            places_removed: totals.places_removed,
            courses_handed_over: totals.courses_handed_over,
            paths_handed_over: totals.paths_handed_over,
            sessions_handed_over: totals.sessions_handed_over,
        }
    }

    /// With `ALREADY_DELETED`: when the account was deleted. Else null.
    async fn deleted_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>, ApiError> {
        match self.0.outcome {
            Outcome::AlreadyDeleted => load::<DeletionDates>(ctx, self.0.user).await,
            _ => Ok(None),
        }
    }

    /// With `ALREADY_DELETED`: the removal that deleted the account, if there is a record of it that you may see. Else null.
    async fn removal(&self, ctx: &Context<'_>) -> Result<Option<Removal>, ApiError> {
        match self.0.outcome {
            Outcome::AlreadyDeleted => Ok(load::<LastDeletions>(ctx, self.0.user).await?.map(Removal::from)),
            _ => Ok(None),
        }
    }

    /// What would go, stay and move, with the reason of each, as far as you may see it.
    async fn effects(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<RemovalEffect>, ApiError> {
        let effects = Arc::new(effect::seen(ctx, self.0.effects.clone()).await?);
        connection::of_items("removal.effects", effects, &Paging { first, after, last, before })
    }

    /// How many more effects there would be, on groups, sessions and works that you may not see.
    async fn hidden_count(&self, ctx: &Context<'_>) -> Result<usize, ApiError> {
        Ok(self.0.effects.len() - effect::seen(ctx, self.0.effects.clone()).await?.len())
    }
}

pub(super) async fn groups(
    ctx: &Context<'_>,
    ids: impl IntoIterator<Item = GroupId>,
) -> Result<Prompts<Group>, ApiError> {
    let found = try_join_all(ids.into_iter().map(|id| Group::load(ctx, id))).await?;
    Ok(found.into_iter().flatten().collect())
}

impl RemovalTotals {
    /// What `totals` say of so many people.
    pub fn of(people: i64, totals: &Totals) -> RemovalTotals {
        let count = |(outcome, count): (&Outcome, &i64)| RemovalOutcomeCount {
            outcome: (*outcome).into(),
            count: *count,
        };
        RemovalTotals {
            people,
            outcomes: totals.outcomes.iter().map(count).collect(),
            memberships_removed: totals.memberships_removed,
            memberships_kept: totals.memberships_kept,
            sessions_left: totals.sessions_left,
            seats_released: totals.seats_released,
            enrolments_removed: totals.enrolments_removed,
            places_removed: totals.places_removed,
            courses_handed_over: totals.courses_handed_over,
            paths_handed_over: totals.paths_handed_over,
            sessions_handed_over: totals.sessions_handed_over,
            accounts_deleted: totals.accounts_deleted,
            confirm_count: totals.confirm_count,
        }
    }
}

fn totals(plan: &Plan, preview: &Preview) -> RemovalTotals {
    let mut totals = Totals::default();
    totals.add(plan, preview.confirm_count(plan));
    preview.list.items.iter().filter_map(|item| item.outcome).for_each(|outcome| totals.add_outcome(outcome));
    RemovalTotals::of(preview.list.items.len() as i64, &totals)
}
