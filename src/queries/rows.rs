//! Rows as reads see them: the columns of a table under a prefix, so that joined tables can be told apart.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use sea_orm::{DbErr, EntityTrait, FromQueryResult, IdenStatic, Iterable, ModelTrait, QueryResult};

use super::Reader;
use crate::db::sql::{Sql, sql};
use crate::error::Error;

/// A table's row, read from columns named `{table}_{column}`.
pub trait Row: Debug + Sized + Send + Sync + 'static {
    /// The columns to select from what the statement calls `table`.
    fn columns(table: &str) -> String;

    /// Reads them again.
    fn read(row: &QueryResult, table: &str) -> Result<Self, DbErr>;
}

impl<M> Row for M
where
    M: ModelTrait + FromQueryResult + Sync + 'static,
{
    fn columns(table: &str) -> String {
        let columns: Vec<String> = <M::Entity as EntityTrait>::Column::iter()
            .map(|column| format!("{table}.{0} as {table}_{0}", column.as_str()))
            .collect();
        columns.join(", ")
    }

    fn read(row: &QueryResult, table: &str) -> Result<Self, DbErr> {
        M::from_query_result(row, &format!("{table}_"))
    }
}

/// The columns of `M`'s table, which the statement calls `table`.
pub fn columns<M: Row>(table: &str) -> String {
    M::columns(table)
}

/// Every row of a statement, each read by `read`.
///
/// # Errors
/// When the database refuses, or a row is not of the shape that `read` wants.
pub async fn all<T>(
    statement: Sql,
    reader: &Reader,
    read: impl Fn(&QueryResult) -> Result<T, DbErr>,
) -> Result<Vec<T>, Error> {
    Ok(reader.rows(statement).await?.iter().map(read).collect::<Result<_, _>>()?)
}

/// The rows of one table whose `id` is among `ids`, by id.
///
/// # Errors
/// As [`all`].
pub async fn by_id<K, M>(
    name: &'static str,
    table: &str,
    ids: Vec<K>,
    reader: &Reader,
    id: impl Fn(&M) -> K,
) -> Result<HashMap<K, Arc<M>>, Error>
where
    K: Into<i64> + Eq + Hash,
    M: Row,
{
    let text = format!("select {} from {table} r where r.id in {{ids}}", M::columns("r"));
    let rows = all(sql(name, text).ids("ids", ids), reader, |row| M::read(row, "r")).await?;
    Ok(rows.into_iter().map(|row| (id(&row), Arc::new(row))).collect())
}

/// Rows by what they hang on, in the order in which they came.
pub fn grouped<K: Eq + Hash, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Arc<Vec<V>>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        groups.entry(key).or_default().push(value);
    }
    groups.into_iter().map(|(key, values)| (key, Arc::new(values))).collect()
}
