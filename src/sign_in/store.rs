//! What signing in reads and writes: passwords, sign-ins, links.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{SignInId, UserId};
use entity::kind::Status;
use sea_orm::ConnectionTrait;

use super::rules::{Lifetimes, Login};
use crate::db::clock::Clock;
use crate::db::sql::sql;
use crate::error::Error;
use crate::platform::store::ADMINISTERS_PLATFORM;

/// Sign-ins that one person may have; beyond, the one that was not used for longest ends.
const SIGN_INS: i64 = 50;

/// Somebody who may sign in, and what their password is compared with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Who.
    pub user: UserId,
    /// The hash of their password; none where they have none.
    pub hash: Option<String>,
    /// Whether somebody else set it (R34).
    pub must_change: bool,
}

/// A sign-in as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Which.
    pub id: SignInId,
    /// What the client said of itself.
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, give or take a minute.
    pub last_used_at: DateTime<Utc>,
    /// When it ends, however much it is used.
    pub expires_at: DateTime<Utc>,
}

/// Whoever signs in by this: by the email, or by the username. Always two statements, whoever is found.
pub async fn credentials(db: &impl ConnectionTrait, login: &Login) -> Result<Option<Credentials>, Error> {
    let by_email: Option<(UserId, Option<String>, Option<bool>)> = sql(
        "sign_in.by_email",
        "select u.id, p.hash, p.must_change from users u left join passwords p on p.user_id = u.id
         where u.email_key = {key} and u.status = 'ACTIVE'",
    )
    .bind("key", login.email_key.as_str())
    .one(db)
    .await?;
    let by_username: Option<(UserId, Option<String>, Option<bool>)> = sql(
        "sign_in.by_username",
        "select u.id, p.hash, p.must_change from users u left join passwords p on p.user_id = u.id
         where u.username_key = {key} and u.status = 'ACTIVE'",
    )
    .bind("key", login.username_key.as_str())
    .one(db)
    .await?;
    Ok(by_email.or(by_username).map(|(user, hash, must_change)| Credentials {
        user,
        hash,
        must_change: must_change.unwrap_or(false),
    }))
}

/// The hash of somebody's password; none where they have none, or may not sign in.
pub async fn hash(db: &impl ConnectionTrait, user: UserId) -> Result<Option<String>, Error> {
    let row: Option<(String,)> = sql(
        "sign_in.hash",
        "select p.hash from passwords p join users u on u.id = p.user_id
         where p.user_id = {user} and u.status = 'ACTIVE'",
    )
    .bind("user", user)
    .one(db)
    .await?;
    Ok(row.map(|(hash,)| hash))
}

/// Keeps the hash of somebody's password in place of the one before.
pub async fn set_password(
    db: &impl ConnectionTrait,
    user: UserId,
    hash: &str,
    must_change: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "sign_in.set_password",
        "insert into passwords (user_id, hash, must_change, set_at) values ({user}, {hash}, {must_change}, {now})
         on conflict (user_id) do update set hash = {hash}, must_change = {must_change}, set_at = {now}",
    )
    .bind("user", user)
    .bind("hash", hash)
    .bind("must_change", must_change)
    .bind("now", now)
    .exactly(db, 1)
    .await
}

/// Writes a sign-in, and when the person last signed in. What has ended is tidied away.
pub async fn begin(
    db: &impl ConnectionTrait,
    user: UserId,
    sha256: &str,
    user_agent: Option<&str>,
    lifetimes: Lifetimes,
    now: DateTime<Utc>,
) -> Result<SignIn, Error> {
    sql(
        "sign_in.tidy",
        "delete from sign_ins where user_id = {user} and (expires_at <= {now} or last_used_at <= {idle})",
    )
    .bind("user", user)
    .bind("now", now)
    .bind("idle", now - lifetimes.idle)
    .execute(db)
    .await?;
    sql(
        "sign_in.trim",
        "delete from sign_ins where id in
            (select id from sign_ins where user_id = {user} order by last_used_at desc limit 1000 offset {kept})",
    )
    .bind("user", user)
    .bind("kept", SIGN_INS - 1)
    .execute(db)
    .await?;
    let expires_at = now + lifetimes.absolute;
    let (id,) = sql(
        "sign_in.begin",
        "insert into sign_ins (user_id, sha256, user_agent, created_at, last_used_at, expires_at)
         values ({user}, {sha256}, {user_agent}, {now}, {now}, {expires_at}) returning id",
    )
    .bind("user", user)
    .bind("sha256", sha256)
    .bind("user_agent", user_agent.map(str::to_owned))
    .bind("now", now)
    .bind("expires_at", expires_at)
    .only(db)
    .await?;
    came(db, user, now).await?;
    let user_agent = user_agent.map(str::to_owned);
    Ok(SignIn { id, user_agent, created_at: now, last_used_at: now, expires_at })
}

