//! Carrying a plan out: one statement a table, rows counted against the plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::id::{GroupId, JobId, RecordId, UserId, WorkId};
use entity::kind::{Cause, Outcome, PrivateSubgroups, Role, Status, Work};
use sea_orm::ConnectionTrait;

use crate::db::sql::{Rows, sql};
use crate::error::Error;
use crate::removal::plan::{Effect, PersonPlan, Plan, VERSION};

/// What is the same for every record of a chunk (R17).
#[derive(Clone, Debug)]
pub struct Context {
    /// Who removes; none for the platform itself.
    pub actor: Option<UserId>,
    /// Who had set what the platform carries out.
    pub on_behalf_of: Option<UserId>,
    /// The time of all of it.
    pub now: DateTime<Utc>,
    /// Why it was asked for.
    pub cause: Cause,
    /// Why an account ends by it (R9.1).
    pub deletion_cause: Cause,
    /// The group that was named, where none is for a person alone.
    pub group: GroupId,
    /// The role that was named.
    pub role: Option<Role>,
    /// The answer to R6.
    pub private_subgroups: PrivateSubgroups,
    /// The job it is part of.
    pub job: Option<JobId>,
}

/// Does what `plan` says, and nothing else; the record of everybody to whom something was done.
///
/// # Errors
/// [`Error::Drift`] when the database is no longer what the plan was decided on.
pub async fn apply(
    db: &impl ConnectionTrait,
    plan: &Arc<Plan>,
    context: &Context,
) -> Result<BTreeMap<UserId, RecordId>, Error> {
    let done: Vec<&PersonPlan> = plan.done().collect();
    if done.is_empty() {
        return Ok(BTreeMap::new());
    }
    // Written while the database is busy with what comes before the records.
    let documents = tokio::task::spawn_blocking({
        let plan = plan.clone();
        move || documents(&plan)
    });
    memberships(db, &done).await?;
    seats(db, &done).await?;
    enrolments(db, &done).await?;
    places(db, &done).await?;
    hand_over(db, &done).await?;
    let deleted: Vec<UserId> =
        done.iter().filter(|person| person.outcome == Outcome::Deleted).map(|person| person.user).collect();
    if !deleted.is_empty() {
        accounts(db, &deleted, context).await?;
        sweep(db, &deleted, context.now).await?;
    }
    posts(db, &done, context.now).await?;
    let documents = documents.await.map_err(|_| Error::Broken("effects can be written down"))??;
    let records = records(db, &done, documents, context).await?;
    hand_overs(db, &done, &records).await?;
    Ok(records)
}

/// Everybody's effects of one kind.
fn each<'a, T>(people: &[&'a PersonPlan], pick: impl Fn(UserId, &'a Effect) -> Option<T>) -> Vec<T> {
    people
        .iter()
        .flat_map(|person| person.effects.iter().map(|effect| (person.user, effect)))
        .filter_map(|(user, effect)| pick(user, effect))
        .collect()
}

/// Whose account ends keeps none (R7), which is found by the person alone, three times as fast as row by row; which they
/// were is kept as rows besides the record, for those who administer the groups (R26).
async fn memberships(db: &impl ConnectionTrait, people: &[&PersonPlan]) -> Result<(), Error> {
    let going = |people: &[&PersonPlan]| {
        each(people, |user, effect| match effect {
            Effect::MembershipRemoved { group, role, .. } => Some((user, *group, *role)),
            _ => None,
        })
    };
    let (ending, staying): (Vec<_>, Vec<_>) =
        people.iter().copied().partition(|person| person.outcome == Outcome::Deleted);
    sql(
        "removal.keep_former_memberships",
        "insert into former_memberships (group_id, user_id, role)
         select group_id, user_id, role from memberships where user_id in {users} order by group_id, user_id, role",
    )
    .ids("users", ending.iter().map(|person| person.user))
    .exactly(db, going(&ending).len())
    .await?;
    sql("removal.remove_every_membership", "delete from memberships where user_id in {users}")
        .ids("users", ending.iter().map(|person| person.user))
        .exactly(db, going(&ending).len())
        .await?;
    let gone = going(&staying);
    let rows = Rows::new()
        .numbers("user_id", gone.iter().map(|(user, ..)| *user))
        .numbers("group_id", gone.iter().map(|(_, group, _)| *group))
        .texts("role", gone.iter().map(|(.., role)| role.as_str()));
    sql(
        "removal.remove_memberships",
        "delete from memberships where (user_id, group_id, role) in (select user_id, group_id, role from {gone})",
    )
    .rows("gone", rows)
    .exactly(db, gone.len())
    .await
}

async fn seats(db: &impl ConnectionTrait, people: &[&PersonPlan]) -> Result<(), Error> {
    let released = each(people, |user, effect| match effect {
        Effect::SeatReleased { slot, kind, .. } => Some((*slot, user, *kind)),
        _ => None,
    });
    let rows = Rows::new()
        .numbers("slot_id", released.iter().map(|(slot, ..)| *slot))
        .numbers("user_id", released.iter().map(|(_, user, _)| *user))
        .texts("kind", released.iter().map(|(.., kind)| kind.as_str()));
    sql(
        "removal.release_seats",
        "delete from slot_registrations
         where (slot_id, user_id, kind) in (select slot_id, user_id, kind from {released})",
    )
    .rows("released", rows)
    .exactly(db, released.len())
    .await
}

