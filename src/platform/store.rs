//! What is read of the platform as a whole.

use chrono::{DateTime, Utc};
use entity::id::{GroupId, UserId};
use entity::kind::Privacy;
use sea_orm::ConnectionTrait;

use crate::db::sql::sql;
use crate::error::Error;

/// Whether the person, a table `users` called `u`, administers the platform: 1 or 0.
pub const ADMINISTERS_PLATFORM: &str = "cast(case when exists (
        select 1 from platform p join memberships m on m.group_id = p.root_group_id
        where m.user_id = u.id and m.role = 'ADMINISTRATOR') then 1 else 0 end as bigint)";

/// The platform's own row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// What it is called.
    pub name: String,
    /// The one user who can never be removed (R14).
    pub owner: UserId,
    /// The platform group (R1).
    pub root: GroupId,
    /// The IANA name of its time zone.
    pub time_zone: String,
    /// Seats there are; none means no limit (R22).
    pub seat_limit: Option<i64>,
    /// Per cent of the accounts that may go in a day without a typed count (R29).
    pub safety_share: i64,
    /// Changes whenever the tree does.
    pub tree_revision: i64,
    /// The group that people who sign up become learners of (R34); none where nobody signs up.
    pub sign_up_group: Option<GroupId>,
}

/// The platform.
pub async fn platform(db: &impl ConnectionTrait) -> Result<Platform, Error> {
    let (name, owner, root, time_zone, seat_limit, safety_share, tree_revision, sign_up_group) = sql(
        "platform.platform",
        "select name, owner_id, root_group_id, time_zone, seat_limit, safety_share, tree_revision,
            sign_up_group_id
         from platform",
    )
    .only(db)
    .await?;
    Ok(Platform { name, owner, root, time_zone, seat_limit, safety_share, tree_revision, sign_up_group })
}

/// Every group: id, parent, privacy.
pub async fn groups(db: &impl ConnectionTrait) -> Result<Vec<(GroupId, Option<GroupId>, Privacy)>, Error> {
    sql("platform.groups", "select id, parent_id, privacy from groups order by id").all(db).await
}

/// Draws a new revision of the tree: to be done by whatever changes it.
pub async fn tree_changed(db: &impl ConnectionTrait, revision: i64) -> Result<(), Error> {
    sql("platform.tree_changed", "update platform set tree_revision = {revision}")
        .bind("revision", revision)
        .exactly(db, 1)
        .await
}

/// Writes the settings: name, time zone, seat limit, safety share, the group of who signs up.
pub async fn update(db: &impl ConnectionTrait, platform: &Platform) -> Result<(), Error> {
    sql(
        "platform.update",
        "update platform set name = {name}, time_zone = {time_zone}, seat_limit = {seat_limit},
            safety_share = {safety_share}, sign_up_group_id = {sign_up_group}",
    )
    .bind("sign_up_group", platform.sign_up_group)
    .bind("name", platform.name.as_str())
    .bind("time_zone", platform.time_zone.as_str())
    .bind("seat_limit", platform.seat_limit)
    .bind("safety_share", platform.safety_share)
    .exactly(db, 1)
    .await
}

/// Whether there is a platform: not so in a database that was only migrated.
pub async fn exists(db: &impl ConnectionTrait) -> Result<bool, Error> {
    let row: Option<(i64,)> = sql("platform.exists", "select id from platform").one(db).await?;
    Ok(row.is_some())
}

/// Makes `owner` the platform's owner (R14).
pub async fn set_owner(db: &impl ConnectionTrait, owner: UserId) -> Result<(), Error> {
    sql("platform.set_owner", "update platform set owner_id = {owner}")
        .bind("owner", owner)
        .exactly(db, 1)
        .await
}

/// Makes `user` an administrator of `root`, by the operator, unless they are one; whether they were not.
pub async fn appoint(
    db: &impl ConnectionTrait,
    user: UserId,
    root: GroupId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let appointed = sql(
        "platform.appoint",
        "insert into memberships (user_id, group_id, role, granted_by, granted_at)
         values ({user}, {root}, 'ADMINISTRATOR', null, {now}) on conflict do nothing",
    )
    .bind("user", user)
    .bind("root", root)
    .bind("now", now)
    .execute(db)
    .await?;
    Ok(appointed > 0)
}

/// Clears the dates set for `user` (R25).
pub async fn clear_dates(db: &impl ConnectionTrait, user: UserId) -> Result<(), Error> {
    sql("platform.clear_dates", "delete from dates where user_id = {user}")
        .bind("user", user)
        .execute(db)
        .await?;
    Ok(())
}
