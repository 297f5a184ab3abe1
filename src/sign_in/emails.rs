//! Changing somebody's entry, what they sign in with included: the current password is looked at before, and letters are
//! sent after it was written (R24). What becomes of an address stands in [`crate::people::email`].

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use entity::id::UserId;
use serde::Serialize;

use super::{Desk, passwords, rules, store};
use crate::access::{Caller, Pass};
use crate::db::{Database, locks};
use crate::error::{Failure, Refusal};
use crate::mail::Letter;
use crate::people::email::{self, Asked, By, Presence, Resending, Told};
use crate::people::{self, PersonChange};
use crate::token::{Kind, Token, sha256};
use crate::transaction::{Key, Tx, write};

/// Who asks for a change, known by what, from where.
#[derive(Clone, Debug)]
pub struct From {
    /// Who asks.
    pub caller: Caller,
    /// What they are known by; none where nobody had to show anything.
    pub pass: Option<Pass>,
    /// From where.
    pub address: IpAddr,
}

/// A change of an entry, and what was shown for it.
#[derive(Clone, Serialize)]
struct Changing {
    change: PersonChange,
    #[serde(skip)]
    pass: Option<Pass>,
    #[serde(skip)]
    verified: Option<String>,
    #[serde(skip)]
    sha256: Option<String>,
}

/// Changes somebody's entry. Where letters are sent, a new email waits for the link in one to be opened, and both addresses
/// are told; links to choose a password by that were under way stop working.
///
/// # Errors
/// As [`people::update`]; `INVALID_CREDENTIALS`; `RATE_LIMITED` for wrong passwords, and for many addresses that somebody
/// tries for themselves.
pub async fn update(
    db: &Database,
    desk: &Desk,
    from: From,
    key: Option<Key>,
    (change, password): (PersonChange, Option<String>),
) -> Result<UserId, Failure> {
    let From { caller, pass, address } = from;
    let (user, entry) = (change.user, &change.entry);
    let is_own = caller.user() == Some(user) && !(entry.email.is_keep() && entry.username.is_keep());
    let own_address =
        if is_own { Some(desk.attempts.own_address(&format!("user {}", user.0))?) } else { None };
    let verified = match password.filter(|_| is_own) {
        Some(password) => {
            rules::password("currentPassword", &password)?;
            passwords::verified(db, desk, (user, address), &password).await?
        }
        None => None,
    };
    let secret = Token::draw_of(Kind::Email)?;
    let sha256 = desk.mailer.sends().then(|| secret.sha256());
    let changing = Changing { change, pass, verified, sha256 };
    // Whom to tell is known to the transaction that has written it alone, and kept nowhere.
    let telling: Arc<Mutex<Told>> = Arc::default();
    let done = write(db, caller, key, changing, |tx, changing| {
        let telling = telling.clone();
        Box::pin(async move {
            let told = changed(tx, changing).await?;
            *telling.lock().unwrap_or_else(PoisonError::into_inner) = told;
            Ok(changing.change.user)
        })
    })
    .await;
    let told = std::mem::take(&mut *telling.lock().unwrap_or_else(PoisonError::into_inner));
    let is_tried = matches!(done, Err(Failure::Refused(Refusal::EmailTaken | Refusal::UsernameTaken)))
        || told.waits.is_some();
    if let Some(attempt) = own_address.filter(|_| is_tried) {
        attempt.failed();
    }
    let user = done?;
    tell(db, desk, told, &secret).await?;
    Ok(user)
}

async fn changed(tx: &Tx, changing: &Changing) -> Result<Told, Failure> {
    let by = match &changing.pass {
        Some(Pass::Token(scopes)) => By::Token(scopes.as_ref()),
        Some(Pass::SignIn(_) | Pass::Provider(_)) | None => By::Person(presence(tx, changing).await?),
    };
    let asked = Asked { by, link: changing.sha256.as_deref() };
    let told = people::update(tx, &changing.change, asked).await?;
    if told != Told::default() {
        store::end_links(&tx.conn, changing.change.user).await?;
    }
    Ok(told)
}

