//! One SQL text for two databases, with a name.
//!
//! Parameters stand in the text as words in braces. A set of ids or of rows is one bind, however large: an array
//! on PostgreSQL, a JSON text on SQLite. The name goes ahead of the statement as a comment, so that a slow query
//! in a log, and a test that explains every statement, can say whose it is.
//!
//! | in the text      | bound by       | PostgreSQL                            | SQLite                                    |
//! |------------------|----------------|---------------------------------------|-------------------------------------------|
//! | `{now}`          | [`Sql::bind`]  | `$1`                                  | `$1`                                      |
//! | `{since}`        | [`Sql::time`]  | `(clock_timestamp() + … $1 …)`        | `$1`                                      |
//! | `in {users}`     | [`Sql::ids`]   | `= any($1)`                           | `in (select value from json_each($1))`    |
//! | `not in {users}` | [`Sql::ids`]   | `not in (select unnest($1))`          | `not in (select value from json_each($1))`|
//! | `in {users}`     | … of one       | `= $1`                                | `= $1`                                    |
//! | `in {mine}`      | [`Sql::with`]  | `= any(array(select id from mine))`   | `in (select id from mine)`                |
//! | `in {open}`      | [`Sql::kinds`] | `('QUEUED', 'RUNNING')`               | the same                                  |
//! | `from {gone}`    | [`Sql::rows`]  | `unnest($1, $2) as gone (a, b)`       | `(select … from json_each($1) …) as gone` |
//! | `{cells}`        | [`selected`]   | `a as cell_0, b as cell_1`            | `cast(json_array(a, b) as text) as row_`  |
//! | `{kept}`         | … by its names | `cell_0, cell_1`                      | `row_`                                    |
//! | `{joined}`       | … of `rows_`   | `string_agg(record_send(rows_), '')`  | `group_concat(row_, ' ')`                 |

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, TryGetableMany, Value};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::clock::Moment;
use super::shape::{Selection, Shape};
use crate::error::Error;

/// A statement being put together.
#[derive(Clone, Debug)]
pub struct Sql {
    name: &'static str,
    text: String,
    selects: Vec<(&'static str, String)>,
    binds: Vec<(&'static str, Bind)>,
    most: Option<usize>,
    selection: Option<Arc<Selection>>,
}

#[derive(Clone, Debug)]
enum Bind {
    One(Value),
    Time(Moment),
    Ids(Vec<i64>),
    Rows(Rows),
}

/// Rows to be bound at once, written column by column; all columns have the same length.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    columns: Vec<(&'static str, Column)>,
}

/// The driver's arrays hold no nulls: a column that may have some goes to PostgreSQL as the text of an array. Which of
/// the two it is depends on the column, never on its values, since a statement is prepared once for all of them.
#[derive(Clone, Debug)]
enum Column {
    Numbers(Vec<i64>),
    NumbersOrNull(Vec<Option<i64>>),
    Texts(Vec<String>),
    TextsOrNull(Vec<Option<String>>),
    Times(Vec<Option<DateTime<Utc>>>),
    Flags(Vec<bool>),
}

/// A statement named `name` (its room and what it does, `removal.memberships`) of this `text`.
pub fn sql(name: &'static str, text: impl Into<String>) -> Sql {
    Sql { name, text: text.into(), selects: Vec::new(), binds: Vec::new(), most: None, selection: None }
}

/// A statement named `name` of this `text`, which selects `shape` of every row, as [`Sql::values`] reads it.
pub fn selected(name: &'static str, text: impl Into<String>, shape: Shape) -> Sql {
    Sql { selection: Some(Arc::new(Selection::of(shape))), ..sql(name, text) }
}

impl Rows {
    /// No column yet.
    pub fn new() -> Rows {
        Rows::default()
    }

    /// A column of ids or numbers.
    pub fn numbers<T: Into<i64>>(self, name: &'static str, values: impl IntoIterator<Item = T>) -> Rows {
        self.with(name, Column::Numbers(values.into_iter().map(Into::into).collect()))
    }

