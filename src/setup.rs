//! The first start of a platform, and what only its operator does: tokens and passwords for anybody, and handing the
//! platform over when its owner cannot (R14).

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use entity::id::UserId;
use entity::kind::{Role, Status};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::Caller;
use crate::accounts::{self, Name};
use crate::config::Place;
use crate::db::{Collision, Database, OpenError, locks};
use crate::error::{Failure, Refusal};
use crate::events::{self, Event};
use crate::graphql::id::GlobalId;
use crate::keys::email_key;
use crate::organisation::Organisation;
use crate::platform;
use crate::sign_in::Desk;
use crate::sign_in::passwords::{self, INVITATION, Link, begin_link};
use crate::token::{Kind, Token};
use crate::tokens;
use crate::transaction::{Tx, write};

/// Opens the database at `place` and brings it to the newest step. A read takes at most `read_limit`.
///
/// # Errors
/// A sentence that says why it cannot be used. Where accounts would become one, nothing was changed, and their ids are
/// in the file that `place` names for it: a row an account, with what it shares and the first of those it shares it with.
pub async fn open(place: &Place, read_limit: Duration) -> Result<Database, String> {
    let why = |error: OpenError| error.to_string();
    let database = Database::open_bounded(&place.database_url, read_limit).await.map_err(why)?;
    match database.migrate().await {
        Ok(()) => Ok(database),
        Err(OpenError::Collisions(found)) => {
            database.close().await;
            let file = place.collisions.display();
            std::fs::write(&place.collisions, table_of(&found)).map_err(|error| {
                format!("{}; {file} cannot be written: {error}", OpenError::Collisions(found.clone()))
            })?;
            Err(format!(
                "{}. Their ids are in {file}: give all but one of those that share it another with the version before, \
                 then start this one again",
                OpenError::Collisions(found)
            ))
        }
        Err(error) => Err(why(error)),
    }
}

/// Accounts that would become one, as a table for spreadsheets.
fn table_of(collisions: &[Collision]) -> String {
    let row = |one: &Collision| {
        let (id, with) = (UserId(one.user).global(), UserId(one.first).global());
        format!("{},{},{}\r\n", id.as_str(), one.what, with.as_str())
    };
    std::iter::once("id,shares,with\r\n".to_owned()).chain(collisions.iter().map(row)).collect()
}

/// How the platform begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FirstDay {
    /// What the platform, and its platform group, are called.
    pub name: String,
    /// The email of its owner.
    pub owner_email: String,
    /// The IANA name of its time zone.
    pub time_zone: String,
}

/// Gives an empty database its platform: the platform group, the owner (administrator and learner of it) and the
/// platform's own row. Answers with the owner's token, or with none where there is a platform already; of instances
/// that start together, one gets it.
///
/// # Errors
/// `BAD_INPUT` when the email is none, or when the database cannot be written.
pub async fn first_start(db: &Database, first_day: FirstDay) -> Result<Option<Token>, Failure> {
    email_key(&first_day.owner_email)?;
    let token = Token::draw()?;
    let began = write(db, operator(), None, (first_day, token.sha256()), |tx, (first_day, sha256)| {
        Box::pin(begin(tx, first_day, sha256))
    })
    .await?;
    Ok(began.then_some(token))
}

async fn begin(tx: &Tx, first_day: &FirstDay, sha256: &str) -> Result<bool, Failure> {
    locks::tree_exclusively(&tx.conn).await?;
    if platform::store::exists(&tx.conn).await? {
        return Ok(false);
    }
    let owner = "Owner";
    let organisation = Organisation::first_day(&first_day.name, owner, tx.now)
        .email(owner, &first_day.owner_email)
        .time_zone(&first_day.time_zone);
    organisation.load(tx).await?;
    let platform = platform::store::platform(&tx.conn).await?;
    tokens::store::add_by_operator(&tx.conn, platform.owner, sha256, tx.now).await?;
    Ok(true)
}

