//! The sample organisation is as the rules promise, and the same each time.

use chrono::TimeDelta;
use roster::demo::{Sample, load};
use roster::organisation::Tables;
use roster::server::Doors;
use serde_json::{Value, json};

use super::listening::listening;
use crate::common::each_database;

each_database! {
    async fn the_sample_has_every_state_and_keeps_every_promise(start: Start) {
        let sample = Sample { people: 300, seed: 1, now: start.db.clock.now(&start.db.read).await.unwrap() };
        load(&start.db, &sample).await.unwrap().expect("a token");
        // The promises are asked of the database when the test ends.
        let tables = Tables::read(&start.db.read).await.unwrap();
        assert_eq!(tables.users.len(), 300);
        let mut states: Vec<_> = tables.users.iter().map(|user| user.status).collect();
        states.sort_unstable();
        states.dedup();
        assert_eq!(states, entity::kind::Status::ALL);
        let waiting = |ended: &entity::session::Model| ended.ends_at < sample.now && ended.captured_at.is_none();
        assert_eq!(tables.sessions.iter().filter(|session| waiting(session)).count(), 1);
        assert!(load(&start.db, &sample).await.unwrap().is_none(), "loaded into a database that is not empty");
    }
}

each_database! {
    async fn every_tab_of_graphiql_answers_on_the_sample(start: Start) {
        let sample = Sample { people: 120, seed: 1, now: start.db.clock.now(&start.db.read).await.unwrap() };
        let token = load(&start.db, &sample).await.unwrap().expect("a token");
        let server = listening(&start.db, Doors::default()).await;
        for tab in roster::demo::start(&token).tabs {
            let variables = tab.variables.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
            let answer = server.ask(Some(token.as_str()), &tab.query, variables).await;
            assert_eq!(answer.get("errors"), None, "{}", tab.query);
            for (field, value) in answer["data"].as_object().unwrap() {
                assert!(!value.is_null(), "{field} of {}", tab.query);
                assert!(value.get("userErrors").is_none_or(|errors| errors == &json!([])), "{value:#}");
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_sample() {
    let tables = || async {
        let directory = tempfile::tempdir().unwrap();
        let db = roster::db::Database::open_file(&directory.path().join("roster.db")).await.unwrap();
        db.migrate().await.unwrap();
        let now = chrono::DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        load(&db, &Sample { people: 500, seed: 7, now }).await.unwrap();
        let mut tables = Tables::read(&db.read).await.unwrap();
        // Who left before the demo begins left at a time that was read from the clock.
        tables.users.retain(|user| user.status.is_living());
        db.close().await;
        tables
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(runtime.block_on(tables()), runtime.block_on(tables()));
}
