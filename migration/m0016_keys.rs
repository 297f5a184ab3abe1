//! Keys by Unicode's default caseless matching (R16, R24), texts that searches find whatever the accents (R26), and
//! external ids that are free again once the account no longer reserves them (R24).
//!
//! Two accounts that the keys before told apart may have one key now. Nobody can decide for the operator which of them
//! keeps it, so [`collisions`] is asked before the first step is taken.
//!
//! People and works are read and written some thousands at a time. How a key is made stands in [`rules`] as it was when
//! this step was written, since a step must always do the same.

mod rules;

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, SchemaManager};
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::{MigrationTrait, async_trait};
use serde_json::{Value as Json, json};

use crate::ddl;
use rules::{AFTER, BEFORE, Person, Rule};

/// Rows that are read and written at once.
const CHUNK: usize = 2_000;
/// The states that reserve emails, usernames and external ids.
const RESERVING: &str = "('ACTIVE', 'SUSPENDED', 'DEACTIVATED')";
/// What has a title or a name: the table, the text, its sort key.
const TITLED: [(&str, &str, &str); 5] = [
    ("groups", "name", "name_key"),
    ("courses", "title", "title_key"),
    ("paths", "title", "title_key"),
    ("activities", "title", "title_key"),
    ("sessions", "title", "title_key"),
];

/// This step.
#[derive(DeriveMigrationName)]
pub struct Step;

/// One of several accounts that would have the same email or username by this step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The account.
    pub user: i64,
    /// What it shares: `email` or `username`.
    pub what: String,
    /// The first of the accounts that share it.
    pub first: i64,
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(
            manager,
            &[
                "alter table users add column name_search {key} not null default ''",
                "alter table groups add column search_key {key} not null default ''",
                "alter table courses add column search_key {key} not null default ''",
                "alter table paths add column search_key {key} not null default ''",
                "alter table activities add column search_key {key} not null default ''",
                "alter table sessions add column search_key {key} not null default ''",
                "create table external_ids_kept (
                    system text not null,
                    value {key} not null,
                    user_id bigint not null references users (id),
                    reserved {bool} not null,
                    primary key (system, value, user_id)
                ) {by_key}",
                "insert into external_ids_kept (system, value, user_id, reserved)
                 select e.system, e.value, e.user_id, u.status in ('ACTIVE', 'SUSPENDED', 'DEACTIVATED')
                 from external_ids e join users u on u.id = e.user_id",
                "drop table external_ids",
                "alter table external_ids_kept rename to external_ids",
                "create index external_ids_user on external_ids (user_id)",
                // Only states that reserve an external id keep others from using it.
                "create unique index external_ids_reserved on external_ids (system, value) where reserved",
            ],
        )
        .await?;
        rebuild(manager, &AFTER).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rebuild(manager, &BEFORE).await?;
        ddl::run(
            manager,
            &[
                "create table external_ids_kept (
                    system text not null,
                    value {key} not null,
                    user_id bigint not null references users (id),
                    primary key (system, value)
                ) {by_key}",
                // Of several only the account that the id means has it (R16).
                "insert into external_ids_kept (system, value, user_id)
                 select system, value, user_id from (
                     select e.system, e.value, e.user_id, row_number() over (
                         partition by e.system, e.value
                         order by case when e.reserved then 0 else 1 end, u.deleted_at desc, u.id desc) as place
                     from external_ids e join users u on u.id = e.user_id) as meant
                 where place = 1",
                "drop table external_ids",
                "alter table external_ids_kept rename to external_ids",
                "create index external_ids_user on external_ids (user_id)",
                "alter table sessions drop column search_key",
                "alter table activities drop column search_key",
                "alter table paths drop column search_key",
                "alter table courses drop column search_key",
                "alter table groups drop column search_key",
                "alter table users drop column name_search",
            ],
        )
        .await
    }

    // SQLite would else leave a failed step half done.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// The accounts that reserve an email or a username which would be another one's too by this step: those of one key
/// together. Makes a temporary table, for a transaction that is rolled back.
pub async fn collisions(db: &impl ConnectionTrait) -> Result<Vec<Collision>, DbErr> {
    let backend = db.get_database_backend();
    let (made, at_the_end) =
        if backend == DbBackend::Postgres { ("text collate \"C\"", "on commit drop") } else { ("text", "") };
    db.execute_unprepared(&format!(
        "create temporary table keys_to_be (user_id bigint, what text, made {made}) {at_the_end}"
    ))
    .await?;
    let mut after = 0;
    loop {
        let people: Vec<(i64, Option<String>, Option<String>)> = rows(
            db,
            &format!(
                "select id, email, username from users
                 where id > {after} and status in {RESERVING} order by id limit {CHUNK}"
            ),
        )
        .await?;
        let Some((last, ..)) = people.last() else { break };
        after = *last;
        let keys = people.iter().flat_map(|(id, email, username)| {
            let email = email.as_deref().and_then(|typed| (AFTER.email)(typed)).map(|key| ("email", key));
            let username = username.as_deref().map(|typed| ("username", (AFTER.fold)(typed)));
            email
                .into_iter()
                .chain(username)
                .map(move |(what, key)| json!({ "id": id, "what": what, "made": key }))
        });
        let text = format!(
            "insert into keys_to_be (user_id, what, made) select k.id, k.what, k.made from {} where true",
            table(backend, &["what", "made"])
        );
        db.execute_raw(Statement::from_sql_and_values(
            backend,
            text,
            [keys.collect::<Json>().to_string().into()],
        ))
        .await?;
    }
    let found = rows::<(i64, String, i64)>(
        db,
        "select k.user_id, k.what, shared.first_id from keys_to_be k
         join (select what, made, min(user_id) as first_id from keys_to_be group by what, made having count(*) > 1) shared
             on shared.what = k.what and shared.made = k.made
         order by k.what, shared.first_id, k.user_id",
    )
    .await?;
    Ok(found.into_iter().map(|(user, what, first)| Collision { user, what, first }).collect())
}