    /// A column of ids or numbers, some of them null.
    pub fn numbers_or_null<T: Into<i64>>(
        self,
        name: &'static str,
        values: impl IntoIterator<Item = Option<T>>,
    ) -> Rows {
        self.with(
            name,
            Column::NumbersOrNull(values.into_iter().map(|value| value.map(Into::into)).collect()),
        )
    }

    /// A column of texts.
    pub fn texts<T: Into<String>>(self, name: &'static str, values: impl IntoIterator<Item = T>) -> Rows {
        self.with(name, Column::Texts(values.into_iter().map(Into::into).collect()))
    }

    /// A column of texts, some of them null.
    pub fn texts_or_null<T: Into<String>>(
        self,
        name: &'static str,
        values: impl IntoIterator<Item = Option<T>>,
    ) -> Rows {
        self.with(name, Column::TextsOrNull(values.into_iter().map(|value| value.map(Into::into)).collect()))
    }

    /// A column of instants, some of them null.
    pub fn times(self, name: &'static str, values: impl IntoIterator<Item = Option<DateTime<Utc>>>) -> Rows {
        self.with(name, Column::Times(values.into_iter().collect()))
    }

    /// A column of yes or no.
    pub fn flags(self, name: &'static str, values: impl IntoIterator<Item = bool>) -> Rows {
        self.with(name, Column::Flags(values.into_iter().collect()))
    }

    fn with(mut self, name: &'static str, column: Column) -> Rows {
        debug_assert!(self.columns.first().is_none_or(|(_, first)| first.len() == column.len()));
        self.columns.push((name, column));
        self
    }

    fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Column::Numbers(values) => values.len(),
            Column::NumbersOrNull(values) => values.len(),
            Column::Texts(values) => values.len(),
            Column::TextsOrNull(values) => values.len(),
            Column::Times(values) => values.len(),
            Column::Flags(values) => values.len(),
        }
    }

    fn postgres_type(&self) -> &'static str {
        match self {
            Column::Numbers(_) | Column::NumbersOrNull(_) => "bigint[]",
            Column::Texts(_) | Column::TextsOrNull(_) => "text[]",
            Column::Times(_) => "timestamptz[]",
            Column::Flags(_) => "boolean[]",
        }
    }

    /// The column as PostgreSQL takes it.
    fn array(self) -> Value {
        fn of<T>(kind: ArrayType, values: Vec<T>) -> Value
        where
            Value: From<T>,
        {
            Value::Array(kind, Some(Box::new(values.into_iter().map(Value::from).collect())))
        }
        match self {
            Column::Numbers(values) => of(ArrayType::BigInt, values),
            Column::Texts(values) => of(ArrayType::String, values),
            Column::Flags(values) => of(ArrayType::Bool, values),
            Column::NumbersOrNull(values) => {
                array_text(values.iter().map(|value| Some(value.as_ref()?.to_string())))
            }
            Column::TextsOrNull(values) => {
                array_text(values.iter().map(|value| Some(quoted(value.as_ref()?))))
            }
            Column::Times(values) => {
                array_text(values.iter().map(|value| Some(quoted(&instant(value.as_ref()?)))))
            }
        }
    }

    /// One cell as SQLite takes it.
    fn json(&self, row: usize) -> Json {
        match self {
            Column::Numbers(values) => values[row].into(),
            Column::NumbersOrNull(values) => values[row].into(),
            Column::Texts(values) => values[row].as_str().into(),
            Column::TextsOrNull(values) => values[row].as_deref().into(),
            Column::Times(values) => values[row].as_ref().map(instant).into(),
            Column::Flags(values) => i64::from(values[row]).into(),
        }
    }
}

