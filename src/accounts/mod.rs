//! Which account a name means (R16, R24): the one reader of accounts by id, email, username and external id.
//!
//! An email, a username or an external id belongs to one account at most that *reserves* it, and to any number of
//! deleted ones. It means the account that reserves it, else the one deleted last.

pub mod store;

use std::collections::{BTreeMap, BTreeSet};

use entity::id::UserId;
use entity::kind::Status;
use sea_orm::ConnectionTrait;

use crate::error::{Error, Refusal};
use crate::keys::{self, ExternalId};

/// What an account is named by, ready to be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// Its id.
    Id(UserId),
    /// The key of its email.
    Email(String),
    /// The key of its username.
    Username(String),
    /// An id in another system, compared letter by letter.
    ExternalId(ExternalId),
}

impl Name {
    /// The name that an email is, as typed.
    ///
    /// # Errors
    /// As [`keys::email_key`].
    pub fn email(typed: &str) -> Result<Name, Refusal> {
        Ok(Name::Email(keys::email_key(typed)?))
    }

    /// The name that a username is, as typed.
    ///
    /// # Errors
    /// As [`keys::username_key`].
    pub fn username(typed: &str) -> Result<Name, Refusal> {
        Ok(Name::Username(keys::username_key(typed)?))
    }
}

/// An account that has a name, or had it when it was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The account.
    pub user: UserId,
    /// Its state.
    pub status: Status,
}

/// The accounts that some names mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders(BTreeMap<Name, Holder>);

impl Holders {
    /// Finds the accounts of `names`, by one statement for each kind of name among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn of(
        db: &impl ConnectionTrait,
        names: impl IntoIterator<Item = Name>,
    ) -> Result<Holders, Error> {
        let (mut ids, mut emails) = (BTreeSet::new(), BTreeSet::new());
        let (mut usernames, mut external_ids) = (BTreeSet::new(), BTreeSet::new());
        for name in names {
            match name {
                Name::Id(id) => drop(ids.insert(id)),
                Name::Email(key) => drop(emails.insert(key)),
                Name::Username(key) => drop(usernames.insert(key)),
                Name::ExternalId(id) => drop(external_ids.insert(id)),
            }
        }
        let mut holders = Holders::default();
        if !ids.is_empty() {
            holders.add(store::by_id(db, &ids).await?, Name::Id);
        }
        if !emails.is_empty() {
            holders.add(store::by_email(db, &emails).await?, Name::Email);
        }
        if !usernames.is_empty() {
            holders.add(store::by_username(db, &usernames).await?, Name::Username);
        }
        if !external_ids.is_empty() {
            holders.add(store::by_external_id(db, &external_ids).await?, Name::ExternalId);
        }
        Ok(holders)
    }

    /// The account that `name` means.
    pub fn meant(&self, name: &Name) -> Option<Holder> {
        self.0.get(name).copied()
    }

    /// Every account that is meant.
    pub fn users(&self) -> impl Iterator<Item = (&Name, UserId)> {
        self.0.iter().map(|(name, holder)| (name, holder.user))
    }

    /// Keeps the names for which `is_kept` holds.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&Name, UserId) -> bool) {
        self.0.retain(|name, holder| is_kept(name, holder.user));
    }

    /// Adds rows of which the account that is meant comes first.
    fn add<T>(&mut self, rows: Vec<(T, UserId, Status)>, name: fn(T) -> Name) {
        for (key, user, status) in rows {
            self.0.entry(name(key)).or_insert(Holder { user, status });
        }
    }
}

/// The account that `name` means.
///
/// # Errors
/// When the database cannot be read.
pub async fn meant(db: &impl ConnectionTrait, name: &Name) -> Result<Option<Holder>, Error> {
    Ok(Holders::of(db, [name.clone()]).await?.meant(name))
}

/// The account that reserves `name`.
///
/// # Errors
/// When the database cannot be read.
pub async fn reserving(db: &impl ConnectionTrait, name: &Name) -> Result<Option<Holder>, Error> {
    Ok(meant(db, name).await?.filter(|holder| holder.status.reserves_email()))
}