/// Makes all keys anew.
async fn rebuild(manager: &SchemaManager<'_>, rule: &Rule) -> Result<(), DbErr> {
    // Rows change one after the other: what is unique is so when all have changed.
    // An address that waits to be confirmed is kept for days at most, and can be asked for again.
    ddl::run(manager, &["drop index users_email", "drop index users_username", "delete from email_changes"])
        .await?;
    people(manager, rule).await?;
    for (table, text, key) in TITLED {
        titles(manager, rule, table, text, key).await?;
    }
    ddl::run(
        manager,
        &[
            "create unique index users_email on users (email_key)
                where status in ('ACTIVE', 'SUSPENDED', 'DEACTIVATED')",
            "create unique index users_username on users (username_key)
                where status in ('ACTIVE', 'SUSPENDED', 'DEACTIVATED')",
        ],
    )
    .await
}

async fn people(manager: &SchemaManager<'_>, rule: &Rule) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let backend = manager.get_database_backend();
    let written = table(backend, &["email_key", "username_key", "name_key", "name_search", "search_key"]);
    let name_search = if rule.searches_names { "name_search = k.name_search," } else { "" };
    // A link counts as long as the person has the email that it was made for.
    let links = format!(
        "update password_links set email_key = k.email_key from {written}
         where password_links.user_id = k.id and k.email_key is not null
           and password_links.email_key = (select u.email_key from users u where u.id = k.id)"
    );
    let users = format!(
        "update users set email_key = k.email_key, username_key = k.username_key, name_key = k.name_key,
            {name_search} search_key = k.search_key
         from {written} where users.id = k.id"
    );
    let mut after = 0;
    loop {
        let mut people = Person::read(db, after, CHUNK).await?;
        let Some(last) = people.last().map(|person| person.id) else { return Ok(()) };
        let ids: Vec<(i64, String)> = rows(
            db,
            &format!(
                "select user_id, value from external_ids where user_id > {after} and user_id <= {last}
                 order by user_id, system, value"
            ),
        )
        .await?;
        for (user, value) in ids {
            if let Ok(at) = people.binary_search_by_key(&user, |person| person.id) {
                people[at].external_ids.push(value);
            }
        }
        let keys = Json::from_iter(people.iter().map(|person| person.keys(rule))).to_string();
        for text in [&links, &users] {
            let bound = [keys.as_str().into()];
            db.execute_raw(Statement::from_sql_and_values(backend, text, bound)).await?;
        }
        after = last;
    }
}

async fn titles(
    manager: &SchemaManager<'_>,
    rule: &Rule,
    name: &str,
    text: &str,
    key: &str,
) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let backend = manager.get_database_backend();
    let search = if rule.searches_names { ", search_key = k.search_key" } else { "" };
    let update = format!(
        "update {name} set {key} = k.sort_key {search} from {} where {name}.id = k.id",
        table(backend, &["sort_key", "search_key"])
    );
    let mut after = 0;
    loop {
        let found: Vec<(i64, String)> =
            rows(db, &format!("select id, {text} from {name} where id > {after} order by id limit {CHUNK}"))
                .await?;
        let Some((last, _)) = found.last() else { return Ok(()) };
        after = *last;
        let keys = Json::from_iter(found.iter().map(|(id, title)| {
            json!({ "id": id, "sort_key": rule.sort_key(title), "search_key": (rule.search)(title) })
        }));
        let bound = [keys.to_string().into()];
        db.execute_raw(Statement::from_sql_and_values(backend, &update, bound)).await?;
    }
}

/// The objects of a JSON list bound as `$1`, as a table `k` of an `id` and these columns of text.
fn table(backend: DbBackend, columns: &[&str]) -> String {
    if backend == DbBackend::Postgres {
        let columns: Vec<String> = columns.iter().map(|column| format!("{column} text")).collect();
        format!("json_to_recordset($1::json) as k (id bigint, {})", columns.join(", "))
    } else {
        let columns: Vec<String> =
            columns.iter().map(|column| format!("json_extract(value, '$.{column}') as {column}")).collect();
        // The limit keeps SQLite from reading the text again for every row that it is joined with.
        format!(
            "(select json_extract(value, '$.id') as id, {} from json_each($1) limit -1) as k",
            columns.join(", ")
        )
    }
}

async fn rows<T: sea_orm_migration::sea_orm::TryGetableMany>(
    db: &impl ConnectionTrait,
    text: &str,
) -> Result<Vec<T>, DbErr> {
    let statement = Statement::from_string(db.get_database_backend(), text);
    let found = db.query_all_raw(statement).await?;
    found.iter().map(|row| row.try_get_many_by_index()).collect()
}