/// As the driver writes an instant, so that texts compare as instants do.
fn instant(time: &DateTime<Utc>) -> String {
    time.trunc_subsecs(MICROSECONDS).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Decimals of the seconds of an instant: whole microseconds, which is what both databases can hold.
const MICROSECONDS: u16 = 6;

/// The value as both databases can hold it.
fn held(value: Value) -> Value {
    match value {
        Value::ChronoDateTimeUtc(time) => {
            Value::ChronoDateTimeUtc(time.map(|time| time.trunc_subsecs(MICROSECONDS)))
        }
        other => other,
    }
}

/// The text of an array of PostgreSQL with these elements.
fn array_text(elements: impl Iterator<Item = Option<String>>) -> Value {
    let elements: Vec<String> =
        elements.map(|element| element.unwrap_or_else(|| "NULL".to_owned())).collect();
    Value::from(format!("{{{}}}", elements.join(",")))
}

/// A text as it stands in the text of an array.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Sql {
    /// Binds one value to `{name}`; an instant in whole microseconds.
    #[must_use]
    pub fn bind(mut self, name: &'static str, value: impl Into<Value>) -> Sql {
        self.binds.push((name, Bind::One(held(value.into()))));
        self
    }

    /// Binds an instant to `{name}` without asking the database for the time first.
    #[must_use]
    pub fn time(mut self, name: &'static str, moment: Moment) -> Sql {
        self.binds.push((name, Bind::Time(moment)));
        self
    }

    /// Binds a set of ids to `in {name}`.
    #[must_use]
    pub fn ids<T: Into<i64>>(mut self, name: &'static str, ids: impl IntoIterator<Item = T>) -> Sql {
        self.binds.push((name, Bind::Ids(ids.into_iter().map(Into::into).collect())));
        self
    }

    /// Lets `in {name}` mean the ids that `select` finds. They are looked for once in a statement, and only if it comes
    /// to ask for them. A `select` may ask for those given before it, and binds like the statement itself.
    #[must_use]
    pub fn with(mut self, name: &'static str, select: impl Into<String>) -> Sql {
        self.selects.push((name, select.into()));
        self
    }

    /// Lets `in {name}` mean the kinds that are `listed`. They stand in the text, by which an index of some kinds alone is
    /// found.
    #[must_use]
    pub fn kinds(mut self, name: &'static str, listed: String) -> Sql {
        self.text = self.text.replace(&format!("{{{name}}}"), &listed);
        self
    }

    /// Binds rows to `from {name}`, where they are a table called `name`.
    #[must_use]
    pub fn rows(mut self, name: &'static str, rows: Rows) -> Sql {
        self.binds.push((name, Bind::Rows(rows)));
        self
    }

    /// Where there is a bound, no more rows are read than that and one, and [`Sql::all`] fails with [`Error::TooMuch`]
    /// if there are more.
    #[must_use]
    pub fn at_most(mut self, most: Option<usize>) -> Sql {
        if let Some(most) = most {
            self.text.push_str(&format!(" limit {}", most.saturating_add(1)));
        }
        self.most = most;
        self
    }

    /// The rows that the statement answers with.
    ///
    /// # Errors
    /// When the database refuses, a row is not of this shape, or there are more than [`Sql::at_most`].
    pub async fn all<T: TryGetableMany>(self, db: &impl ConnectionTrait) -> Result<Vec<T>, Error> {
        let most = self.most;
        let rows = self.answer(db).await?;
        if most.is_some_and(|most| rows.len() > most) {
            return Err(Error::TooMuch);
        }
        Ok(rows.iter().map(|row| row.try_get_many_by_index()).collect::<Result<_, _>>()?)
    }

    /// The values that a statement made by [`selected`] answers with.
    ///
    /// # Errors
    /// When the database refuses, or a row is not of this shape.
    pub async fn values<T: DeserializeOwned>(self, db: &impl ConnectionTrait) -> Result<Vec<T>, Error> {
        let selection = self.selection.clone().ok_or(Error::Broken(self.name))?;
        let rows = self.answer(db).await?;
        Ok(selection.read(db.get_database_backend(), &rows)?)
    }

    /// The text with what is selected written down.
    fn text_for(&self, backend: DbBackend) -> String {
        let Some(selection) = &self.selection else { return self.text.clone() };
        let (cells, kept, joined) = selection.words(backend);
        self.text.replace("{cells}", &cells).replace("{kept}", &kept).replace("{joined}", joined)
    }

    /// The selects ahead of the text; empty where there are none.
    fn head(&self) -> String {
        if self.selects.is_empty() {
            return String::new();
        }
        let select =
            |(name, select): &(&'static str, String)| format!("{name}(id) as materialized ({select})");
        format!("with {} ", self.selects.iter().map(select).collect::<Vec<_>>().join(", "))
    }

    /// The rows that the statement answers with, as the driver has them.
    async fn answer(self, db: &impl ConnectionTrait) -> Result<Vec<QueryResult>, Error> {
        let statement = self.statement(db.get_database_backend());
        // SQLite may have ended it for what another one did before it.
        let once_more = (statement.db_backend == DbBackend::Sqlite).then(|| statement.clone());
        match (db.query_all_raw(statement).await.map_err(Error::from), once_more) {
            (Err(error), Some(statement)) if error.is_out_of_time() => {
                Ok(db.query_all_raw(statement).await?)
            }
            (found, _) => found,
        }
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`Sql::all`].
    pub async fn one<T: TryGetableMany>(self, db: &impl ConnectionTrait) -> Result<Option<T>, Error> {
        let rows = self.answer(db).await?;
        Ok(rows.first().map(|row| row.try_get_many_by_index()).transpose()?)
    }

    /// The one row of a statement that always has one.
    ///
    /// # Errors
    /// As [`Sql::all`], and when there is no row.
    pub async fn only<T: TryGetableMany>(self, db: &impl ConnectionTrait) -> Result<T, Error> {
        let name = self.name;
        self.one(db).await?.ok_or(Error::Broken(name))
    }

    /// Runs the statement; how many rows it wrote.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn execute(self, db: &impl ConnectionTrait) -> Result<u64, Error> {
        Ok(db.execute_raw(self.statement(db.get_database_backend())).await?.rows_affected())
    }

    /// Runs a statement that was decided to write exactly `planned` rows; none planned, none run.
    ///
    /// # Errors
    /// [`Error::Drift`] when it wrote another number: the facts it was decided on no longer hold.
    pub async fn exactly(self, db: &impl ConnectionTrait, planned: usize) -> Result<(), Error> {
        if planned == 0 {
            return Ok(());
        }
        let name = self.name;
        let written = self.execute(db).await?;
        if written == planned as u64 { Ok(()) } else { Err(Error::Drift(name)) }
    }

    /// The statement as this database wants it.
    pub fn statement(self, backend: DbBackend) -> Statement {
        let postgres = backend == DbBackend::Postgres;
        let mut text = format!("/* {} */ {}{}", self.name, self.head(), self.text_for(backend));
        for (name, _) in &self.selects {
            let ids = if postgres {
                format!("= any(array(select id from {name}))")
            } else {
                format!("in (select id from {name})")
            };
            text = text.replace(&format!("in {{{name}}}"), &ids);
        }
        let mut values = Vec::new();
        for (name, bind) in self.binds {
            text = bind.render(name, &text, &mut values, postgres);
        }
        Statement::from_sql_and_values(backend, text, values)
    }
}

