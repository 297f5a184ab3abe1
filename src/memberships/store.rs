//! What granting roles reads and writes.

use chrono::{DateTime, Utc};
use entity::id::{GroupId, UserId};
use entity::kind::Role;
use sea_orm::ConnectionTrait;

use crate::db::sql::{Rows, sql};
use crate::error::Error;

/// One role of one person in one group.
pub type Row = (UserId, GroupId, Role);

/// Which of `rows` are held already.
pub async fn held(db: &impl ConnectionTrait, rows: &[Row]) -> Result<Vec<Row>, Error> {
    sql(
        "memberships.held",
        "select m.user_id, m.group_id, m.role from memberships m
         where (m.user_id, m.group_id, m.role) in (select user_id, group_id, role from {wanted})",
    )
    .rows("wanted", table(rows))
    .all(db)
    .await
}

/// Writes `rows`, none of which is held.
pub async fn add(
    db: &impl ConnectionTrait,
    rows: &[Row],
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "memberships.add",
        "insert into memberships (user_id, group_id, role, granted_by, granted_at)
         select user_id, group_id, role, {by}, {now} from {granted} where true on conflict do nothing",
    )
    .rows("granted", table(rows))
    .bind("by", by)
    .bind("now", now)
    .exactly(db, rows.len())
    .await
}

fn table(rows: &[Row]) -> Rows {
    Rows::new()
        .numbers("user_id", rows.iter().map(|(user, ..)| *user))
        .numbers("group_id", rows.iter().map(|(_, group, _)| *group))
        .texts("role", rows.iter().map(|(.., role)| role.as_str()))
}
