//! What tokens are kept as.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ServiceTokenId, TokenId, UserId};
use sea_orm::ConnectionTrait;

use super::{MOST, NewToken, Scopes};
use crate::db::clock::Clock;
use crate::db::sql::sql;
use crate::error::Error;
use crate::platform::store::ADMINISTERS_PLATFORM;

/// A token as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow<T> {
    /// Which.
    pub id: T,
    /// What it is called; none where the operator made it.
    pub name: Option<String>,
    /// How it begins; none where the operator made it.
    pub hint: Option<String>,
    /// What it may be used for; none: for whatever a token may be used for.
    pub scopes: Option<Scopes>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

type Row<T> = (
    T,
    Option<String>,
    Option<String>,
    Option<String>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
);

fn read<T>((id, name, hint, scopes, created_at, expires_at, last_used_at): Row<T>) -> TokenRow<T> {
    let scopes = scopes.as_deref().map(Scopes::read);
    TokenRow { id, name, hint, scopes, created_at, expires_at, last_used_at }
}

/// Keeps a token of `user`.
pub async fn add(
    db: &impl ConnectionTrait,
    user: UserId,
    name: &str,
    scopes: &Scopes,
    new: &NewToken,
    now: DateTime<Utc>,
) -> Result<TokenId, Error> {
    let (hint, sha256) = &new.drawn;
    let (id,) = sql(
        "tokens.add",
        "insert into tokens (user_id, name, hint, scopes, sha256, created_at, expires_at)
         values ({user}, {name}, {hint}, {scopes}, {sha256}, {now}, {expires_at}) returning id",
    )
    .bind("user", user)
    .bind("name", name)
    .bind("hint", hint.as_str())
    .bind("scopes", scopes.text())
    .bind("sha256", sha256.as_str())
    .bind("now", now)
    .bind("expires_at", new.expires_at)
    .only(db)
    .await?;
    Ok(id)
}

/// Keeps a token of the platform.
pub async fn add_service(
    db: &impl ConnectionTrait,
    creator: UserId,
    name: &str,
    scopes: &Scopes,
    new: &NewToken,
    now: DateTime<Utc>,
) -> Result<ServiceTokenId, Error> {
    let (hint, sha256) = &new.drawn;
    let (id,) = sql(
        "tokens.add_service",
        "insert into service_tokens (name, hint, scopes, sha256, created_by, created_at, expires_at)
         values ({name}, {hint}, {scopes}, {sha256}, {creator}, {now}, {expires_at}) returning id",
    )
    .bind("creator", creator)
    .bind("name", name)
    .bind("hint", hint.as_str())
    .bind("scopes", scopes.text())
    .bind("sha256", sha256.as_str())
    .bind("now", now)
    .bind("expires_at", new.expires_at)
    .only(db)
    .await?;
    Ok(id)
}

/// Keeps the hash of a token of `user` that the operator made: for whatever a token may be used for, without end.
pub async fn add_by_operator(
    db: &impl ConnectionTrait,
    user: UserId,
    sha256: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "tokens.add_by_operator",
        "insert into tokens (user_id, sha256, created_at) values ({user}, {sha256}, {now})",
    )
    .bind("user", user)
    .bind("sha256", sha256)
    .bind("now", now)
    .exactly(db, 1)
    .await
}

