//! The rows of courses.

use chrono::{DateTime, Utc};
use entity::id::CourseId;
use sea_orm::ConnectionTrait;

use crate::db::sql::sql;
use crate::error::Error;
use crate::keys;
use crate::works::Standing;

/// Adds a course; its id.
pub async fn add(
    db: &impl ConnectionTrait,
    title: &str,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<CourseId, Error> {
    let (course,) = sql(
        "courses.add",
        "insert into courses (title, title_key, search_key, group_id, main_author_id, created_at)
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
    Ok(course)
}

/// Gives a course another title.
pub async fn rename(db: &impl ConnectionTrait, course: CourseId, title: &str) -> Result<(), Error> {
    sql(
        "courses.rename",
        "update courses set title = {title}, title_key = {title_key}, search_key = {search_key} where id = {course}",
    )
    .bind("title", title)
    .bind("title_key", keys::sort_key(title))
    .bind("search_key", keys::search_key(title))
    .bind("course", course)
    .exactly(db, 1)
    .await
}
