//! One connection: how statements are run on it, and how it is noticed that nobody answers any more.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::Values;
use sea_orm::sqlx::postgres::{PgDatabaseError, PgSeverity};
use sea_orm::sqlx::{self, Connection as _, PgConnection, SqliteConnection};
use sea_orm::{ExecResult, QueryResult, Statement};
use sea_query_sqlx::SqlxValues;
use tokio::time::{Instant, timeout};

use super::pool::{Source, Work};

/// How long an answer may take from the server to here: a statement that the server has ended is ended here by then.
const ON_THE_WAY: Duration = Duration::from_secs(1);

/// What the driver has.
pub(super) enum Raw {
    Postgres {
        connection: PgConnection,
        /// The server's own process that serves it.
        process: i32,
    },
    Sqlite(SqliteConnection),
}

/// A connection, and what is known of it.
pub(super) struct Connection {
    raw: Raw,
    source: Arc<Source>,
    pub(super) opened: Instant,
    /// When it answered last.
    pub(super) answered: Instant,
    /// Whether nothing is under way on it, and nothing was given up in the middle.
    is_whole: bool,
    /// Whether it is in a transaction, or may be.
    in_transaction: bool,
}

/// Nobody answers.
pub(super) fn silent() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer"))
}

/// Whether the connection is gone, so that nothing more can be asked by it.
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            true
        }
        sqlx::Error::Database(error) => {
            let error = error.try_downcast_ref::<PgDatabaseError>();
            error.is_some_and(|error| matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic))
        }
        _ => false,
    }
}

/// Whether somebody has closed the connection; a server that is silent may still be at work.
pub(super) fn is_cut_off(error: &sqlx::Error) -> bool {
    let is_silent = matches!(error, sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut);
    is_lost(error) && !is_silent
}

impl Connection {
    pub(super) fn new(raw: Raw, source: Arc<Source>) -> Connection {
        let now = Instant::now();
        Connection { raw, source, opened: now, answered: now, is_whole: true, in_transaction: false }
    }

    /// Whether something can be asked by it.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether it can be lent to somebody else.
    pub(super) fn is_lendable(&self) -> bool {
        self.is_whole && !self.in_transaction
    }

    /// The rows that a statement answers with.
    pub(super) async fn rows(&mut self, statement: &Statement) -> Result<Vec<QueryResult>, sqlx::Error> {
        self.is_whole = false;
        let rows = match &mut self.raw {
            Raw::Postgres { connection, process } => {
                let asking = prepared::<sqlx::Postgres>(statement).fetch_all(connection);
                let rows = heard(&self.source, *process, asking).await;
                rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
            }
            Raw::Sqlite(connection) => {
                let rows = prepared::<sqlx::Sqlite>(statement).fetch_all(connection).await;
                rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
            }
        };
        self.ended(rows)
    }

    /// Runs a statement.
    pub(super) async fn execute(&mut self, statement: &Statement) -> Result<ExecResult, sqlx::Error> {
        self.is_whole = false;
        let done = match &mut self.raw {
            Raw::Postgres { connection, process } => {
                let asking = prepared::<sqlx::Postgres>(statement).execute(connection);
                heard(&self.source, *process, asking).await.map(ExecResult::from)
            }
            Raw::Sqlite(connection) => {
                prepared::<sqlx::Sqlite>(statement).execute(connection).await.map(ExecResult::from)
            }
        };
        self.ended(done)
    }

    /// Runs what is not prepared: one statement, or several with semicolons between them.
    pub(super) async fn unprepared(&mut self, text: &str) -> Result<ExecResult, sqlx::Error> {
        self.is_whole = false;
        let text = sqlx::AssertSqlSafe(text);
        let done = match &mut self.raw {
            Raw::Postgres { connection, process } => {
                let asking = sqlx::raw_sql(text).execute(connection);
                heard(&self.source, *process, asking).await.map(ExecResult::from)
            }
            Raw::Sqlite(connection) => sqlx::raw_sql(text).execute(connection).await.map(ExecResult::from),
        };
        self.ended(done)
    }

    /// Begins a transaction.
    pub(super) async fn begin(&mut self, text: &str) -> Result<(), sqlx::Error> {
        self.in_transaction = true;
        self.unprepared(text).await.map(drop)
    }

    /// Ends the transaction; where that fails it may still be open.
    pub(super) async fn end(&mut self, text: &str) -> Result<(), sqlx::Error> {
        self.unprepared(text).await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Asks whether anybody is there.
    pub(super) async fn ping(&mut self) -> Result<(), sqlx::Error> {
        self.is_whole = false;
        let pinged = match &mut self.raw {
            Raw::Postgres { connection, .. } => connection.ping().await,
            // It is a file.
            Raw::Sqlite(_) => Ok(()),
        };
        self.ended(pinged)
    }

    /// Something was given up on it.
    pub(super) fn give_up(&mut self) {
        self.is_whole = false;
    }

    /// Closes it in good order.
    pub(super) async fn close(self) {
        // Whoever does not hear that it is closed notices later on.
        let _ = timeout(self.source.limits.connect, async {
            match self.raw {
                Raw::Postgres { connection, .. } => connection.close().await,
                Raw::Sqlite(connection) => connection.close().await,
            }
        })
        .await;
    }

    fn ended<T>(&mut self, answer: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if answer.as_ref().is_err_and(is_lost) {
            self.source.health().lose();
        } else {
            self.is_whole = true;
            self.answered = Instant::now();
        }
        answer
    }
}

fn prepared<DB: sqlx::Database>(statement: &Statement) -> sqlx::query::Query<'_, DB, SqlxValues>
where
    SqlxValues: sqlx::IntoArguments<DB>,
{
    let values = statement.values.clone().unwrap_or_else(|| Values(Vec::new()));
    sqlx::query_with(sqlx::AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

/// What `asking` is answered with. Once nothing is heard for a while, the server is asked by another connection whether
/// its `process` is at work on it, and waited for as long as it says so.
async fn heard<T>(
    source: &Source,
    process: i32,
    asking: impl Future<Output = Result<T, sqlx::Error>> + Send,
) -> Result<T, sqlx::Error> {
    let mut asking = std::pin::pin!(asking);
    loop {
        if let Ok(answer) = timeout(source.limits.silence, &mut asking).await {
            return answer;
        }
        let work = tokio::select! {
            answer = &mut asking => return answer,
            work = source.is_at_work(process) => work,
        };
        match work {
            Work::UnderWay => {}
            Work::None => return timeout(ON_THE_WAY, asking).await.unwrap_or_else(|_| Err(silent())),
            Work::Unknown => return Err(silent()),
        }
    }
}
