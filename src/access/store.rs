//! What access reads: who the caller is, and what they are where.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{GroupId, ServiceTokenId, UserId};
use entity::kind::{Role, Status};
use sea_orm::ConnectionTrait;

use crate::db::clock::Clock;
use crate::db::sql::sql;
use crate::error::Error;
use crate::platform::store::ADMINISTERS_PLATFORM;

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

/// Whether the token of the platform was not revoked.
pub async fn service_lives(db: &impl ConnectionTrait, token: ServiceTokenId) -> Result<bool, Error> {
    let row: Option<(i64,)> = sql("access.service_lives", "select id from service_tokens where id = {token}")
        .bind("token", token)
        .one(db)
        .await?;
    Ok(row.is_some())
}

/// Whose confirmed email this is the key of (R24), where they may sign in, and could at that time; whether they administer the platform,
/// and whether it is time to note that they were here.
pub async fn vouched(
    db: &impl ConnectionTrait,
    clock: &Clock,
    email_key: &str,
    at: DateTime<Utc>,
) -> Result<Option<((UserId, bool), bool)>, Error> {
    let row: Option<(UserId, i64, i64)> = sql(
        "access.vouched",
        format!(
            "select u.id, {ADMINISTERS_PLATFORM},
                cast(case when u.last_sign_in_at >= {{an_hour_ago}} then 0 else 1 end as bigint)
             from users u
             where u.email_key = {{email_key}} and u.status = 'ACTIVE' and u.status_since <= {{at}}
                and u.email_unconfirmed_since is null"
        ),
    )
    .bind("email_key", email_key)
    .bind("at", at)
    .time("an_hour_ago", clock.moment(-TimeDelta::hours(1)))
    .one(db)
    .await?;
    Ok(row.map(|(user, administers, is_due)| ((user, administers == 1), is_due == 1)))
}
