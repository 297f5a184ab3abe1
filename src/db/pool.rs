//! Pools of connections, on deadpool: a connection is lent and comes back without a word to the server.
//!
//! A connection is lent again if it came back whole: no statement under way, no transaction open. Any other is thrown
//! away and leaves its place to a new one. One that was idle for [`Limits::idle`] is asked whether it still works. Once
//! a connection turns out to be lost, every other that has not answered since is thrown away instead of being tried.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool::managed::{
    Manager, Metrics, Object, Pool as Places, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts,
};
use deadpool::{Runtime, managed};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sea_orm::sqlx::{self, ConnectOptions as _};
use sea_orm::{
    ConnAcquireErr, DatabaseConnection, DbBackend, DbErr, RuntimeErr, SqlxPostgresConnector,
    SqlxSqliteConnector,
};
use tokio::time::{Instant, sleep, timeout};

use super::connect::bound;
use super::connection::{Connection, Raw, silent};

/// How old a connection may become: what a server keeps for each grows with what it was asked.
const LIFETIME: Duration = Duration::from_secs(30 * 60);
/// How long to wait before a server that refuses connections is asked again.
const BREATH: Duration = Duration::from_millis(100);
/// For so long after a server could not be reached nobody else tries.
const HOPELESS: Duration = Duration::from_secs(1);

/// How long a database may take for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A statement that reads outside of a write: the database itself ends it then.
    pub read: Duration,
    /// A server that has not answered a statement for so long is asked, by another connection, whether it is at work
    /// on it; and again as often as it says yes. If it is not, or does not answer, the connection is lost.
    pub silence: Duration,
    /// Connecting, and asking an idle connection or a silent server whether it is there.
    pub connect: Duration,
    /// Waiting for a connection while others have them all.
    pub wait: Duration,
    /// A connection that was idle for so long is asked whether it still works before it is lent.
    pub idle: Duration,
}

impl Default for Limits {
    /// With these a server that goes silent is noticed after 7 seconds at most.
    fn default() -> Limits {
        Limits {
            read: super::READ_LIMIT,
            silence: Duration::from_secs(3),
            connect: Duration::from_secs(4),
            wait: Duration::from_secs(60),
            idle: Duration::from_secs(30),
        }
    }
}

/// Where connections lead to.
#[derive(Clone)]
pub(super) enum Target {
    Postgres(Box<PgConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
}

/// What connections of one pool are made of, and what is known of where they lead to.
pub(super) struct Source {
    target: Target,
    /// How long a connection of SQLite may work without a pause; for ever where it is not said.
    work: Option<Duration>,
    pub(super) limits: Limits,
    health: Arc<Health>,
}

/// What is known of a server, by all pools of a database.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// When a connection was lost last.
    lost: Mutex<Option<Instant>>,
    /// When the server could not be reached, if it was not reached since.
    away: Mutex<Option<Instant>>,
}

impl Health {
    /// A connection is lost.
    pub(super) fn lose(&self) {
        set(&self.lost, Some(Instant::now()));
    }

    /// Whether what worked at `then` may have been lost since.
    fn is_doubtful(&self, then: Instant) -> bool {
        get(&self.lost).is_some_and(|lost| then <= lost)
    }

    fn is_hopeless(&self) -> bool {
        get(&self.away).is_some_and(|away| away.elapsed() < HOPELESS)
    }
}

