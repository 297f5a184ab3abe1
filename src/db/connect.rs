//! Opening a database: pools, pragmas, migrations.
//!
//! Writes and reads have pools of their own. A connection that writes is reset before it is handed out, which
//! costs a round trip: with sqlx 0.9.0 a future dropped during `BEGIN` gives its connection back inside a
//! transaction, and the next writer's acknowledged work would go with it. SQLite has exactly one writer.
//!
//! What reads is bounded in time, by the database itself, statement by statement. The future that waits for it is never dropped to stop it. What writes is bounded in what it
//! waits for, never in the middle of what it does.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _};
use sea_orm::{ConnectOptions, DatabaseConnection, DbBackend, DbErr, RuntimeErr, TransactionTrait, sqlx};

use super::sql::sql;
use crate::clock::Clock;
use crate::error::Error;
use crate::jobs::Bell;
use crate::tree::TreeCache;

/// How long a statement waits for another writer before it gives up and is tried again.
const LOCK_WAIT: Duration = Duration::from_secs(20);
/// How long a server may take to answer at all.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
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
const CONNECTIONS: u32 = 8;

/// An open database, shared by everything that serves requests.
#[derive(Clone, Debug)]
pub struct Database {
    /// For reads outside a transaction, and for snapshots.
    pub read: DatabaseConnection,
    /// For transactions that write; on SQLite one connection.
    pub(super) write: DatabaseConnection,
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
        let sqlite = url.starts_with("sqlite:");
        if !sqlite && !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(OpenError::UnknownScheme);
        }
        if !sqlite {
            let unreachable =
                |error| OpenError::Unreachable(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))));
            answers(url).await.map_err(unreachable)?;
        }
        let write = connect(url, if sqlite { 1 } else { CONNECTIONS }, Use::Write).await?;
        let read = connect(url, readers(sqlite), Use::Read(read_limit)).await?;
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
    /// When it is newer than this program, or a step fails (which is then not done at all).
    pub async fn migrate(&self) -> Result<(), OpenError> {
        let lock = self.write.begin().await.map_err(OpenError::Unreachable)?;
        super::locks::migrations(&lock).await.map_err(OpenError::Unreachable)?;
        // SQLite has one writer: the lock would keep the migrator waiting for itself.
        let held = if self.backend() == DbBackend::Sqlite {
            lock.rollback().await.map_err(OpenError::Unreachable)?;
            None
        } else {
            Some(lock)
        };
        self.refuse_newer().await?;
        Migrator::up(&self.write, None).await.map_err(OpenError::Migration)?;
        if let Some(lock) = held {
            lock.commit().await.map_err(OpenError::Unreachable)?;
        }
        Ok(())
    }

    /// Whether the database is at the newest step that this program knows.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn is_migrated(&self) -> Result<bool, Error> {
        let newest = Migrator::migrations().last().map(|step| step.name().to_owned());
        Ok(applied(&self.read).await?.pop() == newest)
    }

    /// Closes every connection, once those in use are given back. SQLite then has all of it in one file.
    pub async fn close(self) {
        // A pool that cannot be closed is closed with the program.
        let _ = self.read.close().await;
        let _ = self.write.close().await;
    }

    /// Which of the two it is.
    pub fn backend(&self) -> DbBackend {
        self.read.get_database_backend()
    }

    /// How many can read at once.
    pub fn readers(&self) -> usize {
        readers(self.backend() == DbBackend::Sqlite) as usize
    }

    /// Calls `observe` with every statement run from now on by the clone that is returned, and how long it took.
    #[must_use]
    pub fn observed(
        mut self,
        observe: impl Fn(&sea_orm::Statement, Duration) + Send + Sync + Clone + 'static,
    ) -> Database {
        let for_reads = observe.clone();
        self.read.set_metric_callback(move |info| for_reads(info.statement, info.elapsed));
        self.write.set_metric_callback(move |info| observe(info.statement, info.elapsed));
        self
    }

    async fn refuse_newer(&self) -> Result<(), OpenError> {
        let known: Vec<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
        Migrator::install(&self.write).await.map_err(OpenError::Migration)?;
        let applied = applied(&self.write)
            .await
            .map_err(|error| OpenError::Migration(DbErr::Custom(error.to_string())))?;
        match applied.into_iter().find(|step| !known.contains(step)) {
            Some(step) => Err(OpenError::Newer(step)),
            None => Ok(()),
        }
    }
}