async fn enrolments(db: &impl ConnectionTrait, people: &[&PersonPlan]) -> Result<(), Error> {
    let gone = each(people, |user, effect| match effect {
        Effect::EnrolmentRemoved { session, .. } => Some((*session, user)),
        _ => None,
    });
    let rows = Rows::new()
        .numbers("session_id", gone.iter().map(|(session, _)| *session))
        .numbers("user_id", gone.iter().map(|(_, user)| *user));
    sql(
        "removal.remove_enrolments",
        "delete from session_enrolments where (session_id, user_id) in (select session_id, user_id from {gone})",
    )
    .rows("gone", rows)
    .exactly(db, gone.len())
    .await
}

/// The places of the leavers, and those that successors give up.
async fn places(db: &impl ConnectionTrait, people: &[&PersonPlan]) -> Result<(), Error> {
    let gone = each(people, |user, effect| match effect {
        Effect::PlaceRemoved { work, .. } => Some((*work, user)),
        Effect::HandedOver { work, to, former_rank: Some(_), .. } => Some((*work, *to)),
        _ => None,
    });
    for (kind, name, text) in [
        (
            Work::Course,
            "removal.remove_course_places",
            "delete from course_co_authors where (course_id, user_id) in (select work_id, user_id from {gone})",
        ),
        (
            Work::Path,
            "removal.remove_path_places",
            "delete from path_co_authors where (path_id, user_id) in (select work_id, user_id from {gone})",
        ),
        (
            Work::Session,
            "removal.remove_session_places",
            "delete from session_co_instructors
             where (session_id, user_id) in (select work_id, user_id from {gone})",
        ),
    ] {
        let gone: Vec<_> = gone.iter().filter(|(work, _)| work.kind() == kind).collect();
        let rows = Rows::new()
            .numbers("work_id", gone.iter().map(|(work, _)| work.number()))
            .numbers("user_id", gone.iter().map(|(_, user)| *user));
        sql(name, text).rows("gone", rows).exactly(db, gone.len()).await?;
    }
    Ok(())
}

/// Guarded by the former owner: a work that meanwhile has another one is drift.
async fn hand_over(db: &impl ConnectionTrait, people: &[&PersonPlan]) -> Result<(), Error> {
    let moved: Vec<(WorkId, UserId, UserId)> = each(people, |user, effect| match effect {
        Effect::HandedOver { work, to, .. } => Some((*work, user, *to)),
        _ => None,
    });
    for (kind, name, text) in [
        (
            Work::Course,
            "removal.hand_over_courses",
            "update courses set main_author_id = moved.to_id from {moved}
             where courses.id = moved.work_id and courses.main_author_id = moved.from_id",
        ),
        (
            Work::Path,
            "removal.hand_over_paths",
            "update paths set main_author_id = moved.to_id from {moved}
             where paths.id = moved.work_id and paths.main_author_id = moved.from_id",
        ),
        (
            Work::Session,
            "removal.hand_over_sessions",
            "update sessions set main_instructor_id = moved.to_id from {moved}
             where sessions.id = moved.work_id and sessions.main_instructor_id = moved.from_id",
        ),
    ] {
        let moved: Vec<_> = moved.iter().filter(|(work, ..)| work.kind() == kind).collect();
        let rows = Rows::new()
            .numbers("work_id", moved.iter().map(|(work, ..)| work.number()))
            .numbers("from_id", moved.iter().map(|(_, from, _)| *from))
            .numbers("to_id", moved.iter().map(|(.., to)| *to));
        sql(name, text).rows("moved", rows).exactly(db, moved.len()).await?;
    }
    Ok(())
}

/// R9.1.
async fn accounts(db: &impl ConnectionTrait, deleted: &[UserId], context: &Context) -> Result<(), Error> {
    sql(
        "removal.delete_accounts",
        "update users set status = 'DELETED', status_since = {now}, deleted_at = {now}, deletion_cause = {cause},
            deleted_by = {actor}
         where id in {deleted} and status in {living}",
    )
    .kinds("living", Status::listed(Status::is_living))
    .ids("deleted", deleted.iter().copied())
    .bind("now", context.now)
    .bind("cause", context.deletion_cause)
    .bind("actor", context.actor)
    .exactly(db, deleted.len())
    .await
}

