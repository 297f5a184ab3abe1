//! The rows of paths and of their courses.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::id::{CourseId, GroupId, PathId};
use sea_orm::ConnectionTrait;

use crate::db::sql::{Rows, sql};
use crate::error::Error;
use crate::keys;
use crate::works::Standing;

/// Adds a path without courses; its id.
pub async fn add(
    db: &impl ConnectionTrait,
    title: &str,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<PathId, Error> {
    let (path,) = sql(
        "paths.add",
        "insert into paths (title, title_key, search_key, group_id, main_author_id, created_at)
         values ({title}, {title_key}, {search_key}, {group}, {main_author}, {now}) returning id",
    )
    .bind("title", title)
    .bind("title_key", keys::sort_key(title))
    .bind("search_key", keys::search_key(title))
    .bind("group", standing.group)
    .bind("main_author", standing.main)
    .bind("now", now)
    .only(db)
    .await?;
    Ok(path)
}

/// Gives a path another title.
pub async fn rename(db: &impl ConnectionTrait, path: PathId, title: &str) -> Result<(), Error> {
    sql(
        "paths.rename",
        "update paths set title = {title}, title_key = {title_key}, search_key = {search_key} where id = {path}",
    )
    .bind("title", title)
    .bind("title_key", keys::sort_key(title))
    .bind("search_key", keys::search_key(title))
    .bind("path", path)
    .exactly(db, 1)
    .await
}

/// The owner groups of those of `courses` that exist.
pub async fn groups_of_courses(
    db: &impl ConnectionTrait,
    courses: &[CourseId],
) -> Result<BTreeMap<CourseId, GroupId>, Error> {
    if courses.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(CourseId, GroupId)> =
        sql("paths.groups_of_courses", "select id, group_id from courses where id in {courses}")
            .ids("courses", courses.iter().copied())
            .all(db)
            .await?;
    Ok(rows.into_iter().collect())
}

/// Takes all courses out of a path.
pub async fn clear_courses(db: &impl ConnectionTrait, path: PathId) -> Result<u64, Error> {
    sql("paths.clear_courses", "delete from path_courses where path_id = {path}")
        .bind("path", path)
        .execute(db)
        .await
}

/// Puts courses into a path that has none, at the positions from 1 on.
pub async fn add_courses(db: &impl ConnectionTrait, path: PathId, courses: &[CourseId]) -> Result<(), Error> {
    let rows = Rows::new()
        .numbers("course_id", courses.iter().copied())
        .numbers("position", (1i64..).take(courses.len()));
    sql(
        "paths.add_courses",
        "insert into path_courses (path_id, course_id, position)
         select {path}, course_id, position from {listed} where true",
    )
    .bind("path", path)
    .rows("listed", rows)
    .exactly(db, courses.len())
    .await
}
