//! The rows of course enrolments.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::id::{CourseId, UserId};
use sea_orm::ConnectionTrait;

use crate::db::sql::sql;
use crate::error::Error;

/// Those of `users` who are enrolled in the course.
pub async fn enrolled(
    db: &impl ConnectionTrait,
    course: CourseId,
    users: &[UserId],
) -> Result<BTreeSet<UserId>, Error> {
    let rows: Vec<(UserId,)> = sql(
        "enrolments.enrolled",
        "select user_id from course_enrolments where course_id = {course} and user_id in {users}",
    )
    .bind("course", course)
    .ids("users", users.iter().copied())
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Enrols `users`, none of whom is.
pub async fn enrol(
    db: &impl ConnectionTrait,
    course: CourseId,
    users: &[UserId],
    granted_by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "enrolments.enrol",
        "insert into course_enrolments (course_id, user_id, granted_by, enrolled_at)
         select {course}, id, {granted_by}, {now} from users where id in {users}",
    )
    .bind("course", course)
    .bind("granted_by", granted_by)
    .bind("now", now)
    .ids("users", users.iter().copied())
    .exactly(db, users.len())
    .await
}

/// Ends the enrolment of `users`, all of whom are enrolled.
pub async fn unenrol(db: &impl ConnectionTrait, course: CourseId, users: &[UserId]) -> Result<(), Error> {
    sql(
        "enrolments.unenrol",
        "delete from course_enrolments where course_id = {course} and user_id in {users}",
    )
    .bind("course", course)
    .ids("users", users.iter().copied())
    .exactly(db, users.len())
    .await
}
