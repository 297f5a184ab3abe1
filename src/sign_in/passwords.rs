//! Changing one's own password, setting somebody else's, and choosing one by a link.
//!
//! Whichever way a password changes, every sign-in ends but the one it was changed by, and no link sets another.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::TimeDelta;
use entity::id::{SignInId, UserId};
use entity::kind::Status;
use sea_orm::ConnectionTrait;
use serde::Serialize;

use super::{Desk, hashing, rules, store};
use crate::access::{self, Caller};
use crate::db::{Database, locks};
use crate::error::{Failure, Refusal};
use crate::keys::email_key;
use crate::mail::Letter;
use crate::queries::Sight;
use crate::queries::users::require_seen;
use crate::token::{Kind, Token, sha256};
use crate::transaction::{Tx, snapshot, write};
use crate::tree::TreeCache;
use crate::{people, platform};

/// How long a link works that somebody asked for who forgot their password.
pub const RESET: TimeDelta = TimeDelta::hours(1);
/// How long a link works that somebody is invited by.
pub const INVITATION: TimeDelta = TimeDelta::days(7);

/// A new password for oneself.
#[derive(Clone, Serialize)]
pub struct Changing {
    /// The sign-in that it is changed by.
    pub by: Option<SignInId>,
    #[serde(skip)]
    verified: Option<String>,
    #[serde(skip)]
    hash: String,
}

/// Changes the caller's own password, which takes the one before. Every other sign-in of theirs ends.
///
/// # Errors
/// `BAD_INPUT` for a password that can be none, or is the one before; `RATE_LIMITED`; `INVALID_CREDENTIALS`.
pub async fn change(
    db: &Database,
    desk: &Desk,
    (caller, address): (Caller, IpAddr),
    by: Option<SignInId>,
    (current, new): (String, String),
) -> Result<(), Failure> {
    rules::password("currentPassword", &current)?;
    rules::password("newPassword", &new)?;
    if current == new {
        return Err(Refusal::bad_input(&["newPassword"], "Choose another password.").into());
    }
    let user = caller.user().ok_or(Refusal::Unauthenticated)?;
    let verified = verified(db, desk, (user, address), &current).await?;
    let changing = Changing { by, verified, hash: hashing::hash(&new).await? };
    write(db, caller, None, changing, |tx, changing| Box::pin(changed(tx, changing))).await
}

/// The hash that the current password of `user` was found to fit, to be compared with the one of then where it is relied on.
/// Failures are counted: whoever has somebody's sign-in or token does not find their password out by it.
///
/// # Errors
/// `RATE_LIMITED`, `INVALID_CREDENTIALS`.
pub(super) async fn verified(
    db: &Database,
    desk: &Desk,
    (user, address): (UserId, IpAddr),
    current: &str,
) -> Result<Option<String>, Failure> {
    let attempt = desk.attempts.password(address, &format!("user {}", user.0), None)?;
    let verified = store::hash(&db.read, user).await?;
    if !hashing::fits(current, verified.clone()).await? {
        attempt.failed();
        return Err(Refusal::InvalidCredentials.into());
    }
    Ok(verified)
}

async fn changed(tx: &Tx, changing: &Changing) -> Result<(), Failure> {
    let db = &tx.conn;
    let user = super::oneself(tx).await?;
    if store::hash(db, user).await? != changing.verified {
        return Err(Refusal::InvalidCredentials.into());
    }
    replace(tx, user, &changing.hash, false, changing.by).await
}

/// A password for somebody else.
#[derive(Clone, Serialize)]
pub struct Setting {
    /// Whose.
    pub user: UserId,
    #[serde(skip)]
    hash: String,
}

