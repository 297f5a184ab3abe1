//! How the sample organisation gets into a database.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::Sample;
use super::cases;
use super::crowd::Crowd;
use crate::access::Caller;
use crate::db::{Database, locks};
use crate::error::{Error, Failure};
use crate::organisation::{Organisation, Tables, tables};
use crate::platform;
use crate::removal::single;
use crate::token::Token;
use crate::tokens;
use crate::transaction::{Tx, write};

/// The tree's revision once the crowd's groups are in.
const REVISION: i64 = 2;

/// Writes `sample` into `db`, which is migrated and empty. Answers with its owner's token; with none, having done
/// nothing, where there is a platform already.
///
/// # Errors
/// When the database cannot be written.
pub async fn load(db: &Database, sample: &Sample) -> Result<Option<Token>, Failure> {
    let organisation = Arc::new(cases::northlight(sample.now));
    if !begin(db, &organisation).await? {
        return Ok(None);
    }
    let known = organisation.tables.users.len();
    if let Some(others) = sample.people.checked_sub(known).filter(|others| *others > 0) {
        let mut crowd = Crowd::new(&organisation, others, sample.seed);
        for people in crowd.people() {
            add(db, people).await?;
        }
        add(db, crowd.frame().clone()).await?;
        for lives in crowd.lives() {
            add(db, lives).await?;
        }
    }
    let token = finish(db).await?;
    remove(db, &organisation, sample.now - TimeDelta::weeks(3)).await?;
    Ok(Some(token))
}

/// Writes the people with names of their own; whether there was nobody before.
async fn begin(db: &Database, organisation: &Arc<Organisation>) -> Result<bool, Failure> {
    let organisation = organisation.clone();
    write(db, the_platform(), None, (), move |tx, ()| {
        let organisation = organisation.clone();
        Box::pin(async move {
            locks::tree_exclusively(&tx.conn).await?;
            if platform::store::exists(&tx.conn).await? {
                return Ok(false);
            }
            organisation.load(tx).await?;
            Ok(true)
        })
    })
    .await
}

/// Writes rows of the crowd.
async fn add(db: &Database, tables: Tables) -> Result<(), Failure> {
    let tables = Arc::new(tables);
    write(db, the_platform(), None, (), move |tx, ()| {
        let tables = tables.clone();
        Box::pin(async move { Ok(tables.insert(&tx.conn).await?) })
    })
    .await
}

/// Makes the database ready to be used, and its owner able to.
async fn finish(db: &Database) -> Result<Token, Failure> {
    let token = Token::draw()?;
    write(db, the_platform(), None, token.sha256(), |tx, sha256| Box::pin(open(tx, sha256))).await?;
    tables::analyze(&db.read).await?;
    Ok(token)
}

async fn open(tx: &Tx, sha256: &str) -> Result<(), Failure> {
    platform::store::tree_changed(&tx.conn, REVISION).await?;
    tables::number_on(&tx.conn).await?;
    let platform = platform::store::platform(&tx.conn).await?;
    Ok(tokens::store::add_by_operator(&tx.conn, platform.owner, sha256, tx.now).await?)
}

/// Carries out what the owner asked for before the demo begins, at that time: before the session that waits to be
/// captured had ended, since a removal captures whatever has.
async fn remove(db: &Database, organisation: &Organisation, at: DateTime<Utc>) -> Result<(), Failure> {
    let owner = organisation.user_id(cases::OWNER).ok_or(Error::Broken("the sample has an owner"))?;
    let ago = db.clock.now(&db.read).await? - at;
    db.clock.advance(-ago);
    for removal in cases::past(organisation) {
        write(db, Caller::User(owner), None, removal, |tx, removal| Box::pin(single::remove(tx, removal)))
            .await?;
    }
    db.clock.advance(ago);
    Ok(())
}

fn the_platform() -> Caller {
    Caller::System { on_behalf_of: None }
}
