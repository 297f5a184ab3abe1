//! Facts, read in a number of statements that does not grow with the people.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::id::{GroupId, JobId, SessionId, SlotId, UserId};
use entity::kind::{AudienceKind, Role, SeatKind, Status};
use sea_orm::ConnectionTrait;

use crate::db::sql::{Rows, sql};
use crate::error::Error;
use crate::ownership;
use crate::removal::facts::{Enrolment, Facts, Membership, Person, Seat, Session, Standing};
use crate::removal::request::Part;
use crate::removal::warning::TokensInUse;

/// The tables that [`standings`] and [`facts`] read row by row, and whose each row is.
const BROUGHT: [(&str, &str); 11] = [
    ("memberships", "user_id"),
    ("session_captures", "user_id"),
    ("session_enrolments", "user_id"),
    ("session_exclusions", "user_id"),
    ("slot_registrations", "user_id"),
    ("course_co_authors", "user_id"),
    ("path_co_authors", "user_id"),
    ("session_co_instructors", "user_id"),
    ("courses", "main_author_id"),
    ("paths", "main_author_id"),
    ("sessions", "main_instructor_id"),
];

/// Who of `parts` exists, their state and memberships; in order of id and group, as `parts` are.
///
/// # Errors
/// [`Error::TooMuch`] where there are more than `most` memberships, or what broke.
pub async fn standings(
    db: &impl ConnectionTrait,
    parts: &[Part],
    most: Option<usize>,
) -> Result<Vec<Standing>, Error> {
    let mut users: Vec<UserId> = parts.iter().map(|(user, _)| *user).collect();
    users.dedup();
    let states: Vec<(UserId, Status)> =
        sql("removal.states", "select id, status from users where id in {users} order by id")
            .ids("users", users.iter().copied())
            .all(db)
            .await?;
    let rows: Vec<(UserId, GroupId, Role, Option<UserId>, DateTime<Utc>)> = sql(
        "removal.memberships",
        "select user_id, group_id, role, granted_by, granted_at from memberships
         where user_id in {users}",
    )
    .ids("users", users.iter().copied())
    .at_most(most)
    .all(db)
    .await?;
    let mut memberships: BTreeMap<UserId, Vec<Membership>> = BTreeMap::new();
    for (user, group, role, granted_by, granted_at) in rows {
        memberships.entry(user).or_default().push(Membership { group, role, granted_by, granted_at });
    }
    let mut standings: Vec<Standing> = Vec::with_capacity(parts.len());
    let mut parts = parts.iter().copied().peekable();
    for (user, status) in states {
        let mut memberships = memberships.remove(&user).unwrap_or_default();
        memberships.sort_unstable_by_key(|membership| (membership.group, membership.role));
        // Who does not exist is passed over.
        while parts.next_if(|(other, _)| *other < user).is_some() {}
        let mut of_person = std::iter::from_fn(|| parts.next_if(|(other, _)| *other == user)).peekable();
        while let Some((_, named)) = of_person.next() {
            let is_last = of_person.peek().is_none();
            let memberships = if is_last { std::mem::take(&mut memberships) } else { memberships.clone() };
            standings.push(Standing { user, status, memberships, named });
        }
    }
    Ok(standings)
}

/// What `users` take part in, with what they are learners of in `learner_groups`; and what `deleted`, some of them,
/// own.
///
/// # Errors
/// [`Error::TooMuch`] where they bring more than `most` rows of one kind, or what broke.
pub async fn facts(
    db: &impl ConnectionTrait,
    users: &BTreeSet<UserId>,
    deleted: &BTreeSet<UserId>,
    learner_groups: &BTreeSet<GroupId>,
    now: DateTime<Utc>,
    most: Option<usize>,
) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    if users.is_empty() {
        return Ok(facts);
    }
    let ids = || users.iter().copied();
    let enrolments: Vec<(UserId, SessionId, Option<UserId>, DateTime<Utc>)> = sql(
        "removal.enrolments",
        "select user_id, session_id, granted_by, enrolled_at from session_enrolments
         where user_id in {users} order by user_id, session_id",
    )
    .ids("users", ids())
    .at_most(most)
    .all(db)
    .await?;
    for (user, session, granted_by, enrolled_at) in enrolments {
        person(&mut facts, user).enrolments.push(Enrolment { session, granted_by, enrolled_at });
    }
    let captures: Vec<(UserId, SessionId)> =
        sql("removal.captures", "select user_id, session_id from session_captures where user_id in {users}")
            .ids("users", ids())
            .at_most(most)
            .all(db)
            .await?;
    for (user, session) in captures {
        person(&mut facts, user).captures.insert(session);
    }
    let exclusions: Vec<(UserId, SessionId)> = sql(
        "removal.exclusions",
        "select user_id, session_id from session_exclusions where user_id in {users}",
    )
    .ids("users", ids())
    .at_most(most)
    .all(db)
    .await?;
    for (user, session) in exclusions {
        person(&mut facts, user).exclusions.insert(session);
    }
    let seats: Vec<(UserId, SlotId, SessionId, SeatKind)> = sql(
        "removal.seats",
        "select r.user_id, r.slot_id, s.session_id, r.kind
         from slot_registrations r join slots s on s.id = r.slot_id
         where r.user_id in {users} and s.starts_at > {now} order by r.user_id, r.slot_id, r.kind",
    )
    .ids("users", ids())
    .bind("now", now)
    .at_most(most)
    .all(db)
    .await?;
    for (user, slot, session, kind) in seats {
        person(&mut facts, user).seats.push(Seat { slot, session, kind });
    }
    let audiences: Vec<(GroupId, SessionId)> = sql(
        "removal.audiences",
        "select group_id, session_id from session_groups where group_id in {groups}",
    )
    .ids("groups", learner_groups.iter().copied())
    .all(db)
    .await?;
    for (group, session) in audiences {
        facts.audiences.entry(group).or_default().push(session);
    }
    sessions(db, &mut facts, now).await?;
    if !deleted.is_empty() {
        works(db, &mut facts, deleted).await?;
    }
    Ok(facts)
}

