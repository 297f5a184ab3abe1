//! The rows of progress.

use chrono::{DateTime, Utc};
use entity::id::{CourseId, UserId};
use sea_orm::ConnectionTrait;

use crate::db::sql::sql;
use crate::error::Error;
use crate::sessions::store::{Of, participations};

/// Whether somebody has to do with a course: enrolled in it, begun it, or in a session of a path that it is part of.
pub async fn takes(db: &impl ConnectionTrait, user: UserId, course: CourseId) -> Result<bool, Error> {
    let found: Option<(i64,)> = sql(
        "progress.takes",
        format!(
            "select cast(1 as bigint)
             where exists (select 1 from course_enrolments where course_id = {{course}} and user_id = {{user}})
                or exists (select 1 from progress where user_id = {{user}} and course_id = {{course}})
                or exists (select 1 from ({people}) p
                           join sessions s on s.id = p.session_id
                           join path_courses pc on pc.path_id = s.path_id
                           where pc.course_id = {{course}})",
            people = participations(Of::Users("= {user}"))
        ),
    )
    .bind("user", user)
    .bind("course", course)
    .one(db)
    .await?;
    Ok(found.is_some())
}

/// Records how far somebody is.
pub async fn record(
    db: &impl ConnectionTrait,
    course: CourseId,
    user: UserId,
    percent: i32,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "progress.record",
        "insert into progress (user_id, course_id, percent, started_at, updated_at, completed_at)
         values ({user}, {course}, {percent}, {now}, {now}, {completed_at})
         on conflict (user_id, course_id) do update
         set percent = excluded.percent, updated_at = excluded.updated_at,
             completed_at = case when excluded.completed_at is null then null
                 else coalesce(progress.completed_at, excluded.completed_at) end",
    )
    .bind("user", user)
    .bind("course", course)
    .bind("percent", percent)
    .bind("now", now)
    .bind("completed_at", (percent == 100).then_some(now))
    .exactly(db, 1)
    .await
}
