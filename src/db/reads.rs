//! Where it is read: a connection of the pool for each statement, or one that is held.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, TransactionOptions,
    sqlx,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::connection::is_cut_off;
use super::pool::{Lent, Pool};
use super::transaction::Transaction;

/// Who is told of every statement, and how long it took.
pub(super) type Observer = Arc<dyn Fn(&Statement, Duration) + Send + Sync>;

/// Where it is read. Clones read from the same place.
#[derive(Clone)]
pub struct Reads {
    pool: Pool,
    held: Option<Arc<Mutex<Held>>>,
    observer: Option<Observer>,
}

/// A connection that several statements have in turns.
pub(super) struct Held {
    lent: Lent,
    /// Whether the database did not answer, so that nothing more is asked.
    is_over: bool,
}

/// A connection for one statement or one transaction.
pub(super) enum Place {
    /// For it alone.
    Own(Held),
    /// Of those who hold it together.
    Shared(OwnedMutexGuard<Held>),
}

impl Place {
    pub(super) fn own(lent: Lent) -> Place {
        Place::Own(Held { lent, is_over: false })
    }

    fn held(&mut self) -> &mut Held {
        match self {
            Place::Own(held) => held,
            Place::Shared(held) => held,
        }
    }

    /// The connection.
    pub(super) fn lent(&mut self) -> &mut Lent {
        &mut self.held().lent
    }

    /// Takes another connection in the stead of one that cannot be used.
    pub(super) async fn renew(&mut self) -> Result<(), DbErr> {
        let held = self.held();
        if held.is_over {
            return Err(query(super::connection::silent()));
        }
        let renewed = held.lent.renew().await;
        held.is_over = renewed.is_err();
        renewed
    }

    /// Whether a connection that has failed was cut off, and another one is there in its stead.
    pub(super) async fn is_renewed_after(&mut self, error: &sqlx::Error) -> Result<bool, DbErr> {
        if is_cut_off(error) {
            self.renew().await?;
            return Ok(true);
        }
        if !self.lent().is_whole() {
            self.held().is_over = true;
            self.lent().throw_away();
        }
        Ok(false)
    }
}

/// The error of a statement that reads.
pub(super) fn query(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

/// The error of a statement that is run.
pub(super) fn exec(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

/// Tells `observer` of a statement that began at `began`.
pub(super) fn observe(observer: Option<&Observer>, statement: &Statement, began: Instant) {
    if let Some(observer) = observer {
        observer(statement, began.elapsed());
    }
}

impl fmt::Debug for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reads").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl Reads {
    pub(super) fn new(pool: Pool) -> Reads {
        Reads { pool, held: None, observer: None }
    }

    pub(super) fn observed(self, observer: Observer) -> Reads {
        Reads { observer: Some(observer), ..self }
    }

    /// The same over one connection, which is waited for and given back once the last clone of it is dropped.
    pub(super) async fn hold(&self) -> Result<Reads, DbErr> {
        Ok(self.holding(self.pool.get().await?))
    }

    /// As [`Reads::hold`]; none where somebody would have to be waited for.
    pub(super) async fn hold_now(&self) -> Result<Option<Reads>, DbErr> {
        Ok(self.pool.get_now().await?.map(|lent| self.holding(lent)))
    }

    fn holding(&self, lent: Lent) -> Reads {
        let held = Some(Arc::new(Mutex::new(Held { lent, is_over: false })));
        Reads { held, ..self.clone() }
    }

    /// Which of the two databases it is.
    pub fn get_database_backend(&self) -> DbBackend {
        self.pool.backend()
    }

    /// Whether it is one connection.
    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    /// A connection that can be used.
    async fn place(&self) -> Result<Place, DbErr> {
        let mut place = match &self.held {
            Some(held) => Place::Shared(held.clone().lock_owned().await),
            None => Place::own(self.pool.get().await?),
        };
        if !place.lent().is_whole() {
            place.renew().await?;
        }
        Ok(place)
    }

    /// Begins a transaction, on the connection that is held where there is one: nothing else is read by it until the
    /// transaction has ended.
    pub(crate) async fn start(&self, options: TransactionOptions) -> Result<Transaction, DbErr> {
        Transaction::start(self.place().await?, self.pool.backend(), self.observer.clone(), options).await
    }
}

#[async_trait]
impl ConnectionTrait for Reads {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut place = self.place().await?;
        let began = Instant::now();
        let done = match place.lent().connection() {
            Ok(connection) => connection.execute(&statement).await,
            Err(error) => Err(error),
        };
        observe(self.observer.as_ref(), &statement, began);
        done.map_err(exec)
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        let mut place = self.place().await?;
        let connection = place.lent().connection().map_err(exec)?;
        connection.unprepared(text).await.map_err(exec)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut place = self.place().await?;
        let began = Instant::now();
        let mut rows = place.lent().connection().map_err(query)?.rows(&statement).await;
        // Reading once more changes nothing.
        if let Err(error) = &rows
            && place.is_renewed_after(error).await?
        {
            rows = place.lent().connection().map_err(query)?.rows(&statement).await;
        }
        observe(self.observer.as_ref(), &statement, began);
        rows.map_err(query)
    }
}
