//! Who reads, and from where.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;

use super::Sight;
use crate::access::Caller;
use crate::db::{Database, Reads};
use crate::error::Error;
use crate::platform::{self, Platform};
use crate::tree::Tree;

/// Somebody reading. What it learns once (the time, the platform, the tree) it keeps, so it lives no longer than a
/// request; after a write a new one is made.
#[derive(Debug)]
pub struct Reader {
    database: Database,
    caller: Caller,
    now: OnceCell<DateTime<Utc>>,
    platform: OnceCell<(Platform, Arc<Tree>)>,
    sight: OnceCell<Sight>,
    impersonal: bool,
}

impl Reader {
    /// `caller` reading from `database`.
    pub fn new(database: Database, caller: Caller) -> Reader {
        Reader {
            database,
            caller,
            now: OnceCell::new(),
            platform: OnceCell::new(),
            sight: OnceCell::new(),
            impersonal: false,
        }
    }

    /// As [`Reader::new`], where it is known that `caller` sees everything.
    pub fn seeing_everything(database: Database, caller: Caller) -> Reader {
        Reader { sight: OnceCell::new_with(Some(Sight::Everything)), ..Reader::new(database, caller) }
    }

    /// The same, who sees nothing personal of anybody.
    #[must_use]
    pub fn impersonal(self) -> Reader {
        let sight = self.sight.into_inner().map(Sight::impersonal);
        Reader { impersonal: true, sight: OnceCell::new_with(sight), ..self }
    }

    /// Whether nothing need be read to know that the caller sees everything.
    pub fn is_known_to_see_everything(&self) -> bool {
        self.sight.get().is_some_and(|sight| matches!(sight, Sight::Everything))
    }

    /// Where to read.
    pub fn db(&self) -> &Reads {
        &self.database.read
    }

    /// The database that is read.
    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Who reads.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The time of this reading.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn now(&self) -> Result<DateTime<Utc>, Error> {
        kept(&self.now, || self.database.clock.now(self.db())).await.copied()
    }

    /// The platform's own row.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn platform(&self) -> Result<&Platform, Error> {
        Ok(&self.current().await?.0)
    }

    /// The tree of groups.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tree(&self) -> Result<&Tree, Error> {
        Ok(&self.current().await?.1)
    }

    /// What the caller sees.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sight(&self) -> Result<&Sight, Error> {
        let sight = || async {
            let sight = Sight::of(self.db(), &self.database.trees, &self.caller).await?;
            Ok(if self.impersonal { sight.impersonal() } else { sight })
        };
        kept(&self.sight, sight).await
    }

    async fn current(&self) -> Result<&(Platform, Arc<Tree>), Error> {
        kept(&self.platform, || platform::current(self.db(), &self.database.trees)).await
    }
}

/// What is kept in `cell`, read the first time. Reading is boxed: every field that asks would else make room for it.
async fn kept<T, F>(cell: &OnceCell<T>, read: impl FnOnce() -> F + Send) -> Result<&T, Error>
where
    T: Send + Sync,
    F: Future<Output = Result<T, Error>> + Send,
{
    match cell.get() {
        Some(known) => Ok(known),
        None => Box::pin(cell.get_or_try_init(read)).await,
    }
}

/// A question that is asked for many keys at once, in one statement.
pub trait Batch: Send + Sync + 'static {
    /// What is asked for.
    type Key: Clone + Debug + Eq + Hash + Send + Sync + 'static;
    /// What is answered; cheap to clone.
    type Value: Clone + Send + Sync + 'static;

    /// The answers by key. A key without an answer is left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn load(
        reader: &Reader,
        keys: Vec<Self::Key>,
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>, Error>> + Send;
}
