//! What is selected of every row: values, some of them put together, and how they are read.
//!
//! All rows of an answer come together, since every row, and on SQLite every cell, that a driver hands over costs more
//! than reading it does: on SQLite as one text, an array of JSON for each row; on PostgreSQL, which takes longer to write
//! JSON than to find what it is of, as bytes, each row as it sends a composite value. Either is read by place.

use std::slice::Iter;

use chrono::{DateTime, SecondsFormat};
use sea_orm::{DbErr, QueryResult};
use serde::de::value::Error as Unread;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// What a statement selects of every row.
#[derive(Clone, Debug)]
pub enum Shape {
    /// One value, as the statement calls it.
    Cell(String),
    /// Several, read as the fields of something.
    Several(Vec<Shape>),
}

impl Shape {
    /// The values, in the order in which they are read.
    fn cells(&self) -> Vec<&str> {
        match self {
            Shape::Cell(text) => vec![text],
            Shape::Several(shapes) => shapes.iter().flat_map(Shape::cells).collect(),
        }
    }

    /// The values that are selected, each once, and for every one that is read which it is; null is none of them.
    fn distinct(&self) -> (Vec<&str>, Vec<Option<usize>>) {
        let mut distinct: Vec<&str> = Vec::new();
        let place = |text| {
            if text == "null" {
                return None;
            }
            let known = distinct.iter().position(|other| *other == text);
            Some(known.unwrap_or_else(|| {
                distinct.push(text);
                distinct.len() - 1
            }))
        };
        let places = self.cells().into_iter().map(place).collect();
        (distinct, places)
    }

    fn width(&self) -> usize {
        match self {
            Shape::Cell(_) => 1,
            Shape::Several(shapes) => shapes.iter().map(Shape::width).sum(),
        }
    }

    /// The values as columns with names of their own, and these names.
    pub(super) fn columns(&self) -> (String, String) {
        let named = |(at, text): (usize, &str)| (format!("{text} as cell_{at}"), format!("cell_{at}"));
        let (columns, names): (Vec<String>, Vec<String>) =
            self.distinct().0.into_iter().enumerate().map(named).unzip();
        (columns.join(", "), names.join(", "))
    }

