//! The arrows that must never exist, read from the sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every Rust source below `folder`, with its path from the root and its text without comments and tests.
pub fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "graphiql") {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    assert!(!found.is_empty(), "{folder} has sources");
    found
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source");
            let code: Vec<&str> = text
                .split("#[cfg(test)]")
                .next()
                .unwrap_or_default()
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            let name = path.strip_prefix(root).expect("below the root").display().to_string();
            (name, code.join("\n"))
        })
        .collect()
}

/// Fails for each of `words` that stands in a source of `folder` for which `concerns` holds.
fn never(folder: &str, concerns: impl Fn(&str) -> bool, words: &[&str]) {
    let mut found = Vec::new();
    let mut looked_at = 0;
    for (name, code) in sources(folder).iter().filter(|(name, _)| concerns(name)) {
        looked_at += 1;
        for (number, line) in code.lines().enumerate() {
            found.extend(
                words
                    .iter()
                    .filter(|word| line.contains(**word))
                    .map(|word| format!("{name}: {word} ({number})")),
            );
        }
    }
    assert!(looked_at > 0, "no source of {folder} was looked at");
    assert_eq!(found, Vec::<String>::new());
}

fn is_pure(name: &str) -> bool {
    ["rules.rs", "facts.rs", "plan.rs", "reason.rs", "tree.rs"].iter().any(|file| name.ends_with(file))
        || name.contains("/rules/")
}

fn is_store(name: &str) -> bool {
    name.ends_with("/store.rs") || name.contains("/store/")
}

/// What is in `src`, lowest first: each names only what comes before it. What stands in one line is a circle, and may name
/// each other.
const ORDER: &[&[&str]] = &[
    &["error"],
    &["background"],
    &["bell"],
    &["change"],
    &["memory"],
    &["network"],
    &["table"],
    &["telemetry"],
    &["token"],
    &["tree"],
    &["keys"],
    &["mail"],
    &["db"],
    &["platform"],
    &["access"],
    &["accounts"],
    &["events"],
    &["transaction"],
    &["settings"],
    &["ownership"],
    &["jobs"],
    &["groups", "memberships", "queries", "removal", "sessions", "works"],
    &["activities"],
    &["certificates"],
    &["courses"],
    &["enrolments"],
    &["paths"],
    &["people"],
    &["progress"],
    &["results"],
    &["slots"],
    &["sign_in"],
    &["tokens"],
    &["webhooks"],
    &["workers"],
    &["graphql"],
    &["server"],
    &["organisation"],
    &["demo"],
    &["config"],
    &["setup"],
    &["terminal"],
    &["program"],
];

/// The modules of `src` that a source names.
fn named(code: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let several = rest.strip_prefix('{').and_then(|list| list.split_once("};")).map(|(list, _)| list);
        let each = several.map_or_else(|| vec![rest], |list| list.split(',').collect());
        found.extend(each.into_iter().filter_map(|text| {
            text.trim().split(|letter: char| !letter.is_ascii_lowercase() && letter != '_').next()
        }));
    }
    found
}

#[test]
fn each_folder_names_only_those_below_it() {
    let line_of = |module: &str| ORDER.iter().position(|line| line.contains(&module));
    let library =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).expect("the library");
    let modules = library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let listed: BTreeSet<&str> = ORDER.iter().flat_map(|line| line.iter().copied()).collect();
    assert_eq!(modules.collect::<BTreeSet<_>>(), listed);
    let mut found = Vec::new();
    for (name, code) in sources("src") {
        let own = name.split('/').nth(1).expect("below src").trim_end_matches(".rs");
        let Some(line) = line_of(own) else { continue };
        let above = named(&code).into_iter().filter(|other| line_of(other).is_some_and(|above| above > line));
        found.extend(above.map(|above| format!("{name} names {above}")));
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn rules_facts_and_plans_do_no_input_or_output() {
    let words =
        ["sea_orm", "crate::db", "async ", ".await", "HashMap", "HashSet", "tokio", "std::fs", "tracing"];
    never("src", |name| is_pure(name) && !name.starts_with("src/graphql"), &words);
}

#[test]
fn the_api_names_no_table_statement_or_transaction() {
    let tables =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/entity/lib.rs")).expect("entities");
    let tables: Vec<String> = tables
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .filter(|module| !["id", "kind"].contains(module))
        .map(|module| format!("entity::{module}::"))
        .collect();
    let mut words: Vec<&str> = tables.iter().map(String::as_str).collect();
    words.extend(["sea_orm", "db::sql", "sql(\"", ".begin(", ".commit("]);
    never("src/graphql", |_| true, &words);
    // One file runs doors and snapshots for all others, and one carries the database to it.
    let is_way_in = |name: &str| name.ends_with("/domain.rs") || name.ends_with("/context.rs");
    never("src/graphql", |name| !is_way_in(name), &["crate::db"]);
    never(
        "src/graphql",
        |name| name.ends_with("/context.rs"),
        &["crate::db::{", "db::write", "Snapshot", "Tx"],
    );
}

#[test]
fn tables_know_nothing_of_the_api() {
    never("entity", |_| true, &["async_graphql", "roster"]);
}

#[test]
fn stores_know_neither_rights_nor_the_api_and_begin_nothing() {
    let words = ["crate::access", "crate::graphql", ".begin(", "begin_with_options", ".commit("];
    never("src", is_store, &words);
}

#[test]
fn rows_are_deleted_in_stores_alone() {
    never("src", |name| !is_store(name), &["delete from", "delete_many", "delete_by_id", "cascade_delete"]);
}

#[test]
fn the_time_comes_from_the_clock() {
    never("src", |name| name != "src/db/clock.rs", &["Utc::now", "SystemTime::now", "Local::now"]);
    // How long a client or a read takes is no time of the platform's.
    let takes = |name: &str| name.starts_with("src/server/") || name.starts_with("src/db/");
    never("src", |name| !takes(name), &["Instant::now"]);
}

#[test]
fn only_one_file_makes_errors_of_the_api() {
    let words = ["async_graphql::Error", "async_graphql::Result", "FieldResult"];
    never("src/graphql", |name| name != "src/graphql/error.rs", &words);
}

#[test]
fn lists_are_counted_as_they_are_answered_unless_a_rule_keeps_them_short() {
    // At most a hundred tokens, five roles, six states, one entry for each outcome.
    let short = [
        "counts",
        "counts_by_outcome",
        "kinds",
        "roles",
        "scopes",
        "seen",
        "service_tokens",
        "sign_ins",
        "tokens",
        "users_by_status",
        "warnings",
        "webhooks",
    ];
    let mut found = Vec::new();
    for (name, code) in sources("src/graphql") {
        let answers = code.lines().filter(|line| line.contains("async fn ") && line.contains("(&self"));
        for line in answers.filter(|line| line.rsplit("->").next().is_some_and(|kind| kind.contains("Vec<")))
        {
            let field =
                line.split("async fn ").nth(1).and_then(|rest| rest.split('(').next()).unwrap_or(line);
            if !short.contains(&field) {
                found.push(format!("{name}: {field} answers with a list: make it `Prompts`"));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}