/// Makes the person with this email the platform's owner (R14): administrator of the platform group, without any date
/// set for them (R25). The former owner stays platform administrator.
///
/// # Errors
/// `NOT_FOUND`, or `INVALID_TRANSITION` when the account is not `ACTIVE`.
pub async fn hand_over(db: &Database, email: &str) -> Result<UserId, Failure> {
    let email_key = email_key(email)?;
    write(db, operator(), None, email_key, |tx, email_key| Box::pin(set_owner(tx, email_key))).await
}

async fn set_owner(tx: &Tx, email_key: &str) -> Result<UserId, Failure> {
    locks::tree(&tx.conn).await?;
    let (owner, _) = known(tx, email_key).await?;
    locks::users_exclusively(&tx.conn, &[owner]).await?;
    locks::succession(&tx.conn).await?;
    let (owner, status) = known(tx, email_key).await?;
    if !status.may_succeed() {
        return Err(Refusal::InvalidTransition { status }.into());
    }
    let platform = platform::store::platform(&tx.conn).await?;
    platform::store::set_owner(&tx.conn, owner).await?;
    if platform::store::appoint(&tx.conn, owner, platform.root, tx.now).await? {
        tx.tell([Event::granted((owner, platform.root, Role::Administrator))]);
    }
    platform::store::clear_dates(&tx.conn, owner).await?;
    if owner != platform.owner {
        let data = json!({ "fromUserId": platform.owner, "toUserId": owner });
        tx.tell([Event::new(events::Kind::PlatformHandedOver, data)]);
    }
    Ok(owner)
}

async fn known(tx: &Tx, email_key: &str) -> Result<(UserId, Status), Failure> {
    let found = accounts::reserving(&tx.conn, &Name::Email(email_key.to_owned())).await?;
    let found = found.ok_or_else(|| Refusal::not_found(&["email"], "User"))?;
    Ok((found.user, found.status))
}

/// Draws a token for the person with this email. It works whenever the account signs in.
///
/// # Errors
/// `NOT_FOUND` when nobody has it.
pub async fn token_for(db: &Database, email: &str) -> Result<Token, Failure> {
    let email_key = email_key(email)?;
    let token = Token::draw()?;
    write(db, operator(), None, (email_key, token.sha256()), |tx, (email_key, sha256)| {
        Box::pin(issue(tx, email_key, sha256))
    })
    .await?;
    Ok(token)
}

async fn issue(tx: &Tx, email_key: &str, sha256: &str) -> Result<(), Failure> {
    let (user, _) = known(tx, email_key).await?;
    locks::users(&tx.conn, &[user]).await?;
    let (user, _) = known(tx, email_key).await?;
    Ok(tokens::store::add_by_operator(&tx.conn, user, sha256, tx.now).await?)
}

/// Makes a link by which the person with this email chooses a password, as if they had asked for one, and draws its
/// secret.
///
/// # Errors
/// `NOT_FOUND` when nobody signs in with it.
pub async fn password_link(db: &Database, email: &str) -> Result<Token, Failure> {
    let secret = Token::draw_of(Kind::Link)?;
    let link = Link { email_key: email_key(email)?, sha256: secret.sha256(), lasts: INVITATION };
    let made: Option<String> =
        write(db, operator(), None, link, |tx, link| Box::pin(begin_link(tx, link))).await?;
    made.ok_or_else(|| Refusal::not_found(&["email"], "User"))?;
    Ok(secret)
}

/// Gives the person with this email a password, which they need not change.
///
/// # Errors
/// `BAD_INPUT` when it can be none, `NOT_FOUND` when nobody signs in with this email.
pub async fn give_password(db: &Database, email: &str, password: &str) -> Result<(), Failure> {
    let link = password_link(db, email).await?;
    let chosen = (link.as_str().to_owned(), password.to_owned());
    passwords::reset(db, &Desk::default(), IpAddr::V6(Ipv6Addr::LOCALHOST), chosen).await
}

/// Whoever has the machine may do this: nobody's rights are asked.
fn operator() -> Caller {
    Caller::System { on_behalf_of: None }
}
