//! Works that lose their owner, and everybody who might succeed: read in a constant number of statements.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::id::{CourseId, GroupId, PathId, SessionId, UserId, WorkId};
use entity::kind::{Status, Work};
use sea_orm::ConnectionTrait;

use super::{Administrator, Candidates, Course, Path, Session};
use crate::db::sql::{Rows, sql};
use crate::error::Error;

/// What somebody owns, and who might succeed them.
#[derive(Clone, Debug, Default)]
pub struct Owned {
    /// Courses with their main author, in order of id.
    pub courses: Vec<(CourseId, UserId)>,
    /// Paths with their main author, in order of id.
    pub paths: Vec<(PathId, UserId)>,
    /// Sessions with their main instructor, in order of id.
    pub sessions: Vec<(SessionId, UserId)>,
    /// Everybody who might succeed in any of them.
    pub candidates: Candidates,
}

/// What `users` are main author or main instructor of.
pub async fn owned(db: &impl ConnectionTrait, users: &BTreeSet<UserId>) -> Result<Owned, Error> {
    let mut owned = Owned::default();
    let courses: Vec<(CourseId, GroupId, UserId)> = sql(
        "ownership.courses",
        "select id, group_id, main_author_id from courses where main_author_id in {users} order by id",
    )
    .ids("users", users.iter().copied())
    .all(db)
    .await?;
    for (course, group, user) in courses {
        owned.courses.push((course, user));
        owned.candidates.courses.insert(course, Course { group, co_authors: Vec::new() });
    }
    let sessions: Vec<(SessionId, PathId, UserId)> = sql(
        "ownership.sessions",
        "select id, path_id, main_instructor_id from sessions where main_instructor_id in {users} order by id",
    )
    .ids("users", users.iter().copied())
    .all(db)
    .await?;
    for (session, path, user) in sessions {
        owned.sessions.push((session, user));
        owned.candidates.sessions.insert(session, Session { path, co_instructors: Vec::new() });
    }
    let of_sessions: BTreeSet<PathId> =
        owned.candidates.sessions.values().map(|session| session.path).collect();
    let paths: Vec<(PathId, GroupId, UserId)> = sql(
        "ownership.paths",
        "select id, group_id, main_author_id from paths where main_author_id in {users}
         union select id, group_id, main_author_id from paths where id in {paths} order by 1",
    )
    .ids("users", users.iter().copied())
    .ids("paths", of_sessions)
    .all(db)
    .await?;
    for (path, group, main_author) in paths {
        if users.contains(&main_author) {
            owned.paths.push((path, main_author));
        }
        owned.candidates.paths.insert(path, Path { group, main_author, co_authors: Vec::new() });
    }
    co_owners(db, &mut owned.candidates).await?;
    administrators(db, &mut owned.candidates).await?;
    states(db, &mut owned.candidates).await?;
    Ok(owned)
}

/// The places of `users` as co-authors and co-instructors, with their ranks.
pub async fn places(
    db: &impl ConnectionTrait,
    users: &BTreeSet<UserId>,
) -> Result<Vec<(WorkId, UserId, i32)>, Error> {
    // As rows: of a set, PostgreSQL would estimate each member in each of the tables, which takes longer than to look.
    let rows: Vec<(Work, i64, UserId, i32)> = sql(
        "ownership.places",
        "with people as materialized (select id from {users})
         select 'COURSE', course_id, user_id, rank from people cross join course_co_authors where user_id = people.id
         union all
         select 'PATH', path_id, user_id, rank from people cross join path_co_authors where user_id = people.id
         union all
         select 'SESSION', session_id, user_id, rank from people cross join session_co_instructors
            where user_id = people.id
         order by 1, 2, 3",
    )
    .rows("users", Rows::new().numbers("id", users.iter().copied()))
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(kind, id, user, rank)| (work(kind, id), user, rank)).collect())
}

async fn co_owners(db: &impl ConnectionTrait, candidates: &mut Candidates) -> Result<(), Error> {
    let rows: Vec<(Work, i64, i32, UserId)> = sql(
        "ownership.co_owners",
        "select 'COURSE', course_id, rank, user_id from course_co_authors where course_id in {courses}
         union all select 'PATH', path_id, rank, user_id from path_co_authors where path_id in {paths}
         union all select 'SESSION', session_id, rank, user_id from session_co_instructors
             where session_id in {sessions}
         order by 1, 2, 3",
    )
    .ids("courses", candidates.courses.keys().copied())
    .ids("paths", candidates.paths.keys().copied())
    .ids("sessions", candidates.sessions.keys().copied())
    .all(db)
    .await?;
    for (kind, id, rank, user) in rows {
        let ranked = match work(kind, id) {
            WorkId::Course(id) => candidates.courses.get_mut(&id).map(|course| &mut course.co_authors),
            WorkId::Path(id) => candidates.paths.get_mut(&id).map(|path| &mut path.co_authors),
            WorkId::Session(id) => {
                candidates.sessions.get_mut(&id).map(|session| &mut session.co_instructors)
            }
        };
        ranked.ok_or(Error::Broken("co-owners are read of works that were read"))?.push((rank, user));
    }
    Ok(())
}

/// The administrators appointed in the owner groups and in their parents.
async fn administrators(db: &impl ConnectionTrait, candidates: &mut Candidates) -> Result<(), Error> {
    let groups: BTreeSet<GroupId> = candidates
        .courses
        .values()
        .map(|course| course.group)
        .chain(candidates.paths.values().map(|path| path.group))
        .collect();
    let rows: Vec<(GroupId, DateTime<Utc>, UserId)> = sql(
        "ownership.administrators",
        "select group_id, granted_at, user_id from memberships
         where role = 'ADMINISTRATOR' and (group_id in {groups}
            or group_id in (select parent_id from groups where id in {groups}))
         order by group_id, granted_at, user_id",
    )
    .ids("groups", groups)
    .all(db)
    .await?;
    for (group, granted_at, user) in rows {
        candidates.administrators.entry(group).or_default().push(Administrator { granted_at, user });
    }
    Ok(())
}

async fn states(db: &impl ConnectionTrait, candidates: &mut Candidates) -> Result<(), Error> {
    let of_works = candidates.courses.values().flat_map(|course| course.co_authors.iter());
    let of_paths = candidates.paths.values().flat_map(|path| path.co_authors.iter());
    let of_sessions = candidates.sessions.values().flat_map(|session| session.co_instructors.iter());
    let everybody: BTreeSet<UserId> = of_works
        .chain(of_paths)
        .chain(of_sessions)
        .map(|(_, user)| *user)
        .chain(candidates.paths.values().map(|path| path.main_author))
        .chain(candidates.administrators.values().flatten().map(|administrator| administrator.user))
        .collect();
    let rows: Vec<(UserId, Status)> =
        sql("ownership.states", "select id, status from users where id in {users}")
            .ids("users", everybody)
            .all(db)
            .await?;
    candidates.status = rows.into_iter().collect();
    Ok(())
}

fn work(kind: Work, id: i64) -> WorkId {
    match kind {
        Work::Course => WorkId::Course(CourseId(id)),
        Work::Path => WorkId::Path(PathId(id)),
        Work::Session => WorkId::Session(SessionId(id)),
    }
}
