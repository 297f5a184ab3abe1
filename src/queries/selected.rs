//! What is selected of every row: one value, read by place.
//!
//! Of what nearly everybody asks no more of than what it is called ([`Parted`]), a list reads no more than that where
//! it can: [`Extent`] says how much.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use sea_orm::{EntityTrait, IdenStatic, Iterable, ModelTrait};
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, SeqAccess, Visitor};

use crate::db::shape::Shape;

/// How much is read of what a list finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// What it is called.
    Head,
    /// All of it.
    Whole,
}

/// A value that is selected of every row, and read as a `T`.
#[derive(Debug)]
pub struct Selected<T> {
    whole: Shape,
    /// As much of it as [`Extent::Head`] is, where that is less.
    head: Option<Shape>,
    read: PhantomData<fn() -> T>,
}

impl<T> Clone for Selected<T> {
    fn clone(&self) -> Selected<T> {
        Selected { whole: self.whole.clone(), head: self.head.clone(), read: PhantomData }
    }
}

impl<T> Selected<T> {
    /// One value, as the statement calls it.
    pub fn value(text: impl Into<String>) -> Selected<T> {
        Selected { whole: Shape::Cell(text.into()), head: None, read: PhantomData }
    }

    /// Several values, read as the fields of `T` in this order.
    pub fn several(values: impl IntoIterator<Item = Selected<()>>) -> Selected<T> {
        let values: Vec<Selected<()>> = values.into_iter().collect();
        let of = |extent| Shape::Several(values.iter().map(|value| value.shape(extent).clone()).collect());
        let head = values.iter().any(Selected::has_head).then(|| of(Extent::Head));
        Selected { whole: of(Extent::Whole), head, read: PhantomData }
    }

    /// The same, whatever it is read as.
    pub fn any<U>(self) -> Selected<U> {
        Selected { whole: self.whole, head: self.head, read: PhantomData }
    }

    /// The same, to be shared.
    pub fn shared(self) -> Selected<Arc<T>> {
        self.any()
    }

    /// The same, as much as `head` selects being its head.
    #[must_use]
    pub fn with_head(self, head: &Selected<T>) -> Selected<T> {
        Selected { head: Some(head.shape(Extent::Head).clone()), ..self }
    }

    /// Whether its head is less than all of it.
    pub fn has_head(&self) -> bool {
        self.head.is_some()
    }

    /// How so much of it is selected.
    pub fn shape(&self, extent: Extent) -> &Shape {
        match (&self.head, extent) {
            (Some(head), Extent::Head) => head,
            _ => &self.whole,
        }
    }
}

/// A row. What it is read from is its columns, in the order in which they are named.
pub trait Row: fmt::Debug + DeserializeOwned + Send + Sync + 'static {
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
    Selected { whole: Shape::Several(cells(names::<R>(table))), head: None, read: PhantomData }
}

fn cells(names: impl IntoIterator<Item = String>) -> Vec<Shape> {
    names.into_iter().map(Shape::Cell).collect()
}

fn names<R: Row>(table: &str) -> Vec<String> {
    R::names().into_iter().map(|column| format!("{table}.{column}")).collect()
}

/// A row in two parts: its head, which is always read, and the rest, which is read where somebody asks for it.
#[derive(Debug)]
pub struct Parted<H, R> {
    head: H,
    rest: Option<Arc<R>>,
}

impl<H, R> Parted<H, R> {
    /// What was read so far of the rest.
    pub fn rest(&self) -> Option<&Arc<R>> {
        self.rest.as_ref()
    }
}

impl<H, R> From<H> for Parted<H, R> {
    fn from(head: H) -> Parted<H, R> {
        Parted { head, rest: None }
    }
}

impl<H, R> Deref for Parted<H, R> {
    type Target = H;

    fn deref(&self) -> &H {
        &self.head
    }
}

