//! What is selected of every row: values, some of them put together, and how they are read.
//!
//! All rows of an answer come together, since every row, and on SQLite every cell, that a driver hands over costs more
//! than reading it does: on SQLite as one text, an array of JSON for each row; on PostgreSQL, which takes longer to write
//! JSON than to find what it is of, as bytes, each row as it sends a composite value. Of both a row is its cells, which are
//! then read by place.

use std::borrow::Cow;
use std::fmt;
use std::slice::Iter;

use chrono::{DateTime, SecondsFormat};
use sea_orm::{DbBackend, DbErr, QueryResult};
use serde::de::value::Error as Unread;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, SeqAccess,
    Visitor,
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

    fn width(&self) -> usize {
        match self {
            Shape::Cell(_) => 1,
            Shape::Several(shapes) => shapes.iter().map(Shape::width).sum(),
        }
    }
}

/// A shape as it is selected: each value once, however often it is read, and null not at all.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    shape: Shape,
    /// The values that are selected.
    cells: Vec<String>,
    /// For every value that is read, in order, which cell it is; none for null.
    places: Vec<Option<usize>>,
}

impl Selection {
    /// What a statement of this shape selects.
    pub(super) fn of(shape: Shape) -> Selection {
        let mut cells: Vec<String> = Vec::new();
        let place = |text: &str| {
            if text == "null" {
                return None;
            }
            let known = cells.iter().position(|other| other == text);
            Some(known.unwrap_or_else(|| {
                cells.push(text.to_owned());
                cells.len() - 1
            }))
        };
        let places = shape.cells().into_iter().map(place).collect();
        Selection { shape, cells, places }
    }

    /// What stands for `{cells}`, `{kept}` and `{joined}`.
    pub(super) fn words(&self, backend: DbBackend) -> (String, String, &'static str) {
        if backend != DbBackend::Postgres {
            let row = format!("cast(json_array({}) as text) as row_", self.cells.join(", "));
            return (row, "row_".to_owned(), "group_concat(row_, ' ')");
        }
        let named = |(at, text): (usize, &String)| (format!("{text} as cell_{at}"), format!("cell_{at}"));
        let (columns, names): (Vec<String>, Vec<String>) = self.cells.iter().enumerate().map(named).unzip();
        (columns.join(", "), names.join(", "), "string_agg(record_send(rows_), '')")
    }

    /// The values of the rows that `backend` answered with.
    ///
    /// # Errors
    /// When they are of another shape.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        backend: DbBackend,
        answer: &[QueryResult],
    ) -> Result<Vec<T>, DbErr> {
        let mut found = Vec::new();
        for row in answer {
            let read = if backend == DbBackend::Postgres {
                let bytes: Option<Vec<u8>> = row.try_get_by_index(0)?;
                self.read_bytes(bytes.as_deref().unwrap_or_default(), &mut found)
            } else {
                let text: Option<String> = row.try_get_by_index(0)?;
                self.read_text(text.as_deref().unwrap_or_default(), &mut found)
            };
            read.map_err(|error| DbErr::Type(error.to_string()))?;
        }
        Ok(found)
    }

    fn read_bytes<T: DeserializeOwned>(&self, bytes: &[u8], found: &mut Vec<T>) -> Result<(), Unread> {
        let mut sent = Sent(bytes);
        let mut cells = Vec::with_capacity(self.cells.len());
        while !sent.0.is_empty() {
            cells.clear();
            for _ in 0..sent.number()? {
                cells.push(sent.cell()?);
            }
            found.push(self.value(&cells)?);
        }
        Ok(())
    }

    fn read_text<T: DeserializeOwned>(&self, text: &str, found: &mut Vec<T>) -> Result<(), Unread> {
        for row in serde_json::Deserializer::from_str(text).into_iter() {
            let cells: Vec<Cell<'_>> = row.map_err(Unread::custom)?;
            found.push(self.value(&cells)?);
        }
        Ok(())
    }

    /// What a row of these cells is read as.
    fn value<T: DeserializeOwned>(&self, cells: &[Cell<'_>]) -> Result<T, Unread> {
        if cells.len() != self.cells.len() {
            return Err(Unread::custom("a row has as many cells as are selected"));
        }
        let mut cells = Cells { cells, places: &self.places, at: 0 };
        T::deserialize(Value { shape: &self.shape, cells: &mut cells })
    }
}

