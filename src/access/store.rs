//! What access reads and writes: tokens and memberships of the caller.

use chrono::{DateTime, Utc};
use entity::id::{GroupId, UserId};
use entity::kind::{Role, Status};
use sea_orm::ConnectionTrait;

use crate::db::sql::sql;
use crate::error::Error;

/// Whether `user` may sign in, and what they are where.
pub async fn standing(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<(bool, Vec<(GroupId, Role)>), Error> {
    let rows: Vec<(Status, Option<GroupId>, Option<Role>)> = sql(
        "access.standing",
        "select u.status, m.group_id, m.role from users u left join memberships m on m.user_id = u.id
         where u.id = {user}",
    )
    .bind("user", user)
    .all(db)
    .await?;
    let signs_in = rows.first().is_some_and(|(status, ..)| *status == Status::Active);
    Ok((signs_in, rows.into_iter().filter_map(|(_, group, role)| Some((group?, role?))).collect()))
}

/// Whose token has this hash, while they may sign in.
pub async fn bearer(db: &impl ConnectionTrait, sha256: &str) -> Result<Option<UserId>, Error> {
    let row: Option<(UserId,)> = sql(
        "access.bearer",
        "select u.id from tokens t join users u on u.id = t.user_id
         where t.sha256 = {sha256} and u.status = 'ACTIVE'",
    )
    .bind("sha256", sha256)
    .one(db)
    .await?;
    Ok(row.map(|(user,)| user))
}

/// Who reserves the email of this key (R24), and their state.
pub async fn by_email(db: &impl ConnectionTrait, email_key: &str) -> Result<Option<(UserId, Status)>, Error> {
    sql(
        "access.by_email",
        "select id, status from users
         where email_key = {email_key} and status in ('ACTIVE', 'SUSPENDED', 'DEACTIVATED')",
    )
    .bind("email_key", email_key)
    .one(db)
    .await
}

/// Keeps the hash of a token of `user`.
pub async fn add_token(
    db: &impl ConnectionTrait,
    user: UserId,
    sha256: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "access.add_token",
        "insert into tokens (user_id, sha256, created_at) values ({user}, {sha256}, {now})",
    )
    .bind("user", user)
    .bind("sha256", sha256)
    .bind("now", now)
    .exactly(db, 1)
    .await
}
