//! Rows as reads see them: all that a statement finds as one text, an array of JSON for each row, one inside the other
//! where tables are joined, and read by place. Each row, and each of its cells, that SQLite's driver hands over costs
//! more than a whole row costs so.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use sea_orm::DbErr;
use serde::de::DeserializeOwned;

use super::{Batch, Extent, Filter, Reader, Seen, Selected};
use crate::db::sql::{Sql, sql};
use crate::error::Error;

/// How so much of `value` is selected, where [`together`] puts the rows together.
pub(super) fn as_text<T>(value: &Selected<T>, extent: Extent) -> String {
    format!("cast({} as text) as row_", value.text(extent))
}

/// The statement that answers with every [`as_text`] of `select`, in its order or in the one given, as [`all`] reads
/// them.
pub(super) fn together(name: &'static str, select: &str, by: Option<&str>) -> Sql {
    let order = by.map(|by| format!(" order by {by}")).unwrap_or_default();
    sql(name, format!("select {{joined}}(row_, ' '{order}) from ({select}) rows_"))
}

/// The statement that selects `value` of every row, all of it; `rest` says of which.
pub fn select<T>(name: &'static str, value: &Selected<T>, rest: &str) -> Sql {
    together(name, &format!("select {} {rest}", as_text(value, Extent::Whole)), None)
}

/// What a statement made by [`select`] answers with.
///
/// # Errors
/// When the database refuses, or a row is not of this shape.
pub async fn all<T: DeserializeOwned>(statement: Sql, reader: &Reader) -> Result<Vec<T>, Error> {
    let (text,): (Option<String>,) = statement.only(reader.db()).await?;
    let rows = serde_json::Deserializer::from_str(text.as_deref().unwrap_or_default()).into_iter();
    Ok(rows.collect::<Result<_, _>>().map_err(|error| DbErr::Type(error.to_string()))?)
}

/// A kind of thing that has an id. Asked for by it ([`Batch`]), things are found where the reader sees them; what is
/// seen may refer to others by a foreign key, and [`Known`] finds those whoever reads.
pub trait Noun: Debug + Send + Sync + 'static {
    /// The id.
    type Id: Into<i64> + Copy + Debug + Eq + Hash + Send + Sync + 'static;
    /// The thing.
    type Thing: DeserializeOwned + Send + Sync + 'static;
    /// The statement's name.
    const NAME: &'static str;
    /// The table.
    const TABLE: &'static str;
    /// What it tells of, of a table called `r`.
    const SEEN: &'static [Seen];

    /// What is joined to what the statement calls `table`. Of one thing there is never more than one.
    fn joined(_table: &str) -> String {
        String::new()
    }

    /// How it is selected of what the statement calls `table`.
    fn selected(table: &str) -> Selected<Self::Thing>;

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
    let rest = format!("from {} r{} where {}", N::TABLE, N::joined("r"), filter.text());
    let statement = filter.bind(select(N::NAME, &N::selected("r"), &rest));
    let things: Vec<Arc<N::Thing>> = all(statement, reader).await?;
    Ok(things.into_iter().map(|thing| (N::id(&thing), thing)).collect())
}

/// Declares the [`Noun`] of a table, of its row or of what it is selected as.
///
/// ```text
/// noun! {
///     /// Posts by id.
///     Posts: "posts.by_id", "posts", Post = columns, PostId, [Seen::Post("r")]
/// }
/// ```
macro_rules! noun {
    ($(#[$doc:meta])* $noun:ident: $name:literal, $table:literal, $row:ty = $selected:expr, $id:ty, $seen:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $noun;

        impl $crate::queries::Noun for $noun {
            type Id = $id;
            type Thing = $row;
            const NAME: &'static str = $name;
            const TABLE: &'static str = $table;
            const SEEN: &'static [$crate::queries::Seen] = &$seen;

            fn selected(table: &str) -> $crate::queries::Selected<$row> {
                $selected(table)
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