/// Connections that read. SQLite does its work in this program: more than two for a core only take memory.
fn readers(sqlite: bool) -> u32 {
    if !sqlite {
        return CONNECTIONS;
    }
    let cores = available_parallelism().map_or(1, NonZero::get);
    u32::try_from(2 * cores).unwrap_or(CONNECTIONS).min(CONNECTIONS)
}

/// The steps that were taken, the oldest first.
async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, Error> {
    let steps = sql("db.migrations", "select version from seaql_migrations order by version");
    Ok(steps.all::<(String,)>(db).await?.into_iter().map(|(step,)| step).collect())
}

/// What the connections of a pool are for.
#[derive(Clone, Copy)]
enum Use {
    /// To read, for so long at most.
    Read(Duration),
    /// To write.
    Write,
}

async fn connect(url: &str, connections: u32, purpose: Use) -> Result<DatabaseConnection, OpenError> {
    // No time at all would be without bounds for PostgreSQL, as it is for what writes.
    let (statement_timeout, sqlite_cache) = match purpose {
        Use::Read(limit) => (limit.as_millis().max(1), READER_CACHE),
        Use::Write => (0, WRITER_CACHE),
    };
    // Planning a read anew for its values takes longer than reading; what is written comes in sets of any size.
    let plan_cache_mode = match purpose {
        Use::Read(_) => "force_generic_plan",
        Use::Write => "auto",
    };
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(60))
        .connect_timeout(CONNECT_WAIT)
        // A check before each use costs a point query a fifth of its time; a dead connection is retried.
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .pragma("cache_size", sqlite_cache)
                .create_if_missing(true)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(LOCK_WAIT)
                .statement_cache_capacity(256)
                // Rows that the driver's thread reads ahead: each time that it has to stop costs more than many rows.
                .row_buffer_size(1_000)
        })
        .map_sqlx_postgres_opts(move |postgres| {
            postgres.application_name("roster").statement_cache_capacity(256).options([
                ("statement_timeout", format!("{statement_timeout}ms")),
                ("lock_timeout", format!("{}s", LOCK_WAIT.as_secs())),
                // What is there already is no news.
                ("client_min_messages", "warning".to_owned()),
                ("idle_in_transaction_session_timeout", "60s".to_owned()),
                // The server's own 4 is that of a spinning disk: with it, whole tables would be read for a chunk of
                // people, who are looked up sooner in what is mostly in memory.
                ("random_page_cost", "1.1".to_owned()),
                // An instance has as much to do at once as it has connections: more of them for one statement take longer
                // to start than what they read.
                ("max_parallel_workers_per_gather", "0".to_owned()),
                // Planning a statement of many joins costs more than it gains on sets of ids this small.
                ("jit", "off".to_owned()),
                ("plan_cache_mode", plan_cache_mode.to_owned()),
            ])
        });
    match purpose {
        Use::Write => {
            options.map_sqlx_postgres_before_acquire(|connection, _| {
                Box::pin(async move { Ok(reset(connection).await) })
            });
            options.map_sqlx_sqlite_before_acquire(|connection, _| {
                Box::pin(async move {
                    // An error means that there is no transaction.
                    let _ = sqlx::query("rollback").execute(connection).await;
                    Ok(true)
                })
            });
        }
        Use::Read(limit) => {
            options.map_sqlx_sqlite_pool_opts(move |pool| {
                pool.after_connect(move |connection, _| Box::pin(bound(connection, limit)))
            });
        }
    }
    sea_orm::Database::connect(options).await.map_err(OpenError::Unreachable)
}

/// Lets a connection work for as long as `limit` without a pause, then ends what it is at.
///
/// SQLite tells of its steps, not of the statement that they belong to, and telling it of each statement would cost a
/// short read a quarter of its time. So a connection that is never idle may end a statement that is not to blame:
/// [`Sql`](super::sql::Sql) runs what was ended once more, and only what needs that long itself is ended again.
async fn bound(connection: &mut sqlx::SqliteConnection, limit: Duration) -> Result<(), sqlx::Error> {
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

/// Whether a server answers at `url`. A pool would go on asking one that refuses connections for as long as it waits
/// for a free one.
async fn answers(url: &str) -> Result<(), sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let connection = tokio::time::timeout(CONNECT_WAIT, options.connect()).await;
    connection.map_err(|_| sqlx::Error::PoolTimedOut)??.close().await
}

/// Ends the transaction that a connection may be in. A bare `rollback` outside of one would be a warning in the
/// server's log each time; where the transaction has failed, `begin` does too, and the connection is thrown away.
async fn reset(connection: &mut sqlx::PgConnection) -> bool {
    sqlx::raw_sql("begin; rollback").execute(connection).await.is_ok()
}
