//! Paging by keyset, once for every list.
//!
//! A page is asked for from a [`Cursor`], which holds the values that the list is ordered by, the id last: so a page
//! costs the same wherever it is, and nothing is shown twice when rows come and go. Nulls are last in both
//! directions; where the first key may be null, a page is read in two parts, each of which an index can serve.

use std::collections::HashMap;

use sea_orm::DbBackend;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::rows::{all, together};
use super::sight::{FEW, Few};
use super::{Cell, Cursor, Direction, Extent, Filter, Order, Reader, Seen, Selected};
use crate::db::sql::{Rows, sql};
use crate::error::Error;

/// Most rows that are read for several parents without being ranked, of which the least is taken that is enough. They stand
/// in the text: a number that is bound may be small to who plans for any, and the way to the first row the shortest.
const UNRANKED: [usize; 3] = [50, 500, 5_000];

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    /// At most so many.
    pub size: usize,
    /// From here on, this place not included; else from the end of the list.
    pub from: Option<Cursor>,
    /// Whether to go from `from`, or from the end, towards the beginning.
    pub backward: bool,
    /// How much is read of each item.
    pub extent: Extent,
    /// Whether the place of each is read too.
    pub places: bool,
}

/// An item and its place.
#[derive(Clone, Debug)]
pub struct Item<T> {
    /// The item.
    pub value: T,
    /// Its place in the list, where it was read.
    pub cursor: Option<Cursor>,
}

/// What is read of an item: what it hangs on if it hangs on anything, itself, and its place where that is asked for.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Found<T> {
    parent: Option<i64>,
    value: T,
    #[serde(default)]
    place: Option<Vec<Cell>>,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<Item<T>>,
    /// Whether there are more after these.
    pub has_next: bool,
    /// Whether there are more before these.
    pub has_previous: bool,
}

/// An ordered selection of rows.
#[derive(Clone, Debug)]
pub struct List<T> {
    /// The statement's name; cursors are bound to it.
    pub name: &'static str,
    /// How an item is selected.
    pub selected: Selected<T>,
    /// From where. In a relation the text may narrow itself by `in {parents}`, which is then not asked of it again.
    pub from: String,
    /// Which rows.
    pub filter: Filter,
    /// What they tell of: whoever may not see that does not find them.
    pub seen: Vec<Seen>,
    /// In which order.
    pub order: Order,
}

impl<T: DeserializeOwned> List<T> {
    /// The same list, the other way round or not.
    #[must_use]
    pub fn towards(mut self, direction: Direction) -> List<T> {
        self.order = self.order.towards(direction);
        self
    }