/// What the caller has shown of being there themselves.
async fn presence(tx: &Tx, changing: &Changing) -> Result<Presence, Failure> {
    let db = &tx.conn;
    let Some(user) = tx.caller.user() else { return Ok(Presence::SignedIn) };
    if changing.verified.is_some() {
        locks::tree(db).await?;
        locks::users_exclusively(db, &[user]).await?;
        if store::hash(db, user).await? != changing.verified {
            return Err(Refusal::InvalidCredentials.into());
        }
        return Ok(Presence::Password);
    }
    let since = match changing.pass {
        Some(Pass::SignIn(id)) => store::began(db, user, id).await?,
        Some(Pass::Provider(at)) => Some(at),
        Some(Pass::Token(_)) | None => None,
    };
    Ok(since.map_or(Presence::SignedIn, |since| Presence::of(since, tx.now)))
}

/// Sends the letters of a change of an email: to the address before, and to the one that waits, which gets the link.
async fn tell(db: &Database, desk: &Desk, told: Told, secret: &Token) -> Result<(), Failure> {
    if told == Told::default() {
        return Ok(());
    }
    let date = db.clock.now(&db.read).await?;
    let is_waiting = told.waits.is_some();
    if let Some(to) = told.before {
        let text = if is_waiting {
            "Your account is to have another email. This address counts until the new one is confirmed by a link that was \
             sent to it.\n\nIf it was not you who asked for this, change your password and tell an administrator.\n"
        } else {
            "The email of your account was changed: this address is no longer in use there, or stays in place of one that \
             was to be confirmed.\n\nIf it was not you who asked for this, change your password and tell an \
             administrator.\n"
        };
        desk.mailer.send(Letter { to, subject: "The email of your account", text: text.to_owned(), date });
    }
    if let Some(to) = told.waits {
        desk.mailer.send(confirmation(desk, to, secret, date));
    }
    Ok(())
}

fn confirmation(desk: &Desk, to: String, secret: &Token, date: chrono::DateTime<chrono::Utc>) -> Letter {
    let text = format!(
        "This address is to be the email of an account. Confirm it within a week:\n\n{}#email={}\n\n\
         If you know of no such account, do nothing: without the link nothing changes.\n",
        desk.page,
        secret.as_str()
    );
    Letter { to, subject: "Confirm your email", text, date }
}

/// Confirms an address by the link that was sent to it, which works once. Links to choose a password by that were sent to
/// the one before stop working.
///
/// # Errors
/// `RATE_LIMITED`; `INVALID_TOKEN` as [`email::confirm`].
pub async fn confirm(db: &Database, desk: &Desk, address: IpAddr, secret: &str) -> Result<(), Failure> {
    desk.attempts.address(address)?;
    let sha256 = sha256(secret);
    let now = db.clock.now(&db.read).await?;
    email::store::by_link(&db.read, &sha256, now).await?.ok_or(Refusal::InvalidToken)?;
    // The link is asked for by nobody whom we know.
    let nobody = Caller::System { on_behalf_of: None };
    write(db, nobody, None, sha256, |tx, sha256| Box::pin(confirmed(tx, sha256))).await
}

async fn confirmed(tx: &Tx, sha256: &str) -> Result<(), Failure> {
    let user = email::confirm(tx, sha256).await?;
    Ok(store::end_links(&tx.conn, user).await?)
}

/// Sends another link to the address that waits for somebody; the one before stops working.
///
/// # Errors
/// As [`email::resend`]; `RATE_LIMITED` when too many letters were asked for, for this person or from this network.
pub async fn resend(db: &Database, desk: &Desk, from: From, user: UserId) -> Result<UserId, Failure> {
    desk.attempts.letter(from.address)?;
    let attempt = desk.attempts.own_address(&format!("user {}", user.0))?;
    let secret = Token::draw_of(Kind::Email)?;
    let resending = Resending { user, sha256: secret.sha256() };
    let to = write(db, from.caller, None, resending, |tx, resending| Box::pin(email::resend(tx, resending)));
    let to = to.await?;
    attempt.failed();
    let date = db.clock.now(&db.read).await?;
    desk.mailer.send(confirmation(desk, to, &secret, date));
    Ok(user)
}
