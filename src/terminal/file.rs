//! The file that `roster delete` is given: a list of emails, or a table of which one column has them.
//!
//! Text is UTF-8, or UTF-16 with a byte order mark, as spreadsheets write it. A table given as a list would take whoever
//! stands in any of its columns (a manager, say), so that it is refused until somebody names the column.

use std::io::Read;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use crate::keys::fold;

/// What separates the cells of a table.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
/// Cells of a line that a message shows.
const SHOWN: usize = 8;

/// The emails of `file` (`-` is the standard input), as the API splits them: those of `column`, a name or a number from 1,
/// if the file is a table.
///
/// # Errors
/// A sentence that names the file: it cannot be read, is no text, is a table and no column is named, or has no such column.
pub fn emails(file: &Path, column: Option<&str>) -> Result<String, String> {
    let text = bytes(file).and_then(|bytes| decoded(&bytes));
    let found = text.and_then(|text| match column {
        Some(column) => of_column(&text, column),
        None => match line_of_table(&text)? {
            None => Ok(text),
            Some(cells) => Err(format!(
                "this is a table, with the cells {}; say in which column the emails are, with --column NAME or --column \
                 NUMBER, or put one email on each line",
                shown(&cells)
            )),
        },
    });
    found.map_err(|why| format!("{}: {why}", file.display()))
}

fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    read.map_err(|error| error.to_string())
}

/// The text that these bytes are.
fn decoded(bytes: &[u8]) -> Result<String, String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks();
        let units: Vec<u16> = pairs.iter().copied().map(unit).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        bytes => String::from_utf8(bytes.to_vec()).ok(),
    };
    text.filter(|text| !text.contains('\0')).ok_or_else(|| {
        "this is no text in UTF-8, or in UTF-16 with a byte order mark; save it as CSV in UTF-8".to_owned()
    })
}

/// The lines that have cells which are not blank.
fn lines(text: &str, delimiter: u8) -> Result<Vec<StringRecord>, String> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for line in reader.records() {
        let line = line.map_err(|error| error.to_string())?;
        if line.iter().any(|cell| !cell.trim().is_empty()) {
            lines.push(line);
        }
    }
    Ok(lines)
}

fn filled(line: &StringRecord) -> Vec<String> {
    line.iter().map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

/// The first line with several cells of what is a table; none of a list. A list has one entry a line, or is one line of
/// emails.
fn line_of_table(text: &str) -> Result<Option<Vec<String>>, String> {
    for delimiter in DELIMITERS {
        let lines = lines(text, delimiter)?;
        let several = lines.iter().map(filled).find(|cells| cells.len() > 1);
        let is_table = |cells: &Vec<String>| lines.len() > 1 || cells.iter().any(|cell| !cell.contains('@'));
        if let Some(cells) = several.filter(is_table) {
            return Ok(Some(cells));
        }
    }
    Ok(None)
}

/// The cells of a column, one a line. A cell is one entry, whatever stands in it.
fn of_column(text: &str, column: &str) -> Result<String, String> {
    let (delimiter, text) = delimiter(text)?;
    let lines = lines(text, delimiter)?;
    let Some(head) = lines.first() else { return Err("this is empty".to_owned()) };
    let (place, has_head) = match column.parse::<usize>() {
        Ok(number) => {
            let place = number.checked_sub(1).filter(|place| lines.iter().any(|line| *place < line.len()));
            let place = place
                .ok_or_else(|| format!("there is no column {number}; the first line has {}", head.len()))?;
            (place, head.get(place).is_some_and(|cell| !cell.contains('@')))
        }
        Err(_) => {
            let places: Vec<usize> = (0..head.len())
                .filter(|place| head.get(*place).is_some_and(|cell| fold(cell) == fold(column)))
                .collect();
            let cells: Vec<String> = head.iter().map(str::to_owned).collect();
            match places[..] {
                [place] => (place, true),
                [] => {
                    return Err(format!(
                        "no column is called {column}; the first line has {}",
                        shown(&cells)
                    ));
                }
                _ => return Err(format!("several columns are called {column}; name one by its number")),
            }
        }
    };
    let cells = lines.iter().skip(usize::from(has_head)).filter_map(|line| line.get(place));
    let cells = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
    Ok(cells.collect::<Vec<String>>().join("\n"))
}

/// What separates the cells of the table, and the table: what a spreadsheet says in a first line of its own (`sep=;`), else
/// what gives the first line the most cells.
fn delimiter(text: &str) -> Result<(u8, &str), String> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Some([delimiter]) = first.trim_end_matches('\r').strip_prefix("sep=").map(str::as_bytes) {
        return Ok((*delimiter, rest));
    }
    let mut best = (0, DELIMITERS[0]);
    for delimiter in DELIMITERS {
        let cells = lines(text, delimiter)?.first().map_or(0, StringRecord::len);
        if cells > best.0 {
            best = (cells, delimiter);
        }
    }
    Ok((best.1, text))
}