impl<H: Row, R: Row> Parted<H, R> {
    /// The row of what the statement calls `table`.
    pub fn selected(table: &str) -> Selected<Parted<H, R>> {
        Parted::beside(table, &[])
    }

    /// As [`Parted::selected`]; the last fields of the head are what stands in `beside`.
    pub fn beside(table: &str, beside: &[String]) -> Selected<Parted<H, R>> {
        let head = cells(names::<H>(table).into_iter().chain(beside.iter().cloned()));
        let whole = head.iter().cloned().chain([columns::<R>(table).whole]).collect();
        Selected { whole: Shape::Several(whole), head: Some(Shape::Several(head)), read: PhantomData }
    }
}

/// From the head's columns, after which the rest may come put together.
impl<'de, H: Deserialize<'de>, R: Deserialize<'de>> Deserialize<'de> for Parted<H, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Parted<H, R>, D::Error> {
        struct Parts<H, R>(PhantomData<(H, R)>);

        impl<'de, H: Deserialize<'de>, R: Deserialize<'de>> Visitor<'de> for Parts<H, R> {
            type Value = Parted<H, R>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the columns of a row")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut columns: A) -> Result<Parted<H, R>, A::Error> {
                let head = H::deserialize(SeqAccessDeserializer::new(&mut columns))?;
                Ok(Parted { head, rest: columns.next_element()?.map(Arc::new) })
            }
        }

        deserializer.deserialize_seq(Parts(PhantomData))
    }
}

/// Reads what may be there and is to be shared; what is derived would make room for it twice.
///
/// # Errors
/// When it is not of this shape.
pub(super) fn shared<'de, D, T>(deserializer: D) -> Result<Option<Arc<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.map(Arc::new))
}

/// Declares a [`Row`] of the columns that its fields are named by.
///
/// ```text
/// row! {
///     /// What a course is called.
///     pub struct Head {
///         /// Its id.
///         id: CourseId,
///     }
/// }
/// ```
macro_rules! row {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$about:meta])* $column:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Deserialize)]
        pub struct $name {
            $($(#[$about])* pub $column: $type,)*
        }

        impl $crate::queries::Row for $name {
            fn names() -> Vec<&'static str> {
                vec![$(stringify!($column)),*]
            }
        }
    };
}
pub(super) use row;

#[cfg(test)]
mod tests {
    use super::*;

    row! {
        /// What it is called.
        pub struct Head {
            /// Its number.
            id: i64,
        }
    }

    row! {
        /// What else there is.
        pub struct Rest {
            /// How much.
            much: Option<i64>,
        }
    }

    #[test]
    fn the_rest_is_read_where_it_was_selected() {
        let read = |text: &str| serde_json::from_str::<Parted<Head, Rest>>(text).expect("a row");
        assert_eq!((read("[1]").id, read("[1]").rest().is_none()), (1, true));
        assert_eq!(read("[1, [2]]").rest().map(|rest| rest.much), Some(Some(2)));
        assert_eq!(read("[1, [null]]").rest().map(|rest| rest.much), Some(None));
        assert!(serde_json::from_str::<Parted<Head, Rest>>("[]").is_err());
        assert!(serde_json::from_str::<Parted<Head, Rest>>("[1, []]").is_err());
    }

    #[test]
    fn what_has_a_part_with_a_head_has_one() {
        let thing = Parted::<Head, Rest>::selected("t");
        let pair = Selected::<(i64, Parted<Head, Rest>)>::several([Selected::value("p"), thing.any()]);
        let text = |extent| format!("{:?}", pair.shape(extent)).replace("Several", "").replace("Cell", "");
        assert_eq!(text(Extent::Head), r#"([("p"), ([("t.id")])])"#);
        assert_eq!(text(Extent::Whole), r#"([("p"), ([("t.id"), ([("t.much")])])])"#);
        assert!(
            !Selected::<(i64, Rest)>::several([Selected::value("p"), columns::<Rest>("t").any()]).has_head()
        );
    }
}
