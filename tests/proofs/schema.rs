//! The schema as the database itself has it.

use std::collections::{BTreeMap, BTreeSet};

use roster::db::Reads;
use roster::db::sql::sql;
use sea_orm::{DbBackend, TryGetableMany};

/// A table and a column of it.
pub type Column = (String, String);

/// Columns with a foreign key to `users (id)`.
pub async fn references_to_users(db: &Reads) -> BTreeSet<Column> {
    let text = on(
        db,
        "select t.relname::text, a.attname::text
         from pg_constraint c
         join pg_class t on t.oid = c.conrelid
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
         where c.contype = 'f' and c.confrelid = 'users'::regclass",
        "select m.name, f.\"from\" from sqlite_master m join pragma_foreign_key_list(m.name) f
         where m.type = 'table' and f.\"table\" = 'users' and f.\"to\" = 'id'",
    );
    rows(db, text).await.into_iter().collect()
}

/// Every column but those of the migrator's own table, and whether it may be null.
pub async fn columns(db: &Reads) -> BTreeMap<Column, bool> {
    let text = on(
        db,
        "select table_name::text, column_name::text, (is_nullable = 'YES') from information_schema.columns
         where table_schema = 'public'",
        "select m.name, c.name, c.\"notnull\" = 0 and c.pk = 0 from sqlite_master m join pragma_table_info(m.name) c
         where m.type = 'table' and m.name not like 'sqlite_%'",
    );
    let columns: Vec<(String, String, bool)> = rows(db, text).await;
    columns
        .into_iter()
        .filter(|(table, ..)| table != "seaql_migrations")
        .map(|(table, column, nullable)| ((table, column), nullable))
        .collect()
}

/// Everything that makes up the schema, in words of the database: columns with their types, constraints, indexes.
pub async fn definitions(db: &Reads) -> BTreeSet<(String, String)> {
    let text = on(
        db,
        "select table_name::text, column_name || ' ' || data_type || ' ' || coalesce(collation_name, '') || ' '
                || is_nullable || ' ' || is_identity
         from information_schema.columns where table_schema = 'public'
         union select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint
         where connamespace = 'public'::regnamespace
         union select tablename::text, indexdef from pg_indexes where schemaname = 'public'",
        "select name, sql from sqlite_master where sql is not null and name not like 'sqlite_%'",
    );
    let found: Vec<(String, String)> = rows(db, text).await;
    found.into_iter().filter(|(table, _)| table != "seaql_migrations").collect()
}

fn on<'a>(db: &Reads, postgres: &'a str, sqlite: &'a str) -> &'a str {
    if db.get_database_backend() == DbBackend::Postgres { postgres } else { sqlite }
}

async fn rows<T: TryGetableMany>(db: &Reads, text: &str) -> Vec<T> {
    sql("proofs.schema", text).all(db).await.expect("the schema")
}
