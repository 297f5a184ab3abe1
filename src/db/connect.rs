//! Opening a database: pools, pragmas, migrations.
//!
//! Writes and reads have pools of their own ([`super::pool`]), and SQLite has exactly one writer. A connection on which
//! a transaction is open, or a statement was given up, is never lent again: a future dropped during `BEGIN` would
//! otherwise leave a transaction to the next writer, whose acknowledged work would go with it.
//!
//! What reads is bounded in time, by the database itself, statement by statement. The future that waits for it is never
//! dropped to stop it. What writes is bounded in what it waits for, never in the middle of what it does. Either is given
//! up where PostgreSQL does not answer, or says that it is not at work on it ([`Limits::silence`]): no connection waits
//! for ever, and its place is free for another one.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use migration::m0016_keys::{self, Collision};
use migration::{MigrationName, Migrator, MigratorTrait};
use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement, TransactionTrait, sqlx,
};

use super::clock::Clock;
use super::pool::{Health, Limits, Pool, Source, Target};
use super::reads::{Observer, Reads};
use super::sql::sql;
use super::transaction::Writes;
use crate::bell::Bell;
use crate::error::Error;
use crate::tree::TreeCache;

/// How long a statement waits for another writer before it gives up and is tried again.
const LOCK_WAIT: Duration = Duration::from_secs(20);
/// How long a transaction may do nothing before PostgreSQL ends it: so long those of a program that went silent keep
/// others waiting, at most.
const IDLE_WAIT: Duration = Duration::from_secs(10);
/// How long a read may take where nobody says otherwise.
pub const READ_LIMIT: Duration = Duration::from_secs(10);
/// KiB of pages, as SQLite wants them said, that a connection keeps for reading; there are several.
const READER_CACHE: &str = "-2000";
/// KiB of pages that the one connection keeps which writes. Changed pages that find no room are written and read again
/// within the transaction, which with a quarter of this takes longer than all else; four times as much gains nothing.
const WRITER_CACHE: &str = "-8000";
/// Steps of SQLite's machine between two looks at the clock: some tenths of a millisecond.
const STEPS: i32 = 10_000;
/// Without a look at the clock for so long, a connection was idle: a statement that goes on looks far more often.
const PAUSE: Duration = Duration::from_millis(50);
/// Most connections that read, and on PostgreSQL as many that write: more do not help on a few cores.
const CONNECTIONS: usize = 8;

/// An open database, shared by everything that serves requests.
#[derive(Clone, Debug)]
pub struct Database {
    /// For reads outside a transaction, and for snapshots.
    pub read: Reads,
    /// For transactions that write; on SQLite one connection.
    pub(crate) write: Writes,
    /// The time, as this database sees it.
    pub clock: Arc<Clock>,
    /// The tree of groups as last read.
    pub trees: Arc<TreeCache>,
    /// What is told of jobs inside this process.
    pub bell: Arc<Bell>,
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is neither `sqlite:` nor `postgres:`.
    #[error("the database address must start with sqlite: or postgres://")]
    UnknownScheme,
    /// The file or server cannot be reached.
    #[error("the database cannot be opened: {0}")]
    Unreachable(DbErr),
    /// Another program serves the file.
    #[error("another roster serves this database file; stop it first, or ask it")]
    Served,
    /// The file cannot be locked.
    #[error("the database cannot be locked: {0}")]
    Lock(std::io::Error),
    /// Some accounts would become one: nothing was migrated.
    #[error("{} accounts share an email or a username by the rules of this version; nothing was changed", .0.len())]
    Collisions(Vec<Collision>),
    /// It was migrated by a newer program.
    #[error("the database is newer than this program (it has {0}); run the newer program")]
    Newer(String),
    /// A migration failed.
    #[error("the database could not be migrated: {0}")]
    Migration(DbErr),
}

impl Database {
    /// Opens the database at `url` (`sqlite:FILE` or `postgres://…`), creating a SQLite file that is not there.
    /// Does not migrate.
    ///
    /// # Errors
    /// When the address is of another kind, or nothing answers there.
    pub async fn open(url: &str) -> Result<Database, OpenError> {
        Database::open_bounded(url, READ_LIMIT).await
    }

    /// As [`Database::open`]; what reads takes at most `read_limit`, and is else an error that
    /// [`Error::is_out_of_time`].
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn open_bounded(url: &str, read_limit: Duration) -> Result<Database, OpenError> {
        Database::open_within(url, Limits { read: read_limit, ..Limits::default() }).await
    }

