//! Paging by keyset, once for every list.
//!
//! A page is asked for from a [`Cursor`], which holds the values that the list is ordered by, the id last: so a page
//! costs the same wherever it is, and nothing is shown twice when rows come and go. Nulls are last in both
//! directions; where the first key may be null, a page is read in two parts, each of which an index can serve.

use std::collections::HashMap;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Value};
use serde::{Deserialize, Serialize};

use super::{Batch, Reader};
use crate::db::sql::{Sql, sql};
use crate::error::{Error, Refusal};

/// Longest cursor that is looked at, in bytes.
const CURSOR_BYTES: usize = 4_096;

/// What a key of an order holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, compared by code point.
    Text,
    /// A number or an id.
    Number,
    /// An instant.
    Time,
}

/// One column that a list is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By {
    /// The column, as the list's `from` calls it.
    pub column: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// Which way a list runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the smallest.
    #[default]
    Ascending,
    /// From the greatest.
    Descending,
}

/// How a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// What a cursor remembers it by.
    pub name: &'static str,
    /// The columns, the last of which makes the order total. Only the first may be null.
    pub keys: &'static [By],
    /// Whether the first column may be null; such rows come last in both directions.
    pub nullable: bool,
    /// Which way.
    pub direction: Direction,
}

/// A value that a list is ordered by, as it stands in a cursor.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number, an id, or an instant in microseconds.
    Number(i64),
    /// A text.
    Text(String),
    /// Nothing.
    Null,
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(Vec<Cell>);

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    /// At most so many.
    pub size: usize,
    /// From here on, this place not included; else from the end of the list.
    pub from: Option<Cursor>,
    /// Whether to go from `from`, or from the end, towards the beginning.
    pub backward: bool,
}

/// An item and its place.
#[derive(Clone, Debug)]
pub struct Item<T> {
    /// The item.
    pub value: T,
    /// Its place in the list.
    pub cursor: Cursor,
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

/// Conditions that a row has to meet, all of them, and what they bind.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    conditions: Vec<String>,
    values: Vec<(&'static str, Value)>,
    sets: Vec<(&'static str, Vec<i64>)>,
}

/// An ordered selection of rows.
#[derive(Clone, Debug)]
pub struct List<T> {
    /// The statement's name; cursors are bound to it.
    pub name: &'static str,
    /// What is selected.
    pub columns: String,
    /// From where. In a relation the text may narrow itself by `in {parents}`.
    pub from: String,
    /// Which rows.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
    /// Reads a row.
    pub read: fn(&QueryResult) -> Result<T, DbErr>,
}

/// A list that hangs on something else, as members on a group: read and counted for many parents in one statement.
pub trait Relation: Clone + Eq + Hash + std::fmt::Debug + Send + Sync + 'static {
    /// What it hangs on.
    type Parent: Into<i64> + Copy + Eq + Hash + std::fmt::Debug + Send + Sync + 'static;
    /// What it lists; cheap to clone.
    type Item: Clone + Send + Sync + 'static;
    /// The column that holds the parent, as the list's `from` calls it.
    const PARENT: &'static str;

    /// The list of all parents. Its first key is never null.
    fn list(&self) -> List<Self::Item>;
}

/// Pages of a [`Relation`].
#[derive(Debug)]
pub struct Pages<R>(PhantomData<R>);

/// Totals of a [`Relation`].
#[derive(Debug)]
pub struct Counts<R>(PhantomData<R>);

impl Filter {
    /// No condition.
    pub fn new() -> Filter {
        Filter::default()
    }

    /// Adds a condition that binds nothing.
    #[must_use]
    pub fn and(mut self, condition: impl Into<String>) -> Filter {
        self.conditions.push(condition.into());
        self
    }

    /// Adds a condition in which `{name}` is this value.
    #[must_use]
    pub fn with(
        mut self,
        condition: impl Into<String>,
        name: &'static str,
        value: impl Into<Value>,
    ) -> Filter {
        self.conditions.push(condition.into());
        self.values.push((name, value.into()));
        self
    }

    /// Binds another value of the condition added last.
    #[must_use]
    pub fn also(mut self, name: &'static str, value: impl Into<Value>) -> Filter {
        self.values.push((name, value.into()));
        self
    }

