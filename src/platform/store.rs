//! What is read of the platform as a whole.

use entity::id::{GroupId, UserId};
use entity::kind::Privacy;
use sea_orm::ConnectionTrait;

use crate::db::sql::sql;
use crate::error::Error;

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
}

/// The platform.
pub async fn platform(db: &impl ConnectionTrait) -> Result<Platform, Error> {
    let (name, owner, root, time_zone, seat_limit, safety_share, tree_revision) = sql(
        "platform.platform",
        "select name, owner_id, root_group_id, time_zone, seat_limit, safety_share, tree_revision from platform",
    )
    .only(db)
    .await?;
    Ok(Platform { name, owner, root, time_zone, seat_limit, safety_share, tree_revision })
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

/// Writes the settings: name, time zone, seat limit.
pub(super) async fn update(db: &impl ConnectionTrait, platform: &Platform) -> Result<(), Error> {
    sql(
        "platform.update",
        "update platform set name = {name}, time_zone = {time_zone}, seat_limit = {seat_limit}",
    )
    .bind("name", platform.name.as_str())
    .bind("time_zone", platform.time_zone.as_str())
    .bind("seat_limit", platform.seat_limit)
    .exactly(db, 1)
    .await
}