/// Notes that somebody has signed in.
pub async fn came(db: &impl ConnectionTrait, user: UserId, now: DateTime<Utc>) -> Result<(), Error> {
    sql("sign_in.last", "update users set last_sign_in_at = {now} where id = {user}")
        .bind("now", now)
        .bind("user", user)
        .exactly(db, 1)
        .await
}

/// As [`came`], of an account that still signs in, and at most once an hour.
pub async fn came_again(db: &impl ConnectionTrait, user: UserId, now: DateTime<Utc>) -> Result<(), Error> {
    sql(
        "sign_in.again",
        "update users set last_sign_in_at = {now} where id = {user} and status = 'ACTIVE'
            and (last_sign_in_at is null or last_sign_in_at < {an_hour_ago})",
    )
    .bind("now", now)
    .bind("user", user)
    .bind("an_hour_ago", now - TimeDelta::hours(1))
    .execute(db)
    .await?;
    Ok(())
}

/// Whose secret this is the hash of, by which sign-in, and whether it is time to note that it was used. None where it
/// has ended: by its time, or because the account has changed its state since.
pub async fn shown(
    db: &impl ConnectionTrait,
    clock: &Clock,
    lifetimes: Lifetimes,
    sha256: &str,
) -> Result<Option<((UserId, SignInId, bool), bool)>, Error> {
    let row: Option<(UserId, SignInId, i64, i64)> = sql(
        "sign_in.shown",
        format!(
            "select s.user_id, s.id, {ADMINISTERS_PLATFORM},
                cast(case when s.last_used_at < {{a_minute_ago}} then 1 else 0 end as bigint)
             from sign_ins s join users u on u.id = s.user_id
             where s.sha256 = {{sha256}} and u.status = 'ACTIVE' and s.created_at >= u.status_since
               and s.expires_at > {{now}} and s.last_used_at > {{idle}}"
        ),
    )
    .bind("sha256", sha256)
    .time("now", clock.moment(TimeDelta::zero()))
    .time("a_minute_ago", clock.moment(-TimeDelta::minutes(1)))
    .time("idle", clock.moment(-lifetimes.idle))
    .one(db)
    .await?;
    Ok(row.map(|(user, id, administers, is_due)| ((user, id, administers == 1), is_due == 1)))
}

/// Notes that a sign-in was used.
pub async fn used(db: &impl ConnectionTrait, id: SignInId, now: DateTime<Utc>) -> Result<(), Error> {
    sql("sign_in.used", "update sign_ins set last_used_at = {now} where id = {id}")
        .bind("now", now)
        .bind("id", id)
        .execute(db)
        .await?;
    Ok(())
}