    /// As [`Database::open`]; everything takes at most what `limits` say.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn open_within(url: &str, limits: Limits) -> Result<Database, OpenError> {
        let health = Arc::new(Health::default());
        let writing = Source::new(target(url, None)?, None, limits, health.clone());
        let reading = Source::new(target(url, Some(limits.read))?, Some(limits.read), limits, health);
        let readers = readers(reading.backend() == DbBackend::Sqlite);
        let writers = if writing.backend() == DbBackend::Sqlite { 1 } else { CONNECTIONS };
        let write = Writes::new(Pool::open(writing, writers).await.map_err(OpenError::Unreachable)?);
        let read = Reads::new(Pool::open(reading, readers).await.map_err(OpenError::Unreachable)?);
        Ok(Database { read, write, clock: Arc::default(), trees: Arc::default(), bell: Arc::default() })
    }

    /// Opens the SQLite database in `file`.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn open_file(file: &Path) -> Result<Database, OpenError> {
        Database::open(&format!("sqlite:{}", file.display())).await
    }

    /// Brings the database to the newest step. Instances that start together wait for each other.
    ///
    /// # Errors
    /// When it is newer than this program, or some accounts would become one: then no step is taken. When a step fails,
    /// which is then not done at all.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        let own = self.write.pool().for_migrations().await.map_err(OpenError::Unreachable)?;
        let migrated = migrate(&own).await;
        own.close().await.map_err(OpenError::Unreachable)?;
        migrated
    }

    /// Whether the database is at the newest step that this program knows.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn is_migrated(&self) -> Result<bool, Error> {
        let newest = Migrator::migrations().last().map(|step| step.name().to_owned());
        Ok(applied(&self.read).await?.pop() == newest)
    }

    /// The same database, read over one connection by whoever has a clone of it: it is waited for, and given back with
    /// the last clone. Who holds it waits for no other connection to read with.
    ///
    /// # Errors
    /// When the database does not answer, or all connections are taken for too long.
    pub async fn hold(&self) -> Result<Database, Error> {
        Ok(Database { read: self.read.hold().await?, ..self.clone() })
    }

    /// As [`Database::hold`]; none where somebody would have to be waited for.
    ///
    /// # Errors
    /// As [`Database::hold`].
    pub async fn hold_now(&self) -> Result<Option<Database>, Error> {
        Ok(self.read.hold_now().await?.map(|read| Database { read, ..self.clone() }))
    }

    /// Whether it is read over one connection.
    pub fn is_held(&self) -> bool {
        self.read.is_held()
    }

    /// Closes every connection, once those in use are given back. SQLite then has all of it in one file.
    pub async fn close(self) {
        self.read.close().await;
        self.write.close().await;
    }

    /// Which of the two it is.
    pub fn backend(&self) -> DbBackend {
        self.read.get_database_backend()
    }

    /// Calls `observe` with every statement run from now on by the clone that is returned, and how long it took.
    #[must_use]
    pub fn observed(self, observe: impl Fn(&Statement, Duration) + Send + Sync + 'static) -> Database {
        let observer: Observer = Arc::new(observe);
        Database { read: self.read.observed(observer.clone()), write: self.write.observed(observer), ..self }
    }
}

/// Brings the database to the newest step, on connections that nothing else uses.
async fn migrate(own: &DatabaseConnection) -> Result<(), OpenError> {
    // SQLite has one writer: the lock would keep the migrator waiting for itself.
    let lock = if own.get_database_backend() == DbBackend::Postgres {
        let lock = own.begin().await.map_err(OpenError::Unreachable)?;
        super::locks::migrations(&lock).await.map_err(OpenError::Unreachable)?;
        Some(lock)
    } else {
        None
    };
    let applied = refuse_newer(own).await?;
    refuse_collisions(own, &applied).await?;
    Migrator::up(own, None).await.map_err(OpenError::Migration)?;
    if let Some(lock) = lock {
        lock.commit().await.map_err(OpenError::Unreachable)?;
    }
    Ok(())
}

/// Looks, before the first step, for accounts that a step to be taken would give one key.
async fn refuse_collisions(own: &DatabaseConnection, applied: &[String]) -> Result<(), OpenError> {
    if applied.is_empty() || applied.iter().any(|step| step == m0016_keys::Step.name()) {
        return Ok(());
    }
    let look = own.begin().await.map_err(OpenError::Migration)?;
    let found = m0016_keys::collisions(&look).await;
    look.rollback().await.map_err(OpenError::Migration)?;
    match found.map_err(OpenError::Migration)? {
        found if found.is_empty() => Ok(()),
        found => Err(OpenError::Collisions(found)),
    }
}