    /// A part of the list.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn page(&self, reader: &Reader, slice: &Slice) -> Result<Page<T>, Error> {
        let sight = reader.sight().await?;
        self.part(reader, slice, sight.filter(&self.seen), sight.few(&self.seen)).await
    }

    /// A part of the list, of what is `seen`, which may be `few`.
    async fn part(
        &self,
        reader: &Reader,
        slice: &Slice,
        seen: Filter,
        few: Option<Few>,
    ) -> Result<Page<T>, Error> {
        let mut items = Vec::new();
        for filter in self.parts(slice, self.filter.clone()) {
            if items.len() > slice.size {
                break;
            }
            let (select, filter) = self.first_of(reader, slice, filter, &seen, few.as_ref());
            let found = self.found("null", slice.places);
            let statement = together(self.name, &found, slice.extent, &select, None);
            for found in all::<Found<T>>(filter.bind(statement), reader).await? {
                items.push(self.item(found.value, found.place)?);
            }
        }
        Ok(slice.cut(items))
    }

    /// A select of the first rows in the order of the list, one more than the page has, and what it binds. How many stands
    /// in the text for PostgreSQL, so that a plan for any values is one for so many; SQLite would rather sort all for few.
    ///
    /// Where those who are seen may be few, it has two halves of which one finds nothing, and does not look for it: all
    /// of them looked up, and put in order; or everything in order, each row asked whether it is seen.
    fn first_of(
        &self,
        reader: &Reader,
        slice: &Slice,
        filter: Filter,
        seen: &Filter,
        few: Option<&Few>,
    ) -> (String, Filter) {
        let by = self.order.by(slice.backward);
        let postgres = reader.database().backend() == DbBackend::Postgres;
        let most = if postgres { (slice.size + 1).to_string() } else { "{limit}".to_owned() };
        let bound = |filter: Filter| {
            if postgres { filter } else { filter.also("limit", slice.size as i64 + 1) }
        };
        let half = |from: &str, filter: &str, most: &str| {
            format!("select {{cells}} from {from} where {filter} order by {by} limit {most}")
        };
        let probed = filter.clone().merge(seen.clone());
        let Some(few) = few else {
            let select = half(&self.from, &probed.text(), &most);
            return (select, bound(probed));
        };
        let known = filter.merge(few.rest.clone());
        let (from, of) = (&self.from, &few.of);
        let (looked_up, asked) = if postgres {
            // A condition that names no row is settled before any is looked at.
            let known = format!(
                "{} and (select count(*) from few) <= {FEW} and {of} = any(array(select id from few))",
                known.text()
            );
            let probed = format!("{} and (select count(*) from few) > {FEW}", probed.text());
            (half(from, &known, &most), half(from, &probed, &most))
        } else {
            let among = format!(
                "(select distinct id from few where (select count(*) from few) <= {FEW}) few_ cross join {from}"
            );
            let most_or_none = format!("(select case when count(*) > {FEW} then {most} else 0 end from few)");
            let known = format!("{} and {of} = few_.id", known.text());
            (half(&among, &known, &most), half(from, &probed.text(), &most_or_none))
        };
        let select = format!(
            "with few(id) as materialized (select id from ({}) any_ limit {})
             select {{kept}} from ({looked_up}) looked_up_ union all select {{kept}} from ({asked}) asked_",
            few.among,
            FEW + 1
        );
        (select, bound(known.merge(probed)))
    }

    /// How an item is selected that hangs on `parent`.
    fn found(&self, parent: &str, places: bool) -> Selected<Found<T>> {
        let place = places.then(|| self.order.cells().any());
        Selected::several([Selected::value(parent), self.selected.clone().any()].into_iter().chain(place))
    }

    fn item(&self, value: T, place: Option<Vec<Cell>>) -> Result<Item<T>, Error> {
        Ok(Item { value, cursor: place.map(|cells| self.order.cursor(cells)).transpose()? })
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count(&self, reader: &Reader) -> Result<i64, Error> {
        let filter = self.counted(reader).await?;
        let text = format!("select count(*) from {} where {}", self.from, filter.text());
        let (count,) = filter.bind(sql(self.name, text)).only(reader.db()).await?;
        Ok(count)
    }

    /// The conditions of the list, and those under which the reader sees a row, where all rows are looked at.
    async fn counted(&self, reader: &Reader) -> Result<Filter, Error> {
        Ok(self.filter.clone().merge(reader.sight().await?.filter_all(&self.seen)))
    }

    /// The conditions of the statements that a page may take, in the order in which they are asked.
    fn parts(&self, slice: &Slice, filter: Filter) -> Vec<Filter> {
        let order = &self.order;
        let cells = slice.from.as_ref().map(|cursor| cursor.0.as_slice());
        if !order.nullable {
            return vec![match cells {
                Some(cells) => order.after(cells, 0, slice.backward, filter),
                None => filter,
            }];
        }
        let first = order.keys[0].column;
        let known = filter.clone().and(format!("{first} is not null"));
        let unknown = filter.and(format!("{first} is null"));
        match (cells, slice.backward) {
            (None, false) => vec![known, unknown],
            (None, true) => vec![unknown, known],
            (Some(cells @ [Cell::Null, ..]), false) => vec![order.after(cells, 1, false, unknown)],
            (Some(cells @ [Cell::Null, ..]), true) => vec![order.after(cells, 1, true, unknown), known],
            (Some(cells), false) => vec![order.after(cells, 0, false, known), unknown],
            (Some(cells), true) => vec![order.after(cells, 0, true, known)],
        }
    }

    /// The same part of the list for each of several parents, in one statement.
    pub(super) async fn pages(
        &self,
        reader: &Reader,
        column: &'static str,
        parents: &[i64],
        slice: &Slice,
    ) -> Result<HashMap<i64, Page<T>>, Error> {
        debug_assert!(!self.order.nullable, "a relation is ordered by what is never null");
        if let [parent] = parents {
            // An index that has the parent first can then give the page in order, whatever the parent's size.
            let one = List {
                name: self.name,
                selected: self.selected.clone(),
                from: self.from.clone(),
                filter: self.filter.clone().within(format!("{column} in {{parents}}"), "parents", [*parent]),
                seen: self.seen.clone(),
                order: self.order,
            };
            // Most parents have few rows: only of people there may be thousands whom the reader does not see.
            let sight = reader.sight().await?;
            let people = self.seen.iter().any(|seen| matches!(seen, Seen::Person(_)));
            let few = if people { sight.few(&self.seen) } else { None };
            let page = one.part(reader, slice, sight.filter(&self.seen), few).await?;
            return Ok(HashMap::from([(*parent, page)]));
        }
        // PostgreSQL sorts for less than it costs to tell the places; SQLite carries whole rows about to sort them.
        let sorts = reader.database().backend() == DbBackend::Postgres;
        let mut hanging: HashMap<i64, Vec<Found<T>>> = HashMap::new();
        for found in self.hanging(reader, column, parents, slice, sorts).await? {
            let parent = found.parent.ok_or(Error::Broken("what hangs on something says on what"))?;
            hanging.entry(parent).or_default().push(found);
        }
        let mut items = HashMap::with_capacity(hanging.len());
        for (parent, mut found) in hanging {
            if !sorts {
                found.sort_unstable_by(|one, other| {
                    self.order.compare(one.place.as_deref(), other.place.as_deref(), slice.backward)
                });
            }
            let item = |found: Found<T>| self.item(found.value, found.place.filter(|_| slice.places));
            let page: Result<Vec<_>, Error> = found.into_iter().take(slice.size + 1).map(item).collect();
            items.insert(parent, page?);
        }
        Ok(parents
            .iter()
            .map(|parent| (*parent, slice.cut(items.remove(parent).unwrap_or_default())))
            .collect())
    }

    /// What hangs on any of `parents` in this part of the list: of each parent as much as its page may have, or more.
    /// In order where the database `sorts`, else with places.
    async fn hanging(
        &self,
        reader: &Reader,
        column: &str,
        parents: &[i64],
        slice: &Slice,
        sorts: bool,
    ) -> Result<Vec<Found<T>>, Error> {
        let sight = reader.sight().await?;
        let visible = self.filter.clone().merge(sight.filter(&self.seen));
        let filter = match &slice.from {
            Some(cursor) => self.order.after(&cursor.0, 0, slice.backward, visible),
            None => visible,
        };
        let found = self.found(column, slice.places || !sorts);
        let (keys, named) = self.order.named(slice.backward);
        let (by, size) = (self.order.by(slice.backward), slice.size + 1);
        let statement = |select: &str, by: &str| {
            filter.bind(together(self.name, &found, slice.extent, select, sorts.then_some(by)))
        };
        if sorts && !sight.sees_everything() {
            // Parent by parent: for all at once PostgreSQL would read a table from its start, sure to come soon upon as
            // many as are enough, and know nothing of how few of them are seen.
            let of_one = self.from.replace("in {parents}", "= of_.id");
            let narrowing = self.narrowing(column).replace("in {parents}", "= of_.id");
            let select = format!(
                "select each_.* from {{of_}} cross join lateral (select {{cells}}, {keys} from {of_one}
                 where {}{narrowing} order by {by} limit {size}) each_",
                filter.text()
            );
            let parents = Rows::new().numbers("id", parents.iter().copied());
            return all(statement(&select, &named).rows("of_", parents), reader).await;
        }
        // Most parents have little. All that they have, if it is no more than their pages might be, costs half of what
        // ranking it costs the database.
        let pages = parents.len() * size;
        let little = UNRANKED.into_iter().find(|most| *most >= pages).unwrap_or(UNRANKED[UNRANKED.len() - 1]);
        let from = format!("from {} where {}{}", self.from, filter.text(), self.narrowing(column));
        let bound = |select: &str, by: &str| statement(select, by).ids("parents", parents.iter().copied());
        let keys = if sorts { format!(", {keys}") } else { String::new() };
        let some = bound(&format!("select {{cells}}{keys} {from} limit {}", little + 1), &named);
        let rows = all(some, reader).await?;
        if rows.len() <= little {
            return Ok(rows);
        }
        let ranked = format!(
            "select {{kept}}, place_ from (select {{cells}}, row_number() over (partition by {column} order by {by}) as place_ {from}) ranked
             where place_ <= {size}"
        );
        all(bound(&ranked, "place_"), reader).await
    }

    /// The condition that keeps the list to the parents, where its own text does not.
    fn narrowing(&self, column: &str) -> String {
        if self.from.contains("{parents}") { String::new() } else { format!(" and {column} in {{parents}}") }
    }

    pub(super) async fn counts(
        &self,
        reader: &Reader,
        column: &'static str,
        parents: &[i64],
    ) -> Result<HashMap<i64, i64>, Error> {
        let filter = self.counted(reader).await?;
        let text = format!(
            "select {column}, count(*) from {} where {}{} group by {column}",
            self.from,
            filter.text(),
            self.narrowing(column),
        );
        let rows: Vec<(i64, i64)> = filter
            .bind(sql(self.name, text))
            .ids("parents", parents.iter().copied())
            .all(reader.db())
            .await?;
        Ok(rows.into_iter().collect())
    }
}

