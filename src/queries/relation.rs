//! Lists that hang on something else, read for many parents in one statement.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::{Future, ready};
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{Batch, List, Page, Reader, Slice};
use crate::error::Error;

/// A list that hangs on something else, as members on a group: read and counted for many parents in one statement.
pub trait Relation: Clone + Eq + Hash + Debug + Send + Sync + 'static {
    /// What it hangs on.
    type Parent: Into<i64> + Copy + Eq + Hash + Debug + Send + Sync + 'static;
    /// What it lists; cheap to clone.
    type Item: Clone + DeserializeOwned + Send + Sync + 'static;
    /// The column that holds the parent, as the list's `from` calls it.
    const PARENT: &'static str;

    /// The list of all parents. Its first key is never null.
    fn list(&self) -> List<Self::Item>;

    /// Reads what the items of all pages have in common, once.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn complete(
        _reader: &Reader,
        _items: Vec<&mut Self::Item>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        ready(Ok(()))
    }
}

/// Pages of a [`Relation`].
#[derive(Debug)]
pub struct Pages<R>(PhantomData<R>);

/// Totals of a [`Relation`].
#[derive(Debug)]
pub struct Counts<R>(PhantomData<R>);

impl<R: Relation> Batch for Pages<R> {
    type Key = (R, R::Parent, Slice);
    type Value = Arc<Page<R::Item>>;

    async fn load(
        reader: &Reader,
        keys: Vec<(R, R::Parent, Slice)>,
    ) -> Result<HashMap<(R, R::Parent, Slice), Arc<Page<R::Item>>>, Error> {
        let mut asked: HashMap<(R, Slice), Vec<R::Parent>> = HashMap::new();
        for (relation, parent, slice) in keys {
            asked.entry((relation, slice)).or_default().push(parent);
        }
        let mut found = HashMap::new();
        for ((relation, slice), parents) in asked {
            let numbers: Vec<i64> = parents.iter().map(|parent| (*parent).into()).collect();
            let mut pages = relation.list().pages(reader, R::PARENT, &numbers, &slice).await?;
            let items = pages.values_mut().flat_map(|page| &mut page.items);
            R::complete(reader, items.map(|item| &mut item.value).collect()).await?;
            for (parent, number) in parents.into_iter().zip(numbers) {
                if let Some(page) = pages.remove(&number) {
                    found.insert((relation.clone(), parent, slice.clone()), Arc::new(page));
                }
            }
        }
        Ok(found)
    }
}

impl<R: Relation> Batch for Counts<R> {
    type Key = (R, R::Parent);
    type Value = i64;

    async fn load(reader: &Reader, keys: Vec<(R, R::Parent)>) -> Result<HashMap<(R, R::Parent), i64>, Error> {
        let mut asked: HashMap<R, Vec<R::Parent>> = HashMap::new();
        for (relation, parent) in keys {
            asked.entry(relation).or_default().push(parent);
        }
        let mut found = HashMap::new();
        for (relation, parents) in asked {
            let numbers: Vec<i64> = parents.iter().map(|parent| (*parent).into()).collect();
            let counts = relation.list().counts(reader, R::PARENT, &numbers).await?;
            for (parent, number) in parents.into_iter().zip(numbers) {
                found.insert((relation.clone(), parent), counts.get(&number).copied().unwrap_or(0));
            }
        }
        Ok(found)
    }
}
