//! Audiences: the groups, the individually enrolled, the excluded, the captured of a static one (R8).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::id::{GroupId, SessionId, UserId};
use entity::kind::AudienceKind;
use sea_orm::ConnectionTrait;

use crate::db::sql::sql;
use crate::error::Error;

/// The audience groups of a session, in order of id.
pub async fn groups(db: &impl ConnectionTrait, session: SessionId) -> Result<Vec<GroupId>, Error> {
    let rows: Vec<(GroupId,)> = sql(
        "sessions.groups",
        "select group_id from session_groups where session_id = {session} order by group_id",
    )
    .bind("session", session)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(group,)| group).collect())
}

/// The learners of these groups, in order of id.
pub async fn learners(db: &impl ConnectionTrait, groups: &[GroupId]) -> Result<Vec<UserId>, Error> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(UserId,)> = sql(
        "sessions.learners",
        "select distinct user_id from memberships where group_id in {groups} and role = 'LEARNER'
         order by user_id",
    )
    .ids("groups", groups.iter().copied())
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Whose rows a change of the audience may take away: the captured, and who attends an upcoming slot.
pub async fn concerned(
    db: &impl ConnectionTrait,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<Vec<UserId>, Error> {
    let rows: Vec<(UserId,)> = sql(
        "sessions.concerned",
        "select user_id from session_captures where session_id = {session}
         union
         select r.user_id from slots t join slot_registrations r on r.slot_id = t.id
         where t.session_id = {session} and t.starts_at > {now} and r.kind = 'ATTENDEE'",
    )
    .bind("session", session)
    .bind("now", now)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Gives a session these audience groups, and no other.
pub async fn set_groups(
    db: &impl ConnectionTrait,
    session: SessionId,
    groups: &[GroupId],
) -> Result<(), Error> {
    sql(
        "sessions.drop_groups",
        "delete from session_groups where session_id = {session} and group_id not in {groups}",
    )
    .bind("session", session)
    .ids("groups", groups.iter().copied())
    .execute(db)
    .await?;
    sql(
        "sessions.add_groups",
        "insert into session_groups (session_id, group_id)
         select {session}, id from groups where id in {groups} on conflict do nothing",
    )
    .bind("session", session)
    .ids("groups", groups.iter().copied())
    .execute(db)
    .await?;
    Ok(())
}

/// From now on the session finds its people in this way.
pub async fn set_kind(
    db: &impl ConnectionTrait,
    session: SessionId,
    audience: AudienceKind,
) -> Result<(), Error> {
    sql("sessions.set_kind", "update sessions set audience_kind = {audience} where id = {session}")
        .bind("audience", audience)
        .bind("session", session)
        .exactly(db, 1)
        .await
}

/// Captures the learners of the audience groups who are neither excluded nor captured already.
pub async fn capture_learners(
    db: &impl ConnectionTrait,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    sql(
        "sessions.capture_learners",
        "insert into session_captures (session_id, user_id, carried_by, since, captured_at)
         select sg.session_id, m.user_id, 'GROUP', min(m.granted_at), {now}
         from session_groups sg join memberships m on m.group_id = sg.group_id and m.role = 'LEARNER'
         where sg.session_id = {session}
           and not exists (select 1 from session_exclusions x
                           where x.session_id = sg.session_id and x.user_id = m.user_id)
         group by sg.session_id, m.user_id
         on conflict do nothing",
    )
    .bind("session", session)
    .bind("now", now)
    .execute(db)
    .await
}

/// Drops the captured who are no longer learners of an audience group.
pub async fn drop_former_captures(db: &impl ConnectionTrait, session: SessionId) -> Result<u64, Error> {
    sql(
        "sessions.drop_former_captures",
        "delete from session_captures where session_id = {session} and not exists
            (select 1 from session_groups sg
             join memberships m on m.group_id = sg.group_id and m.role = 'LEARNER'
             where sg.session_id = session_captures.session_id and m.user_id = session_captures.user_id)",
    )
    .bind("session", session)
    .execute(db)
    .await
}

/// Drops everybody captured, of a session that is no longer static.
pub async fn drop_captures(db: &impl ConnectionTrait, session: SessionId) -> Result<u64, Error> {
    sql("sessions.drop_captures", "delete from session_captures where session_id = {session}")
        .bind("session", session)
        .execute(db)
        .await
}

/// Those of `users` who are individually enrolled.
pub async fn enrolled(
    db: &impl ConnectionTrait,
    session: SessionId,
    users: &[UserId],
) -> Result<BTreeSet<UserId>, Error> {
    let rows: Vec<(UserId,)> = sql(
        "sessions.enrolled",
        "select user_id from session_enrolments where session_id = {session} and user_id in {users}",
    )
    .bind("session", session)
    .ids("users", users.iter().copied())
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Those of `users` who are excluded.
pub async fn excluded(
    db: &impl ConnectionTrait,
    session: SessionId,
    users: &[UserId],
) -> Result<BTreeSet<UserId>, Error> {
    let rows: Vec<(UserId,)> = sql(
        "sessions.excluded",
        "select user_id from session_exclusions where session_id = {session} and user_id in {users}",
    )
    .bind("session", session)
    .ids("users", users.iter().copied())
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Enrols `users`, none of whom is.
pub async fn enrol(
    db: &impl ConnectionTrait,
    session: SessionId,
    users: &[UserId],
    granted_by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "sessions.enrol",
        "insert into session_enrolments (session_id, user_id, granted_by, enrolled_at)
         select {session}, id, {granted_by}, {now} from users where id in {users}",
    )
    .bind("session", session)
    .bind("granted_by", granted_by)
    .bind("now", now)
    .ids("users", users.iter().copied())
    .exactly(db, users.len())
    .await
}

/// Ends the enrolment of `users`, all of whom are enrolled.
pub async fn unenrol(db: &impl ConnectionTrait, session: SessionId, users: &[UserId]) -> Result<(), Error> {
    sql(
        "sessions.unenrol",
        "delete from session_enrolments where session_id = {session} and user_id in {users}",
    )
    .bind("session", session)
    .ids("users", users.iter().copied())
    .exactly(db, users.len())
    .await
}

/// Excludes `users`, none of whom is.
pub async fn exclude(
    db: &impl ConnectionTrait,
    session: SessionId,
    users: &[UserId],
    excluded_by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "sessions.exclude",
        "insert into session_exclusions (session_id, user_id, excluded_by, excluded_at)
         select {session}, id, {excluded_by}, {now} from users where id in {users}",
    )
    .bind("session", session)
    .bind("excluded_by", excluded_by)
    .bind("now", now)
    .ids("users", users.iter().copied())
    .exactly(db, users.len())
    .await
}

/// Ends the exclusion of `users`, all of whom are excluded.
pub async fn include(db: &impl ConnectionTrait, session: SessionId, users: &[UserId]) -> Result<(), Error> {
    sql(
        "sessions.include",
        "delete from session_exclusions where session_id = {session} and user_id in {users}",
    )
    .bind("session", session)
    .ids("users", users.iter().copied())
    .exactly(db, users.len())
    .await
}
