//! Making an account of one's own (R24, R34), where the platform names a group that people may sign up for.
//!
//! Nobody types a password to sign up: a link to choose one goes to the address, so that the address is theirs. With an
//! address that somebody has, the answer is the same and no account is made.

use std::net::IpAddr;
use std::sync::Arc;

use entity::kind::{Role, Status};
use serde::{Deserialize, Serialize};

use super::passwords::{INVITATION, address_of};
use super::{Desk, store};
use crate::access::Caller;
use crate::db::{Database, locks};
use crate::error::{Failure, Refusal};
use crate::keys::email_key;
use crate::mail::Letter;
use crate::people::{self, Entry, NewPerson};
use crate::platform;
use crate::token::{Kind, Token};
use crate::transaction::{Tx, write};

/// Somebody who signs up.
#[derive(Clone, Serialize)]
pub struct Newcomer {
    /// Their entry; an email is in it.
    pub entry: Entry,
    #[serde(skip)]
    sha256: String,
}

/// What came of it, which is told to nobody but by a letter.
#[derive(Serialize, Deserialize)]
enum Came {
    /// There is an account, and a link to choose a password by.
    New,
    /// There was one already, which may sign in.
    Known,
    /// There was one already.
    Nobody,
}

/// Makes an account and sends a link to choose a password by.
///
/// # Errors
/// `SIGN_UP_CLOSED` where the platform names no group, or letters go nowhere; `BAD_INPUT` naming the field;
/// `RATE_LIMITED`; `NO_SEAT_AVAILABLE`, whoever's the email is.
pub async fn sign_up(
    db: &Database,
    desk: &Arc<Desk>,
    address: IpAddr,
    mut entry: Entry,
) -> Result<(), Failure> {
    let email = entry.email.take().unwrap_or_default().trim().to_owned();
    let key = email_key(&email)?;
    if !desk.mailer.sends() {
        return Err(Refusal::SignUpClosed.into());
    }
    desk.attempts.letter(address)?;
    let secret = Token::draw_of(Kind::Link)?;
    let entry = Entry { email: Some(email.clone()), ..entry };
    let newcomer = Newcomer { entry, sha256: secret.sha256() };
    let platform = Caller::System { on_behalf_of: None };
    let came = write(db, platform, None, newcomer, |tx, newcomer| Box::pin(come(tx, newcomer))).await?;
    let text = match came {
        Came::New => format!("Welcome. Choose a password within a week:\n\n{}\n", address_of(desk, &secret)),
        // They were told within the hour.
        Came::Known if !desk.attempts.may_be_written_to(&key) => return Ok(()),
        Came::Known => {
            "Somebody, perhaps you, wanted to sign up with this address. You have an account already: sign \
                        in, or ask for a new password.\n"
                .to_owned()
        }
        Came::Nobody => return Ok(()),
    };
    let date = db.clock.now(&db.read).await?;
    desk.mailer.send(Letter { to: email, subject: "Your account", text, date });
    Ok(())
}

async fn come(tx: &Tx, newcomer: &Newcomer) -> Result<Came, Failure> {
    let db = &tx.conn;
    locks::tree(db).await?;
    locks::seats(db).await?;
    let (platform, _) = platform::current(db, &tx.trees).await?;
    let group = platform.sign_up_group.ok_or(Refusal::SignUpClosed)?;
    let person = NewPerson {
        entry: newcomer.entry.clone(),
        memberships: vec![(group, Role::Learner)],
        create_anyway: true,
        ..NewPerson::default()
    };
    people::rules::checked(&person)?;
    // Before it is looked who has the address: a platform that is full says so to everybody.
    people::require_seats(tx, &platform, 1).await?;
    let key = email_key(person.entry.email.as_deref().unwrap_or_default())?;
    // Whoever is to have the address is sent a link to confirm it by, and need not be told of this.
    let waits = !people::email::store::reserved(db, &[&key], tx.now).await?.is_empty();
    match store::reserved(db, &key).await? {
        Some((_, Status::Active, _)) => Ok(Came::Known),
        Some(_) => Ok(Came::Nobody),
        None if waits => Ok(Came::Nobody),
        None => {
            let user = people::create(tx, &person).await?;
            store::add_link(db, user, &newcomer.sha256, &key, INVITATION, tx.now).await?;
            Ok(Came::New)
        }
    }
}