fn shown(cells: &[String]) -> String {
    let mut text = cells.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(" | ");
    if cells.len() > SHOWN {
        text.push_str(" | …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_the_encodings_of_spreadsheets() {
        let text = "ann@x\r\nÅse@x";
        let units = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let (little, big) = (units(u16::to_le_bytes), units(u16::to_be_bytes));
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [b"\xff\xfe", &little[..]].concat(),
            [b"\xfe\xff", &big[..]].concat(),
        ] {
            assert_eq!(decoded(&bytes).as_deref(), Ok(text));
        }
        for bytes in [&b"\xe5se@x"[..], b"\xff\xfea", &little, b"PK\x03\x04\0"] {
            assert!(decoded(bytes).expect_err("no text").contains("UTF-8"));
        }
    }

    #[test]
    fn a_table_is_no_list() {
        for list in [
            "ann@x",
            "ann@x; bob@x, carl@x\n",
            "ann@x\nbob@x\r\n\"carl@x\"\n\n",
            "ann@x,\nbob@x;\n,carl@x\n",
            "email\nann@x\nbob",
            "\"Lind, Petra\" <petra@x>\nbob@x",
        ] {
            assert_eq!(line_of_table(list), Ok(None), "{list:?}");
        }
        for table in [
            "name,email\nAnn,ann@x",
            "ann@x;boss@x\nbob@x;boss@x",
            "ann@x\nbob@x,boss@x",
            "Ann\tann@x\n",
            "Ann,ann@x",
            "\"Lind, Petra\",petra@x\nbob,bob@x",
        ] {
            assert!(line_of_table(table).expect("lines").is_some(), "{table:?}");
        }
    }

    #[test]
    fn a_column_is_read_as_its_table_means_it() {
        let table = "Name;E-Mail;Manager\r\nAnn;ann@x;boss@x\r\nBob;;boss@x\r\n\"Lind; Petra\";\"\"\"p\"\" <p@x>\";boss@x\n";
        let emails = "\"ann@x\"\n\"\"\n\"\"\"p\"\" <p@x>\"";
        for column in ["E-Mail", "e-mail", "2"] {
            assert_eq!(of_column(table, column).as_deref(), Ok(emails), "{column}");
        }
        assert_eq!(of_column(&format!("sep=;\n{table}"), "E-Mail").as_deref(), Ok(emails));
        assert_eq!(of_column("ann@x\tboss@x\nbob@x\tboss@x", "1").as_deref(), Ok("\"ann@x\"\n\"bob@x\""));
        assert_eq!(of_column("a,b\n1,\"x, y@x\"", "b").as_deref(), Ok("\"x, y@x\""), "a cell is one entry");
        assert!(of_column(table, "Mail").expect_err("none").contains("Name | E-Mail | Manager"));
        assert!(
            of_column(table, "4").is_err() && of_column(table, "0").is_err() && of_column("", "1").is_err()
        );
        assert!(of_column("a,a\n1,2", "a").expect_err("two").contains("several"));
    }
}