    /// The values as an array of JSON, one inside the other where they are put together.
    pub(super) fn json(&self) -> String {
        match self {
            Shape::Cell(text) => text.clone(),
            Shape::Several(shapes) => {
                format!("json_array({})", shapes.iter().map(Shape::json).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Rows from the texts that SQLite answers with.
pub(super) fn of_texts<T: DeserializeOwned>(rows: &[QueryResult]) -> Result<Vec<T>, DbErr> {
    let mut found = Vec::new();
    for row in rows {
        let text: Option<String> = row.try_get_by_index(0)?;
        for value in serde_json::Deserializer::from_str(text.as_deref().unwrap_or_default()).into_iter() {
            found.push(value.map_err(|error| DbErr::Type(error.to_string()))?);
        }
    }
    Ok(found)
}

/// Rows from the bytes that PostgreSQL answers with.
pub(super) fn of_bytes<T: DeserializeOwned>(shape: &Shape, rows: &[QueryResult]) -> Result<Vec<T>, DbErr> {
    let mut found = Vec::new();
    for row in rows {
        let bytes: Option<Vec<u8>> = row.try_get_by_index(0)?;
        read_all(shape, bytes.as_deref().unwrap_or_default(), &mut found)
            .map_err(|error| DbErr::Type(error.to_string()))?;
    }
    Ok(found)
}

fn read_all<T: DeserializeOwned>(shape: &Shape, bytes: &[u8], found: &mut Vec<T>) -> Result<(), Unread> {
    let (distinct, places) = shape.distinct();
    let mut sent = Sent(bytes);
    let mut values = Vec::with_capacity(distinct.len());
    while !sent.0.is_empty() {
        if usize::try_from(sent.number()?) != Ok(distinct.len()) {
            return Err(Unread::custom("a row has as many cells as are selected"));
        }
        values.clear();
        for _ in 0..distinct.len() {
            values.push(sent.cell()?);
        }
        let mut cells = Cells { values: &values, places: &places, at: 0 };
        found.push(T::deserialize(Value { shape, cells: &mut cells })?);
    }
    Ok(())
}

/// Rows as PostgreSQL sends composite values: how many cells, and of each what it holds, how many bytes it has, these.
struct Sent<'r>(&'r [u8]);

/// A cell of another kind is refused.
#[derive(Clone, Copy, Debug)]
enum Cell<'r> {
    Null,
    Number(i64),
    Text(&'r str),
    Flag(bool),
    /// Microseconds since 1970.
    Time(i64),
}

/// Microseconds from 1970 to 2000, from where PostgreSQL counts.
const EPOCH: i64 = 946_684_800_000_000;

impl<'r> Sent<'r> {
    fn bytes(&mut self, count: usize) -> Result<&'r [u8], Unread> {
        let (bytes, rest) =
            self.0.split_at_checked(count).ok_or_else(|| Unread::custom("a row is as long as it says"))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<i32, Unread> {
        Ok(i32::from_be_bytes(exactly(self.bytes(4)?)?))
    }

    fn cell(&mut self) -> Result<Cell<'r>, Unread> {
        let kind = self.number()?;
        // A null has less than no bytes.
        let Ok(length) = usize::try_from(self.number()?) else { return Ok(Cell::Null) };
        let bytes = self.bytes(length)?;
        Ok(match kind {
            16 => Cell::Flag(bytes != [0]),
            20 => Cell::Number(i64::from_be_bytes(exactly(bytes)?)),
            23 => Cell::Number(i32::from_be_bytes(exactly(bytes)?).into()),
            25 | 1043 => Cell::Text(std::str::from_utf8(bytes).map_err(Unread::custom)?),
            1184 => Cell::Time(i64::from_be_bytes(exactly(bytes)?).saturating_add(EPOCH)),
            _ => return Err(Unread::custom("a cell holds what cells hold")),
        })
    }
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Unread> {
    bytes.try_into().map_err(|_| Unread::custom("a cell is as long as its kind"))
}

/// The cells of a row, read one after the other.
struct Cells<'v, 'r> {
    values: &'v [Cell<'r>],
    places: &'v [Option<usize>],
    at: usize,
}

impl<'r> Cells<'_, 'r> {
    fn peek(&self) -> Cell<'r> {
        let place = self.places.get(self.at).copied().flatten();
        place.and_then(|place| self.values.get(place)).copied().unwrap_or(Cell::Null)
    }

    fn next(&mut self) -> Cell<'r> {
        let cell = self.peek();
        self.at += 1;
        cell
    }
}

/// What stands where `shape` is selected.
struct Value<'s, 'c, 'v, 'r> {
    shape: &'s Shape,
    cells: &'c mut Cells<'v, 'r>,
}

impl<'r> Value<'_, '_, '_, 'r> {
    fn several<V: Visitor<'r>>(self, shapes: &[Shape], visitor: V) -> Result<V::Value, Unread> {
        let mut several = Several { shapes: shapes.iter(), cells: self.cells };
        let value = visitor.visit_seq(&mut several)?;
        // Whoever reads less than all leaves the rest behind.
        several.cells.at += several.shapes.map(Shape::width).sum::<usize>();
        Ok(value)
    }
}

fn visit<'r, V: Visitor<'r>>(cell: Cell<'r>, visitor: V) -> Result<V::Value, Unread> {
    match cell {
        Cell::Null => visitor.visit_unit(),
        Cell::Number(number) | Cell::Time(number) => visitor.visit_i64(number),
        Cell::Text(text) => visitor.visit_borrowed_str(text),
        Cell::Flag(flag) => visitor.visit_bool(flag),
    }
}

impl<'de> Deserializer<'de> for Value<'_, '_, '_, 'de> {
    type Error = Unread;