/// Rows as PostgreSQL sends composite values: how many cells, and of each what it holds, how many bytes it has, these.
struct Sent<'r>(&'r [u8]);

/// A cell of another kind is refused.
#[derive(Clone, Debug)]
enum Cell<'r> {
    Null,
    Number(i64),
    /// On SQLite an instant too.
    Text(Cow<'r, str>),
    Flag(bool),
    /// Microseconds since 1970.
    Time(i64),
}

/// From JSON, as SQLite writes it, where yes is 1 and no is 0.
impl<'de> Deserialize<'de> for Cell<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cell<'de>, D::Error> {
        struct OfCell;

        impl<'de> Visitor<'de> for OfCell {
            type Value = Cell<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, a text or nothing")
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Cell<'de>, E> {
                Ok(Cell::Number(number))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Cell<'de>, E> {
                number.try_into().map(Cell::Number).map_err(E::custom)
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Cell<'de>, E> {
                Ok(Cell::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Cell<'de>, E> {
                Ok(Cell::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Cell<'de>, E> {
                Ok(Cell::Null)
            }
        }

        deserializer.deserialize_any(OfCell)
    }
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
            25 | 1043 => Cell::Text(std::str::from_utf8(bytes).map_err(Unread::custom)?.into()),
            1184 => Cell::Time(i64::from_be_bytes(exactly(bytes)?).saturating_add(EPOCH)),
            _ => return Err(Unread::custom("a cell holds what cells hold")),
        })
    }
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Unread> {
    bytes.try_into().map_err(|_| Unread::custom("a cell is as long as its kind"))
}

/// The cells of a row, read one after the other.
struct Cells<'c, 'r> {
    cells: &'c [Cell<'r>],
    places: &'c [Option<usize>],
    at: usize,
}

impl<'c, 'r> Cells<'c, 'r> {
    fn peek(&self) -> &'c Cell<'r> {
        let place = self.places.get(self.at).copied().flatten();
        place.and_then(|place| self.cells.get(place)).unwrap_or(&Cell::Null)
    }

    fn next(&mut self) -> &'c Cell<'r> {
        let cell = self.peek();
        self.at += 1;
        cell
    }
}

/// What stands where `shape` is selected.
struct Value<'s, 'm, 'c, 'r> {
    shape: &'s Shape,
    cells: &'m mut Cells<'c, 'r>,
}

impl Value<'_, '_, '_, '_> {
    fn several<'de, V: Visitor<'de>>(self, shapes: &[Shape], visitor: V) -> Result<V::Value, Unread> {
        let mut several = Several { shapes: shapes.iter(), cells: self.cells };
        let value = visitor.visit_seq(&mut several)?;
        // Whoever reads less than all leaves the rest behind.
        several.cells.at += several.shapes.map(Shape::width).sum::<usize>();
        Ok(value)
    }
}

fn visit<'de, V: Visitor<'de>>(cell: &Cell<'_>, visitor: V) -> Result<V::Value, Unread> {
    match cell {
        Cell::Null => visitor.visit_unit(),
        Cell::Number(number) | Cell::Time(number) => visitor.visit_i64(*number),
        Cell::Text(text) => visitor.visit_str(text),
        Cell::Flag(flag) => visitor.visit_bool(*flag),
    }
}