/// How many rows each of `users` brings to what is decided; who brings none is left out.
pub async fn weights(db: &impl ConnectionTrait, users: &[UserId]) -> Result<BTreeMap<UserId, i64>, Error> {
    let each = BROUGHT.map(|(table, of)| {
        format!(
            "select {of} as user_id, count(*) as brought from {table} where {of} in {{users}} group by {of}"
        )
    });
    let text = format!(
        "select user_id, cast(sum(brought) as bigint) from ({}) as each_kind group by user_id",
        each.join(" union all ")
    );
    let weights = sql("removal.weights", text).ids("users", users.iter().copied());
    let rows: Vec<(UserId, i64)> = weights.all(db).await?;
    Ok(rows.into_iter().collect())
}

/// Whether any of `users` is main author, co-author, main instructor, co-instructor or administrator of anything, so
/// that the removal takes part in succession.
pub async fn concerns_succession(db: &impl ConnectionTrait, users: &[UserId]) -> Result<bool, Error> {
    // As rows: of a set, PostgreSQL would estimate each member in each of the tables, which takes longer than to look.
    let found: Option<(i64,)> = sql(
        "removal.concerns_succession",
        "with people as materialized (select id from {users})
         select cast(1 as bigint) where
            exists (select 1 from people cross join courses c where c.main_author_id = people.id)
            or exists (select 1 from people cross join paths p where p.main_author_id = people.id)
            or exists (select 1 from people cross join sessions s where s.main_instructor_id = people.id)
            or exists (select 1 from people cross join course_co_authors c where c.user_id = people.id)
            or exists (select 1 from people cross join path_co_authors p where p.user_id = people.id)
            or exists (select 1 from people cross join session_co_instructors s where s.user_id = people.id)
            or exists (select 1 from people cross join memberships m
                where m.user_id = people.id and m.role = 'ADMINISTRATOR')",
    )
    .rows("users", Rows::new().numbers("id", users.iter().copied()))
    .one(db)
    .await?;
    Ok(found.is_some())
}

/// Tokens of `users` that let somebody in.
pub async fn tokens_in_use(
    db: &impl ConnectionTrait,
    users: &[UserId],
    now: DateTime<Utc>,
) -> Result<Vec<TokensInUse>, Error> {
    sql(
        "removal.tokens_in_use",
        "select t.user_id, count(*), max(t.last_used_at) from tokens t join users u on u.id = t.user_id
         where t.user_id in {users} and u.status = 'ACTIVE' and t.created_at >= u.status_since
           and (t.expires_at is null or t.expires_at > {now})
         group by t.user_id order by t.user_id",
    )
    .ids("users", users.iter().copied())
    .bind("now", now)
    .all(db)
    .await
}

/// Tokens that let somebody in, of those whose accounts end by a job that is prepared.
pub async fn tokens_in_use_of_job(
    db: &impl ConnectionTrait,
    job: JobId,
    now: DateTime<Utc>,
) -> Result<Vec<TokensInUse>, Error> {
    sql(
        "removal.tokens_in_use_of_job",
        "select t.user_id, count(*), max(t.last_used_at)
         from job_items i join tokens t on t.user_id = i.user_id join users u on u.id = i.user_id
         where i.job_id = {job} and i.planned = 'DELETED' and u.status = 'ACTIVE'
           and t.created_at >= u.status_since and (t.expires_at is null or t.expires_at > {now})
         group by t.user_id order by t.user_id",
    )
    .bind("job", job)
    .bind("now", now)
    .all(db)
    .await
}

fn person(facts: &mut Facts, user: UserId) -> &mut Person {
    facts.people.entry(user).or_default()
}

/// The sessions that anything above refers to.
async fn sessions(db: &impl ConnectionTrait, facts: &mut Facts, now: DateTime<Utc>) -> Result<(), Error> {
    let concerned: BTreeSet<SessionId> = facts
        .people
        .values()
        .flat_map(|person| {
            person.captures.iter().copied().chain(person.enrolments.iter().map(|enrolment| enrolment.session))
        })
        .chain(facts.audiences.values().flatten().copied())
        .collect();
    let rows: Vec<(SessionId, AudienceKind, DateTime<Utc>, Option<DateTime<Utc>>)> = sql(
        "removal.sessions",
        "select id, audience_kind, ends_at, captured_at from sessions where id in {sessions}",
    )
    .ids("sessions", concerned)
    .all(db)
    .await?;
    facts.sessions = rows
        .into_iter()
        .map(|(id, audience, ends_at, captured_at)| {
            (id, Session { audience, ended: ends_at <= now, captured: captured_at.is_some() })
        })
        .collect();
    Ok(())
}

/// What `deleted` own, and who may succeed them.
async fn works(
    db: &impl ConnectionTrait,
    facts: &mut Facts,
    deleted: &BTreeSet<UserId>,
) -> Result<(), Error> {
    let owned = ownership::store::owned(db, deleted).await?;
    for (course, user) in owned.courses {
        person(facts, user).courses.push(course);
    }
    for (path, user) in owned.paths {
        person(facts, user).paths.push(path);
    }
    for (session, user) in owned.sessions {
        person(facts, user).instructs.push(session);
    }
    for (work, user, rank) in ownership::store::places(db, deleted).await? {
        person(facts, user).places.push((work, rank));
    }
    facts.candidates = owned.candidates;
    Ok(())
}