/// Sets somebody else's password. They are told, and choose another at their next sign-in (R34).
///
/// # Errors
/// `BAD_INPUT` for a password that can be none, or for one's own; `NOT_FOUND`, `FORBIDDEN` without the right over the
/// person in every group of theirs, and over the platform owner; `USER_DELETED`; `INVALID_TRANSITION` for an anonymized
/// account.
pub async fn set(
    db: &Database,
    desk: &Arc<Desk>,
    caller: Caller,
    (user, password): (UserId, String),
) -> Result<UserId, Failure> {
    rules::password("password", &password)?;
    // Whoever may not has nothing hashed; whether they still may is asked again where it is written.
    let asked = (caller.clone(), user);
    snapshot(db, asked, |snapshot, (caller, user)| {
        Box::pin(may_set(&snapshot.conn, snapshot.trees, caller, *user))
    })
    .await?;
    let hash = hashing::hash(&password).await?;
    let setting = Setting { user, hash };
    let address: Option<String> =
        write(db, caller, None, setting, |tx, setting| Box::pin(was_set(tx, setting))).await?;
    if let Some(to) = address {
        let date = db.clock.now(&db.read).await?;
        desk.mailer.send(Letter {
            to,
            subject: "Your password was set",
            text: "An administrator has set a password for your account. You choose another one when you next sign \
                   in with it.\n"
                .to_owned(),
            date,
        });
    }
    Ok(user)
}

async fn was_set(tx: &Tx, Setting { user, hash }: &Setting) -> Result<Option<String>, Failure> {
    let (db, user) = (&tx.conn, *user);
    locks::tree(db).await?;
    locks::users_exclusively(db, &[user]).await?;
    may_set(db, &tx.trees, &tx.caller, user).await?;
    replace(tx, user, hash, true, None).await?;
    Ok(store::address(db, user).await?)
}

/// Passes whoever may set the password of `user`.
async fn may_set(
    db: &impl ConnectionTrait,
    trees: &TreeCache,
    caller: &Caller,
    user: UserId,
) -> Result<(), Failure> {
    let authority = access::of(db, caller).await?;
    let (platform, tree) = platform::current(db, trees).await?;
    require_seen(db, &Sight::of(db, trees, caller).await?, user).await?;
    let (status, _) =
        people::store::known(db, user).await?.ok_or_else(|| Refusal::not_found(&["userId"], "User"))?;
    let memberships = people::store::memberships(db, user).await?;
    Ok(rules::may_set(&authority, &tree, user, user == platform.owner, status, &memberships)?)
}

/// Sends somebody a link to choose a password by, if an active account has this email: in a task that nobody waits
/// for, so that an address that is nobody's is answered the same, and as soon. Asked again within the hour nothing more is
/// sent, since the link that is under way still works: so nobody fills somebody's mailbox, or keeps the link from them.
///
/// # Errors
/// `BAD_INPUT` when it is no email; `RATE_LIMITED` when too many letters were asked for from this network.
pub async fn request_reset(
    db: &Database,
    desk: &Arc<Desk>,
    address: IpAddr,
    email: &str,
) -> Result<(), Failure> {
    let key = email_key(email)?;
    desk.attempts.letter(address)?;
    let (db, desk) = (db.clone(), Arc::clone(desk));
    tokio::spawn(async move {
        if let Err(error) = send_link(&db, &desk, &key).await {
            tracing::error!(%error, "a link was not sent");
        }
    });
    Ok(())
}

async fn send_link(db: &Database, desk: &Desk, email_key: &str) -> Result<(), Failure> {
    if !desk.mailer.sends() {
        tracing::warn!("a link to choose a password by was asked for, and there is nowhere to send it");
        return Ok(());
    }
    let secret = Token::draw_of(Kind::Link)?;
    let link = Link { email_key: email_key.to_owned(), sha256: secret.sha256(), lasts: RESET };
    let operator = Caller::System { on_behalf_of: None };
    let sent: Option<String> =
        write(db, operator, None, link, |tx, link| Box::pin(begin_link_once(tx, link))).await?;
    if let Some(to) = sent {
        let date = db.clock.now(&db.read).await?;
        let text = format!(
            "Somebody asked for a new password for your account. If it was you, choose one within an hour:\n\n{}\n\n\
             If it was not, nothing has changed.\n",
            address_of(desk, &secret)
        );
        desk.mailer.send(Letter { to, subject: "Choose a new password", text, date });
    }
    Ok(())
}

