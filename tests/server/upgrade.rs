//! From a version that made keys letter by letter to this one, and back.

use std::collections::BTreeMap;
use std::path::Path;

use entity::id::UserId;
use entity::kind::Privacy::Public;
use entity::kind::{AudienceKind, Cause, Status};
use migration::{MigrationName, Migrator, MigratorTrait, m0016_keys};
use roster::db::{Collision, Database, OpenError};
use roster::graphql::id::GlobalId;
use roster::organisation::Organisation;
use sea_orm::{ConnectionTrait, Statement};

use super::program::roster;
use crate::common::each_database;

/// Takes the database back to before keys were made as they are now, and `more` steps beyond.
async fn take_back(url: &str, more: u32) {
    let steps = Migrator::migrations();
    let at = steps.iter().position(|step| step.name() == m0016_keys::Step.name()).expect("the step");
    let own = sea_orm::Database::connect(url).await.expect("a connection");
    Migrator::down(&own, Some((steps.len() - at) as u32 + more)).await.expect("down");
    own.close().await.expect("closed");
}

/// The first column of what a query answers with.
async fn texts(db: &Database, query: &str) -> Vec<Option<String>> {
    let statement = Statement::from_string(db.backend(), query);
    let rows = db.read.query_all_raw(statement).await.expect(query);
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

fn abroad(it: Organisation) -> Organisation {
    it.group("Große Übersicht", "platform", Public)
        .users(&["Jørgen Groß", "Νίκος", "Irem", "gone", "ano", "Ann"])
        .email("Νίκος", "ΝΊΚΟΣ@example.org")
        .email("gone", "νίκος@example.org")
        .username("Irem", "Strauß")
        .username_alone("Jørgen Groß")
        .external_id("Νίκος", "hr", "Ä-1")
        .external_id("gone", "hr", "old")
        .job("Ann", "Élève")
        .learners("Große Übersicht", &["Jørgen Groß", "Νίκος", "Irem", "ano", "Ann"])
        .course("Café", "Große Übersicht", "Νίκος")
        .path("Straße", "Große Übersicht", "Νίκος", &["Café"])
        .session("ΟΔΟΣ", "Straße", "Große Übersicht", "Νίκος", AudienceKind::Dynamic)
        .activity("Übung", "Café", "Ann")
        .status("ano", Status::Anonymized)
        .deleted("gone", Cause::Requested, 3)
}

/// `roster migrate` in `folder`: whether it succeeded, and what it said.
fn migrate(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let ran = roster(folder, arguments).output().expect("it runs");
    (ran.status.success(), String::from_utf8(ran.stderr).expect("a text"))
}

each_database! {
    async fn keys_are_made_anew_and_back(start: Start) {
        let world = start.with(abroad).await;
        let link = format!(
            "insert into password_links (sha256, user_id, email_key, created_at, expires_at)
             select 'hash', id, email_key, created_at, created_at from users where id = {}",
            world.user_id("Νίκος").0
        );
        world.sql(&link).await;
        let before = world.dump().await;
        take_back(&world.url, 0).await;
        let emails = texts(&world.db, "select email_key from users where email like '%ΝΊΚΟΣ%'").await;
        assert_eq!(emails, [Some("νίκοσ@example.org".to_owned())]);
        let usernames = texts(&world.db, "select username_key from users where username = 'Strauß'").await;
        assert_eq!(usernames, [Some("strauß".to_owned())]);
        let searches = texts(&world.db, "select search_key from users where job_title = 'Élève'").await;
        assert_eq!(searches, [Some("ann\nann@example.org\nélève".to_owned())]);
        assert_eq!(texts(&world.db, "select name_key from groups where id > 1").await, [Some("große übersicht".to_owned())]);
        assert_eq!(
            texts(&world.db, "select email_key from password_links").await,
            [Some("νίκοσ@example.org".to_owned())]
        );
        world.db.migrate().await.expect("up again");
        assert_eq!(before.changes_until(&world.dump().await), BTreeMap::new());
    }

    async fn keys_of_thousands_are_made_anew(start: Start) {
        let world = start.sample(2_300).await;
        let before = world.dump().await;
        take_back(&world.url, 0).await;
        world.db.migrate().await.expect("up again");
        assert_eq!(before.changes_until(&world.dump().await), BTreeMap::new());
    }

    async fn an_external_id_that_several_had_is_left_to_the_one_it_means(start: Start) {
        let world = start
            .with(|it| {
                it.users(&["older", "last", "here", "former"])
                    .learners("platform", &["here"])
                    .external_id("older", "hr", "free")
                    .external_id("last", "hr", "free")
                    .external_id("former", "hr", "held")
                    .deleted("older", Cause::Requested, 9)
                    .deleted("last", Cause::Requested, 2)
                    .deleted("former", Cause::Requested, 1)
                    .external_id("here", "hr", "held")
            })
            .await;
        take_back(&world.url, 0).await;
        world.db.migrate().await.expect("up again");
        let held: Vec<_> =
            world.tables().await.external_ids.into_iter().map(|id| (id.value, id.user_id, id.reserved)).collect();
        let expected = [("free", "last", false), ("held", "here", true)]
            .map(|(value, name, reserved)| (value.to_owned(), world.user_id(name), reserved));
        assert_eq!(held, expected);
    }

    async fn accounts_that_would_become_one_stop_the_upgrade_before_it_begins(start: Start) {
        let world = start
            .with(|it| {
                it.users(&["ann", "bob", "carl", "dora", "gone"])
                    .learners("platform", &["ann", "bob", "carl", "dora"])
                    .username("carl", "carl")
                    .deleted("gone", Cause::Requested, 3)
            })
            .await;
        take_back(&world.url, 1).await;
        // As the version before wrote them: letter by letter in lower case.
        let write = |name: &str, column: &str, typed: &str, key: &str| {
            let id = world.user_id(name).0;
            format!("update users set {column} = '{typed}', {column}_key = '{key}' where id = {id}")
        };
        world.sql(&write("ann", "email", "ΝΊΚΟΣ@example.org", "νίκοσ@example.org")).await;
        world.sql(&write("bob", "email", "νίκος@example.org", "νίκος@example.org")).await;
        world.sql(&write("gone", "email", "Νίκος@example.org", "νίκος@example.org")).await;
        world.sql(&write("carl", "username", "Groß", "groß")).await;
        world.sql(&write("dora", "username", "GROSS", "gross")).await;
        let row = |name: &str, what: &str, first: &str| Collision {
            user: world.user_id(name).0,
            what: what.to_owned(),
            first: world.user_id(first).0,
        };
        let found = [
            row("ann", "email", "ann"),
            row("bob", "email", "ann"),
            row("carl", "username", "carl"),
            row("dora", "username", "carl"),
        ];
        let state = async || {
            let people = "select id || ' ' || coalesce(email_key, '') || ' ' || coalesce(username_key, '') || ' ' || search_key
                from users order by id";
            let steps = "select version from seaql_migrations order by version";
            (texts(&world.db, people).await, texts(&world.db, steps).await)
        };
        let before = state().await;
        match world.db.migrate().await {
            Err(OpenError::Collisions(collisions)) => assert_eq!(collisions, found),
            other => panic!("{other:?}"),
        }
        assert_eq!(state().await, before, "not even the steps before are taken");

        // The program says so, where to read who they are, and how to go on.
        let folder = tempfile::tempdir().expect("a folder");
        let (done, said) = migrate(folder.path(), &["migrate", "--database-url", &world.url]);
        assert!(!done && said.contains("4 accounts") && said.contains("roster-collisions.csv"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        let file = folder.path().join("named.csv");
        let named = ["serve", "--bind", "127.0.0.1:0", "--database-url", &world.url, "--collisions", "named.csv"];
        assert!(!migrate(folder.path(), &named).0);
        let written = std::fs::read_to_string(file).expect("the file");
        let rows: Vec<String> = found
            .iter()
            .map(|row| {
                let id = |number| UserId(number).global();
                format!("{},{},{}\r\n", id(row.user).as_str(), row.what, id(row.first).as_str())
            })
            .collect();
        assert_eq!(written, format!("id,shares,with\r\n{}", rows.concat()));
        assert_eq!(written, std::fs::read_to_string(folder.path().join("roster-collisions.csv")).expect("the other"));
        assert_eq!(state().await, before);

        // Once each has a name of its own the upgrade goes through.
        world.sql(&write("bob", "email", "nikos@example.org", "nikos@example.org")).await;
        world.sql(&write("dora", "username", "dora", "dora")).await;
        let (done, said) = migrate(folder.path(), &["migrate", "--database-url", &world.url]);
        assert!(done, "{said}");
        let emails: Vec<_> = world.tables().await.users.into_iter().filter_map(|row| row.email_key).collect();
        assert_eq!(emails.iter().filter(|email| *email == "νίκοσ@example.org").count(), 2, "{emails:?}");
    }
}
