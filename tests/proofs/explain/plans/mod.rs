//! What a database says it would do.

mod postgres;
mod sqlite;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use roster::db::Reads;
use roster::db::sql::sql;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};

use super::fill::count_anew;
use super::large::{Large, Seen, name};
use crate::proofs::schema::columns;

/// A table with more rows than this is large.
const LARGE: i64 = 10_000;
/// One with more than this is huge: it has a row or more for everybody.
const HUGE: i64 = 100_000;
/// The only tables that do not grow.
const SMALL: [&str; 3] = ["platform", "seaql_migrations", "webhooks"];

/// A statement that reads the whole of a large table.
pub struct Whole {
    pub name: String,
    pub text: String,
    pub table: String,
    /// How, in the words of the database.
    how: String,
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} on {}\n    {}", self.name, self.how, self.table, self.text)
    }
}

/// Every statement that was run and reads the whole of a large table.
///
/// PostgreSQL plans for the values: with the fewest, no large table may be read whole; with thousands, which may cost
/// more to look up one by one in a table of ten thousand rows, no huge one. SQLite plans for no values, but for how many
/// rows there are, which it may have counted or not: it is asked both ways.
pub async fn whole_tables(large: &Large) -> Vec<Whole> {
    let db = &large.db.read;
    let (large_tables, huge_tables) = (tables(db, LARGE).await, tables(db, HUGE).await);
    let mut found = Vec::new();
    if db.get_database_backend() == DbBackend::Postgres {
        // The server may have counted anew since rows were deleted, or not yet: a plan must not depend on when it did.
        count_anew(db).await;
        // A transaction keeps to one of the program's own connections, and to its settings.
        let connection = db.begin().await.expect("a connection");
        for Seen { smallest, largest } in large.seen() {
            found.extend(whole(&smallest, postgres::steps(&connection, &smallest, &large_tables).await));
            found.extend(whole(&largest, postgres::steps(&connection, &largest, &huge_tables).await));
        }
        connection.rollback().await.expect("nothing was done");
    } else {
        for counted in [true, false] {
            if !counted {
                db.execute_unprepared("drop table sqlite_stat1").await.expect("no counts");
            }
            // A connection keeps to the counts there were when it was opened.
            let fresh = large.open().await;
            for Seen { smallest, .. } in large.seen() {
                found.extend(whole(&smallest, sqlite::steps(&fresh.read, &smallest, &large_tables).await));
            }
            fresh.close().await;
        }
    }
    found
}

/// The steps in which a statement reads the whole of tables.
fn whole(statement: &Statement, steps: BTreeMap<String, String>) -> impl Iterator<Item = Whole> {
    let (name, text) = (name(&statement.sql).to_owned(), statement.sql.clone());
    steps.into_iter().map(move |(table, how)| Whole { name: name.clone(), text: text.clone(), table, how })
}

/// The tables that have more than so many rows.
async fn tables(db: &Reads, rows: i64) -> BTreeSet<String> {
    let all: BTreeSet<String> = columns(db).await.into_keys().map(|(table, _)| table).collect();
    let mut found = BTreeSet::new();
    for table in all {
        let text = format!("select count(*) from {table}");
        let (count,): (i64,) = sql("proofs.count", text).only(db).await.expect("a count");
        if count > rows {
            found.insert(table);
        } else {
            assert!(rows > LARGE || SMALL.contains(&&*table), "{table} has {count} rows, too few to tell");
        }
    }
    found
}