/// R9.2, R9.7, R24: what ends with the account and needs no decision.
async fn sweep(db: &impl ConnectionTrait, deleted: &[UserId], now: DateTime<Utc>) -> Result<(), Error> {
    sql(
        "removal.release_external_ids",
        "update external_ids set reserved = false where user_id in {deleted}",
    )
    .ids("deleted", deleted.iter().copied())
    .execute(db)
    .await?;
    sql("removal.sweep_tokens", "delete from tokens where user_id in {deleted}")
        .ids("deleted", deleted.iter().copied())
        .execute(db)
        .await?;
    sql("removal.sweep_sign_ins", "delete from sign_ins where user_id in {deleted}")
        .ids("deleted", deleted.iter().copied())
        .execute(db)
        .await?;
    sql("removal.sweep_password_links", "delete from password_links where user_id in {deleted}")
        .ids("deleted", deleted.iter().copied())
        .execute(db)
        .await?;
    sql("removal.sweep_email_changes", "delete from email_changes where user_id in {deleted}")
        .ids("deleted", deleted.iter().copied())
        .execute(db)
        .await?;
    sql("removal.sweep_dates", "delete from dates where user_id in {deleted}")
        .ids("deleted", deleted.iter().copied())
        .execute(db)
        .await?;
    sql(
        "removal.cancel_subscriptions",
        "update subscriptions set cancelled_at = {now} where user_id in {deleted} and cancelled_at is null",
    )
    .ids("deleted", deleted.iter().copied())
    .bind("now", now)
    .execute(db)
    .await?;
    Ok(())
}

/// R9.6.
async fn posts(db: &impl ConnectionTrait, people: &[&PersonPlan], now: DateTime<Utc>) -> Result<(), Error> {
    let authors = each(people, |user, effect| match effect {
        Effect::PostsAnonymized { .. } => Some(user),
        _ => None,
    });
    if authors.is_empty() {
        return Ok(());
    }
    sql(
        "removal.anonymize_posts",
        "update posts set anonymized_at = {now} where author_id in {authors} and anonymized_at is null",
    )
    .ids("authors", authors)
    .bind("now", now)
    .execute(db)
    .await?;
    Ok(())
}

/// The effects of everybody to whom something is done, as records keep them.
fn documents(plan: &Plan) -> Result<Vec<String>, Error> {
    plan.done().map(|person| Ok(serde_json::to_string(&person.effects)?)).collect()
}

/// R17.
async fn records(
    db: &impl ConnectionTrait,
    people: &[&PersonPlan],
    documents: Vec<String>,
    context: &Context,
) -> Result<BTreeMap<UserId, RecordId>, Error> {
    let rows = Rows::new()
        .numbers("user_id", people.iter().map(|person| person.user))
        .texts("outcome", people.iter().map(|person| person.outcome.as_str()))
        .texts("digest", people.iter().map(|person| person.digest.as_str()))
        .texts("effects", documents)
        .numbers("group_id", people.iter().map(|person| person.group.unwrap_or(context.group)));
    let written: Vec<(UserId, RecordId)> = sql(
        "removal.records",
        "insert into records (kind, user_id, actor_id, on_behalf_of, cause, outcome, group_id, role,
            private_subgroups, job_id, at, digest, version, effects)
         select 'REMOVAL', people.user_id, {actor}, {behalf},
            case when people.outcome = 'DELETED' then {deletion_cause} else {cause} end,
            people.outcome, people.group_id, {role}, {private}, {job}, {now}, people.digest, {version}, people.effects
         from {people} where true returning user_id, id",
    )
    .rows("people", rows)
    .bind("actor", context.actor)
    .bind("behalf", context.on_behalf_of)
    .bind("cause", context.cause)
    .bind("deletion_cause", context.deletion_cause)
    .bind("role", context.role)
    .bind("private", context.private_subgroups)
    .bind("job", context.job)
    .bind("now", context.now)
    .bind("version", VERSION)
    .all(db)
    .await?;
    Ok(written.into_iter().collect())
}

/// Hand-overs besides as rows, since they are asked for from both ends.
async fn hand_overs(
    db: &impl ConnectionTrait,
    people: &[&PersonPlan],
    records: &BTreeMap<UserId, RecordId>,
) -> Result<(), Error> {
    let moved = each(people, |user, effect| match effect {
        Effect::HandedOver { work, to, step, former_rank, .. } => {
            Some((*records.get(&user)?, *work, user, *to, *step, *former_rank))
        }
        _ => None,
    });
    let rows = Rows::new()
        .numbers("record_id", moved.iter().map(|(record, ..)| *record))
        .texts("kind", moved.iter().map(|(_, work, ..)| work.kind().as_str()))
        .numbers("work_id", moved.iter().map(|(_, work, ..)| work.number()))
        .numbers("from_id", moved.iter().map(|(_, _, from, ..)| *from))
        .numbers("to_id", moved.iter().map(|(_, _, _, to, ..)| *to))
        .texts("step", moved.iter().map(|(_, _, _, _, step, _)| step.as_str()))
        .numbers_or_null("former_rank", moved.iter().map(|(.., rank)| rank.map(i64::from)));
    sql(
        "removal.hand_overs",
        "insert into hand_overs (record_id, kind, work_id, from_user_id, to_user_id, step, former_rank)
         select record_id, kind, work_id, from_id, to_id, step, former_rank from {moved} where true",
    )
    .rows("moved", rows)
    .exactly(db, moved.len())
    .await
}