    /// An instant is a number of microseconds to who does not ask for a text.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.shape {
            Shape::Several(shapes) => self.several(shapes, visitor),
            Shape::Cell(_) => visit(self.cells.next(), visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.cells.next() {
            Cell::Time(micros) => {
                let time = DateTime::from_timestamp_micros(micros)
                    .ok_or_else(|| Unread::custom("an instant is one that can be written down"))?;
                visitor.visit_string(time.to_rfc3339_opts(SecondsFormat::Micros, true))
            }
            cell => visit(cell, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        if let (Shape::Cell(_), Cell::Null) = (self.shape, self.cells.peek()) {
            self.cells.at += 1;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unread> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        match self.cells.next() {
            Cell::Text(text) => visitor.visit_enum(text.into_deserializer()),
            _ => Err(Unread::custom("a kind is called something")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// What stands where several are selected.
struct Several<'s, 'c, 'v, 'r> {
    shapes: Iter<'s, Shape>,
    cells: &'c mut Cells<'v, 'r>,
}

impl<'r> SeqAccess<'r> for &mut Several<'_, '_, '_, 'r> {
    type Error = Unread;

    fn next_element_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<Option<S::Value>, Unread> {
        self.shapes.next().map(|shape| seed.deserialize(Value { shape, cells: self.cells })).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.shapes.len())
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use serde::Deserialize;

    use super::*;

    fn cell(text: &str) -> Shape {
        Shape::Cell(text.to_owned())
    }

    #[test]
    fn what_is_put_together_is_nested_in_json_and_each_once_in_columns() {
        let shape = Shape::Several(vec![cell("a"), Shape::Several(vec![cell("b"), cell("null")]), cell("a")]);
        assert_eq!(shape.json(), "json_array(a, json_array(b, null), a)");
        let (columns, names) = shape.columns();
        assert_eq!(columns, "a as cell_0, b as cell_1");
        assert_eq!(names, "cell_0, cell_1");
    }

    /// A row as PostgreSQL sends it, of kinds and bytes.
    fn row(cells: &[(i32, Option<&[u8]>)]) -> Vec<u8> {
        let mut bytes = i32::try_from(cells.len()).expect("few").to_be_bytes().to_vec();
        for (kind, cell) in cells {
            bytes.extend(kind.to_be_bytes());
            let length = cell.map_or(-1, |cell| i32::try_from(cell.len()).expect("few"));
            bytes.extend(length.to_be_bytes());
            bytes.extend(cell.unwrap_or_default());
        }
        bytes
    }

    fn read<T: DeserializeOwned>(shape: &Shape, bytes: &[u8]) -> Result<T, Unread> {
        let mut found = Vec::new();
        read_all(shape, bytes, &mut found)?;
        found.pop().ok_or_else(|| Unread::custom("no row"))
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Way {
        Up,
    }

    #[test]
    fn what_postgresql_sends_is_read_by_place() {
        let (text, way) = (Some("a".as_bytes()), Some("Up".as_bytes()));
        let (seven, time) = (7_i64.to_be_bytes(), 1_500_000_i64.to_be_bytes());
        let bytes = row(&[(20, Some(&seven)), (25, None), (25, text), (1184, Some(&time)), (25, way)]);
        // The last two are selected once already, and not at all.
        let again = [cell("o"), cell("t"), cell("i"), cell("n"), cell("null")];
        let shape = Shape::Several(vec![cell("n"), Shape::Several(again.to_vec()), cell("w")]);
        type Found = (i64, (Option<i64>, String, DateTime<Utc>, i64, Option<i64>), Way);
        let time = "2000-01-01T00:00:01.5Z".parse().expect("a time");
        assert_eq!(read::<Found>(&shape, &bytes), Ok((7, (None, "a".to_owned(), time, 7, None), Way::Up)));
        // Who reads less of what is put together finds what comes after it.
        assert_eq!(read::<(i64, (Option<i64>,), Way)>(&shape, &bytes), Ok((7, (None,), Way::Up)));
    }

    #[test]
    fn what_is_no_row_is_refused() {
        let shape = Shape::Several(vec![cell("n")]);
        let seven = 7_i64.to_be_bytes();
        let whole = row(&[(20, Some(&seven))]);
        assert_eq!(read::<(i64,)>(&shape, &whole), Ok((7,)));
        for end in 1..whole.len() {
            assert!(read::<(i64,)>(&shape, &whole[..end]).is_err());
        }
        assert!(read::<(i64,)>(&shape, &row(&[(20, Some(&seven)), (20, Some(&seven))])).is_err());
        assert!(read::<(i64,)>(&shape, &row(&[(701, Some(&seven))])).is_err());
        assert!(read::<(i64,)>(&shape, &row(&[(20, None)])).is_err());
    }
}
