//! What SQLite says, which does not depend on the values.

use std::collections::{BTreeMap, BTreeSet};

use roster::db::Reads;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// What stands above the steps of the select of a page: rows are put together of one half or two.
const PUT_TOGETHER: [&str; 6] = [
    "CO-ROUTINE rows_",
    "COMPOUND QUERY",
    "LEFT-MOST SUBQUERY",
    "UNION ALL",
    "CO-ROUTINE asked_",
    "CO-ROUTINE looked_up_",
];

/// Those of the `large` tables that the statement reads the whole of, and how.
///
/// `SCAN t` reads all of a table, `SCAN t USING INDEX` all of an index, `SEARCH t` a part; an automatic index is made of
/// all of it first. A table that the statement does not name is read for a foreign key. In the order of a page, a table
/// or an index may be walked as far as its limit, by the statement itself or by the rows that it puts together; how far
/// that is only PostgreSQL can tell, of the same indexes.
pub async fn steps(db: &Reads, statement: &Statement, large: &BTreeSet<String>) -> BTreeMap<String, String> {
    let values = statement.values.clone().map(|values| values.0).unwrap_or_default();
    let explain = format!("explain query plan {}", statement.sql);
    let explain = Statement::from_sql_and_values(DbBackend::Sqlite, explain, values);
    let rows = db.query_all_raw(explain).await.unwrap_or_else(|error| panic!("{error}\n{}", statement.sql));
    let steps: Vec<(i64, i64, String)> = rows
        .iter()
        .map(|row| Ok((row.try_get("", "id")?, row.try_get("", "parent")?, row.try_get("", "detail")?)))
        .collect::<Result<_, DbErr>>()
        .expect("steps");
    let aliases = aliases(&statement.sql);
    let makes_a_page =
        statement.sql.rsplit_once(" order by ").is_some_and(|(_, rest)| rest.contains(" limit "));
    let is_sorted = |parent: i64| {
        steps.iter().any(|(_, of, step)| *of == parent && step.contains("TEMP B-TREE FOR ORDER BY"))
    };
    // The steps of a select that is walked as far as its limit: the statement itself, and what it puts its rows together of.
    let walked = |parent: i64| {
        let mut above = parent;
        while let Some((_, next, step)) = steps.iter().find(|(id, ..)| *id == above) {
            if !PUT_TOGETHER.contains(&step.as_str()) {
                return false;
            }
            above = *next;
        }
        makes_a_page && !is_sorted(parent)
    };
    let inserts = statement.sql.contains("*/ insert into ");
    let mut found = BTreeMap::new();
    for (_, parent, step) in &steps {
        let mut words = step.split(' ');
        let (Some(verb), Some(called)) = (words.next(), words.next()) else { continue };
        // What may refer to a new row already is read only while a reference is broken, which is never.
        let Some(table) = aliases.get(called).map(String::as_str).or((!inserts).then_some(called)) else {
            continue;
        };
        let whole = match verb {
            "SCAN" => !walked(*parent),
            "SEARCH" => step.contains("AUTOMATIC"),
            _ => false,
        };
        if whole && large.contains(table) {
            found.insert(table.to_owned(), step.clone());
        }
    }
    found
}

/// What tables that are read are called in a statement: `from users u`, `join users as u`.
fn aliases(text: &str) -> BTreeMap<String, String> {
    let words: Vec<&str> = text
        .split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let mut aliases = BTreeMap::new();
    for (at, word) in words.iter().enumerate() {
        if matches!(*word, "from" | "join") {
            let Some(table) = words.get(at + 1) else { continue };
            aliases.insert((*table).to_owned(), (*table).to_owned());
            let next = words.get(at + 2).filter(|word| **word != "as").or(words.get(at + 3));
            if let Some(alias) = next {
                aliases.insert((*alias).to_owned(), (*table).to_owned());
            }
        }
    }
    aliases
}
