//! The names of all statements, as the sources have them.

use std::collections::BTreeSet;

use crate::architecture::sources;

/// Looks like a name, and is a column.
const COLUMNS: [&str; 3] = ["mine.user_id", "part.session_id", "part.user_id"];

/// Every name of a statement: two words with a dot between, where statements are written.
pub fn in_the_sources() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (file, text) in sources("src") {
        let has_statements = file.contains("/store") || file.contains("/queries/") || text.contains("sql(");
        if has_statements {
            // Every other part is what stands in quotes; what is escaped or spans lines is no name.
            names.extend(text.split('"').filter(|quoted| is_name(quoted)).map(str::to_owned));
        }
    }
    assert!(names.len() > 100, "names are found: {names:?}");
    names
}

fn is_name(quoted: &str) -> bool {
    let word = |word: &str| {
        word.len() > 2 && word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
    };
    let parts = quoted.split_once('.');
    parts.is_some_and(|(room, what)| (room == "db" || word(room)) && word(what)) && !COLUMNS.contains(&quoted)
}
