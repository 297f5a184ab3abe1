//! Finding the people of a list, each way of naming them in one statement.

use std::collections::{BTreeMap, BTreeSet};

use entity::id::UserId;
use entity::kind::Status;
use sea_orm::ConnectionTrait;

use crate::db::sql::{Rows, sql};
use crate::error::Error;

/// Which of `ids` exist.
pub async fn existing(
    db: &impl ConnectionTrait,
    ids: &BTreeSet<UserId>,
) -> Result<BTreeSet<UserId>, Error> {
    let rows: Vec<(UserId,)> = sql("removal.existing", "select id from users where id in {ids}")
        .ids("ids", ids.iter().copied())
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Every account with one of these email keys, whatever its state, the latest deletion first.
pub async fn with_emails(
    db: &impl ConnectionTrait,
    keys: &BTreeSet<String>,
) -> Result<Vec<(String, UserId, Status)>, Error> {
    sql(
        "removal.with_emails",
        "select u.email_key, u.id, u.status from users u
         where u.email_key in (select email_key from {wanted})
         order by u.deleted_at desc, u.id desc",
    )
    .rows("wanted", Rows::new().texts("email_key", keys.iter().map(String::as_str)))
    .all(db)
    .await
}

/// Who has these external ids (system, value).
pub async fn with_external_ids(
    db: &impl ConnectionTrait,
    wanted: &BTreeSet<(String, String)>,
) -> Result<BTreeMap<(String, String), UserId>, Error> {
    let rows: Vec<(String, String, UserId)> = sql(
        "removal.with_external_ids",
        "select e.system, e.value, e.user_id from external_ids e
         where (e.system, e.value) in (select system, value from {wanted})",
    )
    .rows(
        "wanted",
        Rows::new()
            .texts("system", wanted.iter().map(|(system, _)| system.as_str()))
            .texts("value", wanted.iter().map(|(_, value)| value.as_str())),
    )
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(system, value, user)| ((system, value), user)).collect())
}
