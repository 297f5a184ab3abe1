//! Rows as reads see them: of each what is [`Selected`], read by place.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{Batch, Extent, Filter, Reader, Seen, Selected};
use crate::db::sql::{Sql, selected};
use crate::error::Error;

/// The statement that answers with so much of `value` of every row that `select` finds, which selects it as `{cells}`:
/// in its order or, on PostgreSQL, in the one given.
pub(super) fn together<T>(
    name: &'static str,
    value: &Selected<T>,
    extent: Extent,
    select: &str,
    by: Option<&str>,
) -> Sql {
    let rows = match by {
        Some(by) => format!("select {{kept}} from ({select}) found_ order by {by}"),
        None => select.to_owned(),
    };
    selected(name, format!("select {{joined}} from ({rows}) rows_"), value.shape(extent).clone())
}

/// The statement that selects `value` of every row, all of it; `rest` says of which.
pub fn select<T>(name: &'static str, value: &Selected<T>, rest: &str) -> Sql {
    together(name, value, Extent::Whole, &format!("select {{cells}} {rest}"), None)
}

/// What a statement made by [`select`] answers with.
///
/// # Errors
/// When the database refuses, or a row is not of this shape.
pub async fn all<T: DeserializeOwned>(statement: Sql, reader: &Reader) -> Result<Vec<T>, Error> {
    statement.values(reader.db()).await
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
