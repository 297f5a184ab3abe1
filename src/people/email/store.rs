//! Addresses that wait to be confirmed.

use chrono::{DateTime, Utc};
use entity::id::UserId;
use entity::kind::Status;
use sea_orm::ConnectionTrait;

use crate::db::sql::{Rows, sql};
use crate::error::Error;

/// An address that waits for its link to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Whose it is to be.
    pub user: UserId,
    /// As typed.
    pub email: String,
    /// `email` folded.
    pub email_key: String,
}

/// Who reserves one of these addresses although it does not count yet: key and person.
pub async fn reserved(
    db: &impl ConnectionTrait,
    keys: &[&str],
    now: DateTime<Utc>,
) -> Result<Vec<(String, UserId)>, Error> {
    sql(
        "email.reserved",
        "select c.email_key, c.user_id from email_changes c join users u on u.id = c.user_id
         where c.email_key in (select email_key from {wanted}) and c.expires_at > {now}
           and u.status in {reserving}",
    )
    .kinds("reserving", Status::listed(Status::reserves_email))
    .rows("wanted", Rows::new().texts("email_key", keys.iter().copied()))
    .bind("now", now)
    .all(db)
    .await
}

/// The address that waits for `user`.
pub async fn pending(
    db: &impl ConnectionTrait,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Option<Pending>, Error> {
    let row: Option<(String, String)> = sql(
        "email.pending",
        "select email, email_key from email_changes where user_id = {user} and expires_at > {now}",
    )
    .bind("user", user)
    .bind("now", now)
    .one(db)
    .await?;
    Ok(row.map(|(email, email_key)| Pending { user, email, email_key }))
}

/// Lets an address wait for its link, in place of the one before. Nobody else may reserve it.
pub async fn wait(
    db: &impl ConnectionTrait,
    pending: &Pending,
    sha256: &str,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    // Whose reservation is over stands in nobody's way.
    sql(
        "email.make_room",
        "delete from email_changes where user_id = {user} or (email_key = {email_key} and expires_at <= {now})",
    )
    .bind("user", pending.user)
    .bind("email_key", pending.email_key.as_str())
    .bind("now", now)
    .execute(db)
    .await?;
    sql(
        "email.wait",
        "insert into email_changes (user_id, email, email_key, sha256, created_at, expires_at)
         values ({user}, {email}, {email_key}, {sha256}, {now}, {expires_at})",
    )
    .bind("user", pending.user)
    .bind("email", pending.email.as_str())
    .bind("email_key", pending.email_key.as_str())
    .bind("sha256", sha256)
    .bind("now", now)
    .bind("expires_at", expires_at)
    .exactly(db, 1)
    .await
}

/// Lets no address wait for `user` any more.
pub async fn forget(db: &impl ConnectionTrait, user: UserId) -> Result<(), Error> {
    sql("email.forget", "delete from email_changes where user_id = {user}")
        .bind("user", user)
        .execute(db)
        .await?;
    Ok(())
}

/// The address that the link of this hash confirms, as long as it works: it is not too old, and the account reserves its
/// emails and has not changed its state since.
pub async fn by_link(
    db: &impl ConnectionTrait,
    sha256: &str,
    now: DateTime<Utc>,
) -> Result<Option<Pending>, Error> {
    let row: Option<(UserId, String, String)> = sql(
        "email.by_link",
        "select c.user_id, c.email, c.email_key from email_changes c join users u on u.id = c.user_id
         where c.sha256 = {sha256} and c.expires_at > {now} and c.created_at >= u.status_since
           and u.status in {reserving}",
    )
    .kinds("reserving", Status::listed(Status::reserves_email))
    .bind("sha256", sha256)
    .bind("now", now)
    .one(db)
    .await?;
    Ok(row.map(|(user, email, email_key)| Pending { user, email, email_key }))
}

/// Notes since when an address counts that nobody has confirmed; none: it is confirmed.
pub async fn set_unconfirmed(
    db: &impl ConnectionTrait,
    user: UserId,
    since: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    sql("email.set_unconfirmed", "update users set email_unconfirmed_since = {since} where id = {user}")
        .bind("since", since)
        .bind("user", user)
        .exactly(db, 1)
        .await
}
