//! Bearer tokens for programs: somebody's own, which can do what its owner can and no more, and the platform's, which
//! belong to nobody (the matrix of trust).
//!
//! A token's text is shown once and kept nowhere. It works until it is revoked, its time is over, or its owner's account
//! has changed its state since; and for its scopes alone ([`crate::access::scopes`]). No token makes another.

pub mod store;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ServiceTokenId, TokenId, UserId};
use serde::Serialize;

pub use self::store::TokenRow;
use crate::access::{self, Caller, Scope, Scopes};
use crate::db::{Database, locks};
use crate::error::{Failure, Refusal};
use crate::keys;
use crate::platform;
use crate::transaction::{Tx, write};

/// Tokens that one person, or the platform, may have.
pub const MOST: usize = 100;
/// Characters of a name.
const NAME_LENGTH: usize = 100;
/// How far away the end of a token may be.
const LONGEST: TimeDelta = TimeDelta::days(3_660);

/// A token to be made.
#[derive(Clone, Serialize)]
pub struct NewToken {
    /// What it is called, 1 to 100 characters.
    pub name: String,
    /// What it may be used for; at least one.
    pub scopes: Vec<Scope>,
    /// When it stops working; none: never of itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// How it begins, and the hash of it. Drawn anew each time, so no part of what is asked for.
    #[serde(skip)]
    pub drawn: (String, String),
}

/// A token that was made, and the hash it was made with: another one than was drawn where the request had been sent
/// before.
pub type Made<T> = (T, String);

impl NewToken {
    fn checked(&self, now: DateTime<Utc>) -> Result<(String, Scopes), Refusal> {
        let name = keys::text(&["name"], &self.name, NAME_LENGTH)?;
        if self.scopes.is_empty() {
            return Err(Refusal::bad_input(&["scopes"], "Say what the token may be used for."));
        }
        if self.expires_at.is_some_and(|end| end <= now || end > now + LONGEST) {
            let message = "A token ends in the future, within ten years.";
            return Err(Refusal::bad_input(&["expiresAt"], message));
        }
        Ok((name, Scopes::new(self.scopes.iter().copied())))
    }
}

/// Makes a token of the caller.
///
/// # Errors
/// `BAD_INPUT` naming the field, also when the caller has a hundred already; `UNAUTHENTICATED`.
pub async fn create(tx: &Tx, new: &NewToken) -> Result<Made<TokenId>, Failure> {
    let (name, scopes) = new.checked(tx.now)?;
    let user = tx.caller.user().ok_or(Refusal::Unauthenticated)?;
    locks::users_exclusively(&tx.conn, &[user]).await?;
    tx.authority().await?;
    few(store::of_user(&tx.conn, user).await?.len())?;
    let id = store::add(&tx.conn, user, &name, &scopes, new, tx.now).await?;
    Ok((id, new.drawn.1.clone()))
}

/// Makes a token of the platform itself, which may do what a platform administrator may. By platform administrators.
///
/// # Errors
/// `BAD_INPUT` naming the field, also when the platform has a hundred already; `FORBIDDEN`.
pub async fn create_service(tx: &Tx, new: &NewToken) -> Result<Made<ServiceTokenId>, Failure> {
    let (name, scopes) = new.checked(tx.now)?;
    locks::seats(&tx.conn).await?;
    let creator = administrator(tx).await?;
    few(store::of_platform(&tx.conn).await?.len())?;
    let id = store::add_service(&tx.conn, creator, &name, &scopes, new, tx.now).await?;
    Ok((id, new.drawn.1.clone()))
}

fn few(count: usize) -> Result<(), Refusal> {
    if count < MOST {
        return Ok(());
    }
    Err(Refusal::bad_input(&[], format!("There are {MOST} tokens already; revoke one first.")))
}

/// The platform administrator who asks.
async fn administrator(tx: &Tx) -> Result<UserId, Failure> {
    let (_, tree) = platform::current(&tx.conn, &tx.trees).await?;
    tx.authority().await?.require_administrator(&tree, tree.root())?;
    Ok(tx.caller.user().ok_or(Refusal::NotByToken)?)
}

/// A token, of either kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Which {
    /// Somebody's.
    Own(TokenId),
    /// One of the platform.
    Service(ServiceTokenId),
}

/// Revokes a token of the caller; or one of the platform, by platform administrators. It stops working at once.
///
/// # Errors
/// `NOT_FOUND` when there is none, or it is somebody else's; `FORBIDDEN`.
pub async fn revoke(tx: &Tx, token: &Which) -> Result<(), Failure> {
    let revoked = match token {
        Which::Own(token) => {
            let user = tx.caller.user().ok_or(Refusal::Unauthenticated)?;
            store::revoke(&tx.conn, user, *token).await?
        }
        Which::Service(token) => {
            administrator(tx).await?;
            store::revoke_service(&tx.conn, *token).await?
        }
    };
    if revoked { Ok(()) } else { Err(Refusal::not_found(&["tokenId"], "Token").into()) }
}

/// The tokens of `user`, the newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_user(db: &Database, user: UserId) -> Result<Vec<TokenRow<TokenId>>, Failure> {
    Ok(store::of_user(&db.read, user).await?)
}

/// The tokens of the platform, the newest first. For platform administrators.
///
/// # Errors
/// `FORBIDDEN`.
pub async fn of_platform(db: &Database, caller: &Caller) -> Result<Vec<TokenRow<ServiceTokenId>>, Failure> {
    let (_, tree) = platform::current(&db.read, &db.trees).await?;
    access::of(&db.read, caller).await?.require_administrator(&tree, tree.root())?;
    Ok(store::of_platform(&db.read).await?)
}

/// Notes that a token was used.
///
/// # Errors
/// When the database cannot be written.
pub async fn used(db: &Database, token: Which) -> Result<(), Failure> {
    let platform = Caller::System { on_behalf_of: None };
    write(db, platform, None, token, |tx, token| {
        Box::pin(async move {
            match token {
                Which::Own(token) => Ok(store::used(&tx.conn, *token, tx.now).await?),
                Which::Service(token) => Ok(store::service_used(&tx.conn, *token, tx.now).await?),
            }
        })
    })
    .await
}
