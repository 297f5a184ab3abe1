//! Another address for somebody (R24). It is reserved at once, beside the one before, and counts (for signing in, for links
//! to choose a password by, and for the organisation's provider) once a link that was sent to it is opened. A server that
//! sends no letters cannot ask so, and lets it count at once.
//!
//! `rules` says who may change what somebody signs in with, and by what; a row of `email_changes` is an address that waits,
//! with the hash of its link. It goes with another change, with the account, and is worth nothing once its time is over.

pub mod rules;
pub mod store;

use entity::id::UserId;
use serde::Serialize;
use serde_json::json;

pub use self::rules::{By, LASTS, Presence};
use self::rules::{EmailStep, meanwhile};
use self::store::Pending;
use super::rules::{Known, Touches};
use super::{rules as entries, store as people};
use crate::db::locks;
use crate::error::{Error, Failure, Refusal};
use crate::events::{Event, Kind};
use crate::platform;
use crate::queries::Sight;
use crate::queries::users::require_seen;
use crate::transaction::Tx;

/// How a change of somebody's entry is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// By what.
    pub by: By<'a>,
    /// The hash of the secret in the link to a new address; none where no letters are sent.
    pub link: Option<&'a str>,
}

/// Addresses that are to be told of a change of somebody's email, as typed; none where there is none, or no change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The one that counted before.
    pub before: Option<String>,
    /// The one that waits for its link to be opened.
    pub waits: Option<String>,
}

/// Carries out what a change comes to for the email of `user`: the entry that counts now, and who is to be told. To be
/// asked for after the lock of seats, which whoever takes an address holds.
///
/// # Errors
/// `EMAIL_TAKEN` while somebody else's address waits that is the same; `BAD_INPUT` where nothing would be left to sign in
/// with.
pub(super) async fn take(
    tx: &Tx,
    (user, step): (UserId, EmailStep),
    (before, wanted): (Known, Known),
    link: Option<&str>,
) -> Result<(Known, Told), Failure> {
    let db = &tx.conn;
    let told = Told { before: before.entry.email.clone(), waits: None };
    match step {
        EmailStep::Same => Ok((meanwhile(wanted, before)?, Told::default())),
        EmailStep::Withdraw => {
            store::forget(db, user).await?;
            Ok((meanwhile(wanted, before)?, told))
        }
        EmailStep::Clear => {
            store::forget(db, user).await?;
            store::set_unconfirmed(db, user, None).await?;
            Ok((wanted, told))
        }
        EmailStep::Count => {
            free(tx, user, &wanted).await?;
            store::forget(db, user).await?;
            store::set_unconfirmed(db, user, Some(tx.now)).await?;
            Ok((wanted, told))
        }
        EmailStep::Wait => {
            free(tx, user, &wanted).await?;
            let named = wanted.entry.email.clone().zip(wanted.email_key.clone());
            let (email, email_key) = named.ok_or(Error::Broken("an address that waits is there"))?;
            let sha256 = link.ok_or(Error::Broken("an address waits for a link"))?;
            let pending = Pending { user, email, email_key };
            store::wait(db, &pending, sha256, (tx.now, tx.now + LASTS)).await?;
            Ok((meanwhile(wanted, before)?, Told { waits: Some(pending.email), ..told }))
        }
    }
}

/// Passes when no address of somebody else waits that is the same.
async fn free(tx: &Tx, user: UserId, wanted: &Known) -> Result<(), Failure> {
    let keys: Vec<&str> = wanted.email_key.as_deref().into_iter().collect();
    let reserved = store::reserved(&tx.conn, &keys, tx.now).await?;
    if reserved.iter().any(|(_, holder)| *holder != user) {
        return Err(Refusal::EmailTaken.into());
    }
    Ok(())
}

/// The address that the link of this hash confirms counts from now on, in place of the one before; whose it is.
///
/// # Errors
/// `INVALID_TOKEN` when the link was used before or is too old, when another change came after it, and when the account has
/// changed its state since.
pub async fn confirm(tx: &Tx, sha256: &str) -> Result<UserId, Failure> {
    let db = &tx.conn;
    let found = store::by_link(db, sha256, tx.now).await?.ok_or(Refusal::InvalidToken)?;
    locks::users_exclusively(db, &[found.user]).await?;
    locks::seats(db).await?;
    let Pending { user, email, email_key } =
        store::by_link(db, sha256, tx.now).await?.ok_or(Refusal::InvalidToken)?;
    let (_, mut known) = people::known(db, user).await?.ok_or(Refusal::InvalidToken)?;
    known.entry.email = Some(email);
    known.email_key = Some(email_key);
    let ids = people::external_ids(db, user).await?;
    people::update(db, user, &known, &ids).await?;
    store::set_unconfirmed(db, user, None).await?;
    store::forget(db, user).await?;
    tx.tell([Event::new(Kind::UserUpdated, json!({ "userId": user }))]);
    Ok(user)
}

/// Whose address is to get another link.
#[derive(Clone, Debug, Serialize)]
pub struct Resending {
    /// Whose.
    pub user: UserId,
    /// The hash of its secret, drawn anew each time.
    #[serde(skip)]
    pub sha256: String,
}

/// Another link to the address that waits for somebody, in place of the one before; the address. By whoever may change it,
/// the person included.
///
/// # Errors
/// `NOT_FOUND` of the person, or where no address waits; `FORBIDDEN`, `USER_DELETED`, `INVALID_TRANSITION`.
pub async fn resend(tx: &Tx, Resending { user, sha256 }: &Resending) -> Result<String, Failure> {
    let (db, user) = (&tx.conn, *user);
    locks::tree(db).await?;
    locks::users_exclusively(db, &[user]).await?;
    let authority = tx.authority().await?;
    let (platform, tree) = platform::current(db, &tx.trees).await?;
    require_seen(db, &Sight::in_write(tx).await?, user).await?;
    let (status, _) =
        people::known(db, user).await?.ok_or_else(|| Refusal::not_found(&["userId"], "User"))?;
    let memberships = people::memberships(db, user).await?;
    let touches = Touches { organisation: false, sign_in: true };
    entries::may_update(&authority, &tree, user, user == platform.owner, &memberships, touches)?;
    entries::may_change(user, status)?;
    let pending = store::pending(db, user, tx.now).await?;
    let pending = pending.ok_or_else(|| Refusal::not_found(&["userId"], "Pending email"))?;
    store::wait(db, &pending, sha256, (tx.now, tx.now + LASTS)).await?;
    Ok(pending.email)
}
