//! Rows as reads see them: all that a statement finds as one text, an array of JSON for each row, one inside the other
//! where tables are joined, and read by place. Each row, and each of its cells, that SQLite's driver hands over costs
//! more than a whole row costs so.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use sea_orm::{DbErr, EntityTrait, IdenStatic, Iterable, ModelTrait};
use serde::de::DeserializeOwned;

use super::{Batch, Filter, Reader, Seen};
use crate::db::sql::{Sql, sql};
use crate::error::Error;

/// A value that is selected of every row, as JSON, and read as a `T`.
#[derive(Debug)]
pub struct Selected<T> {
    text: String,
    read: PhantomData<fn() -> T>,
}

impl<T> Clone for Selected<T> {
    fn clone(&self) -> Selected<T> {
        Selected { text: self.text.clone(), read: PhantomData }
    }
}

impl<T> Selected<T> {
    /// Several values, read as the fields of `T` in this order.
    pub fn array(values: &[impl AsRef<str>]) -> Selected<T> {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        Selected { text: format!("{{array}}({})", values.join(", ")), read: PhantomData }
    }

    /// The same, to be shared.
    pub fn shared(self) -> Selected<Arc<T>> {
        Selected { text: self.text, read: PhantomData }
    }

    /// How the statement calls it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How it is selected, where [`together`] puts the rows together.
    pub(super) fn row(&self) -> String {
        format!("cast({} as text) as row_", self.text)
    }
}

/// A row. What it is read from is an array of its columns, in the order in which they are named.
pub trait Row: Debug + DeserializeOwned + Send + Sync + 'static {
    /// The names of its columns, in the order of its fields.
    fn names() -> Vec<&'static str>;
}

impl<M> Row for M
where
    M: ModelTrait + DeserializeOwned + Sync + 'static,
{
    fn names() -> Vec<&'static str> {
        <M::Entity as EntityTrait>::Column::iter().map(|column| column.as_str()).collect()
    }
}

/// The row of what the statement calls `table`.
pub fn columns<R: Row>(table: &str) -> Selected<R> {
    let columns: Vec<String> = R::names().into_iter().map(|column| format!("{table}.{column}")).collect();
    Selected::array(&columns)
}

/// The statement that answers with every [`Selected::row`] of `select`, in its order, as [`all`] reads them.
pub(super) fn together(name: &'static str, select: &str) -> Sql {
    sql(name, format!("select {{joined}}(row_, ' ') from ({select}) rows_"))
}

/// The statement that selects `value` of every row; `rest` says of which.
pub fn select<T>(name: &'static str, value: &Selected<T>, rest: &str) -> Sql {
    together(name, &format!("select {} {rest}", value.row()))
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
    /// The table, and what is joined to it; the table is called `r`.
    const FROM: &'static str;
    /// What it tells of.
    const SEEN: &'static [Seen];

    /// How it is selected.
    fn selected() -> Selected<Self::Thing>;

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
    let rest = format!("from {} where {}", N::FROM, filter.text());
    let things: Vec<Arc<N::Thing>> = all(filter.bind(select(N::NAME, &N::selected(), &rest)), reader).await?;
    Ok(things.into_iter().map(|thing| (N::id(&thing), thing)).collect())
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

            fn selected() -> $crate::queries::Selected<$row> {
                $crate::queries::columns("r")
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
