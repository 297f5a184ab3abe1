//! Nothing that refers to a person is forgotten (R9, R23): the verdicts, the entities and the migrations agree with the
//! database as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use migration::{Migrator, MigratorTrait};
use roster::removal::coverage::COVERAGE;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityName, Iterable};

use super::schema::{self, Column};
use crate::common::each_database;

/// Every entity: its table, and its columns with whether they may be null.
macro_rules! entities {
    ($($entity:ident),+ $(,)?) => {
        [$((
            entity::$entity::Entity.table_name(),
            entity::$entity::Column::iter()
                .map(|column| (sea_orm::IdenStatic::as_str(&column), column.def().is_null()))
                .collect::<Vec<_>>(),
        )),+]
    };
}

fn entities() -> BTreeMap<Column, bool> {
    entities!(
        activity,
        certificate,
        course,
        course_co_author,
        course_enrolment,
        custom_field,
        date,
        email_change,
        event,
        external_id,
        former_membership,
        group,
        group_external_id,
        hand_over,
        idempotency_key,
        job,
        job_chunk,
        job_event,
        job_item,
        membership,
        password,
        password_link,
        path,
        path_co_author,
        path_course,
        platform,
        post,
        progress,
        record,
        result,
        sale,
        service_token,
        session,
        session_capture,
        session_co_instructor,
        session_enrolment,
        session_exclusion,
        session_group,
        sign_in,
        slot,
        slot_registration,
        subscription,
        token,
        user,
        webhook,
        webhook_delivery,
    )
    .into_iter()
    .flat_map(|(table, columns)| {
        columns.into_iter().map(|(column, null)| ((table.to_owned(), column.to_owned()), null))
    })
    .collect()
}

/// Fields of entities that hold the id of a person, whether or not the database knows.
fn fields_that_hold_people() -> BTreeSet<Column> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("entity");
    let mut fields = BTreeSet::new();
    for file in std::fs::read_dir(folder).expect("the entities") {
        let text = std::fs::read_to_string(file.expect("an entity").path()).unwrap_or_default();
        let Some((_, table)) = text.split_once("table_name = \"") else { continue };
        let (table, model) = table.split_once('"').expect("the name of a table");
        for line in model.lines().map(str::trim) {
            let field = line.strip_prefix("pub ").and_then(|line| line.split_once(": "));
            if let Some((name, "UserId," | "Option<UserId>,")) = field {
                fields.insert((table.to_owned(), name.to_owned()));
            }
        }
    }
    // This one is the person.
    fields.remove(&("users".to_owned(), "id".to_owned()));
    fields
}

fn covered() -> BTreeSet<Column> {
    COVERAGE.iter().map(|(table, column, _)| ((*table).to_owned(), (*column).to_owned())).collect()
}

/// What is wrong between the columns that refer to people and those that have a verdict.
fn mistakes(referring: &BTreeSet<Column>, covered: &BTreeSet<Column>) -> Vec<String> {
    let forgotten =
        referring.difference(covered).map(|(table, column)| format!("{table}.{column} is forgotten"));
    let stale = covered.difference(referring).map(|(table, column)| format!("{table}.{column} is stale"));
    forgotten.chain(stale).collect()
}

#[test]
fn verdicts_stand_in_order_and_none_twice() {
    let written: Vec<(&str, &str)> = COVERAGE.iter().map(|(table, column, _)| (*table, *column)).collect();
    assert!(written.is_sorted_by(|one, next| one < next), "by table and column");
}

each_database! {
    async fn r9_every_column_that_refers_to_a_person_has_a_verdict(start: Start) {
        let world = start.with(|it| it).await;
        let by_key = schema::references_to_users(&world.db.read).await;
        let referring = by_key.union(&fields_that_hold_people()).cloned().collect();
        assert_eq!(mistakes(&referring, &covered()), Vec::<String>::new());
        assert!(by_key.len() > 30, "foreign keys are found: {by_key:?}");
    }

    async fn a_forgotten_column_and_a_stale_verdict_are_noticed(start: Start) {
        let world = start.with(|it| it).await;
        let db = &world.db.read;
        db.execute_unprepared("alter table posts add column praised_by bigint references users (id)")
            .await
            .expect("a column more");
        let referring = schema::references_to_users(db).await;
        assert!(mistakes(&referring, &covered()).contains(&"posts.praised_by is forgotten".to_owned()));
        let mut more = covered();
        more.insert(("posts".to_owned(), "blamed_by".to_owned()));
        assert!(mistakes(&referring, &more).contains(&"posts.blamed_by is stale".to_owned()));
    }

    async fn entities_are_the_tables(start: Start) {
        let world = start.with(|it| it).await;
        assert_eq!(entities(), schema::columns(&world.db.read).await);
    }

    async fn a_dump_has_every_table(start: Start) {
        let world = start.with(|it| it).await;
        let dumped: BTreeSet<String> = world.dump().await.0.into_keys().collect();
        let tables = schema::columns(&world.db.read).await.into_keys().map(|(table, _)| table).collect();
        assert_eq!(dumped, tables);
    }

    async fn every_step_goes_down_and_up_again(start: Start) {
        let world = start.with(|it| it.user("ann").member("ann", "platform", &[entity::kind::Role::Learner])).await;
        let db = &world.db.read;
        let before = schema::definitions(db).await;
        let steps = Migrator::migrations().len() as u32;
        let own = sea_orm::Database::connect(&world.url).await.expect("a connection");
        for back in 1..=steps {
            Migrator::down(&own, Some(back)).await.expect("down");
            let left = schema::definitions(db).await;
            assert_ne!(left, before, "{back} steps down take something away");
            assert!(back < steps || left.is_empty(), "all steps down leave nothing: {left:?}");
            Migrator::up(&own, None).await.expect("up");
            assert_eq!(schema::definitions(db).await, before, "{back} steps down and up again");
        }
        own.close().await.expect("closed");
    }
}