/// The tokens of `user`, the newest first.
pub async fn of_user(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<TokenRow<TokenId>>, Error> {
    let rows: Vec<Row<TokenId>> = sql(
        "tokens.of_user",
        "select id, name, hint, scopes, created_at, expires_at, last_used_at from tokens
         where user_id = {user} order by id desc limit {most}",
    )
    .bind("user", user)
    .bind("most", MOST as i64)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// The tokens of the platform, the newest first.
pub async fn of_platform(db: &impl ConnectionTrait) -> Result<Vec<TokenRow<ServiceTokenId>>, Error> {
    let rows: Vec<Row<ServiceTokenId>> = sql(
        "tokens.of_platform",
        "select id, name, hint, scopes, created_at, expires_at, last_used_at from service_tokens
         order by id desc limit {most}",
    )
    .bind("most", MOST as i64)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// A token that works: whose it is, which it is, its scopes, and whether it is time to note that it was used.
pub type Shown<T> = (T, Option<Scopes>, bool);

/// Whose token this is the hash of, while it works and they may sign in; and whether they administer the platform.
pub async fn shown(
    db: &impl ConnectionTrait,
    clock: &Clock,
    sha256: &str,
) -> Result<Option<Shown<(UserId, TokenId, bool)>>, Error> {
    let row: Option<(UserId, TokenId, i64, Option<String>, i64)> = sql(
        "tokens.shown",
        format!(
            "select t.user_id, t.id, {ADMINISTERS_PLATFORM}, t.scopes,
                cast(case when t.last_used_at >= {{a_minute_ago}} then 0 else 1 end as bigint)
             from tokens t join users u on u.id = t.user_id
             where t.sha256 = {{sha256}} and u.status = 'ACTIVE' and t.created_at >= u.status_since
               and (t.expires_at is null or t.expires_at > {{now}})"
        ),
    )
    .bind("sha256", sha256)
    .time("now", clock.moment(TimeDelta::zero()))
    .time("a_minute_ago", clock.moment(-TimeDelta::minutes(1)))
    .one(db)
    .await?;
    Ok(row.map(|(user, id, administers, scopes, is_due)| {
        ((user, id, administers == 1), scopes.as_deref().map(Scopes::read), is_due == 1)
    }))
}

/// Which token of the platform this is the hash of, while it works.
pub async fn service_shown(
    db: &impl ConnectionTrait,
    clock: &Clock,
    sha256: &str,
) -> Result<Option<Shown<ServiceTokenId>>, Error> {
    let row: Option<(ServiceTokenId, String, i64)> = sql(
        "tokens.service_shown",
        "select t.id, t.scopes,
            cast(case when t.last_used_at >= {a_minute_ago} then 0 else 1 end as bigint)
         from service_tokens t
         where t.sha256 = {sha256} and (t.expires_at is null or t.expires_at > {now})",
    )
    .bind("sha256", sha256)
    .time("now", clock.moment(TimeDelta::zero()))
    .time("a_minute_ago", clock.moment(-TimeDelta::minutes(1)))
    .one(db)
    .await?;
    Ok(row.map(|(id, scopes, is_due)| (id, Some(Scopes::read(&scopes)), is_due == 1)))
}

/// Notes that a token was used.
pub async fn used(db: &impl ConnectionTrait, token: TokenId, now: DateTime<Utc>) -> Result<(), Error> {
    sql("tokens.used", "update tokens set last_used_at = {now} where id = {token}")
        .bind("now", now)
        .bind("token", token)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that a token of the platform was used.
pub async fn service_used(
    db: &impl ConnectionTrait,
    token: ServiceTokenId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("tokens.service_used", "update service_tokens set last_used_at = {now} where id = {token}")
        .bind("now", now)
        .bind("token", token)
        .execute(db)
        .await?;
    Ok(())
}

/// Revokes a token of `user`; whether there was one.
pub async fn revoke(db: &impl ConnectionTrait, user: UserId, token: TokenId) -> Result<bool, Error> {
    let revoked = sql("tokens.revoke", "delete from tokens where id = {token} and user_id = {user}")
        .bind("token", token)
        .bind("user", user)
        .execute(db)
        .await?;
    Ok(revoked > 0)
}

/// Revokes a token of the platform; whether there was one.
pub async fn revoke_service(db: &impl ConnectionTrait, token: ServiceTokenId) -> Result<bool, Error> {
    let revoked = sql("tokens.revoke_service", "delete from service_tokens where id = {token}")
        .bind("token", token)
        .execute(db)
        .await?;
    Ok(revoked > 0)
}
