//! Signing in and out: with an email or a username and a password, by a secret that a browser keeps as a cookie or a
//! program as a bearer token.
//!
//! | file        | what it does                                                                        |
//! |-------------|-------------------------------------------------------------------------------------|
//! | `rules`     | what a password may be, what somebody signs in by, how long a sign-in lasts          |
//! | `hashing`   | Argon2id, one a core at a time                                                       |
//! | `limits`    | how often somebody may try                                                           |
//! | `device`    | the mark of a device that somebody signed in on                                      |
//! | `cookie`    | how a browser keeps the secret                                                       |
//! | `passwords` | changing, setting and resetting a password                                           |
//! | `emails`    | changing an entry, a new email of which is confirmed by a link (R24)                 |
//! | `sign_up`   | making an account of one's own (R34, R24)                                            |
//!
//! A sign-in is a row; its secret is kept nowhere. It works until the row goes, its time is over, or the account has
//! changed its state since: whoever is suspended, deactivated or deleted is signed out at once, and stays so when they
//! come back (R9.2, R19). Whether an address is anybody's is never told: an unknown one, a wrong password and an account
//! that may not sign in get the same answer, after the same statements and one hash.

pub mod cookie;
pub mod device;
pub mod emails;
pub mod hashing;
pub mod limits;
pub mod passwords;
pub mod rules;
pub mod sign_up;
pub mod store;

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use entity::id::{SignInId, UserId};
use serde::{Deserialize, Serialize};

use self::device::Mark;
use self::limits::{Allowed, Attempts};
pub use self::rules::Lifetimes;
use self::rules::Login;
pub use self::store::SignIn;
use crate::access::Caller;
use crate::db::{Database, locks};
use crate::error::{Error, Failure, Refusal};
use crate::mail::Mailer;
use crate::token::{Kind, Token};
use crate::transaction::{Tx, write};

/// What signing in is done with.
#[derive(Debug)]
pub struct Desk {
    /// How often somebody may try.
    pub attempts: Attempts,
    /// How long sign-ins last.
    pub lifetimes: Lifetimes,
    /// Where letters go.
    pub mailer: Mailer,
    /// The page that the links in them lead to.
    pub page: String,
}

impl Default for Desk {
    fn default() -> Desk {
        Desk {
            attempts: Attempts::new(Allowed::default()),
            lifetimes: Lifetimes::default(),
            mailer: Mailer::default(),
            page: "/".to_owned(),
        }
    }
}

/// What somebody signs in with.
#[derive(Clone)]
pub struct Asked {
    /// An email or a username.
    pub login: String,
    /// The password.
    pub password: String,
    /// Another one, where somebody else set the password (R34).
    pub new_password: Option<String>,
    /// What the client says of itself.
    pub user_agent: Option<String>,
    /// The mark of a device on which they signed in before, as the client shows it.
    pub device: Option<String>,
}

/// Somebody who has just signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The sign-in.
    pub sign_in: SignIn,
    /// Its secret.
    pub secret: Token,
    /// The mark of the device from now on.
    pub device: Mark,
}

/// What is written once a password fits. None of its secrets is ever kept.
#[derive(Clone, Serialize)]
struct Entry {
    user: UserId,
    #[serde(skip)]
    verified: Option<String>,
    #[serde(skip)]
    new_hash: Option<String>,
    #[serde(skip)]
    sha256: String,
    user_agent: Option<String>,
    #[serde(skip)]
    lifetimes: Lifetimes,
}

/// Signs somebody in, from `address`.
///
/// # Errors
/// `BAD_INPUT` for a password that can be none; `RATE_LIMITED`; `INVALID_CREDENTIALS`, whatever is wrong;
/// `PASSWORD_MUST_CHANGE` where another password must be chosen, and is not.
pub async fn sign_in(db: &Database, desk: &Desk, address: IpAddr, asked: Asked) -> Result<SignedIn, Failure> {
    rules::password("password", &asked.password)?;
    if let Some(password) = &asked.new_password {
        rules::password("newPassword", password)?;
    }
    let login = Login::read(&asked.login)?;
    desk.attempts.address(address)?;
    // Asked whether or not there is somebody of that name, so that it takes as long.
    let now = match asked.device {
        Some(_) => Some(db.clock.now(&db.read).await?),
        None => None,
    };
    let found = store::credentials(&db.read, &login).await?;
    let verified = found.as_ref().and_then(|found| found.hash.clone());
    let device = match (&asked.device, now, &found, &verified) {
        (Some(mark), Some(now), Some(found), Some(hash)) => device::known(mark, found.user, hash, now)?,
        _ => None,
    };
    let attempt = desk.attempts.password(address, login.account(), device.as_deref())?;
    let fits = hashing::fits(&asked.password, verified.clone()).await?;
    let Some(found) = found.filter(|_| fits) else {
        attempt.failed();
        return Err(Refusal::InvalidCredentials.into());
    };
    drop(attempt);
    let new_hash = match (found.must_change, &asked.new_password) {
        (false, None) => None,
        (false, Some(_)) => {
            let message = "This password need not be changed here: sign in, then change it.";
            return Err(Refusal::bad_input(&["newPassword"], message).into());
        }
        (true, None) => return Err(Refusal::PasswordMustChange.into()),
        (true, Some(same)) if *same == asked.password => {
            return Err(Refusal::bad_input(&["newPassword"], "Choose another password.").into());
        }
        (true, Some(other)) => Some(hashing::hash(other).await?),
    };
    let secret = Token::draw_of(Kind::SignIn)?;
    let hash =
        new_hash.clone().or_else(|| verified.clone()).ok_or(Error::Broken("a password fits a hash"))?;
    let entry = Entry {
        user: found.user,
        verified,
        new_hash,
        sha256: secret.sha256(),
        user_agent: asked.user_agent.as_deref().and_then(rules::user_agent),
        lifetimes: desk.lifetimes,
    };
    let sign_in = write(db, Caller::User(found.user), None, entry, |tx, entry| Box::pin(enter(tx, entry)));
    let sign_in = SignIn::from(sign_in.await?);
    let device = Mark::draw(found.user, &hash, sign_in.created_at)?;
    Ok(SignedIn { sign_in, secret, device })
}