/// Somebody's sign-ins, the one used last first.
pub async fn of_user(
    db: &impl ConnectionTrait,
    user: UserId,
    lifetimes: Lifetimes,
    now: DateTime<Utc>,
) -> Result<Vec<SignIn>, Error> {
    type Row = (SignInId, Option<String>, DateTime<Utc>, DateTime<Utc>, DateTime<Utc>);
    let rows: Vec<Row> = sql(
        "sign_in.of_user",
        "select s.id, s.user_agent, s.created_at, s.last_used_at, s.expires_at
         from sign_ins s join users u on u.id = s.user_id
         where s.user_id = {user} and s.created_at >= u.status_since and s.expires_at > {now}
           and s.last_used_at > {idle}
         order by s.last_used_at desc, s.id desc",
    )
    .bind("user", user)
    .bind("now", now)
    .bind("idle", now - lifetimes.idle)
    .all(db)
    .await?;
    let read = |(id, user_agent, created_at, last_used_at, expires_at)| SignIn {
        id,
        user_agent,
        created_at,
        last_used_at,
        expires_at,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Ends a sign-in of `user`; whether there was one.
pub async fn end(db: &impl ConnectionTrait, user: UserId, id: SignInId) -> Result<bool, Error> {
    let ended = sql("sign_in.end", "delete from sign_ins where user_id = {user} and id = {id}")
        .bind("user", user)
        .bind("id", id)
        .execute(db)
        .await?;
    Ok(ended > 0)
}

/// Ends every sign-in of `user` but `kept`; how many.
pub async fn end_others(
    db: &impl ConnectionTrait,
    user: UserId,
    kept: Option<SignInId>,
) -> Result<u64, Error> {
    sql("sign_in.end_others", "delete from sign_ins where user_id = {user} and id <> {kept}")
        .bind("user", user)
        .bind("kept", kept.map_or(0, i64::from))
        .execute(db)
        .await
}

/// Keeps the hash of a link by which `user` chooses a password, in place of those before.
pub async fn add_link(
    db: &impl ConnectionTrait,
    user: UserId,
    sha256: &str,
    email_key: &str,
    lasts: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    end_links(db, user).await?;
    sql(
        "sign_in.add_link",
        "insert into password_links (sha256, user_id, email_key, created_at, expires_at)
         values ({sha256}, {user}, {email_key}, {now}, {expires_at})",
    )
    .bind("sha256", sha256)
    .bind("user", user)
    .bind("email_key", email_key)
    .bind("now", now)
    .bind("expires_at", now + lasts)
    .exactly(db, 1)
    .await
}

/// Whose password the link of this hash sets, as long as it works: the account is active and has been all the while,
/// the address is still theirs.
pub async fn link(
    db: &impl ConnectionTrait,
    sha256: &str,
    now: DateTime<Utc>,
) -> Result<Option<UserId>, Error> {
    let row: Option<(UserId,)> = sql(
        "sign_in.link",
        "select u.id from password_links l join users u on u.id = l.user_id
         where l.sha256 = {sha256} and l.expires_at > {now} and u.status = 'ACTIVE'
           and l.created_at >= u.status_since and l.email_key = u.email_key",
    )
    .bind("sha256", sha256)
    .bind("now", now)
    .one(db)
    .await?;
    Ok(row.map(|(user,)| user))
}

/// Ends every link of `user`.
pub async fn end_links(db: &impl ConnectionTrait, user: UserId) -> Result<(), Error> {
    sql("sign_in.end_links", "delete from password_links where user_id = {user}")
        .bind("user", user)
        .execute(db)
        .await?;
    Ok(())
}

/// Where letters to somebody go: the address, as typed; none where they have none.
pub async fn address(db: &impl ConnectionTrait, user: UserId) -> Result<Option<String>, Error> {
    let row: Option<(Option<String>,)> = sql("sign_in.address", "select email from users where id = {user}")
        .bind("user", user)
        .one(db)
        .await?;
    Ok(row.and_then(|(email,)| email))
}

/// The state of the account that reserves the email of this key (R24), who it is, and the address as typed.
pub async fn reserved(
    db: &impl ConnectionTrait,
    email_key: &str,
) -> Result<Option<(UserId, Status, String)>, Error> {
    sql(
        "sign_in.reserved",
        "select id, status, email from users
         where email_key = {email_key} and status in {reserving}",
    )
    .kinds("reserving", Status::listed(Status::reserves_email))
    .bind("email_key", email_key)
    .one(db)
    .await
}

/// When a sign-in of `user` began; none where there is none.
pub async fn began(
    db: &impl ConnectionTrait,
    user: UserId,
    id: SignInId,
) -> Result<Option<DateTime<Utc>>, Error> {
    let row: Option<(DateTime<Utc>,)> =
        sql("sign_in.began", "select created_at from sign_ins where id = {id} and user_id = {user}")
            .bind("id", id)
            .bind("user", user)
            .one(db)
            .await?;
    Ok(row.map(|(began,)| began))
}

/// Whether `user` was sent a link to this address since an hour ago that still works, by which they choose another
/// password.
pub async fn was_asked_lately(
    db: &impl ConnectionTrait,
    user: UserId,
    email_key: &str,
    lasts: TimeDelta,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let row: Option<(UserId,)> = sql(
        "sign_in.was_asked_lately",
        "select l.user_id from password_links l join users u on u.id = l.user_id
         where l.user_id = {user} and l.email_key = {email_key} and l.created_at > {since}
           and l.created_at >= u.status_since and l.expires_at > {now} and l.expires_at <= {until}
         limit 1",
    )
    .bind("user", user)
    .bind("email_key", email_key)
    .bind("since", now - lasts)
    .bind("now", now)
    .bind("until", now + lasts)
    .one(db)
    .await?;
    Ok(row.is_some())
}