    /// Adds a condition in which `in {name}` is this set.
    #[must_use]
    pub fn within<T: Into<i64>>(
        mut self,
        condition: impl Into<String>,
        name: &'static str,
        ids: impl IntoIterator<Item = T>,
    ) -> Filter {
        self.conditions.push(condition.into());
        self.sets.push((name, ids.into_iter().map(Into::into).collect()));
        self
    }

    /// Adds a condition if there is a value for it.
    #[must_use]
    pub fn maybe(
        self,
        condition: impl Into<String>,
        name: &'static str,
        value: Option<impl Into<Value>>,
    ) -> Filter {
        match value {
            Some(value) => self.with(condition, name, value),
            None => self,
        }
    }

    /// Adds that `column` has `text` in it, each character of it meaning itself; `text` is folded.
    #[must_use]
    pub fn contains(self, column: &str, name: &'static str, text: &str) -> Filter {
        let literal = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        self.with(format!("{column} like {{{name}}} escape '\\'"), name, format!("%{literal}%"))
    }

    /// The conditions as one.
    pub fn text(&self) -> String {
        if self.conditions.is_empty() { "1 = 1".to_owned() } else { self.conditions.join(" and ") }
    }

    /// Binds what the conditions name.
    #[must_use]
    pub fn bind(&self, statement: Sql) -> Sql {
        let statement = self
            .values
            .iter()
            .fold(statement, |statement, (name, value)| statement.bind(name, value.clone()));
        self.sets.iter().fold(statement, |statement, (name, ids)| statement.ids(name, ids.iter().copied()))
    }
}

impl Cursor {
    /// The cursor as clients see it.
    pub fn encode(&self, list: &str, order: &Order) -> String {
        // What cannot be written down cannot happen: the cells are numbers and texts.
        let text =
            serde_json::to_vec(&(list, order.name, order.direction.letter(), &self.0)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(text)
    }

    /// Reads a cursor of this list in this order.
    ///
    /// # Errors
    /// `INVALID_CURSOR` when it is anything else.
    pub fn decode(text: &str, list: &str, order: &Order) -> Result<Cursor, Refusal> {
        if text.len() > CURSOR_BYTES {
            return Err(Refusal::InvalidCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::InvalidCursor)?;
        let (of, by, direction, cells): (String, String, char, Vec<Cell>) =
            serde_json::from_slice(&bytes).map_err(|_| Refusal::InvalidCursor)?;
        let fits = of == list
            && by == order.name
            && direction == order.direction.letter()
            && cells.len() == order.keys.len()
            && cells.iter().zip(order.keys).enumerate().all(|(at, (cell, key))| match (cell, key.kind) {
                (Cell::Null, _) => at == 0 && order.nullable,
                (Cell::Text(text), Kind::Text) => !text.contains('\0'),
                (Cell::Number(_), Kind::Number) => true,
                (Cell::Number(micros), Kind::Time) => DateTime::from_timestamp_micros(*micros).is_some(),
                (Cell::Text(_) | Cell::Number(_), _) => false,
            });
        if fits { Ok(Cursor(cells)) } else { Err(Refusal::InvalidCursor) }
    }
}

impl Direction {
    const fn letter(self) -> char {
        match self {
            Direction::Ascending => 'a',
            Direction::Descending => 'd',
        }
    }
}

impl By {
    /// A column of ids or numbers.
    pub const fn number(column: &'static str) -> By {
        By { column, kind: Kind::Number }
    }

    /// A column of texts, compared by code point.
    pub const fn text(column: &'static str) -> By {
        By { column, kind: Kind::Text }
    }

    /// A column of instants.
    pub const fn time(column: &'static str) -> By {
        By { column, kind: Kind::Time }
    }

    fn read(self, row: &QueryResult, at: usize) -> Result<Cell, DbErr> {
        let name = format!("key_{at}");
        Ok(match self.kind {
            Kind::Text => row.try_get::<Option<String>>("", &name)?.map(Cell::Text),
            Kind::Number => row.try_get::<Option<i64>>("", &name)?.map(Cell::Number),
            Kind::Time => row
                .try_get::<Option<DateTime<Utc>>>("", &name)?
                .map(|time| Cell::Number(time.timestamp_micros())),
        }
        .unwrap_or(Cell::Null))
    }

    fn value(self, cell: &Cell) -> Value {
        match (cell, self.kind) {
            (Cell::Number(micros), Kind::Time) => {
                DateTime::from_timestamp_micros(*micros).unwrap_or_default().into()
            }
            (Cell::Number(number), _) => (*number).into(),
            (Cell::Text(text), _) => text.clone().into(),
            (Cell::Null, _) => Value::BigInt(None),
        }
    }
}

impl Order {
    /// An order by keys that are never null.
    pub const fn new(name: &'static str, keys: &'static [By]) -> Order {
        Order { name, keys, nullable: false, direction: Direction::Ascending }
    }

    /// An order whose first key may be null.
    pub const fn nullable(name: &'static str, keys: &'static [By]) -> Order {
        Order { name, keys, nullable: true, direction: Direction::Ascending }
    }

    /// The same the other way round, or not.
    #[must_use]
    pub const fn towards(mut self, direction: Direction) -> Order {
        self.direction = direction;
        self
    }

    fn columns(&self) -> String {
        let columns: Vec<String> =
            self.keys.iter().enumerate().map(|(at, key)| format!("{} as key_{at}", key.column)).collect();
        columns.join(", ")
    }

    fn descends(&self, backward: bool) -> bool {
        (self.direction == Direction::Descending) != backward
    }

    /// `order by` this.
    fn by(&self, backward: bool) -> String {
        let way = if self.descends(backward) { " desc" } else { "" };
        let columns: Vec<String> = self.keys.iter().map(|key| format!("{}{way}", key.column)).collect();
        columns.join(", ")
    }

    /// What comes after `cells`, a place whose cells from `first` on are compared.
    fn after(&self, cells: &[Cell], first: usize, backward: bool, filter: Filter) -> Filter {
        const NAMES: [&str; 4] = ["after_0", "after_1", "after_2", "after_3"];
        let compared: Vec<(&By, &Cell, &'static str)> = self
            .keys
            .iter()
            .zip(cells)
            .zip(NAMES)
            .map(|((key, cell), name)| (key, cell, name))
            .skip(first)
            .collect();
        let sign = if self.descends(backward) { "<" } else { ">" };
        let columns: Vec<&str> = compared.iter().map(|(key, ..)| key.column).collect();
        let words: Vec<String> = compared.iter().map(|(.., name)| format!("{{{name}}}")).collect();
        let condition = format!("({}) {sign} ({})", columns.join(", "), words.join(", "));
        compared.into_iter().fold(filter.and(condition), |mut filter, (key, cell, name)| {
            filter.values.push((name, key.value(cell)));
            filter
        })
    }
}

impl<T> List<T> {
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
    pub async fn page(&self, db: &impl ConnectionTrait, slice: &Slice) -> Result<Page<T>, Error> {
        let mut items = Vec::new();
        for filter in self.parts(slice) {
            let missing = slice.size + 1 - items.len();
            if missing == 0 {
                break;
            }
            let text = format!(
                "select {}, {} from {} where {} order by {} limit {{limit}}",
                self.columns,
                self.order.columns(),
                self.from,
                filter.text(),
                self.order.by(slice.backward),
            );
            let statement = filter.bind(sql(self.name, text)).bind("limit", missing as i64);
            let rows = db.query_all_raw(statement.statement(db.get_database_backend())).await?;
            for row in &rows {
                items.push(self.item(row)?);
            }
        }
        Ok(slice.cut(items))
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count(&self, db: &impl ConnectionTrait) -> Result<i64, Error> {
        let text = format!("select count(*) from {} where {}", self.from, self.filter.text());
        let (count,) = self.filter.bind(sql(self.name, text)).only(db).await?;
        Ok(count)
    }

    /// The conditions of the statements that a page may take, in the order in which they are asked.
    fn parts(&self, slice: &Slice) -> Vec<Filter> {
        let order = &self.order;
        let cells = slice.from.as_ref().map(|cursor| cursor.0.as_slice());
        if !order.nullable {
            return vec![match cells {
                Some(cells) => order.after(cells, 0, slice.backward, self.filter.clone()),
                None => self.filter.clone(),
            }];
        }
        let first = order.keys[0].column;
        let known = self.filter.clone().and(format!("{first} is not null"));
        let unknown = self.filter.clone().and(format!("{first} is null"));
        match (cells, slice.backward) {
            (None, false) => vec![known, unknown],
            (None, true) => vec![unknown, known],
            (Some(cells @ [Cell::Null, ..]), false) => vec![order.after(cells, 1, false, unknown)],
            (Some(cells @ [Cell::Null, ..]), true) => vec![order.after(cells, 1, true, unknown), known],
            (Some(cells), false) => vec![order.after(cells, 0, false, known), unknown],
            (Some(cells), true) => vec![order.after(cells, 0, true, known)],
        }
    }

    fn item(&self, row: &QueryResult) -> Result<Item<T>, DbErr> {
        let cells = self.order.keys.iter().enumerate().map(|(at, key)| key.read(row, at));
        Ok(Item { value: (self.read)(row)?, cursor: Cursor(cells.collect::<Result<_, _>>()?) })
    }

    /// The same part of the list for each of several parents, in one statement.
    async fn pages(
        &self,
        db: &impl ConnectionTrait,
        column: &'static str,
        parents: &[i64],
        slice: &Slice,
    ) -> Result<HashMap<i64, Page<T>>, Error> {
        debug_assert!(!self.order.nullable, "a relation is ordered by what is never null");
        if let [parent] = parents {
            // An index that has the parent first can then give the page in order, whatever the parent's size.
            let one = List {
                name: self.name,
                columns: self.columns.clone(),
                from: self.from.replace("in {parents}", "= {parents}"),
                filter: self.filter.clone().with(format!("{column} = {{parents}}"), "parents", *parent),
                order: self.order,
                read: self.read,
            };
            return Ok(HashMap::from([(*parent, one.page(db, slice).await?)]));
        }
        let filter = match &slice.from {
            Some(cursor) => self.order.after(&cursor.0, 0, slice.backward, self.filter.clone()),
            None => self.filter.clone(),
        };
        let text = format!(
            "select * from (select {}, {}, {column} as parent_id_,
                    row_number() over (partition by {column} order by {}) as place_
             from {} where {} and {column} in {{parents}}) ranked
             where place_ <= {{limit}} order by parent_id_, place_",
            self.columns,
            self.order.columns(),
            self.order.by(slice.backward),
            self.from,
            filter.text(),
        );
        let statement = filter
            .bind(sql(self.name, text))
            .ids("parents", parents.iter().copied())
            .bind("limit", slice.size as i64 + 1);
        let rows = db.query_all_raw(statement.statement(db.get_database_backend())).await?;
        let mut items: HashMap<i64, Vec<Item<T>>> = HashMap::new();
        for row in &rows {
            items.entry(row.try_get("", "parent_id_")?).or_default().push(self.item(row)?);
        }
        Ok(parents
            .iter()
            .map(|parent| (*parent, slice.cut(items.remove(parent).unwrap_or_default())))
            .collect())
    }

    async fn counts(
        &self,
        db: &impl ConnectionTrait,
        column: &'static str,
        parents: &[i64],
    ) -> Result<HashMap<i64, i64>, Error> {
        let text = format!(
            "select {column}, count(*) from {} where {} and {column} in {{parents}} group by {column}",
            self.from,
            self.filter.text(),
        );
        let rows: Vec<(i64, i64)> =
            self.filter.bind(sql(self.name, text)).ids("parents", parents.iter().copied()).all(db).await?;
        Ok(rows.into_iter().collect())
    }
}

impl Slice {
    /// The first `size` of a list.
    pub fn first(size: usize) -> Slice {
        Slice { size, from: None, backward: false }
    }

    /// This part of a list that is already there, whose places are its positions.
    pub fn of<T: Clone>(&self, items: &[T]) -> Page<T> {
        let place = |cursor: &Cursor| match cursor.0.as_slice() {
            [Cell::Number(at)] => usize::try_from(*at).unwrap_or(0).min(items.len()),
            _ => 0,
        };
        // A position counts from 1, so that the place of an item is how many come before what follows it.
        let item =
            |at: usize| Item { value: items[at].clone(), cursor: Cursor(vec![Cell::Number(at as i64 + 1)]) };
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
            let mut pages = relation.list().pages(reader.db(), R::PARENT, &numbers, &slice).await?;
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
            let counts = relation.list().counts(reader.db(), R::PARENT, &numbers).await?;
            for (parent, number) in parents.into_iter().zip(numbers) {
                found.insert((relation.clone(), parent), counts.get(&number).copied().unwrap_or(0));
            }
        }
        Ok(found)
    }
}