/// A sign-in as it is answered with.
#[derive(Serialize, Deserialize)]
struct Begun {
    id: SignInId,
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl From<Begun> for SignIn {
    fn from(Begun { id, user_agent, created_at, expires_at }: Begun) -> SignIn {
        SignIn { id, user_agent, created_at, last_used_at: created_at, expires_at }
    }
}

async fn enter(tx: &Tx, entry: &Entry) -> Result<Begun, Failure> {
    let db = &tx.conn;
    locks::users_exclusively(db, &[entry.user]).await?;
    // Another password, or another state, since it was compared.
    if store::hash(db, entry.user).await? != entry.verified {
        return Err(Refusal::InvalidCredentials.into());
    }
    if let Some(hash) = &entry.new_hash {
        store::set_password(db, entry.user, hash, false, tx.now).await?;
        store::end_others(db, entry.user, None).await?;
        store::end_links(db, entry.user).await?;
    }
    let begun =
        store::begin(db, entry.user, &entry.sha256, entry.user_agent.as_deref(), entry.lifetimes, tx.now);
    let SignIn { id, user_agent, created_at, expires_at, .. } = begun.await?;
    Ok(Begun { id, user_agent, created_at, expires_at })
}

/// Which sign-in of the caller ends.
#[derive(Clone, Debug, Serialize)]
pub struct Ending {
    /// Which.
    pub sign_in: SignInId,
}

/// Ends a sign-in of the caller, and whatever is open by it.
///
/// # Errors
/// `NOT_FOUND` when the caller has no such sign-in.
pub async fn end(tx: &Tx, ending: &Ending) -> Result<SignInId, Failure> {
    let user = oneself(tx).await?;
    if store::end(&tx.conn, user, ending.sign_in).await? {
        Ok(ending.sign_in)
    } else {
        Err(Refusal::not_found(&["signInId"], "SignIn").into())
    }
}

/// Every sign-in of the caller ends.
#[derive(Clone, Debug, Serialize)]
pub struct EndingAll {
    /// But this one.
    pub kept: Option<SignInId>,
}

/// Ends the sign-ins of the caller; how many.
///
/// # Errors
/// `UNAUTHENTICATED` when the caller is nobody who signs in.
pub async fn end_all(tx: &Tx, ending: &EndingAll) -> Result<u64, Failure> {
    let user = oneself(tx).await?;
    Ok(store::end_others(&tx.conn, user, ending.kept).await?)
}

/// The sign-ins that `user` has now, the one used last first.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_user(db: &Database, desk: &Desk, user: UserId) -> Result<Vec<SignIn>, Failure> {
    let now = db.clock.now(&db.read).await?;
    Ok(store::of_user(&db.read, user, desk.lifetimes, now).await?)
}

/// Notes that a sign-in was used.
///
/// # Errors
/// When the database cannot be written.
pub async fn used(db: &Database, user: UserId, id: SignInId) -> Result<(), Failure> {
    write(db, Caller::User(user), None, id, |tx, id| {
        Box::pin(async move { Ok(store::used(&tx.conn, *id, tx.now).await?) })
    })
    .await
}

/// Notes that somebody has signed in elsewhere.
///
/// # Errors
/// When the database cannot be written.
pub async fn came(db: &Database, user: UserId) -> Result<(), Failure> {
    write(db, Caller::User(user), None, user, |tx, user| {
        Box::pin(async move { Ok(store::came_again(&tx.conn, *user, tx.now).await?) })
    })
    .await
}

/// The person who asks, kept as they are until the transaction ends.
async fn oneself(tx: &Tx) -> Result<UserId, Failure> {
    let user = tx.caller.user().ok_or(Refusal::Unauthenticated)?;
    locks::users_exclusively(&tx.conn, &[user]).await?;
    Ok(user)
}