impl Slice {
    /// The first `size` of a list.
    pub fn first(size: usize) -> Slice {
        Slice { size, from: None, backward: false, extent: Extent::Whole, places: false }
    }

    /// This part of a list that is already there, whose places are its positions.
    pub fn of<T: Clone>(&self, items: &[T]) -> Page<T> {
        let place = |cursor: &Cursor| match cursor.0.as_slice() {
            [Cell::Number(at)] => usize::try_from(*at).unwrap_or(0).min(items.len()),
            _ => 0,
        };
        // A position counts from 1, so that the place of an item is how many come before what follows it.
        let item = |at: usize| Item {
            value: items[at].clone(),
            cursor: Some(Cursor(vec![Cell::Number(at as i64 + 1)])),
        };
        let found: Vec<Item<T>> = if self.backward {
            let end = self.from.as_ref().map_or(items.len(), |cursor| place(cursor).saturating_sub(1));
            (0..end).rev().take(self.size + 1).map(item).collect()
        } else {
            let start = self.from.as_ref().map_or(0, place);
            (start..items.len()).take(self.size + 1).map(item).collect()
        };
        self.cut(found)
    }

    /// A page out of the rows that were read towards its end, of which there is one too many if there are more.
    fn cut<T>(&self, mut items: Vec<Item<T>>) -> Page<T> {
        let more = items.len() > self.size;
        items.truncate(self.size);
        if self.backward {
            items.reverse();
        }
        // At a cursor there is at least the item that it was made of.
        let passed = self.from.is_some();
        let (has_next, has_previous) = if self.backward { (passed, more) } else { (more, passed) };
        Page { items, has_next, has_previous }
    }
}