fn get(kept: &Mutex<Option<Instant>>) -> Option<Instant> {
    *kept.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set(kept: &Mutex<Option<Instant>>, at: Option<Instant>) {
    *kept.lock().unwrap_or_else(PoisonError::into_inner) = at;
}

impl Source {
    pub(super) fn new(target: Target, work: Option<Duration>, limits: Limits, health: Arc<Health>) -> Source {
        Source { target, work, limits, health }
    }

    pub(super) fn backend(&self) -> DbBackend {
        match self.target {
            Target::Postgres(_) => DbBackend::Postgres,
            Target::Sqlite(_) => DbBackend::Sqlite,
        }
    }

    pub(super) fn health(&self) -> &Health {
        &self.health
    }

    /// A new connection.
    async fn connect(&self) -> Result<Raw, sqlx::Error> {
        let connecting = async {
            Ok(match &self.target {
                Target::Postgres(options) => {
                    let mut connection = options.connect().await?;
                    let (process,) = sqlx::query_as("select pg_backend_pid()")
                        .persistent(false)
                        .fetch_one(&mut connection)
                        .await?;
                    Raw::Postgres { connection, process }
                }
                Target::Sqlite(options) => {
                    let mut connection = options.connect().await?;
                    if let Some(limit) = self.work {
                        bound(&mut connection, limit).await?;
                    }
                    Raw::Sqlite(connection)
                }
            })
        };
        match self.target {
            // A file may have to be recovered first.
            Target::Sqlite(_) => connecting.await,
            Target::Postgres(_) => {
                timeout(self.limits.connect, connecting).await.unwrap_or_else(|_| Err(silent()))
            }
        }
    }

    /// As [`Source::connect`]; a server that is just starting is waited for, for as long as connecting may take.
    async fn reach(&self) -> Result<Raw, sqlx::Error> {
        let began = Instant::now();
        loop {
            if self.health.is_hopeless() {
                return Err(silent());
            }
            match self.connect().await {
                Ok(raw) => {
                    set(&self.health.away, None);
                    return Ok(raw);
                }
                Err(error) if is_starting(&error) && began.elapsed() < self.limits.connect => {
                    sleep(BREATH).await
                }
                Err(error) => {
                    if !matches!(error, sqlx::Error::Database(_)) {
                        set(&self.health.away, Some(Instant::now()));
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Whether the server says that its `process` is at work on a statement. One that waits for us to read or to write
    /// is not.
    pub(super) async fn is_at_work(&self, process: i32) -> Work {
        let asking = async {
            let Raw::Postgres { mut connection, .. } = self.connect().await? else { return Ok(true) };
            let (at_work,) = sqlx::query_as(
                "select exists (select from pg_stat_activity
                    where pid = $1 and coalesce(state, 'active') not like 'idle%'
                        and wait_event_type is distinct from 'Client')",
            )
            .bind(process)
            .fetch_one(&mut connection)
            .await?;
            Ok(at_work)
        };
        match timeout(self.limits.connect, asking).await {
            Ok(Ok(true)) => Work::UnderWay,
            Ok(Ok(false)) => Work::None,
            // It is there, and has no room for one more.
            Ok(Err(sqlx::Error::Database(error))) if error.code().as_deref() == Some("53300") => {
                Work::UnderWay
            }
            Ok(Err(_)) | Err(_) => {
                set(&self.health.away, Some(Instant::now()));
                Work::Unknown
            }
        }
    }
}

/// What a server says of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// It is at work on it.
    UnderWay,
    /// It is not.
    None,
    /// It says nothing.
    Unknown,
}

/// Whether a server refuses connections because it is just starting, or has no room yet.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

/// Makes connections, and looks at those that are lent again.
pub(super) struct Maker(Arc<Source>);

impl Manager for Maker {
    type Type = Connection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Connection, sqlx::Error> {
        Ok(Connection::new(self.0.reach().await?, self.0.clone()))
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<sqlx::Error> {
        let source = &self.0;
        if connection.opened.elapsed() > LIFETIME || source.health.is_doubtful(connection.answered) {
            return Err(RecycleError::message("too old, or doubtful"));
        }
        if connection.answered.elapsed() > source.limits.idle {
            let asked = timeout(source.limits.connect, connection.ping()).await;
            if let Err(error) = asked.unwrap_or_else(|_| Err(silent())) {
                source.health.lose();
                return Err(RecycleError::Backend(error));
            }
        }
        Ok(())
    }
}

/// A pool; clones share it.
#[derive(Clone)]
pub(super) struct Pool {
    places: Places<Maker>,
    source: Arc<Source>,
    /// Whether nobody gets a connection any more.
    is_closing: Arc<AtomicBool>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("status", &self.places.status()).finish_non_exhaustive()
    }
}

impl Pool {
    /// A pool of at most so many connections, the first of which is made.
    pub(super) async fn open(source: Source, connections: usize) -> Result<Pool, DbErr> {
        let source = Arc::new(source);
        let places = Places::builder(Maker(source.clone()))
            .max_size(connections)
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(Some(source.limits.wait))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| DbErr::Custom(error.to_string()))?;
        let pool = Pool { places, source, is_closing: Arc::default() };
        drop(pool.get().await?);
        Ok(pool)
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.source.backend()
    }

    /// A connection, as soon as there is one.
    pub(super) async fn get(&self) -> Result<Lent, DbErr> {
        self.is_open()?;
        self.lent(self.places.get().await)
    }

    /// A connection, if nobody has to be waited for.
    pub(super) async fn get_now(&self) -> Result<Option<Lent>, DbErr> {
        self.is_open()?;
        let timeouts = Timeouts { wait: Some(Duration::ZERO), ..self.places.timeouts() };
        match self.places.timeout_get(&timeouts).await {
            Err(PoolError::Timeout(_)) => Ok(None),
            got => self.lent(got).map(Some),
        }
    }

    fn is_open(&self) -> Result<(), DbErr> {
        if self.is_closing.load(Ordering::Relaxed) {
            return Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed));
        }
        Ok(())
    }

    fn lent(&self, got: Result<Object<Maker>, managed::PoolError<sqlx::Error>>) -> Result<Lent, DbErr> {
        match got {
            Ok(object) => Ok(Lent { object: Some(object), pool: self.clone() }),
            Err(PoolError::Backend(error)) => Err(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))),
            Err(PoolError::Closed) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
            Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        }
    }

    /// Two more connections that write, or one to a file, as SeaORM's migrator wants them.
    pub(super) async fn for_migrations(&self) -> Result<DatabaseConnection, DbErr> {
        let failed = |error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)));
        Ok(match self.source.target.clone() {
            Target::Postgres(options) => {
                let pool = PgPoolOptions::new().max_connections(2).connect_with(*options).await;
                SqlxPostgresConnector::from_sqlx_postgres_pool(pool.map_err(failed)?)
            }
            Target::Sqlite(options) => {
                let pool = SqlitePoolOptions::new().max_connections(1).connect_with(*options).await;
                SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.map_err(failed)?)
            }
        })
    }

    /// Closes every connection, once those that are lent have come back.
    pub(super) async fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        while self.places.status().size > 0 {
            for connection in self.places.retain(|_, _| false).removed {
                connection.close().await;
            }
            sleep(Duration::from_millis(1)).await;
        }
        self.places.close();
    }
}

/// A connection that somebody has until this is dropped.
pub(super) struct Lent {
    /// None once it was thrown away.
    object: Option<Object<Maker>>,
    pool: Pool,
}

impl Lent {
    /// The connection.
    ///
    /// # Errors
    /// When it was lost, or a statement on it was given up.
    pub(super) fn connection(&mut self) -> Result<&mut Connection, sqlx::Error> {
        match &mut self.object {
            Some(object) if object.is_whole() => Ok(&mut **object),
            _ => Err(sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::NotConnected))),
        }
    }

    /// Whether it can be used.
    pub(super) fn is_whole(&self) -> bool {
        self.object.as_ref().is_some_and(|connection| connection.is_whole())
    }

    /// Throws the connection away, and takes another one in its stead.
    pub(super) async fn renew(&mut self) -> Result<(), DbErr> {
        self.throw_away();
        let mut other = self.pool.get().await?;
        self.object = other.object.take();
        Ok(())
    }

    /// Throws the connection away; its place is free for another one.
    pub(super) fn throw_away(&mut self) {
        if let Some(object) = self.object.take() {
            drop(Object::take(object));
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.object.as_ref().is_some_and(|connection| !connection.is_lendable()) {
            self.throw_away();
        }
    }
}
