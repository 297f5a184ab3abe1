//! The rows of activities.

use chrono::{DateTime, Utc};
use entity::id::{ActivityId, CourseId, UserId};
use sea_orm::ConnectionTrait;

use crate::db::sql::sql;
use crate::error::Error;
use crate::keys;

/// An activity as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Its course.
    pub course: CourseId,
    /// Who owns it.
    pub owner: UserId,
    /// What it is called.
    pub title: String,
}

/// The activity; none where there is none.
pub async fn activity(db: &impl ConnectionTrait, activity: ActivityId) -> Result<Option<Activity>, Error> {
    let row =
        sql("activities.activity", "select course_id, owner_id, title from activities where id = {activity}")
            .bind("activity", activity)
            .one(db)
            .await?;
    Ok(row.map(|(course, owner, title)| Activity { course, owner, title }))
}

/// Adds an activity; its id.
pub async fn add(
    db: &impl ConnectionTrait,
    course: CourseId,
    owner: UserId,
    title: &str,
    copied_from: Option<ActivityId>,
    now: DateTime<Utc>,
) -> Result<ActivityId, Error> {
    let (activity,) = sql(
        "activities.add",
        "insert into activities (course_id, owner_id, title, title_key, search_key, copied_from_id, created_at)
         values ({course}, {owner}, {title}, {title_key}, {search_key}, {copied_from}, {now}) returning id",
    )
    .bind("course", course)
    .bind("owner", owner)
    .bind("title", title)
    .bind("title_key", keys::sort_key(title))
    .bind("search_key", keys::search_key(title))
    .bind("copied_from", copied_from)
    .bind("now", now)
    .only(db)
    .await?;
    Ok(activity)
}

/// Gives an activity another title.
pub async fn rename(db: &impl ConnectionTrait, activity: ActivityId, title: &str) -> Result<(), Error> {
    sql(
        "activities.rename",
        "update activities set title = {title}, title_key = {title_key}, search_key = {search_key} where id = {activity}",
    )
    .bind("title", title)
    .bind("title_key", keys::sort_key(title))
    .bind("search_key", keys::search_key(title))
    .bind("activity", activity)
    .exactly(db, 1)
    .await
}