impl<'de> Deserializer<'de> for Value<'_, '_, '_, '_> {
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
                let time = DateTime::from_timestamp_micros(*micros)
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
            Cell::Text(text) => visitor.visit_enum(text.as_ref().into_deserializer()),
            _ => Err(Unread::custom("a kind is called something")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// What stands where several are selected.
struct Several<'s, 'm, 'c, 'r> {
    shapes: Iter<'s, Shape>,
    cells: &'m mut Cells<'c, 'r>,
}

impl<'de> SeqAccess<'de> for &mut Several<'_, '_, '_, '_> {
    type Error = Unread;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Unread> {
        self.shapes.next().map(|shape| seed.deserialize(Value { shape, cells: self.cells })).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.shapes.len())
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn cell(text: &str) -> Shape {
        Shape::Cell(text.to_owned())
    }

    fn several(shapes: impl IntoIterator<Item = Shape>) -> Shape {
        Shape::Several(shapes.into_iter().collect())
    }

    #[test]
    fn each_value_is_selected_once_and_null_not_at_all() {
        let shape = several([cell("a"), several([cell("b"), cell("null")]), cell("a")]);
        let selection = Selection::of(shape);
        let (columns, names, _) = selection.words(DbBackend::Postgres);
        assert_eq!(columns, "a as cell_0, b as cell_1");
        assert_eq!(names, "cell_0, cell_1");
        let (row, name, _) = selection.words(DbBackend::Sqlite);
        assert_eq!(row, "cast(json_array(a, b) as text) as row_");
        assert_eq!(name, "row_");
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

    fn of_bytes<T: DeserializeOwned>(shape: &Shape, bytes: &[u8]) -> Result<Vec<T>, Unread> {
        let mut found = Vec::new();
        Selection::of(shape.clone()).read_bytes(bytes, &mut found).map(|()| found)
    }

    fn of_text<T: DeserializeOwned>(shape: &Shape, text: &str) -> Result<Vec<T>, Unread> {
        let mut found = Vec::new();
        Selection::of(shape.clone()).read_text(text, &mut found).map(|()| found)
    }

    #[derive(Clone, Debug, PartialEq, serde::Deserialize)]
    enum Way {
        Up,
    }

    #[test]
    fn rows_are_read_by_place() {
        let (text, way) = (Some("\u{e4} \"".as_bytes()), Some("Up".as_bytes()));
        let (seven, time) = (7_i64.to_be_bytes(), 1_500_000_i64.to_be_bytes());
        let bytes = row(&[(20, Some(&seven)), (25, None), (25, text), (1184, Some(&time)), (25, way)]);
        let json = r#"[7,null,"ä \"","2000-01-01T00:00:01.500+00:00","Up"]"#;
        // The last two are selected once already, and not at all.
        let again = several(["o", "t", "i", "n", "null"].map(cell));
        let shape = several([cell("n"), again, cell("w")]);

        type Found = (i64, (Option<i64>, String, DateTime<Utc>, i64, Option<i64>), Way);
        let time = "2000-01-01T00:00:01.5Z".parse().expect("a time");
        let whole: Found = (7, (None, "ä \"".to_owned(), time, 7, None), Way::Up);
        assert_eq!(
            of_bytes(&shape, &[bytes.clone(), bytes.clone()].concat()),
            Ok(vec![whole.clone(), whole.clone()])
        );
        assert_eq!(of_text(&shape, &format!("{json} {json}")), Ok(vec![whole.clone(), whole]));

        // Who reads less of what is put together finds what comes after it.
        type Less = (i64, (Option<i64>,), Way);
        let less: Less = (7, (None,), Way::Up);
        assert_eq!(of_bytes(&shape, &bytes), Ok(vec![less.clone()]));
        assert_eq!(of_text(&shape, json), Ok(vec![less]));
    }

    #[test]
    fn what_is_no_row_is_refused() {
        type Found = (i64,);
        let shape = several([cell("n")]);
        let number = 7_i64.to_be_bytes();
        let seven = Some(number.as_slice());
        let whole = row(&[(20, seven)]);
        assert_eq!(of_bytes::<Found>(&shape, &whole), Ok(vec![(7,)]));
        for end in 1..whole.len() {
            assert!(of_bytes::<Found>(&shape, &whole[..end]).is_err());
        }
        for bytes in [row(&[(20, seven), (20, seven)]), row(&[(701, seven)]), row(&[(20, None)])] {
            assert!(of_bytes::<Found>(&shape, &bytes).is_err());
        }
        assert_eq!(of_text::<Found>(&shape, "[7]"), Ok(vec![(7,)]));
        for text in ["[7", "7", "[7, 7]", "[7.5]", "[null]", "[[7]]", "[]"] {
            assert!(of_text::<Found>(&shape, text).is_err(), "{text}");
        }
    }
}