/// The address at which a password is chosen by a link.
pub fn address_of(desk: &Desk, secret: &Token) -> String {
    format!("{}#password={}", desk.page, secret.as_str())
}

/// A link to be made for whoever has an email.
#[derive(Clone, Serialize)]
pub struct Link {
    /// The key of the email.
    pub email_key: String,
    /// The hash of its secret.
    #[serde(skip)]
    pub sha256: String,
    /// How long it works.
    #[serde(skip)]
    pub lasts: TimeDelta,
}

/// As [`begin_link`]; none as well where one was made within the time that it lasts, and still works.
///
/// # Errors
/// As [`begin_link`].
pub async fn begin_link_once(tx: &Tx, link: &Link) -> Result<Option<String>, Failure> {
    let db = &tx.conn;
    let Some((user, ..)) = store::reserved(db, &link.email_key).await? else { return Ok(None) };
    locks::users_exclusively(db, &[user]).await?;
    if store::was_asked_lately(db, user, &link.email_key, link.lasts, tx.now).await? {
        return Ok(None);
    }
    begin_link(tx, link).await
}

/// Makes a link for whoever signs in with this email; the address to send it to, or none where nobody does.
///
/// # Errors
/// When the database cannot be written.
pub async fn begin_link(tx: &Tx, link: &Link) -> Result<Option<String>, Failure> {
    let db = &tx.conn;
    let Some((user, ..)) = store::reserved(db, &link.email_key).await? else { return Ok(None) };
    locks::users_exclusively(db, &[user]).await?;
    match store::reserved(db, &link.email_key).await? {
        Some((same, Status::Active, address)) if same == user => {
            store::add_link(db, user, &link.sha256, &link.email_key, link.lasts, tx.now).await?;
            Ok(Some(address))
        }
        _ => Ok(None),
    }
}

/// A password to be chosen by a link.
#[derive(Clone, Serialize)]
struct Resetting {
    user: UserId,
    #[serde(skip)]
    sha256: String,
    #[serde(skip)]
    hash: String,
}

/// Chooses a password by a link, which works once. Every sign-in of the person ends.
///
/// # Errors
/// `BAD_INPUT` for a password that can be none; `RATE_LIMITED`; `INVALID_TOKEN` when the link was used before or is too
/// old, and when the address or the state of the account has changed since.
pub async fn reset(
    db: &Database,
    desk: &Desk,
    address: IpAddr,
    (secret, password): (String, String),
) -> Result<(), Failure> {
    rules::password("newPassword", &password)?;
    desk.attempts.address(address)?;
    let sha256 = sha256(&secret);
    let now = db.clock.now(&db.read).await?;
    let user = store::link(&db.read, &sha256, now).await?.ok_or(Refusal::InvalidToken)?;
    let resetting = Resetting { user, sha256, hash: hashing::hash(&password).await? };
    write(db, Caller::User(user), None, resetting, |tx, resetting| Box::pin(chosen(tx, resetting))).await
}

async fn chosen(tx: &Tx, resetting: &Resetting) -> Result<(), Failure> {
    let user = super::oneself(tx).await?;
    if store::link(&tx.conn, &resetting.sha256, tx.now).await? != Some(user) {
        return Err(Refusal::InvalidToken.into());
    }
    // Whoever opens it reads what is sent to the address.
    people::email::store::set_unconfirmed(&tx.conn, user, None).await?;
    replace(tx, user, &resetting.hash, false, None).await
}

/// Keeps another hash, and ends what the one before let in.
async fn replace(
    tx: &Tx,
    user: UserId,
    hash: &str,
    must_change: bool,
    kept: Option<SignInId>,
) -> Result<(), Failure> {
    store::set_password(&tx.conn, user, hash, must_change, tx.now).await?;
    store::end_others(&tx.conn, user, kept).await?;
    Ok(store::end_links(&tx.conn, user).await?)
}