/// The steps that were taken.
async fn refuse_newer(own: &DatabaseConnection) -> Result<Vec<String>, OpenError> {
    let known: Vec<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    Migrator::install(own).await.map_err(OpenError::Migration)?;
    let applied =
        applied(own).await.map_err(|error| OpenError::Migration(DbErr::Custom(error.to_string())))?;
    match applied.iter().find(|step| !known.contains(step)) {
        Some(step) => Err(OpenError::Newer(step.clone())),
        None => Ok(applied),
    }
}

/// Connections that read. SQLite does its work in this program: more than two for a core only take memory.
fn readers(sqlite: bool) -> usize {
    let cores = available_parallelism().map_or(1, NonZero::get);
    if sqlite { CONNECTIONS.min(2 * cores) } else { CONNECTIONS }
}

/// The steps that were taken, the oldest first.
async fn applied(db: &impl ConnectionTrait) -> Result<Vec<String>, Error> {
    let steps = sql("db.migrations", "select version from seaql_migrations order by version");
    Ok(steps.all::<(String,)>(db).await?.into_iter().map(|(step,)| step).collect())
}

/// Where the connections of a pool lead to: of one that reads, where there is a `read_limit`.
fn target(url: &str, read_limit: Option<Duration>) -> Result<Target, OpenError> {
    let unreachable = |error| OpenError::Unreachable(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))));
    if url.starts_with("sqlite:") {
        return Ok(Target::Sqlite(Box::new(sqlite(url, read_limit.is_some()).map_err(unreachable)?)));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Target::Postgres(Box::new(postgres(url, read_limit).map_err(unreachable)?)));
    }
    Err(OpenError::UnknownScheme)
}

fn sqlite(url: &str, reads: bool) -> Result<SqliteConnectOptions, sqlx::Error> {
    let options: SqliteConnectOptions = url.parse()?;
    Ok(options
        .disable_statement_logging()
        .pragma("cache_size", if reads { READER_CACHE } else { WRITER_CACHE })
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(LOCK_WAIT)
        .statement_cache_capacity(256)
        // Rows that the driver's thread reads ahead: each time that it has to stop costs more than many rows.
        .row_buffer_size(1_000))
}

fn postgres(url: &str, read_limit: Option<Duration>) -> Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    // No time at all would be without bounds for PostgreSQL, as it is for what writes.
    let statement_timeout = read_limit.map_or(0, |limit| limit.as_millis().max(1));
    Ok(options.disable_statement_logging().application_name("roster").statement_cache_capacity(256).options(
        [
            ("statement_timeout", format!("{statement_timeout}ms")),
            ("lock_timeout", format!("{}s", LOCK_WAIT.as_secs())),
            // What is there already is no news.
            ("client_min_messages", "warning".to_owned()),
            ("idle_in_transaction_session_timeout", format!("{}s", IDLE_WAIT.as_secs())),
            // A server forgets a program whose machine is gone.
            ("tcp_keepalives_idle", "30".to_owned()),
            ("tcp_keepalives_interval", "10".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
            // The server's own 4 is that of a spinning disk: with it, whole tables would be read for a chunk of
            // people, who are looked up sooner in what is mostly in memory.
            ("random_page_cost", "1.1".to_owned()),
            // An instance has as much to do at once as it has connections: more of them for one statement take longer
            // to start than what they read.
            ("max_parallel_workers_per_gather", "0".to_owned()),
            // Planning a statement of many joins costs more than it gains on sets of ids this small.
            ("jit", "off".to_owned()),
        ],
    ))
}

/// Lets a connection work for as long as `limit` without a pause, then ends what it is at.
///
/// SQLite tells of its steps, not of the statement that they belong to, and telling it of each statement would cost a
/// short read a quarter of its time. So a connection that is never idle may end a statement that is not to blame:
/// [`Sql`](super::sql::Sql) runs what was ended once more, and only what needs that long itself is ended again.
pub(super) async fn bound(
    connection: &mut sqlx::SqliteConnection,
    limit: Duration,
) -> Result<(), sqlx::Error> {
    let (mut began, mut last) = (Instant::now(), Instant::now());
    connection.lock_handle().await?.set_progress_handler(STEPS, move || {
        let now = Instant::now();
        if now - last > PAUSE {
            began = now;
        }
        last = now;
        let goes_on = now - began < limit;
        if !goes_on {
            began = now;
        }
        goes_on
    });
    Ok(())
}
