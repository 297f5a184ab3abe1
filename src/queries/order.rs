//! How lists are ordered, and the cursors that name a place in them.

use std::cmp::Ordering;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sea_orm::{DbErr, Value};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::{Filter, Selected};
use crate::error::Refusal;

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

/// A value that a list is ordered by, as it stands in a cursor. Texts compare by code point, as both databases do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number, an id, or an instant in microseconds.
    Number(i64),
    /// A text.
    Text(String),
    /// Nothing.
    Null,
}

/// Written by hand: what is derived tries one after the other, and a failure costs more than a row does.
impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cell, D::Error> {
        struct OfCell;

        impl Visitor<'_> for OfCell {
            type Value = Cell;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, a text or nothing")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Cell, E> {
                Ok(Cell::Number(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Cell, E> {
                number.try_into().map(Cell::Number).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell::Text(text.to_owned()))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Cell, E> {
                Ok(Cell::Null)
            }
        }

        deserializer.deserialize_any(OfCell)
    }
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(pub(super) Vec<Cell>);

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

    /// A cell as cursors have it, from how the databases write it into JSON.
    fn read(self, cell: Cell) -> Result<Cell, DbErr> {
        let (Cell::Text(text), Kind::Time) = (&cell, self.kind) else { return Ok(cell) };
        let time: DateTime<Utc> = text.parse().map_err(|_| DbErr::Type(format!("{text} is no time")))?;
        Ok(Cell::Number(time.timestamp_micros()))
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

    /// How the cells of a row's place are selected.
    pub(super) fn cells(&self) -> Selected<Vec<Cell>> {
        Selected::several(self.keys.iter().map(|key| Selected::value(key.column)))
    }

    /// The place of a row, of the cells that were selected with it.
    pub(super) fn cursor(&self, cells: Vec<Cell>) -> Result<Cursor, DbErr> {
        Ok(Cursor(self.keys.iter().zip(cells).map(|(key, cell)| key.read(cell)).collect::<Result<_, _>>()?))
    }

    fn descends(&self, backward: bool) -> bool {
        (self.direction == Direction::Descending) != backward
    }

    fn way(&self, backward: bool) -> &'static str {
        if self.descends(backward) { " desc" } else { "" }
    }

    /// `order by` this.
    pub(super) fn by(&self, backward: bool) -> String {
        let way = self.way(backward);
        let columns: Vec<String> = self.keys.iter().map(|key| format!("{}{way}", key.column)).collect();
        columns.join(", ")
    }

    /// The keys under names of their own, and `order by` these.
    pub(super) fn named(&self, backward: bool) -> (String, String) {
        let way = self.way(backward);
        let named =
            |(at, key): (usize, &By)| (format!("{} as key_{at}", key.column), format!("key_{at}{way}"));
        let (keys, by): (Vec<String>, Vec<String>) = self.keys.iter().enumerate().map(named).unzip();
        (keys.join(", "), by.join(", "))
    }

    /// Which of two places comes first, as the database compares the cells that were read of them.
    pub(super) fn compare(&self, one: Option<&[Cell]>, other: Option<&[Cell]>, backward: bool) -> Ordering {
        let ordering = one.cmp(&other);
        if self.descends(backward) { ordering.reverse() } else { ordering }
    }

    /// What comes after `cells`, a place whose cells from `first` on are compared.
    pub(super) fn after(&self, cells: &[Cell], first: usize, backward: bool, filter: Filter) -> Filter {
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
        compared
            .into_iter()
            .fold(filter.and(condition), |filter, (key, cell, name)| filter.also(name, key.value(cell)))
    }
}
