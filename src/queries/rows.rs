//! Rows as reads see them: a table's columns as one text, a JSON array, which is read by place. A cell of its own costs
//! SQLite's driver more than a whole row costs so, and tables that are joined stay apart.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use sea_orm::{DbErr, EntityTrait, IdenStatic, Iterable, ModelTrait, QueryResult};
use serde::de::DeserializeOwned;

use super::{Batch, Filter, Reader, Seen};
use crate::db::sql::{Sql, sql};
use crate::error::Error;

/// A row. What it is deserialized from is an array of its columns, in the order in which they are named.
pub trait Row: Debug + DeserializeOwned + Send + Sync + 'static {
    /// The names of its columns, in the order of its fields.
    fn names() -> Vec<&'static str>;

    /// What to select from what the statement calls `table`.
    fn columns(table: &str) -> String {
        let columns: Vec<String> =
            Self::names().into_iter().map(|column| format!("{table}.{column}")).collect();
        array(&columns.join(", "), &format!("{table}_row"))
    }

    /// Reads it again.
    ///
    /// # Errors
    /// When it was not selected, or is not of this shape.
    fn read(row: &QueryResult, table: &str) -> Result<Self, DbErr> {
        read_array(row, &format!("{table}_row"))
    }
}

/// Selects `columns` as one text called `name`.
pub(super) fn array(columns: &str, name: &str) -> String {
    format!("cast({{array}}({columns}) as text) as {name}")
}

/// Reads what [`array`] selected.
pub(super) fn read_array<T: DeserializeOwned>(row: &QueryResult, name: &str) -> Result<T, DbErr> {
    let text: String = row.try_get("", name)?;
    serde_json::from_str(&text).map_err(|error| DbErr::Type(error.to_string()))
}

impl<M> Row for M
where
    M: ModelTrait + DeserializeOwned + Sync + 'static,
{
    fn names() -> Vec<&'static str> {
        <M::Entity as EntityTrait>::Column::iter().map(|column| column.as_str()).collect()
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

/// A kind of thing that has an id. Asked for by it ([`Batch`]), things are found where the reader sees them; what is
/// seen may refer to others by a foreign key, and [`Known`] finds those whoever reads.
pub trait Noun: Debug + Send + Sync + 'static {
    /// The id.
    type Id: Into<i64> + Copy + Debug + Eq + Hash + Send + Sync + 'static;
    /// The thing.
    type Thing: Send + Sync + 'static;
    /// The statement's name.
    const NAME: &'static str;
    /// The table, and what is joined to it; the table is called `r`.
    const FROM: &'static str;
    /// What it tells of.
    const SEEN: &'static [Seen];

    /// What is selected.
    fn columns() -> String;

    /// Reads a row.
    ///
    /// # Errors
    /// When it is not of this shape.
    fn read(row: &QueryResult) -> Result<Self::Thing, DbErr>;

    /// The id of a thing.
    fn id(thing: &Self::Thing) -> Self::Id;
}

/// Things of a kind by id, whether the reader sees them or not: for what a thing that is seen is part of.
#[derive(Debug)]
pub struct Known<N>(PhantomData<N>);

impl<N: Noun> Batch for N {
    type Key = N::Id;
    type Value = Arc<N::Thing>;

    async fn load(reader: &Reader, ids: Vec<N::Id>) -> Result<HashMap<N::Id, Arc<N::Thing>>, Error> {
        by_id::<N>(reader, reader.sight().await?.filter(N::SEEN), ids).await
    }
}

impl<N: Noun> Batch for Known<N> {
    type Key = N::Id;
    type Value = Arc<N::Thing>;

    async fn load(reader: &Reader, ids: Vec<N::Id>) -> Result<HashMap<N::Id, Arc<N::Thing>>, Error> {
        by_id::<N>(reader, Filter::new(), ids).await
    }
}

async fn by_id<N: Noun>(
    reader: &Reader,
    filter: Filter,
    ids: Vec<N::Id>,
) -> Result<HashMap<N::Id, Arc<N::Thing>>, Error> {
    let filter = filter.within("r.id in {ids}", "ids", ids);
    let text = format!("select {} from {} where {}", N::columns(), N::FROM, filter.text());
    let rows = all(filter.bind(sql(N::NAME, text)), reader, N::read).await?;
    Ok(rows.into_iter().map(|row| (N::id(&row), Arc::new(row))).collect())
}

/// Declares the [`Noun`] of a table.
///
/// ```text
/// noun! {
///     /// Courses by id.
///     Courses: "courses.by_id", "courses", Course, CourseId, [Seen::Course("r")]
/// }
/// ```
macro_rules! noun {
    ($(#[$doc:meta])* $noun:ident: $name:literal, $table:literal, $row:ty, $id:ty, $seen:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $noun;

        impl $crate::queries::Noun for $noun {
            type Id = $id;
            type Thing = $row;
            const NAME: &'static str = $name;
            const FROM: &'static str = concat!($table, " r");
            const SEEN: &'static [$crate::queries::Seen] = &$seen;

            fn columns() -> String {
                $crate::queries::columns::<$row>("r")
            }

            fn read(row: &sea_orm::QueryResult) -> Result<$row, sea_orm::DbErr> {
                <$row as $crate::queries::Row>::read(row, "r")
            }

            fn id(row: &$row) -> $id {
                row.id
            }
        }
    };
}
pub(super) use noun;

/// Rows by what they hang on, in the order in which they came.
pub fn grouped<K: Eq + Hash, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Arc<Vec<V>>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        groups.entry(key).or_default().push(value);
    }
    groups.into_iter().map(|(key, values)| (key, Arc::new(values))).collect()
}
