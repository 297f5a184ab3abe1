//! Transactions, and where those begin that write.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    AccessMode, ConnectionTrait, DbBackend, DbErr, ExecResult, IsolationLevel, QueryResult, Statement,
    TransactionError, TransactionOptions, TransactionSession, TransactionTrait,
};
use tokio::sync::Mutex;

use super::connection::Connection;
use super::pool::Pool;
use super::reads::{Observer, Place, Reads, exec, observe, query};

/// An open transaction. One that is dropped before it has ended takes its connection with it, and the database rolls it
/// back; one within another takes the outer one with it.
pub struct Transaction {
    place: Arc<Mutex<Place>>,
    backend: DbBackend,
    observer: Option<Observer>,
    /// How many others are around it.
    depth: usize,
    is_open: bool,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("depth", &self.depth).finish_non_exhaustive()
    }
}

/// How a transaction begins.
fn beginning(backend: DbBackend, options: TransactionOptions) -> String {
    let mut text = "BEGIN".to_owned();
    if backend == DbBackend::Sqlite {
        if let Some(mode) = options.sqlite_transaction_mode {
            text.push(' ');
            text.push_str(mode.sqlite_keyword());
        }
        return text;
    }
    if let Some(level) = options.isolation_level {
        text.push_str(&format!(" ISOLATION LEVEL {level}"));
    }
    if let Some(mode) = options.access_mode {
        text.push_str(&format!(" {mode}"));
    }
    text
}

impl Transaction {
    /// Begins one at `place`. Where the connection turns out to have been cut off, another one is taken: nothing was
    /// done yet.
    pub(super) async fn start(
        mut place: Place,
        backend: DbBackend,
        observer: Option<Observer>,
        options: TransactionOptions,
    ) -> Result<Transaction, DbErr> {
        let text = beginning(backend, options);
        let mut begun = place.lent().connection().map_err(query)?.begin(&text).await;
        if let Err(error) = &begun
            && place.is_renewed_after(error).await?
        {
            begun = place.lent().connection().map_err(query)?.begin(&text).await;
        }
        begun.map_err(query)?;
        Ok(Transaction { place: Arc::new(Mutex::new(place)), backend, observer, depth: 0, is_open: true })
    }

    async fn end(mut self, whole: &str, part: &str) -> Result<(), DbErr> {
        {
            let mut place = self.place.lock().await;
            let connection = place.lent().connection().map_err(query)?;
            if self.depth == 0 {
                connection.end(whole).await.map_err(query)?;
            } else {
                connection.unprepared(&format!("{part} roster_{}", self.depth)).await.map_err(query)?;
            }
        }
        self.is_open = false;
        Ok(())
    }

    /// Makes everything that was done lasting.
    ///
    /// # Errors
    /// When the database refuses. Where it does not answer, it may have done so.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.end("COMMIT", "RELEASE SAVEPOINT").await
    }

    /// Undoes everything that was done.
    ///
    /// # Errors
    /// When the database does not answer, which undoes it by itself.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.end("ROLLBACK", "ROLLBACK TO SAVEPOINT").await
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        // Whoever else has the place has been dropped before this.
        if let Ok(mut place) = self.place.try_lock() {
            if let Ok(connection) = place.lent().connection() {
                connection.give_up();
            }
            if self.depth == 0 {
                place.lent().throw_away();
            }
        }
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut place = self.place.lock().await;
        let connection: &mut Connection = place.lent().connection().map_err(exec)?;
        let began = Instant::now();
        let done = connection.execute(&statement).await;
        observe(self.observer.as_ref(), &statement, began);
        done.map_err(exec)
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        let mut place = self.place.lock().await;
        let connection = place.lent().connection().map_err(exec)?;
        connection.unprepared(text).await.map_err(exec)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut place = self.place.lock().await;
        let connection = place.lent().connection().map_err(query)?;
        let began = Instant::now();
        let rows = connection.rows(&statement).await;
        observe(self.observer.as_ref(), &statement, began);
        rows.map_err(query)
    }
}

#[async_trait]
impl TransactionSession for Transaction {
    async fn commit(self) -> Result<(), DbErr> {
        Transaction::commit(self).await
    }

    async fn rollback(self) -> Result<(), DbErr> {
        Transaction::rollback(self).await
    }
}

/// Where it is written: every transaction has a connection of its own.
#[derive(Clone)]
pub(crate) struct Writes {
    pool: Pool,
    observer: Option<Observer>,
}

impl fmt::Debug for Writes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writes").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl Writes {
    pub(super) fn new(pool: Pool) -> Writes {
        Writes { pool, observer: None }
    }

    pub(super) fn observed(self, observer: Observer) -> Writes {
        Writes { observer: Some(observer), ..self }
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Begins a transaction.
    pub(crate) async fn start(&self, options: TransactionOptions) -> Result<Transaction, DbErr> {
        let place = Place::own(self.pool.get().await?);
        Transaction::start(place, self.pool.backend(), self.observer.clone(), options).await
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// SeaORM's own way to begin transactions, for whatever says how one starts.
macro_rules! begins {
    ($type:ty, |$self:ident, $options:ident| $start:expr) => {
        #[async_trait]
        impl TransactionTrait for $type {
            type Transaction = Transaction;

            async fn begin(&self) -> Result<Transaction, DbErr> {
                self.begin_with_options(TransactionOptions::default()).await
            }

            async fn begin_with_config(
                &self,
                isolation_level: Option<IsolationLevel>,
                access_mode: Option<AccessMode>,
            ) -> Result<Transaction, DbErr> {
                let options =
                    TransactionOptions { isolation_level, access_mode, sqlite_transaction_mode: None };
                self.begin_with_options(options).await
            }

            async fn begin_with_options(&self, options: TransactionOptions) -> Result<Transaction, DbErr> {
                let ($self, $options) = (self, options);
                $start
            }

            async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
            where
                F: for<'c> FnOnce(&'c Transaction) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>
                    + Send,
                T: Send,
                E: fmt::Display + fmt::Debug + Send,
            {
                self.transaction_with_config(callback, None, None).await
            }

            async fn transaction_with_config<F, T, E>(
                &self,
                callback: F,
                isolation_level: Option<IsolationLevel>,
                access_mode: Option<AccessMode>,
            ) -> Result<T, TransactionError<E>>
            where
                F: for<'c> FnOnce(&'c Transaction) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>
                    + Send,
                T: Send,
                E: fmt::Display + fmt::Debug + Send,
            {
                let begun = self.begin_with_config(isolation_level, access_mode).await;
                let transaction = begun.map_err(TransactionError::Connection)?;
                match callback(&transaction).await {
                    Ok(done) => {
                        transaction.commit().await.map_err(TransactionError::Connection)?;
                        Ok(done)
                    }
                    Err(error) => {
                        transaction.rollback().await.map_err(TransactionError::Connection)?;
                        Err(TransactionError::Transaction(error))
                    }
                }
            }
        }
    };
}

begins!(Reads, |reads, options| reads.start(options).await);

begins!(Transaction, |outer, _options| {
    let depth = outer.depth + 1;
    outer.execute_unprepared(&format!("SAVEPOINT roster_{depth}")).await?;
    Ok(Transaction {
        place: outer.place.clone(),
        backend: outer.backend,
        observer: outer.observer.clone(),
        depth,
        is_open: true,
    })
});