impl Bind {
    /// Replaces `{name}` in `text` and adds to `values` what it stands for.
    fn render(self, name: &str, text: &str, values: &mut Vec<Value>, postgres: bool) -> String {
        let word = format!("{{{name}}}");
        let next = values.len() + 1;
        match self {
            Bind::One(value) => {
                values.push(value);
                text.replace(&word, &format!("${next}"))
            }
            Bind::Time(moment) if postgres => {
                values.push(Value::from(moment.offset.as_seconds_f64()));
                text.replace(&word, &format!("(clock_timestamp() + make_interval(secs => ${next}))"))
            }
            Bind::Time(moment) => {
                values.push(Value::from(moment.here));
                text.replace(&word, &format!("${next}"))
            }
            // Planned once, where a set is planned anew as long as it is smaller than one is thought to be.
            Bind::Ids(ids) if ids.len() == 1 => {
                values.extend(ids.into_iter().map(Value::from));
                text.replace(&format!("not in {word}"), &format!("<> ${next}"))
                    .replace(&format!("in {word}"), &format!("= ${next}"))
            }
            Bind::Ids(ids) if postgres => {
                values.push(Column::Numbers(ids).array());
                // Looked up in a hash, where `<> all($1)` compares with each, once it is planned for any values.
                text.replace(&format!("not in {word}"), &format!("not in (select unnest(${next}::bigint[]))"))
                    .replace(&format!("in {word}"), &format!("= any(${next})"))
            }
            Bind::Ids(ids) => {
                values.push(Value::from(Json::from(ids).to_string()));
                text.replace(&word, &format!("(select value from json_each(${next}))"))
            }
            Bind::Rows(rows) if postgres => {
                let (mut arrays, mut names) = (Vec::new(), Vec::new());
                for (offset, (column, cells)) in rows.columns.into_iter().enumerate() {
                    arrays.push(format!("${}::{}", next + offset, cells.postgres_type()));
                    names.push(column);
                    values.push(cells.array());
                }
                let table = format!("unnest({}) as {name} ({})", arrays.join(", "), names.join(", "));
                text.replace(&word, &table)
            }
            Bind::Rows(rows) => {
                let table: Vec<Json> = (0..rows.len())
                    .map(|row| rows.columns.iter().map(|(_, column)| column.json(row)).collect())
                    .collect();
                values.push(Value::from(Json::from(table).to_string()));
                let columns: Vec<String> = rows
                    .columns
                    .iter()
                    .enumerate()
                    .map(|(at, (column, _))| format!("json_extract(value, '$[{at}]') as {column}"))
                    .collect();
                // The limit keeps SQLite from reading the text again for every row that it is joined with.
                let table =
                    format!("(select {} from json_each(${next}) limit -1) as {name}", columns.join(", "));
                text.replace(&word, &table)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_an_array_is_quoted() {
        assert_eq!(quoted(r#"a "b" \ {c}, NULL"#), r#""a \"b\" \\ {c}, NULL""#);
    }

    #[test]
    fn words_in_braces_become_parameters_in_the_order_of_their_binding() {
        let text = "select {now} where id in {ids} and id not in {ids} and x in (select a from {gone})";
        let statement = |backend| {
            let gone = Rows::new().numbers("a", [3]).texts_or_null("b", [None::<String>]);
            sql("room.what", text).bind("now", 1).ids("ids", [2, 5]).rows("gone", gone).statement(backend).sql
        };
        assert_eq!(
            statement(DbBackend::Postgres),
            "/* room.what */ select $1 where id = any($2) and id not in (select unnest($2::bigint[])) and x in (select a from \
             unnest($3::bigint[], $4::text[]) as gone (a, b))"
        );
        assert_eq!(
            statement(DbBackend::Sqlite),
            "/* room.what */ select $1 where id in (select value from json_each($2)) and id not in (select value from \
             json_each($2)) and x in (select a from (select json_extract(value, '$[0]') as a, \
             json_extract(value, '$[1]') as b from json_each($3) limit -1) as gone)"
        );
    }

    #[test]
    fn ids_that_are_looked_for_once_stand_ahead_of_the_statement() {
        let statement = |backend| {
            let select = sql("room.what", "select a from b where c in {mine} or d in {mine}");
            select.with("mine", "select e from f where g = {me}").bind("me", 2).statement(backend).sql
        };
        assert_eq!(
            statement(DbBackend::Postgres),
            "/* room.what */ with mine(id) as materialized (select e from f where g = $1) \
             select a from b where c = any(array(select id from mine)) or d = any(array(select id from mine))"
        );
        assert_eq!(
            statement(DbBackend::Sqlite),
            "/* room.what */ with mine(id) as materialized (select e from f where g = $1) \
             select a from b where c in (select id from mine) or d in (select id from mine)"
        );
    }

    #[test]
    fn a_set_of_one_is_a_value() {
        for backend in [DbBackend::Postgres, DbBackend::Sqlite] {
            let text = "select a from b where c in {ids} or d not in {ids}";
            let statement = sql("room.what", text).ids("ids", [2]).statement(backend);
            assert_eq!(statement.sql, "/* room.what */ select a from b where c = $1 or d <> $1");
            assert_eq!(statement.values.map(|values| values.0), Some(vec![Value::from(2_i64)]));
        }
    }
}
