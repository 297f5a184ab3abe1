//! Reading accounts by what they are named by: the one that a name means comes first (R16).

use std::collections::BTreeSet;

use entity::id::UserId;
use entity::kind::Status;
use sea_orm::ConnectionTrait;

use crate::db::sql::{Rows, sql};
use crate::error::Error;
use crate::keys::ExternalId;

/// The accounts of these ids.
pub async fn by_id(
    db: &impl ConnectionTrait,
    ids: &BTreeSet<UserId>,
) -> Result<Vec<(UserId, UserId, Status)>, Error> {
    sql("accounts.by_id", "select id, id, status from users where id in {ids}")
        .ids("ids", ids.iter().copied())
        .all(db)
        .await
}

/// The accounts that have, or had, one of these emails, by their keys.
pub async fn by_email(
    db: &impl ConnectionTrait,
    keys: &BTreeSet<String>,
) -> Result<Vec<(String, UserId, Status)>, Error> {
    by_key(db, "accounts.by_email", "email_key", keys).await
}

/// The accounts that have, or had, one of these usernames, by their keys.
pub async fn by_username(
    db: &impl ConnectionTrait,
    keys: &BTreeSet<String>,
) -> Result<Vec<(String, UserId, Status)>, Error> {
    by_key(db, "accounts.by_username", "username_key", keys).await
}

async fn by_key(
    db: &impl ConnectionTrait,
    name: &'static str,
    column: &str,
    keys: &BTreeSet<String>,
) -> Result<Vec<(String, UserId, Status)>, Error> {
    sql(
        name,
        format!(
            "select u.{column}, u.id, u.status from users u
             where u.{column} in (select name from {{wanted}}) order by {}",
            meant_first()
        ),
    )
    .rows("wanted", Rows::new().texts("name", keys.iter().map(String::as_str)))
    .all(db)
    .await
}

/// The accounts that have, or had, one of these external ids.
pub async fn by_external_id(
    db: &impl ConnectionTrait,
    ids: &BTreeSet<ExternalId>,
) -> Result<Vec<(ExternalId, UserId, Status)>, Error> {
    let rows: Vec<(String, String, UserId, Status)> = sql(
        "accounts.by_external_id",
        format!(
            "select e.system, e.value, u.id, u.status from external_ids e join users u on u.id = e.user_id
             where (e.system, e.value) in (select system, value from {{wanted}}) order by {}",
            meant_first()
        ),
    )
    .rows(
        "wanted",
        Rows::new()
            .texts("system", ids.iter().map(|id| id.system.as_str()))
            .texts("value", ids.iter().map(|id| id.value.as_str())),
    )
    .all(db)
    .await?;
    let holder = |(system, value, user, status)| (ExternalId { system, value }, user, status);
    Ok(rows.into_iter().map(holder).collect())
}

/// The account that reserves a name comes first, then the one deleted last: a table `users` called `u`.
fn meant_first() -> String {
    format!(
        "case when u.status in {} then 0 when u.deleted_at is not null then 1 else 2 end,
            u.deleted_at desc, u.id desc",
        Status::listed(Status::reserves_email)
    )
}
